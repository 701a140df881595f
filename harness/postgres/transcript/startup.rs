//! The untyped packets: SSLRequest, GSSENCRequest, CancelRequest, StartupMessage.

use super::text;
use crate::handshake::transcript::Message;
use crate::handshake::{Direction, Error, Reader};
use crate::postgres::startup::{CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST};

/// Reads what is behind the length word.
pub(super) fn packet(packet: &[u8]) -> Result<Message, Error> {
    let mut reader = Reader::new("startup packet", packet);
    let direction = Direction::FromClient;
    let message = match reader.u32_be("code")? {
        SSL_REQUEST => Message::new(direction, "SSLRequest"),
        GSSENC_REQUEST => Message::new(direction, "GSSENCRequest"),
        CANCEL_REQUEST => {
            let message = Message::new(direction, "CancelRequest").varying("process", reader.u32_be("process")?);
            let key = reader.rest().len();
            message.with("key-length", key).hiding("key", key)
        }
        protocol => {
            let version = format!("{}.{}", protocol >> 16, protocol & 0xFFFF);
            parameters(Message::new(direction, "StartupMessage").with("protocol", version), &mut reader)?
        }
    };
    let behind = reader.rest().len();
    Ok(if behind == 0 { message } else { message.with("behind", format!("{behind} octets")) })
}

/// Names and values until an empty name.
fn parameters(mut message: Message, reader: &mut Reader<'_>) -> Result<Message, Error> {
    loop {
        let name = text(reader.until_nul("name")?);
        if name.is_empty() {
            return Ok(message);
        }
        message = message.with(name, text(reader.until_nul("value")?));
    }
}
