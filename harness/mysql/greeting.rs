//! The server's first packet: Protocol::HandshakeV10
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html>).

use crate::handshake::{Error, Random, Reader, Writer};
use crate::mysql::auth::Nonce;
use crate::mysql::capability::Capabilities;

/// The only protocol version in use since MySQL 3.21.
pub const PROTOCOL_VERSION: u8 = 10;

/// Octets of the nonce's first part.
const NONCE_PART_1: usize = 8;
/// Octets of the nonce's second part at least, its NUL included.
const NONCE_PART_2: usize = 13;
/// The longest version text that is taken.
const MAX_VERSION: usize = 255;

/// HandshakeV10.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// `8.0.28`; MariaDB puts `5.5.5-` before its own.
    pub version: String,
    /// What `KILL` and `CONNECTION_ID()` call this connection.
    pub connection_id: u32,
    /// What the plugin starts with: for the password plugins 20 octets and a NUL.
    pub auth_data: Vec<u8>,
    /// What the server offers.
    pub capabilities: Capabilities,
    /// The number of the server's character set.
    pub charset: u8,
    /// Status flags (0x0002: autocommit).
    pub status: u16,
    /// The default plugin; `None` without PLUGIN_AUTH.
    pub plugin: Option<Vec<u8>>,
}

impl Greeting {
    /// Reads the payload.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another protocol version, [`Error::Malformed`] for a payload that is too short or a length
    /// of the plugin's data that runs past it.
    pub fn decode(payload: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("greeting", payload);
        let protocol = reader.u8("protocol version")?;
        if protocol != PROTOCOL_VERSION {
            return Err(Error::Unsupported(format!("protocol version {protocol} in the greeting").into()));
        }
        let version = reader.until_nul("server version")?;
        if version.len() > MAX_VERSION {
            return Err(reader.malformed("server version", format!("more than {MAX_VERSION} octets")));
        }
        let connection_id = reader.u32_le("connection id")?;
        let mut auth_data = reader.take("nonce part 1", NONCE_PART_1)?.to_vec();
        reader.u8("filler")?;
        let low = reader.u16_le("capabilities low")?;
        let charset = reader.u8("charset")?;
        let status = reader.u16_le("status")?;
        let high = reader.u16_le("capabilities high")?;
        let capabilities = Capabilities(u32::from(high) << 16 | u32::from(low));
        let auth_data_length = usize::from(reader.u8("auth data length")?);
        reader.take("reserved", 10)?;
        let part_2 = auth_data_length.saturating_sub(NONCE_PART_1).max(NONCE_PART_2);
        auth_data.extend_from_slice(reader.take("nonce part 2", part_2)?);
        let plugin = if capabilities.has(Capabilities::PLUGIN_AUTH) {
            auth_data.truncate(auth_data_length);
            Some(reader.until_nul("plugin name")?.to_vec())
        } else {
            None
        };
        Ok(Self {
            version: String::from_utf8_lossy(version).into_owned(),
            connection_id,
            auth_data,
            capabilities,
            charset,
            status,
            plugin,
        })
    }

    /// Writes the payload. `auth_data` has 21 to 255 octets.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        let [low_0, low_1, high_0, high_1] = self.capabilities.0.to_le_bytes();
        let (part_1, part_2) = self.auth_data.split_at(NONCE_PART_1);
        let auth_data_length = match self.plugin {
            Some(_) => u8::try_from(self.auth_data.len()).unwrap_or(u8::MAX),
            None => 0,
        };
        writer
            .u8(PROTOCOL_VERSION)
            .nul_terminated(self.version.as_bytes())
            .u32_le(self.connection_id)
            .bytes(part_1)
            .u8(0)
            .bytes(&[low_0, low_1])
            .u8(self.charset)
            .u16_le(self.status)
            .bytes(&[high_0, high_1])
            .u8(auth_data_length)
            .zeros(10)
            .bytes(part_2);
        if let Some(plugin) = &self.plugin {
            writer.nul_terminated(plugin);
        }
    }
}

/// Draws a nonce as mysqld does: 7-bit octets, none of them NUL or `$`, since clients take it for a C string and the server
/// separates the parts of stored hashes by `$`.
pub fn draw_nonce(random: &mut dyn Random) -> Nonce {
    let mut nonce = Nonce::default();
    random.fill(&mut nonce);
    for octet in &mut nonce {
        *octet &= 0x7F;
        if *octet == 0 || *octet == b'$' {
            *octet += 1;
        }
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Random for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    #[test]
    fn a_nonce_has_neither_nul_nor_dollar() {
        let mut random = Counting(0);
        for _ in 0..64 {
            let nonce = draw_nonce(&mut random);
            assert!(nonce.iter().all(|octet| (1..0x80).contains(octet) && *octet != b'$'), "{nonce:?}");
        }
    }
}
