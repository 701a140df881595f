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
    /// The subject's common name; `None`: the subject is empty.
    pub common_name: Option<String>,
    /// Subject alternative names. Empty: there is no such extension.
    pub names: Vec<String>,
    /// Who signs it.
    pub ca: Ca,
    /// When it is good.
    pub validity: Validity,
    /// Its key.
    pub key: CertificateKey,
}

/// The longest common name (RFC 5280 appendix A, `ub-common-name`).
pub const COMMON_NAME_MAX: usize = 64;

impl Certificate {
    /// One for a host, by the authority that clients trust. A name that is too long for a common name is an alternative name alone.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        Self {
            common_name: (host.len() <= COMMON_NAME_MAX).then(|| host.to_owned()),
            names: vec![host.to_owned()],
            ca: Ca::Own,
            validity: Validity::Now,
            key: CertificateKey::Rsa2048,
        }
    }
}

/// When a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Validity {
    /// While the run lasts.
    Now,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYet,
}

/// The key of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CertificateKey {
    /// RSA, 2048 bits.
    Rsa2048,
    /// RSA, 4096 bits.
    Rsa4096,
    /// ECDSA over P-384, with which no suite for RSA certificates works.
    EcdsaP384,
}

impl CertificateKey {
    /// The word in scenarios.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa4096 => "rsa-4096",
            Self::EcdsaP384 => "ecdsa-p384",
        }
    }
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
    /// Which of a certificate's names it looks at, if it looks at any.
    pub matches: NameMatching,
    /// What it does not check although it should.
    pub deviations: Vec<crate::tls::Deviation>,
}

/// Which names of a certificate a client compares with the one that it dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameMatching {
    /// The alternative names; the common name where there are none.
    San,
    /// The common name alone.
    CommonName,
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
