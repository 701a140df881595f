//! What an expectation says about the wire: `connect greeting tls-request … alert<(handshake_failure)`.
//!
//! `again` counts only in a pattern that names it: whether a client has to ask once more depends on how busy the machine is.
//!
//! `…` skips any number of events; `|` starts the next connection of the same attempt. An event without a mark may go
//! either way, one without an argument may have any.

use crate::handshake::{Direction, Event, EventName, Trace};
use crate::scenario::pattern::Mismatch;
use std::fmt;
use std::str::FromStr;

/// The events of an attempt, connection by connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracePattern {
    connections: Vec<Vec<Element>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    Any,
    Event { name: EventName, direction: Option<Direction>, detail: Option<String> },
}

impl TracePattern {
    /// Holds the connections of an attempt against the pattern.
    ///
    /// # Errors
    /// Their number differs, or the events of one do.
    pub fn check(&self, connections: &[&Trace]) -> Result<(), Mismatch> {
        let differs = |what| {
            let actual: Vec<_> = connections.iter().map(ToString::to_string).collect();
            let actual = if actual.is_empty() { "no connection".to_owned() } else { actual.join(" | ") };
            Err(Mismatch { what, expected: self.to_string(), actual })
        };
        if connections.len() != self.connections.len() {
            return differs("number of connections");
        }
        let all = self.connections.iter().zip(connections).all(|(pattern, trace)| {
            let names_again = pattern.iter().any(|element| element.names(EventName::Again));
            let counts = |event: &&Event| names_again || event.name != EventName::Again;
            matches(pattern, &trace.events().iter().filter(counts).collect::<Vec<_>>())
        });
        if all { Ok(()) } else { differs("trace") }
    }
}

/// Whether `events` are what `pattern` says: the usual matching with a wildcard, which goes back to the last `…` only, and
/// so takes at most `pattern.len() * events.len()` comparisons.
fn matches(pattern: &[Element], events: &[&Event]) -> bool {
    let (mut next, mut position) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while position < events.len() {
        match pattern.get(next) {
            Some(Element::Any) => {
                last_any = Some((next, position));
                next += 1;
            }
            Some(element) if element.is(events[position]) => {
                next += 1;
                position += 1;
            }
            _ => match last_any {
                Some((any, start)) => {
                    last_any = Some((any, start + 1));
                    next = any + 1;
                    position = start + 1;
                }
                None => return false,
            },
        }
    }
    pattern[next..].iter().all(|element| *element == Element::Any)
}

impl Element {
    fn names(&self, event: EventName) -> bool {
        matches!(self, Self::Event { name, .. } if *name == event)
    }

    fn is(&self, event: &Event) -> bool {
        match self {
            Self::Any => true,
            Self::Event { name, direction, detail } => {
                *name == event.name
                    && direction.is_none_or(|direction| direction == event.direction)
                    && detail.as_deref().is_none_or(|detail| event.detail.as_deref() == Some(detail))
            }
        }
    }
}

impl fmt::Display for TracePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, connection) in self.connections.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            let elements: Vec<_> = connection.iter().map(ToString::to_string).collect();
            f.write_str(&elements.join(" "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("…"),
            Self::Event { name, direction, detail } => {
                write!(f, "{name}{}", direction.map_or("", Direction::mark))?;
                detail.as_ref().map_or(Ok(()), |detail| write!(f, "({detail})"))
            }
        }
    }
}

/// A text that is no trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidTrace(String);

impl FromStr for TracePattern {
    type Err = InvalidTrace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut connections = vec![Vec::new()];
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (word, after) = token(rest)?;
            match word {
                "|" => connections.push(Vec::new()),
                "…" | "..." => last(&mut connections).push(Element::Any),
                word => last(&mut connections).push(event(word)?),
            }
            rest = after.trim_start();
        }
        if connections.iter().any(Vec::is_empty) {
            return Err(InvalidTrace("a connection without events, write … for any".to_owned()));
        }
        Ok(Self { connections })
    }
}

fn last(connections: &mut [Vec<Element>]) -> &mut Vec<Element> {
    connections.last_mut().expect("there is at least one connection from the start")
}

/// The first word, up to white space that does not stand in parentheses, and what follows.
fn token(text: &str) -> Result<(&str, &str), InvalidTrace> {
    let mut depth = 0_usize;
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(|| InvalidTrace("')' without '('".to_owned()))?,
            c if c.is_whitespace() && depth == 0 => return Ok(text.split_at(index)),
            _ => {}
        }
    }
    if depth == 0 { Ok((text, "")) } else { Err(InvalidTrace("'(' without ')'".to_owned())) }
}

fn event(word: &str) -> Result<Element, InvalidTrace> {
    let (head, detail) = match word.split_once('(') {
        Some((head, detail)) => {
            let detail =
                detail.strip_suffix(')').ok_or_else(|| InvalidTrace(format!("nothing may follow ')' in '{word}'")))?;
            (head, Some(detail.to_owned()))
        }
        None => (word, None),
    };
    let (name, direction) = match (head.strip_suffix('>'), head.strip_suffix('<')) {
        (Some(name), _) => (name, Some(Direction::FromClient)),
        (_, Some(name)) => (name, Some(Direction::ToClient)),
        _ => (head, None),
    };
    let name = name.parse().map_err(|error| InvalidTrace(format!("{error}")))?;
    Ok(Element::Event { name, direction, detail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Timestamp;

    /// A trace from words as [`Trace`] displays them.
    fn trace(text: &str) -> Trace {
        let mut trace = Trace::new();
        for element in text.parse::<TracePattern>().unwrap().connections.remove(0) {
            let Element::Event { name, direction, detail } = element else { panic!("no … in a trace") };
            let direction = direction.unwrap_or(Direction::Local);
            match detail {
                Some(detail) => trace.push_with(Timestamp::EPOCH, direction, name, detail),
                None => trace.push(Timestamp::EPOCH, direction, name),
            }
        }
        trace
    }

    fn check(pattern: &str, connections: &[&str], expected: bool) {
        let traces: Vec<_> = connections.iter().map(|text| trace(text)).collect();
        let result = pattern.parse::<TracePattern>().unwrap().check(&traces.iter().collect::<Vec<_>>());
        assert_eq!(result.is_ok(), expected, "{pattern} against {connections:?}: {result:?}");
    }

    #[test]
    fn a_repeated_request_counts_where_it_is_named() {
        let repeated = "as-req> again> as-rep<";
        check("as-req as-rep", &[repeated], true);
        check("as-req again as-rep", &[repeated], true);
        check("as-req again again as-rep", &[repeated], false);
        check("as-req again as-rep", &["as-req> as-rep<"], false);
        check("as-req as-rep", &["as-req> as-req> as-rep<"], false);
    }

    const LOGIN: &str = "connect greeting< login> auth-switch<(mysql_native_password) auth-data> auth-ok<";

    #[test]
    fn without_a_gap_every_event_counts() {
        check("connect greeting login auth-switch auth-data auth-ok", &[LOGIN], true);
        check("connect greeting login auth-data auth-ok", &[LOGIN], false);
        check("connect greeting login auth-switch auth-data", &[LOGIN], false);
        check("connect greeting login auth-switch auth-data auth-ok ready", &[LOGIN], false);
    }

    #[test]
    fn a_gap_skips_any_number_of_events() {
        check("…", &[LOGIN], true);
        check("… login … auth-ok …", &[LOGIN], true);
        check("… login … auth-ok", &[LOGIN], true);
        check("login … auth-ok", &[LOGIN], false);
        check("… auth-ok … login …", &[LOGIN], false);
        check("connect … greeting … … auth-ok", &[LOGIN], true);
    }

    #[test]
    fn a_gap_gives_back_what_it_took_too_early() {
        check("… auth-data auth-ok", &["connect auth-data> auth-data> auth-ok<"], true);
        check("connect … auth-data< … auth-ok", &["connect auth-data> auth-data< auth-data> auth-ok<"], true);
    }

    #[test]
    fn direction_and_argument_count_where_they_are_written() {
        check("… auth-switch<(mysql_native_password) …", &[LOGIN], true);
        check("… auth-switch<(caching_sha2_password) …", &[LOGIN], false);
        check("… auth-switch> …", &[LOGIN], false);
        check("… server-hello<(TLS1.2 DHE-RSA-AES128-SHA) …", &["server-hello<(TLS1.2 DHE-RSA-AES128-SHA)"], true);
    }

    #[test]
    fn a_bar_separates_connections() {
        check("connect … | connect … auth-ok", &["connect reset", LOGIN], true);
        check("connect …", &["connect reset", LOGIN], false);
        check("… | … | …", &["connect", "connect"], false);
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        for (text, problem) in [
            ("conect", "unknown event 'conect'"),
            ("alert(x", "'(' without ')'"),
            ("alert)x", "')' without '('"),
            ("alert(x)y", "nothing may follow ')' in 'alert(x)y'"),
            ("", "a connection without events, write … for any"),
            ("connect |", "a connection without events, write … for any"),
        ] {
            assert_eq!(text.parse::<TracePattern>().unwrap_err().to_string(), problem, "{text}");
        }
    }

    #[test]
    fn many_gaps_take_no_exponential_time() {
        let pattern = "… auth-data ".repeat(60) + "auth-ok";
        check(&pattern, &[&"auth-data> ".repeat(400)], false);
    }
}
