//! What a side of a TLS connection wants: plain data, from which contexts are made once.

use crate::handshake::TlsVersion;
use crate::tls::authority::Certified;
use crate::tls::deviation::Deviation;
use crate::tls::key_log::KeyLog;
use crate::tls::suite::Suite;

/// Which TLS library does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Provider {
    /// OpenSSL: TLS 1.0 to 1.3, every suite of the table.
    #[default]
    OpenSsl,
    /// rustls with ring: TLS 1.2 and 1.3, of TLS 1.2 the ECDHE suites with an AEAD.
    Rustls,
}

/// What a client asks of the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Nothing (MySQL `REQUIRED`, PostgreSQL `require`).
    #[default]
    Anyone,
    /// A chain to one of these authorities, in PEM (`VERIFY_CA`, `verify-ca`).
    Authority(String),
    /// And the name or address that the client dialled (`VERIFY_IDENTITY`, `verify-full`). The name is a setting of the
    /// session, as one context serves many.
    Identity(String),
    /// The same by a client that knows no alternative names: the subject's common name is compared, octet by octet, once the
    /// handshake is over (libmysqlclient before 5.7.23, `--ssl-verify-server-cert`).
    CommonName(String),
}

/// A client's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// The library.
    pub provider: Provider,
    /// Versions that may be negotiated. Not empty.
    pub versions: Vec<TlsVersion>,
    /// Suites that are offered, in this order. Empty: whatever the library offers by default.
    pub suites: Vec<&'static Suite>,
    /// What is asked of the certificate.
    pub trust: Trust,
    /// Whether a server name is sent (RFC 6066 §3), if the session has one that is a name.
    pub server_name_indication: bool,
    /// What it does not check although it should.
    pub deviations: Vec<Deviation>,
    /// Where the secrets of its sessions are written, if anywhere.
    pub key_log: Option<KeyLog>,
}

impl ClientSettings {
    /// Whether this weakness was asked for.
    #[must_use]
    pub fn deviates(&self, deviation: Deviation) -> bool {
        self.deviations.contains(&deviation)
    }
}

impl Default for ClientSettings {
    /// OpenSSL, TLS 1.0 to 1.2, the library's suites, no verification.
    fn default() -> Self {
        Self {
            provider: Provider::OpenSsl,
            versions: vec![TlsVersion::Tls1_0, TlsVersion::Tls1_1, TlsVersion::Tls1_2],
            suites: Vec::new(),
            trust: Trust::Anyone,
            server_name_indication: true,
            deviations: Vec::new(),
            key_log: None,
        }
    }
}

/// A server's side.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The library.
    pub provider: Provider,
    /// Versions that may be negotiated. Not empty. The highest that both sides have is taken.
    pub versions: Vec<TlsVersion>,
    /// Suites that are accepted, the server's preference first. Empty: whatever the library accepts by default.
    pub suites: Vec<&'static Suite>,
    /// The certificate and its key.
    pub certificate: Certified,
    /// Where the secrets of its sessions are written, if anywhere.
    pub key_log: Option<KeyLog>,
}

impl ServerSettings {
    /// OpenSSL, TLS 1.0 to 1.2 and the library's suites, with this certificate.
    #[must_use]
    pub fn new(certificate: Certified) -> Self {
        let ClientSettings { provider, versions, suites, .. } = ClientSettings::default();
        Self { provider, versions, suites, certificate, key_log: None }
    }
}
