//! Who can be told to do something wrong, and what.

use crate::iam;
use crate::scenario::party::ClientDeviation;
use crate::scenario::plan::Case;
use crate::scenario::profile::Protocol;
use shakedown_krb5::gss::Lenience;

/// A party that can be told to do something wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Faulty {
    /// The mock of a MySQL server.
    MysqlServer,
    /// The mock of a PostgreSQL server.
    PostgresServer,
    /// A mock server's acceptor of tickets, whatever it speaks.
    Service,
    /// Whoever verifies IAM tokens for a mock server.
    TokenVerifier,
    /// The mock of a KDC.
    Kdc,
    /// Our client, whatever it speaks.
    Client,
    /// Our client of MySQL.
    MysqlClient,
    /// Our client of PostgreSQL.
    PostgresClient,
    /// Our client of KDCs.
    KerberosClient,
    /// Our maker of IAM tokens.
    TokenClient,
}

impl Faulty {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::MysqlServer,
        Self::PostgresServer,
        Self::Service,
        Self::TokenVerifier,
        Self::Kdc,
        Self::Client,
        Self::MysqlClient,
        Self::PostgresClient,
        Self::KerberosClient,
        Self::TokenClient,
    ];

    /// The word in `scenarios/faults.toml` and in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::MysqlServer => "mysql-server",
            Self::PostgresServer => "postgres-server",
            Self::Service => "service",
            Self::TokenVerifier => "token-verifier",
            Self::Kdc => "kdc",
            Self::Client => "client",
            Self::MysqlClient => "mysql-client",
            Self::PostgresClient => "postgres-client",
            Self::KerberosClient => "kerberos-client",
            Self::TokenClient => "token-client",
        }
    }

    /// The protocol that it speaks, if it is one of the databases'.
    #[must_use]
    pub const fn protocol(self) -> Option<Protocol> {
        match self {
            Self::MysqlServer | Self::MysqlClient => Some(Protocol::Mysql),
            Self::PostgresServer | Self::PostgresClient => Some(Protocol::Postgres),
            Self::Service
            | Self::TokenVerifier
            | Self::Kdc
            | Self::Client
            | Self::KerberosClient
            | Self::TokenClient => None,
        }
    }

    /// Whether somebody in a case speaks to it, or it speaks to somebody.
    pub(super) fn is_met_in(self, case: &Case) -> bool {
        match self {
            Self::Service | Self::Kdc | Self::KerberosClient => !case.realms.is_empty(),
            Self::TokenVerifier | Self::TokenClient => case.servers.values().any(|server| server.iam.is_some()),
            Self::Client => !case.servers.is_empty(),
            _ => case.servers.values().any(|server| Some(server.protocol()) == self.protocol()),
        }
    }

    /// Everything that it can be told to do wrong: the words of its tables and the clauses that are broken.
    #[must_use]
    pub fn tables(self) -> Vec<(&'static str, &'static str)> {
        let of_tokens = crate::iam::Deviation::ALL.iter().map(|known| (known.word(), known.clause()));
        match self {
            Self::MysqlServer => {
                let of_protocol = crate::mysql::Deviation::ALL.iter().map(|known| (known.word(), known.clause()));
                of_protocol.chain(of_tokens).collect()
            }
            Self::PostgresServer => {
                let of_protocol = crate::postgres::Deviation::ALL.iter().map(|known| (known.word(), known.clause()));
                of_protocol.chain(of_tokens).collect()
            }
            Self::Kdc => mock_kdc::Deviation::ALL.iter().map(|known| (known.name(), known.clause())).collect(),
            Self::KerberosClient => {
                use shakedown_krb5::client::{Deviation, Lenience};
                let asks = Deviation::ALL.iter().map(|known| (known.word(), known.clause()));
                asks.chain(Lenience::ALL.iter().map(|known| (known.word(), known.clause()))).collect()
            }
            Self::TokenVerifier => iam::Deviation::ALL.iter().map(|known| (known.word(), known.clause())).collect(),
            Self::TokenClient => iam::Departure::ALL.iter().map(|known| (known.word(), known.clause())).collect(),
            Self::Service => Lenience::ALL.iter().map(|known| (known.word(), known.clause())).collect(),
            Self::Client => ClientDeviation::ALL.iter().map(|known| (known.word(), known.clause())).collect(),
            Self::MysqlClient => {
                crate::mysql::ClientDeviation::ALL.iter().map(|known| (known.word(), known.clause())).collect()
            }
            Self::PostgresClient => {
                crate::postgres::ClientDeviation::ALL.iter().map(|known| (known.word(), known.clause())).collect()
            }
        }
    }
}
