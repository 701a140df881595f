//! TLS of servers and clients: versions, suites, certificates, trust.

use crate::handshake::TlsVersion;

/// TLS of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerTls {
    /// Versions that it accepts.
    pub versions: TlsRange,
    /// Suites that it accepts, best first, under OpenSSL's names.
    pub suites: Vec<String>,
    /// What carries it out.
    pub provider: TlsProvider,
    /// What it shows.
    pub certificate: Certificate,
}

/// The oldest and the newest version, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TlsRange {
    /// The oldest.
    pub min: TlsVersion,
    /// The newest. INVARIANT: not older than `min`.
    pub max: TlsVersion,
}

impl TlsRange {
    /// Whether `version` lies in it.
    #[must_use]
    pub fn contains(self, version: TlsVersion) -> bool {
        (self.min..=self.max).contains(&version)
    }
}

/// A TLS implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsProvider {
    /// TLS 1.0 to 1.3, all suites.
    OpenSsl,
    /// TLS 1.2 and 1.3, ECDHE with AES-GCM only.
    Rustls,
}

/// A server certificate, made for the run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Subject alternative names; the first is the common name too.
    pub names: Vec<String>,
    /// Who signs it.
    pub ca: Ca,
}

/// A certificate authority of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ca {
    /// The one that clients trust.
    Own,
    /// One of another name and key.
    Other,
    /// Nobody: the certificate signs itself.
    SelfSigned,
}

/// TLS of a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientTls {
    /// Whether it is wanted and what is verified.
    pub mode: TlsMode,
    /// Versions that it offers.
    pub versions: TlsRange,
    /// Suites that it offers, in order, under OpenSSL's names. Empty: all that the provider has.
    pub suites: Vec<String>,
    /// What carries it out.
    pub provider: TlsProvider,
    /// Which authority it trusts; `None`: no CA file is given.
    pub trust: Option<Ca>,
}

/// `--ssl-mode` of MySQL and `sslmode` of libpq, which mean the same where both have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// `DISABLED`, `disable`
    Disabled,
    /// `allow`: in the clear first (PostgreSQL).
    Allowed,
    /// `PREFERRED`, `prefer`
    Preferred,
    /// `REQUIRED`, `require`
    Required,
    /// `VERIFY_CA`, `verify-ca`
    VerifyCa,
    /// `VERIFY_IDENTITY`, `verify-full`
    VerifyIdentity,
}
