//! System variables: those that drivers ask for while they connect.

use crate::mysql::command::Session;
use std::collections::BTreeSet;

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// On or off: 1 and 0 for `SELECT`, ON and OFF for `SHOW`.
    Flag(bool),
    /// A number.
    Number(String),
    /// A text; `None` is NULL.
    Text(Option<String>),
}

impl Value {
    /// As `SHOW VARIABLES` has it.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Flag(is_on) => if is_on { "ON" } else { "OFF" }.to_owned(),
            Self::Number(text) => text,
            Self::Text(text) => text.unwrap_or_default(),
        }
    }
}

/// A variable of a session; `None` if the server has none of that name.
pub(super) fn value(name: &str, session: &Session) -> Option<Value> {
    let text = raw(name, session)?;
    Some(match text {
        Some(text) if FLAGS.contains(&name) => Value::Flag(matches!(text.as_str(), "1" | "ON")),
        Some(text) if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) => Value::Number(text),
        text => Value::Text(text),
    })
}

/// The names of all.
pub(super) fn names(session: &Session) -> BTreeSet<String> {
    let built_in = VARIABLES.iter().map(|(name, _)| (*name).to_owned());
    built_in.chain(session.settings.variables.keys().cloned()).collect()
}

fn raw(name: &str, session: &Session) -> Option<Option<String>> {
    let settings = &session.settings;
    if let Some(value) = session.variables.get(name) {
        return Some(value.clone());
    }
    if let Some(value) = settings.variables.get(name) {
        return Some(Some(value.clone()));
    }
    let value = VARIABLES.iter().find(|(known, _)| *known == name)?.1;
    let is_old = settings.is_old();
    let value = match name {
        "version" => settings.version.clone(),
        "default_authentication_plugin" => settings.default_plugin.name().to_owned(),
        "have_ssl" => if settings.tls { "YES" } else { "DISABLED" }.to_owned(),
        "require_secure_transport" => if settings.require_secure_transport { "ON" } else { "OFF" }.to_owned(),
        "autocommit" => if session.autocommit { "ON" } else { "OFF" }.to_owned(),
        "character_set_client" | "character_set_connection" | "character_set_results" => {
            session.charset.name.to_owned()
        }
        // Removed in 8.0.
        "tx_isolation" if is_old => "REPEATABLE-READ".to_owned(),
        "tx_read_only" | "query_cache_size" if is_old => "0".to_owned(),
        "query_cache_type" if is_old => "OFF".to_owned(),
        "tx_isolation" | "tx_read_only" | "query_cache_size" | "query_cache_type" => return None,
        _ => value.to_owned(),
    };
    Some(Some(value))
}

/// Variables that are on or off.
const FLAGS: &[&str] = &[
    "autocommit",
    "innodb_read_only",
    "local_infile",
    "performance_schema",
    "read_only",
    "require_secure_transport",
    "transaction_read_only",
    "tx_read_only",
];

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
