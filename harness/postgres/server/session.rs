//! What is answered once a client is logged in: simple and extended query, as far as drivers need it to feel connected.

use super::extended::Extended;
use super::parameter::Parameters;
use super::statement::{Column, Expression, Statement};
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame;
use crate::postgres::reply::{self, Transaction};

/// `server_version` unless a profile says otherwise.
pub(super) const DEFAULT_VERSION: &str = "15.20";

/// A session that is up.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) user: String,
    pub(super) database: String,
    pub(super) version_text: String,
    pub(super) process: u32,
    pub(super) parameters: Parameters,
    /// What `RESET` goes back to.
    pub(super) initial: Parameters,
    /// What the client was told last.
    told: Parameters,
    /// What `ROLLBACK` goes back to.
    saved: Option<Parameters>,
    pub(super) transaction: Transaction,
    pub(super) extended: Extended,
}

/// What a statement gives.
#[derive(Debug)]
pub(super) enum Answer {
    /// One row and the tag behind it.
    Row(Vec<Field>, String),
    /// A tag.
    Done(&'static str),
    /// EmptyQueryResponse.
    Empty,
}

/// A column of a row.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Value,
}

/// A value with its type.
#[derive(Debug)]
pub(super) enum Value {
    /// `int4`.
    Integer(i32),
    /// `bool`.
    Boolean(bool),
    /// `text`.
    Text(String),
    /// `name`.
    Name(String),
}

impl Value {
    /// Its OID and length, as RowDescription has them.
    const fn kind(&self) -> (u32, u16) {
        match self {
            Self::Integer(_) => (23, 4),
            Self::Boolean(_) => (16, 1),
            Self::Text(_) => (25, u16::MAX),
            Self::Name(_) => (19, 64),
        }
    }

    fn octets(&self, binary: bool) -> Vec<u8> {
        match (self, binary) {
            (Self::Integer(number), true) => number.to_be_bytes().to_vec(),
            (Self::Integer(number), false) => number.to_string().into_bytes(),
            (Self::Boolean(value), true) => vec![u8::from(*value)],
            (Self::Boolean(value), false) => if *value { b"t" } else { b"f" }.to_vec(),
            (Self::Text(text) | Self::Name(text), _) => text.clone().into_bytes(),
        }
    }
}

impl Session {
    pub(super) fn new(user: &str, database: &str, version_text: &str, process: u32, parameters: Parameters) -> Self {
        Self {
            user: user.to_owned(),
            database: database.to_owned(),
            version_text: version_text.to_owned(),
            process,
            initial: parameters.clone(),
            told: parameters.clone(),
            parameters,
            saved: None,
            transaction: Transaction::Idle,
            extended: Extended::default(),
        }
    }

    /// A Query message, up to its ReadyForQuery.
    pub(super) fn query(&mut self, body: &[u8], out: &mut Vec<u8>) {
        let before = self.parameters.clone();
        if let Err(fields) = self.run_all(body, out) {
            // All statements of one message are one transaction, unless they open one of their own.
            if self.transaction == Transaction::Idle {
                self.parameters = before;
            }
            self.fail();
            reply::error(out, &fields);
        }
        self.ready(out);
    }

    fn run_all(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorFields> {
        let statements = Statement::read_all(string(body)?)?;
        if statements.is_empty() {
            reply::bare(out, b'I');
        }
        for statement in statements {
            self.may_run(&statement, 1081, "exec_simple_query")?;
            match self.run(&statement, out)? {
                Answer::Row(fields, tag) => {
                    row_description(out, &fields, &[]);
                    data_row(out, &fields, &[]);
                    reply::command_complete(out, &tag);
                }
                Answer::Done(tag) => reply::command_complete(out, tag),
                Answer::Empty => reply::bare(out, b'I'),
            }
        }
        Ok(())
    }

    /// Carries a statement out. Notices go to `out` at once.
    ///
    /// # Errors
    /// What PostgreSQL would report.
    pub(super) fn run(&mut self, statement: &Statement, out: &mut Vec<u8>) -> Result<Answer, ErrorFields> {
        Ok(match statement {
            Statement::Empty => Answer::Empty,
            Statement::Select(columns) => Answer::Row(self.select(columns)?, "SELECT 1".to_owned()),
            Statement::Show(name) => {
                let (name, value) = self.parameters.show(name)?;
                let field = Field { name: name.to_owned(), value: Value::Text(value.to_owned()) };
                Answer::Row(vec![field], "SHOW".to_owned())
            }
            Statement::Set { name, value } if value.eq_ignore_ascii_case("default") => {
                self.parameters.reset(name, &self.initial)?;
                Answer::Done("SET")
            }
            Statement::Set { name, value } => {
                self.parameters.set(name, value)?;
                Answer::Done("SET")
            }
            Statement::SetTransaction => Answer::Done("SET"),
            Statement::Reset(Some(name)) => {
                self.parameters.reset(name, &self.initial)?;
                Answer::Done("RESET")
            }
            Statement::Reset(None) => {
                self.parameters.clone_from(&self.initial);
                Answer::Done("RESET")
            }
            Statement::DiscardAll if self.transaction != Transaction::Idle => {
                return Err(ErrorFields::error("25001", "DISCARD ALL cannot run inside a transaction block").at(
                    "xact.c",
                    3489,
                    "PreventInTransactionBlock",
                ));
            }
            Statement::DiscardAll => {
                self.parameters.clone_from(&self.initial);
                self.extended.forget_all();
                Answer::Done("DISCARD ALL")
            }
            Statement::Deallocate(None) => {
                self.extended.forget_all();
                Answer::Done("DEALLOCATE ALL")
            }
            Statement::Deallocate(Some(name)) => {
                self.extended.deallocate(name)?;
                Answer::Done("DEALLOCATE")
            }
            Statement::Begin(tag) => {
                if self.transaction == Transaction::Idle {
                    self.saved = Some(self.parameters.clone());
                    self.transaction = Transaction::Open;
                } else {
                    let fields = ErrorFields::warning("25001", "there is already a transaction in progress");
                    reply::notice(out, &fields.at("xact.c", 3792, "BeginTransactionBlock"));
                }
                Answer::Done(tag)
            }
            Statement::Commit => match self.transaction {
                Transaction::Failed => self.roll_back(),
                Transaction::Open => {
                    self.saved = None;
                    self.transaction = Transaction::Idle;
                    Answer::Done("COMMIT")
                }
                Transaction::Idle => {
                    no_transaction(out, 3990, "EndTransactionBlock");
                    Answer::Done("COMMIT")
                }
            },
            Statement::Rollback => {
                if self.transaction == Transaction::Idle {
                    no_transaction(out, 4113, "UserAbortTransactionBlock");
                }
                self.roll_back()
            }
        })
    }

    /// In a failed transaction nothing runs but its end.
    pub(super) fn may_run(&self, statement: &Statement, line: u32, routine: &'static str) -> Result<(), ErrorFields> {
        let ends = matches!(statement, Statement::Commit | Statement::Rollback | Statement::Empty);
        if self.transaction == Transaction::Failed && !ends {
            return Err(ErrorFields::error(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            )
            .at("postgres.c", line, routine));
        }
        Ok(())
    }

    /// A statement failed: so has its transaction.
    pub(super) fn fail(&mut self) {
        if self.transaction == Transaction::Open {
            self.transaction = Transaction::Failed;
        }
    }

    fn roll_back(&mut self) -> Answer {
        if let Some(saved) = self.saved.take() {
            self.parameters = saved;
        }
        self.transaction = Transaction::Idle;
        Answer::Done("ROLLBACK")
    }

    /// The row that a `SELECT` gives.
    fn select(&self, columns: &[Column]) -> Result<Vec<Field>, ErrorFields> {
        columns
            .iter()
            .map(|column| Ok(Field { name: column.name.clone(), value: self.value(&column.value)? }))
            .collect()
    }

    fn value(&self, expression: &Expression) -> Result<Value, ErrorFields> {
        Ok(match expression {
            Expression::Integer(number) => Value::Integer(*number),
            Expression::Text(text) => Value::Text(text.clone()),
            Expression::Version => Value::Text(self.version_text.clone()),
            Expression::CurrentUser => Value::Name(self.user.clone()),
            Expression::CurrentDatabase => Value::Name(self.database.clone()),
            Expression::CurrentSchema => Value::Name("public".to_owned()),
            Expression::BackendPid => Value::Integer(i32::try_from(self.process).unwrap_or(i32::MAX)),
            Expression::IsInRecovery => Value::Boolean(self.parameters.show("in_hot_standby")?.1 == "on"),
            Expression::Setting(name) => Value::Text(self.parameters.show(name)?.1.to_owned()),
        })
    }

    /// The columns that a statement would give, for Describe; `None` where it gives no rows.
    pub(super) fn shape(&self, statement: &Statement) -> Result<Option<Vec<Field>>, ErrorFields> {
        Ok(match statement {
            Statement::Select(columns) => {
                // A setting that does not exist is found out when it is read; its type is known before.
                let value = |column: &Column| self.value(&column.value).unwrap_or(Value::Text(String::new()));
                Some(columns.iter().map(|column| Field { name: column.name.clone(), value: value(column) }).collect())
            }
            Statement::Show(name) => {
                let (name, value) = self.parameters.show(name)?;
                Some(vec![Field { name: name.to_owned(), value: Value::Text(value.to_owned()) }])
            }
            _ => None,
        })
    }

    /// ReadyForQuery, with ParameterStatus in front of it for what the client does not know yet.
    pub(super) fn ready(&mut self, out: &mut Vec<u8>) {
        for (name, value) in self.parameters.changes(&self.told) {
            reply::parameter_status(out, name, &value);
        }
        self.told.clone_from(&self.parameters);
        reply::ready_for_query(out, self.transaction);
    }
}

fn no_transaction(out: &mut Vec<u8>, line: u32, routine: &'static str) {
    let fields = ErrorFields::warning("25P01", "there is no transaction in progress");
    reply::notice(out, &fields.at("xact.c", line, routine));
}

/// The only field of a Query message.
fn string(body: &[u8]) -> Result<&str, ErrorFields> {
    match body.iter().position(|&octet| octet == 0) {
        None => Err(invalid_string()),
        Some(end) if end + 1 != body.len() => Err(invalid_message()),
        Some(end) => std::str::from_utf8(&body[..end])
            .map_err(|_| ErrorFields::error("22021", "invalid byte sequence for encoding \"UTF8\"")),
    }
}

/// A string without its NUL.
pub(super) fn invalid_string() -> ErrorFields {
    ErrorFields::error("08P01", "invalid string in message").at("pqformat.c", 595, "pq_getmsgstring")
}

/// Octets behind the last field.
pub(super) fn invalid_message() -> ErrorFields {
    ErrorFields::error("08P01", "invalid message format").at("pqformat.c", 640, "pq_getmsgend")
}

/// Whether the column at `index` is asked for in binary: no format means text, one format is for all columns.
fn is_binary(formats: &[u16], index: usize) -> bool {
    match formats {
        [] => false,
        [all] => *all == 1,
        each => each.get(index) == Some(&1),
    }
}

/// Appends a RowDescription.
pub(super) fn row_description(out: &mut Vec<u8>, fields: &[Field], formats: &[u16]) {
    frame::message(out, b'T', |writer| {
        writer.u16_be(u16::try_from(fields.len()).unwrap_or(u16::MAX));
        for (index, field) in fields.iter().enumerate() {
            let (oid, length) = field.value.kind();
            writer.nul_terminated(field.name.as_bytes());
            writer.u32_be(0).u16_be(0); // No table, no column of one.
            writer.u32_be(oid).u16_be(length);
            writer.u32_be(u32::MAX); // No type modifier.
            writer.u16_be(u16::from(is_binary(formats, index)));
        }
    });
}

/// Appends a DataRow.
pub(super) fn data_row(out: &mut Vec<u8>, fields: &[Field], formats: &[u16]) {
    frame::message(out, b'D', |writer| {
        writer.u16_be(u16::try_from(fields.len()).unwrap_or(u16::MAX));
        for (index, field) in fields.iter().enumerate() {
            let octets = field.value.octets(is_binary(formats, index));
            writer.u32_be(u32::try_from(octets.len()).unwrap_or(u32::MAX)).bytes(&octets);
        }
    });
}
