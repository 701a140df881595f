//! What a logged-in client may ask: the commands that drivers send on connecting
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>).

use crate::handshake::{Error, Reader, TlsFacts, Writer};
use crate::mysql::account::Account;
use crate::mysql::admission::{self, INFORMATION_SCHEMA};
use crate::mysql::capability::Capabilities;
use crate::mysql::charset::Charset;
use crate::mysql::login::Login;
use crate::mysql::packet::{Sequence, lenenc, write};
use crate::mysql::query::{self, Answer, Assignment};
use crate::mysql::reply::{ErrPacket, OK, OkPacket, STATUS_AUTOCOMMIT, STATUS_IN_TRANS};
use crate::mysql::result_set::{Manner, put_end};
use crate::mysql::session_state::SessionChanges;
use crate::mysql::settings::ServerSettings;
use std::collections::BTreeMap;
use std::sync::Arc;

/// COM_QUIT.
pub const COM_QUIT: u8 = 0x01;
/// COM_QUERY.
pub const COM_QUERY: u8 = 0x03;
const COM_INIT_DB: u8 = 0x02;
const COM_PING: u8 = 0x0E;
const COM_CHANGE_USER: u8 = 0x11;
const COM_STMT_PREPARE: u8 = 0x16;
const COM_STMT_CLOSE: u8 = 0x19;
const COM_SET_OPTION: u8 = 0x1B;
const COM_RESET_CONNECTION: u8 = 0x1F;
/// No command has this number.
const NONE: u8 = 0xFF;

/// A command of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The client goes.
    Quit,
    /// `USE`.
    InitDb(String),
    /// A statement.
    Query(String),
    /// Is anybody there?
    Ping,
    /// The session back to its beginning, the login kept.
    ResetConnection,
    /// Multi-statements on (0) or off (1).
    SetOption(u16),
    /// Another login.
    ChangeUser(Login),
    /// A statement to be prepared: not supported, in words at which drivers fall back to plain queries.
    Prepare,
    /// A prepared statement is forgotten; never answered.
    CloseStatement,
    /// Something else.
    Unknown(u8),
}

impl Command {
    /// Reads a payload.
    ///
    /// # Errors
    /// It does not hold what its command needs.
    pub fn decode(payload: &[u8], capabilities: Capabilities) -> Result<Self, Error> {
        let mut reader = Reader::new("command", payload);
        // An empty packet is no command that mysqld knows.
        let command = reader.u8("command").unwrap_or(NONE);
        Ok(match command {
            COM_QUIT => Self::Quit,
            COM_INIT_DB => Self::InitDb(text(&mut reader)),
            COM_QUERY => {
                if capabilities.has(Capabilities::QUERY_ATTRIBUTES) {
                    // Drivers send none while they connect: a count of 0 parameters in 1 set.
                    if lenenc(&mut reader, "parameter count")? != 0 {
                        return Err(Error::Unsupported("query attributes".into()));
                    }
                    lenenc(&mut reader, "parameter set count")?;
                }
                Self::Query(text(&mut reader))
            }
            COM_PING => Self::Ping,
            COM_RESET_CONNECTION => Self::ResetConnection,
            COM_SET_OPTION => Self::SetOption(reader.u16_le("option")?),
            COM_CHANGE_USER => Self::ChangeUser(Login::decode_change_user(&mut reader, capabilities)?),
            COM_STMT_PREPARE => Self::Prepare,
            COM_STMT_CLOSE => Self::CloseStatement,
            other => Self::Unknown(other),
        })
    }
}

fn text(reader: &mut Reader<'_>) -> String {
    String::from_utf8_lossy(reader.rest()).into_owned()
}

/// What a connection has become.
#[derive(Debug)]
pub struct Session {
    /// The server.
    pub settings: Arc<ServerSettings>,
    /// Its number.
    pub connection_id: u32,
    /// The client's address.
    pub client_host: String,
    /// What both can; before the login, what the client said.
    pub capabilities: Capabilities,
    /// TLS, if it is up.
    pub tls: Option<TlsFacts>,
    /// Connect attributes of the last login.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
    /// The login name.
    pub user: String,
    /// The account, once logged in.
    pub account: Option<Account>,
    /// The current database.
    pub database: Option<String>,
    /// The character set of statements and results.
    pub charset: Charset,
    /// Whether each statement is a transaction of its own.
    pub autocommit: bool,
    /// Whether a transaction is open.
    pub in_transaction: bool,
    /// Variables that this session has set; `None` is NULL.
    pub variables: BTreeMap<&'static str, Option<String>>,
}

impl Session {
    /// Before the login.
    #[must_use]
    pub fn new(settings: Arc<ServerSettings>, connection_id: u32) -> Self {
        Self {
            charset: Charset::by_number(0, settings.charset),
            autocommit: true,
            in_transaction: false,
            variables: BTreeMap::new(),
            settings,
            connection_id,
            client_host: "127.0.0.1".to_owned(),
            capabilities: Capabilities::NONE,
            tls: None,
            attributes: Vec::new(),
            user: String::new(),
            account: None,
            database: None,
        }
    }

    /// Takes over who has logged in, and gives what is reported of it.
    pub fn log_in(&mut self, user: &str, account: &Account, database: Option<&str>) -> SessionChanges {
        self.capabilities = self.capabilities & self.settings.capabilities;
        user.clone_into(&mut self.user);
        self.account = Some(account.clone());
        self.reset();
        self.database = None;
        database.map_or_else(SessionChanges::default, |name| self.enter(name))
    }

    /// Status flags.
    #[must_use]
    pub const fn status(&self) -> u16 {
        let autocommit = if self.autocommit { STATUS_AUTOCOMMIT } else { 0 };
        autocommit | if self.in_transaction { STATUS_IN_TRANS } else { 0 }
    }

    /// Writes OK, with the changes if the client has asked for them.
    pub fn put_ok(&self, changes: &SessionChanges, further_status: u16, writer: &mut Writer<'_>) {
        let ok = OkPacket { status: self.status() | further_status, ..OkPacket::default() };
        if self.capabilities.has(Capabilities::SESSION_TRACK) {
            ok.encode_with(changes, writer);
        } else {
            ok.encode(OK, writer);
        }
    }

    /// Runs a command and writes its answer.
    pub fn run(&mut self, command: Command, out: &mut Vec<u8>, sequence: &mut Sequence) {
        let result = match command {
            Command::Ping => Ok(SessionChanges::default()),
            Command::ResetConnection => {
                self.reset();
                Ok(SessionChanges::default())
            }
            Command::InitDb(name) => self.use_database(&name),
            Command::Query(statement) => match query::answer(&statement, self) {
                Answer::Done => Ok(SessionChanges::default()),
                Answer::Set(assignments) => Ok(self.set(assignments)),
                Answer::Transaction { is_open } => {
                    self.in_transaction = is_open;
                    Ok(SessionChanges::default())
                }
                Answer::Use(name) => self.use_database(&name),
                Answer::Refused(error) => Err(error),
                Answer::Table(table, status) => return table.write(out, sequence, self.manner(status)),
            },
            Command::SetOption(0 | 1) => return write(out, sequence, |writer| put_end(self.manner(0), writer)),
            Command::Prepare => Err(ErrPacket::new(
                1295,
                b"HY000",
                "This command is not supported in the prepared statement protocol yet",
            )),
            Command::CloseStatement => return,
            Command::SetOption(_) | Command::Unknown(_) | Command::Quit | Command::ChangeUser(_) => {
                Err(ErrPacket::new(1047, b"08S01", "Unknown command"))
            }
        };
        write(out, sequence, |writer| match result {
            Ok(changes) => self.put_ok(&changes, 0, writer),
            Err(error) => error.encode(writer),
        });
    }

    fn manner(&self, status: u16) -> Manner {
        Manner { capabilities: self.capabilities, charset: self.charset, status: self.status() | status }
    }

    fn reset(&mut self) {
        (self.autocommit, self.in_transaction) = (true, false);
        self.variables.clear();
    }

    fn set(&mut self, assignments: Vec<Assignment>) -> SessionChanges {
        let mut changes = SessionChanges::default();
        for assignment in assignments {
            match assignment {
                Assignment::Charset(charset) => {
                    self.charset = charset;
                    for name in ["character_set_client", "character_set_connection", "character_set_results"] {
                        self.variables.remove(name);
                        changes.variable(name, charset.name);
                    }
                }
                Assignment::Autocommit(is_on) => {
                    self.autocommit = is_on;
                    // Switched on, it ends what was open.
                    self.in_transaction &= !is_on;
                    changes.variable("autocommit", if is_on { "ON" } else { "OFF" });
                }
                Assignment::Variable(name, value) => {
                    changes.variable(name, value.as_deref().unwrap_or_default());
                    self.variables.insert(name, value);
                }
            }
        }
        changes
    }

    fn use_database(&mut self, name: &str) -> Result<SessionChanges, ErrPacket> {
        if name.is_empty() {
            return Err(ErrPacket::new(1046, b"3D000", "No database selected"));
        }
        let account = self.account.as_ref().expect("commands come from accounts only");
        admission::database_access(&self.settings, account, &self.user, name)?;
        Ok(self.enter(name))
    }

    fn enter(&mut self, name: &str) -> SessionChanges {
        // However it is written, it is called by its own name.
        let is_information_schema = name.eq_ignore_ascii_case(INFORMATION_SCHEMA);
        let name = if is_information_schema { INFORMATION_SCHEMA } else { name };
        self.database = Some(name.to_owned());
        SessionChanges::of_schema(name)
    }
}
