//! Counters of what was asked and answered: atomics, so that counting costs nobody a lock.
//!
//! Hook: `control` shows them in Prometheus' text format.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shakedown_krb5::messages::Exchange;

use crate::event::{Entry, Kind, Transport};

/// What was counted since the start. All figures only grow.
#[derive(Debug)]
pub struct Metrics {
    /// By exchange, transport and answer.
    requests: [[[AtomicU64; ANSWERS]; TRANSPORTS]; EXCHANGES],
    repeated: AtomicU64,
    received_octets: AtomicU64,
    sent_octets: AtomicU64,
    /// One counter for each of [`Metrics::BOUNDS_US`], and one for what took longer.
    durations: [AtomicU64; Metrics::BOUNDS_US.len() + 1],
    duration_ns: AtomicU64,
}

/// AS, TGS, unreadable.
const EXCHANGES: usize = 3;
/// UDP, TCP, none.
const TRANSPORTS: usize = 3;
/// Codes 0 to 127, of which 0 stands for a ticket; other codes; no answer.
const ANSWERS: usize = OTHER_CODE + 2;
const OTHER_CODE: usize = 128;
const NO_ANSWER: usize = 129;

/// How often requests of one kind got one kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// None where the request could not be read.
    pub exchange: Option<Exchange>,
    /// None where the KDC was called directly.
    pub transport: Option<Transport>,
    /// The kind of answer.
    pub answered: Answered,
    /// How often, repeated requests included.
    pub requests: u64,
}

/// A kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// A ticket.
    Ticket,
    /// A KRB-ERROR; -1 stands for all codes beyond 0 to 127, which no specification has.
    Error(i32),
    /// None.
    Silence,
}

impl Metrics {
    /// Upper bounds of the histogram's buckets in microseconds, from a request's arrival to its answer's dispatch.
    pub const BOUNDS_US: [u64; 14] = [2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000];

    /// Nothing counted yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            requests: [const { [const { [const { AtomicU64::new(0) }; ANSWERS] }; TRANSPORTS] }; EXCHANGES],
            repeated: AtomicU64::new(0),
            received_octets: AtomicU64::new(0),
            sent_octets: AtomicU64::new(0),
            durations: [const { AtomicU64::new(0) }; Self::BOUNDS_US.len() + 1],
            duration_ns: AtomicU64::new(0),
        }
    }

    /// Counts a request and its answer.
    pub(crate) fn count(&self, entry: &Entry, received_octets: usize, sent_octets: usize, duration: Duration) {
        let exchange = match entry.exchange {
            Some(Exchange::As) => 0,
            Some(Exchange::Tgs) => 1,
            None => 2,
        };
        let transport = match entry.transport {
            Some(Transport::Udp) => 0,
            Some(Transport::Tcp) => 1,
            None => 2,
        };
        let answered = match entry.kind {
            Kind::Issued { .. } => 0,
            Kind::Refused { code } => {
                usize::try_from(code).ok().filter(|code| *code < OTHER_CODE).unwrap_or(OTHER_CODE)
            }
            Kind::Dropped => NO_ANSWER,
        };
        add(&self.requests[exchange][transport][answered], 1);
        if entry.repeated {
            add(&self.repeated, 1);
        }
        add(&self.received_octets, received_octets as u64);
        add(&self.sent_octets, sent_octets as u64);
        let within = |bound: &&u64| duration <= Duration::from_micros(**bound);
        let bucket = Self::BOUNDS_US.iter().position(|bound| within(&bound)).unwrap_or(Self::BOUNDS_US.len());
        add(&self.durations[bucket], 1);
        add(&self.duration_ns, u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// All kinds of requests and answers that there were.
    #[must_use]
    pub fn requests(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        for (exchange, by_transport) in [Some(Exchange::As), Some(Exchange::Tgs), None].into_iter().zip(&self.requests)
        {
            for (transport, by_answer) in
                [Some(Transport::Udp), Some(Transport::Tcp), None].into_iter().zip(by_transport)
            {
                for (answer, count) in by_answer.iter().enumerate() {
                    let requests = get(count);
                    let answered = match answer {
                        0 => Answered::Ticket,
                        NO_ANSWER => Answered::Silence,
                        OTHER_CODE => Answered::Error(-1),
                        code => Answered::Error(i32::try_from(code).expect("at most 127")),
                    };
                    if requests > 0 {
                        counts.push(Count { exchange, transport, answered, requests });
                    }
                }
            }
        }
        counts
    }

    /// How many datagrams were sent again, and got the same answer again.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        get(&self.repeated)
    }

    /// Octets of all requests, without the headers of lower layers.
    #[must_use]
    pub fn received_octets(&self) -> u64 {
        get(&self.received_octets)
    }

    /// Octets of all answers.
    #[must_use]
    pub fn sent_octets(&self) -> u64 {
        get(&self.sent_octets)
    }

    /// How many requests took how long: a count for each of [`Metrics::BOUNDS_US`] that took no longer than it and
    /// longer than the one before, and a last one for all others.
    #[must_use]
    pub fn durations(&self) -> [u64; Self::BOUNDS_US.len() + 1] {
        std::array::from_fn(|index| get(&self.durations[index]))
    }

    /// The sum of all durations.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(get(&self.duration_ns))
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_answer_has_its_counter() {
        let metrics = Metrics::new();
        let mut entry = Entry { transport: Some(Transport::Udp), exchange: Some(Exchange::As), ..Entry::default() };
        let us = Duration::from_micros;
        for (code, duration) in [(25, us(2)), (127, us(3)), (128, us(1_000_000)), (-5, us(1_000_001))] {
            entry.refuse(code, "");
            metrics.count(&entry, 10, 1, duration);
        }
        entry.kind = Kind::Issued { ticket_etype: 18, session_etype: 18, kvno: 1 };
        (entry.exchange, entry.transport, entry.repeated) = (Some(Exchange::Tgs), Some(Transport::Tcp), true);
        metrics.count(&entry, 10, 1, us(0));
        metrics.count(&Entry::default(), 10, 0, us(0));

        let (udp, tcp) = (Some(Transport::Udp), Some(Transport::Tcp));
        let (as_, tgs) = (Some(Exchange::As), Some(Exchange::Tgs));
        let expected = [
            (as_, udp, Answered::Error(25), 1),
            (as_, udp, Answered::Error(127), 1),
            (as_, udp, Answered::Error(-1), 2),
            (tgs, tcp, Answered::Ticket, 1),
            (None, None, Answered::Silence, 1),
        ];
        let counted = metrics.requests();
        let counted = counted.iter().map(|count| (count.exchange, count.transport, count.answered, count.requests));
        assert_eq!(counted.collect::<Vec<_>>(), expected);
        assert_eq!((metrics.repeated(), metrics.received_octets(), metrics.sent_octets()), (1, 60, 5));
        let durations = metrics.durations();
        assert_eq!((durations[0], durations[1], durations[13], durations[14]), (3, 1, 1, 1));
        assert_eq!(metrics.duration(), us(2_000_006));
    }
}
