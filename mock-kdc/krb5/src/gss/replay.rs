//! Which authenticators an acceptor has seen.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use crate::Timestamp;

/// The most authenticators that are remembered; the oldest goes first. At 10,000 logins a second and a tolerance of five
/// minutes more would be needed to keep all; MIT's cache is a file that grows instead.
const CAPACITY: usize = 1 << 18;

/// Remembers authenticators by the tag at the end of their ciphertext, as MIT does: the tag depends on key, confounder
/// and content.
#[derive(Debug, Default)]
pub(super) struct ReplayCache {
    seen: HashSet<[u8; TAG_LENGTH]>,
    by_age: VecDeque<(Timestamp, [u8; TAG_LENGTH])>,
}

/// The shortest tag of any etype. What ends a ciphertext of RC4 is no tag, but as much a matter of chance.
const TAG_LENGTH: usize = 12;

impl ReplayCache {
    /// Stores `authenticator`; false if it was there already. Forgets what is older than twice the `clock_skew`: by then
    /// the authenticator itself is too old to be accepted.
    pub(super) fn store(&mut self, authenticator: &[u8], now: Timestamp, clock_skew: Duration) -> bool {
        while let Some((stored, tag)) = self.by_age.front()
            && (now.since(*stored) > clock_skew.saturating_mul(2) || self.by_age.len() >= CAPACITY)
        {
            self.seen.remove(tag);
            self.by_age.pop_front();
        }
        let tag = *authenticator.last_chunk().expect("decrypted before, so longer than a tag");
        let new = self.seen.insert(tag);
        if new {
            self.by_age.push_back((now, tag));
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKEW: Duration = Duration::from_secs(300);

    #[test]
    fn an_authenticator_is_remembered_for_twice_the_clock_skew() {
        let mut cache = ReplayCache::default();
        assert!(cache.store(b"authenticator 1", Timestamp::from_seconds(0), SKEW));
        assert!(!cache.store(b"authenticator 1", Timestamp::from_seconds(600), SKEW));
        assert!(cache.store(b"authenticator 1", Timestamp::from_micros(600_000_001), SKEW));
    }

    #[test]
    fn the_cache_does_not_grow_without_end() {
        let mut cache = ReplayCache::default();
        for number in 0..CAPACITY as u128 + 10 {
            assert!(cache.store(&number.to_be_bytes(), Timestamp::EPOCH, SKEW));
        }
        assert_eq!((cache.seen.len(), cache.by_age.len()), (CAPACITY, CAPACITY));
        assert!(!cache.store(&(CAPACITY as u128).to_be_bytes(), Timestamp::EPOCH, SKEW));
    }
}
