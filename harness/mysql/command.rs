//! What a logged-in client may ask: the commands that drivers send on connecting
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>).

use crate::handshake::{Error, Reader, TlsFacts};
use crate::mysql::account::Account;
use crate::mysql::admission;
use crate::mysql::capability::Capabilities;
use crate::mysql::login::Login;
use crate::mysql::packet::{Sequence, lenenc, write};
use crate::mysql::query::{self, Answer};
use crate::mysql::reply::{ErrPacket, OK, OkPacket};
use crate::mysql::result_set;
use crate::mysql::settings::ServerSettings;
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
    /// Multi-statements on or off.
    SetOption,
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
    /// It is empty, or does not hold what its command needs.
    pub fn decode(payload: &[u8], capabilities: Capabilities) -> Result<Self, Error> {
        let mut reader = Reader::new("command", payload);
        let command = reader.u8("command")?;
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
            COM_SET_OPTION => Self::SetOption,
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
}

impl Session {
    /// Before the login.
    #[must_use]
    pub fn new(settings: Arc<ServerSettings>, connection_id: u32) -> Self {
        Self {
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

    /// Takes over who has logged in.
    pub fn log_in(&mut self, user: &str, account: &Account, database: Option<&str>) {
        self.capabilities = self.capabilities & self.settings.capabilities;
        user.clone_into(&mut self.user);
        self.account = Some(account.clone());
        self.database = database.map(str::to_owned);
    }

    /// Runs a command and writes its answer.
    pub fn run(&mut self, command: Command, out: &mut Vec<u8>, sequence: &mut Sequence) {
        let result = match command {
            Command::Ping | Command::ResetConnection => Ok(()),
            Command::InitDb(name) => self.use_database(name),
            Command::Query(statement) => match query::answer(&statement, self) {
                Answer::Done => Ok(()),
                Answer::Use(name) => self.use_database(name),
                Answer::Refused(error) => Err(error),
                Answer::Table(table) => return table.write(out, sequence, self.capabilities),
            },
            Command::SetOption => {
                let deprecate_eof = self.capabilities.has(Capabilities::DEPRECATE_EOF);
                return write(out, sequence, |writer| result_set::put_end(writer, deprecate_eof));
            }
            Command::Prepare => Err(ErrPacket::new(
                1295,
                b"HY000",
                "This command is not supported in the prepared statement protocol yet",
            )),
            Command::CloseStatement => return,
            Command::Unknown(_) | Command::Quit | Command::ChangeUser(_) => {
                Err(ErrPacket::new(1047, b"08S01", "Unknown command"))
            }
        };
        write(out, sequence, |writer| match result {
            Ok(()) => OkPacket::AUTHENTICATED.encode(OK, writer),
            Err(error) => error.encode(writer),
        });
    }

    fn use_database(&mut self, name: String) -> Result<(), ErrPacket> {
        let account = self.account.as_ref().expect("commands come from accounts only");
        admission::database_access(&self.settings, account, &self.user, &name)?;
        self.database = Some(name);
        Ok(())
    }
}
