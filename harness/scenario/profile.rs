//! What an engine of a version does: TLS versions, suites, plugins, parameters, greeting text.

use crate::scenario::party::TlsRange;
use crate::scenario::version::Version;
use std::collections::BTreeMap;
use std::fmt;

/// A wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// MySQL's.
    Mysql,
    /// PostgreSQL's.
    Postgres,
}

impl Protocol {
    /// The word in profiles.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgres => "postgres",
        }
    }
}

/// An engine line at one version, under the readings of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The engine line: `aurora-mysql`.
    pub line: String,
    /// The version of that line.
    pub version: Version,
    /// What it speaks.
    pub protocol: Protocol,
    /// The version text on the wire: of the greeting (MySQL) or the parameter `server_version` (PostgreSQL).
    pub server_version: String,
    /// TLS versions that it accepts unless a parameter says otherwise.
    pub tls: TlsRange,
    /// Suites that it accepts unless a parameter says otherwise, best first.
    pub suites: Vec<String>,
    /// Plugins (MySQL) or methods (PostgreSQL) that it has.
    pub plugins: Vec<String>,
    /// The plugin (MySQL) or method (PostgreSQL) of an account that names none.
    pub default_plugin: String,
    /// Parameters with their defaults and what they may be set to.
    pub parameters: BTreeMap<String, Parameter>,
}

/// `aurora-mysql 3.04.0`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.line, self.version)
    }
}

/// A parameter of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// Its value where a scenario sets none; empty if it is unset.
    pub default: String,
    /// What it may be set to; empty: anything.
    pub values: Vec<String>,
}
