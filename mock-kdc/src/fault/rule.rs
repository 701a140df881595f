//! A rule: which requests, and what happens to their answers.

use std::time::Duration;

use super::Pattern;
use crate::deviation::Deviation;
use crate::event::{Exchange, Transport};

/// What happens to the answers of the requests that fit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Which requests; what is left out fits all.
    pub when: When,
    /// What happens.
    pub then: Then,
}

/// Which requests a rule is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct When {
    /// AS-REQ or TGS-REQ.
    pub message: Option<Exchange>,
    /// The client's name without its realm: of an AS-REQ, or of the ticket in a TGS-REQ.
    pub client: Option<Pattern>,
    /// The service's name without its realm.
    pub service: Option<Pattern>,
    /// How the request came.
    pub transport: Option<Transport>,
    /// An encryption type that the request offers.
    pub etype: Option<i32>,
    /// Whether an AS-REQ proves who asks; a TGS-REQ always does.
    pub preauthenticated: Option<bool>,
    /// Only the n-th such request, counted from 1 since the rule was set. Retransmissions do not count.
    pub nth: Option<u64>,
    /// Retransmissions instead: the n-th time, counted from 1, that a datagram comes again.
    pub repeat: Option<u32>,
    /// How often the rule applies at most.
    pub times: Option<u64>,
}

/// What happens to an answer. The parts are done in the order of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Then {
    /// A KRB-ERROR takes the answer's place.
    pub error: Option<ForcedError>,
    /// Departures from the protocol.
    pub deviations: Vec<Deviation>,
    /// So many random octets take the answer's place.
    pub garbage: Option<usize>,
    /// So many octets of the answer are left.
    pub truncate: Option<usize>,
    /// How long the answer waits before it is sent.
    pub delay: Duration,
    /// How it is sent.
    pub delivery: Delivery,
}

/// A KRB-ERROR that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForcedError {
    /// RFC 4120 §7.5.9.
    pub code: i32,
    /// The e-text; none: the code's name.
    pub text: Option<String>,
    /// The e-data.
    pub data: Option<Vec<u8>>,
}

/// How an answer is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// As usual.
    #[default]
    Normal,
    /// Not at all: it is lost on the way. A retransmission gets it.
    Drop,
    /// Over TCP, in pieces of these sizes, the last of which goes on to the end, with a pause between them. The length
    /// before the message is a part of it.
    Split {
        /// Octets of each piece; none is 0, and there is at least one.
        sizes: Vec<usize>,
        /// Between two pieces.
        pause: Duration,
    },
    /// Twice.
    Duplicate,
    /// Over UDP, from another port than the one that was asked.
    OtherPort,
    /// Over TCP: so many octets of it (with the length before it), then the connection is closed.
    Close {
        /// How many; 0: none.
        after: usize,
    },
}

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) message: Option<Exchange>,
    pub(crate) client: Option<&'a str>,
    pub(crate) service: Option<&'a str>,
    pub(crate) transport: Option<Transport>,
    pub(crate) etypes: &'a [i32],
    pub(crate) preauthenticated: bool,
    /// How often the same datagram came before.
    pub(crate) repeat: u32,
}

impl When {
    /// Whether a request fits, but for its number.
    pub(crate) fn fits(&self, subject: &Subject<'_>) -> bool {
        fn is<T: PartialEq>(wanted: Option<T>, found: Option<T>) -> bool {
            wanted.is_none() || wanted == found
        }
        let named = |wanted: &Option<Pattern>, found: Option<&str>| {
            wanted.as_ref().is_none_or(|pattern| found.is_some_and(|name| pattern.fits(without_realm(name))))
        };
        is(self.message, subject.message)
            && named(&self.client, subject.client)
            && named(&self.service, subject.service)
            && is(self.transport, subject.transport)
            && self.etype.is_none_or(|etype| subject.etypes.contains(&etype))
            && is(self.preauthenticated, Some(subject.preauthenticated))
            && self.repeat.unwrap_or(0) == subject.repeat
    }
}

/// `alice` of `alice@REALM`; an `@` within a component is written `\@`.
fn without_realm(name: &str) -> &str {
    let octets = name.as_bytes();
    let at = (0..octets.len()).rev().find(|&at| octets[at] == b'@' && (at == 0 || octets[at - 1] != b'\\'));
    at.map_or(name, |at| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: Subject<'_> = Subject {
        message: Some(Exchange::Tgs),
        client: Some("alice@R"),
        service: Some("postgres/db.test@R"),
        transport: Some(Transport::Udp),
        etypes: &[18, 17],
        preauthenticated: true,
        repeat: 0,
    };

    #[test]
    fn a_rule_without_conditions_fits_every_new_request() {
        assert!(When::default().fits(&SUBJECT));
        let unread = Subject { message: None, client: None, service: None, ..SUBJECT };
        assert!(When::default().fits(&unread));
        assert!(!When::default().fits(&Subject { repeat: 1, ..SUBJECT }));
    }

    #[test]
    fn each_condition_excludes_something() {
        let pattern = |text| Some(Pattern::new(text));
        let fitting = When {
            message: Some(Exchange::Tgs),
            client: pattern("al*"),
            service: pattern("*/db.test"),
            transport: Some(Transport::Udp),
            etype: Some(17),
            preauthenticated: Some(true),
            ..When::default()
        };
        assert!(fitting.fits(&SUBJECT));
        for other in [
            Subject { message: Some(Exchange::As), ..SUBJECT },
            Subject { message: None, ..SUBJECT },
            Subject { client: Some("bob@R"), ..SUBJECT },
            Subject { client: None, ..SUBJECT },
            Subject { service: Some("postgres/db.test.org@R"), ..SUBJECT },
            Subject { transport: Some(Transport::Tcp), ..SUBJECT },
            Subject { transport: None, ..SUBJECT },
            Subject { etypes: &[18], ..SUBJECT },
            Subject { preauthenticated: false, ..SUBJECT },
            Subject { repeat: 1, ..SUBJECT },
        ] {
            assert!(!fitting.fits(&other), "{other:?}");
        }
        let again = When { repeat: Some(2), ..When::default() };
        assert!(again.fits(&Subject { repeat: 2, ..SUBJECT }) && !again.fits(&Subject { repeat: 1, ..SUBJECT }));
    }

    #[test]
    fn the_realm_begins_at_the_last_at_sign_that_is_not_escaped() {
        assert_eq!(without_realm("alice@R"), "alice");
        assert_eq!(without_realm("alice\\@corp@R"), "alice\\@corp");
        assert_eq!(without_realm("alice"), "alice");
    }
}
