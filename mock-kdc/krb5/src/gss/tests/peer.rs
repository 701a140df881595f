//! Against the `krb5` crate, another implementation of both sides. It reads the system's clock, so these tests do too.

use std::time::SystemTime;

use krb5::acceptor::{AcceptOptions, EncType, ServiceKey};
use krb5::initiator::InitiatorContext;
use krb5::spnego::SpnegoInitiator;
use krb5::token::{ContextKey, PerMessageTokens};
use krb5::{CCache, KerberosContext};

use super::*;
use crate::ccache::{CredentialCache, Record};

fn wall_clock() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(elapsed.as_micros().try_into().unwrap())
}

fn draft(etype: Etype) -> Draft {
    let now = wall_clock();
    Draft { start_time: now.offset_seconds(-60), end_time: now.offset_seconds(3600), ..Draft::new(etype) }
}

/// The peer takes a ticket from the octets of a credential cache, its types having no constructor.
fn peer_credentials(draft: &Draft) -> krb5::Credentials {
    let credential = draft.credential();
    let seconds = |time: Timestamp| time.seconds().try_into().unwrap();
    let mut cache = CredentialCache::new(&credential.client);
    cache.records.push(Record {
        client: credential.client,
        server: credential.server,
        key: Keyblock::from(&credential.key),
        auth_time: seconds(credential.auth_time),
        start_time: seconds(credential.start_time),
        end_time: seconds(credential.end_time),
        renew_till: 0,
        is_skey: false,
        flags: credential.flags,
        addresses: Vec::new(),
        authorization_data: Vec::new(),
        ticket: credential.ticket,
        second_ticket: Vec::new(),
    });
    CCache::decode(&cache.write().unwrap()).unwrap().credentials().next().unwrap()
}

fn peer_keytab(draft: &Draft) -> krb5::Keytab {
    let etype = EncType::from_i32(draft.service_key.etype().number()).unwrap();
    let key = ServiceKey::new("postgres/db.test", "CORP.EXAMPLE.COM", 3, etype, draft.service_key.bytes());
    krb5::Keytab::from_keys(vec![key])
}

/// Wrap and MIC in both directions; `receive` and `send` are the peer's counters.
fn exchange(ours: &mut Context, peer: &PerMessageTokens<ContextKey>, receive: u64, send: u64) {
    for (number, text) in [&b""[..], b"some text", &[7; 1000]].into_iter().enumerate() {
        let number = number as u64 * 2;
        let (mut sealed, mut mic) = (Vec::new(), Vec::new());
        ours.wrap(text, &mut Seeded(number), &mut sealed);
        let opened = peer.unwrap(&sealed).unwrap();
        assert_eq!((&opened.message[..], opened.seq), (text, receive + number));
        ours.mic(text, &mut mic);
        assert_eq!(peer.verify_mic(&mic, text).unwrap().seq, receive + number + 1);

        let mut plain = Vec::new();
        // Rotated as Windows does, with extra octets as DCE does.
        let (extra, rotation) = if number == 0 { (0, 0) } else { (16, 28) };
        let sealed = peer.emit_wrap_full(send + number, text, extra, rotation, None).unwrap();
        ours.unwrap(&sealed, &mut plain).unwrap();
        assert_eq!(plain, text);
        ours.verify_mic(&peer.emit_mic(send + number + 1, text).unwrap(), text).unwrap();
    }
}

#[test]
fn our_initiator_is_accepted_by_the_peer() {
    for etype in Etype::AES {
        for flags in [MUTUAL_FLAGS, ONE_WAY_FLAGS] {
            let draft = draft(etype);
            let (mut initiator, token) =
                Initiator::start(&draft.credential(), flags, wall_clock(), &mut Seeded(wall_clock().micros() as u64));
            let mut options = AcceptOptions::default();
            options.replay_cache = None;
            let (peer, reply) = KerberosContext::accept_token_with(&peer_keytab(&draft), &token, &options).unwrap();
            assert_eq!(peer.client_principal, "alice@CORP.EXAMPLE.COM");
            assert_eq!(peer.service_principal, "postgres/db.test@CORP.EXAMPLE.COM");
            assert_eq!((peer.gss_flags, peer.used_initiator_subkey), (flags.0, true));
            assert_eq!(reply.is_empty(), !flags.has(Flags::MUTUAL));
            if !reply.is_empty() {
                initiator.reply(&reply).unwrap();
            }
            let mut context = initiator.into_context().unwrap();
            let tokens = peer.per_message_tokens().unwrap();
            exchange(&mut context, &tokens, peer.initiator_seq.into(), peer.acceptor_seq.into());
        }
    }
}

#[test]
fn our_acceptor_accepts_the_peer() {
    for etype in Etype::AES {
        for flags in [MUTUAL_FLAGS, ONE_WAY_FLAGS] {
            let draft = draft(etype);
            let (mut peer, token) = InitiatorContext::new(&peer_credentials(&draft), flags.0).unwrap();
            let mut accepted = Acceptor::new(draft.keytab()).accept(&token, wall_clock(), &mut Seeded(5)).unwrap();
            assert_eq!((accepted.client, accepted.service, accepted.flags), (client(), service(), flags));
            if let Some(reply) = &accepted.reply {
                peer.step(reply).unwrap();
            }
            assert!(peer.is_established());
            assert_eq!(peer.has_acceptor_subkey(), flags.has(Flags::MUTUAL));
            let tokens = peer.per_message_tokens().unwrap();
            let receive = peer.recv_seq().unwrap_or(peer.send_seq());
            exchange(&mut accepted.context, &tokens, receive, peer.send_seq());
        }
    }
}

#[test]
fn the_peer_understands_our_refusal() {
    let draft = draft(Etype::Aes256Sha1);
    let (mut peer, token) = InitiatorContext::new(&peer_credentials(&draft), MUTUAL_FLAGS.0).unwrap();
    let acceptor = Acceptor::new(keytab(&[(service(), 4, &key(Etype::Aes256Sha1, 77))]));
    let reply = acceptor.accept(&token, wall_clock(), &mut Seeded(5)).unwrap_err().reply.unwrap();
    let error = peer.step(&reply).unwrap_err().to_string();
    assert!(error.contains("44"), "{error}");
}

#[test]
fn our_acceptor_answers_spnego_within_spnego() {
    for flags in [MUTUAL_FLAGS, ONE_WAY_FLAGS] {
        let draft = draft(Etype::Aes256Sha1);
        let (mut peer, token) = SpnegoInitiator::new(&peer_credentials(&draft), flags.0).unwrap();
        let mut accepted = Acceptor::new(draft.keytab()).accept(&token, wall_clock(), &mut Seeded(5)).unwrap();
        assert_eq!(accepted.client, client());
        assert_eq!(peer.step(&accepted.reply.unwrap()).unwrap(), None);
        assert!(peer.is_established());
        exchange(&mut accepted.context, &peer.per_message_tokens().unwrap(), peer.recv_seq(), peer.send_seq());
    }
}

#[test]
fn a_refusal_within_spnego_says_reject() {
    let draft = draft(Etype::Aes256Sha1);
    let (mut peer, token) = SpnegoInitiator::new(&peer_credentials(&draft), MUTUAL_FLAGS.0).unwrap();
    let acceptor = Acceptor::new(keytab(&[(service(), 4, &key(Etype::Aes256Sha1, 77))]));
    let failure = acceptor.accept(&token, wall_clock(), &mut Seeded(5)).unwrap_err();
    assert_eq!(failure.cause, Cause::Krb(44));
    assert!(peer.step(&failure.reply.unwrap()).is_err());
}

#[test]
fn each_truncation_and_changed_bit_of_a_spnego_token_is_handled() {
    let draft = draft(Etype::Aes256Sha1);
    let (_, token) = SpnegoInitiator::new(&peer_credentials(&draft), MUTUAL_FLAGS.0).unwrap();
    let acceptor = Acceptor::new(draft.keytab()).without_replay_cache();
    for position in 0..token.len() {
        assert!(acceptor.accept(&token[..position], wall_clock(), &mut Seeded(5)).is_err(), "cut to {position}");
        let mut changed = token.clone();
        changed[position] ^= 1;
        if let Ok(accepted) = acceptor.accept(&changed, wall_clock(), &mut Seeded(5)) {
            assert_eq!((accepted.client, accepted.service), (client(), service()));
        }
    }
}
