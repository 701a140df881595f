//! Truth, numbers and times as libkrb5 reads them.

use super::{InvalidConfiguration, Relation};
use std::time::Duration;

const YES: [&str; 6] = ["y", "yes", "true", "t", "1", "on"];
const NO: [&str; 6] = ["n", "no", "false", "nil", "0", "off"];

/// Whether an application's setting is switched on. Anything but libkrb5's words for it is off (`krb5_appdefault_boolean`).
#[must_use]
pub fn is_true(word: &str) -> bool {
    YES.iter().any(|yes| yes.eq_ignore_ascii_case(word))
}

impl Relation {
    pub(super) fn boolean(&self) -> Result<bool, InvalidConfiguration> {
        if is_true(&self.value) {
            return Ok(true);
        }
        if NO.iter().any(|no| no.eq_ignore_ascii_case(&self.value)) {
            return Ok(false);
        }
        Err(self.fail(format!("'{}', expected one of {}", self.value, [YES, NO].concat().join(", "))))
    }

    /// A whole number that fits 32 bits, as `profile_get_integer` has it.
    pub(super) fn integer(&self) -> Result<i32, InvalidConfiguration> {
        // strtol() skips blanks before the number and takes a sign.
        let value = self.value.trim_start();
        value.parse().map_err(|_| self.fail(format!("'{}', expected a whole number of 32 bits", self.value)))
    }

    pub(super) fn duration(&self) -> Result<Duration, InvalidConfiguration> {
        duration(&self.value).ok_or_else(|| {
            let forms = "seconds, 1d2h3m4s, h:m, h:m:s or d-h:m:s";
            self.fail(format!("'{}', expected a time: {forms}", self.value))
        })
    }

    pub(super) fn fail(&self, problem: impl Into<String>) -> InvalidConfiguration {
        InvalidConfiguration { file: self.file.to_string(), line: self.line, problem: problem.into() }
    }
}

/// A time span as `krb5_string_to_deltat` reads it: `3600`, `10h`, `1d 2h 3m 4s`, `1:30`, `1:30:00`, `1-02:30:00`. `None` for
/// anything else, numbers with a sign and more than 2^31 - 1 seconds.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let seconds = if text.contains([':', '-']) { of_clock(text)? } else { of_units(text)? };
    i32::try_from(seconds).ok().and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
}

/// `[d-]h:m[:s]`; minutes and seconds may be left out from the end on, but not with days.
fn of_clock(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(BLANKS);
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (Some(number(days)?), clock),
        None => (None, text),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let (first, later) = parts.split_first()?;
    // After the first number, MIT's grammar takes numbers of at most two digits.
    if later.iter().any(|part| part.len() > 2) || (days.is_some() && first.len() > 2) {
        return None;
    }
    match (days, &parts[..]) {
        (Some(days), [h, m, s]) => Some(days * 86_400 + number(h)? * 3600 + number(m)? * 60 + number(s)?),
        (None, [h, m]) => Some(number(h)? * 3600 + number(m)? * 60),
        (None, [h, m, s]) => Some(number(h)? * 3600 + number(m)? * 60 + number(s)?),
        _ => None,
    }
}

/// Units from the largest to the smallest, each at most once; a number alone is seconds.
fn of_units(text: &str) -> Option<i64> {
    let mut rest = text.trim_start_matches(BLANKS);
    let (mut seconds, mut units) = (0, [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)].into_iter());
    let mut is_first = true;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (count, after) = (number(&rest[..digits])?, &rest[digits..]);
        let Some(unit) = after.chars().next() else { return is_first.then_some(count) };
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        seconds += count * size;
        rest = &after[1..];
        // Blanks may stand before the next number, and after all but seconds at the end.
        rest = if unit == 's' { rest } else { rest.trim_start_matches(BLANKS) };
        is_first = false;
    }
    (!is_first).then_some(seconds)
}

const BLANKS: [char; 3] = [' ', '\t', '\n'];

/// Digits, at most 2^31 - 1, so that no sum of these overflows 64 bits.
fn number(digits: &str) -> Option<i64> {
    let plain = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    plain.then(|| digits.parse::<i32>().ok()).flatten().map(i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_read_as_libkrb5_reads_them() {
        let cases = [
            ("3600", 3600),
            ("0", 0),
            ("10h", 36_000),
            ("1d", 86_400),
            ("1d 2h 3m 4s", 93_784),
            ("1d2h3m4s", 93_784),
            ("2h 4s", 7204),
            (" 90m ", 5400),
            ("1:30", 5400),
            ("1:30:15", 5415),
            ("1-02:30:00", 95_400),
            ("2147483647s", 2_147_483_647),
        ];
        for (text, seconds) in cases {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "h", "1x", "1h1d", "1 2", "-5", "2147483648", "24856d", "1-2", "1:2:3:4", "1:200", "ten", "1.5h"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn truth_has_six_words_for_each_side() {
        let relation = |value: &str| Relation { value: value.into(), file: "k".into(), line: 7 };
        for (yes, no) in YES.into_iter().zip(NO) {
            assert_eq!(relation(&yes.to_uppercase()).boolean(), Ok(true));
            assert_eq!(relation(no).boolean(), Ok(false));
        }
        let expected = "k:7: 'maybe', expected one of y, yes, true, t, 1, on, n, no, false, nil, 0, off";
        assert_eq!(relation("maybe").boolean().unwrap_err().to_string(), expected);
        assert!(is_true("Yes") && !is_true("maybe") && !is_true(""));
        assert_eq!(relation(" -5").integer(), Ok(-5));
        assert_eq!(relation("5m").integer().unwrap_err().to_string(), "k:7: '5m', expected a whole number of 32 bits");
    }

    proptest! {
        #[test]
        fn no_text_is_a_span_that_panics(text in "[0-9dhms:\\- ]{0,20}") {
            let _ = duration(&text);
        }
    }
}
