//! What was asked of the KDC and what it answered, as data.

use std::fmt;

use shakedown_krb5::Timestamp;
pub use shakedown_krb5::messages::Exchange;
use shakedown_krb5::messages::view::PrincipalView;

/// One request and its answer. It holds names and numbers only, no key, ticket or password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The KDC's time.
    pub at: Timestamp,
    /// How it came; none where [`crate::Kdc::answer`] was called directly.
    pub transport: Option<Transport>,
    /// AS or TGS; none where the request could not be read.
    pub exchange: Option<Exchange>,
    /// The client, as far as it is known: by name in an AS-REQ, by ticket in a TGS-REQ.
    pub client: Option<String>,
    /// The service that a ticket is wanted for.
    pub service: Option<String>,
    /// Encryption types that the client offers, in its order.
    pub etypes: Vec<i32>,
    /// How it was answered.
    pub outcome: Outcome,
    /// Whether the same datagram was answered before and got the same octets again.
    pub repeated: bool,
    /// The number of the rule that decided about the answer, as the control API has it.
    pub rule: Option<u64>,
}

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A datagram.
    Udp,
    /// A length and a message on a connection.
    Tcp,
}

/// How a request was answered. Displays as a trace has it: `established`, `krb 24`, `no answer: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A ticket.
    Issued {
        /// The etype of the ticket.
        ticket_etype: i32,
        /// The etype of the session key.
        session_etype: i32,
        /// The key version number in the ticket.
        kvno: u32,
    },
    /// A KRB-ERROR.
    Refused {
        /// RFC 4120 §7.5.9.
        code: i32,
        /// Its e-text.
        text: String,
    },
    /// Nothing, as MIT's KDC does with what it cannot read and with requests for no service.
    Dropped {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issued { .. } => f.write_str("established"),
            Self::Refused { code, .. } => write!(f, "krb {code}"),
            Self::Dropped { reason } => write!(f, "no answer: {reason}"),
        }
    }
}

impl Event {
    /// The two events of a trace: what came and what went (`as-req`, `as-rep` | `krb-error`). Nothing went where
    /// the request was dropped, nothing is known to have come where it could not be read.
    #[must_use]
    pub fn trace(&self) -> Vec<&'static str> {
        let (request, reply) = match self.exchange {
            Some(Exchange::As) => ("as-req", "as-rep"),
            Some(Exchange::Tgs) => ("tgs-req", "tgs-rep"),
            None => return Vec::new(),
        };
        match self.outcome {
            Outcome::Issued { .. } => vec![request, reply],
            Outcome::Refused { .. } => vec![request, "krb-error"],
            Outcome::Dropped { .. } => vec![request],
        }
    }
}

/// An [`Event`] in memory that is used again: what a worker notes while it answers. Its texts keep their capacity.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) transport: Option<Transport>,
    pub(crate) exchange: Option<Exchange>,
    pub(crate) client: Text,
    pub(crate) service: Text,
    pub(crate) etypes: Vec<i32>,
    pub(crate) kind: Kind,
    /// The e-text of a refusal, or why nothing was answered.
    pub(crate) reason: String,
    pub(crate) repeated: bool,
    pub(crate) rule: Option<u64>,
}

/// An [`Outcome`] without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    Issued {
        ticket_etype: i32,
        session_etype: i32,
        kvno: u32,
    },
    Refused {
        code: i32,
    },
    #[default]
    Dropped,
}

/// A text that may be missing, and whose memory stays when it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    is_there: bool,
    characters: String,
}

impl Entry {
    /// Forgets all but the memory.
    pub(crate) fn clear(&mut self) {
        let Self { at, transport, exchange, client, service, etypes, kind, reason, repeated, rule } = self;
        *at = Timestamp::EPOCH;
        *transport = None;
        *exchange = None;
        client.clear();
        service.clear();
        etypes.clear();
        *kind = Kind::Dropped;
        reason.clear();
        *repeated = false;
        *rule = None;
    }

    /// Becomes the same as `other`.
    pub(crate) fn copy(&mut self, other: &Self) {
        let Self { at, transport, exchange, client, service, etypes, kind, reason, repeated, rule } = other;
        (self.at, self.transport, self.exchange) = (*at, *transport, *exchange);
        self.client.copy(client);
        self.service.copy(service);
        self.etypes.clone_from(etypes);
        self.kind = *kind;
        self.reason.clone_from(reason);
        (self.repeated, self.rule) = (*repeated, *rule);
    }

    /// Notes a refusal.
    pub(crate) fn refuse(&mut self, code: i32, text: &str) {
        self.kind = Kind::Refused { code };
        self.reason.clear();
        self.reason.push_str(text);
    }

    /// Notes that nothing is answered.
    pub(crate) fn drop_for(&mut self, reason: impl fmt::Display) {
        use fmt::Write as _;
        self.kind = Kind::Dropped;
        self.reason.clear();
        write!(self.reason, "{reason}").expect("a String takes all that is written");
    }

    pub(crate) fn to_event(&self) -> Event {
        let text = self.reason.clone();
        Event {
            at: self.at,
            transport: self.transport,
            exchange: self.exchange,
            client: self.client.get().map(str::to_owned),
            service: self.service.get().map(str::to_owned),
            etypes: self.etypes.clone(),
            outcome: match self.kind {
                Kind::Issued { ticket_etype, session_etype, kvno } => {
                    Outcome::Issued { ticket_etype, session_etype, kvno }
                }
                Kind::Refused { code } => Outcome::Refused { code, text },
                Kind::Dropped => Outcome::Dropped { reason: text },
            },
            repeated: self.repeated,
            rule: self.rule,
        }
    }
}

impl From<&Event> for Entry {
    fn from(event: &Event) -> Self {
        let Event { at, transport, exchange, client, service, etypes, outcome, repeated, rule } = event;
        let text =
            |name: &Option<String>| Text { is_there: name.is_some(), characters: name.clone().unwrap_or_default() };
        let (kind, reason) = match outcome {
            Outcome::Issued { ticket_etype, session_etype, kvno } => {
                let (ticket_etype, session_etype, kvno) = (*ticket_etype, *session_etype, *kvno);
                (Kind::Issued { ticket_etype, session_etype, kvno }, String::new())
            }
            Outcome::Refused { code, text } => (Kind::Refused { code: *code }, text.clone()),
            Outcome::Dropped { reason } => (Kind::Dropped, reason.clone()),
        };
        Self {
            at: *at,
            transport: *transport,
            exchange: *exchange,
            client: text(client),
            service: text(service),
            etypes: etypes.clone(),
            kind,
            reason,
            repeated: *repeated,
            rule: *rule,
        }
    }
}

impl Text {
    /// Becomes what `name` displays as.
    pub(crate) fn set(&mut self, name: PrincipalView<'_>) {
        self.clear();
        self.is_there = true;
        name.append_to(&mut self.characters);
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.is_there.then_some(self.characters.as_str())
    }

    fn clear(&mut self) {
        self.is_there = false;
        self.characters.clear();
    }

    fn copy(&mut self, other: &Self) {
        self.is_there = other.is_there;
        self.characters.clone_from(&other.characters);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: i32) -> Event {
        Event {
            at: Timestamp::EPOCH,
            transport: None,
            exchange: Some(Exchange::As),
            client: None,
            service: None,
            etypes: Vec::new(),
            outcome: Outcome::Refused { code, text: String::new() },
            repeated: false,
            rule: None,
        }
    }

    #[test]
    fn an_event_reads_as_a_trace() {
        assert_eq!(event(24).trace(), ["as-req", "krb-error"]);
        assert_eq!(event(24).outcome.to_string(), "krb 24");
        let issued = Outcome::Issued { ticket_etype: 18, session_etype: 18, kvno: 1 };
        let tgs = Event { exchange: Some(Exchange::Tgs), outcome: issued, ..event(0) };
        assert_eq!(tgs.trace(), ["tgs-req", "tgs-rep"]);
    }

    #[test]
    fn an_entry_is_the_event_whatever_it_was_before() {
        let issued = Outcome::Issued { ticket_etype: 18, session_etype: 17, kvno: 3 };
        let events = [
            Event {
                at: Timestamp::from_micros(7),
                transport: Some(Transport::Tcp),
                client: Some("alice@R".to_owned()),
                service: Some("krbtgt/R@R".to_owned()),
                etypes: vec![18, -133],
                outcome: issued,
                repeated: true,
                rule: Some(7),
                ..event(0)
            },
            event(25),
            Event { exchange: None, outcome: Outcome::Dropped { reason: "malformed".to_owned() }, ..event(0) },
        ];
        let mut entry = Entry::default();
        for event in events.iter().chain(events.iter().rev()) {
            entry.copy(&Entry::from(event));
            assert_eq!(entry.to_event(), *event);
        }
        entry.clear();
        assert_eq!(entry, Entry::default());
    }
}
