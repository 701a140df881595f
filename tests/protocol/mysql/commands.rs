//! What drivers ask once they are logged in.

use super::conversation::{Party, converse};
use super::logins::{client, server};
use mysql_common::io::ParseBuf;
use mysql_common::packets::Column;
use shakedown::handshake::{Handshake, Input, Step};
use shakedown::mysql::packet::{PacketReader, Sequence, write};
use shakedown::mysql::result_set::{QueryResult, ResultSetReader};
use shakedown::mysql::{Capabilities, ServerHandshake, ServerPlugin, ServerSettings};
use std::sync::Arc;

const DEPRECATE_EOF: u32 = Capabilities::DEPRECATE_EOF.0;
const QUERY_ATTRIBUTES: u32 = Capabilities::QUERY_ATTRIBUTES.0;

/// A session of `pam`, whose password comes in clear in the login.
struct Session {
    party: Party<ServerHandshake>,
    capabilities: Capabilities,
}

impl Session {
    fn new(capabilities: u32) -> Self {
        Self::with(server(ServerPlugin::NativePassword), capabilities)
    }

    fn with(settings: ServerSettings, capabilities: u32) -> Self {
        let mut party = Party::new(ServerHandshake::new(Arc::new(settings), 42), 3);
        party.give(Input::Start).0.unwrap();
        let capabilities = Capabilities(capabilities)
            | Capabilities::PROTOCOL_41
            | Capabilities::SECURE_CONNECTION
            | Capabilities::PLUGIN_AUTH;
        let mut login = capabilities.0.to_le_bytes().to_vec();
        login.resize(32, 0);
        login.extend_from_slice(b"pam\0\x06right\0mysql_clear_password\0");
        let mut octets = Vec::new();
        write(&mut octets, &mut Sequence(1), |writer| _ = writer.bytes(&login));
        party.give(Input::Bytes(&octets)).0.unwrap();
        assert!(party.machine.outcome().unwrap().is_established());
        Self { party, capabilities }
    }

    /// The payloads that answer a command.
    fn command(&mut self, payload: &[u8]) -> Vec<Vec<u8>> {
        let mut octets = Vec::new();
        write(&mut octets, &mut Sequence(0), |writer| _ = writer.bytes(payload));
        let (step, out) = self.party.give(Input::Bytes(&octets));
        assert!(matches!(step, Ok(Step::Receive)), "{step:?}");
        let mut reader = PacketReader::default();
        reader.feed(&out);
        let (mut sequence, mut payloads) = (Sequence(1), Vec::new());
        while let Some(payload) = reader.next(&mut sequence).unwrap() {
            payloads.push(payload.to_vec());
        }
        payloads
    }

    /// The rows, values separated by `|` and rows by `/`; or `OK`; or the error.
    fn query(&mut self, statement: &str) -> String {
        let mut payload = vec![0x03];
        if self.capabilities.has(Capabilities::QUERY_ATTRIBUTES) {
            payload.extend_from_slice(&[0, 1]);
        }
        payload.extend_from_slice(statement.as_bytes());
        let mut reader = ResultSetReader::new(self.capabilities);
        let mut payloads = self.command(&payload).into_iter();
        let result = payloads.find_map(|payload| reader.packet(&payload).unwrap()).expect("a whole answer");
        assert_eq!(payloads.next(), None, "nothing behind the answer");
        match result {
            QueryResult::Done => "OK".to_owned(),
            QueryResult::Refused(error) => error.outcome_code(),
            QueryResult::Rows(rows) => rows
                .into_iter()
                .map(|row| {
                    row.into_iter()
                        .map(|value| value.map_or("NULL".to_owned(), |text| String::from_utf8(text).unwrap()))
                        .collect::<Vec<_>>()
                        .join("|")
                })
                .collect::<Vec<_>>()
                .join("/"),
        }
    }
}

#[test]
fn statements_of_drivers_are_answered() {
    for capabilities in [0, DEPRECATE_EOF, DEPRECATE_EOF | QUERY_ATTRIBUTES] {
        let mut session = Session::new(capabilities);
        let mut check = |statement: &str, answer: &str| assert_eq!(session.query(statement), answer, "{statement}");
        check("SET NAMES utf8mb4", "OK");
        check("set autocommit=1", "OK");
        check("SELECT 1", "1");
        check("select @@version_comment limit 1", "Shakedown mock server");
        check(
            "SELECT CURRENT_USER(), user() , VERSION(), DATABASE(), CONNECTION_ID()",
            "pam@%|pam@127.0.0.1|8.0.28|NULL|42",
        );
        check("SELECT @@max_allowed_packet,@@session.auto_increment_increment AS x, 'a,b'", "67108864|1|a,b");
        check(
            "/* mysql-connector-j-8.0.33 */SELECT  @@session.auto_increment_increment AS auto_increment_increment, \
             @@character_set_client AS character_set_client",
            "1|utf8mb4",
        );
        check("SELECT @@global.nonsense", "1193 HY000");
        check("SELECT @@tx_isolation", "1193 HY000");
        check("SELECT @@query_cache_type", "1193 HY000");
        check(
            "SHOW VARIABLES LIKE 'vers%'",
            "version|8.0.28/version_comment|Shakedown mock server/version_compile_os|Linux",
        );
        check(
            "SHOW VARIABLES WHERE Variable_name IN ('autocommit', 'wait_timeout')",
            "autocommit|ON/wait_timeout|28800",
        );
        check("SHOW STATUS LIKE 'Ssl_cipher'", "Ssl_cipher|");
        check("SHOW WARNINGS", "");
        check("START TRANSACTION", "OK");
        check("COMMIT;", "OK");
        check("USE mysql", "OK");
        check("SELECT DATABASE()", "mysql");
        check("USE nowhere", "1049 42000");
        check("SELECT * FROM t", "1064 42000");
        check("DROP TABLE t", "1064 42000");
        check("", "1065 42000");
    }
}

#[test]
fn an_old_server_has_the_variables_that_were_removed_later() {
    let mut settings = server(ServerPlugin::NativePassword);
    settings.version = "5.7.12".to_owned();
    settings.capabilities = Capabilities::MYSQL_5_7;
    settings.variables.insert("aurora_version".to_owned(), "2.11.0".to_owned());
    let mut session = Session::with(settings, 0);
    let statement =
        "SELECT @@tx_isolation, @@query_cache_size AS query_cache_size, @@query_cache_type, @@aurora_version";
    assert_eq!(session.query(statement), "REPEATABLE-READ|0|OFF|2.11.0");
}

#[test]
fn a_second_reader_finds_the_columns() {
    let payloads = Session::new(DEPRECATE_EOF).command(b"\x03SELECT 1, VERSION() AS v");
    assert_eq!(payloads.len(), 5); // count, two columns, a row, OK in place of EOF
    assert_eq!(payloads[0], [2]);
    let number: Column = ParseBuf(&payloads[1]).parse(()).unwrap();
    let text: Column = ParseBuf(&payloads[2]).parse(()).unwrap();
    assert_eq!((number.name_str(), text.name_str()), ("1".into(), "v".into()));
    assert_eq!(number.column_type(), mysql_common::constants::ColumnType::MYSQL_TYPE_LONGLONG);
    assert_eq!(text.column_type(), mysql_common::constants::ColumnType::MYSQL_TYPE_VAR_STRING);
    assert_eq!(payloads[3], b"\x011\x068.0.28");
}

#[test]
fn other_commands_are_answered() {
    let mut session = Session::new(0);
    let ok = [0, 0, 0, 2, 0, 0, 0];
    assert_eq!(session.command(&[0x0E]), [ok]); // COM_PING
    assert_eq!(session.command(&[0x1F]), [ok]); // COM_RESET_CONNECTION
    assert_eq!(session.command(b"\x02mysql"), [ok]); // COM_INIT_DB
    assert_eq!(session.command(b"\x02nowhere")[0][1..9], *b"\x19\x04#42000"); // 1049
    assert_eq!(session.command(&[0x1B, 0, 0]), [[0xFE, 0, 0, 2, 0]]); // COM_SET_OPTION: EOF
    assert_eq!(session.command(b"\x16SELECT ?")[0][1..9], *b"\x0f\x05#HY000"); // COM_STMT_PREPARE: 1295
    assert!(session.command(&[0x19, 1, 0, 0, 0]).is_empty()); // COM_STMT_CLOSE is never answered
    assert_eq!(session.command(&[0x7F])[0][1..9], *b"\x17\x04#08S01"); // 1047
    assert_eq!(session.command(&[])[0][1..9], *b"\x17\x04#08S01"); // nothing at all: 1047
    // COM_SET_OPTION without its option: 1835.
    assert_eq!(session.command(&[0x1B])[0], b"\xff\x2b\x07#HY000Malformed communication packet.");
    assert_eq!(session.command(&[0x1B, 9, 0])[0][1..9], *b"\x17\x04#08S01"); // there is no option 9: 1047
    assert_eq!(session.command(&[0x02])[0], b"\xff\x16\x04#3D000No database selected"); // COM_INIT_DB of nothing
}

/// Definitions as MySQL 9.7.4 sent them on 2026-11-21 to a client of utf8mb4 (255) with the same statements.
#[test]
fn columns_are_described_as_mysql_describes_them() {
    let mut session = Session::new(DEPRECATE_EOF);
    let mut check = |statement: &str, definitions: &[&[u8]]| {
        let mut command = vec![0x03];
        command.extend_from_slice(statement.as_bytes());
        assert_eq!(session.command(&command)[1..=definitions.len()], *definitions, "{statement}");
    };
    // catalog, schema, table, original table, name, original name; 12 octets: charset, length, type, flags, decimals
    check("SELECT 1", &[b"\x03def\0\0\0\x011\0\x0c\x3f\0\x02\0\0\0\x08\x81\0\0\0\0"]);
    check("SELECT 12345", &[b"\x03def\0\0\0\x0512345\0\x0c\x3f\0\x06\0\0\0\x08\x81\0\0\0\0"]);
    // A text is called by what is in it; its length is in octets, four to a character.
    check("SELECT 'abc'", &[b"\x03def\0\0\0\x03abc\0\x0c\xff\0\x0c\0\0\0\xfd\x01\0\x1f\0\0"]);
    check(
        "SELECT @@autocommit, @@wait_timeout, @@time_zone",
        &[
            b"\x03def\0\0\0\x0c@@autocommit\0\x0c\x3f\0\x01\0\0\0\x08\x80\0\0\0\0",
            b"\x03def\0\0\0\x0e@@wait_timeout\0\x0c\x3f\0\x15\0\0\0\x08\xa0\0\0\0\0",
            b"\x03def\0\0\0\x0b@@time_zone\0\x0c\xff\0\x54\x55\x01\0\xfd\0\0\x1f\0\0",
        ],
    );
    check(
        "SELECT USER(), DATABASE(), CONNECTION_ID()",
        &[
            b"\x03def\0\0\0\x06USER()\0\x0c\xff\0\x80\x04\0\0\xfd\0\0\x1f\0\0",
            b"\x03def\0\0\0\x0aDATABASE()\0\x0c\xff\0\0\x01\0\0\xfd\0\0\x1f\0\0",
            b"\x03def\0\0\0\x0fCONNECTION_ID()\0\x0c\x3f\0\x15\0\0\0\x08\xa1\0\0\0\0",
        ],
    );
    check(
        "SHOW VARIABLES LIKE 'autocommit'",
        &[
            b"\x03def\x12performance_schema\x11session_variables\x11session_variables\x0dVariable_name\x0dVariable_name\
              \x0c\xff\0\0\x01\0\0\xfd\x01\x10\0\0\0",
            b"\x03def\x12performance_schema\x11session_variables\x11session_variables\x05Value\x05Value\
              \x0c\xff\0\0\x10\0\0\xfd\0\0\0\0\0",
        ],
    );
    check(
        "SHOW WARNINGS",
        &[
            b"\x03def\0\0\0\x05Level\0\x0c\xff\0\x1c\0\0\0\xfd\x01\0\x1f\0\0",
            b"\x03def\0\0\0\x04Code\0\x0c\x3f\0\x05\0\0\0\x03\xa1\0\0\0\0",
            b"\x03def\0\0\0\x07Message\0\x0c\xff\0\0\x08\0\0\xfd\x01\0\x1f\0\0",
        ],
    );
    // Texts come in the character set of results.
    assert_eq!(session.query("SET NAMES latin1"), "OK");
    let payloads = session.command(b"\x03SELECT 'a', @@character_set_results");
    assert_eq!(payloads[1], b"\x03def\0\0\0\x01a\0\x0c\x08\0\x01\0\0\0\xfd\x01\0\x1f\0\0");
    assert_eq!(payloads[3], b"\x01a\x06latin1");
}

/// OK packets as MySQL 9.7.4 sent them on 2026-11-21 to the same commands.
#[test]
fn what_changes_in_a_session_is_reported_to_who_asks_for_it() {
    const SESSION_TRACK: u32 = 0x0080_0000;
    let mut session = Session::new(DEPRECATE_EOF | SESSION_TRACK);
    let mut check = |command: &[u8], ok: &[u8]| assert_eq!(session.command(command), [ok], "{command:?}");
    // OK, no rows, no id, status, no warnings; no text; length, kind, length, text
    check(b"\x03USE mysql", b"\0\0\0\x02\x40\0\0\0\x08\x01\x06\x05mysql");
    check(b"\x02INFORMATION_SCHEMA", b"\0\0\0\x02\x40\0\0\0\x15\x01\x13\x12information_schema");
    check(
        b"\x03SET NAMES utf8mb4",
        b"\0\0\0\x02\x40\0\0\0\x62\0\x1d\x14character_set_client\x07utf8mb4\
          \0\x21\x18character_set_connection\x07utf8mb4\0\x1e\x15character_set_results\x07utf8mb4",
    );
    check(b"\x03SET character_set_results=NULL", b"\0\0\0\x02\x40\0\0\0\x19\0\x17\x15character_set_results\0");
    check(b"\x03SET time_zone='+00:00'", b"\0\0\0\x02\x40\0\0\0\x13\0\x11\x09time_zone\x06+00:00");
    check(b"\x03SET sql_mode=''", b"\0\0\0\x02\0\0\0");
    check(b"\x03SET autocommit=0", b"\0\0\0\0\x40\0\0\0\x11\0\x0f\x0aautocommit\x03OFF");
    check(b"\x0e", b"\0\0\0\0\0\0\0"); // COM_PING: autocommit is still off
    check(b"\x1f", b"\0\0\0\x02\0\0\0"); // COM_RESET_CONNECTION switches it on again
    assert_eq!(session.query("SELECT @@time_zone, DATABASE()"), "SYSTEM|information_schema");
    // Nobody else is told.
    let mut session = Session::new(DEPRECATE_EOF);
    assert_eq!(session.command(b"\x03USE mysql"), [b"\0\0\0\x02\0\0\0"]);
}

#[test]
fn status_flags_tell_of_transactions_and_autocommit() {
    let mut session = Session::new(0);
    assert_eq!(session.command(b"\x03START TRANSACTION")[0], [0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(session.command(b"\x03SELECT 1").last().unwrap(), &[0xFE, 0, 0, 3, 0]);
    assert_eq!(session.command(b"\x03COMMIT")[0], [0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(session.command(b"\x03SET @@session.autocommit = OFF")[0], [0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(session.query("SELECT @@autocommit"), "0");
    // SERVER_QUERY_NO_INDEX_USED
    assert_eq!(session.command(b"\x03SHOW VARIABLES LIKE 'x'").last().unwrap(), &[0xFE, 0, 0, 0x20, 0]);
}

#[test]
fn another_user_is_asked_for_their_own_plugin() {
    let change = |answer: &[u8]| {
        let mut session = Session::new(0);
        let payloads = session.command(b"\x11native\0\0\0\x08\0mysql_native_password\0");
        assert!(
            payloads[0].starts_with(b"\xfemysql_native_password\0"),
            "asked even though the plugin is the right one"
        );
        let mut octets = Vec::new();
        write(&mut octets, &mut Sequence(2), |writer| _ = writer.bytes(answer));
        let step = session.party.give(Input::Bytes(&octets)).0.unwrap();
        (matches!(step, Step::Receive), session)
    };
    let (goes_on, session) = change(&[0x5a; 20]);
    assert!(!goes_on, "a failed change of user ends the connection");
    assert_eq!(session.party.trace.to_string().split(' ').next_back(), Some("28000)"));
    assert!(session.party.machine.outcome().unwrap().is_established(), "the login before it stays what it was");
}

/// As MySQL 9.7.4 has it: a scramble that was meant for another plugin is no password.
#[test]
fn only_what_is_said_to_the_accounts_own_plugin_counts_as_a_password() {
    let message = |change: &[u8], answer: &[u8]| {
        let mut session = Session::new(0);
        session.command(change);
        let mut octets = Vec::new();
        write(&mut octets, &mut Sequence(2), |writer| _ = writer.bytes(answer));
        let answered = session.party.give(Input::Bytes(&octets)).1;
        String::from_utf8_lossy(&answered).into_owned()
    };
    let scramble_of_nobody = b"\x11native\0\x05guess\0\x08\0caching_sha2_password\0";
    assert!(message(scramble_of_nobody, b"").ends_with("(using password: NO)"));
    assert!(message(scramble_of_nobody, &[0x5a; 20]).ends_with("(using password: YES)"));
    // A NUL is a scramble of a wrong length for the native plugin, and no password for the others.
    assert!(message(scramble_of_nobody, b"\0").ends_with("Bad handshake"));
    let sha2 = b"\x11caching\0\x01\0\0\x08\0mysql_native_password\0";
    assert!(message(sha2, b"\0").ends_with("(using password: NO)"));
}

#[test]
fn a_hundred_commands_do_not_grow_the_trace() {
    let mut session = Session::new(0);
    let before = session.party.trace.events().len();
    for _ in 0..100 {
        session.query("SELECT 1");
        let ok = session.command(b"\x11pam\0\x06right\0\0\x08\0mysql_clear_password\0");
        assert_eq!(ok, [[0, 0, 0, 2, 0, 0, 0]]);
    }
    assert_eq!(session.party.trace.events().len(), before);
    let ended = converse(&client("native", "right"), &Arc::new(server(ServerPlugin::NativePassword)));
    assert_eq!(ended.server_trace, "greeting< login> auth-ok< ready<");
}
