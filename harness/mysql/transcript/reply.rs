//! OK, ERR, EOF, and the words in which numbers and texts are written down.

use crate::handshake::transcript::Message;
use crate::handshake::{Direction, Error, Reader};
use crate::mysql::capability::Capabilities;
use crate::mysql::packet::{lenenc, lenenc_octets};
use crate::mysql::reply::{ERR, ErrPacket, OK, OkPacket};

/// Status flag: another result follows.
pub(super) const MORE_RESULTS: u16 = 0x0008;
/// Status flag: session state follows.
const SESSION_STATE_CHANGED: u16 = 0x4000;

/// An OK packet with the text and the session state behind its numbers.
pub(super) fn ok(name: &'static str, payload: &[u8], capabilities: Capabilities) -> Result<Message, Error> {
    let mut reader = Reader::new("OK", payload);
    reader.u8("kind")?;
    let affected_rows = lenenc(&mut reader, "affected rows")?;
    let last_insert_id = lenenc(&mut reader, "last insert id")?;
    let flags = reader.u16_le("status")?;
    let warnings = reader.u16_le("warnings")?;
    let mut message = Message::new(Direction::ToClient, name)
        .with("affected-rows", affected_rows)
        .with("insert-id", last_insert_id)
        .with("status", status(flags))
        .with("warnings", warnings);
    if reader.is_empty() {
        return Ok(message);
    }
    // The documentation has two forms of the text; servers write the one with a length, whatever was agreed.
    let tracks = capabilities.has(Capabilities::SESSION_TRACK);
    let mut ahead = reader.clone();
    match lenenc_octets(&mut ahead, "info") {
        Ok(info) if ahead.is_empty() || tracks => {
            reader = ahead;
            message = message.with("info", text(info));
        }
        _ => return Ok(message.with("info", text(reader.rest()))),
    }
    if flags & SESSION_STATE_CHANGED != 0 && !reader.is_empty() {
        let length = lenenc(&mut reader, "session state")?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        message = session_state(message, &mut reader.sub("session state", length)?)?;
    }
    Ok(rest(message, &mut reader))
}

/// What has changed in the session
/// (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html#sect_protocol_basic_ok_packet_sessinfo>).
fn session_state(mut message: Message, state: &mut Reader<'_>) -> Result<Message, Error> {
    while !state.is_empty() {
        let kind = state.u8("kind of session state")?;
        let data = lenenc_octets(state, "session state")?;
        let mut data = Reader::new("session state", data);
        match kind {
            0 => {
                while !data.is_empty() {
                    let name = text(lenenc_octets(&mut data, "variable")?);
                    message = message.with(format!("session.{name}"), text(lenenc_octets(&mut data, "value")?));
                }
            }
            1 => message = message.with("session-schema", text(lenenc_octets(&mut data, "schema")?)),
            2 => message = message.with("session-changed", text(lenenc_octets(&mut data, "changed")?)),
            kind => message = message.with(format!("session-{kind}"), hex(data.rest())),
        }
    }
    Ok(message)
}

/// An ERR packet.
pub(super) fn err(payload: &[u8]) -> Result<Message, Error> {
    let ErrPacket { code, state, message } = ErrPacket::decode(payload)?;
    let mut error = Message::new(Direction::ToClient, "ERR").with("code", code);
    if let Some(state) = state {
        error = error.with("state", text(&state));
    }
    Ok(error.with("message", without_client(&message)))
}

/// An EOF packet: with its numbers under the protocol of 4.1.
pub(super) fn eof(payload: &[u8]) -> Result<Message, Error> {
    let mut reader = Reader::new("EOF", payload);
    reader.u8("kind")?;
    let message = Message::new(Direction::ToClient, "EOF");
    if reader.is_empty() {
        return Ok(message);
    }
    let warnings = reader.u16_le("warnings")?;
    let message = message.with("status", status(reader.u16_le("status")?)).with("warnings", warnings);
    Ok(rest(message, &mut reader))
}

/// Something while a greeting or a login is awaited from the other side: an error before the greeting, or what does not belong.
pub(super) fn out_of_place(direction: Direction, payload: &[u8], capabilities: Capabilities) -> Result<Message, Error> {
    match (direction, payload.first()) {
        (Direction::ToClient, Some(&ERR)) => err(payload),
        (Direction::ToClient, Some(&OK)) => ok("OK", payload, capabilities),
        _ => Ok(Message::new(direction, "OutOfPlace").hiding("packet", payload.len())),
    }
}

/// The status flags in which a packet ends, if it has any.
pub(super) fn status_of(payload: &[u8], deprecate_eof: bool) -> u16 {
    if deprecate_eof {
        return OkPacket::decode(payload).map_or(0, |ok| ok.status);
    }
    let mut reader = Reader::new("EOF", payload);
    let status = reader.take("kind and warnings", 3).and_then(|_| reader.u16_le("status"));
    status.unwrap_or(0)
}

/// Without what depends on where the client is and when it came: hosts behind a user's name, connection numbers.
fn without_client(message: &str) -> String {
    let message = replaced(message, "'@'", "'", "<client>");
    let message = replaced(&message, "Host '", "'", "<client>");
    let message = replaced(&message, "host: '", "'", "<client>");
    replaced(&message, "Aborted connection ", " ", "<connection>")
}

/// With what stands between `from` and the next `to` replaced, each time.
fn replaced(text: &str, from: &str, to: &str, by: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(from) {
        let Some(end) = behind.find(to) else { break };
        result.push_str(before);
        result.push_str(from);
        // The host of an account, which stands in some errors, is not the client's.
        result.push_str(if &behind[..end] == "%" { "%" } else { by });
        rest = &behind[end..];
        // What ends one name may begin the next, but not within itself.
        let (quote, behind) = rest.split_at(to.len());
        result.push_str(quote);
        rest = behind;
    }
    result.push_str(rest);
    result
}

/// What a message has behind all that is known of it.
pub(super) fn rest(message: Message, reader: &mut Reader<'_>) -> Message {
    match reader.rest().len() {
        0 => message,
        more => message.with("behind", format!("{more} octets")),
    }
}

pub(super) fn flags(capabilities: Capabilities) -> String {
    format!("{capabilities:?}")
}

pub(super) fn status(flags: u16) -> String {
    format!("{flags:#06x}")
}

pub(super) fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_client_is_does_not_stand_in_an_error() {
        let check = |message: &str, expected: &str| assert_eq!(without_client(message), expected);
        check(
            "Access denied for user 'alice'@'localhost' (using password: YES)",
            "Access denied for user 'alice'@'<client>' (using password: YES)",
        );
        check(
            "Access denied for user 'a'@'10.0.0.1' to database 'app'",
            "Access denied for user 'a'@'<client>' to database 'app'",
        );
        check("Access denied for user 'a'@'%' to database 'app'", "Access denied for user 'a'@'%' to database 'app'");
        check("Host '10.0.0.1' is not allowed to connect", "Host '<client>' is not allowed to connect");
        check("Unknown database 'nope'", "Unknown database 'nope'");
        check("'a'@'", "'a'@'");
        check("'a'@'x''@'y'", "'a'@'<client>''@'<client>'");
        check(
            "Aborted connection 7 to db: 'unconnected' user: 'u' host: '127.0.0.1' (x)",
            "Aborted connection <connection> to db: 'unconnected' user: 'u' host: '<client>' (x)",
        );
    }
}
