//! Which parameters there are: name, who may set them when, what they may be, and what they are in a fresh cluster.
//!
//! `definitions.tsv` is what PostgreSQL 15.20 itself says of them, but for the paths and ports of the machine that said it.

use super::number::Unit;
use std::sync::LazyLock;

/// One parameter.
#[derive(Debug, PartialEq)]
pub(super) struct Definition {
    /// In the spelling of the documents.
    pub(super) name: &'static str,
    /// Who may set it, and when.
    pub(super) context: Scope,
    /// What it may be.
    pub(super) domain: Domain,
    /// Whether only superusers may see it.
    pub(super) is_hidden: bool,
    /// What it is in a fresh cluster.
    pub(super) value: &'static str,
}

/// Who may set a parameter, and when (`GucContext`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nobody.
    Internal,
    /// Whoever starts the server.
    Postmaster,
    /// Whoever edits its configuration.
    Sighup,
    /// A superuser, on connecting.
    SuperuserBackend,
    /// Anybody, on connecting.
    Backend,
    /// A superuser.
    Superuser,
    /// Anybody.
    User,
}

/// What a parameter may be.
#[derive(Debug, PartialEq)]
pub(super) enum Domain {
    Boolean,
    Integer { unit: Option<Unit>, least: i64, most: i64 },
    Real { unit: Option<Unit>, least: f64, most: f64 },
    Words(Vec<&'static str>),
    Text,
}

/// Those that a client is told of, in the order in which PostgreSQL 15 does.
pub(super) const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

/// All of them, by name without regard to case.
pub(super) static ALL: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let mut all: Vec<Definition> = include_str!("definitions.tsv").lines().filter_map(read).collect();
    all.sort_by_key(|definition| definition.name.to_ascii_lowercase());
    all
});

/// The place of a parameter in [`ALL`].
pub(super) fn find(name: &str) -> Option<usize> {
    ALL.binary_search_by(|definition| {
        let (known, wanted) = (definition.name.bytes(), name.bytes());
        known.map(|b| b.to_ascii_lowercase()).cmp(wanted.map(|b| b.to_ascii_lowercase()))
    })
    .ok()
}

/// A line of the file; `None` for a comment.
fn read(line: &'static str) -> Option<Definition> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [name, context, kind, unit, least, most, words, hidden, value] = columns.as_slice() else { return None };
    let unit = Unit::by_name(unit);
    let domain = match *kind {
        "bool" => Domain::Boolean,
        "integer" => Domain::Integer { unit, least: least.parse().ok()?, most: most.parse().ok()? },
        "real" => Domain::Real { unit, least: least.parse().ok()?, most: most.parse().ok()? },
        "enum" => Domain::Words(words.split(',').collect()),
        _ => Domain::Text,
    };
    let context = match *context {
        "internal" => Scope::Internal,
        "postmaster" => Scope::Postmaster,
        "sighup" => Scope::Sighup,
        "superuser-backend" => Scope::SuperuserBackend,
        "backend" => Scope::Backend,
        "superuser" => Scope::Superuser,
        _ => Scope::User,
    };
    Some(Definition { name, context, domain, is_hidden: *hidden == "hidden", value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood_and_found_again() {
        let lines = include_str!("definitions.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!((ALL.len(), lines), (359, 359));
        for (index, definition) in ALL.iter().enumerate() {
            assert_eq!(find(&definition.name.to_ascii_uppercase()), Some(index), "{}", definition.name);
        }
        assert_eq!(find("nosuch"), None);
        assert!(REPORTED.iter().all(|name| find(name).is_some()));
    }
}
