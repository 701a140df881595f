//! What MIT's kinit, kvno and krb5kdc said to each other (`tests/golden/README.md`), read, decrypted and written again.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use shakedown_krb5::crypto::{Etype, Key, default_salt, string_to_key, usage};
use shakedown_krb5::der::Reader;
use shakedown_krb5::messages::flags::{kdc_options, ticket as ticket_flags};
use shakedown_krb5::messages::*;
use shakedown_krb5::{Principal, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;

const DIRECTORIES: [&str; 2] = ["mit-default", "mit-aes256-sha2"];

/// The messages of a directory by the number in their name.
fn conversation(directory: &str) -> BTreeMap<u32, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(directory);
    let read = |entry: std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
        let octet = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let number = entry.file_name().to_str().unwrap()[..2].parse().unwrap();
        (number, (0..digits.len()).step_by(2).map(octet).collect())
    };
    let messages: BTreeMap<_, _> = std::fs::read_dir(path).unwrap().map(|entry| read(entry.unwrap())).collect();
    assert_eq!(messages.len(), 16);
    messages
}

fn principal(text: &str) -> Principal {
    format!("{text}@SHAKEDOWN.TEST").parse().unwrap()
}

fn key(of: &str, password: &str, etype: i32) -> Key {
    string_to_key(etype.try_into().unwrap(), password.as_bytes(), &default_salt(&principal(of)), None).unwrap()
}

fn alice(etype: i32) -> Key {
    key("alice", "alice's passwörd", etype)
}

fn open<T: Codec>(data: &EncryptedData, key: &Key, usage: usage::KeyUsage) -> T {
    let plain = data.open(key, usage).unwrap();
    let message = T::decode(&plain).unwrap();
    assert_eq!(message.to_octets(), *plain, "{} is written as it was read", T::NAME);
    message
}

/// Decodes whichever message it is and encodes it again.
fn again(message: &[u8]) -> Result<Vec<u8>, Error> {
    match message.first() {
        Some(0x6a | 0x6c) => KdcRequest::decode(message).map(|m| m.to_octets()),
        Some(0x6b | 0x6d) => KdcReply::decode(message).map(|m| m.to_octets()),
        _ => KrbError::decode(message).map(|m| m.to_octets()),
    }
}

#[test]
fn every_message_is_written_as_it_was_read() {
    for directory in DIRECTORIES {
        for (number, message) in conversation(directory) {
            assert_eq!(again(&message).unwrap(), message, "{directory} {number}");
            if let Ok(request) = KdcRequest::decode(&message) {
                // The body is kept as octets, so it would come back whatever its encoder did.
                assert_eq!(request.body().to_octets(), request.body_octets(), "{directory} {number}");
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for (number, message) in conversation("mit-default") {
        for length in 0..message.len() {
            assert!(again(&message[..length]).is_err(), "{length} octets of {number}");
        }
    }
}

#[test]
fn no_changed_octet_makes_us_panic() {
    for message in conversation("mit-default").into_values() {
        for at in 0..message.len() {
            for change in [0x01, 0x20, 0x7f, 0x80, 0xff] {
                let mut changed = message.clone();
                changed[at] ^= change;
                if let Ok(octets) = again(&changed) {
                    assert!(again(&octets).is_ok(), "what we write we read: {change:02x} at {at}");
                }
            }
        }
    }
}

#[test]
fn requests_of_kinit_say_what_the_fact_sheet_says() {
    let request = KdcRequest::decode(&conversation("mit-default")[&1]).unwrap();
    assert_eq!(request.exchange, Exchange::As);
    assert_eq!(request.padata, [PaData::empty(padata_type::AS_FRESHNESS), PaData::empty(padata_type::REQ_ENC_PA_REP)]);
    let body = request.body();
    assert_eq!(body.kdc_options, kdc_options::RENEWABLE_OK);
    assert_eq!(body.client(), Some(principal("alice")));
    assert_eq!(body.server(), Some(Principal::krbtgt(b"SHAKEDOWN.TEST")));
    assert_eq!(body.etypes[..4], [18, 17, 20, 19]);
    assert_eq!((&body.from, &body.rtime, &body.addresses), (&None, &None, &None));
}

#[test]
fn errors_say_code_text_and_hints() {
    for directory in DIRECTORIES {
        let messages = conversation(directory);
        let error = |number| KrbError::decode(&messages[&number]).unwrap();
        let told = |number| {
            let error = error(number);
            (error.error_code, error.text(), error.server.to_string())
        };
        let krbtgt = "krbtgt/SHAKEDOWN.TEST@SHAKEDOWN.TEST";
        assert_eq!(told(2), (25, "NEEDED_PREAUTH".into(), krbtgt.into()));
        assert_eq!(told(8), (7, "LOOKING_UP_SERVER".into(), "no/such@SHAKEDOWN.TEST".into()));
        assert_eq!(told(14), (24, "PREAUTH_FAILED".into(), krbtgt.into()));
        assert_eq!(told(16), (6, "CLIENT_NOT_FOUND".into(), krbtgt.into()));
        assert_eq!(error(2).client_time, None);
        assert_eq!(error(2).cname, Some((&principal("alice")).into()));
        let padata = error(2).method_data();
        let types: Vec<_> = padata.iter().map(|data| data.padata_type).collect();
        assert_eq!(
            types,
            [padata_type::FX_FAST, padata_type::ETYPE_INFO2, padata_type::ENC_TIMESTAMP, padata_type::FX_COOKIE]
        );
        let info = EtypeInfo2::decode(PaData::find(&padata, padata_type::ETYPE_INFO2).unwrap()).unwrap();
        assert_eq!(info.0.len(), 1);
        assert_eq!(info.0[0].salt.as_deref(), Some(&b"SHAKEDOWN.TESTalice"[..]));
        assert!(error(16).method_data().is_empty());
    }
}

#[test]
fn the_conversation_decrypts_from_the_password_to_the_service_ticket() {
    for (directory, etype) in DIRECTORIES.into_iter().zip([18, 20]) {
        let messages = conversation(directory);
        let error = KrbError::decode(&messages[&2]).unwrap();

        // AS-REQ: the timestamp.
        let request = KdcRequest::decode(&messages[&3]).unwrap();
        let encrypted = EncryptedData::decode(request.padata(padata_type::ENC_TIMESTAMP).unwrap()).unwrap();
        assert_eq!(encrypted.etype, etype);
        let timestamp: PreauthEncTimestamp = open(&encrypted, &alice(etype), usage::PA_ENC_TIMESTAMP);
        assert!(timestamp.time.distance(error.server_time).as_secs() < 60);

        // AS-REP: the client's part, in which MIT uses the other tag, and the checksum over the request.
        let reply = KdcReply::decode(&messages[&4]).unwrap();
        assert_eq!((reply.exchange, &reply.client), (Exchange::As, &principal("alice")));
        assert_eq!((reply.enc_part.etype, reply.enc_part.kvno), (etype, None));
        let part: EncKdcReplyPart = open(&reply.enc_part, &alice(etype), usage::AS_REP);
        assert_eq!(part.tag, EncPartTag::Tgs);
        assert_eq!(part.nonce, request.body().nonce);
        assert_eq!(part.last_request, [LastRequest { lr_type: 0, time: Timestamp::EPOCH }]);
        assert_eq!(part.end_time, request.body().till);
        assert_eq!(part.flags & ticket_flags::PRE_AUTHENT, ticket_flags::PRE_AUTHENT);
        let padata = part.encrypted_padata.as_deref().unwrap();
        let checksum = Checksum::decode(PaData::find(padata, padata_type::REQ_ENC_PA_REP).unwrap()).unwrap();
        alice(etype).verify_checksum(usage::AS_REQ_CHECKSUM, &messages[&3], &checksum.checksum).unwrap();
        // The KDC's part.
        let krbtgt = key("krbtgt/SHAKEDOWN.TEST", "krbtgt", reply.ticket.enc_part().etype);
        let ticket: EncTicketPart = open(reply.ticket.enc_part(), &krbtgt, usage::TICKET);
        assert_eq!((&ticket.key, &ticket.client, ticket.flags), (&part.key, &principal("alice"), part.flags));
        assert_eq!(ticket.transited, Transited::default());

        // TGS-REQ: the same ticket, octet for octet, and an authenticator over the body as it was received.
        let session_key = Key::try_from(&part.key).unwrap();
        let request = KdcRequest::decode(&messages[&5]).unwrap();
        assert_eq!(request.exchange, Exchange::Tgs);
        let ap_request = ApRequest::decode(request.padata(padata_type::TGS_REQ).unwrap()).unwrap();
        assert_eq!(ap_request.ticket.octets(), reply.ticket.octets());
        let authenticator: Authenticator = open(&ap_request.authenticator, &session_key, usage::TGS_REQ_AUTHENTICATOR);
        assert_eq!(authenticator.client, principal("alice"));
        let checksum = authenticator.checksum.unwrap();
        assert_eq!(checksum.cksumtype, session_key.etype().checksum_type());
        let verify = |octets: &[u8]| {
            session_key.verify_checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, octets, &checksum.checksum)
        };
        verify(request.body_octets()).unwrap();
        verify(KdcRequest::decode(&messages[&7]).unwrap().body_octets()).unwrap_err();

        // TGS-REP: under the sub-key, which FAST strengthens; the service's part under the service's key.
        let subkey = Key::try_from(authenticator.subkey.as_ref().unwrap()).unwrap();
        let reply = KdcReply::decode(&messages[&6]).unwrap();
        let armor = cf2(&subkey, &session_key, "subkeyarmor", "ticketarmor");
        let reply_key = cf2(&strengthen_key(&reply, &armor), &subkey, "strengthenkey", "replykey");
        let part: EncKdcReplyPart = open(&reply.enc_part, &reply_key, usage::TGS_REP_SUBKEY);
        assert_eq!((&part.server, part.nonce), (&principal("postgres/db.test"), request.body().nonce));
        let service = key("postgres/db.test", "service", reply.ticket.enc_part().etype);
        let ticket: EncTicketPart = open(reply.ticket.enc_part(), &service, usage::TICKET);
        assert_eq!((&ticket.key, &ticket.client), (&part.key, &principal("alice")));
        assert_eq!(ticket.auth_time, part.auth_time);
        // MIT 1.20 puts a PAC into every ticket.
        let data = ticket.authorization_data.unwrap();
        let inner = AuthorizationList::decode(&data[0].ad_data).unwrap();
        assert_eq!((data[0].ad_type, inner.0[0].ad_type), (ad_type::IF_RELEVANT, ad_type::WIN2K_PAC));
    }
}

#[test]
fn a_wrong_password_does_not_decrypt() {
    let reply = KdcReply::decode(&conversation("mit-default")[&4]).unwrap();
    let wrong = key("alice", "wrong", 18);
    assert!(reply.enc_part.open(&wrong, usage::AS_REP).is_err());
    let other_etype = Key::new(Etype::Aes256Sha384, alice(18).bytes()).unwrap();
    assert!(reply.enc_part.open(&other_etype, usage::AS_REP).is_err());
}

/// KRB-FX-CF2 (RFC 6113 §5.1) for AES keys, whose random-to-key is the identity.
fn cf2(first: &Key, second: &Key, first_pepper: &str, second_pepper: &str) -> Key {
    let length = first.etype().key_length();
    let prf_plus = |key: &Key, pepper: &str| -> Vec<u8> {
        (1u8..).flat_map(|count| key.prf(&[&[count], pepper.as_bytes()].concat())).take(length).collect()
    };
    let pairs = prf_plus(first, first_pepper).into_iter().zip(prf_plus(second, second_pepper));
    Key::new(first.etype(), &pairs.map(|(a, b)| a ^ b).collect::<Vec<_>>()).unwrap()
}

/// strengthen-key of the KrbFastResponse in a reply (RFC 6113 §5.4.3, key usage 52).
fn strengthen_key(reply: &KdcReply, armor: &Key) -> Key {
    let padata = PaData::find(&reply.padata, padata_type::FX_FAST).unwrap();
    let mut reader = Reader::new("PA-FX-FAST-REPLY", padata).unwrap();
    let sealed =
        reader.field(0, "armored-data", |r| r.sequence()?.field(0, "enc-fast-rep", EncryptedData::read)).unwrap();
    let plain = sealed.open(armor, usage::KeyUsage(52)).unwrap();
    let mut response = Reader::new("KrbFastResponse", &plain).unwrap().sequence().unwrap();
    response.field(0, "padata", |r| r.list(PaData::read)).unwrap();
    let key = response.field(1, "strengthen-key", EncryptionKey::read).unwrap();
    Key::try_from(&key).unwrap()
}
