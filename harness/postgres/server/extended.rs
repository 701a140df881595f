//! Extended query: Parse, Bind, Describe, Execute, Close. After an error everything is skipped up to Sync.

use super::session::{Answer, Session, data_row, invalid_message, invalid_string, row_description};
use super::statement::Statement;
use crate::handshake::Reader;
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame;
use crate::postgres::reply;
use std::collections::BTreeMap;

/// How many prepared statements and how many portals a session may hold; the real server has no bound but its memory.
const LIMIT: usize = 64;

/// Prepared statements and portals by name.
#[derive(Debug, Default)]
pub(super) struct Extended {
    statements: BTreeMap<String, Statement>,
    portals: BTreeMap<String, Portal>,
    skipping: bool,
}

#[derive(Debug, Clone)]
struct Portal {
    statement: Statement,
    formats: Vec<u16>,
    done: bool,
}

impl Extended {
    /// Forgets all prepared statements.
    pub(super) fn forget_all(&mut self) {
        self.statements.clear();
    }

    /// Forgets one.
    pub(super) fn deallocate(&mut self, name: &str) -> Result<(), ErrorFields> {
        self.statements.remove(name).map(|_| ()).ok_or_else(|| no_statement(name))
    }
}

impl Session {
    /// A message of the extended protocol other than Sync and Flush.
    pub(super) fn extended(&mut self, kind: u8, body: &[u8], out: &mut Vec<u8>) {
        if self.extended.skipping {
            return;
        }
        let mut reader = Reader::new("extended query", body);
        let result = match kind {
            b'P' => self.parse(&mut reader, out),
            b'B' => self.bind(&mut reader, out),
            b'D' => self.describe(&mut reader, out),
            b'E' => self.execute(&mut reader, out),
            _ => self.close(&mut reader, out),
        };
        if let Err(fields) = result {
            self.fail();
            self.extended.skipping = true;
            reply::error(out, &fields);
        }
    }

    /// Whether messages are skipped because one before failed.
    pub(super) const fn is_skipping(&self) -> bool {
        self.extended.skipping
    }

    /// A Sync message. Portals do not outlive a transaction.
    pub(super) fn sync(&mut self, out: &mut Vec<u8>) {
        self.extended.skipping = false;
        if self.transaction == reply::Transaction::Idle {
            self.extended.portals.clear();
        }
        self.ready(out);
    }

    fn parse(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), ErrorFields> {
        let name = text(reader)?;
        let query = text(reader)?;
        if name.is_empty() {
            // Gone whatever becomes of the new one.
            self.extended.statements.remove("");
        }
        let parameters = number(reader)?;
        for _ in 0..parameters {
            reader.u32_be("type").map_err(|_| insufficient())?;
        }
        reader.finish().map_err(|_| invalid_message())?;
        let mut statements = Statement::read_all(&query)?;
        if statements.len() > 1 {
            return Err(ErrorFields::error("42601", "cannot insert multiple commands into a prepared statement").at(
                "postgres.c",
                1419,
                "exec_parse_message",
            ));
        }
        let statement = statements.pop().unwrap_or(Statement::Empty);
        self.may_run(&statement, 1439, "exec_parse_message")?;
        self.shape(&statement)?;
        if !name.is_empty() && self.extended.statements.contains_key(&name) {
            return Err(ErrorFields::error("42P05", format!("prepared statement \"{name}\" already exists")).at(
                "prepare.c",
                412,
                "StorePreparedStatement",
            ));
        }
        if self.extended.statements.len() >= LIMIT && !self.extended.statements.contains_key(&name) {
            return Err(ErrorFields::error("53400", format!("this server holds at most {LIMIT} prepared statements")));
        }
        self.extended.statements.insert(name, statement);
        reply::bare(out, b'1');
        Ok(())
    }

    fn bind(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), ErrorFields> {
        let portal = text(reader)?;
        let name = text(reader)?;
        for _ in 0..number(reader)? {
            number(reader)?;
        }
        let values = number(reader)?;
        for _ in 0..values {
            let length = reader.u32_be("length").map_err(|_| insufficient())?;
            if length != u32::MAX {
                let length = usize::try_from(length).map_err(|_| insufficient())?;
                reader.take("value", length).map_err(|_| insufficient())?;
            }
        }
        let mut formats = Vec::new();
        for _ in 0..number(reader)? {
            formats.push(number(reader)?);
        }
        reader.finish().map_err(|_| invalid_message())?;
        let statement = self.extended.statements.get(&name).ok_or_else(|| no_statement(&name))?.clone();
        if values != 0 {
            return Err(ErrorFields::error(
                "08P01",
                format!("bind message supplies {values} parameters, but prepared statement \"{name}\" requires 0"),
            )
            .at("postgres.c", 1674, "exec_bind_message"));
        }

        self.may_run(&statement, 1691, "exec_bind_message")?;
        let columns = self.shape(&statement)?.map_or(0, |fields| fields.len());
        if formats.len() > 1 && formats.len() != columns {
            return Err(ErrorFields::error(
                "08P01",
                format!("bind message has {} result formats but query has {columns} columns", formats.len()),
            )
            .at("pquery.c", 643, "PortalSetResultFormat"));
        }
        if !portal.is_empty() && self.extended.portals.contains_key(&portal) {
            return Err(ErrorFields::error("42P03", format!("cursor \"{portal}\" already exists")).at(
                "portalmem.c",
                186,
                "CreatePortal",
            ));
        }
        if self.extended.portals.len() >= LIMIT && !self.extended.portals.contains_key(&portal) {
            return Err(ErrorFields::error("53400", format!("this server holds at most {LIMIT} portals")));
        }
        self.extended.portals.insert(portal, Portal { statement, formats, done: false });
        reply::bare(out, b'2');
        Ok(())
    }

    fn describe(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), ErrorFields> {
        let kind = reader.u8("kind").map_err(|_| insufficient())?;
        let name = text(reader)?;
        reader.finish().map_err(|_| invalid_message())?;
        let (statement, formats) = match kind {
            b'S' => {
                let statement = self.extended.statements.get(&name).ok_or_else(|| no_statement(&name))?;
                if self.shape(statement)?.is_some() {
                    self.may_run(statement, 2605, "exec_describe_statement_message")?;
                }
                frame::message(out, b't', |writer| {
                    writer.u16_be(0);
                });
                (statement, Vec::new())
            }
            b'P' => {
                let portal = self
                    .extended
                    .portals
                    .get(&name)
                    .ok_or_else(|| no_portal(&name, 2669, "exec_describe_portal_message"))?;
                if self.shape(&portal.statement)?.is_some() {
                    self.may_run(&portal.statement, 2683, "exec_describe_portal_message")?;
                }
                (&portal.statement, portal.formats.clone())
            }
            other => return Err(invalid_subtype("DESCRIBE", other, 4837)),
        };
        match self.shape(statement)? {
            Some(fields) => row_description(out, &fields, &formats),
            None => reply::bare(out, b'n'),
        }
        Ok(())
    }

    fn execute(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), ErrorFields> {
        let name = text(reader)?;
        reader.u32_be("row limit").map_err(|_| insufficient())?;
        reader.finish().map_err(|_| invalid_message())?;
        let portal =
            self.extended.portals.get_mut(&name).ok_or_else(|| no_portal(&name, 2071, "exec_execute_message"))?;
        let again = std::mem::replace(&mut portal.done, true);
        let Portal { statement, formats, .. } = portal.clone();
        self.may_run(&statement, 2172, "exec_execute_message")?;
        let rows = self.shape(&statement)?.is_some();
        if again && !rows && statement != Statement::Empty {
            return Err(ErrorFields::error("55000", format!("portal \"{name}\" cannot be run")).at(
                "portalmem.c",
                400,
                "MarkPortalActive",
            ));
        }
        if let Some(format) = formats.iter().find(|format| rows && **format > 1) {
            return Err(ErrorFields::error("22023", format!("unsupported format code: {format}")).at(
                "printtup.c",
                290,
                "printtup_prepare_info",
            ));
        }
        match self.run(&statement, out)? {
            Answer::Row(_, tag) if again => {
                // One row is all there was.
                reply::command_complete(out, &tag.replace('1', "0"));
            }
            Answer::Row(fields, tag) => {
                data_row(out, &fields, &formats);
                reply::command_complete(out, &tag);
            }
            Answer::Done(tag) => reply::command_complete(out, tag),
            Answer::Empty => reply::bare(out, b'I'),
        }
        Ok(())
    }

    fn close(&mut self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), ErrorFields> {
        let kind = reader.u8("kind").map_err(|_| insufficient())?;
        let name = text(reader)?;
        reader.finish().map_err(|_| invalid_message())?;
        // It is no error to close what is not there.
        match kind {
            b'S' => drop(self.extended.statements.remove(&name)),
            b'P' => drop(self.extended.portals.remove(&name)),
            other => return Err(invalid_subtype("CLOSE", other, 4802)),
        }
        reply::bare(out, b'3');
        Ok(())
    }
}

fn text(reader: &mut Reader<'_>) -> Result<String, ErrorFields> {
    let octets = reader.until_nul("string").map_err(|_| invalid_string())?;
    String::from_utf8(octets.to_vec())
        .map_err(|_| ErrorFields::error("22021", "invalid byte sequence for encoding \"UTF8\""))
}

fn number(reader: &mut Reader<'_>) -> Result<u16, ErrorFields> {
    reader.u16_be("number").map_err(|_| insufficient())
}

fn insufficient() -> ErrorFields {
    ErrorFields::error("08P01", "insufficient data left in message").at("pqformat.c", 533, "pq_copymsgbytes")
}

fn invalid_subtype(message: &str, kind: u8, line: u32) -> ErrorFields {
    ErrorFields::error("08P01", format!("invalid {message} message subtype {kind}")).at(
        "postgres.c",
        line,
        "PostgresMain",
    )
}

fn no_statement(name: &str) -> ErrorFields {
    let message = if name.is_empty() {
        "unnamed prepared statement does not exist".to_owned()
    } else {
        format!("prepared statement \"{name}\" does not exist")
    };
    ErrorFields::error("26000", message).at("prepare.c", 451, "FetchPreparedStatement")
}

fn no_portal(name: &str, line: u32, routine: &'static str) -> ErrorFields {
    ErrorFields::error("34000", format!("portal \"{name}\" does not exist")).at("postgres.c", line, routine)
}
