//! `mysql_common` reads what we write, and computes what we compute.

use super::conversation::{Ended, converse};
use super::logins::{client, server};
use mysql_common::auth::plugins::caching_sha2_password::scramble_sha256;
use mysql_common::auth::plugins::mysql_native_password::scramble_native;
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{
    AuthPlugin, AuthSwitchRequest, CommonOkPacket, ErrPacket, HandshakePacket, HandshakeResponse, OkPacketDeserializer,
};
use shakedown::mysql::auth::{native_password, sha2_password};
use shakedown::mysql::packet::{PacketReader, Sequence};
use shakedown::mysql::{Capabilities, ServerPlugin};
use std::sync::Arc;

/// The payloads in a stream whose first sequence id and whose steps between sequence ids are given by the other side.
fn payloads(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    let mut reader = PacketReader::default();
    reader.feed(stream);
    while let Some(id) = reader.unread().get(3) {
        let mut sequence = Sequence(*id);
        payloads.push(reader.next(&mut sequence).unwrap().expect("a whole packet").to_vec());
    }
    payloads
}

fn played(user: &str, secret: &str, default_plugin: ServerPlugin) -> Ended {
    let mut client = client(user, secret);
    client.database = Some("mysql".to_owned());
    client.attributes = vec![("program_name".to_owned(), "test".to_owned())];
    converse(&client, &Arc::new(server(default_plugin)))
}

#[test]
fn a_second_reader_finds_the_same_in_our_packets() {
    let ended = played("native", "right", ServerPlugin::CachingSha2Password);
    let from_server = payloads(&ended.from_server);
    let from_client = payloads(&ended.from_client);
    assert_eq!((from_server.len(), from_client.len()), (3, 3)); // greeting, switch, OK; login, answer, COM_QUIT

    let greeting: HandshakePacket<'_> = ParseBuf(&from_server[0]).parse(()).unwrap();
    assert_eq!(greeting.server_version_parsed(), Some((8, 0, 28)));
    assert_eq!(greeting.connection_id(), 42);
    assert_eq!(greeting.nonce().len(), 20);
    assert_eq!(greeting.auth_plugin(), Some(AuthPlugin::CachingSha2Password));
    assert!(!greeting.capabilities().contains(CapabilityFlags::CLIENT_SSL));

    let login: HandshakeResponse<'_> = ParseBuf(&from_client[0]).parse(()).unwrap();
    assert_eq!((login.user(), login.db_name()), (&b"native"[..], Some(&b"mysql"[..])));
    assert_eq!(login.auth_plugin(), Some(&AuthPlugin::CachingSha2Password));
    assert_eq!(login.connect_attributes().unwrap()["program_name"], "test");
    let nonce: [u8; 20] = greeting.nonce().try_into().unwrap();
    assert_eq!(Some(login.scramble_buf()), scramble_sha256(&nonce, b"right").as_ref().map(|s| s.as_slice()));

    let switch: AuthSwitchRequest<'_> = ParseBuf(&from_server[1]).parse(()).unwrap();
    assert_eq!(switch.auth_plugin(), AuthPlugin::MysqlNativePassword);
    let nonce = switch.plugin_data(); // without the NUL
    assert_eq!(nonce.len(), 20);
    assert_eq!(Some(from_client[1].as_slice()), scramble_native(nonce, b"right").as_ref().map(|s| s.as_slice()));

    let ok: OkPacketDeserializer<'_, CommonOkPacket> =
        ParseBuf(&from_server[2]).parse(CapabilityFlags::CLIENT_PROTOCOL_41).unwrap();
    assert_eq!(ok.into_inner().affected_rows(), 0);
}

#[test]
fn a_second_reader_finds_the_same_in_our_errors() {
    let ended = played("native", "wrong", ServerPlugin::NativePassword);
    let from_server = payloads(&ended.from_server);
    let error: ErrPacket<'_> = ParseBuf(&from_server[1]).parse(CapabilityFlags::CLIENT_PROTOCOL_41).unwrap();
    let error = error.server_error();
    assert_eq!((error.error_code(), error.sql_state_ref().unwrap().as_str().into_owned()), (1045, "28000".to_owned()));
    assert_eq!(error.message_str(), "Access denied for user 'native'@'127.0.0.1' (using password: YES)");
}

#[test]
fn scrambles_agree() {
    for (seed, password) in ["pw", "", "a much longer password than the nonce", "\u{fc}ml\u{e4}ut"].iter().enumerate() {
        let seed = u8::try_from(seed).unwrap();
        let nonce: [u8; 20] = std::array::from_fn(|index| seed * 31 + u8::try_from(index).unwrap() + 1);
        let password = password.as_bytes();
        assert_eq!(
            native_password::scramble(password, &nonce),
            scramble_native(&nonce, password).map_or(Vec::new(), |s| s.to_vec())
        );
        assert_eq!(
            sha2_password::scramble(password, &nonce),
            scramble_sha256(&nonce, password).map_or(vec![0], |s| s.to_vec())
        );
    }
}

#[test]
fn capability_bits_agree() {
    for (ours, theirs) in [
        (Capabilities::CONNECT_WITH_DB, CapabilityFlags::CLIENT_CONNECT_WITH_DB),
        (Capabilities::PROTOCOL_41, CapabilityFlags::CLIENT_PROTOCOL_41),
        (Capabilities::SSL, CapabilityFlags::CLIENT_SSL),
        (Capabilities::SECURE_CONNECTION, CapabilityFlags::CLIENT_SECURE_CONNECTION),
        (Capabilities::PLUGIN_AUTH, CapabilityFlags::CLIENT_PLUGIN_AUTH),
        (Capabilities::CONNECT_ATTRS, CapabilityFlags::CLIENT_CONNECT_ATTRS),
        (Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA, CapabilityFlags::CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA),
        (Capabilities::SESSION_TRACK, CapabilityFlags::CLIENT_SESSION_TRACK),
        (Capabilities::DEPRECATE_EOF, CapabilityFlags::CLIENT_DEPRECATE_EOF),
        (Capabilities::QUERY_ATTRIBUTES, CapabilityFlags::CLIENT_QUERY_ATTRIBUTES),
        (Capabilities::MULTI_FACTOR_AUTHENTICATION, CapabilityFlags::MULTI_FACTOR_AUTHENTICATION),
        (Capabilities::SSL_VERIFY_SERVER_CERT, CapabilityFlags::CLIENT_SSL_VERIFY_SERVER_CERT),
        (Capabilities::REMEMBER_OPTIONS, CapabilityFlags::CLIENT_REMEMBER_OPTIONS),
    ] {
        assert_eq!(ours.0, theirs.bits(), "{ours:?}");
    }
}
