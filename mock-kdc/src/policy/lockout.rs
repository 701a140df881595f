//! Locking accounts after wrong passwords, as MIT's policies (`addpol -maxfailure`) and Active Directory's account
//! lockout do: a right password sets the count back, and a locked account is told before the password is looked at.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use shakedown_krb5::Timestamp;

use crate::realm::Lockout;

/// Wrong passwords of one account. Counted without a lock, as many requests are answered at once; two wrong ones at the
/// same moment are both counted.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    wrong: AtomicU32,
    /// Seconds of the KDC's clock.
    last_wrong: AtomicI64,
    /// Locked by somebody, whatever the count.
    locked: AtomicBool,
}

impl Attempts {
    pub(crate) fn new(locked: bool) -> Self {
        Self { locked: locked.into(), ..Self::default() }
    }

    /// Notes a wrong password.
    pub(crate) fn wrong(&self, lockout: Option<Lockout>, now: Timestamp) {
        let Some(lockout) = lockout else { return };
        let last = self.last_wrong.swap(now.seconds(), Ordering::Relaxed);
        if has_passed(lockout.window, last, now) {
            self.wrong.store(0, Ordering::Relaxed);
        }
        self.wrong.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a right one.
    pub(crate) fn right(&self) {
        self.wrong.store(0, Ordering::Relaxed);
    }

    pub(crate) fn is_locked(&self, lockout: Option<Lockout>, now: Timestamp) -> bool {
        let by_count = |lockout: Lockout| {
            self.wrong.load(Ordering::Relaxed) >= lockout.attempts.get()
                && !has_passed(lockout.duration, self.last_wrong.load(Ordering::Relaxed), now)
        };
        self.locked.load(Ordering::Relaxed) || lockout.is_some_and(by_count)
    }

    /// Unlocks, and forgets all wrong passwords.
    pub(crate) fn reset(&self) {
        self.set_locked(false);
    }

    /// Locks as if by wrong passwords, or unlocks.
    pub(crate) fn set_locked(&self, locked: bool) {
        self.locked.store(locked, Ordering::Relaxed);
        self.wrong.store(0, Ordering::Relaxed);
    }
}

/// A copy of the account counts on its own.
impl Clone for Attempts {
    fn clone(&self) -> Self {
        Self {
            wrong: self.wrong.load(Ordering::Relaxed).into(),
            last_wrong: self.last_wrong.load(Ordering::Relaxed).into(),
            locked: self.locked.load(Ordering::Relaxed).into(),
        }
    }
}

/// Whether that long has passed; zero is for ever.
fn has_passed(duration: std::time::Duration, since: i64, now: Timestamp) -> bool {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    seconds != 0 && now.seconds().saturating_sub(since) >= seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn lockout(window: u64, duration: u64) -> Option<Lockout> {
        let attempts = NonZeroU32::new(3).unwrap();
        Some(Lockout { attempts, window: Duration::from_secs(window), duration: Duration::from_secs(duration) })
    }

    fn after_wrong(times: u32, lockout: Option<Lockout>) -> Attempts {
        let attempts = Attempts::default();
        (0..times).for_each(|_| attempts.wrong(lockout, NOW));
        attempts
    }

    #[test]
    fn the_last_allowed_attempt_locks_and_the_one_before_does_not() {
        assert!(!after_wrong(2, lockout(0, 0)).is_locked(lockout(0, 0), NOW));
        assert!(after_wrong(3, lockout(0, 0)).is_locked(lockout(0, 0), NOW));
        assert!(after_wrong(3, lockout(0, 0)).is_locked(lockout(0, 0), NOW.offset_seconds(1 << 30)));
        assert!(!after_wrong(9, None).is_locked(None, NOW));
    }

    #[test]
    fn a_right_password_begins_the_count_anew() {
        let attempts = after_wrong(2, lockout(0, 0));
        attempts.right();
        attempts.wrong(lockout(0, 0), NOW);
        assert!(!attempts.is_locked(lockout(0, 0), NOW));
    }

    #[test]
    fn a_lock_ends_with_its_time_and_a_count_with_its_window() {
        let attempts = after_wrong(3, lockout(0, 60));
        assert!(attempts.is_locked(lockout(0, 60), NOW.offset_seconds(59)));
        assert!(!attempts.is_locked(lockout(0, 60), NOW.offset_seconds(60)));
        let attempts = after_wrong(2, lockout(30, 0));
        attempts.wrong(lockout(30, 0), NOW.offset_seconds(30));
        assert!(!attempts.is_locked(lockout(30, 0), NOW.offset_seconds(30)));
        let attempts = after_wrong(2, lockout(30, 0));
        attempts.wrong(lockout(30, 0), NOW.offset_seconds(29));
        assert!(attempts.is_locked(lockout(30, 0), NOW.offset_seconds(29)));
    }

    #[test]
    fn who_locks_by_hand_unlocks_by_hand() {
        let attempts = Attempts::new(true);
        attempts.right();
        assert!(attempts.is_locked(None, NOW.offset_seconds(1 << 30)));
        attempts.reset();
        assert!(!attempts.is_locked(None, NOW));
    }
}
