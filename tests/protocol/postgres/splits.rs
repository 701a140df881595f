//! Whatever the pieces in which octets come, and wherever they end: the same result, and never a panic.

use super::conversation::{Counter, NOW};
use super::{Conversation, server};
use proptest::prelude::*;
use shakedown::handshake::{Context, Handshake, Input, Outcome, Step, Trace};
use shakedown::postgres::{ClientHandshake, ClientSettings, Secret, ServerHandshake, SslMode};
use std::sync::Arc;

fn client(ssl_mode: SslMode) -> ClientSettings {
    ClientSettings {
        secret: Some(Secret::password("wonderland")),
        ssl_mode,
        query: Some("SELECT 1".to_owned()),
        ..ClientSettings::new("maria")
    }
}

#[test]
fn any_split_gives_the_same_conversation() {
    for rule in ["host all all md5", "host all all password", "host all all trust"] {
        for mode in [SslMode::Disable, SslMode::Prefer] {
            let whole = Conversation::hold(client(mode), server(&[rule]));
            assert!(whole.client().starts_with("established"), "{}", whole.client());
            for piece in [1, 2, 3, 5, 7, 64] {
                let split = Conversation::hold_in_pieces(client(mode), server(&[rule]), piece);
                assert_eq!(format!("{split:?}"), format!("{whole:?}"), "{rule} in pieces of {piece}");
            }
        }
    }
}

/// Feeds a machine that has started; what it ends with, if it does.
fn feed(machine: &mut dyn Handshake, octets: &[u8], piece: usize) -> Option<Result<Outcome, String>> {
    let (mut out, mut trace, mut random) = (Vec::new(), Trace::new(), Counter(0));
    let mut inputs = vec![Input::Start];
    inputs.extend(octets.chunks(piece.max(1)).map(Input::Bytes));
    inputs.push(Input::Closed);
    for input in inputs {
        let mut cx = Context { now: NOW, out: &mut out, trace: &mut trace, random: &mut random };
        match machine.handle(input, &mut cx) {
            Ok(Step::Finish(outcome)) => return Some(Ok(outcome)),
            Ok(Step::Receive) => {}
            Ok(_) => return None,
            Err(error) => return Some(Err(error.to_string())),
        }
    }
    panic!("the machine has outlived its connection");
}

#[test]
fn a_client_that_is_cut_off_anywhere_comes_to_an_end() {
    let said = Conversation::hold(client(SslMode::Disable), server(&["host all all trust"])).from_server;
    for end in 0..said.len() {
        let mut machine = ClientHandshake::new(Arc::new(client(SslMode::Disable)));
        let outcome = feed(&mut machine, &said[..end], usize::MAX).expect("no layer").expect("no nonsense");
        assert_eq!(outcome.to_string(), "refused by server: eof", "at {end}");
    }
}

#[test]
fn a_server_that_is_cut_off_anywhere_comes_to_an_end() {
    let said = Conversation::hold(client(SslMode::Disable), server(&["host all all trust"])).from_client;
    let settings = Arc::new(server(&["host all all trust"]));
    let mut logged_in = 0;
    for end in 0..said.len() {
        let mut machine = ServerHandshake::new(settings.clone(), "127.0.0.1");
        let outcome = feed(&mut machine, &said[..end], usize::MAX).expect("no layer").expect("no nonsense");
        logged_in += usize::from(outcome.is_established());
        assert!(outcome.is_established() || outcome.to_string() == "refused by client: eof", "at {end}: {outcome}");
    }
    assert!(logged_in > 0);
}

#[test]
fn octets_smuggled_in_behind_a_request_are_refused() {
    let settings = |tls| {
        let mut settings = server(&["host all all trust"]);
        settings.tls = tls;
        Arc::new(settings)
    };
    let mut octets = vec![0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    octets.extend_from_slice(b"\0\0\0\x0f\0\x03\0\0user\0a\0");
    let mut refusing = ServerHandshake::new(settings(false), "127.0.0.1");
    let outcome = feed(&mut refusing, &octets, usize::MAX).expect("no layer").expect("an outcome");
    assert_eq!(outcome.message.as_deref(), Some("received unencrypted data after SSL request"));

    let mut accepting = ServerHandshake::new(settings(true), "127.0.0.1");
    assert!(feed(&mut accepting, &octets, usize::MAX).is_none(), "TLS begins first");
    let facts = shakedown::handshake::ChannelFacts::Tls(super::conversation::tls_facts());
    let (mut out, mut trace, mut random) = (Vec::new(), Trace::new(), Counter(0));
    let mut cx = Context { now: NOW, out: &mut out, trace: &mut trace, random: &mut random };
    let Ok(Step::Finish(outcome)) = accepting.handle(Input::Secured(&facts), &mut cx) else { panic!("not refused") };
    assert_eq!(outcome.code.as_deref(), Some("08P01"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_octets_end_a_server_without_a_panic(
        octets in proptest::collection::vec(any::<u8>(), 0..200), piece in 1usize..50
    ) {
        let settings = Arc::new(server_without_accounts());
        feed(&mut ServerHandshake::new(settings, "::1"), &octets, piece);
    }

    #[test]
    fn arbitrary_messages_end_a_session_without_a_panic(
        messages in proptest::collection::vec(
            (proptest::sample::select(b"QPBDECSHFdcfp".to_vec()), proptest::collection::vec(any::<u8>(), 0..40)), 0..8
        ),
        piece in 1usize..50,
    ) {
        let mut octets = b"\0\0\0\x13\0\x03\0\0user\0maria\0\0".to_vec();
        octets[3] = u8::try_from(octets.len()).expect("a short packet");
        for (kind, body) in messages {
            octets.push(kind);
            octets.extend_from_slice(&u32::try_from(body.len() + 4).expect("a short body").to_be_bytes());
            octets.extend_from_slice(&body);
        }
        let mut settings = server_without_accounts();
        settings.accounts.insert("maria".to_owned(), shakedown::postgres::Account::without_password());
        let settings = Arc::new(settings);
        let whole = feed(&mut ServerHandshake::new(settings.clone(), "::1"), &octets, usize::MAX);
        let split = feed(&mut ServerHandshake::new(settings, "::1"), &octets, piece);
        prop_assert_eq!(whole, split);
    }

    #[test]
    fn arbitrary_octets_end_a_client_without_a_panic(
        octets in proptest::collection::vec(any::<u8>(), 0..200), piece in 1usize..50
    ) {
        let settings = Arc::new(client(SslMode::Disable));
        let whole = feed(&mut ClientHandshake::new(settings.clone()), &octets, usize::MAX);
        let split = feed(&mut ClientHandshake::new(settings), &octets, piece);
        prop_assert_eq!(whole, split);
    }

    #[test]
    fn a_changed_octet_of_the_server_ends_a_client_without_a_panic(position in 0usize..500, octet in any::<u8>()) {
        let mut said = Conversation::hold(client(SslMode::Disable), server_for_changes()).from_server;
        let position = position % said.len();
        said[position] = octet;
        feed(&mut ClientHandshake::new(Arc::new(client(SslMode::Disable))), &said, usize::MAX);
    }
}

fn server_without_accounts() -> shakedown::postgres::ServerSettings {
    let mut settings = shakedown::postgres::ServerSettings::new(&mut Counter(1));
    settings.rules = vec!["host all all trust".parse().expect("a rule")];
    settings
}

fn server_for_changes() -> shakedown::postgres::ServerSettings {
    let mut settings = server_without_accounts();
    settings.accounts.insert("maria".to_owned(), shakedown::postgres::Account::without_password());
    settings
}
