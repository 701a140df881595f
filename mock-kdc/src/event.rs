//! What was asked of the KDC and what it answered, as data.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use shakedown_krb5::Timestamp;

use crate::metrics::{Counted, Metrics};
pub use shakedown_krb5::messages::Exchange;

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

/// The latest events, bounded. Events are numbered from 0, so that a reader can go on where it stopped.
#[derive(Debug)]
pub struct Log {
    capacity: usize,
    metrics: Metrics,
    recorded: Mutex<Recorded>,
}

#[derive(Debug, Default)]
struct Recorded {
    /// The number of the first event that is still there.
    first: u64,
    events: VecDeque<Event>,
}

impl Log {
    /// A log that keeps the latest `capacity` events.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, metrics: Metrics::default(), recorded: Mutex::default() }
    }

    /// How often what was recorded, however long ago.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Adds an event, and forgets the oldest if it is one too many.
    pub fn record(&self, event: Event) {
        let counted = match event.outcome {
            Outcome::Issued { .. } => Counted::Issued,
            Outcome::Refused { code, .. } => Counted::Refused(code),
            Outcome::Dropped { .. } => Counted::Dropped,
        };
        self.metrics.count(event.exchange, event.transport, counted, event.repeated);
        let mut recorded = self.lock();
        recorded.events.push_back(event);
        if recorded.events.len() > self.capacity {
            recorded.events.pop_front();
            recorded.first += 1;
        }
    }

    /// How many events there were ever: the number of the next one.
    #[must_use]
    pub fn count(&self) -> u64 {
        let recorded = self.lock();
        recorded.first + u64::try_from(recorded.events.len()).unwrap_or(u64::MAX)
    }

    /// The events from number `from` on that are still there, and the number of the first of them; with no event, the
    /// number of the next.
    #[must_use]
    pub fn numbered_since(&self, from: u64) -> (u64, Vec<Event>) {
        let recorded = self.lock();
        let next = recorded.first + u64::try_from(recorded.events.len()).unwrap_or(u64::MAX);
        let first = from.clamp(recorded.first, next);
        let skipped = usize::try_from(first - recorded.first).unwrap_or(usize::MAX);
        (first, recorded.events.iter().skip(skipped).cloned().collect())
    }

    /// The events from number `from` on that are still there.
    #[must_use]
    pub fn since(&self, from: u64) -> Vec<Event> {
        let recorded = self.lock();
        let skipped = usize::try_from(from.saturating_sub(recorded.first)).unwrap_or(usize::MAX);
        recorded.events.iter().skip(skipped).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
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
        }
    }

    #[test]
    fn a_full_log_forgets_the_oldest_and_keeps_its_numbers() {
        let log = Log::new(3);
        (0..5).for_each(|code| log.record(event(code)));
        assert_eq!(log.count(), 5);
        assert_eq!(log.since(0), [event(2), event(3), event(4)]);
        assert_eq!(log.since(4), [event(4)]);
        assert_eq!(log.since(5), []);
        assert_eq!(log.since(u64::MAX), []);
        assert_eq!(log.numbered_since(0), (2, vec![event(2), event(3), event(4)]));
        assert_eq!(log.numbered_since(4), (4, vec![event(4)]));
        assert_eq!(log.numbered_since(u64::MAX), (5, vec![]));
    }

    #[test]
    fn an_event_reads_as_a_trace() {
        assert_eq!(event(24).trace(), ["as-req", "krb-error"]);
        assert_eq!(event(24).outcome.to_string(), "krb 24");
        let issued = Outcome::Issued { ticket_etype: 18, session_etype: 18, kvno: 1 };
        let tgs = Event { exchange: Some(Exchange::Tgs), outcome: issued, ..event(0) };
        assert_eq!(tgs.trace(), ["tgs-req", "tgs-rep"]);
    }
}
