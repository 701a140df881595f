//! Our initiator and acceptor against MIT's, with tickets made here: no KDC is needed.
//!
//! Without MIT's library and python3-gssapi these tests say so and pass; with `SHAKEDOWN_REQUIRE_PEERS=1` their absence
//! is a failure.

#![expect(clippy::unwrap_used, reason = "a test's support fails as a test does")]

mod authenticator;
mod peer;
mod record;
mod spnego;
mod ticket;

use peer::{Answer, Peer};
use shakedown_krb5::crypto::{Etype, Key};
use shakedown_krb5::der::Reader;
use shakedown_krb5::gss::{Acceptor, Cause, Context, Flags, Initiator};
use shakedown_krb5::messages::flags::ticket as ticket_flags;
use shakedown_krb5::messages::{Codec, KrbError};
use shakedown_krb5::{Credential, Principal, Timestamp};
use ticket::{Draft, Seeded, client, keytab, service, wall_clock};

const MUTUAL: u32 = Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG;
const ONE_WAY: u32 = Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG;

/// Wrap and MIC tokens in both directions.
fn exchange(etype: Etype, ours: &mut Context, peer: &mut Peer) {
    for (seed, text) in [&b""[..], b"some text", &[7; 5000]].into_iter().enumerate() {
        let (mut sealed, mut mic, mut plain) = (Vec::new(), Vec::new(), Vec::new());
        ours.wrap(text, &mut Seeded(seed as u64), &mut sealed);
        assert_eq!(peer.unwrap(&sealed), text);
        ours.mic(text, &mut mic);
        peer.verify(text, &mic);
        ours.unwrap(&peer.wrap(text), &mut plain).unwrap();
        assert_eq!(plain, text);
        ours.verify_mic(&peer.mic(text), text).unwrap();
    }
    for length in [100, 16_380] {
        let (ours, theirs) = (ours.wrap_limit(length), peer.wrap_limit(length));
        // With RC4, MIT allows for the padding of DES.
        assert!(if etype == Etype::Rc4Hmac { theirs <= ours && ours < theirs + 40 } else { theirs == ours });
    }
}

#[test]
fn our_initiator_is_accepted_by_mit() {
    let Some(mut peer) = Peer::start("initiator") else { return };
    for etype in Etype::ALL {
        for flags in [MUTUAL, ONE_WAY] {
            let draft = Draft::new(etype);
            let keytab = peer.keytab(&draft.keytab());
            let (mut initiator, token) =
                Initiator::start(&draft.credential(), Flags(flags), wall_clock(), &mut Seeded::from_clock());
            let Answer::Accepted { client: name, service: target, flags: reported, reply } =
                peer.accept(&keytab, &token)
            else {
                panic!("{etype} refused")
            };
            assert_eq!((name, target), (client().to_string(), service().to_string()));
            assert_eq!(reported & flags, flags);
            assert_eq!(reply.is_some(), flags == MUTUAL);
            if let Some(reply) = reply {
                initiator.reply(&reply).unwrap();
            }
            exchange(etype, &mut initiator.into_context().unwrap(), &mut peer);
        }
    }
}

#[test]
fn our_acceptor_accepts_mit() {
    let Some(mut peer) = Peer::start("acceptor") else { return };
    for etype in Etype::ALL {
        for mechanism in ["krb5", "spnego"] {
            for flags in [MUTUAL, ONE_WAY] {
                let draft = Draft::new(etype);
                let cache = peer.cache(&draft.credential());
                let token = peer.init(&cache, &service(), flags, mechanism);
                let mut accepted =
                    Acceptor::new(draft.keytab()).accept(&token, wall_clock(), &mut Seeded::from_clock()).unwrap();
                assert_eq!((accepted.client, accepted.service), (client(), service()));
                assert!(accepted.flags.has(flags), "{:?}", accepted.flags);
                assert_eq!(accepted.reply.is_some(), flags == MUTUAL || mechanism == "spnego");
                if let Some(reply) = accepted.reply {
                    assert!(matches!(peer.step(&reply), Answer::Done), "{mechanism} {flags}");
                }
                exchange(etype, &mut accepted.context, &mut peer);
            }
        }
    }
}

/// MySQL's client asks for no flags at all: MIT awaits no answer, and sends those that it sets by itself. (The binding
/// replaces an empty set by its default, so the test asks for one of them.)
#[test]
fn mit_without_flags_sets_confidentiality_integrity_and_transfer() {
    let Some(mut peer) = Peer::start("no_flags") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let cache = peer.cache(&draft.credential());
    let token = peer.init(&cache, &service(), Flags::TRANS, "krb5");
    let accepted = Acceptor::new(draft.keytab()).accept(&token, wall_clock(), &mut Seeded::from_clock()).unwrap();
    assert_eq!((accepted.flags.0, accepted.reply), (Flags::CONF | Flags::INTEG | Flags::TRANS, None));
}

#[test]
fn mit_understands_our_refusal() {
    let Some(mut peer) = Peer::start("refusal") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let cache = peer.cache(&draft.credential());
    let token = peer.init(&cache, &service(), MUTUAL, "krb5");
    let acceptor = Acceptor::new(keytab(&[(service(), 4, &Key::random(Etype::Aes256Sha1, &mut Seeded(77)))]));
    let failure = acceptor.accept(&token, wall_clock(), &mut Seeded::from_clock()).unwrap_err();
    assert_eq!(failure.cause, Cause::Krb(44));
    let Answer::Refused { code, .. } = peer.step(&failure.reply.unwrap()) else { panic!("MIT took it for an answer") };
    assert_eq!(code, 44);
}

/// MIT's acceptor and ours get the same token and the same keytab, and must say the same.
#[test]
fn our_acceptor_refuses_what_mit_refuses_with_the_same_token() {
    let Some(mut peer) = Peer::start("same") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let good = draft.keytab();
    let now = wall_clock();
    let (other_key, other_etype) =
        (&Key::random(Etype::Aes256Sha1, &mut Seeded(77)), &Key::random(Etype::Aes128Sha1, &mut Seeded(77)));
    let other = || Principal::new(&["mysql", "db.test"], "CORP.EXAMPLE.COM");
    let mallory = Credential { client: Principal::new(&["mallory"], "CORP.EXAMPLE.COM"), ..draft.credential() };
    let wrong_session = Credential { key: other_key.clone(), ..draft.credential() };
    let ends = |seconds| Draft { end_time: now.offset_seconds(seconds), ..draft.clone() }.credential();
    let starts = |seconds| Draft { start_time: now.offset_seconds(seconds), ..draft.clone() }.credential();
    let invalid = Draft { flags: ticket_flags::INVALID, ..draft.clone() }.credential();
    let no_kvno = Draft { kvno: None, ..draft.clone() }.credential();
    let large = Draft { kvno: Some(259), ..draft.clone() }.credential();
    let ours = draft.credential();
    let key = &draft.service_key;

    let cases = [
        ("the right key", &ours, 0, good.clone(), 0),
        ("old key dropped", &ours, 0, keytab(&[(service(), 4, other_key)]), 44),
        ("old key kept", &ours, 0, keytab(&[(service(), 4, other_key), (service(), 3, key)]), 0),
        ("stale keytab", &ours, 0, keytab(&[(service(), 2, other_key)]), 44),
        ("same kvno, other key", &ours, 0, keytab(&[(service(), 3, other_key)]), 31),
        ("same kvno, other etype", &ours, 0, keytab(&[(service(), 3, other_etype)]), 44),
        ("other principal", &ours, 0, keytab(&[(other(), 3, other_key)]), 35),
        ("other principal, same key", &ours, 0, keytab(&[(other(), 9, key)]), 0),
        ("other kvno, same key", &ours, 0, keytab(&[(service(), 9, key)]), 0),
        ("two keys of one kvno", &ours, 0, keytab(&[(service(), 3, other_key), (service(), 3, key)]), 0),
        ("number 0 is no number of the ticket's", &ours, 0, keytab(&[(service(), 0, other_key)]), 44),
        ("the low 8 bits, same key", &large, 0, keytab(&[(service(), 3, key)]), 0),
        ("the low 8 bits, other key", &large, 0, keytab(&[(service(), 3, other_key)]), 44),
        ("more than 8 bits, other key", &large, 0, keytab(&[(service(), 259, other_key)]), 31),
        ("no kvno in the ticket", &no_kvno, 0, keytab(&[(service(), 3, other_key)]), 44),
        ("another client in the authenticator", &mallory, 0, good.clone(), 36),
        ("another session key", &wrong_session, 0, good.clone(), 31),
        ("clock ahead", &ours, 330, good.clone(), 37),
        ("clock behind", &ours, -330, good.clone(), 37),
        ("clock a little ahead", &ours, 270, good.clone(), 0),
        ("expired", &ends(-330), 0, good.clone(), 32),
        ("expired within the skew", &ends(-270), 0, good.clone(), 0),
        ("not yet valid", &starts(330), 0, good.clone(), 33),
        ("not yet valid within the skew", &starts(270), 0, good.clone(), 0),
        ("expired and skewed", &ends(-330), 330, good.clone(), 32),
        ("invalid", &invalid, 0, good.clone(), 60),
    ];
    for (name, credential, offset, keytab, expected) in cases {
        for flags in [MUTUAL, ONE_WAY] {
            let clock = wall_clock();
            let (_, token) =
                Initiator::start(credential, Flags(flags), clock.offset_seconds(offset), &mut Seeded::from_clock());
            let path = peer.keytab(&keytab);
            let theirs = peer.accept(&path, &token);
            let ours = Acceptor::new(keytab.clone()).accept(&token, clock, &mut Seeded::from_clock());
            match (theirs, ours) {
                (Answer::Accepted { client, service, .. }, Ok(accepted)) => {
                    assert_eq!(expected, 0, "{name}");
                    assert_eq!(
                        (client, service),
                        (accepted.client.to_string(), accepted.service.to_string()),
                        "{name}"
                    );
                }
                (Answer::Refused { code, reply, .. }, Err(failure)) => {
                    assert_eq!((code, failure.cause), (expected, Cause::Krb(expected)), "{name}");
                    assert_eq!(reply.is_some(), flags == MUTUAL, "{name}");
                    compare(reply.as_deref(), failure.reply.as_deref(), name);
                }
                (theirs, ours) => panic!("{name}: MIT {theirs:?}, we {ours:?}"),
            }
        }
    }
}

/// The two KRB-ERROR tokens, which may differ in the time alone.
fn compare(theirs: Option<&[u8]>, ours: Option<&[u8]>, name: &str) {
    const MESSAGE: u8 = 0x7e;
    let (Some(theirs), Some(ours)) = (theirs, ours) else { return assert_eq!(theirs, ours, "{name}") };
    let start = theirs.iter().position(|octet| *octet == MESSAGE).unwrap();
    let decode = |token: &[u8]| KrbError::decode(&token[start..]).unwrap();
    let (mut decoded, expected) = (decode(ours), decode(theirs));
    assert_eq!(theirs[2..start], ours[2..start], "{name}");
    decoded.server_time = expected.server_time;
    assert_eq!(decoded, expected, "{name}");
}

/// Tokens that are no AP-REQ, or more or less than one. Refusals have no answer, an AP-REQ without a frame apart: MIT
/// takes it for DCE style and looks at it before it refuses.
#[test]
fn our_acceptor_takes_and_refuses_malformed_tokens_as_mit_does() {
    let Some(mut peer) = Peer::start("malformed") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let path = peer.keytab(&draft.keytab());
    let mut check = |name: &str, expected: bool, damage: &dyn Fn(&[u8]) -> Vec<u8>| {
        let (_, token) = Initiator::start(&draft.credential(), Flags(MUTUAL), wall_clock(), &mut Seeded::from_clock());
        let token = damage(&token);
        match peer.accept(&path, &token) {
            Answer::Refused { reply, .. } => assert_eq!((false, None), (expected, reply), "MIT: {name}"),
            // An AP-REP as the first token: MIT says nothing and waits. No token at all: it says what there is, within SPNEGO.
            Answer::Continue(reply) => assert!(!expected && (reply.is_empty() || name == "no token"), "MIT: {name}"),
            Answer::Accepted { .. } | Answer::Done | Answer::Last(_) => assert!(expected, "MIT: {name}"),
        }
        match Acceptor::new(draft.keytab()).accept(&token, wall_clock(), &mut Seeded(1)) {
            Err(failure) => {
                assert_eq!((false, None), (expected, failure.reply), "{name}");
                assert_eq!(failure.cause.to_string(), "malformed token", "{name}");
            }
            Ok(_) => assert!(expected, "{name}"),
        }
    };
    // 60 82 length, OID, TOK_ID, AP-REQ
    let framed = |token: &[u8], token_id: [u8; 2], message: &[u8]| {
        let length = u16::try_from(13 + message.len()).unwrap().to_be_bytes();
        [&token[..2], &length, &token[4..15], &token_id, message].concat()
    };
    let with = |token: &[u8], position: usize, octet: u8| {
        let mut changed = token.to_vec();
        changed[position] = octet;
        changed
    };
    check("as it is", true, &|token| framed(token, [1, 0], &token[17..]));
    check("octets after the message", true, &|token| framed(token, [1, 0], &[&token[17..], &[0, 0]].concat()));
    check("microsoft's oid", false, &|token| with(token, 9, 0x82));
    check("another oid", false, &|token| with(token, 14, 3));
    check("another token id", false, &|token| framed(token, [2, 0], &token[17..]));
    check("unknown token id", false, &|token| framed(token, [9, 9], &token[17..]));
    check("octets after the frame", false, &|token| [token, &[0, 0]].concat());
    check("message cut", false, &|token| framed(token, [1, 0], &token[17..117]));
    check("no message", false, &|token| framed(token, [1, 0], &[]));
    check("not der", false, &|token| framed(token, [1, 0], &[0xff; 40]));
    check("no token", false, &|_| Vec::new());
}

/// Within SPNEGO the answers have the same octets, but for the time and what is encrypted.
#[test]
fn our_acceptor_answers_spnego_as_mit_does() {
    let Some(mut peer) = Peer::start("spnego") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let cache = peer.cache(&draft.credential());
    let wrong = keytab(&[(service(), 4, &Key::random(Etype::Aes256Sha1, &mut Seeded(77)))]);
    for flags in [MUTUAL, ONE_WAY] {
        for keytab in [draft.keytab(), wrong.clone(), keytab(&[])] {
            let token = peer.init(&cache, &service(), flags, "spnego");
            let path = peer.keytab(&keytab);
            let theirs = match peer.accept(&path, &token) {
                Answer::Accepted { reply, .. } | Answer::Refused { reply, .. } => reply,
                Answer::Done | Answer::Continue(_) | Answer::Last(_) => None,
            };
            let ours = match Acceptor::new(keytab).accept(&token, wall_clock(), &mut Seeded::from_clock()) {
                Ok(accepted) => accepted.reply,
                Err(failure) => failure.reply,
            };
            assert_eq!(theirs.as_deref().map(shape), ours.as_deref().map(shape), "{flags}");
        }
    }
}

/// A NegTokenResp without what differs from time to time: negState, supportedMech, and of responseToken the KRB-ERROR
/// without its time or the first octets of the AP-REP.
fn shape(token: &[u8]) -> (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>) {
    let mut reader = Reader::new("NegTokenResp", token).unwrap();
    let response = |r: &mut Reader<'_>| {
        let response = r.octets()?;
        let (frame, message) = response.split_at(17);
        let shown = match KrbError::decode(message) {
            Ok(error) => KrbError { server_time: Timestamp::EPOCH, ..error }.to_octets(),
            Err(_) => message[..1].to_vec(),
        };
        Ok([&frame[2..], &shown].concat())
    };
    let shape = reader.field(1, "NegTokenResp", |r| {
        let mut fields = r.sequence()?;
        Ok((
            fields.field(0, "negState", |r| r.element().map(<[u8]>::to_vec))?,
            fields.optional(1, "supportedMech", |r| r.element().map(<[u8]>::to_vec))?,
            fields.optional(2, "responseToken", response)?,
        ))
    });
    shape.unwrap()
}

#[test]
fn without_a_keytab_both_refuse_without_a_word() {
    let Some(mut peer) = Peer::start("no_keytab") else { return };
    let (_, token) =
        Initiator::start(&Draft::new(Etype::Aes256Sha1).credential(), Flags(MUTUAL), wall_clock(), &mut Seeded(1));
    for empty in [peer.keytab(&keytab(&[])), "/nonexistent/keytab".to_owned()] {
        let Answer::Refused { major, reply, .. } = peer.accept(&empty, &token) else { panic!("accepted") };
        const NO_CRED: u32 = 7;
        assert_eq!((major, reply), (NO_CRED, None));
    }
    let failure = Acceptor::new(keytab(&[])).accept(&token, wall_clock(), &mut Seeded(1)).unwrap_err();
    assert_eq!((failure.cause, failure.reply), (Cause::NoKeytab, None));
}

#[test]
fn a_replay_is_refused_by_both_even_if_the_ticket_has_expired() {
    let Some(mut peer) = Peer::start("replay") else { return };
    let draft = Draft { end_time: wall_clock().offset_seconds(-330), ..Draft::new(Etype::Aes256Sha1) };
    let path = peer.keytab(&draft.keytab());
    let acceptor = Acceptor::new(draft.keytab());
    let (_, token) = Initiator::start(&draft.credential(), Flags(MUTUAL), wall_clock(), &mut Seeded::from_clock());
    for expected in [32, 34] {
        let Answer::Refused { code, .. } = peer.accept(&path, &token) else { panic!("accepted") };
        assert_eq!(code, expected);
        let failure = acceptor.accept(&token, wall_clock(), &mut Seeded(1)).unwrap_err();
        assert_eq!(failure.cause, Cause::Krb(expected));
    }
}
