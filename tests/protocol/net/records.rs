//! The bystander on real records, in any pieces, and on nonsense.

use proptest::prelude::*;
use shakedown::handshake::TlsVersion;
use shakedown::tls::hello::{ClientHello, ServerHello};
use shakedown::tls::{Alert, RecordTap, Seen, Speaker};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.trim().bytes().map(|digit| (digit as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn read(from: Speaker, pieces: &[&[u8]]) -> Vec<Seen> {
    let (mut tap, mut seen) = (RecordTap::default(), Vec::new());
    for piece in pieces {
        tap.read(from, piece, &mut seen);
    }
    seen
}

/// The same, in two pieces at every place and in single octets.
fn check(from: Speaker, wire: &[u8], expected: &[Seen]) {
    assert_eq!(read(from, &[wire]), expected);
    for place in 0..wire.len() {
        let (one, two) = wire.split_at(place);
        assert_eq!(read(from, &[one, two]), expected, "split at {place}");
    }
    assert_eq!(read(from, &wire.chunks(1).collect::<Vec<_>>()), expected);
}

#[test]
fn a_recorded_connection_is_read_the_same_in_any_pieces() {
    let hello = ClientHello {
        version: TlsVersion::Tls1_0.wire(),
        supported_versions: Vec::new(),
        suites: vec![0xC009, 0x00FF], // ECDHE-ECDSA-AES128-SHA, TLS_EMPTY_RENEGOTIATION_INFO_SCSV
        server_name: Some("db.test".to_owned()),
        protocols: Vec::new(),
    };
    let client = hex(include_str!("../../golden/tls/tls10-client.hex"));
    check(Speaker::Client, &client, &[Seen::ClientHello(hello)]);
    let server = hex(include_str!("../../golden/tls/tls10-server.hex"));
    let answer = ServerHello { version: TlsVersion::Tls1_0.wire(), suite: 0xC009, retry: false };
    check(Speaker::Server, &server, &[Seen::ServerHello(answer), Seen::EncryptedAlert(Speaker::Server)]);
}

#[test]
fn after_a_retry_request_the_second_hellos_are_read_although_change_cipher_spec_comes_before_them() {
    let client = hex(include_str!("../../golden/tls/tls13-retry-client.hex"));
    let server = hex(include_str!("../../golden/tls/tls13-retry-server.hex"));
    let chosen = ServerHello { version: TlsVersion::Tls1_3.wire(), suite: 0x1302, retry: false }; // TLS_AES_256_GCM_SHA384
    check(Speaker::Server, &server, &[Seen::ServerHello(chosen)]);

    let (first, rest) = client.split_at(5 + 308); // the first ClientHello
    let (mut tap, mut seen) = (RecordTap::default(), Vec::new());
    tap.read(Speaker::Client, first, &mut seen);
    tap.read(Speaker::Server, &server, &mut seen);
    tap.read(Speaker::Client, rest, &mut seen);
    assert!(matches!(seen.as_slice(), [Seen::ClientHello(_), Seen::ServerHello(_), Seen::ClientHello(_)]), "{seen:?}");
}

#[test]
fn an_alert_in_the_clear_has_its_sender_its_level_and_its_name() {
    // OpenSSL 3.0.19 to a suite that it lacks: alert record of TLS 1.2, 2 octets, fatal, handshake_failure.
    let wire = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];
    let alert = Alert { by: Speaker::Server, fatal: true, description: 40 };
    check(Speaker::Server, &wire, &[Seen::Alert(alert)]);
    assert_eq!(alert.name(), "handshake_failure");
    let warning = [0x15, 0x03, 0x01, 0x00, 0x02, 0x01, 0x70];
    check(Speaker::Client, &warning, &[Seen::Alert(Alert { by: Speaker::Client, fatal: false, description: 112 })]);
}

#[test]
fn a_hello_in_several_records_is_one_hello() {
    let whole = hex(include_str!("../../golden/tls/tls10-client.hex"));
    let body = &whole[5..5 + 0x65];
    let wire: Vec<u8> = body.chunks(7).flat_map(|part| [&[22, 3, 1, 0, part.len() as u8], part].concat()).collect();
    let seen = read(Speaker::Client, &[&wire]);
    assert_eq!(seen, read(Speaker::Client, &[&whole]));
    check(Speaker::Client, &wire, &seen);
}

#[test]
fn a_hello_that_is_cut_short_is_not_read() {
    let client = hex(include_str!("../../golden/tls/tls10-client.hex"));
    for length in 0..5 + 0x65 {
        assert_eq!(read(Speaker::Client, &[&client[..length]]), []);
    }
}

#[test]
fn supported_versions_say_what_the_version_field_does_not() {
    let extensions = |extension: &[u8]| [&(extension.len() as u16).to_be_bytes(), extension].concat();
    let mut hello = vec![0x03, 0x03]; // legacy_version: TLS 1.2
    hello.extend_from_slice(&[9; 32]); // random
    hello.extend_from_slice(&[0x00, 0x13, 0x01, 0x00]); // no session, TLS_AES_128_GCM_SHA256, no compression
    hello.extend(extensions(&[0x00, 0x2B, 0x00, 0x02, 0x03, 0x04])); // supported_versions: TLS 1.3
    let read = ServerHello::read(&hello).unwrap();
    assert_eq!((read.tls_version(), read.suite), (Some(TlsVersion::Tls1_3), 0x1301));
}

#[test]
fn a_peer_that_warns_without_end_is_not_read_without_end() {
    let warnings = [0x15, 0x03, 0x03, 0x00, 0x02, 0x01, 0x5A].repeat(10_000);
    let (mut tap, mut seen) = (RecordTap::default(), Vec::new());
    for piece in warnings.chunks(1000) {
        tap.read(Speaker::Server, piece, &mut seen);
    }
    assert_eq!(seen.len(), 64);
    assert!(tap.is_lost(Speaker::Server));
}

#[test]
fn what_is_no_tls_is_not_read_on() {
    let mut tap = RecordTap::default();
    let mut seen = Vec::new();
    tap.read(Speaker::Server, b"N", &mut seen);
    assert!(!tap.is_lost(Speaker::Server), "one octet may still become a record");
    tap.read(Speaker::Server, b"ot TLS", &mut seen);
    assert!(tap.is_lost(Speaker::Server) && !tap.is_lost(Speaker::Client));
    tap.read(Speaker::Server, &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28], &mut seen);
    assert_eq!(seen, []);
}

proptest! {
    #[test]
    fn nonsense_never_panics(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        read(Speaker::Client, &pieces);
        read(Speaker::Server, &pieces);
    }

    #[test]
    fn a_damaged_connection_never_panics(at in 0usize..600, octet: u8, server: bool) {
        let (from, text) = if server {
            (Speaker::Server, include_str!("../../golden/tls/tls10-server.hex"))
        } else {
            (Speaker::Client, include_str!("../../golden/tls/tls10-client.hex"))
        };
        let mut wire = hex(text);
        let at = at % wire.len();
        wire[at] = octet;
        read(from, &[&wire]);
    }

    #[test]
    fn hellos_of_nonsense_never_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = ClientHello::read(&body);
        let _ = ServerHello::read(&body);
    }
}
