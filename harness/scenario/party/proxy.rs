//! What stands between clients and servers: real programs, whatever the servers are.

use crate::scenario::party::{Certificate, ClientTls, Password, TlsRange};
use std::collections::BTreeMap;

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Which program.
    pub kind: ProxyKind,
    /// The name of the party behind it.
    pub to: String,
    /// The name that clients dial.
    pub host: String,
    /// Offset to the base clock in seconds. The programs have the clock of the machine, so that a case with another one cannot be
    /// played.
    pub clock_seconds: i64,
}

/// Which program a proxy is, with what only that one can be told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// HAProxy in TCP mode: hands octets over and understands none of them.
    HaProxy,
    /// PgBouncer: a PostgreSQL server towards clients and a PostgreSQL client towards the server.
    PgBouncer(PgBouncer),
}

impl ProxyKind {
    /// The word in scenarios, and the name of the program.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::HaProxy => "haproxy",
            Self::PgBouncer(_) => "pgbouncer",
        }
    }
}

/// What PgBouncer is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PgBouncer {
    /// TLS towards clients; `None` if it is not offered.
    pub tls: Option<ProxyTls>,
    /// TLS towards the server.
    pub server_tls: ClientTls,
    /// How it asks clients.
    pub auth: ProxyAuth,
    /// Whom it knows, with the passwords that it asks for and logs in with.
    pub users: BTreeMap<String, Password>,
}

/// TLS of a proxy towards its clients.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProxyTls {
    /// Whether a client without it is refused.
    pub required: bool,
    /// Versions that it accepts.
    pub versions: TlsRange,
    /// Suites that it accepts under OpenSSL's names. Empty: all that OpenSSL has.
    pub suites: Vec<String>,
    /// What it shows.
    pub certificate: Certificate,
}

/// `auth_type` of PgBouncer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyAuth {
    /// `trust`: whoever is known is let in.
    Trust,
    /// `plain`: for the password as it is.
    Plain,
    /// `md5`
    Md5,
    /// `scram-sha-256`
    ScramSha256,
}

impl ProxyAuth {
    /// The word in scenarios and in PgBouncer's configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Plain => "plain",
            Self::Md5 => "md5",
            Self::ScramSha256 => "scram-sha-256",
        }
    }
}
