//! The realm file of the program: TOML as written, and its reading. The format is in the crate's documentation.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;
use toml::Spanned;

use crate::deviation::Deviation;
use crate::fault::Rule;
use crate::realm::{Password, Preauth, Realm, Service, User};

/// A realm file, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    realm: String,
    #[serde(default)]
    etypes: Option<Spanned<Vec<Spanned<EtypeName>>>>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    clock_offset_seconds: i64,
    max_ticket_life_seconds: Option<u32>,
    max_renewable_life_seconds: Option<u32>,
    clock_skew_seconds: Option<u32>,
    max_datagram_reply_octets: Option<usize>,
    #[serde(default)]
    deviations: Vec<Spanned<String>>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    users: Vec<UserEntry>,
    #[serde(default)]
    services: Vec<ServiceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserEntry {
    name: Spanned<String>,
    #[serde(deserialize_with = "password")]
    password: Password,
    salt: Option<String>,
    etypes: Option<Spanned<Vec<Spanned<EtypeName>>>>,
    preauth_required: Option<bool>,
    locked: Option<bool>,
    expires: Option<i64>,
    password_expires: Option<i64>,
    max_ticket_life_seconds: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    name: Spanned<String>,
    etypes: Option<Spanned<Vec<Spanned<EtypeName>>>>,
    kvno: Option<u32>,
    locked: Option<bool>,
    expires: Option<i64>,
    max_ticket_life_seconds: Option<u32>,
}

/// Takes any value, so that what is no string is refused without being quoted.
fn password<'de, D: Deserializer<'de>>(value: D) -> Result<Password, D::Error> {
    match toml::Value::deserialize(value)? {
        toml::Value::String(password) => Ok(Password::new(&password)),
        _ => Err(D::Error::custom("a password that is no string, expected one in quotes")),
    }
}

/// The name of an encryption type as krb5.conf has it.
type EtypeName = String;

/// A realm file, as understood.
#[derive(Debug, Clone)]
pub struct RealmFile {
    /// The realm.
    pub realm: Realm,
    /// Departures from the protocol that are on from the start.
    pub deviations: Vec<Deviation>,
    /// What happens to the answers of which requests.
    pub rules: Vec<Rule>,
}

/// A realm file that cannot be used: where, and what is allowed there. It never quotes a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct InvalidFile {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong and what is allowed.
    pub problem: String,
}

/// Reads a realm file.
///
/// # Errors
/// The first thing that is wrong with it, by line.
pub fn read(text: &str) -> Result<RealmFile, InvalidFile> {
    let file: File = toml::from_str(text).map_err(|error| InvalidFile {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        problem: error.message().replace('\n', ", "),
    })?;
    let place = Place { text };
    let File {
        realm: name,
        etypes,
        domains,
        clock_offset_seconds,
        max_ticket_life_seconds,
        max_renewable_life_seconds,
        clock_skew_seconds,
        max_datagram_reply_octets,
        deviations,
        rules,
        users,
        services,
    } = file;
    let defaults = Realm::new(&name);
    let seconds = |written: Option<u32>, default| written.map_or(default, |n| Duration::from_secs(n.into()));
    let realm = Realm {
        etypes: place.etypes(etypes)?.unwrap_or_else(|| defaults.etypes.clone()),
        users: users.into_iter().map(|user| place.user(user)).collect::<Result<_, _>>()?,
        services: services.into_iter().map(|service| place.service(service)).collect::<Result<_, _>>()?,
        domains,
        clock_offset_seconds,
        ticket_lifetime: seconds(max_ticket_life_seconds, defaults.ticket_lifetime),
        renewable_lifetime: seconds(max_renewable_life_seconds, defaults.renewable_lifetime),
        clock_skew: seconds(clock_skew_seconds, defaults.clock_skew),
        max_datagram_reply_octets: max_datagram_reply_octets.unwrap_or(defaults.max_datagram_reply_octets),
        ..defaults
    };
    let deviations = deviations
        .iter()
        .map(|name| name.get_ref().parse::<Deviation>().map_err(|unknown| place.invalid(name, unknown.to_string())));
    Ok(RealmFile { realm, deviations: deviations.collect::<Result<_, _>>()?, rules })
}

/// Turns positions into lines.
struct Place<'a> {
    text: &'a str,
}

impl Place<'_> {
    fn user(&self, entry: UserEntry) -> Result<User, InvalidFile> {
        let UserEntry {
            name,
            password,
            salt,
            etypes,
            preauth_required,
            locked,
            expires,
            password_expires,
            max_ticket_life_seconds,
        } = entry;
        let defaults = User::new(name.get_ref(), "");
        Ok(User {
            name: self.name(name)?,
            password,
            salt: salt.map(String::into_bytes),
            etypes: self.etypes(etypes)?,
            preauth: preauth_required.map(|is| if is { Preauth::Required } else { Preauth::NotRequired }),
            disabled: locked.unwrap_or(false),
            expires: expires.map(Timestamp::from_seconds),
            password_expires: password_expires.map(Timestamp::from_seconds),
            ticket_lifetime: max_ticket_life_seconds.map(|n| Duration::from_secs(n.into())),
            ..defaults
        })
    }

    fn service(&self, entry: ServiceEntry) -> Result<Service, InvalidFile> {
        let ServiceEntry { name, etypes, kvno, locked, expires, max_ticket_life_seconds } = entry;
        let defaults = Service::new(name.get_ref());
        Ok(Service {
            name: self.name(name)?,
            etypes: self.etypes(etypes)?,
            kvno: kvno.unwrap_or(1),
            disabled: locked.unwrap_or(false),
            expires: expires.map(Timestamp::from_seconds),
            ticket_lifetime: max_ticket_life_seconds.map(|n| Duration::from_secs(n.into())),
            ..defaults
        })
    }

    fn name(&self, name: Spanned<String>) -> Result<String, InvalidFile> {
        if name.get_ref().is_empty() || name.get_ref().contains('@') {
            let problem =
                format!("'{}' is no name of a principal, expected name[/instance] without a realm", name.get_ref());
            return Err(self.invalid(&name, problem));
        }
        Ok(name.into_inner())
    }

    fn etypes(&self, names: Option<Spanned<Vec<Spanned<String>>>>) -> Result<Option<Vec<Etype>>, InvalidFile> {
        let Some(names) = names else { return Ok(None) };
        let allowed = Etype::ALL.map(Etype::name).join(", ");
        if names.get_ref().is_empty() {
            return Err(self.invalid(&names, format!("no encryption type, expected one or more of {allowed}")));
        }
        let etype = |name: Spanned<String>| {
            Etype::ALL.into_iter().find(|etype| etype.name() == name.get_ref()).ok_or_else(|| {
                self.invalid(&name, format!("unknown encryption type '{}', expected one of {allowed}", name.get_ref()))
            })
        };
        names.into_inner().into_iter().map(etype).collect::<Result<_, _>>().map(Some)
    }

    fn invalid<T>(&self, at: &Spanned<T>, problem: String) -> InvalidFile {
        InvalidFile { line: line_of(self.text, at.span().start), problem }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|octet| *octet == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let readme = include_str!("../README.md");
        let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let file = read(example).unwrap();
        assert_eq!(file.realm.name, "CORP.EXAMPLE.COM");
        assert_eq!((file.realm.users.len(), file.realm.services.len()), (2, 2));
        assert_eq!(file.realm.etypes, [Etype::Aes256Sha1, Etype::Aes256Sha384]);
        assert!(file.realm.users[1].disabled && file.realm.users[1].preauth == Some(Preauth::NotRequired));
        assert_eq!(file.deviations, [Deviation::named("wrong-nonce").unwrap()]);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let file = read("realm = 'R'\n[[users]]\nname = 'alice'\npassword = 'x'\n").unwrap();
        let default = Realm::new("R");
        assert_eq!(
            (&file.realm.etypes, file.realm.ticket_lifetime, file.realm.clock_skew),
            (&default.etypes, default.ticket_lifetime, default.clock_skew)
        );
        assert_eq!(file.realm.users[0].preauth, None);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_with_line_and_what_is_allowed() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let found = read(text).unwrap_err().to_string();
            assert!(found.starts_with(expected), "found {found}\nexpected {expected}");
        }
        check("", "line 1: missing field `realm`");
        check("realm = 'R'\nrealms = 1\n", "line 2: unknown field `realms`, expected one of `realm`, `etypes`, ");
        check(
            "realm = 'R'\n\netypes = []\n",
            "line 3: no encryption type, expected one or more of aes128-cts-hmac-sha1-96, ",
        );
        check(
            "realm = 'R'\netypes = [\n 'aes256-cts-hmac-sha1-96',\n 'rc4-hmac',\n]\n",
            "line 4: unknown encryption type 'rc4-hmac', expected one of aes128-cts-hmac-sha1-96, ",
        );
        check("realm = 'R'\ndeviations = ['x']\n", "line 2: unknown deviation 'x', expected one of wrong-nonce, ");
        check(
            "realm = 'R'\n[[users]]\nname = 'a@R'\npassword = 'p'\n",
            "line 3: 'a@R' is no name of a principal, expected ",
        );
        check("realm = 'R'\nmax_ticket_life_seconds = -1\n", "line 2: invalid value: integer `-1`, expected u32");
        check("realm = 'R\n", "line 1: ");
    }

    #[test]
    fn no_error_quotes_a_password() {
        for written in
            ["['4711']", "4711", "4711.5", "{ a = '4711' }", "'4711", "\"4711\n\"", "4711-01-01", "'4711' '4711'"]
        {
            let text = format!("realm = 'R'\n[[users]]\nname = 'a'\npassword = {written}\n");
            let shown = read(&text).unwrap_err().to_string();
            assert!(shown.starts_with("line ") && !shown.contains("4711"), "{written}: {shown}");
        }
        let shown = read("realm = 'R'\npassword = '4711'\n").unwrap_err().to_string();
        assert!(!shown.contains("4711"), "{shown}");
        assert!(
            !format!("{:?}", read("realm='R'\n[[users]]\nname='a'\npassword='SECRET'").unwrap()).contains("SECRET")
        );
    }
}
