//! What an OK packet reports of the session (CLIENT_SESSION_TRACK): another database, other values of some variables
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html>, "Session State Information").
//!
//! Reported is what `session_track_schema` and `session_track_system_variables` name by default.

use crate::handshake::Writer;
use crate::mysql::packet::put_lenenc_octets;

/// Status flag: the statement read a table without an index.
pub const STATUS_NO_INDEX_USED: u16 = 0x0020;
/// Status flag: session state follows.
pub const STATUS_SESSION_STATE_CHANGED: u16 = 0x4000;

/// Variables whose changes are reported, by default.
pub const TRACKED: [&str; 5] =
    ["time_zone", "autocommit", "character_set_client", "character_set_results", "character_set_connection"];

const SYSTEM_VARIABLES: u8 = 0x00;
const SCHEMA: u8 = 0x01;

/// Changes of a session, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionChanges(Vec<u8>);

impl SessionChanges {
    /// The current database.
    #[must_use]
    pub fn of_schema(name: &str) -> Self {
        let mut changes = Self::default();
        changes.entry(SCHEMA, &[name]);
        changes
    }

    /// A variable.
    pub fn variable(&mut self, name: &str, value: &str) {
        self.entry(SYSTEM_VARIABLES, &[name, value]);
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes what stands behind the numbers of an OK packet: no text, and the changes.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        put_lenenc_octets(writer, b"");
        put_lenenc_octets(writer, &self.0);
    }

    fn entry(&mut self, kind: u8, texts: &[&str]) {
        let mut data = Vec::new();
        for text in texts {
            put_lenenc_octets(&mut Writer::new(&mut data), text.as_bytes());
        }
        put_lenenc_octets(Writer::new(&mut self.0).u8(kind), &data);
    }
}
