//! The way of one party's octets, and what the fault on it lets through.

use super::{FaultKind, NetworkFault, Place};
use crate::handshake::{Direction, Event, Timestamp};
use std::ops::Range;

/// The way of one party's octets. Without a fault everything goes.
#[derive(Debug, Clone)]
pub struct Line {
    fault: Option<NetworkFault>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The point has not been reached.
    Waiting,
    /// It lies so many unsent octets ahead.
    Ahead(usize),
    /// The fault has struck, at that time.
    Struck(Timestamp),
}

/// What a line lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// So many octets may go in one write; there may be fewer.
    Open(usize),
    /// Nothing goes before this time.
    Until(Timestamp),
    /// Nothing gets through any more, in neither direction, the end of the stream included.
    Dead,
    /// This direction has ended; what is left of it goes nowhere.
    Ended,
    /// The stream is to be reset.
    Torn,
}

impl Line {
    /// A line without a fault.
    #[must_use]
    pub const fn sound() -> Self {
        Self { fault: None, state: State::Waiting }
    }

    /// A line with a fault.
    #[must_use]
    pub const fn with(fault: NetworkFault) -> Self {
        Self { fault: Some(fault), state: State::Waiting }
    }

    /// Takes notice of a flight: events that belong together, and where their octets are among those that are not sent yet.
    ///
    /// What comes back is the place of an octet that is to be another one.
    #[must_use]
    pub fn flight(&mut self, events: &[Event], octets: &Range<usize>, own: Direction, now: Timestamp) -> Option<usize> {
        let (Some(fault), State::Waiting) = (self.fault, self.state) else { return None };
        let event = events.iter().find(|event| fault.at.is_at(event, own))?;
        let is_heard = event.direction != own;
        let goes = match fault.at.place {
            Place::After if is_heard => octets.start,
            Place::After => octets.end,
            Place::During => octets.start + octets.len() / 2,
            Place::Before => octets.start,
        };
        if fault.kind == FaultKind::WrongOctet {
            // Behind the last octet of a flight there is none to change.
            let place = goes.min(octets.end.checked_sub(1)?);
            self.state = State::Struck(now);
            return Some(place).filter(|place| octets.contains(place));
        }
        self.state = if goes == 0 { State::Struck(now) } else { State::Ahead(goes) };
        None
    }

    /// Takes notice that octets have gone.
    pub fn sent(&mut self, octets: usize, now: Timestamp) {
        if let State::Ahead(left) = self.state {
            let left = left.saturating_sub(octets);
            self.state = if left == 0 { State::Struck(now) } else { State::Ahead(left) };
        }
    }

    /// What may go now.
    #[must_use]
    pub fn gate(&self, now: Timestamp) -> Gate {
        match (self.fault, self.state) {
            (None, _) | (_, State::Waiting) => Gate::Open(usize::MAX),
            (_, State::Ahead(octets)) => Gate::Open(octets),
            (Some(fault), State::Struck(since)) => match fault.kind {
                FaultKind::Delay(length) if now < since + length => Gate::Until(since + length),
                FaultKind::Delay(_) | FaultKind::WrongOctet => Gate::Open(usize::MAX),
                FaultKind::OneByteWrites => Gate::Open(1),
                FaultKind::Stall | FaultKind::Unanswered => Gate::Dead,
                FaultKind::Reset | FaultKind::Refused => Gate::Torn,
                FaultKind::HalfClose => Gate::Ended,
            },
        }
    }

    /// The fault that was to strike here and has not.
    #[must_use]
    pub fn spared(&self) -> Option<NetworkFault> {
        self.fault.filter(|_| !matches!(self.state, State::Struck(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::EventName;
    use std::time::Duration;

    const AT: Timestamp = Timestamp::from_micros(1_000_000);

    fn event(direction: Direction, name: EventName) -> Event {
        Event { at: AT, direction, name, detail: None }
    }

    /// What goes of a greeting of 80 octets behind 10 that are not sent yet.
    fn check(fault: &str, at: &str, expected: &[Gate]) {
        let fault = NetworkFault { at: at.parse().unwrap(), kind: fault.parse().unwrap() };
        let mut line = Line::with(fault);
        assert_eq!(line.gate(AT), Gate::Open(usize::MAX), "nothing strikes before its point");
        let flight = [event(Direction::ToClient, EventName::Greeting)];
        assert_eq!(line.flight(&flight, &(10..90), Direction::ToClient, AT), None);
        for (index, gate) in expected.iter().enumerate() {
            assert_eq!(line.gate(AT), *gate, "{fault}, {index}");
            if let Gate::Open(octets) = gate {
                line.sent(*octets, AT);
            }
        }
    }

    #[test]
    fn a_flight_is_cut_before_in_or_behind() {
        check("stall", "before greeting", &[Gate::Open(10), Gate::Dead, Gate::Dead]);
        check("stall", "during greeting", &[Gate::Open(50), Gate::Dead]);
        check("stall", "after greeting", &[Gate::Open(90), Gate::Dead]);
        check("reset", "after greeting", &[Gate::Open(90), Gate::Torn]);
        check("half-close", "after greeting", &[Gate::Open(90), Gate::Ended]);
        check("one-byte-writes", "during greeting", &[Gate::Open(50), Gate::Open(1), Gate::Open(1)]);
        check("stall", "after login", &[Gate::Open(usize::MAX), Gate::Open(usize::MAX)]);
    }

    #[test]
    fn one_octet_of_the_flight_is_another_one() {
        let flight = [event(Direction::ToClient, EventName::Greeting)];
        for (at, place) in [("before greeting", 10), ("during greeting", 50), ("after greeting", 89)] {
            let mut line = Line::with(NetworkFault { at: at.parse().unwrap(), kind: FaultKind::WrongOctet });
            assert_eq!(line.flight(&flight, &(10..90), Direction::ToClient, AT), Some(place), "{at}");
            assert_eq!((line.gate(AT), line.spared()), (Gate::Open(usize::MAX), None));
        }
    }

    #[test]
    fn what_is_heard_is_not_answered() {
        let fault = NetworkFault { at: "after login".parse().unwrap(), kind: FaultKind::Stall };
        let mut line = Line::with(fault);
        assert_eq!(line.spared(), Some(fault));
        let flight = [event(Direction::FromClient, EventName::Login), event(Direction::ToClient, EventName::AuthOk)];
        assert_eq!(line.flight(&flight, &(0..11), Direction::ToClient, AT), None);
        assert_eq!((line.gate(AT), line.spared()), (Gate::Dead, None));
    }

    #[test]
    fn a_delay_ends() {
        let kind = FaultKind::Delay(Duration::from_millis(50));
        let mut line = Line::with(NetworkFault { at: "before greeting".parse().unwrap(), kind });
        let flight = [event(Direction::ToClient, EventName::Greeting)];
        assert_eq!(line.flight(&flight, &(0..80), Direction::ToClient, AT), None);
        let end = AT + Duration::from_millis(50);
        assert_eq!(line.gate(AT + Duration::from_millis(49)), Gate::Until(end));
        assert_eq!(line.gate(end), Gate::Open(usize::MAX));
    }
}
