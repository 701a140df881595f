//! What a server answers: OK, ERR, EOF, AuthSwitchRequest, AuthMoreData
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_response_packets.html>).

use crate::handshake::{Error, Reader, Writer};
use crate::mysql::packet::{lenenc, put_lenenc};
use crate::mysql::session_state::{STATUS_SESSION_STATE_CHANGED, SessionChanges};
use std::borrow::Cow;

/// First octet of OK.
pub const OK: u8 = 0x00;
/// First octet of AuthMoreData.
pub const AUTH_MORE_DATA: u8 = 0x01;
/// First octet of AuthNextFactor.
pub const AUTH_NEXT_FACTOR: u8 = 0x02;
/// First octet of AuthSwitchRequest while authenticating, of EOF afterwards.
pub const AUTH_SWITCH: u8 = 0xFE;
/// First octet of ERR.
pub const ERR: u8 = 0xFF;

/// Status flag: autocommit is on.
pub const STATUS_AUTOCOMMIT: u16 = 0x0002;
/// `SERVER_STATUS_IN_TRANS`.
pub const STATUS_IN_TRANS: u16 = 0x0001;

/// What a server says while authenticating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply<'a> {
    /// Logged in.
    Ok(OkPacket),
    /// Refused.
    Err(ErrPacket),
    /// Another plugin is to be used.
    AuthSwitch(AuthSwitch<'a>),
    /// The plugin's next data.
    AuthMoreData(&'a [u8]),
}

impl<'a> Reply<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// It is empty, of an unknown kind, or does not hold what its kind needs.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("reply", payload);
        match reader.u8("kind")? {
            OK => OkPacket::decode(payload).map(Self::Ok),
            ERR => ErrPacket::decode(payload).map(Self::Err),
            AUTH_MORE_DATA => Ok(Self::AuthMoreData(reader.rest())),
            AUTH_SWITCH if reader.is_empty() => Err(Error::Unsupported("switch to the password of before 4.1".into())),
            AUTH_SWITCH => AuthSwitch::decode(payload).map(Self::AuthSwitch),
            AUTH_NEXT_FACTOR => Err(Error::Unsupported("another authentication factor".into())),
            kind => Err(Error::peer(format!("packet of the unknown kind 0x{kind:02X} while authenticating"))),
        }
    }
}

/// OK_Packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OkPacket {
    /// Rows changed.
    pub affected_rows: u64,
    /// The last AUTO_INCREMENT value.
    pub last_insert_id: u64,
    /// Status flags.
    pub status: u16,
    /// Number of warnings.
    pub warnings: u16,
}

impl OkPacket {
    /// What a login ends in.
    pub const AUTHENTICATED: Self =
        Self { affected_rows: 0, last_insert_id: 0, status: STATUS_AUTOCOMMIT, warnings: 0 };

    /// Reads a payload; text and session state behind the numbers are not looked at.
    ///
    /// # Errors
    /// It is too short.
    pub fn decode(payload: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("OK", payload);
        reader.u8("kind")?;
        Ok(Self {
            affected_rows: lenenc(&mut reader, "affected rows")?,
            last_insert_id: lenenc(&mut reader, "last insert id")?,
            status: reader.u16_le("status")?,
            warnings: reader.u16_le("warnings")?,
        })
    }

    /// Writes the payload. `kind` is [`OK`], or 0xFE at the end of a result set with DEPRECATE_EOF.
    pub fn encode(&self, kind: u8, writer: &mut Writer<'_>) {
        writer.u8(kind);
        put_lenenc(writer, self.affected_rows);
        put_lenenc(writer, self.last_insert_id);
        writer.u16_le(self.status).u16_le(self.warnings);
    }

    /// Writes the payload with changes of the session, to a client that has asked for them.
    pub fn encode_with(&self, changes: &SessionChanges, writer: &mut Writer<'_>) {
        if changes.is_empty() {
            return self.encode(OK, writer);
        }
        Self { status: self.status | STATUS_SESSION_STATE_CHANGED, ..self.clone() }.encode(OK, writer);
        changes.encode(writer);
    }
}

/// ERR_Packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrPacket {
    /// `1045`.
    pub code: u16,
    /// `28000`; missing in errors before the greeting, since nothing is agreed then.
    pub state: Option<[u8; 5]>,
    /// The text.
    pub message: Cow<'static, str>,
}

impl ErrPacket {
    /// An error with its SQLSTATE.
    pub fn new(code: u16, state: &[u8; 5], message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, state: Some(*state), message: message.into() }
    }

    /// As outcomes name it: `1045 28000`, or `1040` without a SQLSTATE.
    #[must_use]
    pub fn outcome_code(&self) -> String {
        match self.state {
            Some(state) => format!("{} {}", self.code, String::from_utf8_lossy(&state)),
            None => self.code.to_string(),
        }
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// It is too short.
    pub fn decode(payload: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("ERR", payload);
        reader.u8("kind")?;
        let code = reader.u16_le("code")?;
        let mut state = None;
        if reader.clone().u8("marker") == Ok(b'#') {
            reader.u8("marker")?;
            state = Some(reader.array("SQLSTATE")?);
        }
        Ok(Self { code, state, message: String::from_utf8_lossy(reader.rest()).into_owned().into() })
    }

    /// Writes the payload.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        writer.u8(ERR).u16_le(self.code);
        if let Some(state) = &self.state {
            writer.u8(b'#').bytes(state);
        }
        writer.bytes(self.message.as_bytes());
    }
}

/// Protocol::AuthSwitchRequest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthSwitch<'a> {
    /// The client plugin to use.
    pub plugin: &'a [u8],
    /// What it starts with.
    pub data: &'a [u8],
}

impl<'a> AuthSwitch<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// The plugin's name does not end.
    pub fn decode(payload: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("AuthSwitchRequest", payload);
        reader.u8("kind")?;
        Ok(Self { plugin: reader.until_nul("plugin")?, data: reader.rest() })
    }

    /// Writes the payload.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        writer.u8(AUTH_SWITCH).nul_terminated(self.plugin).bytes(self.data);
    }
}
