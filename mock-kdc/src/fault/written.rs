//! Rules as they are written, in the same words everywhere: `[[rules]]` of a realm file, `rules` and the step `fault` of
//! a scenario, JSON of the control API.
//!
//! ```
//! use mock_kdc::fault::{Delivery, Rule};
//!
//! let rule: Rule = toml::from_str(
//!     r#"
//!     when = { message = "tgs-req", service = "postgres/*", transport = "tcp", nth = 2 }
//!     then = { delay = "50ms", split = [4, 1], pause = "5ms" }
//!     "#,
//! )
//! .unwrap();
//! assert!(matches!(rule.then.delivery, Delivery::Split { .. }));
//! ```

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shakedown_krb5::crypto::Etype;

use super::Pattern;
use super::rule::{Delivery, ForcedError, Rule, Then, When};
use crate::deviation::Deviation;
use crate::event::{Exchange, Transport};

/// The longest delay of an answer.
const MAX_DELAY: Duration = Duration::from_secs(600);
/// The longest pause between two pieces of an answer.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// The most random octets in place of an answer: what a datagram holds.
const MAX_GARBAGE: usize = 65_507;
/// The most sizes of pieces.
const MAX_SIZES: usize = 1024;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    #[serde(default, skip_serializing_if = "WhenEntry::is_empty")]
    when: WhenEntry,
    then: ThenEntry,
}

#[derive(Deserialize, Serialize, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct WhenEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preauthenticated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
}

#[derive(Deserialize, Serialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ThenEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deviation: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    garbage: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drop: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_port: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<usize>,
}

impl WhenEntry {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A rule that cannot be: which key, and what is allowed there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(String);

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(written: D) -> Result<Self, D::Error> {
        RuleEntry::deserialize(written)?.read().map_err(serde::de::Error::custom)
    }
}

impl Rule {
    /// From keys and values that are all texts, as the templates of a scenario fill them in: numbers and booleans are read
    /// from their digits and words, a list has its texts. A key whose only text is empty is left out.
    ///
    /// # Errors
    /// As for any rule.
    pub fn from_texts(when: &[(&str, Vec<String>)], then: &[(&str, Vec<String>)]) -> Result<Self, InvalidRule> {
        let table = |name: &str, entries: &[(&str, Vec<String>)]| {
            let filled = entries.iter().filter(|(_, texts)| texts.as_slice() != [""]);
            let values = filled.map(|(key, texts)| Ok(((*key).to_owned(), value(name, key, texts)?)));
            values.collect::<Result<toml::Table, InvalidRule>>().map(toml::Value::Table)
        };
        let rule = toml::Table::from_iter([
            ("when".to_owned(), table("when", when)?),
            ("then".to_owned(), table("then", then)?),
        ]);
        rule.try_into().map_err(|error: toml::de::Error| InvalidRule(error.message().replace('\n', ", ")))
    }
}

/// What a key takes.
fn value(table: &str, key: &str, texts: &[String]) -> Result<toml::Value, InvalidRule> {
    const NUMBERS: [&str; 7] = ["nth", "repeat", "times", "error", "garbage", "truncate", "close"];
    const BOOLEANS: [&str; 4] = ["preauthenticated", "drop", "duplicate", "other_port"];
    let number = |text: &String| match text.parse::<i64>() {
        Ok(number) => Ok(toml::Value::Integer(number)),
        Err(_) => invalid(&format!("{table}.{key}"), text, "a number"),
    };
    let string = |text: &String| toml::Value::String(text.clone());
    match (key, texts) {
        ("deviation", texts) => Ok(toml::Value::Array(texts.iter().map(string).collect())),
        ("split", texts) => Ok(toml::Value::Array(texts.iter().map(number).collect::<Result<_, _>>()?)),
        (key, [text]) if NUMBERS.contains(&key) => number(text),
        (key, [text]) if BOOLEANS.contains(&key) => match text.parse() {
            Ok(boolean) => Ok(toml::Value::Boolean(boolean)),
            Err(_) => invalid(&format!("{table}.{key}"), text, "true or false"),
        },
        (_, [text]) => Ok(string(text)),
        (_, texts) => invalid(&format!("{table}.{key}"), &texts.join(", "), "one value"),
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RuleEntry::of(self).serialize(serializer)
    }
}

impl RuleEntry {
    fn read(self) -> Result<Rule, InvalidRule> {
        let when = self.when.read()?;
        let then = self.then.read()?;
        if when.repeat.is_some() && !then.deviations.is_empty() {
            let problem = "then.deviation is for new requests, whose keys are at hand; expected no when.repeat";
            return Err(InvalidRule(problem.into()));
        }
        then.check(&when)?;
        Ok(Rule { when, then })
    }

    fn of(rule: &Rule) -> Self {
        Self { when: WhenEntry::of(&rule.when), then: ThenEntry::of(&rule.then) }
    }
}

impl WhenEntry {
    fn read(self) -> Result<When, InvalidRule> {
        let Self { message, client, service, transport, etype, preauthenticated, nth, repeat, times } = self;
        let at_least_one = |key, is_zero| if is_zero { invalid(key, "0", "1 or more") } else { Ok(()) };
        at_least_one("when.nth", nth == Some(0))?;
        at_least_one("when.repeat", repeat == Some(0))?;
        at_least_one("when.times", times == Some(0))?;
        if repeat.is_some() && transport.as_deref() == Some("tcp") {
            return Err(InvalidRule("when.repeat is for datagrams, expected when.transport = \"udp\" or none".into()));
        }
        Ok(When {
            message: match message.as_deref() {
                None | Some("any") => None,
                Some("as-req") => Some(Exchange::As),
                Some("tgs-req") => Some(Exchange::Tgs),
                Some(other) => return invalid("when.message", other, "as-req, tgs-req or any"),
            },
            client: name("when.client", client)?,
            service: name("when.service", service)?,
            transport: match transport.as_deref() {
                None | Some("any") => None,
                Some("udp") => Some(Transport::Udp),
                Some("tcp") => Some(Transport::Tcp),
                Some(other) => return invalid("when.transport", other, "udp, tcp or any"),
            },
            etype: etype.map(|written| read_etype(&written)).transpose()?,
            preauthenticated,
            nth,
            repeat,
            times,
        })
    }

    fn of(when: &When) -> Self {
        let When { message, client, service, transport, etype, preauthenticated, nth, repeat, times } = when;
        Self {
            message: message.map(|message| if message == Exchange::As { "as-req" } else { "tgs-req" }.to_owned()),
            client: client.as_ref().map(ToString::to_string),
            service: service.as_ref().map(ToString::to_string),
            transport: transport.map(|transport| if transport == Transport::Udp { "udp" } else { "tcp" }.to_owned()),
            etype: etype.map(|number| {
                Etype::from_number(number).map_or_else(|| number.to_string(), |etype| etype.name().to_owned())
            }),
            preauthenticated: *preauthenticated,
            nth: *nth,
            repeat: *repeat,
            times: *times,
        }
    }
}

impl ThenEntry {
    fn read(self) -> Result<Then, InvalidRule> {
        let Self {
            error,
            text,
            data,
            deviation,
            garbage,
            truncate,
            delay,
            drop,
            split,
            pause,
            duplicate,
            other_port,
            close,
        } = self;
        let error = match error {
            Some(code) => {
                let data = data.map(|written| hex(&written)).transpose()?;
                Some(ForcedError { code, text, data })
            }
            None if text.is_some() || data.is_some() => {
                return Err(InvalidRule("then.text and then.data belong to then.error, which is not there".into()));
            }
            None => None,
        };
        if let Some(length) = garbage.filter(|length| *length > MAX_GARBAGE) {
            return invalid("then.garbage", &length.to_string(), &format!("at most {MAX_GARBAGE} octets"));
        }
        for (key, found) in [("then.garbage", garbage), ("then.truncate", truncate)] {
            if found == Some(0) {
                return invalid(key, "0", "1 octet or more");
            }
        }
        let deviations = deviation
            .iter()
            .map(|word| word.parse::<Deviation>().map_err(|unknown| InvalidRule(format!("then.deviation: {unknown}"))));
        let delay = delay.map_or(Ok(Duration::ZERO), |written| duration("then.delay", &written, MAX_DELAY))?;
        if pause.is_some() && split.is_none() {
            return Err(InvalidRule("then.pause belongs to then.split, which is not there".into()));
        }
        let pause = pause.map_or(Ok(Duration::ZERO), |written| duration("then.pause", &written, MAX_PAUSE))?;
        let is = |wanted: Option<bool>| wanted.unwrap_or(false);
        let ways = [
            is(drop).then_some(Delivery::Drop),
            split.map(|sizes| Delivery::Split { sizes, pause }),
            is(duplicate).then_some(Delivery::Duplicate),
            is(other_port).then_some(Delivery::OtherPort),
            close.map(|after| Delivery::Close { after }),
        ];
        let mut ways = ways.into_iter().flatten();
        let delivery = ways.next().unwrap_or_default();
        if ways.next().is_some() {
            let problem = "then has more than one of drop, split, duplicate, other_port and close, expected one";
            return Err(InvalidRule(problem.into()));
        }
        Ok(Then { error, deviations: deviations.collect::<Result<_, _>>()?, garbage, truncate, delay, delivery })
    }

    fn of(then: &Then) -> Self {
        let Then { error, deviations, garbage, truncate, delay, delivery } = then;
        let text_of = |duration: &Duration| (!duration.is_zero()).then(|| format!("{}ms", duration.as_millis()));
        let mut entry = Self {
            error: error.as_ref().map(|error| error.code),
            text: error.as_ref().and_then(|error| error.text.clone()),
            data: error.as_ref().and_then(|error| error.data.as_deref()).map(to_hex),
            deviation: deviations.iter().map(|deviation| deviation.name().to_owned()).collect(),
            garbage: *garbage,
            truncate: *truncate,
            delay: text_of(delay),
            ..Self::default()
        };
        match delivery {
            Delivery::Normal => {}
            Delivery::Drop => entry.drop = Some(true),
            Delivery::Split { sizes, pause } => {
                entry.split = Some(sizes.clone());
                entry.pause = text_of(pause);
            }
            Delivery::Duplicate => entry.duplicate = Some(true),
            Delivery::OtherPort => entry.other_port = Some(true),
            Delivery::Close { after } => entry.close = Some(*after),
        }
        entry
    }
}

impl Then {
    /// Whether the transport can do it, and whether anything happens at all.
    fn check(&self, when: &When) -> Result<(), InvalidRule> {
        if *self == Self::default() {
            return Err(InvalidRule(
                "then says nothing, expected one or more of error, deviation, garbage, truncate, delay, drop, split, \
                 duplicate, other_port, close"
                    .into(),
            ));
        }
        let needs = |key: &str, transport, word: &str| {
            if when.transport == Some(transport) {
                Ok(())
            } else {
                Err(InvalidRule(format!("then.{key} is for {word} alone, expected when.transport = \"{word}\"")))
            }
        };
        match &self.delivery {
            Delivery::Split { sizes, .. } => {
                if sizes.is_empty() || sizes.contains(&0) || sizes.len() > MAX_SIZES {
                    let expected = format!("1 to {MAX_SIZES} sizes of 1 octet or more");
                    return invalid("then.split", &format!("{sizes:?}"), &expected);
                }
                needs("split", Transport::Tcp, "tcp")
            }
            Delivery::Close { .. } => needs("close", Transport::Tcp, "tcp"),
            Delivery::OtherPort => needs("other_port", Transport::Udp, "udp"),
            Delivery::Normal | Delivery::Drop | Delivery::Duplicate => Ok(()),
        }
    }
}

fn invalid<T>(key: &str, found: &str, expected: &str) -> Result<T, InvalidRule> {
    Err(InvalidRule(format!("{key} is '{found}', expected {expected}")))
}

fn name(key: &str, written: Option<String>) -> Result<Option<Pattern>, InvalidRule> {
    match written {
        Some(name) if name.is_empty() || (name.contains('@') && !name.contains("\\@")) => {
            invalid(key, &name, "a name without its realm, with * for any run of characters")
        }
        written => Ok(written.map(|name| Pattern::new(&name))),
    }
}

fn read_etype(written: &str) -> Result<i32, InvalidRule> {
    let named = Etype::ALL.into_iter().find(|etype| etype.name() == written).map(Etype::number);
    match named.or_else(|| written.parse().ok()) {
        Some(number) => Ok(number),
        None => {
            let expected = format!("a number or one of {}", Etype::ALL.map(Etype::name).join(", "));
            invalid("when.etype", written, &expected)
        }
    }
}

/// `50ms`, `2s`.
fn duration(key: &str, written: &str, most: Duration) -> Result<Duration, InvalidRule> {
    let read = |text: &str, unit: fn(u64) -> Duration| text.parse().ok().map(unit);
    let found = match written.strip_suffix("ms") {
        Some(milliseconds) => read(milliseconds, Duration::from_millis),
        None => written.strip_suffix('s').and_then(|seconds| read(seconds, Duration::from_secs)),
    };
    match found.filter(|found| *found <= most) {
        Some(found) => Ok(found),
        None => invalid(key, written, &format!("a duration as \"50ms\" or \"2s\", at most {}s", most.as_secs())),
    }
}

fn hex(written: &str) -> Result<Vec<u8>, InvalidRule> {
    let pairs = written.as_bytes().chunks(2);
    let octet = |pair: &[u8]| {
        let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        }
    };
    match pairs.map(octet).collect() {
        Some(octets) => Ok(octets),
        None => invalid("then.data", written, "octets in hexadecimal, two digits each"),
    }
}

fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rule, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn every_key_is_read_and_written_again() {
        for text in [
            "when = { message = 'tgs-req', client = 'al*', service = 'postgres/*', transport = 'udp', \
             etype = 'aes256-cts-hmac-sha1-96', preauthenticated = true, nth = 2, times = 1 }\n\
             then = { delay = '2s', deviation = ['wrong-nonce', 'version-4'], truncate = 20, duplicate = true }",
            "when = { transport = 'udp', repeat = 3 }\nthen = { drop = true }",
            "when = { etype = '-133' }\nthen = { error = 29, text = 'BUSY', data = '00ff' }",
            "when = { transport = 'tcp' }\nthen = { split = [4, 1], pause = '5ms' }",
            "when = { transport = 'tcp' }\nthen = { close = 0 }",
            "when = { transport = 'udp' }\nthen = { other_port = true, garbage = 3 }",
        ] {
            let rule = read(text).unwrap();
            assert_eq!(read(&toml::to_string(&rule).unwrap()), Ok(rule.clone()), "{text}");
            assert_eq!(read(&text.replace("'2s'", "'2000ms'")), Ok(rule));
        }
        let rule = read("then = { error = 29, text = 'BUSY', data = '00fF' }").unwrap();
        let expected = ForcedError { code: 29, text: Some("BUSY".to_owned()), data: Some(vec![0, 255]) };
        assert_eq!((rule.when, rule.then.error), (When::default(), Some(expected)));
    }

    #[test]
    fn texts_alone_make_the_same_rule() {
        let texts = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, Vec<String>)> {
            pairs.iter().map(|(key, text)| (*key, text.split(' ').map(str::to_owned).collect())).collect()
        };
        let when = texts(&[("message", "as-req"), ("transport", "tcp"), ("nth", "2"), ("preauthenticated", "true")]);
        let then = texts(&[("deviation", "wrong-nonce version-4"), ("split", "4 1"), ("delay", "50ms"), ("error", "")]);
        let written = "when = { message = 'as-req', transport = 'tcp', nth = 2, preauthenticated = true }\n\
                       then = { deviation = ['wrong-nonce', 'version-4'], split = [4, 1], delay = '50ms' }";
        assert_eq!(Rule::from_texts(&when, &then), Ok(read(written).unwrap()));
        let refused = |then| Rule::from_texts(&[], &texts(then)).unwrap_err().to_string();
        assert_eq!(refused(&[("error", "x")]), "then.error is 'x', expected a number");
        assert_eq!(refused(&[("drop", "yes")]), "then.drop is 'yes', expected true or false");
        assert_eq!(refused(&[("error", "1 2")]), "then.error is '1, 2', expected one value");
        assert!(refused(&[("dorp", "true")]).starts_with("unknown field `dorp`, expected one of `error`, "));
    }

    #[test]
    fn a_rule_that_cannot_be_is_refused_with_the_key_and_what_is_allowed() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let found = read(text).unwrap_err();
            assert!(found.contains(expected), "found {found}\nexpected {expected}");
        }
        check("when = {}", "missing field `then`");
        check("then = {}", "then says nothing, expected one or more of error, ");
        check("then = { drop = false }", "then says nothing");
        check("then = { dorp = true }", "unknown field `dorp`, expected one of `error`, `text`, ");
        check("when = { who = 'x' }\nthen = { drop = true }", "unknown field `who`, expected one of `message`, ");
        check("when = { message = 'ap-req' }\nthen = { drop = true }", "when.message is 'ap-req', expected as-req, ");
        check("when = { transport = 'sctp' }\nthen = { drop = true }", "when.transport is 'sctp', expected udp, ");
        check("when = { client = 'a@R' }\nthen = { drop = true }", "when.client is 'a@R', expected a name without");
        check("when = { nth = 0 }\nthen = { drop = true }", "when.nth is '0', expected 1 or more");
        check("when = { etype = 'rot13' }\nthen = { drop = true }", "when.etype is 'rot13', expected a number or");
        check("when = { transport = 'tcp', repeat = 1 }\nthen = { drop = true }", "when.repeat is for datagrams");
        check("when = { repeat = 1 }\nthen = { deviation = ['truncated'] }", "then.deviation is for new requests");
        check("then = { split = [1] }", "then.split is for tcp alone, expected when.transport = \"tcp\"");
        check("when = { transport = 'udp' }\nthen = { split = [1] }", "then.split is for tcp alone");
        check("when = { transport = 'tcp' }\nthen = { split = [1, 0] }", "then.split is '[1, 0]', expected 1 to 1024");
        check("when = { transport = 'tcp' }\nthen = { other_port = true }", "then.other_port is for udp alone");
        check("then = { close = 1 }", "then.close is for tcp alone");
        check("then = { drop = true, duplicate = true }", "then has more than one of drop, ");
        check("then = { text = 'x' }", "then.text and then.data belong to then.error");
        check("then = { drop = true, pause = '1s' }", "then.pause belongs to then.split");
        check("then = { delay = '50' }", "then.delay is '50', expected a duration as \"50ms\" or \"2s\", at most 600s");
        check("then = { delay = '601s' }", "then.delay is '601s'");
        check("then = { error = 29, data = 'abc' }", "then.data is 'abc', expected octets in hexadecimal");
        check("then = { truncate = 0 }", "then.truncate is '0', expected 1 octet or more");
        check("then = { garbage = 65508 }", "then.garbage is '65508', expected at most 65507 octets");
        check("then = { deviation = ['x'] }", "then.deviation: unknown deviation 'x', expected one of wrong-nonce, ");
    }
}
