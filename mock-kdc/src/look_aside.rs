//! Remembers answers to datagrams: a client that heard nothing sends the same octets again, and gets the same octets
//! again. Without this, a retransmission would look like a second request in the log, and get a second session key.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use shakedown_krb5::Timestamp;

use crate::event::Event;

/// For how long an answer is remembered; MIT's KDC has the same two minutes.
const LIFE: Duration = Duration::from_secs(120);
/// How many octets of requests and answers are kept.
const CAPACITY_OCTETS: usize = 4 << 20;

/// Answers by request, bounded in time and size.
#[derive(Debug, Default)]
pub(crate) struct LookAside {
    answers: HashMap<Vec<u8>, State>,
    order: VecDeque<(Timestamp, Vec<u8>)>,
    octets: usize,
}

#[derive(Debug)]
enum State {
    InProgress,
    Answered { octets: Option<Vec<u8>>, event: Box<Event>, repeats: u32, is_waiting: bool },
}

/// What is known of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing; it is noted as in progress now.
    New,
    /// It is being answered; the client need not get two answers.
    InProgress,
    /// It was answered with this.
    Answered {
        /// The answer.
        octets: Option<Vec<u8>>,
        /// What was noted of it.
        event: Box<Event>,
        /// How often it has come again, this time included.
        repeat: u32,
    },
}

impl LookAside {
    /// Looks a request up, and notes it if it is new.
    pub(crate) fn look_up(&mut self, request: &[u8], now: Timestamp) -> Known {
        while let Some((at, _)) = self.order.front()
            && (now.distance(*at) > LIFE || self.octets > CAPACITY_OCTETS)
        {
            self.forget_oldest();
        }
        match self.answers.get_mut(request) {
            Some(State::InProgress | State::Answered { is_waiting: true, .. }) => Known::InProgress,
            Some(State::Answered { octets, event, repeats, .. }) => {
                *repeats = repeats.saturating_add(1);
                Known::Answered { octets: octets.clone(), event: event.clone(), repeat: *repeats }
            }
            None => {
                self.answers.insert(request.to_vec(), State::InProgress);
                self.order.push_back((now, request.to_vec()));
                self.octets += 2 * request.len();
                Known::New
            }
        }
    }

    /// Notes the answer. One that waits to be sent is in progress until it is released.
    pub(crate) fn answered(&mut self, request: &[u8], octets: Option<Vec<u8>>, event: &Event, is_waiting: bool) {
        if let Some(state) = self.answers.get_mut(request) {
            self.octets += octets.as_ref().map_or(0, Vec::len);
            *state = State::Answered { octets, event: Box::new(event.clone()), repeats: 0, is_waiting };
        }
    }

    /// Notes that the answer is sent now.
    pub(crate) fn release(&mut self, request: &[u8]) {
        if let Some(State::Answered { is_waiting, .. }) = self.answers.get_mut(request) {
            *is_waiting = false;
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, request)) = self.order.pop_front() else { return };
        let answer = match self.answers.remove(&request) {
            Some(State::Answered { octets: Some(octets), .. }) => octets.len(),
            _ => 0,
        };
        self.octets = self.octets.saturating_sub(2 * request.len() + answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Outcome;

    fn event() -> Event {
        let outcome = Outcome::Dropped { reason: String::new() };
        Event {
            at: Timestamp::EPOCH,
            transport: None,
            exchange: None,
            client: None,
            service: None,
            etypes: Vec::new(),
            outcome,
            repeated: false,
        }
    }

    #[test]
    fn a_repeated_request_gets_the_same_octets_for_two_minutes() {
        let mut known = LookAside::default();
        let at = Timestamp::from_seconds;
        assert_eq!(known.look_up(b"request", at(0)), Known::New);
        assert_eq!(known.look_up(b"request", at(1)), Known::InProgress);
        known.answered(b"request", Some(b"reply".to_vec()), &event(), true);
        assert_eq!(known.look_up(b"request", at(1)), Known::InProgress);
        known.release(b"request");
        let answered = |repeat| Known::Answered { octets: Some(b"reply".to_vec()), event: Box::new(event()), repeat };
        assert_eq!(known.look_up(b"request", at(2)), answered(1));
        assert_eq!(known.look_up(b"request", at(120)), answered(2));
        assert_eq!(known.look_up(b"other", at(120)), Known::New);
        assert_eq!(known.look_up(b"request", at(121)), Known::New);
    }

    #[test]
    fn the_memory_is_bounded_whatever_comes() {
        let mut known = LookAside::default();
        for number in 0..1000_u32 {
            let request = [&number.to_be_bytes()[..], &[0; 30_000]].concat();
            known.look_up(&request, Timestamp::EPOCH);
            known.answered(&request, Some(vec![0; 30_000]), &event(), false);
        }
        let held: usize = known.order.iter().map(|(_, request)| request.len()).sum();
        assert!(held < CAPACITY_OCTETS && known.answers.len() == known.order.len(), "{held} octets");
        while !known.order.is_empty() {
            known.forget_oldest();
        }
        assert_eq!((known.octets, known.answers.len()), (0, 0));
    }
}
