//! What a client says behind its StartupMessage.

use super::{octets, statement, text};
use crate::handshake::transcript::Message;
use crate::handshake::{Direction, Error, Reader};
use crate::postgres::frame;

/// What a message of type `p` is: all answers to authentication requests have this one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Awaited {
    #[default]
    Password,
    Gss,
    SaslInitial,
    Sasl,
}

impl Awaited {
    /// What a message of the server makes of the next `p`.
    pub(super) fn after(message: frame::Message<'_>) -> Option<Self> {
        let request = Reader::new("Authentication", message.body).u32_be("type").ok()?;
        (message.kind == b'R').then_some(match request {
            7..=9 => Self::Gss,
            10 => Self::SaslInitial,
            11 => Self::Sasl,
            _ => Self::Password,
        })
    }
}

/// Reads a typed message.
pub(super) fn message(message: frame::Message<'_>, awaited: Awaited) -> Result<Message, Error> {
    let frame::Message { kind, body } = message;
    let mut reader = Reader::new("message", body);
    let new = |name: &'static str| Message::new(Direction::FromClient, name);
    let read = match kind {
        b'p' => return answer(awaited, body),
        b'Q' => statement(new("Query"), reader.until_nul("query")?),
        b'P' => {
            let parse = new("Parse").with("statement", text(reader.until_nul("statement")?));
            let parse = statement(parse, reader.until_nul("query")?);
            octets(parse.with("parameters", reader.u16_be("parameters")?), reader.rest())
        }
        b'B' => {
            let bind = new("Bind").with("portal", text(reader.until_nul("portal")?));
            let bind = bind.with("statement", text(reader.until_nul("statement")?));
            // Formats, values, formats of the results.
            bind.hiding("values", reader.rest().len())
        }
        b'D' | b'C' => {
            let named = new(if kind == b'D' { "Describe" } else { "Close" });
            let what = match reader.u8("kind")? {
                b'S' => "statement".to_owned(),
                b'P' => "portal".to_owned(),
                other => other.escape_ascii().to_string(),
            };
            named.with("kind", what).with("name", text(reader.until_nul("name")?))
        }
        b'E' => {
            let execute = new("Execute").with("portal", text(reader.until_nul("portal")?));
            execute.with("rows", reader.u32_be("rows")?)
        }
        b'S' => new("Sync"),
        b'H' => new("Flush"),
        b'X' => new("Terminate"),
        b'F' => new("FunctionCall").hiding("call", reader.rest().len()),
        b'd' => new("CopyData").hiding("data", reader.rest().len()),
        b'c' => new("CopyDone"),
        b'f' => new("CopyFail").with("message", text(reader.until_nul("message")?)),
        // Where nobody knows what it is, nobody knows whether it is a secret.
        kind => new("Unknown").with("type", kind.escape_ascii()).hiding("body", reader.rest().len()),
    };
    Ok(match reader.rest().len() {
        0 => read,
        behind => read.with("behind", format!("{behind} octets")),
    })
}

fn answer(awaited: Awaited, body: &[u8]) -> Result<Message, Error> {
    let new = |name: &'static str| Message::new(Direction::FromClient, name);
    Ok(match awaited {
        Awaited::Password => new("PasswordMessage").hiding("password", body.len()),
        Awaited::Gss => new("GSSResponse").hiding("token", body.len()),
        Awaited::Sasl => new("SASLResponse").hiding("data", body.len()),
        Awaited::SaslInitial => {
            let mut reader = Reader::new("SASLInitialResponse", body);
            let message = new("SASLInitialResponse").with("mechanism", text(reader.until_nul("mechanism")?));
            reader.u32_be("length")?;
            let data = reader.rest();
            // The flag of RFC 5802 §6 (`n`, `y`, `p=tls-server-end-point`) says what the client can; behind it are nonces.
            let flag = data.split(|octet| *octet == b',').next().unwrap_or_default();
            let message = match flag {
                b"n" | b"y" | b"p=tls-server-end-point" => message.with("binding", text(flag)),
                _ => message,
            };
            message.hiding("data", data.len())
        }
    })
}
