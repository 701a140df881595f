//! Database accounts, and for PostgreSQL the lines of pg_hba.conf.

use crate::scenario::party::{Password, Realm};
use std::sync::Arc;

/// A database account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// What proves the identity. More than one only where a role can be granted more than one (PostgreSQL).
    pub proofs: Vec<Proof>,
    /// `REQUIRE SSL` (MySQL).
    pub require_ssl: bool,
    /// Databases that it may use; empty: all.
    pub databases: Vec<String>,
}

/// An account of clients that come from somewhere: `'alice'@'10.%'`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostAccount {
    /// The user.
    pub login: String,
    /// Names or addresses, with the wildcards of SQL.
    pub host: String,
    /// The account.
    pub account: Account,
}

/// What proves an identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Nothing needs to be proved.
    Trust,
    /// A password.
    Password {
        /// How it is stored and asked for.
        scheme: PasswordScheme,
        /// The password.
        password: Password,
        /// caching_sha2_password: whether the server has the hash in its cache, so that the fast path is taken.
        cached: bool,
    },
    /// A service ticket of a realm.
    Kerberos {
        /// The realm of the users.
        realm: Arc<Realm>,
        /// PostgreSQL `include_realm`: whether the login is `user@REALM`.
        include_realm: bool,
    },
    /// An IAM token.
    Iam,
}

/// How a password is stored and asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordScheme {
    /// MySQL `mysql_native_password`.
    MysqlNativePassword,
    /// MySQL `caching_sha2_password`.
    CachingSha2Password,
    /// MySQL `sha256_password`.
    Sha256Password,
    /// PostgreSQL `scram-sha-256`.
    ScramSha256,
    /// PostgreSQL `md5`.
    Md5,
    /// PostgreSQL `password`.
    Cleartext,
}

impl PasswordScheme {
    /// The plugin (MySQL) or method of pg_hba.conf (PostgreSQL).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::MysqlNativePassword => "mysql_native_password",
            Self::CachingSha2Password => "caching_sha2_password",
            Self::Sha256Password => "sha256_password",
            Self::ScramSha256 => "scram-sha-256",
            Self::Md5 => "md5",
            Self::Cleartext => "password",
        }
    }
}

/// A line of pg_hba.conf.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HbaLine {
    /// Its first column.
    pub connection: HbaConnection,
    /// The role; `None` for `all`.
    pub user: Option<String>,
    /// What is asked for.
    pub method: HbaMethod,
}

/// The first column of a line of pg_hba.conf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HbaConnection {
    /// `host`: any.
    Any,
    /// `hostssl`.
    Ssl,
    /// `hostnossl`.
    NoSsl,
    /// `hostgssenc`.
    GssEnc,
    /// `hostnogssenc`.
    NoGssEnc,
}

/// The last column of a line of pg_hba.conf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HbaMethod {
    /// `trust`
    Trust,
    /// `reject`
    Reject,
    /// `scram-sha-256`
    ScramSha256,
    /// `md5`
    Md5,
    /// `password`
    Password,
    /// `gss`, with `include_realm`.
    Gss {
        /// Whether the login is `user@REALM`.
        include_realm: bool,
    },
    /// `pam`, which is how IAM tokens are asked for.
    Pam,
}
