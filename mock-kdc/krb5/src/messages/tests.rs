//! What no other implementation could tell us: tolerance, bounds, and that nothing secret is shown.

use super::*;
use crate::der::{Problem, Reader, Writer};
use crate::{Principal, Timestamp};
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out));
    out
}

fn encrypted() -> EncryptedData {
    EncryptedData { etype: 18, kvno: Some(3), cipher: vec![0xcd; 40] }
}

fn key() -> EncryptionKey {
    EncryptionKey::new(18, &[0xab; 32])
}

fn alice() -> Principal {
    Principal::new(&["alice"], "R")
}

fn body() -> KdcRequestBody {
    KdcRequestBody {
        kdc_options: 0,
        cname: Some((&alice()).into()),
        realm: b"R".to_vec(),
        sname: Some((&Principal::krbtgt(b"R")).into()),
        from: None,
        till: Timestamp::EPOCH,
        rtime: None,
        nonce: 7,
        etypes: vec![18, -133],
        addresses: None,
        enc_authorization_data: None,
        additional_tickets: Vec::new(),
    }
}

fn enc_kdc_reply_part() -> EncKdcReplyPart {
    EncKdcReplyPart {
        tag: EncPartTag::As,
        key: key(),
        last_request: vec![LastRequest { lr_type: 0, time: Timestamp::EPOCH }],
        nonce: 7,
        key_expiration: None,
        flags: 0,
        auth_time: Timestamp::from_seconds(10),
        start_time: None,
        end_time: Timestamp::from_seconds(20),
        renew_till: None,
        server: Principal::krbtgt(b"R"),
        addresses: None,
        encrypted_padata: None,
    }
}

/// A request with `body` instead of a body that our encoder would make.
fn request_with(body: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    written(|w| {
        w.application_sequence(10, |w| {
            w.field(1, |w| w.integer(5));
            w.field(2, |w| w.integer(10));
            w.field(4, |w| w.sequence(body));
        });
    })
}

#[test]
fn a_negative_nonce_is_the_same_32_bits_and_unknown_fields_do_no_harm() {
    let octets = request_with(|w| {
        w.field(0, |w| w.flags(0));
        w.field(2, |w| w.string(b"R"));
        w.field(5, |w| w.time(Timestamp::EPOCH));
        w.field(7, |w| w.integer(-2));
        w.field(8, |w| w.list([18, -128], |w, etype| w.integer(etype)));
        w.field(29, |w| w.integer(1));
    });
    let request = KdcRequest::decode(&octets).unwrap();
    assert_eq!(request.body().nonce, 0xffff_fffe);
    assert_eq!(request.body().etypes, [18, -128]);
    // Encoding the body once more would not give these octets, which a checksum covers.
    assert_ne!(request.body().to_octets(), request.body_octets());
    assert_eq!(request.to_octets(), octets);
}

#[test]
fn names_keep_whatever_octets_they_have() {
    for name in ["jürgen".as_bytes(), &[0xff, 0x00, 0x80], b""] {
        let client =
            Principal { components: vec![name.to_vec()], realm: "MÜNCHEN".as_bytes().to_vec(), name_type: -128 };
        let error = KrbError { cname: Some((&client).into()), ..KrbError::new(6, Timestamp::EPOCH, client.clone()) };
        let decoded = KrbError::decode(&error.to_octets()).unwrap();
        assert_eq!(decoded, error);
        assert_eq!(decoded.server.name_type, -128);
    }
}

#[test]
fn a_ticket_is_presented_as_it_was_issued() {
    let octets = Ticket::new(Principal::new(&["postgres", "db"], "R"), encrypted()).to_octets();
    assert!(octets[1] < 0x80, "has a short length to be made long");
    let longer = [&[octets[0], 0x82, 0, octets[1]], &octets[2..]].concat();
    let ticket = Ticket::decode(&longer).unwrap();
    assert_eq!(ticket.server(), &Principal::new(&["postgres", "db"], "R"));
    let request = ApRequest { ap_options: 0, ticket, authenticator: encrypted() };
    let request = ApRequest::decode(&request.to_octets()).unwrap();
    assert_eq!(request.ticket.octets(), longer);
}

#[test]
fn another_version_or_message_type_is_told_apart_from_other_errors() {
    let octets = ApReply { enc_part: encrypted() }.to_octets();
    let with = |at: usize, value| {
        let mut changed = octets.clone();
        changed[at] = value;
        ApReply::decode(&changed).unwrap_err().problem
    };
    // 6f len 30 len a0 03 02 01 05 a1 03 02 01 0f
    assert_eq!((octets[8], octets[13]), (5, 15));
    assert_eq!(with(8, 4), Problem::Version(4));
    assert_eq!(with(13, 14), Problem::MessageType { expected: 15, found: 14 });
    assert_eq!(with(0, 0x6e), Problem::Tag { expected: 0x6f, found: Some(0x6e) });
}

#[test]
fn the_clients_part_may_have_either_tag() {
    for (tag, octet) in [(EncPartTag::As, 0x79), (EncPartTag::Tgs, 0x7a)] {
        let part = EncKdcReplyPart { tag, ..enc_kdc_reply_part() };
        let octets = part.to_octets();
        assert_eq!(octets[0], octet);
        assert_eq!(EncKdcReplyPart::decode(&octets), Ok(part));
    }
    assert_eq!(enc_kdc_reply_part().starts(), Timestamp::from_seconds(10));
}

#[test]
fn what_follows_a_message_is_ignored_as_padding() {
    let mut octets = enc_kdc_reply_part().to_octets();
    octets.extend([0; 7]);
    assert_eq!(EncKdcReplyPart::decode(&octets), Ok(enc_kdc_reply_part()));
}

#[test]
fn error_details_that_are_no_method_data_are_none() {
    let hints = MethodData(vec![PaData::empty(2)]);
    let error = |e_data| KrbError { e_data, ..KrbError::new(25, Timestamp::EPOCH, alice()) };
    assert_eq!(error(Some(hints.to_octets())).method_data(), hints.0);
    // KERB-ERROR-DATA of Active Directory: SEQUENCE { [1] 3, [2] NTSTATUS … }.
    let details = [0x30, 0x15, 0xa1, 3, 2, 1, 3, 0xa2, 0x0e, 4, 0x0c, 0x34, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 0, 0];
    assert!(error(Some(details.to_vec())).method_data().is_empty());
    assert!(error(None).method_data().is_empty());
}

#[test]
fn a_message_is_recognised_by_its_first_octet_and_an_error_by_its_code() {
    let kind = |octets: &[u8]| MessageKind::of(octets).map(|kind| kind.to_string());
    let request = |exchange| KdcRequest::new(exchange, Vec::new(), body()).to_octets();
    assert_eq!(kind(&request(Exchange::As)).as_deref(), Some("as-req"));
    assert_eq!(kind(&request(Exchange::Tgs)).as_deref(), Some("tgs-req"));
    let error = KrbError::new(25, Timestamp::EPOCH, alice()).to_octets();
    assert_eq!(kind(&error).as_deref(), Some("krb-error 25"));
    assert_eq!(kind(&error[..20]), None);
    assert_eq!((kind(b""), kind(b"GET / HTTP/1.1")), (None, None));
}

#[test]
fn codes_have_the_names_of_the_specification() {
    assert_eq!(error_code::name(24), Some("KDC_ERR_PREAUTH_FAILED"));
    assert_eq!(error_code::name(37), Some("KRB_AP_ERR_SKEW"));
    assert_eq!(error_code::name(52), Some("KRB_ERR_RESPONSE_TOO_BIG"));
    assert_eq!(error_code::name(30), None);
}

#[test]
fn debug_shows_no_key() {
    let subkey = || Some(key());
    let ticket_part = EncTicketPart {
        flags: 0,
        key: key(),
        client: alice(),
        transited: Transited::default(),
        auth_time: Timestamp::EPOCH,
        start_time: None,
        end_time: Timestamp::EPOCH,
        renew_till: None,
        addresses: None,
        authorization_data: None,
    };
    let authenticator = Authenticator {
        client: alice(),
        checksum: None,
        time: Timestamp::EPOCH,
        subkey: subkey(),
        seq_number: None,
        authorization_data: None,
    };
    let reply_part = EncApReplyPart { time: Timestamp::EPOCH, subkey: subkey(), seq_number: None };
    for shown in [
        format!("{:?} {:#?}", key(), key()),
        format!("{ticket_part:?} {ticket_part:#?}"),
        format!("{:?}", enc_kdc_reply_part()),
        format!("{authenticator:?}"),
        format!("{reply_part:?}"),
        format!("{:?}", encrypted()),
    ] {
        // 0xab and 0xcd in the two ways in which octets are usually shown.
        for secret in ["171", "abab", "205", "cdcd"] {
            assert!(!shown.to_lowercase().contains(secret), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn no_octets_make_a_decoder_panic(mut octets in proptest::collection::vec(any::<u8>(), 0..200), first in 0x60u8..0x80) {
        if let Some(octet) = octets.first_mut() {
            *octet = first;
        }
        let _ = KdcRequest::decode(&octets);
        let _ = KdcReply::decode(&octets);
        let _ = EncKdcReplyPart::decode(&octets);
        let _ = EncTicketPart::decode(&octets);
        let _ = ApRequest::decode(&octets);
        let _ = Authenticator::decode(&octets);
        let _ = ApReply::decode(&octets);
        let _ = EncApReplyPart::decode(&octets);
        let _ = KrbError::decode(&octets);
        let _ = MethodData::decode(&octets);
        let _ = Reader::new("test", &octets).map(|mut reader| reader.element().map(<[u8]>::len));
    }
}
