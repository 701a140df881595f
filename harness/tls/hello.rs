//! ClientHello and ServerHello as far as a bystander needs them (RFC 5246 §7.4.1, RFC 8446 §4.1).

use crate::handshake::TlsVersion;

/// What a ClientHello offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// `client_version` (called `legacy_version` since TLS 1.3).
    pub version: u16,
    /// `supported_versions` (RFC 8446 §4.2.1), as far as it was there.
    pub supported_versions: Vec<u16>,
    /// The suites, in the client's order.
    pub suites: Vec<u16>,
    /// `server_name` (RFC 6066 §3), as far as it was there and is text.
    pub server_name: Option<String>,
    /// Application protocols (RFC 7301), in the client's order.
    pub protocols: Vec<Vec<u8>>,
}

/// What a ServerHello chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHello {
    /// The version, from `supported_versions` if that is there.
    pub version: u16,
    /// The suite.
    pub suite: u16,
    /// Whether it is a HelloRetryRequest: the client is to ask again with another key share (RFC 8446 §4.1.4).
    pub retry: bool,
}

impl ServerHello {
    /// The version, if it is one of ours.
    #[must_use]
    pub fn tls_version(self) -> Option<TlsVersion> {
        TlsVersion::from_wire(self.version)
    }
}

/// Extension numbers (registry "TLS ExtensionType Values").
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// The random of a ServerHello that is a HelloRetryRequest: SHA-256 of that word (RFC 8446 §4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11,
    0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// Fields from front to back; `None` where they end too early.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|octets| octets[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|octets| u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// A vector with a length of one octet before it.
    fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// A vector with a length of two octets before it.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

fn numbers(list: &[u8]) -> Vec<u16> {
    list.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

impl ClientHello {
    /// Reads the body of a ClientHello; `None` if it is none.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let version = fields.u16()?;
        let _random = fields.take(32)?;
        let _session = fields.short()?;
        let suites = numbers(fields.long()?);
        let _compression = fields.short()?;
        let mut hello =
            Self { version, supported_versions: Vec::new(), suites, server_name: None, protocols: Vec::new() };
        if !fields.0.is_empty() {
            hello.read_extensions(Fields(fields.long()?))?;
        }
        Some(hello)
    }

    fn read_extensions(&mut self, mut extensions: Fields<'_>) -> Option<()> {
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let mut data = Fields(extensions.long()?);
            match kind {
                SERVER_NAME => {
                    let mut names = Fields(data.long()?);
                    if names.u8()? == 0 {
                        self.server_name = String::from_utf8(names.long()?.to_vec()).ok();
                    }
                }
                ALPN => {
                    let mut names = Fields(data.long()?);
                    while !names.0.is_empty() {
                        self.protocols.push(names.short()?.to_vec());
                    }
                }
                SUPPORTED_VERSIONS => self.supported_versions = numbers(data.short()?),
                _ => {}
            }
        }
        Some(())
    }
}

impl ServerHello {
    /// Reads the body of a ServerHello; `None` if it is none.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let version = fields.u16()?;
        let random = fields.take(32)?;
        let _session = fields.short()?;
        let suite = fields.u16()?;
        let _compression = fields.u8()?;
        let mut hello = Self { version, suite, retry: random == HELLO_RETRY_REQUEST };
        if !fields.0.is_empty() {
            let mut extensions = Fields(fields.long()?);
            while !extensions.0.is_empty() {
                let kind = extensions.u16()?;
                let mut data = Fields(extensions.long()?);
                if kind == SUPPORTED_VERSIONS {
                    hello.version = data.u16()?;
                }
            }
        }
        Some(hello)
    }
}
