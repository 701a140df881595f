//! What a server answers to a command: OK, ERR, result sets in text or binary, the columns of a prepared statement
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html>).

use super::reply;
use crate::handshake::transcript::{Field, Message};
use crate::handshake::{Direction, Error, Reader};
use crate::mysql::capability::Capabilities;
use crate::mysql::packet::{lenenc, lenenc_octets};
use crate::mysql::reply::{ERR, OK};

/// First octet of EOF, and of the OK that replaces it.
const EOF: u8 = 0xFE;
/// EOF packets have fewer octets than this.
const EOF_LENGTH: usize = 9;
/// First octet of a request for a local file, and of a value that is NULL.
const NULL: u8 = 0xFB;

/// What has to come from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Nothing.
    Nothing,
    /// OK, ERR or EOF.
    Reply,
    /// A text.
    Text,
    /// OK or ERR, or the number of columns.
    Result(Form),
    /// Columns.
    Columns { left: u64, then: Then, names: Vec<String> },
    /// EOF behind columns, without DEPRECATE_EOF.
    EndOfColumns { then: Then, names: Vec<String> },
    /// Columns until EOF, as COM_FIELD_LIST has them.
    ColumnsToTheEnd,
    /// Rows until EOF or the OK that replaces it.
    Rows { form: Form, names: Vec<String> },
    /// The numbers of a prepared statement.
    Prepared,
    /// What a login is answered with, to a client that has this plugin now.
    Login(Vec<u8>),
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Binary,
}

/// What is behind columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Rows(Form),
    /// The result's columns, behind the parameters of a prepared statement.
    Columns(u64),
    Nothing,
}

impl Awaited {
    pub(super) const fn result() -> Self {
        Self::Result(Form::Text)
    }

    pub(super) const fn binary_result() -> Self {
        Self::Result(Form::Binary)
    }

    pub(super) const fn binary_rows() -> Self {
        Self::Rows { form: Form::Binary, names: Vec::new() }
    }

    pub(super) const fn columns_to_the_end() -> Self {
        Self::ColumnsToTheEnd
    }

    pub(super) const fn prepared() -> Self {
        Self::Prepared
    }

    /// Reads one packet of the answer.
    pub(super) fn answer(&mut self, payload: &[u8], capabilities: Capabilities) -> Result<Message, Error> {
        let deprecate_eof = capabilities.has(Capabilities::DEPRECATE_EOF);
        if payload.first() == Some(&ERR) {
            *self = Self::Nothing;
            return reply::err(payload);
        }
        match std::mem::replace(self, Self::Nothing) {
            Self::Text => Ok(Message::new(Direction::ToClient, "Statistics").varying("text", reply::text(payload))),
            Self::Nothing | Self::Reply | Self::Login(_) => single(payload, capabilities),
            Self::Result(form) => self.begin(form, payload, capabilities),
            Self::Columns { left, then, mut names } => {
                let message = column(payload, &mut names)?;
                *self = match left.saturating_sub(1) {
                    0 if deprecate_eof => Self::behind(then, names),
                    0 => Self::EndOfColumns { then, names },
                    left => Self::Columns { left, then, names },
                };
                Ok(message)
            }
            Self::EndOfColumns { then, names } => {
                let message = reply::eof(payload)?;
                *self = Self::behind(then, names);
                Ok(message)
            }
            Self::ColumnsToTheEnd if is_end(payload, deprecate_eof) => single(payload, capabilities),
            Self::ColumnsToTheEnd => {
                *self = Self::ColumnsToTheEnd;
                column(payload, &mut Vec::new())
            }
            Self::Rows { form, .. } if is_end(payload, deprecate_eof) => {
                if reply::status_of(payload, deprecate_eof) & reply::MORE_RESULTS != 0 {
                    *self = Self::Result(form);
                }
                single(payload, capabilities)
            }
            Self::Rows { form, names } => {
                let message = row(form, payload, &names);
                *self = Self::Rows { form, names };
                message
            }
            Self::Prepared => self.prepare(payload, capabilities),
        }
    }

    /// The first packet of an answer to a query.
    fn begin(&mut self, form: Form, payload: &[u8], capabilities: Capabilities) -> Result<Message, Error> {
        match payload {
            [OK, ..] => {
                if reply::status_of(payload, true) & reply::MORE_RESULTS != 0 {
                    *self = Self::Result(form);
                }
                reply::ok("OK", payload, capabilities)
            }
            [NULL, name @ ..] => {
                *self = Self::Reply;
                Ok(Message::new(Direction::ToClient, "LocalInfile").with("file", reply::text(name)))
            }
            _ => {
                let mut reader = Reader::new("result set", payload);
                let mut message = Message::new(Direction::ToClient, "ResultSet");
                let mut left = 1;
                if capabilities.has(Capabilities::OPTIONAL_RESULTSET_METADATA) {
                    left = reader.u8("metadata follows")?.into();
                    message = message.with("metadata", left);
                }
                let count = lenenc(&mut reader, "column count")?;
                *self = match (left, count) {
                    (0, _) | (_, 0) => Self::Rows { form, names: Vec::new() },
                    (_, left) => Self::Columns { left, then: Then::Rows(form), names: Vec::new() },
                };
                Ok(reply::rest(message.with("columns", count), &mut reader))
            }
        }
    }

    fn prepare(&mut self, payload: &[u8], capabilities: Capabilities) -> Result<Message, Error> {
        let mut reader = Reader::new("prepared statement", payload);
        reader.u8("kind")?;
        let statement = reader.u32_le("statement id")?;
        let columns = u64::from(reader.u16_le("number of columns")?);
        let parameters = u64::from(reader.u16_le("number of parameters")?);
        let mut message = Message::new(Direction::ToClient, "PrepareOK")
            .with("statement", statement)
            .with("columns", columns)
            .with("parameters", parameters);
        if !reader.is_empty() {
            reader.u8("filler")?;
            message = message.with("warnings", reader.u16_le("warnings")?);
        }
        if capabilities.has(Capabilities::OPTIONAL_RESULTSET_METADATA) && !reader.is_empty() {
            let metadata = reader.u8("metadata follows")?;
            return Ok(reply::rest(message.with("metadata", metadata), &mut reader));
        }
        *self = match parameters {
            0 => Self::behind(Then::Columns(columns), Vec::new()),
            left => Self::Columns { left, then: Then::Columns(columns), names: Vec::new() },
        };
        Ok(reply::rest(message, &mut reader))
    }

    fn behind(then: Then, names: Vec<String>) -> Self {
        match then {
            Then::Rows(form) => Self::Rows { form, names },
            Then::Columns(0) | Then::Nothing => Self::Nothing,
            Then::Columns(left) => Self::Columns { left, then: Then::Nothing, names },
        }
    }
}

fn is_end(payload: &[u8], deprecate_eof: bool) -> bool {
    payload.first() == Some(&EOF) && (deprecate_eof || payload.len() < EOF_LENGTH)
}

/// OK, EOF, or what nobody asked for.
fn single(payload: &[u8], capabilities: Capabilities) -> Result<Message, Error> {
    match payload.first() {
        Some(&OK) => reply::ok("OK", payload, capabilities),
        Some(&EOF) if payload.len() < EOF_LENGTH && !capabilities.has(Capabilities::DEPRECATE_EOF) => {
            reply::eof(payload)
        }
        Some(&EOF) => reply::ok("OK-EOF", payload, capabilities),
        _ => Ok(Message::new(Direction::ToClient, "OutOfPlace").hiding("packet", payload.len())),
    }
}

/// Protocol::ColumnDefinition41, and that of COM_FIELD_LIST with a default value behind it.
fn column(payload: &[u8], names: &mut Vec<String>) -> Result<Message, Error> {
    let mut reader = Reader::new("column", payload);
    let mut message = Message::new(Direction::ToClient, "Column");
    for field in ["catalog", "schema", "table", "org-table", "name", "org-name"] {
        let text = reply::text(lenenc_octets(&mut reader, field)?);
        if field == "name" && names.len() < Message::MOST {
            names.push(text.clone());
        }
        message = message.with(field, text);
    }
    let length = lenenc(&mut reader, "length of the fixed fields")?;
    message = message
        .with("fixed-length", length)
        .with("charset", reader.u16_le("charset")?)
        .with("length", reader.u32_le("length")?)
        .with("type", format!("{:#04x}", reader.u8("type")?))
        .with("flags", format!("{:#06x}", reader.u16_le("flags")?))
        .with("decimals", reader.u8("decimals")?);
    let filler = reader.u16_le("filler")?;
    if filler != 0 {
        message = message.with("filler", filler);
    }
    Ok(reply::rest(message, &mut reader))
}

/// A row: its values by the numbers of their columns, NULL as `\N`. Binary values are not taken apart.
fn row(form: Form, payload: &[u8], names: &[String]) -> Result<Message, Error> {
    let mut reader = Reader::new("row", payload);
    let mut message = Message::new(Direction::ToClient, "Row");
    if form == Form::Binary {
        return Ok(message.with("octets", reader.rest().len()));
    }
    let mut number = 0_usize;
    while !reader.is_empty() {
        let value = if reader.clone().u8("value")? == NULL {
            reader.u8("value")?;
            "\\N".to_owned()
        } else {
            reply::text(lenenc_octets(&mut reader, "value")?)
        };
        let varies = names.get(number).is_some_and(|name| is_different_each_time(name));
        number += 1;
        message.push(number.to_string(), if varies { Field::Varies(value) } else { Field::Fixed(value) });
    }
    Ok(message)
}

/// Whether a column is called after a connection's number or a time, as it is where nobody gave it another name.
fn is_different_each_time(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "connection_id()",
        "@@pseudo_thread_id",
        "now()",
        "current_timestamp",
        "current_timestamp()",
        "sysdate()",
        "unix_timestamp()",
        "uuid()",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}
