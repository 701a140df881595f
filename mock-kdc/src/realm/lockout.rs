//! Locking after wrong passwords.

use std::num::NonZeroU32;
use std::time::Duration;

/// When and for how long wrong passwords lock an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lockout {
    /// So many wrong passwords lock it.
    pub attempts: NonZeroU32,
    /// The count begins anew when the last wrong password is so long ago; zero: never by itself.
    pub window: Duration,
    /// For how long it is locked; zero: until somebody unlocks it.
    pub duration: Duration,
}

impl Lockout {
    /// After so many wrong passwords, however long they took, until somebody unlocks the account.
    #[must_use]
    pub const fn after(attempts: NonZeroU32) -> Self {
        Self { attempts, window: Duration::ZERO, duration: Duration::ZERO }
    }
}
