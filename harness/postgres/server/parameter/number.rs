//! Numbers with units, as `parse_int`, `parse_real` and `ShowGUCOption` of `guc.c` read and show them.

/// The unit that a parameter is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// `B`
    Octet,
    /// `kB`
    Kilo,
    /// `8kB`, a page.
    Page,
    /// `MB`
    Mega,
    /// `ms`
    Millisecond,
    /// `s`
    Second,
    /// `min`
    Minute,
}

/// Why a text is no number of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoNumber {
    /// It is none at all.
    Malformed,
    /// Its unit is another.
    WrongUnit,
    /// It is too big for any.
    TooBig,
}

/// Units of size in octets and of time in microseconds, the largest first.
const SIZES: [(&str, f64); 5] =
    [("TB", 1_099_511_627_776.0), ("GB", 1_073_741_824.0), ("MB", 1_048_576.0), ("kB", 1024.0), ("B", 1.0)];
const TIMES: [(&str, f64); 6] = [
    ("d", 86_400_000_000.0),
    ("h", 3_600_000_000.0),
    ("min", 60_000_000.0),
    ("s", 1_000_000.0),
    ("ms", 1000.0),
    ("us", 1.0),
];

impl Unit {
    const ALL: [(&'static str, Self); 7] = [
        ("B", Self::Octet),
        ("kB", Self::Kilo),
        ("8kB", Self::Page),
        ("MB", Self::Mega),
        ("ms", Self::Millisecond),
        ("s", Self::Second),
        ("min", Self::Minute),
    ];

    /// As `pg_settings` writes it.
    pub(super) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
    }

    /// As refusals write it.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, unit)| *unit == self).map_or("", |(name, _)| name)
    }

    /// What a refusal tells about units.
    pub(super) const fn hint(self) -> &'static str {
        if self.is_size() {
            "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\"."
        } else {
            "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\"."
        }
    }

    const fn is_size(self) -> bool {
        matches!(self, Self::Octet | Self::Kilo | Self::Page | Self::Mega)
    }

    const fn table(self) -> &'static [(&'static str, f64)] {
        if self.is_size() { &SIZES } else { &TIMES }
    }

    /// In octets or microseconds.
    const fn factor(self) -> f64 {
        match self {
            Self::Octet => 1.0,
            Self::Kilo => 1024.0,
            Self::Page => 8192.0,
            Self::Mega => 1_048_576.0,
            Self::Millisecond => 1000.0,
            Self::Second => 1_000_000.0,
            Self::Minute => 60_000_000.0,
        }
    }
}

/// A whole number, with a unit or without, in the parameter's own unit.
pub(super) fn integer(text: &str, unit: Option<Unit>) -> Result<i64, NoNumber> {
    let value = number(text, unit, true)?.round_ties_even();
    if value.abs() > f64::from(i32::MAX) + 1.0 || value > f64::from(i32::MAX) {
        return Err(NoNumber::TooBig);
    }
    // Within 32 bits: nothing is lost.
    #[expect(clippy::cast_possible_truncation, reason = "its bounds were just checked")]
    Ok(value as i64)
}

/// A number, with a unit or without, in the parameter's own unit.
pub(super) fn real(text: &str, unit: Option<Unit>) -> Result<f64, NoNumber> {
    number(text, unit, false)
}

fn number(text: &str, unit: Option<Unit>, whole: bool) -> Result<f64, NoNumber> {
    let text = text.trim_start();
    let end = mantissa(text, whole);
    let (digits, rest) = text.split_at(end);
    let value = if whole && is_c_integer(digits) { c_integer(digits) } else { digits.parse().ok() };
    let value = value.ok_or(NoNumber::Malformed)?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Ok(value);
    }
    let unit = unit.ok_or(NoNumber::Malformed)?;
    let factor = unit.table().iter().find(|(name, _)| *name == rest).ok_or(NoNumber::WrongUnit)?.1;
    Ok(value * factor / unit.factor())
}

/// Where the number ends: what `strtol` with base 0 takes, else what `strtod` does.
fn mantissa(text: &str, whole: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    if whole && bytes[at..].starts_with(b"0x") {
        at += 2;
        return at + bytes[at..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    at += digits(at);
    if bytes.get(at) == Some(&b'.') {
        at += 1 + digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

fn is_c_integer(text: &str) -> bool {
    !text.contains(['.', 'e', 'E']) || text.contains("0x")
}

/// Hexadecimal behind `0x`, octal behind `0`.
fn c_integer(text: &str) -> Option<f64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hexadecimal) => i128::from_str_radix(hexadecimal, 16).ok()?,
        None if digits.len() > 1 && digits.starts_with('0') => i128::from_str_radix(digits, 8).ok()?,
        None => digits.parse().ok()?,
    };
    // What is rounded here is far outside of every range.
    #[expect(clippy::cast_precision_loss, reason = "parameters have 32 bits")]
    let value = value as f64;
    Some(if negative { -value } else { value })
}

/// In the largest unit that leaves a whole number; nothing and less have none.
pub(super) fn show(value: f64, unit: Option<Unit>) -> String {
    let Some(unit) = unit.filter(|_| value > 0.0) else { return general(value) };
    let base = value * unit.factor();
    // Integers in milliseconds do not become microseconds: no whole number of them needs it.
    match unit.table().iter().find(|(_, factor)| (base / factor).fract() == 0.0) {
        Some((name, factor)) => format!("{}{name}", general(base / factor)),
        None => format!("{}{}", general(value), unit.name()),
    }
}

/// `%g`: six digits that count, and no zeros behind them. Whole numbers are shown whole.
pub(super) fn general(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value}");
    }
    let scientific = format!("{value:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if (-4..6).contains(&exponent) {
        let places = usize::try_from(5 - exponent).unwrap_or(0);
        trimmed(&format!("{value:.places$}"))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trimmed(digits), exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as PostgreSQL 15.20 showed it after SET.
    #[test]
    fn whole_numbers_come_out_in_the_largest_unit() {
        let check = |unit, text: &str, shown: &str| {
            let value = integer(text, Some(unit)).unwrap();
            assert_eq!(show(f64::from(i32::try_from(value).unwrap()), Some(unit)), shown, "{text}");
        };
        check(Unit::Kilo, "64kB", "64kB");
        check(Unit::Kilo, "1.5MB", "1536kB");
        check(Unit::Kilo, "1GB", "1GB");
        check(Unit::Kilo, "0x100", "256kB");
        check(Unit::Kilo, " 1 MB ", "1MB");
        check(Unit::Kilo, "1e3kB", "1000kB");
        check(Unit::Page, "8MB", "8MB");
        check(Unit::Page, "100", "800kB");
        check(Unit::Millisecond, "1.5s", "1500ms");
        check(Unit::Millisecond, "1500.4", "1500ms");
        check(Unit::Millisecond, "1us", "0");
        check(Unit::Millisecond, "90s", "90s");
        check(Unit::Millisecond, "5000", "5s");
    }

    #[test]
    fn numbers_are_those_of_c() {
        assert_eq!(integer("010", None), Ok(8));
        assert_eq!(integer("1.4", None), Ok(1));
        assert_eq!(integer("-3", None), Ok(-3));
        assert_eq!(integer("foo", None), Err(NoNumber::Malformed));
        assert_eq!(integer("", None), Err(NoNumber::Malformed));
        assert_eq!(integer("0x", None), Err(NoNumber::Malformed));
        assert_eq!(integer("1kB", None), Err(NoNumber::Malformed));
        assert_eq!(integer("1XB", Some(Unit::Kilo)), Err(NoNumber::WrongUnit));
        assert_eq!(integer("1ms", Some(Unit::Kilo)), Err(NoNumber::WrongUnit));
        assert_eq!(integer("99999999999999", Some(Unit::Kilo)), Err(NoNumber::TooBig));
        assert_eq!(integer("99999999999999999999999999999999999999999999", None), Err(NoNumber::Malformed));
    }

    #[test]
    fn fractions_are_shown_with_six_digits() {
        for (value, shown) in [
            (0.123_456_789, "0.123457"),
            (1000.0, "1000"),
            (1.25, "1.25"),
            (f64::MAX, "1.79769e+308"),
            (0.000_01, "1e-05"),
            (0.0025, "0.0025"),
        ] {
            assert_eq!(general(value), shown);
        }
        assert_eq!(show(1.5, Some(Unit::Millisecond)), "1500us");
        assert_eq!(show(2.0, Some(Unit::Millisecond)), "2ms");
        assert_eq!(real("1min", Some(Unit::Millisecond)), Ok(60_000.0));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_much(text in "\\PC*") {
            let _ = (integer(&text, Some(Unit::Page)), real(&text, Some(Unit::Second)));
        }
    }
}
