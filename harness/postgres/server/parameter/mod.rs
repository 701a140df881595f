//! The parameters of a session: what they are, who may set them, which of them a client is told of.
//!
//! Names, order, values and refusals are those of PostgreSQL 15 (`guc.c`).

mod definition;
mod number;
mod text;

use crate::postgres::error_fields::ErrorFields;
use crate::postgres::server::ServerSettings;
use crate::postgres::startup::boolean;
use definition::{ALL, Definition, Domain, REPORTED, Scope};
use number::{NoNumber, Unit};
use std::borrow::Cow;
use std::sync::Arc;
use text::Refusal;

/// Parameters of extensions that a session keeps at most.
const CUSTOM_LIMIT: usize = 64;

/// The parameters of one session.
#[derive(Debug, Clone)]
pub(super) struct Parameters {
    settings: Arc<ServerSettings>,
    /// Whether the session is only just beginning, where more may be set.
    connecting: bool,
    /// What differs from a fresh cluster, by place in [`ALL`].
    values: Vec<(usize, String)>,
    /// What has a dot in its name: parameters of extensions, which need not be there.
    custom: Vec<(String, String)>,
}

impl Parameters {
    /// Of a session that begins: the defaults with `values` over them, whatever these are.
    pub(super) fn new<'v>(settings: Arc<ServerSettings>, values: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let mut parameters = Self { settings, connecting: true, values: Vec::new(), custom: Vec::new() };
        for (name, value) in values {
            match definition::find(name) {
                Some(index) => parameters.keep(index, value.to_owned()),
                None => parameters.custom.push((name.to_owned(), value.to_owned())),
            }
        }
        parameters
    }

    /// The session has begun: from here on some parameters stay as they are.
    pub(super) fn connected(&mut self) {
        self.connecting = false;
    }

    /// What ParameterStatus tells on connecting.
    pub(super) fn reported(&self) -> impl Iterator<Item = (&'static str, &str)> {
        REPORTED.iter().filter_map(|name| Some((*name, self.value(definition::find(name)?))))
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
    /// 42704, 42501.
    pub(super) fn show(&self, name: &str) -> Result<(&str, &str), ErrorFields> {
        if let Some(index) = definition::find(name) {
            let Definition { name, is_hidden, .. } = &ALL[index];
            if *is_hidden && !self.is_superuser() {
                let rights = "must be superuser or have privileges of pg_read_all_settings to examine";
                let fields = ErrorFields::error("42501", format!("{rights} \"{name}\""));
                return Err(fields.at("guc.c", 10_117, "GetConfigOptionByName"));
            }
            return Ok((name, self.value(index)));
        }
        match self.custom.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((name, value)) => Ok((name, value)),
            None => Err(unrecognized(name)),
        }
    }

    /// Sets one, in the spelling that PostgreSQL would show.
    ///
    /// # Errors
    /// 42704, 42602, 42501, 22023, 55P02.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), ErrorFields> {
        let Some(index) = definition::find(name) else { return self.set_custom(name, value) };
        let definition = &ALL[index];
        self.check_scope(definition)?;
        let value = self.read(definition, value)?;
        self.keep(index, value);
        Ok(())
    }

    /// Back to the value of `initial`.
    ///
    /// # Errors
    /// As [`Parameters::set`].
    pub(super) fn reset(&mut self, name: &str, initial: &Self) -> Result<(), ErrorFields> {
        if let Some(index) = definition::find(name) {
            self.check_scope(&ALL[index])?;
            self.keep(index, initial.value(index).to_owned());
            return Ok(());
        }
        self.show(name)?;
        let value = initial.show(name).map(|(_, value)| value.to_owned()).unwrap_or_default();
        self.set(name, &value)
    }

    fn value(&self, index: usize) -> &str {
        self.values.iter().find(|(known, _)| *known == index).map_or(ALL[index].value, |(_, value)| value)
    }

    fn keep(&mut self, index: usize, value: String) {
        match self.values.iter_mut().find(|(known, _)| *known == index) {
            Some((_, kept)) => *kept = value,
            None => self.values.push((index, value)),
        }
    }

    fn set_custom(&mut self, name: &str, value: &str) -> Result<(), ErrorFields> {
        if !name.contains('.') {
            return Err(unrecognized(name));
        }
        if !is_custom_name(name) {
            return Err(ErrorFields::error("42602", format!("invalid configuration parameter name \"{name}\""))
                .detail("Custom parameter names must be two or more simple identifiers separated by dots.")
                .at("guc.c", 5734, "find_option"));
        }
        match self.custom.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(index) => value.clone_into(&mut self.custom[index].1),
            None if self.custom.len() < CUSTOM_LIMIT => self.custom.push((name.to_owned(), value.to_owned())),
            None => return Err(ErrorFields::error("53400", "too many custom parameters")),
        }
        Ok(())
    }

    fn is_superuser(&self) -> bool {
        definition::find("is_superuser").is_some_and(|index| self.value(index) == "on")
    }

    /// `set_config_option`: whether it may be set by whom and when.
    fn check_scope(&self, Definition { name, context, .. }: &Definition) -> Result<(), ErrorFields> {
        let unchangeable = |how: &str, line| {
            let fields = ErrorFields::error("55P02", format!("parameter \"{name}\" cannot be {how}"));
            Err(fields.at("guc.c", line, "set_config_option_ext"))
        };
        match context {
            Scope::User => Ok(()),
            Scope::Internal => unchangeable("changed", 7728),
            Scope::Postmaster => unchangeable("changed without restarting the server", 7751),
            Scope::Sighup => unchangeable("changed now", 7761),
            Scope::Backend | Scope::SuperuserBackend if !self.connecting => {
                unchangeable("set after connection start", 7830)
            }
            Scope::Superuser | Scope::SuperuserBackend if !self.is_superuser() => {
                let line = if *context == Scope::Superuser { 7850 } else { 7794 };
                let fields = ErrorFields::error("42501", format!("permission denied to set parameter \"{name}\""));
                Err(fields.at("guc.c", line, "set_config_option_ext"))
            }
            Scope::Backend | Scope::Superuser | Scope::SuperuserBackend => Ok(()),
        }
    }

    /// `parse_and_validate_value`.
    fn read(&self, definition: &Definition, value: &str) -> Result<String, ErrorFields> {
        const ROUTINE: &str = "parse_and_validate_value";
        let name = definition.name;
        match &definition.domain {
            Domain::Boolean => boolean(value).map(|on| if on { "on" } else { "off" }.to_owned()).ok_or_else(|| {
                ErrorFields::error("22023", format!("parameter \"{name}\" requires a Boolean value"))
                    .at("guc.c", 7434, ROUTINE)
            }),
            Domain::Integer { unit, least, most } => {
                let number = number::integer(value, *unit)
                    .map_err(|problem| no_number(name, value, *unit, problem).at("guc.c", 7454, ROUTINE))?;
                if !(*least..=*most).contains(&number) {
                    let range = (least.to_string(), most.to_string());
                    return Err(outside(name, &number.to_string(), *unit, range).at("guc.c", 7466, ROUTINE));
                }
                // Within 32 bits, as all ranges are.
                Ok(number::show(f64::from(i32::try_from(number).unwrap_or(i32::MAX)), *unit))
            }
            Domain::Real { unit, least, most } => {
                let number = number::real(value, *unit)
                    .map_err(|problem| no_number(name, value, *unit, problem).at("guc.c", 7490, ROUTINE))?;
                if !(*least..=*most).contains(&number) {
                    let range = (number::general(*least), number::general(*most));
                    return Err(outside(name, &number::general(number), *unit, range).at("guc.c", 7502, ROUTINE));
                }
                Ok(number::show(number, *unit))
            }
            Domain::Words(words) => word(words, value).map(str::to_owned).ok_or_else(|| {
                invalid(name, value).hint(format!("Available values: {}.", words.join(", "))).at("guc.c", 7560, ROUTINE)
            }),
            Domain::Text => {
                let own = definition::find("session_authorization").map(|index| self.value(index)).unwrap_or_default();
                let is_role = |name: &str| self.settings.accounts.contains_key(name);
                let fields = match text::read(name, value, own, &is_role) {
                    Ok(value) => return Ok(value),
                    Err(Refusal::Invalid(detail)) => with_detail(invalid(name, value), detail.map(Cow::Owned)),
                    Err(Refusal::Says { code, message, detail }) => {
                        with_detail(ErrorFields::error(code, message), detail.map(Cow::Borrowed))
                    }
                };
                Err(fields.at("guc.c", 12_085, "call_string_check_hook"))
            }
        }
    }
}

fn with_detail(fields: ErrorFields, detail: Option<Cow<'static, str>>) -> ErrorFields {
    match detail {
        Some(detail) => fields.detail(detail),
        None => fields,
    }
}

fn invalid(name: &str, value: &str) -> ErrorFields {
    ErrorFields::error("22023", format!("invalid value for parameter \"{name}\": \"{value}\""))
}

fn no_number(name: &str, value: &str, unit: Option<Unit>, problem: NoNumber) -> ErrorFields {
    let fields = invalid(name, value);
    match (problem, unit) {
        (NoNumber::WrongUnit, Some(unit)) => fields.hint(unit.hint()),
        (NoNumber::TooBig, _) => fields.hint("Value exceeds integer range."),
        (NoNumber::WrongUnit | NoNumber::Malformed, _) => fields,
    }
}

fn outside(name: &str, number: &str, unit: Option<Unit>, (least, most): (String, String)) -> ErrorFields {
    let number = match unit {
        Some(unit) => format!("{number} {}", unit.name()),
        None => number.to_owned(),
    };
    let problem = format!("{number} is outside the valid range for parameter \"{name}\" ({least} .. {most})");
    ErrorFields::error("22023", problem)
}

fn unrecognized(name: &str) -> ErrorFields {
    ErrorFields::error("42704", format!("unrecognized configuration parameter \"{name}\"")).at(
        "guc.c",
        5766,
        "find_option",
    )
}

/// `valid_custom_variable_name`: letters, digits, `_` and `$`, none of its parts beginning with a digit or `$`.
fn is_custom_name(name: &str) -> bool {
    name.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii())
    })
}

/// One of the words. Where `on` and `off` are among them, so are, unlisted, the other words for these.
fn word(words: &[&'static str], value: &str) -> Option<&'static str> {
    let find = |wanted: &str| words.iter().find(|word| word.eq_ignore_ascii_case(wanted)).copied();
    let synonym = match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => "on",
        "false" | "no" | "0" => "off",
        "debug" => "debug2",
        _ => return find(value),
    };
    find(value).or_else(|| find(synonym))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl crate::handshake::Random for Zeros {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn fresh() -> Parameters {
        let settings = Arc::new(ServerSettings::new(&mut Zeros));
        Parameters::new(settings, [("server_version", "15.20"), ("session_authorization", "trusty")])
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
        check("constraint_exclusion", "1", "on");
        check("client_min_messages", "debug", "debug2");
        check("work_mem", "1.5MB", "1536kB");
        check("geqo_seed", "0.123456789", "0.123457");
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
        check("role", "nope", "22023", "role \"nope\" does not exist");
        check(
            "work_mem",
            "1",
            "22023",
            "1 kB is outside the valid range for parameter \"work_mem\" (64 .. 2147483647)",
        );
        check("work_mem", "1XB", "22023", "invalid value for parameter \"work_mem\": \"1XB\"");
        check(
            "shared_buffers",
            "1",
            "55P02",
            "parameter \"shared_buffers\" cannot be changed without restarting the server",
        );
        check("log_destination", "x", "55P02", "parameter \"log_destination\" cannot be changed now");
        check("log_statement", "all", "42501", "permission denied to set parameter \"log_statement\"");
        check("log_connections", "on", "42501", "permission denied to set parameter \"log_connections\"");
        check("1a.b", "1", "42602", "invalid configuration parameter name \"1a.b\"");
        check("a.", "1", "42602", "invalid configuration parameter name \"a.\"");
        check(
            "seq_page_cost",
            "-1",
            "22023",
            "-1 is outside the valid range for parameter \"seq_page_cost\" (0 .. 1.79769e+308)",
        );
    }

    #[test]
    fn some_are_set_on_connecting_or_never() {
        let mut parameters = fresh();
        parameters.set("post_auth_delay", "3").unwrap();
        assert_eq!(parameters.show("post_auth_delay").unwrap().1, "3s");
        parameters.connected();
        let error = parameters.set("post_auth_delay", "0").unwrap_err();
        assert_eq!(error.message, "parameter \"post_auth_delay\" cannot be set after connection start");
    }

    #[test]
    fn superusers_see_and_set_more() {
        let settings = Arc::new(ServerSettings::new(&mut Zeros));
        let mut master = Parameters::new(settings, [("is_superuser", "on")]);
        assert_eq!(fresh().show("data_directory").unwrap_err().code, "42501");
        assert_eq!(master.show("data_directory").unwrap().1, "/var/lib/postgresql/data");
        assert_eq!(master.set("log_statement", "all"), Ok(()));
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
