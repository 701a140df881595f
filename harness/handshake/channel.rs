//! What is known of the layer that carries a connection once it is up.

use shakedown_krb5::Principal;
use std::fmt;
use std::str::FromStr;

/// A TLS protocol version, in the order of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// RFC 2246, wire `03 01`.
    Tls1_0,
    /// RFC 4346, wire `03 02`.
    Tls1_1,
    /// RFC 5246, wire `03 03`.
    Tls1_2,
    /// RFC 8446, wire `03 04`.
    Tls1_3,
}

impl TlsVersion {
    /// All versions, oldest first.
    pub const ALL: [Self; 4] = [Self::Tls1_0, Self::Tls1_1, Self::Tls1_2, Self::Tls1_3];

    /// As scenarios write it: `1.0`, `1.1`, `1.2`, `1.3`.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::Tls1_0 => "1.0",
            Self::Tls1_1 => "1.1",
            Self::Tls1_2 => "1.2",
            Self::Tls1_3 => "1.3",
        }
    }

    /// The two octets on the wire.
    #[must_use]
    pub const fn wire(self) -> u16 {
        match self {
            Self::Tls1_0 => 0x0301,
            Self::Tls1_1 => 0x0302,
            Self::Tls1_2 => 0x0303,
            Self::Tls1_3 => 0x0304,
        }
    }

    /// The version that two octets on the wire mean, if it is one of these.
    #[must_use]
    pub fn from_wire(wire: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.wire() == wire)
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS{}", self.number())
    }
}

/// A text that is no TLS version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown TLS version '{0}', allowed are 1.0, 1.1, 1.2, 1.3")]
pub struct UnknownTlsVersion(pub String);

impl FromStr for TlsVersion {
    type Err = UnknownTlsVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix("TLS").unwrap_or(text);
        Self::ALL
            .into_iter()
            .find(|version| version.number() == number)
            .ok_or_else(|| UnknownTlsVersion(text.to_owned()))
    }
}

/// A layer that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelFacts {
    /// TLS.
    Tls(TlsFacts),
    /// GSS-API encryption.
    Gss(GssFacts),
}

/// What a finished TLS handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// The negotiated version.
    pub version: TlsVersion,
    /// The negotiated suite under OpenSSL's name (`ECDHE-RSA-AES128-SHA`), or `0xC013`-like if it has none.
    pub suite: String,
    /// The protocol that ALPN selected.
    pub alpn: Option<Vec<u8>>,
    /// `tls-server-end-point` (RFC 5929 §4): the hash of the server's certificate, for channel binding.
    pub server_end_point: Option<Vec<u8>>,
}

/// What a finished GSS-API context established.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GssFacts {
    /// The initiator.
    pub client: Principal,
    /// The acceptor.
    pub service: Principal,
}
