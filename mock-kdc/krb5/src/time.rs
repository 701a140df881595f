//! Points in time, as Kerberos and every trace of ours count them.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Microseconds since 1970-01-01 00:00:00 UTC. Signed, because a party's clock may be set to before that.
///
/// Microseconds are what Kerberos has on the wire (`ctime` and `cusec`, RFC 4120 §5.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01 00:00:00 UTC; as `till` of a request it asks for the longest life (RFC 4120 §3.1.1).
    pub const EPOCH: Self = Self(0);

    /// From whole seconds since the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The microseconds within the second, 0 to 999,999.
    #[must_use]
    pub const fn subsec_micros(self) -> u32 {
        self.0.rem_euclid(1_000_000) as u32
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// As GeneralizedTime without fraction has it (RFC 4120 §5.2.3), `YYYYMMDDHHMMSSZ`: fifteen octets. Years beyond four digits
    /// become the nearest that can be written.
    #[must_use]
    pub fn generalized(self) -> [u8; 15] {
        crate::der::kerberos_time::format(self)
    }

    /// The inverse of [`Self::generalized`]; `None` if the text is not of that form or names a day or hour that does not exist.
    #[must_use]
    pub fn from_generalized(text: &[u8]) -> Option<Self> {
        crate::der::kerberos_time::parse(text)
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Moves by a signed number of seconds.
    #[must_use]
    pub const fn offset_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// How far apart two clocks are, in whichever direction.
    #[must_use]
    pub fn distance(self, other: Self) -> Duration {
        Duration::from_micros(self.0.abs_diff(other.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(earlier.as_micros()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_the_epoch_has_microseconds_that_count_upwards() {
        let before = Timestamp::from_micros(-1);
        assert_eq!((before.seconds(), before.subsec_micros()), (-1, 999_999));
    }

    #[test]
    fn a_time_is_written_and_read_back() {
        let time = Timestamp::from_seconds(1_440_938_160);
        assert_eq!(&time.generalized(), b"20150830123600Z");
        assert_eq!(Timestamp::from_generalized(b"20150830123600Z"), Some(time));
        assert_eq!(Timestamp::from_generalized(b"20150231123600Z"), None);
    }

    #[test]
    fn no_arithmetic_overflows() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Timestamp::from_seconds(i64::MIN) - Duration::MAX, Timestamp::from_micros(i64::MIN));
        assert_eq!(Timestamp::EPOCH.since(end), Duration::ZERO);
    }
}
