//! Greeting, SSLRequest, login, and what plugins say.

use super::reply;
use crate::handshake::transcript::{Field, Message};
use crate::handshake::{Direction, Error, Reader};
use crate::mysql::auth::ClientPlugin;
use crate::mysql::auth::kerberos::{ServiceName, TokenKind, token_kind};
use crate::mysql::auth::sha2_password::{
    CACHING_KEY_REQUEST, FAST_AUTH_SUCCESS, PERFORM_FULL_AUTHENTICATION, SHA256_KEY_REQUEST,
};
use crate::mysql::capability::Capabilities;
use crate::mysql::greeting::PROTOCOL_VERSION;
use crate::mysql::login::{HEADER_LENGTH, Header, Login};
use crate::mysql::reply::{AUTH_MORE_DATA, AUTH_NEXT_FACTOR, AUTH_SWITCH, AuthSwitch, ERR, OK};

/// A greeting, and what has to be remembered of it.
pub(super) struct Greeting {
    pub(super) message: Message,
    pub(super) capabilities: Capabilities,
    pub(super) plugin: Vec<u8>,
}

/// Reads the greeting with all that [`crate::mysql::greeting::Greeting`] has no use for.
pub(super) fn greeting(payload: &[u8]) -> Result<Greeting, Error> {
    /// Octets of the reserved field; MariaDB's last four of them are capabilities of its own.
    const RESERVED: usize = 10;
    let mut reader = Reader::new("greeting", payload);
    let protocol = reader.u8("protocol version")?;
    if protocol != PROTOCOL_VERSION {
        return Err(Error::Unsupported(format!("protocol version {protocol} in the greeting").into()));
    }
    let version = reply::text(reader.until_nul("server version")?);
    let connection_id = reader.u32_le("connection id")?;
    let part_1 = reader.take("nonce part 1", 8)?.len();
    reader.u8("filler")?;
    let low = reader.u16_le("capabilities low")?;
    let charset = reader.u8("charset")?;
    let status = reader.u16_le("status")?;
    let high = reader.u16_le("capabilities high")?;
    let capabilities = Capabilities(u32::from(high) << 16 | u32::from(low));
    let auth_data_length = reader.u8("auth data length")?;
    let reserved = reader.take("reserved", RESERVED)?;
    let part_2 = usize::from(auth_data_length).saturating_sub(part_1).max(13);
    let part_2 = reader.take("nonce part 2", part_2)?.len();
    let plugin = if capabilities.has(Capabilities::PLUGIN_AUTH) { reader.until_nul("plugin name")? } else { &[] };
    let mut message = Message::new(Direction::ToClient, "Greeting")
        .with("protocol", protocol)
        .with("version", version)
        .varying("connection", connection_id)
        .varying("nonce", format!("{} octets", part_1 + part_2))
        .with("nonce-length", auth_data_length)
        .with("capabilities", reply::flags(capabilities))
        .with("charset", charset)
        .with("status", reply::status(status));
    if reserved.iter().any(|octet| *octet != 0) {
        message = message.with("reserved", reply::hex(reserved));
    }
    if capabilities.has(Capabilities::PLUGIN_AUTH) {
        message = message.with("plugin", reply::text(plugin));
    }
    Ok(Greeting { message: reply::rest(message, &mut reader), capabilities, plugin: plugin.to_vec() })
}

/// An SSLRequest or a login, and what has to be remembered of it.
pub(super) struct Said {
    pub(super) message: Message,
    pub(super) wants_tls: bool,
    pub(super) capabilities: Capabilities,
    pub(super) plugin: Vec<u8>,
}

/// Reads what a client answers to a greeting.
pub(super) fn login(payload: &[u8], offered: Capabilities) -> Result<Said, Error> {
    let mut reader = Reader::new("login", payload);
    let header = Header::decode(&mut reader)?;
    let wants_tls = reader.is_empty() && header.capabilities.has(Capabilities::SSL) && offered.has(Capabilities::SSL);
    let name = if wants_tls { "SSLRequest" } else { "Login" };
    let mut message = Message::new(Direction::FromClient, name)
        .with("capabilities", reply::flags(header.capabilities))
        .with("max-packet", header.max_packet)
        .with("charset", header.charset);
    if let Some(filler) = payload.get(HEADER_LENGTH - 23..HEADER_LENGTH)
        && filler.iter().any(|octet| *octet != 0)
    {
        message = message.with("reserved", reply::hex(filler));
    }
    if wants_tls {
        return Ok(Said { message, wants_tls, capabilities: header.capabilities, plugin: Vec::new() });
    }
    let login = Login::decode(&mut reader, header.capabilities)?;
    let plugin = login.plugin.clone().unwrap_or_else(|| ClientPlugin::NativePassword.name().into());
    let message = reply::rest(who(message, &login), &mut reader);
    Ok(Said { message, wants_tls, capabilities: header.capabilities, plugin })
}

/// The fields of a login or of COM_CHANGE_USER. What the plugin answers is hidden.
pub(super) fn who(message: Message, login: &Login) -> Message {
    let mut message = message.with("user", reply::text(&login.user)).hiding("answer", login.auth_response.len());
    if let Some(database) = &login.database {
        message = message.with("database", reply::text(database));
    }
    if let Some(plugin) = &login.plugin {
        message = message.with("plugin", reply::text(plugin));
    }
    for (key, value) in &login.attributes {
        let value = reply::text(value);
        let is_of_this_process = matches!(key.as_slice(), b"_pid" | b"_thread");
        let field = if is_of_this_process { Field::Varies(value) } else { Field::Fixed(value) };
        message.push(format!("attribute.{}", reply::text(key)), field);
    }
    message
}

/// The client's plugin, and what it was asked for last.
#[derive(Debug, Default)]
pub(super) struct Plugin {
    name: Option<ClientPlugin>,
    was_switched: bool,
    /// The SSLRequest is out and TLS is not up.
    pub(super) expects_tls: bool,
}

impl Plugin {
    pub(super) fn is_now(&mut self, name: &[u8]) {
        self.name = ClientPlugin::by_name(name);
        self.was_switched = false;
    }

    /// What the client's plugin says: hidden, but for a request of a key, which is no answer.
    pub(super) fn answer(&mut self, payload: &[u8]) -> Message {
        let direction = Direction::FromClient;
        let was_switched = std::mem::take(&mut self.was_switched);
        match (self.name, payload) {
            (Some(ClientPlugin::CachingSha2Password), [CACHING_KEY_REQUEST])
            | (Some(ClientPlugin::Sha256Password), [SHA256_KEY_REQUEST]) => Message::new(direction, "PublicKeyRequest"),
            _ => {
                let name = if was_switched { "AuthSwitchResponse" } else { "AuthResponse" };
                token(Message::new(direction, name), "answer", payload)
            }
        }
    }

    /// What the server says while authenticating.
    pub(super) fn server(&mut self, payload: &[u8], capabilities: Capabilities) -> Result<Message, Error> {
        let direction = Direction::ToClient;
        match payload {
            [OK, ..] => reply::ok("OK", payload, capabilities),
            [ERR, ..] => reply::err(payload),
            [AUTH_SWITCH] => Ok(Message::new(direction, "OldAuthSwitchRequest")),
            [AUTH_SWITCH | AUTH_NEXT_FACTOR, ..] => {
                let AuthSwitch { plugin, data } = AuthSwitch::decode(payload)?;
                self.is_now(plugin);
                self.was_switched = true;
                let name = if payload[0] == AUTH_SWITCH { "AuthSwitchRequest" } else { "AuthNextFactor" };
                Ok(switch_data(Message::new(direction, name).with("plugin", reply::text(plugin)), plugin, data))
            }
            [AUTH_MORE_DATA, data @ ..] => Ok(self.more_data(data)),
            // MariaDB's plugins send what they have without an octet before it, where nothing else begins so.
            _ => Ok(token(Message::new(direction, "PluginData"), "data", payload)),
        }
    }

    fn more_data(&self, data: &[u8]) -> Message {
        let message = Message::new(Direction::ToClient, "AuthMoreData");
        match (self.name, data) {
            (Some(ClientPlugin::CachingSha2Password), [FAST_AUTH_SUCCESS]) => message.with("kind", "fast"),
            (Some(ClientPlugin::CachingSha2Password), [PERFORM_FULL_AUTHENTICATION]) => message.with("kind", "full"),
            (_, pem) if pem.starts_with(b"-----BEGIN PUBLIC KEY-----") => {
                message.with("kind", "public-key").varying("key", format!("{} octets", pem.len()))
            }
            _ => token(message, "data", data),
        }
    }
}

/// What a plugin starts with: a service's name, which decides what a client asks its KDC for, or a nonce.
fn switch_data(message: Message, plugin: &[u8], data: &[u8]) -> Message {
    if ClientPlugin::by_name(plugin) == Some(ClientPlugin::Kerberos)
        && let Ok(names) = ServiceName::decode(data)
    {
        let behind = data.len() - names.service_principal.len() - names.realm.len() - 4;
        let message = message.with("service", names.service_principal).with("realm", names.realm);
        return if behind == 0 { message } else { message.with("behind", format!("{behind} octets")) };
    }
    // MariaDB's: the service's principal and a mechanism, a NUL behind each.
    if plugin == b"auth_gssapi_client"
        && let [service, mechanism, b""] = data.splitn(3, |octet| *octet == 0).collect::<Vec<_>>()[..]
    {
        return message.with("service", reply::text(service)).with("mechanism", reply::text(mechanism));
    }
    message.with("data-length", data.len()).varying("data", format!("{} octets", data.len()))
}

/// Hides what may be a token and says which kind of token it is.
fn token(message: Message, name: &'static str, octets: &[u8]) -> Message {
    let kind = match token_kind(octets) {
        TokenKind::ApReq => Some("ap-req"),
        TokenKind::ApRep => Some("ap-rep"),
        TokenKind::KrbError => Some("krb-error"),
        TokenKind::Other => None,
    };
    let message = match kind {
        Some(kind) => message.with("kind", kind),
        None => message,
    };
    message.hiding(name, octets.len())
}
