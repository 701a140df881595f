//! Peers that break the protocol: what a server answers, what a client says, and that neither panics or grows.

use super::conversation::{Party, Steady, converse, tls_facts};
use super::golden::hex;
use super::logins::{client, server, tls_client, tls_server};
use proptest::prelude::*;
use shakedown::handshake::{Error, Handshake, Input, Reader, Step, Writer};
use shakedown::mysql::greeting::{Greeting, draw_nonce};
use shakedown::mysql::login::{Header, Login, MAX_ATTRIBUTES};
use shakedown::mysql::packet::{FrameError, MAX_FRAME, PacketReader, SETUP_LIMIT, Sequence, lenenc, put_lenenc, write};
use shakedown::mysql::reply::Reply;
use shakedown::mysql::result_set::ResultSetReader;
use shakedown::mysql::{Capabilities, ClientHandshake, ServerHandshake, ServerPlugin, ServerSettings};
use std::sync::Arc;

fn greeted(settings: ServerSettings) -> Party<ServerHandshake> {
    let mut party = Party::new(ServerHandshake::new(Arc::new(settings), 1), 3);
    assert!(matches!(party.give(Input::Start).0, Ok(Step::Receive)));
    party
}

/// What a server makes of these octets behind its greeting: its outcome and its answer.
fn answer_to(octets: &[u8]) -> (String, Vec<u8>) {
    let (step, out) = greeted(server(ServerPlugin::NativePassword)).give(Input::Bytes(octets));
    match step {
        Ok(Step::Finish(outcome)) => (outcome.to_string(), out),
        other => (format!("{other:?}"), out),
    }
}

fn framed(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, &mut Sequence(sequence), |writer| _ = writer.bytes(payload));
    out
}

/// As MySQL 9.7.4 answered: without a SQLSTATE, which came with the protocol of 4.1.
#[test]
fn a_login_of_before_4_1_is_refused_in_the_words_of_that_time() {
    let message =
        b"Client does not support authentication protocol requested by server; consider upgrading MySQL client";
    let mut unsupported = hex("67 00 00 02  ff e3 04");
    unsupported.extend_from_slice(message);
    let old = b"\x05\x00\xff\xff\xffalice\0\0";
    for payload in [&old[..], &[0; 40]] {
        let (outcome, answer) = answer_to(&framed(1, payload));
        assert_eq!(outcome, "refused by server: 1251 (login of the protocol before 4.1)");
        assert_eq!(answer, unsupported, "{payload:?}");
    }
    // No user in it.
    let (outcome, answer) = answer_to(&framed(1, &[0; 5]));
    assert!(outcome.starts_with("refused by server: 1043 ("), "{outcome}");
    assert_eq!(answer, hex("10 00 00 02  ff 13 04  42 61 64 20 68 61 6e 64 73 68 61 6b 65"));
}

#[test]
fn a_login_that_is_none_is_a_bad_handshake() {
    // As MariaDB answered, see golden.rs.
    let bad_handshake = hex("16 00 00 02  ff 13 04  23 30 38 53 30 31  42 61 64 20 68 61 6e 64 73 68 61 6b 65");
    let mut without_user = vec![0; 32];
    without_user[1] = 0x82; // PROTOCOL_41 and SECURE_CONNECTION
    for payload in [&b""[..], &[1, 2], &[0, 2, 0, 0], &[0xFF; 31], &without_user] {
        let (outcome, answer) = answer_to(&framed(1, payload));
        assert!(outcome.starts_with("refused by server: 1043 08S01 ("), "{payload:?}: {outcome}");
        assert_eq!(answer, bad_handshake, "{payload:?}");
    }
}

#[test]
fn tls_that_was_not_offered_is_a_bad_handshake() {
    let header =
        Header { capabilities: Capabilities::SSL | Capabilities::PROTOCOL_41, max_packet: 1 << 24, charset: 8 };
    let mut payload = Vec::new();
    header.encode(&mut Writer::new(&mut payload));
    let (outcome, _) = answer_to(&framed(1, &payload));
    assert_eq!(outcome, "refused by server: 1043 08S01 (peer broke the protocol: tls was not offered)");
}

#[test]
fn a_wrong_sequence_id_is_out_of_order() {
    let expected = hex("21 00 00 01  ff 84 04  23 30 38 53 30 31 \
         47 6f 74 20 70 61 63 6b 65 74 73 20 6f 75 74 20 6f 66 20 6f 72 64 65 72");
    let (outcome, answer) = answer_to(&framed(5, &[1, 2]));
    assert_eq!(outcome, "refused by server: 1156 08S01 (sequence id 1 expected, found 5)");
    assert_eq!(answer, expected);
}

#[test]
fn a_long_packet_is_waited_for_as_long_as_no_more_of_it_has_come_than_is_kept() {
    // max_allowed_packet is 64 MiB, which one frame cannot announce: a real server waits for the rest.
    let announcing = |octets: usize| {
        let mut packet = vec![0xFE, 0xFF, 0xFF, 1];
        packet.resize(octets, 0);
        answer_to(&packet).0
    };
    assert_eq!(announcing(4), "Ok(Receive)");
    assert_eq!(announcing(SETUP_LIMIT), "Ok(Receive)");
    let refused = "refused by server: 1153 08S01 (packet of 16777214 octets, at most 262144 are allowed)";
    assert_eq!(announcing(SETUP_LIMIT + 1), refused);
}

#[test]
fn a_server_says_by_the_header_that_a_packet_is_longer_than_it_allows() {
    let limit = 16 * 1024;
    let read = |length: usize| {
        let header = u32::try_from(length).unwrap().to_le_bytes();
        let mut reader = PacketReader::of_server(limit);
        reader.feed(&[header[0], header[1], header[2], 0]);
        reader.next(&mut Sequence(0)).map(|payload| payload.is_some())
    };
    assert_eq!(read(limit - 1), Ok(false));
    assert_eq!(read(limit), Err(FrameError::TooLong { length: limit, limit: limit - 1 }));
}

#[test]
fn attributes_are_taken_up_to_64_kib() {
    let login = |length: usize| {
        let login = Login {
            user: b"native".to_vec(),
            attributes: vec![(b"k".to_vec(), vec![b'v'; length - 2 - 3])], // a length of 1 octet and one of 3
            ..Login::default()
        };
        let header = Header {
            capabilities: Capabilities::PROTOCOL_41 | Capabilities::SECURE_CONNECTION | Capabilities::CONNECT_ATTRS,
            max_packet: 1 << 24,
            charset: 8,
        };
        let mut payload = Vec::new();
        let mut writer = Writer::new(&mut payload);
        header.encode(&mut writer);
        login.encode(&mut writer, header.capabilities);
        answer_to(&framed(1, &payload)).0
    };
    assert_eq!(login(MAX_ATTRIBUTES), "refused by server: 1045 28000 (no password)");
    assert!(login(MAX_ATTRIBUTES + 1).starts_with("refused by server: 1043 08S01 (malformed login: attributes"));
}

#[test]
fn the_legacy_ssl_request_of_four_octets_is_taken_and_what_follows_is_tls() {
    let mut party = greeted(tls_server(ServerPlugin::NativePassword));
    let mut octets = framed(1, &[0x00, 0x0A, 0, 0]); // PROTOCOL_41 and SSL
    octets.extend_from_slice(b"\x16\x03\x01 client hello");
    assert!(matches!(party.give(Input::Bytes(&octets)).0, Ok(Step::StartTls(_))));
    assert_eq!(party.machine.take_unread(), b"\x16\x03\x01 client hello");
    assert!(matches!(party.give(Input::Secured(&tls_facts())).0, Ok(Step::Receive)));
    // The second packet has any charset, and neither PROTOCOL_41 nor SSL in its capabilities.
    let mut login = vec![0; 32];
    login[8] = 0x2D;
    login.extend_from_slice(b"native\0\0");
    let (step, _) = party.give(Input::Bytes(&framed(2, &login)));
    let Ok(Step::Finish(outcome)) = step else { panic!("{step:?}") };
    assert_eq!(outcome.code.as_deref(), Some("1045 28000"));
    assert_eq!(party.trace.to_string(), "greeting< tls-request> login> error<(1045 28000)");
}

#[test]
fn another_charset_behind_tls_is_a_bad_handshake() {
    for (charset, code) in [(0x2D, "1045 28000"), (0x08, "1043 08S01")] {
        let mut party = greeted(tls_server(ServerPlugin::NativePassword));
        let mut request = vec![0; 32];
        (request[1], request[8]) = (0x8A, 0x2D);
        assert!(matches!(party.give(Input::Bytes(&framed(1, &request))).0, Ok(Step::StartTls(_))));
        assert!(party.give(Input::Secured(&tls_facts())).0.is_ok());
        let mut login = vec![0; 32];
        login[8] = charset;
        login.extend_from_slice(b"native\0\0");
        let (step, _) = party.give(Input::Bytes(&framed(2, &login)));
        let Ok(Step::Finish(outcome)) = step else { panic!("{step:?}") };
        assert_eq!(outcome.code.as_deref(), Some(code));
    }
}

#[test]
fn a_client_without_plugins_gets_the_native_one_or_1251() {
    for (user, code) in [("native", "1045 28000"), ("caching", "1251 08004")] {
        let mut login = vec![0; 32];
        login[1] = 0x82;
        login.extend_from_slice(user.as_bytes());
        login.extend_from_slice(&[0, 0]);
        let (outcome, _) = answer_to(&framed(1, &login));
        assert!(outcome.starts_with(&format!("refused by server: {code}")), "{outcome}");
    }
}

#[test]
fn a_name_in_quotes_is_taken_without_them() {
    let ended = converse(&client("'native'", "right"), &Arc::new(server(ServerPlugin::NativePassword)));
    assert!(ended.client.unwrap().is_established());
}

#[test]
fn an_empty_answer_to_a_switch_is_a_refusal_not_a_hang() {
    // What libmariadb does when it lacks the plugin.
    let mut party = greeted(server(ServerPlugin::CachingSha2Password));
    let mut login = vec![0; 32];
    (login[1], login[2]) = (0x82, 0x08); // PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH
    login.extend_from_slice(b"sha256\0\0caching_sha2_password\0");
    assert!(matches!(party.give(Input::Bytes(&framed(1, &login))).0, Ok(Step::Receive)));
    let (step, _) = party.give(Input::Bytes(&framed(3, b"")));
    let Ok(Step::Finish(outcome)) = step else { panic!("{step:?}") };
    assert_eq!(outcome.to_string(), "refused by server: 1045 28000 (no password)");
}

/// A client that has got these packets of a server, the first with sequence id 0.
fn client_shown(payloads: &[&[u8]]) -> Result<Step, Error> {
    let mut party = Party::new(ClientHandshake::new(client("alice", "pw")), 4);
    party.give(Input::Start).0?;
    let mut step = Ok(Step::Receive);
    for (index, payload) in payloads.iter().enumerate() {
        let sequence = u8::try_from(index * 2).unwrap();
        step = party.give(Input::Bytes(&framed(sequence, payload))).0;
    }
    step
}

fn greeting(plugin: &str) -> Vec<u8> {
    let mut auth_data = draw_nonce(&mut Steady(1)).to_vec();
    auth_data.push(0);
    let greeting = Greeting {
        version: "8.0.28".to_owned(),
        connection_id: 1,
        auth_data,
        capabilities: Capabilities::MYSQL_8_0_27.without(Capabilities::SSL),
        charset: 8,
        status: 2,
        plugin: Some(plugin.into()),
    };
    let mut payload = Vec::new();
    greeting.encode(&mut Writer::new(&mut payload));
    payload
}

#[test]
fn a_client_says_what_is_wrong_with_its_server() {
    let native = greeting("mysql_native_password");
    let says = |payloads: &[&[u8]]| match client_shown(payloads) {
        Ok(Step::Finish(outcome)) => outcome.to_string(),
        Ok(step) => format!("{step:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(says(&[b"\x09old"]), "unsupported: protocol version 9 in the greeting");
    assert_eq!(says(&[b""]), "malformed greeting: protocol version at offset 0: 1 octets expected, 0 left");
    assert_eq!(says(&[b"\xff\x10\x04Too many connections"]), "refused by server: 1040");
    assert_eq!(says(&[&native, b"\xfe"]), "unsupported: switch to the password of before 4.1");
    assert_eq!(says(&[&native, b"\x02x\0"]), "unsupported: another authentication factor");
    assert_eq!(
        says(&[&native, b"\x42"]),
        "peer broke the protocol: packet of the unknown kind 0x42 while authenticating"
    );
    assert_eq!(
        says(&[&native, b"\x01\x04"]),
        "peer broke the protocol: mysql_native_password sent data that nobody waits for"
    );
    assert_eq!(
        says(&[&native, b"\xfedialog\0"]),
        "refused by client: no_plugin (authentication plugin 'dialog' cannot be loaded)"
    );
    let switch: &[u8] = b"\xfemysql_native_password\x0012345678901234567890\0";
    assert_eq!(says(&[&native, switch]), "Receive");
    assert_eq!(says(&[&native, switch, switch]), "peer broke the protocol: a second AuthSwitchRequest");
    let caching = greeting("caching_sha2_password");
    assert_eq!(says(&[&caching, b"\0\0\0\x02\0\0\0"]), "peer broke the protocol: OK without a word of the cache");
    assert_eq!(
        says(&[&caching, b"\x01\x05"]),
        "peer broke the protocol: neither fast nor full authentication of caching_sha2_password"
    );
}

#[test]
fn octets_between_the_greeting_and_tls_are_a_finding() {
    let mut settings = tls_server(ServerPlugin::NativePassword);
    settings.version = "8.0.28".to_owned();
    let mut party = Party::new(ServerHandshake::new(Arc::new(settings), 1), 3);
    let (_, mut octets) = party.give(Input::Start);
    octets.extend_from_slice(b"smuggled");
    let mut client = Party::new(ClientHandshake::new(tls_client("native", "right")), 4);
    assert!(client.give(Input::Start).0.is_ok());
    let error = client.give(Input::Bytes(&octets)).0.unwrap_err();
    assert_eq!(error.to_string(), "peer broke the protocol: octets in clear behind the greeting, before TLS");
}

#[test]
fn frames_of_the_greatest_length_are_continued() {
    for length in [MAX_FRAME - 1, MAX_FRAME, MAX_FRAME + 1, 2 * MAX_FRAME] {
        let payload = vec![0x5A; length];
        let octets = framed(0, &payload);
        let frames = length / MAX_FRAME + 1;
        assert_eq!(octets.len(), length + 4 * frames);
        let mut reader = PacketReader::with_limit(3 * MAX_FRAME);
        let mut sequence = Sequence(0);
        reader.feed(&octets[..octets.len() - 1]);
        if length.is_multiple_of(MAX_FRAME) {
            assert_eq!(reader.next(&mut sequence), Ok(None), "the empty frame at the end is not complete");
        }
        reader.feed(&octets[octets.len() - 1..]);
        assert_eq!(reader.next(&mut sequence).unwrap().map(<[u8]>::len), Some(length));
        assert_eq!(usize::from(sequence.0), frames);
        let mut strict = PacketReader::with_limit(length - 1);
        strict.feed(&octets);
        let error = strict.next(&mut Sequence(0)).unwrap_err();
        assert!(matches!(error, FrameError::TooLong { limit, .. } if limit == length - 1), "{error}");
    }
}

#[test]
fn lengths_are_written_in_their_shortest_form() {
    let check = |value: u64, octets: &[u8]| {
        let mut out = Vec::new();
        put_lenenc(&mut Writer::new(&mut out), value);
        assert_eq!(out, octets);
        assert_eq!(lenenc(&mut Reader::new("test", octets), "length"), Ok(value));
    };
    check(0xFA, &[0xFA]);
    check(0xFB, &[0xFC, 0xFB, 0x00]);
    check(0xFFFF, &[0xFC, 0xFF, 0xFF]);
    check(0x1_0000, &[0xFD, 0x00, 0x00, 0x01]);
    check(0xFF_FFFF, &[0xFD, 0xFF, 0xFF, 0xFF]);
    check(0x100_0000, &[0xFE, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00]);
    for octets in [&[0xFB][..], &[0xFF], &[0xFC, 1], &[0xFD, 1, 2], &[0xFE, 1, 2, 3, 4, 5, 6, 7], &[]] {
        assert!(lenenc(&mut Reader::new("test", octets), "length").is_err(), "{octets:?}");
    }
}

#[test]
fn a_conversation_that_is_cut_anywhere_ends_in_an_outcome() {
    let settings = Arc::new(tls_server(ServerPlugin::NativePassword));
    let ended = converse(&tls_client("caching", "right"), &settings);
    for cut in 0..ended.from_client.len() - 5 {
        settings.proven.clear();
        let mut party = Party::new(ServerHandshake::new(Arc::clone(&settings), 42), 2);
        party.give(Input::Start).0.unwrap();
        let request = 36.min(cut);
        if matches!(party.give(Input::Bytes(&ended.from_client[..request])).0, Ok(Step::StartTls(_))) {
            party.give(Input::Secured(&tls_facts())).0.unwrap();
            party.give(Input::Bytes(&ended.from_client[request..cut])).0.unwrap();
        }
        assert!(party.machine.outcome().is_none(), "cut at {cut}");
        let Ok(Step::Finish(outcome)) = party.give(Input::Closed).0 else { panic!("cut at {cut}") };
        assert_eq!(outcome.code.as_deref(), Some("eof"));
    }
}

proptest! {
    #[test]
    fn no_octets_make_a_server_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..6)) {
        let mut party = greeted(server(ServerPlugin::CachingSha2Password));
        for piece in pieces {
            if !matches!(party.give(Input::Bytes(&piece)).0, Ok(Step::Receive)) {
                break;
            }
        }
    }

    #[test]
    fn no_login_makes_a_server_panic(
        capabilities in any::<u32>(),
        rest in prop::collection::vec(any::<u8>(), 0..300),
        answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4),
    ) {
        let mut party = greeted(server(ServerPlugin::CachingSha2Password));
        let mut payload = (capabilities & !0x800 | 0x200).to_le_bytes().to_vec();
        payload.resize(32, 0);
        payload.extend_from_slice(&rest);
        let mut step = party.give(Input::Bytes(&framed(1, &payload))).0;
        for (index, answer) in answers.iter().enumerate() {
            if !matches!(step, Ok(Step::Receive)) {
                break;
            }
            step = party.give(Input::Bytes(&framed(u8::try_from(index * 2 + 3).unwrap(), answer))).0;
        }
        prop_assert!(matches!(step, Ok(Step::Receive | Step::Finish(_))), "a server answers and never fails: {step:?}");
    }

    #[test]
    fn no_octets_make_a_client_panic(
        greet in any::<bool>(),
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5),
    ) {
        let native = greeting("caching_sha2_password");
        let mut all: Vec<&[u8]> = if greet { vec![&native] } else { Vec::new() };
        all.extend(payloads.iter().map(Vec::as_slice));
        let mut party = Party::new(ClientHandshake::new(client("alice", "pw")), 4);
        party.give(Input::Start).0.unwrap();
        for (index, payload) in all.iter().enumerate() {
            let octets = framed(u8::try_from(index * 2).unwrap(), payload);
            if !matches!(party.give(Input::Bytes(&octets)).0, Ok(Step::Receive)) {
                break;
            }
        }
    }

    #[test]
    fn a_login_is_read_back_and_never_when_cut(
        user in "[a-z]{0,40}",
        auth_response in prop::collection::vec(any::<u8>(), 0..600),
        database in prop::option::of("[a-z]{1,20}"),
        plugin in "[a-z_]{1,30}",
        attributes in prop::collection::vec(("[a-z_]{0,20}", "[ -~]{0,300}"), 1..5),
    ) {
        let capabilities = Capabilities::PROTOCOL_41
            | Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA
            | Capabilities::PLUGIN_AUTH
            | Capabilities::CONNECT_WITH_DB
            | Capabilities::CONNECT_ATTRS;
        let login = Login {
            user: user.into_bytes(),
            auth_response: auth_response.into(),
            database: database.map(String::into_bytes),
            plugin: Some(plugin.into_bytes()),
            attributes: attributes.into_iter().map(|(k, v)| (k.into_bytes(), v.into_bytes())).collect(),
        };
        let mut payload = Vec::new();
        login.encode(&mut Writer::new(&mut payload), capabilities);
        let read = |length: usize| Login::decode(&mut Reader::new("login", &payload[..length]), capabilities);
        prop_assert_eq!(read(payload.len()), Ok(login.clone()));
        for length in 0..payload.len() {
            // mysqld does not mind when the plugin's name and the attributes are cut off; anything before them it does.
            if let Ok(cut) = read(length) {
                prop_assert_eq!(cut.user, login.user.as_slice());
                prop_assert_eq!(&cut.auth_response, &login.auth_response);
                prop_assert_eq!(&cut.database, &login.database);
                prop_assert_ne!((cut.plugin, cut.attributes), (login.plugin.clone(), login.attributes.clone()));
            }
        }
    }

    #[test]
    fn no_payload_makes_a_reader_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Greeting::decode(&payload);
        let _ = Reply::decode(&payload);
        let mut results = ResultSetReader::new(Capabilities::NONE);
        for chunk in payload.chunks(12) {
            if !matches!(results.packet(chunk), Ok(None)) {
                break;
            }
        }
    }

    #[test]
    fn any_split_gives_the_same_payloads(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..6),
        piece in 1usize..50,
    ) {
        let mut octets = Vec::new();
        let mut sequence = Sequence(250);
        for payload in &payloads {
            write(&mut octets, &mut sequence, |writer| _ = writer.bytes(payload));
        }
        let mut reader = PacketReader::default();
        let (mut sequence, mut found) = (Sequence(250), Vec::new());
        for chunk in octets.chunks(piece) {
            reader.feed(chunk);
            while let Some(payload) = reader.next(&mut sequence).unwrap() {
                found.push(payload.to_vec());
            }
        }
        prop_assert_eq!(found, payloads);
        prop_assert_eq!(reader.unread(), b"");
    }
}
