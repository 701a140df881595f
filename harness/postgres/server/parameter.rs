//! The parameters of a session: which there are, what they may be, which of them a client is told of.
//!
//! Names, order, values and refusals are those of PostgreSQL 15 (`guc.c`).

use crate::postgres::error_fields::ErrorFields;

/// Values that differ from the defaults are kept; whatever has a dot in its name is kept as well, up to this many.
const CUSTOM_LIMIT: usize = 64;

/// The parameters of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameters {
    known: Vec<(&'static Parameter, String)>,
    custom: Vec<(String, String)>,
}

/// One parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    name: &'static str,
    default: &'static str,
    domain: Domain,
    /// Whether the client is told of it by ParameterStatus.
    reported: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Domain {
    Text,
    ApplicationName,
    Boolean,
    Integer(i64, i64),
    Milliseconds,
    Encoding,
    DateStyle,
    Word(&'static [&'static str]),
    Fixed,
}

const fn reported(name: &'static str, default: &'static str, domain: Domain) -> Parameter {
    Parameter { name, default, domain, reported: true }
}

const fn silent(name: &'static str, default: &'static str, domain: Domain) -> Parameter {
    Parameter { name, default, domain, reported: false }
}

const MILLISECONDS: Domain = Domain::Milliseconds;
const MESSAGES: Domain =
    Domain::Word(&["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"]);
const COMMITS: Domain = Domain::Word(&["local", "remote_write", "remote_apply", "on", "off"]);
const ISOLATION: Domain = Domain::Word(&["serializable", "repeatable read", "read committed", "read uncommitted"]);

/// Reported ones first, in the order in which PostgreSQL 15 sends them.
static KNOWN: [Parameter; 31] = [
    reported("application_name", "", Domain::ApplicationName),
    reported("client_encoding", "UTF8", Domain::Encoding),
    reported("DateStyle", "ISO, MDY", Domain::DateStyle),
    reported("default_transaction_read_only", "off", Domain::Boolean),
    reported("in_hot_standby", "off", Domain::Fixed),
    reported("integer_datetimes", "on", Domain::Fixed),
    reported("IntervalStyle", "postgres", Domain::Word(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"])),
    reported("is_superuser", "off", Domain::Fixed),
    reported("server_encoding", "UTF8", Domain::Fixed),
    reported("server_version", "", Domain::Fixed),
    reported("session_authorization", "", Domain::Fixed),
    reported("standard_conforming_strings", "on", Domain::Boolean),
    reported("TimeZone", "Etc/UTC", Domain::Text),
    silent("bytea_output", "hex", Domain::Word(&["escape", "hex"])),
    silent("client_min_messages", "notice", MESSAGES),
    silent("default_transaction_isolation", "read committed", ISOLATION),
    silent("extra_float_digits", "1", Domain::Integer(-15, 3)),
    silent("geqo", "on", Domain::Boolean),
    silent("idle_in_transaction_session_timeout", "0", MILLISECONDS),
    silent("idle_session_timeout", "0", MILLISECONDS),
    silent("jit", "on", Domain::Boolean),
    silent("lock_timeout", "0", MILLISECONDS),
    silent("max_identifier_length", "63", Domain::Fixed),
    silent("row_security", "on", Domain::Boolean),
    silent("search_path", "\"$user\", public", Domain::Text),
    silent("server_version_num", "150020", Domain::Fixed),
    silent("statement_timeout", "0", MILLISECONDS),
    silent("synchronous_commit", "on", COMMITS),
    silent("transaction_isolation", "read committed", ISOLATION),
    silent("transaction_read_only", "off", Domain::Boolean),
    silent("xmloption", "content", Domain::Word(&["content", "document"])),
];

impl Parameters {
    /// Of a session that begins: the defaults with `values` over them, whatever these are.
    pub(super) fn new<'v>(values: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let known = KNOWN.iter().map(|parameter| (parameter, parameter.default.to_owned())).collect();
        let mut parameters = Self { known, custom: Vec::new() };
        for (name, value) in values {
            match parameters.find(name) {
                Some(index) => value.clone_into(&mut parameters.known[index].1),
                None => parameters.custom.push((name.to_owned(), value.to_owned())),
            }
        }
        parameters
    }

    /// What ParameterStatus tells on connecting.
    pub(super) fn reported(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.known
            .iter()
            .filter(|(parameter, _)| parameter.reported)
            .map(|(parameter, value)| (parameter.name, value.as_str()))
    }

    /// Reported parameters whose value differs from `before`.
    pub(super) fn changes(&self, before: &Self) -> Vec<(&'static str, String)> {
        self.reported()
            .zip(before.reported())
            .filter(|(now, then)| now != then)
            .map(|((name, value), _)| (name, value.to_owned()))
            .collect()
    }

    /// The name as PostgreSQL writes it, and the value.
    ///
    /// # Errors
    /// 42704.
    pub(super) fn show(&self, name: &str) -> Result<(&str, &str), ErrorFields> {
        if let Some(index) = self.find(name) {
            let (parameter, value) = &self.known[index];
            return Ok((parameter.name, value));
        }
        match self.custom.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((name, value)) => Ok((name, value)),
            None => Err(unrecognized(name)),
        }
    }

    /// Sets one, in the spelling that PostgreSQL would show.
    ///
    /// # Errors
    /// 42704, 22023, 55P02.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), ErrorFields> {
        if let Some(index) = self.find(name) {
            let (parameter, current) = &mut self.known[index];
            *current = parameter.read(value)?;
            return Ok(());
        }
        if !name.contains('.') {
            return Err(unrecognized(name));
        }
        let index = self.custom.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        match index {
            Some(index) => value.clone_into(&mut self.custom[index].1),
            None if self.custom.len() < CUSTOM_LIMIT => self.custom.push((name.to_owned(), value.to_owned())),
            None => return Err(ErrorFields::error("53400", "too many custom parameters")),
        }
        Ok(())
    }

    /// Back to the value of `initial`.
    ///
    /// # Errors
    /// As [`Parameters::set`].
    pub(super) fn reset(&mut self, name: &str, initial: &Self) -> Result<(), ErrorFields> {
        match self.find(name) {
            Some(index) if self.known[index].0.domain == Domain::Fixed => Err(self.known[index].0.fixed()),
            Some(index) => {
                initial.known[index].1.clone_into(&mut self.known[index].1);
                Ok(())
            }
            None => {
                self.show(name)?;
                let value = initial.show(name).map(|(_, value)| value.to_owned()).unwrap_or_default();
                self.set(name, &value)
            }
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.known.iter().position(|(parameter, _)| parameter.name.eq_ignore_ascii_case(name))
    }
}

fn unrecognized(name: &str) -> ErrorFields {
    ErrorFields::error("42704", format!("unrecognized configuration parameter \"{name}\"")).at(
        "guc.c",
        5766,
        "find_option",
    )
}

impl Parameter {
    fn read(&self, value: &str) -> Result<String, ErrorFields> {
        match &self.domain {
            Domain::Text => Ok(value.to_owned()),
            Domain::ApplicationName => {
                // `clean_ascii`: octet by octet, so that a character may become several.
                let clean = value.bytes().map(|octet| if matches!(octet, 32..=126) { char::from(octet) } else { '?' });
                Ok(clean.take(63).collect())
            }
            Domain::Boolean => boolean(value).map(|on| if on { "on" } else { "off" }.to_owned()).ok_or_else(|| {
                ErrorFields::error("22023", format!("parameter \"{}\" requires a Boolean value", self.name)).at(
                    "guc.c",
                    7434,
                    "parse_and_validate_value",
                )
            }),
            Domain::Integer(least, most) => match value.trim().parse::<i64>() {
                Ok(number) if (*least..=*most).contains(&number) => Ok(number.to_string()),
                Ok(number) => Err(ErrorFields::error(
                    "22023",
                    format!("{number} is outside the valid range for parameter \"{}\" ({least} .. {most})", self.name),
                )
                .at("guc.c", 7466, "parse_and_validate_value")),
                Err(_) => Err(self.invalid(value, 7454, "parse_and_validate_value")),
            },
            Domain::Milliseconds => match milliseconds(value) {
                Some(span) if (0..=i64::from(i32::MAX)).contains(&span) => Ok(shown_milliseconds(span)),
                Some(span) => Err(ErrorFields::error(
                    "22023",
                    format!("{span} ms is outside the valid range for parameter \"{}\" (0 .. 2147483647)", self.name),
                )
                .at("guc.c", 7466, "parse_and_validate_value")),
                None => Err(self.invalid(value, 7454, "parse_and_validate_value")),
            },
            Domain::Encoding => {
                encoding(value).map(str::to_owned).ok_or_else(|| self.invalid(value, 12_085, "call_string_check_hook"))
            }
            Domain::DateStyle => date_style(value).map_err(|word| {
                self.invalid(value, 12_085, "call_string_check_hook")
                    .detail(format!("Unrecognized key word: \"{word}\"."))
            }),
            Domain::Word(words) => {
                words.iter().find(|word| word.eq_ignore_ascii_case(value)).map(|word| (*word).to_owned()).ok_or_else(
                    || {
                        self.invalid(value, 7560, "parse_and_validate_value")
                            .hint(format!("Available values: {}.", words.join(", ")))
                    },
                )
            }
            Domain::Fixed => Err(self.fixed()),
        }
    }

    fn invalid(&self, value: &str, line: u32, routine: &'static str) -> ErrorFields {
        ErrorFields::error("22023", format!("invalid value for parameter \"{}\": \"{value}\"", self.name))
            .at("guc.c", line, routine)
    }

    fn fixed(&self) -> ErrorFields {
        ErrorFields::error("55P02", format!("parameter \"{}\" cannot be changed", self.name)).at(
            "guc.c",
            7728,
            "set_config_option_ext",
        )
    }
}

/// `parse_bool`: a prefix that is not ambiguous will do.
fn boolean(value: &str) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    let is = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    if is("on", 2) || is("true", 1) || is("yes", 1) || value == "1" {
        Some(true)
    } else if is("off", 2) || is("false", 1) || is("no", 1) || value == "0" {
        Some(false)
    } else {
        None
    }
}

const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];

/// A whole number with or without a unit.
fn milliseconds(value: &str) -> Option<i64> {
    let value = value.trim();
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let factor = match unit.trim() {
        "" => 1,
        unit => UNITS.iter().find(|(name, _)| *name == unit)?.1,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

/// In the biggest unit that leaves a whole number.
fn shown_milliseconds(span: i64) -> String {
    match UNITS.iter().find(|(_, factor)| span != 0 && span % factor == 0) {
        Some((unit, factor)) => format!("{}{unit}", span / factor),
        None => "0".to_owned(),
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

/// `check_datestyle`: one word for the style, one for the order of day and month. The error is the word that is neither.
fn date_style(value: &str) -> Result<String, String> {
    let (mut style, mut order) = ("ISO", None);
    for word in value.split([',', ' ']).filter(|word| !word.is_empty()) {
        match word.to_ascii_uppercase().as_str() {
            "ISO" => style = "ISO",
            "SQL" => style = "SQL",
            "GERMAN" => {
                style = "German";
                order = order.or(Some("DMY"));
            }
            postgres if postgres.starts_with("POSTGRES") => style = "Postgres",
            "YMD" => order = Some("YMD"),
            "DMY" => order = Some("DMY"),
            "MDY" | "US" | "DEFAULT" => order = Some("MDY"),
            european if european.starts_with("EURO") => order = Some("DMY"),
            american if american.starts_with("NONEURO") => order = Some("MDY"),
            _ => return Err(word.to_ascii_lowercase()),
        }
    }
    Ok(format!("{style}, {}", order.unwrap_or("MDY")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Parameters {
        Parameters::new([("server_version", "15.20"), ("session_authorization", "trusty")])
    }

    #[test]
    fn the_reported_ones_are_those_of_postgresql_15_in_its_order() {
        // Captured from PostgreSQL 15.20.
        let captured = [
            ("application_name", ""),
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, MDY"),
            ("default_transaction_read_only", "off"),
            ("in_hot_standby", "off"),
            ("integer_datetimes", "on"),
            ("IntervalStyle", "postgres"),
            ("is_superuser", "off"),
            ("server_encoding", "UTF8"),
            ("server_version", "15.20"),
            ("session_authorization", "trusty"),
            ("standard_conforming_strings", "on"),
            ("TimeZone", "Etc/UTC"),
        ];
        assert_eq!(fresh().reported().collect::<Vec<_>>(), captured);
    }

    #[test]
    fn values_come_out_as_postgresql_15_shows_them() {
        let check = |name: &str, value: &str, shown: &str| {
            let mut parameters = fresh();
            parameters.set(name, value).unwrap();
            assert_eq!(parameters.show(name).unwrap().1, shown);
        };
        check("client_encoding", "'utf-8'", "UTF8");
        check("datestyle", "German", "German, DMY");
        check("DateStyle", "ISO", "ISO, MDY");
        check("application_name", "caf\u{e9}", "caf??");
        check("geqo", "f", "off");
        check("my.own", "x", "x");
        check("extra_float_digits", "3", "3");
        check("statement_timeout", "5000", "5s");
        check("statement_timeout", "2min", "2min");
        check("statement_timeout", "90s", "90s");
        check("statement_timeout", "0", "0");
    }

    #[test]
    fn refusals_are_those_of_postgresql_15() {
        let check = |name: &str, value: &str, code: &str, message: &str| {
            let error = fresh().set(name, value).unwrap_err();
            assert_eq!((error.code.as_ref(), error.message.as_ref()), (code, message));
        };
        check("foo", "1", "42704", "unrecognized configuration parameter \"foo\"");
        check("DateStyle", "bogus", "22023", "invalid value for parameter \"DateStyle\": \"bogus\"");
        check("client_encoding", "bogus", "22023", "invalid value for parameter \"client_encoding\": \"bogus\"");
        check(
            "extra_float_digits",
            "99",
            "22023",
            "99 is outside the valid range for parameter \"extra_float_digits\" (-15 .. 3)",
        );
        check("server_version", "9", "55P02", "parameter \"server_version\" cannot be changed");
        check(
            "statement_timeout",
            "-1",
            "22023",
            "-1 ms is outside the valid range for parameter \"statement_timeout\" (0 .. 2147483647)",
        );
        check("statement_timeout", "x", "22023", "invalid value for parameter \"statement_timeout\": \"x\"");
        check("bytea_output", "abc", "22023", "invalid value for parameter \"bytea_output\": \"abc\"");
        check("geqo", "o", "22023", "parameter \"geqo\" requires a Boolean value");
    }

    #[test]
    fn a_value_can_be_taken_back_and_changes_are_told() {
        let initial = fresh();
        let mut parameters = initial.clone();
        parameters.set("timezone", "UTC").unwrap();
        parameters.set("geqo", "off").unwrap();
        assert_eq!(parameters.changes(&initial), [("TimeZone", "UTC".to_owned())]);
        parameters.reset("TIMEZONE", &initial).unwrap();
        assert_eq!(parameters.changes(&initial), []);
        assert_eq!(parameters.reset("nothing", &initial).unwrap_err().code, "42704");
    }

    #[test]
    fn custom_parameters_are_bounded() {
        let mut parameters = fresh();
        for index in 0..CUSTOM_LIMIT {
            parameters.set(&format!("a.b{index}"), "1").unwrap();
        }
        assert_eq!(parameters.set("a.last", "1").unwrap_err().code, "53400");
        assert_eq!(parameters.set("a.b0", "2"), Ok(()));
    }
}
