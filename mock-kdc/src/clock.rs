//! The KDC's clock: the caller's time plus an offset that can be set while the KDC runs.

use std::sync::atomic::{AtomicI64, Ordering};

use shakedown_krb5::Timestamp;

/// An offset to whatever time the caller has.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_seconds: AtomicI64,
}

impl Clock {
    pub(crate) fn new(offset_seconds: i64) -> Self {
        Self { offset_seconds: AtomicI64::new(offset_seconds) }
    }

    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::Relaxed);
    }

    pub(crate) fn offset(&self) -> i64 {
        self.offset_seconds.load(Ordering::Relaxed)
    }

    /// What this clock shows when the caller's shows `base`.
    pub(crate) fn at(&self, base: Timestamp) -> Timestamp {
        base.offset_seconds(self.offset())
    }
}
