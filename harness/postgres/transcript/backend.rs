//! What a server says.

use super::{field, octets, text};
use crate::handshake::transcript::Message;
use crate::handshake::{Direction, Error, Reader};
use crate::postgres::frame;

/// Reads a typed message. `columns` are the names of the last RowDescription.
pub(super) fn message(message: frame::Message<'_>, columns: &mut Vec<String>) -> Result<Message, Error> {
    let frame::Message { kind, body } = message;
    let mut reader = Reader::new("message", body);
    let new = |name: &'static str| Message::new(Direction::ToClient, name);
    let read = match kind {
        b'R' => authentication(&mut reader)?,
        b'v' => {
            let version = reader.u32_be("version")?;
            let mut negotiate = new("NegotiateProtocolVersion")
                .with("version", format!("{}.{}", version >> 16, version & 0xFFFF))
                .with("options", reader.u32_be("option count")?);
            while !reader.is_empty() {
                negotiate = negotiate.with("option", text(reader.until_nul("option")?));
            }
            negotiate
        }
        b'S' => new("ParameterStatus")
            .with("name", text(reader.until_nul("name")?))
            .with("value", text(reader.until_nul("value")?)),
        b'K' => {
            let data = new("BackendKeyData").varying("process", reader.u32_be("process")?);
            let key = reader.rest().len();
            data.with("key-length", key).hiding("key", key)
        }
        b'Z' => new("ReadyForQuery").with("transaction", reader.u8("transaction")?.escape_ascii()),
        b'E' => fields(new("ErrorResponse"), &mut reader)?,
        b'N' => fields(new("NoticeResponse"), &mut reader)?,
        b'C' => new("CommandComplete").with("tag", text(reader.until_nul("tag")?)),
        b'T' => row_description(&mut reader, columns)?,
        b'D' => data_row(&mut reader, columns)?,
        b'I' => new("EmptyQueryResponse"),
        b'n' => new("NoData"),
        b't' => {
            let description = new("ParameterDescription").with("parameters", reader.u16_be("parameters")?);
            octets(description, reader.rest())
        }
        b'1' => new("ParseComplete"),
        b'2' => new("BindComplete"),
        b'3' => new("CloseComplete"),
        b's' => new("PortalSuspended"),
        b'A' => new("NotificationResponse")
            .varying("process", reader.u32_be("process")?)
            .with("channel", text(reader.until_nul("channel")?))
            .with("payload", text(reader.until_nul("payload")?)),
        b'G' => octets(new("CopyInResponse"), reader.rest()),
        b'H' => octets(new("CopyOutResponse"), reader.rest()),
        b'W' => octets(new("CopyBothResponse"), reader.rest()),
        b'd' => new("CopyData").hiding("data", reader.rest().len()),
        b'c' => new("CopyDone"),
        b'V' => new("FunctionCallResponse").hiding("value", reader.rest().len()),
        kind => new("Unknown").with("type", kind.escape_ascii()).hiding("body", reader.rest().len()),
    };
    Ok(match reader.rest().len() {
        0 => read,
        behind => read.with("behind", format!("{behind} octets")),
    })
}

fn authentication(reader: &mut Reader<'_>) -> Result<Message, Error> {
    let new = |name: &'static str| Message::new(Direction::ToClient, name);
    Ok(match reader.u32_be("type")? {
        0 => new("AuthenticationOk"),
        2 => new("AuthenticationKerberosV5"),
        3 => new("AuthenticationCleartextPassword"),
        5 => {
            let salt: [u8; 4] = reader.array("salt")?;
            new("AuthenticationMD5Password").varying("salt", format!("{} octets", salt.len()))
        }
        7 => new("AuthenticationGSS"),
        8 => new("AuthenticationGSSContinue").hiding("token", reader.rest().len()),
        9 => new("AuthenticationSSPI"),
        10 => {
            let mut mechanisms = Vec::new();
            loop {
                let mechanism = text(reader.until_nul("mechanism")?);
                if mechanism.is_empty() {
                    break;
                }
                mechanisms.push(mechanism);
            }
            new("AuthenticationSASL").with("mechanisms", mechanisms.join(","))
        }
        11 => server_first(new("AuthenticationSASLContinue"), reader.rest()),
        12 => new("AuthenticationSASLFinal").hiding("data", reader.rest().len()),
        other => new("Authentication").with("type", other).hiding("data", reader.rest().len()),
    })
}

/// SCRAM's server-first-message (RFC 5802 §7): how long nonce and salt are, and how many iterations are asked for.
fn server_first(message: Message, data: &[u8]) -> Message {
    let parts: Vec<&[u8]> = data.split(|octet| *octet == b',').collect();
    let [nonce, salt, count] = parts[..] else { return message.hiding("data", data.len()) };
    match (nonce.strip_prefix(b"r="), salt.strip_prefix(b"s="), count.strip_prefix(b"i=")) {
        (Some(nonce), Some(salt), Some(count)) if count.iter().all(u8::is_ascii_digit) => message
            .varying("nonce", format!("{} octets", nonce.len()))
            .varying("salt", format!("{} octets", salt.len()))
            .with("iterations", text(count)),
        _ => message.hiding("data", data.len()),
    }
}

/// The fields of an error or notice by their letters, in their order.
fn fields(mut message: Message, reader: &mut Reader<'_>) -> Result<Message, Error> {
    loop {
        let kind = reader.u8("field type")?;
        if kind == 0 {
            return Ok(message);
        }
        let value = without_client(&text(reader.until_nul("field value")?));
        message.push(kind.escape_ascii().to_string(), field(matches!(kind, b'F' | b'L'), value));
    }
}

/// `… for host "127.0.0.1", user …` without the address.
fn without_client(text: &str) -> String {
    const BEFORE: &str = "for host \"";
    let Some((before, behind)) = text.split_once(BEFORE) else { return text.to_owned() };
    match behind.split_once('"') {
        Some((_, behind)) => format!("{before}{BEFORE}<client>\"{behind}"),
        None => text.to_owned(),
    }
}

fn row_description(reader: &mut Reader<'_>, columns: &mut Vec<String>) -> Result<Message, Error> {
    columns.clear();
    let count = reader.u16_be("column count")?;
    let mut message = Message::new(Direction::ToClient, "RowDescription").with("columns", count);
    for number in 1..=count {
        let name = text(reader.until_nul("column name")?);
        if columns.len() < Message::MOST {
            columns.push(name.clone());
        }
        message = message
            .with(format!("{number}.name"), name)
            .varying(format!("{number}.table"), reader.u32_be("table")?)
            .with(format!("{number}.column"), signed(reader.u16_be("column")?))
            .with(format!("{number}.type"), reader.u32_be("type")?)
            .with(format!("{number}.size"), signed(reader.u16_be("size")?))
            .with(format!("{number}.modifier"), reader.u32_be("modifier")?.cast_signed())
            .with(format!("{number}.format"), reader.u16_be("format")?);
    }
    Ok(message)
}

const fn signed(value: u16) -> i16 {
    value.cast_signed()
}

/// A row: its values by the numbers of their columns, NULL as `\N`.
fn data_row(reader: &mut Reader<'_>, columns: &[String]) -> Result<Message, Error> {
    /// The length of NULL: -1.
    const NULL: u32 = u32::MAX;
    let count = reader.u16_be("value count")?;
    let mut message = Message::new(Direction::ToClient, "DataRow").with("values", count);
    for index in 0..usize::from(count) {
        let value = match reader.u32_be("value length")? {
            NULL => "\\N".to_owned(),
            length => text(reader.take("value", usize::try_from(length).unwrap_or(usize::MAX))?),
        };
        let varies = columns.get(index).is_some_and(|name| is_different_each_time(name));
        message.push((index + 1).to_string(), field(varies, value));
    }
    Ok(message)
}

/// Whether a column is called after a process, a port or a time, as it is where nobody gave it another name.
fn is_different_each_time(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "pg_backend_pid",
        "now",
        "current_timestamp",
        "clock_timestamp",
        "transaction_timestamp",
        "statement_timestamp",
        "inet_client_addr",
        "inet_client_port",
        "inet_server_port",
    ];
    NAMES.contains(&name)
}
