//! The clock of a party: the wall clock at the start of the run, counted on by the monotonic clock, moved by an offset.

use crate::handshake::Timestamp;
use crate::net::Moment;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The base clock of a run and the offset of one party.
///
/// The wall clock is read once. A step of the machine's clock during a run moves nothing and reorders no trace. Where time is
/// virtual (a paused runtime, as in [`crate::net::meeting`]), it counts on by that.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: Timestamp,
    started: Instant,
    offset_seconds: i64,
    stopped: Option<Timestamp>,
}

impl Clock {
    /// Starts a base clock now, without an offset.
    #[must_use]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall: Timestamp::EPOCH + since_epoch, started: Instant::now(), offset_seconds: 0, stopped: None }
    }

    /// The same base, for a party whose clock is that many seconds ahead (or behind, if negative).
    #[must_use]
    pub fn shifted(self, offset_seconds: i64) -> Self {
        Self { offset_seconds, ..self }
    }

    /// The same base, for a party whose clock shows this and goes no further.
    #[must_use]
    pub fn stopped_at(self, time: Timestamp) -> Self {
        Self { stopped: Some(time), ..self }
    }

    /// The same base, for a party whose clock goes on.
    #[must_use]
    pub fn going(self) -> Self {
        Self { stopped: None, ..self }
    }

    /// The time of the base clock.
    #[must_use]
    pub fn base(&self) -> Timestamp {
        self.wall + self.started.elapsed()
    }

    /// The time on both clocks.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let base = self.base();
        Moment { base, party: self.stopped.unwrap_or_else(|| base.offset_seconds(self.offset_seconds)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_ahead_by_its_offset_and_shares_the_base() {
        let moment = Clock::start().shifted(-301).moment();
        assert_eq!(moment.party, moment.base.offset_seconds(-301));
    }

    #[test]
    fn a_party_whose_clock_stands_still_shares_the_base_too() {
        let clock = Clock::start();
        let before = clock.base();
        let moment = clock.stopped_at(Timestamp::EPOCH).moment();
        assert_eq!(moment.party, Timestamp::EPOCH);
        assert!(moment.base >= before);
    }
}
