//! Answers to the statements that drivers send on connecting. Not a database: whatever is not understood is refused.

use crate::mysql::command::Session;
use crate::mysql::reply::ErrPacket;
use crate::mysql::result_set::{Column, ColumnKind, ResultSet};

/// What becomes of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// OK.
    Done,
    /// Another database.
    Use(String),
    /// A table.
    Table(ResultSet),
    /// An error.
    Refused(ErrPacket),
}

/// Answers a statement: `SET …`, `SELECT` of constants, system variables and a few functions, `SHOW VARIABLES`,
/// `SHOW STATUS` of TLS, `SHOW WARNINGS`, `USE`, and the ends and beginnings of transactions.
#[must_use]
pub fn answer(statement: &str, session: &Session) -> Answer {
    let text = without_comments(statement);
    let text = text.trim().trim_end_matches(';').trim_end();
    let (verb, rest) = split_word(text);
    let result = match verb.to_ascii_uppercase().as_str() {
        // Nothing is set: there is nothing here that would behave differently.
        "SET" if !rest.is_empty() => Ok(Answer::Done),
        "BEGIN" | "START" | "COMMIT" | "ROLLBACK" => Ok(Answer::Done),
        "USE" if !rest.is_empty() => Ok(Answer::Use(rest.trim_matches('`').to_owned())),
        "SELECT" => select(rest, session),
        "SHOW" => show(rest, session),
        "" => Err(ErrPacket::new(1065, b"42000", "Query was empty")),
        _ => Err(not_understood(text)),
    };
    result.unwrap_or_else(Answer::Refused)
}

fn select(list: &str, session: &Session) -> Result<Answer, ErrPacket> {
    let values = split_list(without_limit(list))
        .into_iter()
        .map(|item| {
            let (expression, name) = alias(item);
            let (kind, value) = value(expression, session)?;
            Ok((Column::new(name, kind), value))
        })
        .collect::<Result<Vec<_>, ErrPacket>>()?;
    Ok(Answer::Table(ResultSet::of_row(values)))
}

fn value(expression: &str, session: &Session) -> Result<(ColumnKind, Option<String>), ErrPacket> {
    let text = |value: String| Ok((ColumnKind::Text, Some(value)));
    if !expression.is_empty() && expression.bytes().all(|octet| octet.is_ascii_digit()) {
        return Ok((ColumnKind::Integer, Some(expression.to_owned())));
    }
    if let Some(literal) = string_literal(expression) {
        return text(literal.to_owned());
    }
    if let Some(name) = expression.strip_prefix("@@") {
        let name = name.to_ascii_lowercase().replace('`', "");
        let name = ["global.", "session.", "local."].iter().find_map(|scope| name.strip_prefix(scope)).unwrap_or(&name);
        return match variable(name, session) {
            Some(value) if value.bytes().all(|octet| octet.is_ascii_digit()) && !value.is_empty() => {
                Ok((ColumnKind::Integer, Some(value)))
            }
            Some(value) => text(value),
            None => Err(ErrPacket::new(1193, b"HY000", format!("Unknown system variable '{name}'"))),
        };
    }
    let function = expression.to_ascii_lowercase().replace(' ', "");
    match function.as_str() {
        "current_user()" | "current_user" => text(format!("{}@%", session.user)),
        "user()" | "session_user()" | "system_user()" => text(format!("{}@{}", session.user, session.client_host)),
        "version()" => text(session.settings.version.clone()),
        "connection_id()" => Ok((ColumnKind::Integer, Some(session.connection_id.to_string()))),
        "database()" | "schema()" => Ok((ColumnKind::Text, session.database.clone())),
        _ => Err(not_understood(expression)),
    }
}

fn show(rest: &str, session: &Session) -> Result<Answer, ErrPacket> {
    let (first, mut filter) = split_word(rest);
    let mut what = first.to_ascii_uppercase();
    if matches!(what.as_str(), "GLOBAL" | "SESSION") {
        let (second, behind) = split_word(filter);
        what = second.to_ascii_uppercase();
        filter = behind;
    }
    let rows: Vec<(String, String)> = match what.as_str() {
        "VARIABLES" => VARIABLES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .chain(session.settings.variables.keys().cloned())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .filter_map(|name| variable(&name, session).map(|value| (name, value)))
            .collect(),
        "STATUS" => {
            let facts = session.tls.as_ref();
            vec![
                ("Ssl_cipher".to_owned(), facts.map(|tls| tls.suite.clone()).unwrap_or_default()),
                (
                    "Ssl_version".to_owned(),
                    facts.map(|tls| format!("TLSv{}", tls.version.number().trim_end_matches(".0"))).unwrap_or_default(),
                ),
            ]
        }
        "WARNINGS" => {
            let columns = [("Level", ColumnKind::Text), ("Code", ColumnKind::Integer), ("Message", ColumnKind::Text)];
            let columns = columns.map(|(name, kind)| Column::new(name, kind)).into();
            return Ok(Answer::Table(ResultSet { columns, rows: Vec::new() }));
        }
        _ => return Err(not_understood(rest)),
    };
    // `LIKE 'x'`, `WHERE Variable_name = 'x' OR …`, `WHERE Variable_name IN ('x', …)`: any of the quoted texts may match.
    let patterns: Vec<_> = filter.split('\'').skip(1).step_by(2).collect();
    let rows = rows
        .into_iter()
        .filter(|(name, _)| patterns.is_empty() || patterns.iter().any(|pattern| like(name, pattern)))
        .map(|(name, value)| vec![Some(name), Some(value)])
        .collect();
    let columns = ["Variable_name", "Value"].map(|name| Column::new(name, ColumnKind::Text)).into();
    Ok(Answer::Table(ResultSet { columns, rows }))
}

/// System variables with the values that a new server of 8.0 has, as far as drivers ask for them.
const VARIABLES: &[(&str, &str)] = &[
    ("auto_increment_increment", "1"),
    ("autocommit", "1"),
    ("character_set_client", "utf8mb4"),
    ("character_set_connection", "utf8mb4"),
    ("character_set_database", "utf8mb4"),
    ("character_set_results", "utf8mb4"),
    ("character_set_server", "utf8mb4"),
    ("character_set_system", "utf8mb3"),
    ("collation_connection", "utf8mb4_0900_ai_ci"),
    ("collation_database", "utf8mb4_0900_ai_ci"),
    ("collation_server", "utf8mb4_0900_ai_ci"),
    ("default_authentication_plugin", ""),
    ("have_ssl", ""),
    ("init_connect", ""),
    ("innodb_read_only", "0"),
    ("interactive_timeout", "28800"),
    ("license", "GPL"),
    ("local_infile", "0"),
    ("lower_case_table_names", "0"),
    ("max_allowed_packet", "67108864"),
    ("net_buffer_length", "16384"),
    ("net_read_timeout", "30"),
    ("net_write_timeout", "60"),
    ("performance_schema", "0"),
    ("port", "3306"),
    ("query_cache_size", ""),
    ("query_cache_type", ""),
    ("read_only", "0"),
    ("require_secure_transport", ""),
    (
        "sql_mode",
        "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    ),
    ("system_time_zone", "UTC"),
    ("time_zone", "SYSTEM"),
    ("transaction_isolation", "REPEATABLE-READ"),
    ("transaction_read_only", "0"),
    ("tx_isolation", ""),
    ("tx_read_only", ""),
    ("version", ""),
    ("version_comment", "Shakedown mock server"),
    ("version_compile_os", "Linux"),
    ("wait_timeout", "28800"),
];

fn variable(name: &str, session: &Session) -> Option<String> {
    let settings = &session.settings;
    if let Some(value) = settings.variables.get(name) {
        return Some(value.clone());
    }
    let value = VARIABLES.iter().find(|(known, _)| *known == name)?.1;
    let is_old = settings.version.starts_with("5.");
    match name {
        "version" => Some(settings.version.clone()),
        "default_authentication_plugin" => Some(settings.default_plugin.name().to_owned()),
        "have_ssl" => Some(if settings.tls { "YES" } else { "DISABLED" }.to_owned()),
        "require_secure_transport" => Some(if settings.require_secure_transport { "1" } else { "0" }.to_owned()),
        // Removed in 8.0.
        "tx_isolation" => is_old.then(|| "REPEATABLE-READ".to_owned()),
        "tx_read_only" | "query_cache_size" => is_old.then(|| "0".to_owned()),
        "query_cache_type" => is_old.then(|| "OFF".to_owned()),
        _ => Some(value.to_owned()),
    }
}

fn not_understood(near: &str) -> ErrPacket {
    let near: String = near.chars().take(80).collect();
    let text = format!("You have an error in your SQL syntax; this mock server does not understand '{near}'");
    ErrPacket::new(1064, b"42000", text)
}

fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_whitespace()).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// `/* … */` removed, other than in strings.
fn without_comments(statement: &str) -> String {
    let mut result = String::with_capacity(statement.len());
    let mut quote = None;
    let mut rest = statement;
    while let Some(c) = rest.chars().next() {
        if quote.is_none() && rest.starts_with("/*") {
            rest = rest[2..].split_once("*/").map_or("", |(_, behind)| behind);
            continue;
        }
        quote = match quote {
            Some(open) if open == c => None,
            None if matches!(c, '\'' | '"' | '`') => Some(c),
            same => same,
        };
        result.push(c);
        rest = &rest[c.len_utf8()..];
    }
    result
}

/// The text before a `LIMIT` at its end.
fn without_limit(list: &str) -> &str {
    let lower = list.to_ascii_lowercase();
    match lower.rfind(" limit ") {
        Some(at) if lower[at + 7..].trim().bytes().all(|octet| octet.is_ascii_digit()) => list[..at].trim_end(),
        _ => list,
    }
}

/// Parts between commas that are neither in quotes nor in parentheses.
fn split_list(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_u32, None);
    for (at, c) in list.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(list[start..].trim());
    parts
}

/// An expression and the name of its column: `@@x AS y`, `@@x y`, or itself.
fn alias(item: &str) -> (&str, &str) {
    let last_space = item.rfind(|c: char| c.is_whitespace());
    let Some((at, name)) = last_space.map(|at| (at, item[at..].trim())) else { return (item, item) };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '`' | '\'' | '"'));
    if !is_name || string_literal(item).is_some() {
        return (item, item);
    }
    let expression = item[..at].trim_end();
    let expression = match expression.rfind(|c: char| c.is_whitespace()) {
        Some(at) if expression[at..].trim().eq_ignore_ascii_case("as") => expression[..at].trim_end(),
        _ => expression,
    };
    (expression, name.trim_matches(|c| matches!(c, '`' | '\'' | '"')))
}

fn string_literal(text: &str) -> Option<&str> {
    ['\'', '"']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote).filter(|inner| !inner.contains(*quote)))
}

/// SQL's LIKE in ASCII, without regard to case: `%` for any run of characters, `_` for one.
fn like(name: &str, pattern: &str) -> bool {
    fn matches(name: &[u8], pattern: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'%', rest)) => (0..=name.len()).any(|skipped| matches(&name[skipped..], rest)),
            Some((wanted, rest)) => name.split_first().is_some_and(|(found, behind)| {
                (*wanted == b'_' || wanted.eq_ignore_ascii_case(found)) && matches(behind, rest)
            }),
        }
    }
    // A pattern of many `%` would take for ever.
    pattern.matches('%').count() <= 4 && matches(name.as_bytes(), pattern.as_bytes())
}
