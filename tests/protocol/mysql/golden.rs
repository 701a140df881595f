//! Octets that other programs put on the wire.
//!
//! Recorded on 2026-11-21 on Debian 12 from mariadbd 10.11.19, and from clients that were shown one fixed greeting (nonce
//! `0x31` to `0x44`): libmysqlclient 8.4.0 under Connector/Python, PyMySQL 1.2.4, Connector/Python 8.4.0 without C, and the
//! mariadb client 10.11.19. The password was always `pw`.

use shakedown::handshake::{Reader, Writer};
use shakedown::mysql::Capabilities;
use shakedown::mysql::auth::kerberos::ServiceName;
use shakedown::mysql::auth::{native_password, read_nonce, sha2_password};
use shakedown::mysql::greeting::Greeting;
use shakedown::mysql::login::{Header, Login};
use shakedown::mysql::packet::{PacketReader, Sequence, write};
use shakedown::mysql::reply::{AuthSwitch, ErrPacket, OK, OkPacket, Reply};

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|octet| !octet.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The payload of the one packet in `octets`, and its sequence id.
fn payload(octets: &[u8]) -> (Vec<u8>, u8) {
    let mut reader = PacketReader::default();
    let mut sequence = Sequence(octets[3]);
    reader.feed(octets);
    let payload = reader.next(&mut sequence).unwrap().expect("a whole packet").to_vec();
    assert_eq!(reader.unread(), b"");
    (payload, octets[3])
}

fn packet(sequence: u8, fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, &mut Sequence(sequence), fill);
    out
}

const NONCE: [u8; 20] = *b"123456789:;<=>?@ABCD";

#[test]
fn the_greeting_of_mariadb_is_read() {
    let (payload, sequence) = payload(&hex("64 00 00 00 \
         0a \
         35 2e 35 2e 35 2d 31 30 2e 31 31 2e 31 39 2d 4d 61 72 69 61 44 42 2d 30 2b 64 65 62 31 32 75 31 00 \
         11 00 00 00 \
         28 51 42 34 7e 42 69 6a \
         00 \
         fe ff \
         08 \
         02 00 \
         ff 81 \
         15 \
         00 00 00 00 00 00 1d 00 00 00 \
         59 5e 4d 47 5b 72 4d 69 4a 76 33 39 00 \
         6d 79 73 71 6c 5f 6e 61 74 69 76 65 5f 70 61 73 73 77 6f 72 64 00"));
    assert_eq!(sequence, 0);
    let greeting = Greeting::decode(&payload).unwrap();
    assert_eq!(greeting.version, "5.5.5-10.11.19-MariaDB-0+deb12u1");
    assert_eq!(greeting.connection_id, 17);
    assert_eq!(greeting.capabilities, Capabilities(0x81FF_FFFE)); // LONG_PASSWORD cleared: this is MariaDB
    assert_eq!((greeting.charset, greeting.status), (8, 2)); // latin1_swedish_ci, autocommit
    assert_eq!(greeting.plugin.as_deref(), Some(&b"mysql_native_password"[..]));
    assert_eq!(read_nonce("greeting", &greeting.auth_data).unwrap(), *b"(QB4~BijY^MG[rMiJv39");
}

#[test]
fn the_greeting_that_real_clients_accepted_is_written() {
    let expected = hex("4a 00 00 00                                                        # length 74, sequence id 0
         0a                                                                 # protocol version 10
         38 2e 30 2e 32 38 00                                               # 8.0.28
         07 00 00 00                                                        # connection id 7
         31 32 33 34 35 36 37 38                                            # nonce, part 1
         00                                                                 # filler
         df f7                                                              # capabilities, low: no COMPRESS, no SSL
         ff                                                                 # utf8mb4_0900_ai_ci
         02 00                                                              # autocommit
         ff 9b                                                              # capabilities, high
         15                                                                 # 21 octets of plugin data
         00 00 00 00 00 00 00 00 00 00                                      # reserved
         39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 00                             # nonce, part 2, and its NUL
         6d 79 73 71 6c 5f 6e 61 74 69 76 65 5f 70 61 73 73 77 6f 72 64 00  # mysql_native_password"
        .lines()
        .map(|line| line.split('#').next().unwrap())
        .collect::<String>()
        .as_str());
    let mut auth_data = NONCE.to_vec();
    auth_data.push(0);
    let greeting = Greeting {
        version: "8.0.28".to_owned(),
        connection_id: 7,
        auth_data,
        capabilities: Capabilities(0x9BFF_F7DF),
        charset: 0xFF,
        status: 2,
        plugin: Some(b"mysql_native_password".to_vec()),
    };
    assert_eq!(packet(0, |writer| greeting.encode(writer)), expected);
    assert_eq!(Greeting::decode(&expected[4..]).unwrap(), greeting);
}

fn read_login(octets: &str) -> (Header, Login) {
    let (payload, sequence) = payload(&hex(octets));
    assert_eq!(sequence, 1);
    let mut reader = Reader::new("login", &payload);
    let header = Header::decode(&mut reader).unwrap();
    let login = Login::decode(&mut reader, header.capabilities).unwrap();
    assert!(reader.is_empty());
    (header, login)
}

fn attribute<'a>(login: &'a Login, key: &str) -> Option<&'a [u8]> {
    login.attributes.iter().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value.as_slice())
}

const SCRAMBLE: &str = "604f15d17c7aad6d070376dd0e8c510aeeb78848";

#[test]
fn the_login_of_libmysqlclient_is_read_and_written_back() {
    let octets = "14 01 00 01 \
        8d a2 bf 19  00 00 00 40  ff  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 \
        61 6c 69 63 65 00 \
        14 60 4f 15 d1 7c 7a ad 6d 07 03 76 dd 0e 8c 51 0a ee b7 88 48 \
        73 68 6f 70 00 \
        6d 79 73 71 6c 5f 6e 61 74 69 76 65 5f 70 61 73 73 77 6f 72 64 00 \
        bd 045f706964053136333232 095f706c6174666f726d067838365f3634 0f5f636c69656e745f76657273696f6e05382e342e30 \
        035f6f73054c696e7578 0c5f636c69656e745f6e616d65086c69626d7973716c 0c5f736f757263655f686f737402766d \
        125f636f6e6e6563746f725f76657273696f6e05382e342e30 125f636f6e6e6563746f725f6c6963656e73650747504c2d322e30 \
        0f5f636f6e6e6563746f725f6e616d65166d7973716c2d636f6e6e6563746f722d707974686f6e";
    let (header, login) = read_login(octets);
    assert_eq!(header.capabilities, Capabilities(0x19BF_A28D));
    assert_eq!((header.max_packet, header.charset), (0x4000_0000, 0xFF));
    assert_eq!(login.user, b"alice");
    assert_eq!(login.auth_response.as_slice(), hex(SCRAMBLE));
    assert_eq!(login.database.as_deref(), Some(&b"shop"[..]));
    assert_eq!(login.plugin.as_deref(), Some(&b"mysql_native_password"[..]));
    assert_eq!(login.attributes.len(), 9);
    assert_eq!(attribute(&login, "_client_name"), Some(&b"libmysql"[..]));
    assert_eq!(attribute(&login, "_os"), Some(&b"Linux"[..]));
    let written = packet(1, |writer| {
        header.encode(writer);
        login.encode(writer, header.capabilities);
    });
    assert_eq!(written, hex(octets));
}

#[test]
fn the_logins_of_other_drivers_are_read() {
    // PyMySQL: no database, three attributes.
    let (header, login) = read_login(
        "88000000 00 01 05a23a00 ffffff00 2d 0000000000000000000000000000000000000000000000 616c69636500 \
         14604f15d17c7aad6d070376dd0e8c510aeeb78848 6d7973716c5f6e61746976655f70617373776f726400 \
         360c5f636c69656e745f6e616d650770796d7973716c0f5f636c69656e745f76657273696f6e05312e322e34045f706964053136333232"
            .replacen("88000000 00 01", "88000001", 1)
            .as_str(),
    );
    assert_eq!(header.capabilities, Capabilities(0x003A_A205));
    assert_eq!((login.database.as_deref(), login.attributes.len()), (None, 3));
    assert_eq!(login.auth_response.as_slice(), hex(SCRAMBLE));

    // Connector/Python without C: CONNECT_WITH_DB and an empty database.
    let (header, login) = read_login(
        "df000001 0da21b18 00000040 2d 0000000000000000000000000000000000000000000000 616c69636500 \
         14604f15d17c7aad6d070376dd0e8c510aeeb78848 00 6d7973716c5f6e61746976655f70617373776f726400 \
         8c045f706964053136333232095f706c6174666f726d067838365f36340c5f736f757263655f686f737402766d0c5f636c69656e745f6e616d65\
         166d7973716c2d636f6e6e6563746f722d707974686f6e0f5f636c69656e745f6c6963656e73650747504c2d322e300f5f636c69656e745f7665\
         7273696f6e05382e342e30035f6f730944656269616e2d3132",
    );
    assert!(header.capabilities.has(Capabilities::CONNECT_WITH_DB));
    assert_eq!((login.database.as_deref(), login.attributes.len()), (None, 7));
    assert_eq!(attribute(&login, "_os"), Some(&b"Debian-12"[..]));

    // The mariadb client: capabilities of its own in the last four octets of the filler.
    let (header, login) = read_login(
        "d1000001 85a2bf00 00000010 21 00000000000000000000000000000000000000 00000000 616c69636500 \
         14604f15d17c7aad6d070376dd0e8c510aeeb78848 6d7973716c5f6e61746976655f70617373776f726400 \
         7f035f6f73054c696e75780c5f636c69656e745f6e616d650a6c69626d617269616462045f7069640531363335340f5f636c69656e745f766572\
         73696f6e06332e332e3230095f706c6174666f726d067838365f36340c70726f6772616d5f6e616d65056d7973716c0c5f7365727665725f686f\
         7374093132372e302e302e31",
    );
    assert_eq!(header.capabilities, Capabilities(0x00BF_A285));
    assert_eq!(attribute(&login, "program_name"), Some(&b"mysql"[..]));
}

#[test]
fn a_cleartext_token_of_1501_octets_has_a_length_of_three_octets() {
    let mut token = vec![b'x'; 1500];
    token.push(0);
    let login = Login { auth_response: token.clone().into(), ..Login::default() };
    let mut out = Vec::new();
    login.encode(&mut Writer::new(&mut out), Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA);
    assert_eq!(out[..4], [0x00, 0xFC, 0xDD, 0x05]); // no user, then 0xFC and 1501
    let mut reader = Reader::new("login", &out);
    let read = Login::decode(&mut reader, Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA).unwrap();
    assert_eq!(read.auth_response.as_slice(), token);
}

#[test]
fn scrambles_are_those_of_four_clients() {
    assert_eq!(native_password::scramble(b"pw", &NONCE), hex(SCRAMBLE));
    assert_eq!(native_password::Verifier::new(b"pw").verify(&NONCE, &hex(SCRAMBLE)), Ok(()));
    // The nonce of the AuthSwitchRequest was 0x41 to 0x54.
    let answer = hex("d9bcb87d69009b2f35a383077b9981420bec90a35a6f513e3968c258168d7370");
    assert_eq!(sha2_password::scramble(b"pw", b"ABCDEFGHIJKLMNOPQRST"), answer);
    assert!(sha2_password::Verifier::new(b"pw").verify_scramble(b"ABCDEFGHIJKLMNOPQRST", &answer));
}

#[test]
fn errors_of_mariadb_are_read_and_written() {
    let check = |octets: &str, sequence: u8, error: ErrPacket, code: &str| {
        let octets = hex(octets);
        let (payload, found) = payload(&octets);
        assert_eq!(found, sequence);
        assert_eq!(Reply::decode(&payload), Ok(Reply::Err(error.clone())));
        assert_eq!(packet(sequence, |writer| error.encode(writer)), octets);
        assert_eq!(error.outcome_code(), code);
    };
    // Before the greeting: no SQLSTATE.
    check(
        "17 00 00 00  ff 10 04  54 6f 6f 20 6d 61 6e 79 20 63 6f 6e 6e 65 63 74 69 6f 6e 73",
        0,
        ErrPacket { code: 1040, state: None, message: "Too many connections".into() },
        "1040",
    );
    // A login of two octets.
    check(
        "16 00 00 02  ff 13 04  23 30 38 53 30 31  42 61 64 20 68 61 6e 64 73 68 61 6b 65",
        2,
        ErrPacket::new(1043, b"08S01", "Bad handshake"),
        "1043 08S01",
    );
    // A login with sequence id 5.
    check(
        "21 00 00 01  ff 84 04  23 30 38 53 30 31 \
         47 6f 74 20 70 61 63 6b 65 74 73 20 6f 75 74 20 6f 66 20 6f 72 64 65 72",
        1,
        ErrPacket::new(1156, b"08S01", "Got packets out of order"),
        "1156 08S01",
    );
}

#[test]
fn the_shortest_ok_has_seven_octets() {
    let octets = packet(2, |writer| OkPacket::AUTHENTICATED.encode(OK, writer));
    assert_eq!(octets, hex("07 00 00 02  00 00 00 02 00 00 00")); // kind, rows, insert id, autocommit, warnings
    assert_eq!(Reply::decode(&octets[4..]), Ok(Reply::Ok(OkPacket::AUTHENTICATED)));
}

#[test]
fn the_kerberos_switch_that_libmysqlclient_accepts_is_written() {
    let expected = hex("fe 61757468656e7469636174696f6e5f6b65726265726f735f636c69656e74 00 \
         2000 6d7973716c2f6c6f63616c686f737440434f52502e4558414d504c452e434f4d \
         1000 434f52502e4558414d504c452e434f4d");
    assert_eq!(expected.len(), 84);
    let names = ServiceName {
        service_principal: "mysql/localhost@CORP.EXAMPLE.COM".to_owned(),
        realm: "CORP.EXAMPLE.COM".to_owned(),
    };
    let mut data = Vec::new();
    names.encode(&mut Writer::new(&mut data));
    let mut out = Vec::new();
    AuthSwitch { plugin: b"authentication_kerberos_client", data: &data }.encode(&mut Writer::new(&mut out));
    assert_eq!(out, expected);
    let Ok(Reply::AuthSwitch(switch)) = Reply::decode(&expected) else { panic!("an AuthSwitchRequest") };
    assert_eq!(ServiceName::decode(switch.data), Ok(names.clone()));
    assert_eq!(names.user("alice").to_string(), "alice@CORP.EXAMPLE.COM");
    assert_eq!(names.service().unwrap().to_string(), "mysql/localhost@CORP.EXAMPLE.COM");
}

#[test]
fn a_kerberos_block_is_bounded_as_libmysqlclient_bounds_it() {
    let block = |spn: usize, realm: usize, junk: usize| {
        let mut data = Vec::new();
        let names = ServiceName { service_principal: "s".repeat(spn), realm: "R".repeat(realm) };
        names.encode(&mut Writer::new(&mut data));
        data.resize(data.len() + junk, 0);
        ServiceName::decode(&data).is_ok()
    };
    assert!(block(256, 256, 3), "519 octets, three of them behind the names");
    assert!(!block(256, 256, 4), "520 octets");
    assert!(!block(0, 10, 0) && !block(10, 0, 0), "an empty name");
    assert!(ServiceName::decode(&[0x00, 0x02, b'a', b'b', 0x00, 0x01, b'R']).is_err(), "big-endian lengths");
}
