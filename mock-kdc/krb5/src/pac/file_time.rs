//! FILETIME (MS-DTYP 2.3.3).

use crate::Timestamp;

/// Tenths of a microsecond since 1601-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime(pub u64);

/// Seconds from 1601 to 1970.
const EPOCH_SECONDS: i64 = 11_644_473_600;
const PER_SECOND: i64 = 10_000_000;

impl FileTime {
    /// Not at all: no logoff is forced, no password ends.
    pub const NEVER: Self = Self(0x7fff_ffff_ffff_ffff);

    /// A time of Kerberos, in whole seconds. Before 1601, and beyond the year 30000, it is the nearest there is.
    #[must_use]
    pub fn from_timestamp(time: Timestamp) -> Self {
        let ticks = time.seconds().saturating_add(EPOCH_SECONDS).saturating_mul(PER_SECOND);
        Self(u64::try_from(ticks).unwrap_or(0))
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX) / PER_SECOND - EPOCH_SECONDS
    }

    pub(super) const fn octets(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_of_1970_are_counted_from_1601() {
        let check = |seconds, ticks| {
            let time = FileTime::from_timestamp(Timestamp::from_seconds(seconds));
            assert_eq!((time, time.seconds()), (FileTime(ticks), seconds));
        };
        check(0, 116_444_736_000_000_000);
        check(1_700_000_000, 133_444_736_000_000_000);
    }
}
