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
    let seconds = (time.seconds().clamp(earliest, latest) - earliest).cast_unsigned();
    let (days, second) = (seconds / SECONDS_PER_DAY.cast_unsigned(), seconds % SECONDS_PER_DAY.cast_unsigned());
    let (year, month, day) = civil(days as u32);
    let second = second as u32;
    let (minute, century) = (second / 60, year / 100);
    let pairs = [century, year - century * 100, month, day, minute / 60, minute % 60, second - minute * 60];
    let mut text = [b'Z'; LENGTH];
    for (text, pair) in text.as_chunks_mut().0.iter_mut().zip(pairs) {
        // A tenth of what has two digits, by a multiplication that goes with the other six.
        let tens = (pair * 103) >> 10;
        *text = [b'0' + tens as u8, b'0' + (pair - tens * 10) as u8];
    }
    text
}

/// `None` if it is not of this form or names a day or hour that does not exist. Second 60 is allowed (ISO 8601) and
/// means the next minute.
pub(crate) fn parse(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; LENGTH] = text.try_into().ok()?;
    let mut pairs = [0; LENGTH / 2];
    for (pair, text) in pairs.iter_mut().zip(text.as_chunks().0) {
        *pair = number(*text)?;
    }
    let [century, year, month, day, hour, minute, second] = pairs;
    let year = century * 100 + year;
    if text[14] != b'Z' || !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // A 31st of a shorter month would silently be a day of the next.
    if day == 0 || day > month_length(year, month) {
        return None;
    }
    let of_day = hour * 3600 + minute * 60 + second;
    Some(Timestamp::from_seconds(days(year, month, day) * SECONDS_PER_DAY + i64::from(of_day)))
}

/// The number of two digits.
fn number([tens, ones]: [u8; 2]) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens * 10 + ones))
}

fn month_length(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar. A year is counted from March, so that the leap day is its
/// last and the month lengths follow one line (153 days in five months).
fn days(year: u32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let of_year = i64::from((153 * ((month + 9) % 12) + 2) / 5 + day - 1);
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// The inverse of [`days`], of days since 0000-01-01: year, month, day.
fn civil(days: u32) -> (u32, u32, u32) {
    // From the March on that is 400 years before the one of the year 0, whose first two months have 60 days: so nothing
    // is negative.
    let days = days + 146_097 - 60;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + u32::from(month <= 2) - 400, month, day)
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

    /// [`days`] and [`civil`] count beyond the end of a month; [`month_length`] must agree with them.
    #[test]
    fn a_day_is_taken_if_its_month_has_it() {
        for year in (0..=9999).step_by(4).chain([1, 1900, 1999, 2023, 2100, 9999]) {
            for (month, day) in (1..=12).flat_map(|month| (28..=32).map(move |day| (month, day))) {
                let text = format!("{year:04}{month:02}{day:02}000000Z");
                let counted = format(Timestamp::from_seconds(days(year, month, day) * SECONDS_PER_DAY));
                assert_eq!(parse(text.as_bytes()).is_some(), counted == text.as_bytes(), "{text}");
            }
        }
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
