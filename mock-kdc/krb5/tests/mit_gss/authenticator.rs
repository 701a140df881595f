//! Authenticators that no initiator of ours makes, before MIT's acceptor and ours.

use crate::peer::{Answer, Peer};
use crate::ticket::{Draft, Seeded, client, wall_clock};
use shakedown_krb5::Principal;
use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::gss::{Acceptor, Cause, Flags};
use shakedown_krb5::messages::flags::ap_options;
use shakedown_krb5::messages::{
    ApReply, ApRequest, Authenticator, AuthorizationElement, AuthorizationList, Checksum, Codec, EncApReplyPart,
    EncryptedData, EncryptionKey, Ticket, ad_type,
};

const MUTUAL: u8 = 0x02;
const KRB5_OID: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];

/// A checksum of type 0x8003 with no bindings, these flags, and `tail`.
fn gss_checksum(flags: u8, tail: &[u8]) -> Option<Checksum> {
    let start = [16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, flags, 0, 0, 0];
    Some(Checksum { cksumtype: 0x8003, checksum: [&start, tail].concat() })
}

fn authenticator() -> Authenticator {
    Authenticator {
        client: client(),
        checksum: gss_checksum(MUTUAL, &[]),
        time: wall_clock(),
        subkey: None,
        seq_number: None,
        authorization_data: None,
    }
}

fn token(draft: &Draft, options: u32, plain: &[u8]) -> Vec<u8> {
    let cipher = draft.session_key.encrypt(usage::AP_REQ_AUTHENTICATOR, plain, &mut Seeded::from_clock());
    let request = ApRequest {
        ap_options: options,
        ticket: Ticket::decode(&draft.credential().ticket).unwrap(),
        authenticator: EncryptedData { etype: draft.session_key.etype().number(), kvno: None, cipher },
    };
    let content = [&KRB5_OID[..], &[1, 0], &request.to_octets()].concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[0x60, 0x82], &length[..], &content].concat()
}

/// Flags (without those that MIT adds) and the etype of the acceptor's sub-key, or the error code.
type Verdict = Result<(u32, Option<i32>), i32>;

fn both(peer: &mut Peer, draft: &Draft, options: u32, plain: &[u8]) -> (Verdict, Verdict) {
    const ADDED_BY_MIT: u32 = Flags::TRANS | 0x80; // and PROT_READY
    let token = token(draft, options, plain);
    let subkey_etype = |reply: Option<Vec<u8>>| {
        let reply = reply?;
        let start = reply.windows(2).position(|window| window == [0x02, 0x00]).unwrap() + 2;
        let cipher = ApReply::decode(&reply[start..]).unwrap().enc_part.cipher;
        let part = EncApReplyPart::decode(&draft.session_key.decrypt(usage::AP_REP, &cipher).unwrap()).unwrap();
        part.subkey.map(|key| key.etype)
    };
    let path = peer.keytab(&draft.keytab());
    let theirs = match peer.accept(&path, &token) {
        Answer::Accepted { flags, reply, .. } => Ok((flags & !ADDED_BY_MIT, subkey_etype(reply))),
        Answer::Refused { code, .. } => Err(code),
        other => panic!("not an answer to a first token: {other:?}"),
    };
    let ours = match Acceptor::new(draft.keytab()).accept(&token, wall_clock(), &mut Seeded::from_clock()) {
        Ok(accepted) => Ok((accepted.flags.0, subkey_etype(accepted.reply))),
        Err(failure) => match failure.cause {
            Cause::Krb(code) => Err(code),
            other => panic!("{other}"),
        },
    };
    (theirs, ours)
}

#[test]
fn the_checksum_decides_the_flags_as_with_mit() {
    let Some(mut peer) = Peer::start("checksum") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let regular = |key: &Key, data: &[u8]| {
        let checksum = key.checksum(usage::AP_REQ_AUTHENTICATOR_CHECKSUM, data);
        Some(Checksum { cksumtype: key.etype().checksum_type(), checksum })
    };
    let session_key = &draft.session_key;
    let mutual = ap_options::MUTUAL_REQUIRED;
    let replay_sequence = Flags::REPLAY | Flags::SEQUENCE;
    let mut check = |name: &str, options: u32, checksum: Option<Checksum>, expected: Verdict| {
        let plain = Authenticator { checksum, ..authenticator() }.to_octets();
        assert_eq!(both(&mut peer, &draft, options, &plain), (expected, expected), "{name}");
    };
    check("mutual", mutual, gss_checksum(MUTUAL, &[]), Ok((2, Some(18))));
    check("mutual in the checksum alone", 0, gss_checksum(MUTUAL, &[]), Ok((2, Some(18))));
    check("mutual in the options alone", mutual, gss_checksum(0, &[]), Ok((0, None)));
    check("none", mutual, None, Ok((0, None)));
    check("over nothing", 0, regular(session_key, b""), Ok((replay_sequence, None)));
    check("over nothing, mutual", mutual, regular(session_key, b""), Ok((replay_sequence | 2, Some(18))));
    check("over something", mutual, regular(session_key, b"x"), Err(60));
    check("too short", mutual, Some(Checksum { cksumtype: 0x8003, checksum: vec![16, 0, 0, 0] }), Err(60));
    check("an extension", 0, gss_checksum(0, &[0, 0, 0, 9, 0, 0, 0, 1, 7]), Ok((0, None)));
    check("half an extension", 0, gss_checksum(0, &[0, 0, 0, 9, 0, 0, 0, 2, 7]), Err(60));
}

#[test]
fn the_acceptors_subkey_has_the_etype_that_mit_chooses() {
    let Some(mut peer) = Peer::start("negotiation") else { return };
    for session in Etype::ALL {
        for (list, subkey) in [
            (&[][..], None),
            (&[20, 19], None),
            (&[18, 17], Some(Etype::Aes128Sha256)),
            (&[23], None),
            (&[], Some(Etype::Rc4Hmac)),
            (&[23, 19], Some(Etype::Rc4Hmac)),
        ] {
            let draft = Draft { session_key: Key::random(session, &mut Seeded(9)), ..Draft::new(Etype::Aes256Sha1) };
            let subkey_etype = subkey;
            let subkey = subkey.map(|etype| Key::random(etype, &mut Seeded(8)));
            let plain = Authenticator {
                subkey: subkey.map(|key| EncryptionKey::new(key.etype().number(), key.bytes())),
                authorization_data: (!list.is_empty()).then(|| vec![etype_list(list)]),
                ..authenticator()
            };
            let (theirs, ours) = both(&mut peer, &draft, ap_options::MUTUAL_REQUIRED, &plain.to_octets());
            // With RC4 there is a sub-key of the acceptor's only if it is a better one.
            let rc4 = subkey_etype.unwrap_or(session) == Etype::Rc4Hmac;
            assert!(ours.as_ref().is_ok_and(|(_, chosen)| chosen.is_some() || rc4), "{ours:?}");
            assert_eq!(theirs, ours, "{session} {list:?}");
        }
    }
}

/// AD-IF-RELEVANT with an ETYPE-NEGOTIATION of etypes below 128.
fn etype_list(etypes: &[u8]) -> AuthorizationElement {
    let integers: Vec<u8> = etypes.iter().flat_map(|etype| [0x02, 1, *etype]).collect();
    let ad_data = [&[0x30, u8::try_from(integers.len()).unwrap()], &integers[..]].concat();
    let list = AuthorizationList(vec![AuthorizationElement { ad_type: ad_type::ETYPE_NEGOTIATION, ad_data }]);
    AuthorizationElement { ad_type: ad_type::IF_RELEVANT, ad_data: list.to_octets() }
}

#[test]
fn what_is_no_authenticator_is_a_generic_error_as_with_mit() {
    let Some(mut peer) = Peer::start("no_authenticator") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let whole = authenticator().to_octets();
    for plain in [&b""[..], b"\x62\x00", &whole[..whole.len() - 1], &[0xff; 50]] {
        assert_eq!(both(&mut peer, &draft, ap_options::MUTUAL_REQUIRED, plain), (Err(60), Err(60)));
    }
    let elsewhere = Principal { realm: b"OTHER".to_vec(), ..client() };
    let plain = Authenticator { client: elsewhere, ..authenticator() }.to_octets();
    assert_eq!(both(&mut peer, &draft, ap_options::MUTUAL_REQUIRED, &plain), (Err(36), Err(36)));
}
