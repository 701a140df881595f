//! Text result sets
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html>): as many of
//! them as drivers ask for while they connect.

use crate::handshake::{Error, Reader, Writer};
use crate::mysql::capability::Capabilities;
use crate::mysql::charset::Charset;
use crate::mysql::packet::{Sequence, lenenc, lenenc_octets, put_lenenc, put_lenenc_octets, write};
use crate::mysql::reply::{ERR, ErrPacket, OkPacket};

/// First octet of an EOF packet, and of the OK packet that replaces it.
const EOF: u8 = 0xFE;
/// An EOF packet has fewer octets than this; a longer one is a row.
const EOF_LENGTH: usize = 9;
/// A row's value that is NULL.
const NULL: u8 = 0xFB;

/// A table of texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResultSet {
    /// The names of the columns and what is in them.
    pub columns: Vec<Column>,
    /// The rows; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub kind: ColumnKind,
    /// The table of `performance_schema` that it is read from; `None` if it is computed.
    pub table: Option<&'static str>,
}

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A BIGINT as it stands in the statement, of at most so many characters.
    Literal(u32),
    /// BIGINT UNSIGNED: a number of the server.
    Number,
    /// The same, never NULL: of a function.
    NumberNotNull,
    /// INT UNSIGNED: the number of a warning.
    Code,
    /// 0 or 1: a variable that is on or off.
    Flag,
    /// So many characters.
    Text(u32),
    /// The same, never NULL.
    TextNotNull(u32),
}

/// What all parts of an answer depend on.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// What both can.
    pub capabilities: Capabilities,
    /// The character set of results.
    pub charset: Charset,
    /// Status flags.
    pub status: u16,
}

impl ResultSet {
    /// One row.
    #[must_use]
    pub fn of_row(values: Vec<(Column, Option<String>)>) -> Self {
        let (columns, row) = values.into_iter().unzip();
        Self { columns, rows: vec![row] }
    }

    /// Writes all its packets.
    pub fn write(&self, out: &mut Vec<u8>, sequence: &mut Sequence, manner: Manner) {
        let count = u64::try_from(self.columns.len()).expect("a length fits 64 bits");
        write(out, sequence, |writer| put_lenenc(writer, count));
        for column in &self.columns {
            write(out, sequence, |writer| column.encode(manner.charset, writer));
        }
        if !manner.capabilities.has(Capabilities::DEPRECATE_EOF) {
            write(out, sequence, |writer| put_eof(manner.status, writer));
        }
        for row in &self.rows {
            write(out, sequence, |writer| {
                for value in row {
                    match value {
                        Some(text) => put_lenenc_octets(writer, text.as_bytes()),
                        None => _ = writer.u8(NULL),
                    }
                }
            });
        }
        write(out, sequence, |writer| put_end(manner, writer));
    }
}

impl Column {
    /// A column of that name.
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind, table: None }
    }

    /// The two columns of `SHOW VARIABLES` and `SHOW STATUS`, which read a table.
    #[must_use]
    pub fn of_show(table: &'static str) -> Vec<Self> {
        [("Variable_name", ColumnKind::TextNotNull(64)), ("Value", ColumnKind::Text(1024))]
            .map(|(name, kind)| Self { table: Some(table), ..Self::new(name, kind) })
            .into()
    }

    /// Writes a Protocol::ColumnDefinition41.
    fn encode(&self, texts: Charset, writer: &mut Writer<'_>) {
        let number = |kind: u8, length: u32, flags: u16| (BINARY, length, kind, flags | BINARY_FLAG, 0);
        // A computed text has as many decimals as say that it is no number.
        let text = |characters: u32, flags: u16| {
            (texts.number, characters * texts.width, VAR_STRING, flags, if self.table.is_some() { 0 } else { 31 })
        };
        let not_null = if self.table.is_some() { NOT_NULL | NO_DEFAULT } else { NOT_NULL };
        let (charset, length, kind, flags, decimals) = match self.kind {
            ColumnKind::Literal(length) => number(LONGLONG, length, NOT_NULL),
            ColumnKind::Number => number(LONGLONG, 21, UNSIGNED),
            ColumnKind::NumberNotNull => number(LONGLONG, 21, UNSIGNED | NOT_NULL),
            ColumnKind::Code => number(LONG, 5, UNSIGNED | NOT_NULL),
            ColumnKind::Flag => number(LONGLONG, 1, 0),
            ColumnKind::Text(characters) => text(characters, 0),
            ColumnKind::TextNotNull(characters) => text(characters, not_null),
        };
        let (schema, table) = self.table.map_or(("", ""), |table| ("performance_schema", table));
        let original = if self.table.is_some() { self.name.as_str() } else { "" };
        for field in ["def", schema, table, table, &self.name, original] {
            put_lenenc_octets(writer, field.as_bytes());
        }
        writer
            .u8(0x0C) // octets of the fixed fields
            .u16_le(charset)
            .u32_le(length)
            .u8(kind)
            .u16_le(flags)
            .u8(decimals)
            .zeros(2);
    }
}

/// Types (`enum_field_types`).
const LONG: u8 = 0x03;
const LONGLONG: u8 = 0x08;
const VAR_STRING: u8 = 0xFD;

/// Flags of columns.
const NOT_NULL: u16 = 0x0001;
const UNSIGNED: u16 = 0x0020;
const BINARY_FLAG: u16 = 0x0080;
const NO_DEFAULT: u16 = 0x1000;

/// The character set of what is no text.
const BINARY: u16 = 63;

/// Writes what ends a result set: EOF, or the OK packet that replaces it.
pub fn put_end(manner: Manner, writer: &mut Writer<'_>) {
    if manner.capabilities.has(Capabilities::DEPRECATE_EOF) {
        OkPacket { status: manner.status, ..OkPacket::default() }.encode(EOF, writer);
    } else {
        put_eof(manner.status, writer);
    }
}

fn put_eof(status: u16, writer: &mut Writer<'_>) {
    writer.u8(EOF).u16_le(0).u16_le(status);
}

/// Reads an answer to a query packet by packet, within bounds.
#[derive(Debug)]
pub struct ResultSetReader {
    expect: Expect,
    deprecate_eof: bool,
    rows: Vec<Vec<Option<Vec<u8>>>>,
}

#[derive(Debug, Clone, Copy)]
enum Expect {
    ColumnCount,
    Columns { left: u64, count: u64 },
    EndOfColumns { count: u64 },
    Rows { count: u64 },
}

/// What a query came to.
#[derive(Debug, PartialEq, Eq)]
pub enum QueryResult {
    /// OK: no table.
    Done,
    /// An error.
    Refused(ErrPacket),
    /// The rows of a table; `None` is NULL.
    Rows(Vec<Vec<Option<Vec<u8>>>>),
}

impl ResultSetReader {
    /// The most columns that are taken.
    const MAX_COLUMNS: u64 = 64;
    /// The most rows that are taken.
    const MAX_ROWS: usize = 64;

    /// Before the first packet.
    #[must_use]
    pub const fn new(capabilities: Capabilities) -> Self {
        let deprecate_eof = capabilities.has(Capabilities::DEPRECATE_EOF);
        Self { expect: Expect::ColumnCount, deprecate_eof, rows: Vec::new() }
    }

    /// Takes a payload; `None` until the answer is complete.
    ///
    /// # Errors
    /// The payload is not what has to come now, or there are more columns or rows than are taken.
    pub fn packet(&mut self, payload: &[u8]) -> Result<Option<QueryResult>, Error> {
        if payload.first() == Some(&ERR) {
            return ErrPacket::decode(payload).map(QueryResult::Refused).map(Some);
        }
        let is_end = payload.first() == Some(&EOF) && (self.deprecate_eof || payload.len() < EOF_LENGTH);
        let mut reader = Reader::new("result set", payload);
        self.expect = match self.expect {
            Expect::ColumnCount => match lenenc(&mut reader, "column count")? {
                0 => return Ok(Some(QueryResult::Done)),
                count @ 1..=Self::MAX_COLUMNS => Expect::Columns { left: count, count },
                count => return Err(Error::peer(format!("{count} columns, at most {} are taken", Self::MAX_COLUMNS))),
            },
            Expect::Columns { left, count } => {
                column_name(&mut reader)?;
                match left - 1 {
                    0 if self.deprecate_eof => Expect::Rows { count },
                    0 => Expect::EndOfColumns { count },
                    left => Expect::Columns { left, count },
                }
            }
            Expect::EndOfColumns { count } if is_end => Expect::Rows { count },
            Expect::EndOfColumns { .. } => return Err(Error::peer("no EOF behind the columns of a result set")),
            Expect::Rows { .. } if is_end => return Ok(Some(QueryResult::Rows(std::mem::take(&mut self.rows)))),
            Expect::Rows { count } => {
                if self.rows.len() == Self::MAX_ROWS {
                    return Err(Error::peer(format!("more than {} rows", Self::MAX_ROWS)));
                }
                let row = (0..count).map(|_| value(&mut reader)).collect::<Result<_, _>>()?;
                reader.finish()?;
                self.rows.push(row);
                Expect::Rows { count }
            }
        };
        Ok(None)
    }
}

fn column_name<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    for field in ["catalog", "schema", "table", "org table"] {
        lenenc_octets(reader, field)?;
    }
    lenenc_octets(reader, "name")
}

fn value(reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, Error> {
    if reader.clone().u8("value")? == NULL {
        reader.u8("value")?;
        return Ok(None);
    }
    lenenc_octets(reader, "value").map(|octets| Some(octets.to_vec()))
}
