//! Answers to the statements that drivers send on connecting. Not a database: whatever is not understood is refused.

use crate::mysql::charset::Charset;
use crate::mysql::command::Session;
use crate::mysql::reply::ErrPacket;
use crate::mysql::result_set::{Column, ColumnKind, ResultSet};
use crate::mysql::session_state::{STATUS_NO_INDEX_USED, TRACKED};
use crate::mysql::variables::{self, Value};

/// What becomes of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// OK.
    Done,
    /// OK, and something of the session is different.
    Set(Vec<Assignment>),
    /// OK, and a transaction is open from here on, or none is any more.
    Transaction {
        /// Whether one is.
        is_open: bool,
    },
    /// Another database.
    Use(String),
    /// A table, with further status flags.
    Table(ResultSet, u16),
    /// An error.
    Refused(ErrPacket),
}

/// What `SET` changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// The character set of both directions.
    Charset(Charset),
    /// `autocommit`.
    Autocommit(bool),
    /// A variable that is reported; `None` is NULL.
    Variable(&'static str, Option<String>),
}

/// Answers a statement: `SET …`, `SELECT` of constants, system variables and a few functions, `SHOW VARIABLES`,
/// `SHOW STATUS` of TLS, `SHOW WARNINGS`, `USE`, and the ends and beginnings of transactions.
#[must_use]
pub fn answer(statement: &str, session: &Session) -> Answer {
    let text = without_comments(statement);
    let text = text.trim().trim_end_matches(';').trim_end();
    let (verb, rest) = split_word(text);
    let result = match verb.to_ascii_uppercase().as_str() {
        "SET" if !rest.is_empty() => Ok(set(rest, session)),
        "BEGIN" | "START" => Ok(Answer::Transaction { is_open: true }),
        "COMMIT" | "ROLLBACK" => Ok(Answer::Transaction { is_open: false }),
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
            // A text is called by what is in it.
            let name = if name == expression { string_literal(name).unwrap_or(name) } else { name };
            Ok((Column::new(name, kind), value))
        })
        .collect::<Result<Vec<_>, ErrPacket>>()?;
    Ok(Answer::Table(ResultSet::of_row(values), 0))
}

fn value(expression: &str, session: &Session) -> Result<(ColumnKind, Option<String>), ErrPacket> {
    if !expression.is_empty() && expression.bytes().all(|octet| octet.is_ascii_digit()) {
        // 8.0 leaves room for a sign.
        let length = count(expression) + u32::from(!session.settings.is_old());
        return Ok((ColumnKind::Literal(length), Some(expression.to_owned())));
    }
    if let Some(literal) = string_literal(expression) {
        return Ok((ColumnKind::TextNotNull(count(literal)), Some(literal.to_owned())));
    }
    if let Some(name) = expression.strip_prefix("@@") {
        let name = name.to_ascii_lowercase().replace('`', "");
        let name = ["global.", "session.", "local."].iter().find_map(|scope| name.strip_prefix(scope)).unwrap_or(&name);
        return match variables::value(name, session) {
            Some(Value::Flag(is_on)) => Ok((ColumnKind::Flag, Some(u8::from(is_on).to_string()))),
            Some(Value::Number(text)) => Ok((ColumnKind::Number, Some(text))),
            // A LONGTEXT of a variable is as long as a TEXT may be.
            Some(Value::Text(text)) => Ok((ColumnKind::Text(21_845), text)),
            None => Err(ErrPacket::new(1193, b"HY000", format!("Unknown system variable '{name}'"))),
        };
    }
    let function = expression.to_ascii_lowercase().replace(' ', "");
    match function.as_str() {
        // 32 characters of a name, an @, and 255 of a host.
        "current_user()" | "current_user" => Ok((ColumnKind::Text(288), Some(format!("{}@%", session.user)))),
        "user()" | "session_user()" | "system_user()" => {
            Ok((ColumnKind::Text(288), Some(format!("{}@{}", session.user, session.client_host))))
        }
        "version()" => {
            let version = session.settings.version.clone();
            Ok((ColumnKind::TextNotNull(count(&version)), Some(version)))
        }
        "connection_id()" => Ok((ColumnKind::NumberNotNull, Some(session.connection_id.to_string()))),
        "database()" | "schema()" => Ok((ColumnKind::Text(64), session.database.clone())),
        _ => Err(not_understood(expression)),
    }
}

fn show(rest: &str, session: &Session) -> Result<Answer, ErrPacket> {
    let (first, mut filter) = split_word(rest);
    let mut what = first.to_ascii_uppercase();
    let is_global = what == "GLOBAL";
    if matches!(what.as_str(), "GLOBAL" | "SESSION") {
        let (second, behind) = split_word(filter);
        what = second.to_ascii_uppercase();
        filter = behind;
    }
    let (table, rows): (_, Vec<(String, String)>) = match what.as_str() {
        "VARIABLES" => {
            let valued = |name: String| variables::value(&name, session).map(|value| (name, value.shown()));
            let table = if is_global { "global_variables" } else { "session_variables" };
            (table, variables::names(session).into_iter().filter_map(valued).collect())
        }
        "STATUS" => {
            let facts = session.tls.as_ref();
            let suite = facts.map(|tls| tls.suite.clone()).unwrap_or_default();
            let version = facts.map(|tls| format!("TLSv{}", tls.version.number().trim_end_matches(".0")));
            let rows = vec![("Ssl_cipher".to_owned(), suite), ("Ssl_version".to_owned(), version.unwrap_or_default())];
            (if is_global { "global_status" } else { "session_status" }, rows)
        }
        "WARNINGS" => {
            let columns = [
                ("Level", ColumnKind::TextNotNull(7)),
                ("Code", ColumnKind::Code),
                ("Message", ColumnKind::TextNotNull(512)),
            ];
            let columns = columns.map(|(name, kind)| Column::new(name, kind)).into();
            return Ok(Answer::Table(ResultSet { columns, rows: Vec::new() }, 0));
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
    // Variables are looked through one by one, and that is said.
    let status = if what == "VARIABLES" { STATUS_NO_INDEX_USED } else { 0 };
    Ok(Answer::Table(ResultSet { columns: Column::of_show(table), rows }, status))
}

/// Reads the assignments that a session reports, or that change what it says. Others are taken and do nothing: there is nothing here
/// that would behave differently.
fn set(rest: &str, session: &Session) -> Answer {
    let mut set = Vec::new();
    for item in split_list(rest) {
        let (first, behind) = split_word(item);
        match first.to_ascii_lowercase().as_str() {
            "names" => {
                let name = unquoted(split_word(behind).0);
                let Some(charset) = Charset::by_name(name, session.settings.is_old()) else {
                    return Answer::Refused(unknown_charset(name));
                };
                set.push(Assignment::Charset(charset));
            }
            "character" | "charset" | "global" | "persist" | "transaction" | "password" => {}
            _ => set.extend(assignment(item)),
        }
    }
    Answer::Set(set)
}

/// `@@session.autocommit = 0`, `SESSION time_zone = '+00:00'`, `character_set_results = NULL`.
fn assignment(item: &str) -> Option<Assignment> {
    let (name, value) = item.split_once('=')?;
    let name = name.trim_end().trim_end_matches(':').trim().to_ascii_lowercase();
    let name = name.strip_prefix("@@").unwrap_or(&name);
    let scopes = ["session.", "local.", "session ", "local "];
    let name = scopes.iter().find_map(|scope| name.strip_prefix(scope)).unwrap_or(name).trim();
    let name = TRACKED.into_iter().find(|tracked| *tracked == name)?;
    let value = unquoted(value.trim());
    if name == "autocommit" {
        return Some(Assignment::Autocommit(matches!(value.to_ascii_uppercase().as_str(), "1" | "ON" | "TRUE")));
    }
    let value = (!value.eq_ignore_ascii_case("null")).then(|| value.to_owned());
    Some(Assignment::Variable(name, value))
}

fn unquoted(text: &str) -> &str {
    string_literal(text).unwrap_or(text)
}

fn unknown_charset(name: &str) -> ErrPacket {
    ErrPacket::new(1115, b"42000", format!("Unknown character set: '{name}'"))
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
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
