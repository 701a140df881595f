//! KerberosTime: GeneralizedTime `YYYYMMDDHHMMSSZ` without fraction (RFC 4120 §5.2.3).

use crate::Timestamp;

/// The one length there is.
pub(crate) const LENGTH: usize = 15;

const SECONDS_PER_DAY: i64 = 86_400;
/// 0000-01-01 and 9999-12-31, the range of four digits, in days since 1970-01-01.
const DAYS: std::ops::RangeInclusive<i64> = -719_528..=2_932_896;

/// Whole seconds; microseconds travel in a field of their own. Times beyond four-digit years are moved to the nearest
/// that can be written.
pub(crate) fn format(time: Timestamp) -> [u8; LENGTH] {
    let earliest = DAYS.start() * SECONDS_PER_DAY;
    let latest = (DAYS.end() + 1) * SECONDS_PER_DAY - 1;
    let seconds = time.seconds().clamp(earliest, latest);
    let (year, month, day) = civil(seconds.div_euclid(SECONDS_PER_DAY));
    let second = seconds.rem_euclid(SECONDS_PER_DAY);
    let mut text = [b'Z'; LENGTH];
    let pairs = [year / 100, year % 100, month, day, second / 3600, second / 60 % 60, second % 60];
    for (text, pair) in text.as_chunks_mut().0.iter_mut().zip(pairs) {
        *text = digits(pair);
    }
    text
}

/// `None` if it is not of this form or names a day or hour that does not exist. Second 60 is allowed (ISO 8601) and
/// means the next minute.
pub(crate) fn parse(text: &[u8]) -> Option<Timestamp> {
    if text.len() != LENGTH || text[14] != b'Z' {
        return None;
    }
    let year = number(&text[0..4])?;
    let month = number(&text[4..6])?;
    let day = number(&text[6..8])?;
    let hour = number(&text[8..10])?;
    let minute = number(&text[10..12])?;
    let second = number(&text[12..14])?;
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days(year, month, day);
    // A 31st of a shorter month would silently be a day of the next.
    if day == 0 || civil(days) != (year, month, day) {
        return None;
    }
    Some(Timestamp::from_seconds(days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second))
}

/// The two digits of 0 to 99.
fn digits(value: i64) -> [u8; 2] {
    let value = u8::try_from(value).expect("a part of a date within four-digit years");
    [b'0' + value / 10, b'0' + value % 10]
}

fn number(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar. A year is counted from March, so that the leap day is its
/// last and the month lengths follow one line (153 days in five months).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// The inverse of [`days`]: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(seconds: i64) -> String {
        String::from_utf8(format(Timestamp::from_seconds(seconds)).to_vec()).unwrap()
    }

    /// Held against `date -u -d @N +%Y%m%d%H%M%SZ`.
    #[test]
    fn known_times() {
        for (seconds, expected) in [
            (0, "19700101000000Z"),
            (-1, "19691231235959Z"),
            (951_782_400, "20000229000000Z"),
            (1_709_251_199, "20240229235959Z"),
            (2_147_483_648, "20380119031408Z"),
            (4_107_542_400, "21000301000000Z"),
            (4_133_980_800, "21010101000000Z"),
            (253_402_300_799, "99991231235959Z"),
            (-62_167_219_200, "00000101000000Z"),
        ] {
            assert_eq!(text(seconds), expected);
            assert_eq!(parse(expected.as_bytes()), Some(Timestamp::from_seconds(seconds)));
        }
    }

    #[test]
    fn times_beyond_four_digits_become_the_nearest() {
        assert_eq!(text(i64::MAX), "99991231235959Z");
        assert_eq!(text(i64::MIN), "00000101000000Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "19700101000000",
            "19700101000000+",
            "19700101000000.5Z",
            "197001010000Z",
            "1970010100000aZ",
            "19700001000000Z",
            "19701301000000Z",
            "19700100000000Z",
            "19700132000000Z",
            "20230229000000Z",
            "19700101240000Z",
            "19700101006000Z",
            "19700101000061Z",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(parse(b"19700101000060Z"), Some(Timestamp::from_seconds(60)));
    }

    proptest! {
        #[test]
        fn every_second_comes_back(seconds in -62_167_219_200i64..=253_402_300_799) {
            prop_assert_eq!(parse(&format(Timestamp::from_seconds(seconds))), Some(Timestamp::from_seconds(seconds)));
        }

        #[test]
        fn nothing_panics(text in proptest::collection::vec(any::<u8>(), 0..20), seconds: i64) {
            let _ = parse(&text);
            let _ = format(Timestamp::from_micros(seconds));
        }
    }
}
