//! What a server has and how it decides.

use crate::handshake::{Random, Timestamp};
use crate::iam;
use crate::postgres::auth::md5::Md5Verifier;
use crate::postgres::auth::scram::ScramVerifier;
use crate::postgres::deviation::Deviation;
use crate::postgres::hba::Rule;
use crate::postgres::server::session::DEFAULT_VERSION;
use shakedown_krb5::gss::Acceptor;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Everything that is the same for all connections of a server. Shared, so that verifiers are derived once.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// `pg_hba.conf`, in order.
    pub rules: Vec<Rule>,
    /// The roles that exist.
    pub accounts: BTreeMap<String, Account>,
    /// The databases that exist.
    pub databases: Databases,
    /// `ssl`: whether an SSLRequest is answered by `S`.
    pub tls: bool,
    /// Whether ALPN `postgresql` is selected where offered (PostgreSQL 17).
    pub alpn: bool,
    /// Whether a GSSENCRequest is answered by `G`; needs an [`acceptor`](Self::acceptor).
    pub gss_encryption: bool,
    /// The Kerberos service. An acceptor without keys is a server without keytab; `None` a server built without GSSAPI.
    pub acceptor: Option<Arc<Acceptor>>,
    /// Who judges what is sent for the method `pam`. `None` refuses all.
    pub tokens: Option<Arc<dyn TokenCheck>>,
    /// The parameter `server_version`.
    pub server_version: String,
    /// What `SELECT version()` returns.
    pub version_text: String,
    /// Values of parameters where they differ from a fresh PostgreSQL 15 (`TimeZone`, `is_superuser` …).
    pub parameters: Vec<(String, String)>,
    /// Makes up the salts of roles that do not exist, the same for each connection. From a random source.
    pub mock_nonce: [u8; 32],
    /// A reason to refuse every connection once its startup packet is in.
    pub unavailable: Option<Unavailable>,
    /// One departure from the protocol.
    pub deviation: Option<Deviation>,
}

impl ServerSettings {
    /// PostgreSQL 15 without roles, rules, TLS and Kerberos, with every database that is asked for.
    pub fn new(random: &mut dyn Random) -> Self {
        let mut mock_nonce = [0; 32];
        random.fill(&mut mock_nonce);
        Self {
            rules: Vec::new(),
            accounts: BTreeMap::new(),
            databases: Databases::Any,
            tls: false,
            alpn: false,
            gss_encryption: false,
            acceptor: None,
            tokens: None,
            server_version: DEFAULT_VERSION.to_owned(),
            version_text: format!("PostgreSQL {DEFAULT_VERSION} on x86_64-pc-linux-gnu, 64-bit"),
            parameters: Vec::new(),
            mock_nonce,
            unavailable: None,
            deviation: None,
        }
    }

    /// Whether the mock was asked for this departure.
    #[must_use]
    pub fn deviates(&self, deviation: Deviation) -> bool {
        self.deviation == Some(deviation)
    }
}

/// A role. Holds what is derived from its password, never the password; `Debug` shows none of it.
#[derive(Debug, Clone)]
pub struct Account {
    /// What `pg_authid.rolpassword` holds.
    pub verifier: Option<Verifier>,
    /// `LOGIN`.
    pub can_login: bool,
}

impl Account {
    /// A role without a password: by trust, Kerberos or token only.
    #[must_use]
    pub const fn without_password() -> Self {
        Self { verifier: None, can_login: true }
    }

    /// `CREATE ROLE user LOGIN PASSWORD …` under the given `password_encryption`. Takes about a millisecond for SCRAM.
    pub fn with_password(user: &str, password: &[u8], encryption: PasswordEncryption, random: &mut dyn Random) -> Self {
        let verifier = match encryption {
            PasswordEncryption::Md5 => Verifier::Md5(Md5Verifier::new(user, password)),
            PasswordEncryption::ScramSha256 => {
                let mut salt = [0; 16];
                random.fill(&mut salt);
                Verifier::Scram(ScramVerifier::new(password, &salt, 4096))
            }
        };
        Self { verifier: Some(verifier), can_login: true }
    }
}

/// What a server keeps instead of a password.
#[derive(Debug, Clone)]
pub enum Verifier {
    /// `md5…`.
    Md5(Md5Verifier),
    /// `SCRAM-SHA-256$…`.
    Scram(ScramVerifier),
}

/// `password_encryption`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordEncryption {
    /// `md5`.
    Md5,
    /// `scram-sha-256`.
    ScramSha256,
}

impl FromStr for PasswordEncryption {
    type Err = UnknownEncryption;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "md5" => Ok(Self::Md5),
            "scram-sha-256" => Ok(Self::ScramSha256),
            _ => Err(UnknownEncryption(word.to_owned())),
        }
    }
}

/// A word that is no `password_encryption`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown password_encryption '{0}', allowed are md5, scram-sha-256")]
pub struct UnknownEncryption(pub String);

/// Which databases exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Databases {
    /// Whichever is asked for.
    Any,
    /// These only.
    These(Vec<String>),
}

impl Databases {
    /// Whether a database exists.
    #[must_use]
    pub fn contain(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(names) => names.iter().any(|database| database == name),
        }
    }
}

/// Why a server takes nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unavailable {
    /// 53300.
    TooManyClients,
    /// 57P03.
    StartingUp,
    /// 57P03.
    ShuttingDown,
    /// 57P03.
    Recovering,
}

/// Judges tokens that come as cleartext passwords (the method `pam`, as RDS does with IAM tokens).
pub trait TokenCheck: fmt::Debug + Send + Sync {
    /// Whether `token` lets `user` in at `now`. The error is the server's view of the reason; it never holds the token.
    ///
    /// # Errors
    /// The token is refused.
    fn check(&self, user: &str, token: &[u8], now: Timestamp) -> Result<(), Cow<'static, str>>;
}

impl TokenCheck for iam::Verifier {
    fn check(&self, user: &str, token: &[u8], now: Timestamp) -> Result<(), Cow<'static, str>> {
        self.verify(user, token, now).map_err(|refusal| refusal.cause().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_printed_without_its_verifier() {
        struct Fixed;
        impl Random for Fixed {
            fn fill(&mut self, bytes: &mut [u8]) {
                bytes.fill(7);
            }
        }
        for encryption in [PasswordEncryption::Md5, PasswordEncryption::ScramSha256] {
            let account = Account::with_password("alice", b"sesame", encryption, &mut Fixed);
            let shown = format!("{account:?}");
            assert!(!shown.contains("key: [") && !shown.contains("hash: ") && !shown.contains("sesame"), "{shown}");
        }
    }
}
