//! What a logged-in client asks
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>).

use super::answer::Awaited;
use super::{login, reply};
use crate::handshake::transcript::Message;
use crate::handshake::{Direction, Error, Reader};
use crate::mysql::auth::ClientPlugin;
use crate::mysql::capability::Capabilities;
use crate::mysql::login::Login;
use crate::mysql::packet::lenenc;

const COM_QUIT: u8 = 0x01;
const COM_INIT_DB: u8 = 0x02;
const COM_QUERY: u8 = 0x03;
const COM_FIELD_LIST: u8 = 0x04;
const COM_STATISTICS: u8 = 0x09;
const COM_CHANGE_USER: u8 = 0x11;
const COM_STMT_PREPARE: u8 = 0x16;
const COM_STMT_EXECUTE: u8 = 0x17;
const COM_STMT_SEND_LONG_DATA: u8 = 0x18;
const COM_STMT_CLOSE: u8 = 0x19;
const COM_STMT_FETCH: u8 = 0x1C;

/// `COM_…` by number; the others have left the protocol.
const NAMES: [(u8, &str); 24] = [
    (0x00, "COM_SLEEP"),
    (COM_QUIT, "COM_QUIT"),
    (COM_INIT_DB, "COM_INIT_DB"),
    (COM_QUERY, "COM_QUERY"),
    (COM_FIELD_LIST, "COM_FIELD_LIST"),
    (0x05, "COM_CREATE_DB"),
    (0x06, "COM_DROP_DB"),
    (0x07, "COM_REFRESH"),
    (COM_STATISTICS, "COM_STATISTICS"),
    (0x0A, "COM_PROCESS_INFO"),
    (0x0C, "COM_PROCESS_KILL"),
    (0x0D, "COM_DEBUG"),
    (0x0E, "COM_PING"),
    (COM_CHANGE_USER, "COM_CHANGE_USER"),
    (0x12, "COM_BINLOG_DUMP"),
    (COM_STMT_PREPARE, "COM_STMT_PREPARE"),
    (COM_STMT_EXECUTE, "COM_STMT_EXECUTE"),
    (COM_STMT_SEND_LONG_DATA, "COM_STMT_SEND_LONG_DATA"),
    (COM_STMT_CLOSE, "COM_STMT_CLOSE"),
    (0x1A, "COM_STMT_RESET"),
    (0x1B, "COM_SET_OPTION"),
    (COM_STMT_FETCH, "COM_STMT_FETCH"),
    (0x1F, "COM_RESET_CONNECTION"),
    (0xFA, "COM_STMT_BULK_EXECUTE"),
];

/// Reads a command, and says what its answer will be.
pub(super) fn command(payload: &[u8], capabilities: Capabilities) -> Result<(Message, Awaited), Error> {
    let mut reader = Reader::new("command", payload);
    let code = reader.u8("command")?;
    let name = NAMES.iter().find(|(of, _)| *of == code).map(|(_, name)| *name);
    let message = match name {
        Some(name) => Message::new(Direction::FromClient, name),
        None => Message::new(Direction::FromClient, "COM_UNKNOWN").with("command", format!("{code:#04x}")),
    };
    Ok(match code {
        COM_QUIT | COM_STMT_CLOSE | COM_STMT_SEND_LONG_DATA => (octets(message, reader.rest()), Awaited::Nothing),
        COM_INIT_DB => (message.with("database", reply::text(reader.rest())), Awaited::Reply),
        COM_QUERY => (query(message, &mut reader, capabilities)?, Awaited::result()),
        COM_STMT_PREPARE => (statement(message, reader.rest()), Awaited::prepared()),
        COM_STMT_EXECUTE => (octets(message, reader.rest()), Awaited::binary_result()),
        COM_STMT_FETCH => (octets(message, reader.rest()), Awaited::binary_rows()),
        COM_FIELD_LIST => (octets(message, reader.rest()), Awaited::columns_to_the_end()),
        COM_STATISTICS => (message, Awaited::Text),
        COM_CHANGE_USER => {
            let login = Login::decode_change_user(&mut reader, capabilities)?;
            let plugin = login.plugin.clone().unwrap_or_else(|| ClientPlugin::NativePassword.name().into());
            (reply::rest(login::who(message, &login), &mut reader), Awaited::Login(plugin))
        }
        _ => (octets(message, reader.rest()), Awaited::Reply),
    })
}

fn query(message: Message, reader: &mut Reader<'_>, capabilities: Capabilities) -> Result<Message, Error> {
    if !capabilities.has(Capabilities::QUERY_ATTRIBUTES) {
        return Ok(statement(message, reader.rest()));
    }
    let parameters = lenenc(reader, "parameter count")?;
    let sets = lenenc(reader, "parameter set count")?;
    let message = message.with("parameters", parameters).with("parameter-sets", sets);
    // Where the statement begins behind parameters, their types decide; nobody sends any while connecting.
    Ok(if parameters == 0 { statement(message, reader.rest()) } else { octets(message, reader.rest()) })
}

/// The text of a statement, unless there may be a password in it.
fn statement(message: Message, octets: &[u8]) -> Message {
    let text = reply::text(octets);
    let upper = text.to_ascii_uppercase();
    if ["IDENTIFIED", "PASSWORD"].iter().any(|word| upper.contains(word)) {
        message.hiding("query", octets.len())
    } else {
        message.with("query", text)
    }
}

fn octets(message: Message, octets: &[u8]) -> Message {
    if octets.is_empty() { message } else { message.with("octets", octets.len()) }
}
