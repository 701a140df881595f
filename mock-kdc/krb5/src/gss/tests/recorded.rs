//! Tokens that MIT krb5 1.20.1 made, once its initiator (one way) and once its acceptor (mutual), for each etype.
//!
//! Recorded on 2026-11-21; `tests/mit_gss/record.rs` says how to record them again.

use super::*;
use crate::crypto::octets::octets;

const RECORD: &str = include_str!("recorded.txt");
const TEXT: &[u8] = b"MIT says this, in more than one block";

fn recorded(etype: Etype, name: &str) -> Vec<u8> {
    let start = format!("{} {name} ", etype.number());
    octets(RECORD.lines().find_map(|line| line.strip_prefix(&start)).unwrap())
}

fn recorded_key(etype: Etype, name: &str) -> Key {
    Key::new(etype, &recorded(etype, name)).unwrap()
}

fn recorded_time(etype: Etype, name: &str) -> Timestamp {
    Timestamp::from_micros(i64::from_be_bytes(recorded(etype, name).try_into().unwrap()))
}

fn check(context: &mut Context, wrap: &[u8], mic: &[u8]) {
    let mut plain = Vec::new();
    context.unwrap(wrap, &mut plain).unwrap();
    assert_eq!(plain, TEXT);
    context.verify_mic(mic, TEXT).unwrap();
}

#[test]
fn the_recorded_initiator_is_accepted() {
    for etype in Etype::AES {
        let acceptor = Acceptor::new(keytab(&[(service(), 3, &recorded_key(etype, "service-key"))]));
        let (token, now) = (recorded(etype, "initiator-ap-req"), recorded_time(etype, "initiator-time"));
        let mut accepted = acceptor.accept(&token, now, &mut Seeded(5)).unwrap();
        assert_eq!((accepted.client, accepted.service, accepted.reply), (client(), service(), None));
        assert_eq!(accepted.flags, Flags(ONE_WAY_FLAGS.0 | Flags::TRANS));
        check(&mut accepted.context, &recorded(etype, "initiator-wrap"), &recorded(etype, "initiator-mic"));
    }
}

#[test]
fn the_recorded_acceptor_is_understood() {
    for etype in Etype::AES {
        let credential = Credential { key: recorded_key(etype, "session-key"), ..Draft::new(etype).credential() };
        let now = recorded_time(etype, "acceptor-time");
        let (mut initiator, _) = Initiator::start(&credential, MUTUAL_FLAGS, now, &mut Seeded(4));
        initiator.reply(&recorded(etype, "acceptor-ap-rep")).unwrap();
        let mut context = initiator.into_context().unwrap();
        check(&mut context, &recorded(etype, "acceptor-wrap"), &recorded(etype, "acceptor-mic"));
    }
}
