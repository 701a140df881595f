//! The latest events, in memory that is used again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use shakedown_krb5::Timestamp;
use shakedown_krb5::messages::Exchange;

use crate::event::{Entry, Event, Kind, Outcome, Transport};

/// The latest events, bounded. Events are numbered from 0, so that a reader can go on where it stopped.
#[derive(Debug)]
pub struct Log {
    capacity: usize,
    recorded: Mutex<Recorded>,
}

/// How many octets names, reasons and etypes may take together. Real events have a hundred; a peer that sends names of
/// many thousand shortens the log, and not the machine's memory.
const VARIABLE_OCTETS_MAX: usize = 16 << 20;

/// What is reserved for each event. The operating system provides it when it is written.
const VARIABLE_OCTETS_USUAL: usize = 160;

/// INVARIANT: `variable` holds what `records` say in their lengths, in their order.
#[derive(Debug)]
struct Recorded {
    /// The number of the first event that is still there.
    first: u64,
    records: VecDeque<Record>,
    variable: VecDeque<u8>,
}

/// An event, but for what has no fixed length.
#[derive(Debug, Clone, Copy)]
struct Record {
    at: Timestamp,
    transport: Option<Transport>,
    exchange: Option<Exchange>,
    kind: Kind,
    repeated: bool,
    rule: Option<u64>,
    client: Option<usize>,
    service: Option<usize>,
    reason: usize,
    etypes: usize,
}

impl Log {
    /// A log that keeps the latest `capacity` events.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let recorded = Recorded {
            first: 0,
            records: VecDeque::with_capacity(capacity + 1),
            variable: VecDeque::with_capacity((capacity + 1) * VARIABLE_OCTETS_USUAL),
        };
        Self { capacity, recorded: Mutex::new(recorded) }
    }

    /// Adds an event, and forgets the oldest if it is one too many.
    pub fn record(&self, event: &Event) {
        self.note(&Entry::from(event));
    }

    pub(crate) fn note(&self, entry: &Entry) {
        let mut recorded = self.lock();
        recorded.push(entry);
        while recorded.records.len() > self.capacity || recorded.variable.len() > VARIABLE_OCTETS_MAX {
            recorded.forget_oldest();
        }
    }

    /// How many events there were ever: the number of the next one.
    #[must_use]
    pub fn count(&self) -> u64 {
        let recorded = self.lock();
        recorded.first + u64::try_from(recorded.records.len()).unwrap_or(u64::MAX)
    }

    /// The events from number `from` on that are still there.
    #[must_use]
    pub fn since(&self, from: u64) -> Vec<Event> {
        self.numbered_since(from).1
    }

    /// The same, and the number of the first of them; with no event, the number of the next.
    #[must_use]
    pub fn numbered_since(&self, from: u64) -> (u64, Vec<Event>) {
        let recorded = self.lock();
        let mut number = recorded.first;
        let mut offset = 0;
        let mut events = Vec::new();
        for record in &recorded.records {
            if number >= from {
                events.push(recorded.event(record, offset));
            }
            offset += record.variable_octets();
            number += 1;
        }
        (number - u64::try_from(events.len()).unwrap_or(number), events)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    fn push(&mut self, entry: &Entry) {
        let Entry { at, transport, exchange, client, service, etypes, kind, reason, repeated, rule } = entry;
        for text in [client.get(), service.get(), Some(reason)].into_iter().flatten() {
            self.variable.extend(text.as_bytes());
        }
        for etype in etypes {
            self.variable.extend(&etype.to_be_bytes());
        }
        self.records.push_back(Record {
            at: *at,
            transport: *transport,
            exchange: *exchange,
            kind: *kind,
            repeated: *repeated,
            rule: *rule,
            client: client.get().map(str::len),
            service: service.get().map(str::len),
            reason: reason.len(),
            etypes: etypes.len(),
        });
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.records.pop_front() {
            self.variable.drain(..oldest.variable_octets());
            self.first += 1;
        }
    }

    /// An event whose variable octets begin at `offset`.
    fn event(&self, record: &Record, offset: usize) -> Event {
        let mut octets = self.variable.range(offset..offset + record.variable_octets()).copied();
        let mut text = |length: usize| {
            let octets = octets.by_ref().take(length).collect();
            String::from_utf8(octets).expect("INVARIANT of Recorded: it was a String")
        };
        let client = record.client.map(&mut text);
        let service = record.service.map(&mut text);
        let text = text(record.reason);
        let mut etype = || [(); 4].map(|()| octets.next().expect("INVARIANT of Recorded: four octets each"));
        let etypes = (0..record.etypes).map(|_| i32::from_be_bytes(etype())).collect();
        let outcome = match record.kind {
            Kind::Issued { ticket_etype, session_etype, kvno } => Outcome::Issued { ticket_etype, session_etype, kvno },
            Kind::Refused { code } => Outcome::Refused { code, text },
            Kind::Dropped => Outcome::Dropped { reason: text },
        };
        Event {
            at: record.at,
            transport: record.transport,
            exchange: record.exchange,
            client,
            service,
            etypes,
            outcome,
            repeated: record.repeated,
            rule: record.rule,
        }
    }
}

impl Record {
    fn variable_octets(&self) -> usize {
        self.client.unwrap_or(0) + self.service.unwrap_or(0) + self.reason + 4 * self.etypes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    fn events() -> impl Strategy<Value = Event> {
        let outcome = prop_oneof![
            (any::<i32>(), ".{0,9}").prop_map(|(code, text)| Outcome::Refused { code, text }),
            ".{0,9}".prop_map(|reason| Outcome::Dropped { reason }),
            (any::<i32>(), any::<i32>(), any::<u32>()).prop_map(|(ticket_etype, session_etype, kvno)| {
                Outcome::Issued { ticket_etype, session_etype, kvno }
            }),
        ];
        let name = || prop::option::of(".{0,9}");
        let etypes = prop::collection::vec(any::<i32>(), 0..4);
        (any::<i64>(), name(), name(), etypes, outcome, any::<bool>()).prop_map(
            |(at, client, service, etypes, outcome, repeated)| Event {
                at: Timestamp::from_micros(at),
                transport: repeated.then_some(Transport::Udp),
                client,
                service,
                etypes,
                outcome,
                repeated,
                rule: repeated.then_some(3),
                ..event(0)
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_noted(noted in prop::collection::vec(events(), 0..9), capacity in 0usize..9) {
            let log = Log::new(capacity);
            noted.iter().for_each(|event| log.record(event));
            prop_assert_eq!(log.count(), noted.len() as u64);
            prop_assert_eq!(log.since(0), &noted[noted.len().saturating_sub(capacity)..]);
        }
    }

    #[test]
    fn a_full_log_forgets_the_oldest_and_keeps_its_numbers() {
        let log = Log::new(3);
        (0..5).for_each(|code| log.record(&event(code)));
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
    fn names_of_any_length_take_bounded_memory() {
        let log = Log::new(100);
        let long = Event { client: Some("x".repeat(1 << 20)), ..event(0) };
        (0..100).for_each(|_| log.record(&long));
        assert_eq!((log.count(), log.since(0).len()), (100, 16));
        assert!(log.lock().variable.len() <= VARIABLE_OCTETS_MAX);
    }
}
