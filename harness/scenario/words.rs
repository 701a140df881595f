//! Small notations of scenario files: ranges of TLS versions, offsets of clocks, durations.

use crate::handshake::TlsVersion;
use crate::scenario::party::TlsRange;
use std::time::Duration;

/// `1.2` or `1.0-1.2`.
pub(crate) fn tls_range(text: &str) -> Result<TlsRange, String> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    let version = |text: &str| text.trim().parse::<TlsVersion>().map_err(|error| format!("{error}, in"));
    let range = TlsRange { min: version(min)?, max: version(max)? };
    if range.min > range.max { Err("the oldest version comes first, not in".to_owned()) } else { Ok(range) }
}

/// `+10h`, `-301s`: an offset to the base clock in seconds.
pub(crate) fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let duration = duration(rest)?;
    i64::try_from(duration.as_secs()).ok().filter(|_| duration.subsec_nanos() == 0).map(|seconds| sign * seconds)
}

/// `50ms`, `5s`, `10m`, `10h`, `7d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    // A hundred years are enough for every clock and keep all sums far from the ends of the type.
    const LONGEST: u64 = 100 * 366 * 86_400;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)).filter(|duration| duration.as_secs() <= LONGEST),
        "s" => number,
        "m" => number.checked_mul(60)?,
        "h" => number.checked_mul(3_600)?,
        "d" => number.checked_mul(86_400)?,
        _ => return None,
    };
    (seconds <= LONGEST).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_both_its_ends() {
        let range = |min, max| Ok(TlsRange { min, max });
        assert_eq!(tls_range("1.2"), range(TlsVersion::Tls1_2, TlsVersion::Tls1_2));
        assert_eq!(tls_range("1.0-1.2"), range(TlsVersion::Tls1_0, TlsVersion::Tls1_2));
        assert_eq!(tls_range("1.2-1.0"), Err("the oldest version comes first, not in".to_owned()));
        assert!(tls_range("").is_err() && tls_range("1.0-").is_err() && tls_range("2").is_err());
    }

    #[test]
    fn a_clock_goes_both_ways() {
        assert_eq!(offset_seconds("+10h"), Some(36_000));
        assert_eq!(offset_seconds("-301s"), Some(-301));
        for text in ["", "10h", "+", "+h", "+1", "+1ms", "+99999999999999999999s", "+999999999999d", "ä1s"] {
            assert_eq!(offset_seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(duration("50ms"), Some(Duration::from_millis(50)));
        assert_eq!(duration("10m"), Some(Duration::from_secs(600)));
        assert_eq!(duration("10"), None);
        assert_eq!(duration("-1s"), None);
    }
}
