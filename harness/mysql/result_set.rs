//! Text result sets
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html>): as many of
//! them as drivers ask for while they connect.

use crate::handshake::{Error, Reader, Writer};
use crate::mysql::capability::Capabilities;
use crate::mysql::packet::{Sequence, lenenc, lenenc_octets, put_lenenc, put_lenenc_octets, write};
use crate::mysql::reply::{ERR, ErrPacket, OkPacket, STATUS_AUTOCOMMIT};

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
}

/// What is in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// MYSQL_TYPE_LONGLONG.
    Integer,
    /// MYSQL_TYPE_VAR_STRING in utf8mb4.
    Text,
}

impl ResultSet {
    /// One row.
    #[must_use]
    pub fn of_row(values: Vec<(Column, Option<String>)>) -> Self {
        let (columns, row) = values.into_iter().unzip();
        Self { columns, rows: vec![row] }
    }

    /// Writes all its packets.
    pub fn write(&self, out: &mut Vec<u8>, sequence: &mut Sequence, capabilities: Capabilities) {
        let count = u64::try_from(self.columns.len()).expect("a length fits 64 bits");
        write(out, sequence, |writer| put_lenenc(writer, count));
        for column in &self.columns {
            write(out, sequence, |writer| column.encode(writer));
        }
        let deprecate_eof = capabilities.has(Capabilities::DEPRECATE_EOF);
        if !deprecate_eof {
            write(out, sequence, put_eof);
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
        write(out, sequence, |writer| put_end(writer, deprecate_eof));
    }
}

impl Column {
    /// A column of that name.
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind }
    }

    /// Writes a Protocol::ColumnDefinition41.
    fn encode(&self, writer: &mut Writer<'_>) {
        let (charset, length, kind, flags) = match self.kind {
            ColumnKind::Integer => (63, 21, 0x08, 0x0081), // binary, MYSQL_TYPE_LONGLONG, NOT NULL and BINARY
            ColumnKind::Text => (255, 1024, 0xFD, 0x0000), // utf8mb4_0900_ai_ci, MYSQL_TYPE_VAR_STRING
        };
        put_lenenc_octets(writer, b"def"); // catalog
        for _ in ["schema", "table", "org_table"] {
            put_lenenc_octets(writer, b"");
        }
        put_lenenc_octets(writer, self.name.as_bytes());
        put_lenenc_octets(writer, b""); // org_name
        writer
            .u8(0x0C) // octets of the fixed fields
            .u16_le(charset)
            .u32_le(length)
            .u8(kind)
            .u16_le(flags)
            .u8(if self.kind == ColumnKind::Text { 31 } else { 0 }) // decimals: 31 is "not a number"
            .zeros(2);
    }
}

/// Writes what ends a result set: EOF, or the OK packet that replaces it.
pub fn put_end(writer: &mut Writer<'_>, deprecate_eof: bool) {
    if deprecate_eof { OkPacket::AUTHENTICATED.encode(EOF, writer) } else { put_eof(writer) }
}

fn put_eof(writer: &mut Writer<'_>) {
    writer.u8(EOF).u16_le(0).u16_le(STATUS_AUTOCOMMIT);
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
