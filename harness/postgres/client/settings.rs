//! What a client is told to do, in libpq's words.

use crate::handshake::Secret;
use crate::postgres::client_deviation::Deviation as ClientDeviation;
use shakedown_krb5::Principal;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Everything a client machine needs for one connection. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The role; cut to 63 octets by the server, not by us.
    pub user: String,
    /// The database; `None` leaves it to the server, which takes the role's name.
    pub database: Option<String>,
    /// Password or token; `None` ends the connection at a password request (`no_password`).
    pub secret: Option<Secret>,
    /// `sslmode`. Which certificates are trusted, and whether names are compared, is the driver's business.
    pub ssl_mode: SslMode,
    /// TLS from the first byte instead of an SSLRequest (`sslnegotiation=direct`, PostgreSQL 17).
    pub direct_tls: bool,
    /// Whether ALPN `postgresql` is offered (libpq from 17 on; obligatory with direct TLS, where it is always offered).
    pub alpn: bool,
    /// `gssencmode`.
    pub gss_enc_mode: GssEncMode,
    /// Kerberos; `None` is a client without any ticket (`no_ticket`).
    pub kerberos: Option<KerberosSettings>,
    /// `channel_binding`.
    pub channel_binding: ChannelBinding,
    /// Whether a secret may be sent as it is.
    pub cleartext: Cleartext,
    /// SCRAM iteration counts that are computed; anything else is refused. RFC 7677 §4 sets the lower end, the upper one
    /// keeps a server from keeping us busy.
    pub scram_iterations: RangeInclusive<u32>,
    /// The protocol version asked for: `0x0003_0000` or `0x0003_0002`.
    pub protocol: u32,
    /// Further startup parameters (`application_name`, `options`, `_pq_.…`), in order.
    pub parameters: Vec<(String, String)>,
    /// A statement to be run once the server is ready.
    pub query: Option<String>,
    /// How the protocol is to be broken, or may be by the server.
    pub deviations: Vec<ClientDeviation>,
}

impl ClientSettings {
    /// Protocol 3.0.
    pub const PROTOCOL_3_0: u32 = 0x0003_0000;
    /// Protocol 3.2 (PostgreSQL 18).
    pub const PROTOCOL_3_2: u32 = 0x0003_0002;

    /// libpq's defaults for `user`: no secret, no ticket, `sslmode=prefer`, `gssencmode=prefer`, protocol 3.0.
    pub fn new(user: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            database: None,
            secret: None,
            ssl_mode: SslMode::Prefer,
            direct_tls: false,
            alpn: false,
            gss_enc_mode: GssEncMode::Prefer,
            kerberos: None,
            channel_binding: ChannelBinding::Prefer,
            cleartext: Cleartext::Allow,
            scram_iterations: 4096..=100_000,
            protocol: Self::PROTOCOL_3_0,
            parameters: Vec::new(),
            query: None,
            deviations: Vec::new(),
        }
    }

    /// Whether the client is asked to do this wrong.
    #[must_use]
    pub fn deviates(&self, deviation: ClientDeviation) -> bool {
        self.deviations.contains(&deviation)
    }

    /// What libpq does next after a connection that failed over `transport`: the settings of the second (or third)
    /// connection of the same attempt, or `None` where it gives up.
    ///
    /// `prefer` modes fall back to weaker protection, `sslmode=allow` goes up to TLS. A connection that was refused before
    /// anything could be encrypted, by `N`, has fallen back already and counts as clear.
    #[must_use]
    pub fn after_failure_over(&self, transport: Transport) -> Option<Self> {
        let mut next = self.clone();
        match transport {
            Transport::Gss if self.gss_enc_mode == GssEncMode::Prefer => next.gss_enc_mode = GssEncMode::Disable,
            Transport::Tls if self.ssl_mode == SslMode::Prefer => {
                next.ssl_mode = SslMode::Disable;
                next.gss_enc_mode = GssEncMode::Disable;
            }
            Transport::Clear if self.ssl_mode == SslMode::Allow => {
                next.ssl_mode = SslMode::Require;
                next.gss_enc_mode = GssEncMode::Disable;
            }
            Transport::Gss | Transport::Tls | Transport::Clear => return None,
        }
        Some(next)
    }
}

/// What a connection ran over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// No protection.
    Clear,
    /// TLS, or the attempt at it after `S`.
    Tls,
    /// GSS encryption, or the attempt at it after `G`.
    Gss,
}

/// Kerberos, as a client has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KerberosSettings {
    /// The service's first component (`krbsrvname`), `postgres` by default.
    pub service: String,
    /// The host as the connection string has it; nothing is looked up.
    pub host: String,
    /// The service's realm; empty where the client's Kerberos configuration decides.
    pub realm: String,
    /// Whose ticket; `None` for the default principal of the credential cache.
    pub client: Option<Principal>,
    /// Whether the server has to prove itself (libpq: yes; Windows' SSPI: no).
    pub mutual: bool,
}

impl KerberosSettings {
    /// For `postgres/HOST`, with mutual authentication, as libpq on Unix does.
    pub fn new(host: impl Into<String>) -> Self {
        Self { service: "postgres".into(), host: host.into(), realm: String::new(), client: None, mutual: true }
    }
}

/// A word that is no value of a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {setting} '{word}', allowed are {allowed}")]
pub struct UnknownWord {
    /// The setting.
    pub setting: &'static str,
    /// What was written.
    pub word: String,
    /// What is allowed.
    pub allowed: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident ($setting:literal) { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in scenarios and connection strings.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.word() == word).ok_or_else(|| UnknownWord {
                    setting: $setting,
                    word: word.to_owned(),
                    allowed: [$($word,)+].join(", "),
                })
            }
        }
    };
}

words! {
    /// `sslmode`.
    SslMode ("sslmode") {
        /// Never TLS.
        Disable = "disable",
        /// Clear; TLS on a second connection.
        Allow = "allow",
        /// TLS if the server has it.
        Prefer = "prefer",
        /// TLS or nothing, whatever the certificate.
        Require = "require",
        /// … and the certificate's chain is checked.
        VerifyCa = "verify-ca",
        /// … and the host name.
        VerifyFull = "verify-full",
    }
}

words! {
    /// `gssencmode`.
    GssEncMode ("gssencmode") {
        /// Never.
        Disable = "disable",
        /// If there is a ticket and the server has it.
        Prefer = "prefer",
        /// GSS encryption or nothing.
        Require = "require",
    }
}

words! {
    /// `channel_binding`.
    ChannelBinding ("channel_binding") {
        /// Never, and the server is told so (`n,,`).
        Disable = "disable",
        /// Over TLS where the server offers it.
        Prefer = "prefer",
        /// Or nothing.
        Require = "require",
    }
}

words! {
    /// Whether the client hands out its secret as it is (`cleartext_forbidden` where not).
    Cleartext ("cleartext") {
        /// Whenever the server asks, as libpq does.
        Allow = "allow",
        /// Only where TLS or GSS protects it.
        Encrypted = "encrypted",
        /// Never.
        Forbid = "forbid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_printed_without_the_secret() {
        let settings = ClientSettings { secret: Some(Secret::password("sesame")), ..ClientSettings::new("alice") };
        assert!(!format!("{settings:?}").contains("sesame"));
    }

    #[test]
    fn words_are_read_back_and_others_are_refused_with_the_list() {
        for mode in SslMode::ALL {
            assert_eq!(mode.word().parse(), Ok(*mode));
        }
        let error = "verify".parse::<SslMode>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown sslmode 'verify', allowed are disable, allow, prefer, require, verify-ca, verify-full"
        );
    }

    #[test]
    fn a_second_connection_falls_back_as_libpq_does() {
        let check = |ssl_mode, gss_enc_mode, transport, expected: Option<(SslMode, GssEncMode)>| {
            let settings = ClientSettings { ssl_mode, gss_enc_mode, ..ClientSettings::new("u") };
            let next = settings.after_failure_over(transport).map(|next| (next.ssl_mode, next.gss_enc_mode));
            assert_eq!(next, expected, "{ssl_mode} {gss_enc_mode} {transport:?}");
        };
        use GssEncMode as G;
        use SslMode as S;
        check(S::Prefer, G::Prefer, Transport::Gss, Some((S::Prefer, G::Disable)));
        check(S::Prefer, G::Require, Transport::Gss, None);
        check(S::Prefer, G::Disable, Transport::Tls, Some((S::Disable, G::Disable)));
        check(S::Prefer, G::Disable, Transport::Clear, None);
        check(S::Allow, G::Disable, Transport::Clear, Some((S::Require, G::Disable)));
        check(S::Require, G::Disable, Transport::Tls, None);
        check(S::Disable, G::Disable, Transport::Clear, None);
    }
}
