//! The client's first packets: Protocol::SSLRequest and Protocol::HandshakeResponse41
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_response.html>),
//! and COM_CHANGE_USER, which says the same again.
//!
//! Reading follows mysqld (`sql_authentication.cc`, `parse_client_handshake_packet`), not only the documentation: drivers
//! leave out and add things that mysqld does not mind.

use crate::handshake::{Error, Reader, Writer};
use crate::mysql::capability::Capabilities;
use crate::mysql::packet::{lenenc, lenenc_octets, put_lenenc_octets};
use zeroize::Zeroizing;

/// Octets of the part that an SSLRequest and a login have in common.
pub const HEADER_LENGTH: usize = 32;

/// An SSLRequest of old Connector/J: capabilities only.
const LEGACY_SSL_REQUEST: usize = 4;

/// Client libraries that documents set a floor for, by the name that they give themselves (`_client_name`).
const LIBRARIES: [&[u8]; 3] = [b"libmysql", b"mysql-connector-python", b"MySQL Connector/J"];

/// The longest value of an attribute that is told.
const TOLD_MAX: usize = 32;

/// What a library says of itself, as the trace has it: `libmysql 8.0.25 Linux`. `None` for whoever is none of those that matter, or
/// says something that is no plain word.
pub(super) fn library<'a>(attributes: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Option<String> {
    let value = |wanted: &str| {
        let found = attributes.clone().find(|(key, _)| *key == wanted.as_bytes()).map(|(_, value)| value)?;
        let is_plain = |octet: &u8| octet.is_ascii_graphic() || *octet == b' ';
        (found.len() <= TOLD_MAX && found.iter().all(is_plain)).then(|| String::from_utf8_lossy(found))
    };
    let name = value("_client_name").filter(|name| LIBRARIES.contains(&name.as_bytes()))?;
    let mut words = format!("{name} {}", value("_client_version")?);
    if let Some(system) = value("_os") {
        words.push(' ');
        words.push_str(&system);
    }
    Some(words)
}

/// The most octets of connect attributes that mysqld takes.
pub const MAX_ATTRIBUTES: usize = 64 * 1024 - 1;

/// What both begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the client wants to use.
    pub capabilities: Capabilities,
    /// The longest packet that the client takes.
    pub max_packet: u32,
    /// The number of the client's character set.
    pub charset: u8,
}

impl Header {
    /// Reads the header, or the four octets of a legacy SSLRequest (whose charset is 0).
    ///
    /// # Errors
    /// The payload is too short, or asks for the protocol before 4.1.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, Error> {
        if reader.remaining() == LEGACY_SSL_REQUEST {
            let capabilities = Capabilities(reader.u32_le("capabilities")?);
            if !capabilities.has(Capabilities::SSL) {
                return Err(reader.malformed("max packet", "login of 4 octets without the SSL bit"));
            }
            return Ok(Self { capabilities, max_packet: 0, charset: 0 });
        }
        let capabilities = Capabilities(reader.u32_le("capabilities")?);
        if !capabilities.has(Capabilities::PROTOCOL_41) {
            // The header had five octets then, and the user came next.
            reader.u8("max packet")?;
            reader.until_nul("user")?;
            return Err(Error::Unsupported("login of the protocol before 4.1".into()));
        }
        let max_packet = reader.u32_le("max packet")?;
        let charset = reader.u8("charset")?;
        // Not looked at by mysqld; MariaDB's clients put capabilities of their own into the last four.
        reader.take("filler", 23)?;
        Ok(Self { capabilities, max_packet, charset })
    }

    /// Writes the header: with the SSL bit and nothing behind it, this is the SSLRequest.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        writer.u32_le(self.capabilities.0).u32_le(self.max_packet).u8(self.charset).zeros(23);
    }
}

/// Who wants to log in, and how: the part of a login behind its header.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// The login name.
    pub user: Vec<u8>,
    /// The plugin's first data: a scramble, a secret, a ticket. Never printed.
    pub auth_response: Zeroizing<Vec<u8>>,
    /// The database; empty or missing for none.
    pub database: Option<Vec<u8>>,
    /// The client's plugin; `None` without PLUGIN_AUTH.
    pub plugin: Option<Vec<u8>>,
    /// Connect attributes, as far as they can be read.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Without the authentication response.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        f.debug_struct("Login")
            .field("user", &text(&self.user))
            .field("auth_response", &format_args!("{} octets", self.auth_response.len()))
            .field("database", &self.database.as_deref().map(text))
            .field("plugin", &self.plugin.as_deref().map(text))
            .field("attributes", &self.attributes.len())
            .finish()
    }
}

impl Login {
    /// Reads what is behind the header. `capabilities` are those of the *first* packet: mysqld skips the words of the second
    /// one, and MariaDB Connector/J clears the SSL bit there.
    ///
    /// # Errors
    /// A field is missing or longer than the packet, or the attributes are longer than mysqld takes.
    pub fn decode(reader: &mut Reader<'_>, capabilities: Capabilities) -> Result<Self, Error> {
        let user = unquoted(reader.until_nul("user")?).to_vec();
        let auth_response = if capabilities.has(Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA) {
            lenenc_octets(reader, "auth response")?
        } else if capabilities.has(Capabilities::SECURE_CONNECTION) {
            let length = usize::from(reader.u8("auth response")?);
            reader.take("auth response", length)?
        } else {
            reader.until_nul("auth response")?
        };
        let auth_response = Zeroizing::new(auth_response.to_vec());
        let database = if capabilities.has(Capabilities::CONNECT_WITH_DB) {
            Some(reader.until_nul("database")?.to_vec()).filter(|name| !name.is_empty())
        } else {
            None
        };
        let (plugin, attributes) = plugin_and_attributes(reader, capabilities)?;
        Ok(Self { user, auth_response, database, plugin, attributes })
    }

    /// Reads COM_CHANGE_USER behind its command octet
    /// (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_change_user.html>).
    ///
    /// # Errors
    /// As [`Login::decode`].
    pub fn decode_change_user(reader: &mut Reader<'_>, capabilities: Capabilities) -> Result<Self, Error> {
        let user = unquoted(reader.until_nul("user")?).to_vec();
        let length = usize::from(reader.u8("auth response")?);
        let auth_response = Zeroizing::new(reader.take("auth response", length)?.to_vec());
        let database = Some(reader.until_nul("database")?.to_vec()).filter(|name| !name.is_empty());
        if reader.remaining() >= 2 {
            reader.u16_le("charset")?;
        }
        let (plugin, attributes) = plugin_and_attributes(reader, capabilities)?;
        Ok(Self { user, auth_response, database, plugin, attributes })
    }

    /// Writes what is behind the header.
    pub fn encode(&self, writer: &mut Writer<'_>, capabilities: Capabilities) {
        writer.nul_terminated(&self.user);
        if capabilities.has(Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA) {
            put_lenenc_octets(writer, &self.auth_response);
        } else {
            let length = u8::try_from(self.auth_response.len()).unwrap_or(u8::MAX);
            writer.u8(length).bytes(&self.auth_response[..usize::from(length)]);
        }
        if capabilities.has(Capabilities::CONNECT_WITH_DB) {
            writer.nul_terminated(self.database.as_deref().unwrap_or_default());
        }
        if capabilities.has(Capabilities::PLUGIN_AUTH) {
            writer.nul_terminated(self.plugin.as_deref().unwrap_or_default());
        }
        if capabilities.has(Capabilities::CONNECT_ATTRS) {
            let mut pairs = Vec::new();
            let mut pair_writer = Writer::new(&mut pairs);
            for (key, value) in &self.attributes {
                put_lenenc_octets(&mut pair_writer, key);
                put_lenenc_octets(&mut pair_writer, value);
            }
            put_lenenc_octets(writer, &pairs);
        }
    }
}

type Attributes = Vec<(Vec<u8>, Vec<u8>)>;

fn plugin_and_attributes(
    reader: &mut Reader<'_>,
    capabilities: Capabilities,
) -> Result<(Option<Vec<u8>>, Attributes), Error> {
    let plugin = if capabilities.has(Capabilities::PLUGIN_AUTH) {
        // mysqld takes a name without its NUL for an empty name.
        Some(reader.until_nul("plugin").unwrap_or_default().to_vec())
    } else {
        None
    };
    let attributes = if capabilities.has(Capabilities::CONNECT_ATTRS) && !reader.is_empty() {
        attributes(reader)?
    } else {
        Vec::new()
    };
    Ok((plugin, attributes))
}

fn attributes(reader: &mut Reader<'_>) -> Result<Attributes, Error> {
    let length = lenenc(reader, "attributes")?;
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_ATTRIBUTES).ok_or_else(|| {
        reader.malformed("attributes", format!("{length} octets, at most {MAX_ATTRIBUTES} are taken"))
    })?;
    let mut block = reader.sub("attributes", length)?;
    let mut pairs = Vec::new();
    while !block.is_empty() {
        // mysqld hands the block on without looking into it; a pair that cannot be read hurts nobody.
        let (Ok(key), Ok(value)) = (lenenc_octets(&mut block, "key"), lenenc_octets(&mut block, "value")) else {
            break;
        };
        pairs.push((key.to_vec(), value.to_vec()));
    }
    Ok(pairs)
}

/// A login name in single quotes is taken without them.
fn unquoted(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'")).unwrap_or(name)
}
