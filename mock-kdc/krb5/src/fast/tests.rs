use proptest::prelude::*;

use super::*;
use crate::crypto::octets::{Seeded, octets};
use crate::crypto::{Etype, Key};
use crate::messages::{
    Checksum, Codec, EncryptedData, EncryptionKey, Exchange, KdcRequest, KdcRequestBody, PaData, padata_type,
};
use crate::{Principal, Timestamp};

fn key(etype: Etype, seed: u64) -> Key {
    Key::random(etype, &mut Seeded(seed))
}

fn body(nonce: u32) -> KdcRequestBody {
    KdcRequestBody {
        kdc_options: 0x10,
        cname: Some((&Principal::new(&["alice"], "R")).into()),
        realm: b"R".to_vec(),
        sname: Some((&Principal::krbtgt(b"R")).into()),
        from: None,
        till: Timestamp::from_seconds(1_700_000_000),
        rtime: None,
        nonce,
        etypes: vec![18],
        addresses: None,
        enc_authorization_data: None,
        additional_tickets: Vec::new(),
    }
}

fn fast_body() -> FastBody {
    FastBody::new(options::HIDE_CLIENT_NAMES, vec![PaData::empty(padata_type::REQ_ENC_PA_REP)], body(7))
}

fn armor() -> Armor {
    Armor { armor_type: ARMOR_AP_REQUEST, armor_value: vec![0x6e, 0x00] }
}

fn sealed(armor_key: &Key, outside: &[u8]) -> FastRequest {
    FastRequest::seal(Some(armor()), armor_key, outside, &fast_body(), &mut Seeded(9))
}

fn response(armor_key: &Key) -> FastResponse {
    FastResponse {
        padata: vec![PaData { padata_type: 133, padata_value: b"MIT".to_vec() }],
        strengthen_key: Some(EncryptionKey::from(&key(Etype::Aes128Sha1, 4))),
        finished: Some(FastFinished::new(
            armor_key,
            Principal::new(&["alice"], "R"),
            b"ticket",
            Timestamp::from_micros(1_700_000_000_000_123),
        )),
        nonce: 7,
    }
}

/// `reference_encode.out` of MIT's tests of its encoder (src/tests/asn.1), the sample of `krb5_fast_response`.
#[test]
fn a_response_is_read_and_written_as_mit_s() {
    let expected = [
        octets("30 81 9f"), // KrbFastResponse
        octets("a0 26 30 24"),
        octets("30 10 a1 03 02 01 0d a2 09 04 07 70 61 2d 64 61 74 61"), // padata: 13, "pa-data"
        octets("30 10 a1 03 02 01 0d a2 09 04 07 70 61 2d 64 61 74 61"),
        octets("a1 13 30 11 a0 03 02 01 01 a1 0a 04 08 31 32 33 34 35 36 37 38"), // strengthen-key: 1, "12345678"
        octets("a2 5b 30 59"),                                                    // finished
        octets("a0 11 18 0f 31 39 39 34 30 36 31 30 30 36 30 33 31 37 5a"),       // timestamp: 19940610060317Z
        octets("a1 05 02 03 01 e2 40"),                                           // usec: 123456
        octets("a2 10 1b 0e 41 54 48 45 4e 41 2e 4d 49 54 2e 45 44 55"),          // crealm: ATHENA.MIT.EDU
        octets("a3 1a 30 18 a0 03 02 01 01 a1 11 30 0f"),                         // cname: 1
        octets("1b 06 68 66 74 73 61 69 1b 05 65 78 74 72 61"),                   // hftsai/extra
        octets("a4 0f 30 0d a0 03 02 01 01 a1 06 04 04 31 32 33 34"),             // ticket-checksum: 1, "1234"
        octets("a3 03 02 01 2a"),                                                 // nonce: 42
    ]
    .concat();
    let padata = || PaData { padata_type: 13, padata_value: b"pa-data".to_vec() };
    let sample = FastResponse {
        padata: vec![padata(), padata()],
        strengthen_key: Some(EncryptionKey::new(1, b"12345678")),
        finished: Some(FastFinished {
            time: Timestamp::from_micros(771_228_197_123_456),
            client: "hftsai/extra@ATHENA.MIT.EDU".parse().unwrap(),
            ticket_checksum: Checksum { cksumtype: 1, checksum: b"1234".to_vec() },
        }),
        nonce: 42,
    };
    assert_eq!(sample.to_octets(), expected);
    assert_eq!(FastResponse::decode(&expected).unwrap(), sample);
}

/// As above, the sample of `krb5_pa_fx_fast_reply`.
#[test]
fn a_reply_is_read_and_written_as_mit_s() {
    let expected = [
        octets("a0 29"),                                                 // armored-data
        octets("30 27"),                                                 // KrbFastArmoredRep
        octets("a0 25 30 23"),                                           // enc-fast-rep
        octets("a0 03 02 01 00"),                                        // etype: 0
        octets("a1 03 02 01 05"),                                        // kvno: 5
        octets("a2 17 04 15 6b 72 62 41 53 4e 2e 31 20 74 65 73 74 20"), // cipher: "krbASN.1 test
        octets("6d 65 73 73 61 67 65"),                                  // message"
    ]
    .concat();
    let sample = FastReply {
        enc_fast_rep: EncryptedData { etype: 0, kvno: Some(5), cipher: b"krbASN.1 test message".to_vec() },
    };
    assert_eq!(sample.to_octets(), expected);
    assert_eq!(FastReply::decode(&expected).unwrap(), sample);
}

/// By the ASN.1 module of RFC 6113 appendix B; MIT's kinit and krb5kdc read and write the same elsewhere.
#[test]
fn a_request_is_that_of_rfc_6113() {
    let request = FastRequest {
        armor: Some(armor()),
        checksum: Checksum { cksumtype: 16, checksum: vec![0xcc; 2] },
        enc_fast_req: EncryptedData { etype: 18, kvno: None, cipher: vec![0xee; 2] },
    };
    let expected = [
        octets("a0 34 30 32"),                                           // armored-data, KrbFastArmoredReq
        octets("a0 0f 30 0d a0 03 02 01 01 a1 06 04 04 6e 00 6e 00"),    // armor: type 1, value
        octets("a1 0d 30 0b a0 03 02 01 10 a1 04 04 02 cc cc"),          // req-checksum: type 16
        octets("a2 10 30 0e a0 03 02 01 12 a2 07 04 05 ee ee ee ee ee"), // enc-fast-req: etype 18
    ]
    .concat();
    let request = FastRequest {
        armor: Some(Armor { armor_value: vec![0x6e, 0x00, 0x6e, 0x00], ..armor() }),
        enc_fast_req: EncryptedData { cipher: vec![0xee; 5], ..request.enc_fast_req },
        ..request
    };
    assert_eq!(request.to_octets(), expected);
    assert_eq!(FastRequest::decode(&expected).unwrap(), request);

    let body_octets = body(7).to_octets();
    let expected = [
        octets("30"),
        vec![u8::try_from(9 + 17 + 2 + body_octets.len()).unwrap()], // KrbFastReq
        octets("a0 07 03 05 00 40 00 00 00"),                        // fast-options: bit 1
        octets("a1 0f 30 0d 30 0b a1 04 02 02 00 95 a2 03 04 01 00"), // padata: 149, one octet
        octets("a2"),
        vec![u8::try_from(body_octets.len()).unwrap()], // req-body
        body_octets,
    ]
    .concat();
    let padata = vec![PaData { padata_type: 149, padata_value: vec![0] }];
    let inner = FastBody::new(options::HIDE_CLIENT_NAMES, padata, body(7));
    assert_eq!(inner.to_octets(), expected);
    assert_eq!(FastBody::decode(&expected).unwrap(), inner);
}

#[test]
fn unknown_fields_at_the_end_are_skipped() {
    // The sequences of RFC 6113 have extension markers.
    let mut later = response(&key(Etype::Aes256Sha1, 1)).to_octets();
    later.extend_from_slice(&[0xa4, 0x02, 0x05, 0x00]);
    assert_eq!(later[1], 0x81, "a length of one octet follows");
    later[2] = u8::try_from(later.len() - 3).unwrap();
    assert_eq!(FastResponse::decode(&later).unwrap(), response(&key(Etype::Aes256Sha1, 1)));
}

#[test]
fn what_is_sealed_opens_with_the_armor_key_and_what_is_outside() {
    for etype in Etype::ALL {
        let armor_key = key(etype, 1);
        let request = FastRequest::decode(&sealed(&armor_key, b"outside").to_octets()).unwrap();
        assert_eq!(request.open(&armor_key, b"outside").unwrap(), fast_body());
        assert_eq!(request.open(&armor_key, b"another"), Err(OpenFailure::Modified));
        assert_eq!(request.open(&key(etype, 2), b"outside"), Err(OpenFailure::Integrity));

        let of_type =
            |cksumtype| FastRequest { checksum: Checksum { cksumtype, checksum: vec![0; 12] }, ..request.clone() };
        let other = if etype == Etype::Aes256Sha1 { 15 } else { 16 };
        assert_eq!(of_type(other).open(&armor_key, b"outside"), Err(OpenFailure::UnfitChecksum(other)));
        assert_eq!(of_type(4711).open(&armor_key, b"outside"), Err(OpenFailure::UnknownChecksum(4711)));

        let reply = FastReply::seal(&armor_key, &response(&armor_key), &mut Seeded(3));
        let opened = reply.open(&armor_key).unwrap().unwrap();
        assert_eq!(opened, response(&armor_key));
        assert!(reply.open(&key(etype, 2)).is_err());
        let finished = opened.finished.unwrap();
        assert!(finished.verify(&armor_key, b"ticket").is_ok());
        assert!(finished.verify(&armor_key, b"tickets").is_err());
        let unkeyed = FastFinished { ticket_checksum: Checksum { cksumtype: 7, checksum: vec![0; 16] }, ..finished };
        assert!(unkeyed.verify(&armor_key, b"ticket").is_err());
    }
}

#[test]
fn something_else_under_the_armor_key_is_malformed() {
    let armor_key = key(Etype::Aes256Sha1, 1);
    let usage = crate::crypto::usage::FAST_REQUEST;
    let enc_fast_req = EncryptedData::seal(&armor_key, usage, &PaData::empty(1), &mut Seeded(1));
    let request = FastRequest { enc_fast_req, ..sealed(&armor_key, b"") };
    assert!(matches!(request.open(&armor_key, b""), Err(OpenFailure::Malformed(_))));
}

#[test]
fn the_request_within_keeps_its_octets() {
    let request = fast_body().into_request(Exchange::Tgs);
    assert_eq!(request.body_octets(), body(7).to_octets());
    assert_eq!(KdcRequest::decode(&request.to_octets()).unwrap(), request);
}

/// The `krb5` crate makes the keys of RFC 6113 on its own.
#[test]
fn keys_are_those_of_another_implementation() {
    let peer = |key: &Key| krb5::key::Key::new(key.etype().number(), key.bytes().to_vec()).unwrap();
    let made = |first: &Key, first_pepper: &str, second: &Key, second_pepper: &str| {
        krb5::key::Key::cf2(&peer(first), first_pepper, &peer(second), second_pepper).unwrap().bytes().to_vec()
    };
    for etype in Etype::AES {
        let (first, second) = (key(etype, 1), key(Etype::Aes256Sha1, 2));
        let armor = armor_key(&first, &second);
        assert_eq!(armor.bytes(), made(&first, "subkeyarmor", &second, "ticketarmor"));
        assert_eq!(strengthened(&first, &second).bytes(), made(&first, "strengthenkey", &second, "replykey"));
        let challenge = ChallengeKeys::new(&armor, &second);
        assert_eq!(challenge.client.bytes(), made(&armor, "clientchallengearmor", &second, "challengelongterm"));
        assert_eq!(challenge.kdc.bytes(), made(&armor, "kdcchallengearmor", &second, "challengelongterm"));
    }
}

#[test]
fn each_truncation_is_refused() {
    let armor_key = key(Etype::Aes128Sha256, 1);
    let request = sealed(&armor_key, b"").to_octets();
    let reply = FastReply::seal(&armor_key, &response(&armor_key), &mut Seeded(3)).to_octets();
    let (inner, outer) = (fast_body().to_octets(), response(&armor_key).to_octets());
    for length in 0..request.len() {
        assert!(FastRequest::decode(&request[..length]).is_err());
    }
    for length in 0..reply.len() {
        assert!(FastReply::decode(&reply[..length]).is_err());
    }
    for length in 0..inner.len() {
        assert!(FastBody::decode(&inner[..length]).is_err());
    }
    for length in 0..outer.len() {
        assert!(FastResponse::decode(&outer[..length]).is_err());
    }
}

#[test]
fn debug_shows_no_key() {
    let armor_key = Key::new(Etype::Aes128Sha1, &[0xab; 16]).unwrap();
    let strengthen_key = Some(EncryptionKey::from(&armor_key));
    let shown = format!(
        "{:?} {:?}",
        FastResponse { strengthen_key, ..response(&armor_key) },
        ChallengeKeys { client: armor_key.clone(), kdc: armor_key.clone() }
    );
    assert!(!shown.contains("171"), "{shown}");
}

proptest! {
    #[test]
    fn octets_of_any_kind_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = FastRequest::decode(&octets);
        let _ = FastBody::decode(&octets);
        let _ = FastReply::decode(&octets);
        let _ = FastResponse::decode(&octets);
    }

    #[test]
    fn one_changed_octet_does_no_harm(position in 0..100_000usize, octet: u8) {
        let armor_key = key(Etype::Aes256Sha1, 1);
        let change = |mut octets: Vec<u8>| {
            let position = position % octets.len();
            octets[position] = octet;
            octets
        };
        if let Ok(request) = FastRequest::decode(&change(sealed(&armor_key, b"").to_octets())) {
            let _ = request.open(&armor_key, b"");
        }
        let _ = FastBody::decode(&change(fast_body().to_octets()));
        let _ = FastResponse::decode(&change(response(&armor_key).to_octets()));
    }

    #[test]
    fn what_is_written_is_read(
        flags: u32, nonce: u32, padata in prop::collection::vec((any::<i32>(), prop::collection::vec(any::<u8>(), 0..40)), 0..5)
    ) {
        let padata: Vec<_> =
            padata.into_iter().map(|(padata_type, padata_value)| PaData { padata_type, padata_value }).collect();
        let inner = FastBody::new(flags, padata.clone(), body(nonce & 0x7fff_ffff));
        prop_assert_eq!(FastBody::decode(&inner.to_octets()).unwrap(), inner);
        let outer = FastResponse { padata, strengthen_key: None, finished: None, nonce };
        prop_assert_eq!(FastResponse::decode(&outer.to_octets()).unwrap(), outer);
    }
}
