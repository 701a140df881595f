//! How many logins by token a cluster takes in a time.
//!
//! Aurora User Guide, "IAM database authentication", recommendations: an instance that gets more new connections by IAM than it
//! can take throttles them. Which error that gives is not documented; here it is a failed authentication.

use crate::handshake::Timestamp;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many logins within so long, the last ones remembered.
#[derive(Debug)]
pub struct Throttle {
    logins: usize,
    within: Duration,
    recent: Mutex<VecDeque<Timestamp>>,
}

impl Throttle {
    /// At most `logins` in any time of that length.
    #[must_use]
    pub fn new(logins: usize, within: Duration) -> Self {
        Self { logins, within, recent: Mutex::new(VecDeque::new()) }
    }

    /// Whether one more is taken at `now`; it counts if it is.
    pub(super) fn takes(&self, now: Timestamp) -> bool {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|oldest| now.since(*oldest) >= self.within) {
            recent.pop_front();
        }
        if recent.len() >= self.logins {
            return false;
        }
        recent.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_taken_and_one_more_when_the_first_is_old() {
        let throttle = Throttle::new(2, Duration::from_secs(1));
        let at = |micros| throttle.takes(Timestamp::from_micros(micros));
        assert_eq!([at(0), at(500_000), at(999_999)], [true, true, false]);
        assert_eq!([at(1_000_000), at(1_499_999), at(1_500_000)], [true, false, true]);
    }
}
