use super::kdc::{Draft, alice, authenticator, error, session_key, tgt};
use super::*;
use crate::Principal;
use crate::crypto::{Etype, Key, usage};
use crate::messages::flags::{kdc_options, ticket};
use crate::messages::*;

fn service() -> Principal {
    Principal::new(&["postgres", "db.test"], "R")
}

fn settings() -> TgsSettings {
    TgsSettings::new(tgt(), service())
}

fn begun(settings: TgsSettings) -> (TgsExchange, Counting, Request) {
    let (mut exchange, mut random) = (TgsExchange::new(settings), Counting::default());
    let request = sent(exchange.next(None, NOW, &mut random));
    (exchange, random, request)
}

fn answered(settings: TgsSettings, change: impl FnOnce(&mut Draft)) -> Result<Action, KerberosFailure> {
    let (mut exchange, mut random, request) = begun(settings);
    let mut draft = Draft::of_tgs(&request.message, None);
    change(&mut draft);
    exchange.next(Some(&draft.encode(Exchange::Tgs)), NOW, &mut random)
}

/// A TGT for `realm` in answer to `request`.
fn referral(request: &Request, realm: &str) -> Vec<u8> {
    let issuer = KdcRequest::decode(&request.message).unwrap().body().realm.clone();
    Draft::of_tgs(&request.message, Some(Principal::cross_realm_krbtgt(realm.as_bytes(), &issuer)))
        .encode(Exchange::Tgs)
}

#[test]
fn the_request_is_that_of_libkrb5() {
    let (_, _, request) = begun(settings());
    assert_eq!((request.transport, request.realm.as_slice()), (Transport::Udp, &b"R"[..]));
    let decoded = KdcRequest::decode(&request.message).unwrap();
    assert_eq!(decoded.exchange, Exchange::Tgs);
    let body = decoded.body();
    assert_eq!((body.cname.as_ref(), body.server()), (None, Some(service())));
    assert_eq!(body.kdc_options, kdc_options::FORWARDABLE | kdc_options::CANONICALIZE);
    assert_eq!(body.till, tgt().end_time);
    let ap_request = ApRequest::decode(decoded.padata(padata_type::TGS_REQ).unwrap()).unwrap();
    assert_eq!((ap_request.ap_options, ap_request.ticket.octets()), (0, tgt().ticket.as_slice()));
    let authenticator = authenticator(&request.message);
    assert_eq!((&authenticator.client, authenticator.time), (&alice(), NOW));
    assert_eq!(authenticator.checksum.unwrap().cksumtype, 16);
    assert_eq!(authenticator.subkey.unwrap().etype, 18);

    let (_, _, request) = begun(TgsSettings { offset_us: 5_000_000, ..settings() });
    assert_eq!(super::kdc::authenticator(&request.message).time, NOW.offset_seconds(5));
}

#[test]
fn a_good_reply_is_a_ticket_under_either_key() {
    let credential = done(answered(settings(), |_| {}));
    assert_eq!((credential.client, credential.server), (alice(), service()));
    assert_eq!((credential.auth_time, credential.start_time), (NOW.offset_seconds(-60), NOW));
    done(answered(settings(), |draft| {
        draft.key = session_key();
        draft.usage = usage::TGS_REP_SESSION_KEY;
    }));
    for wrong in [usage::TGS_REP_SESSION_KEY, usage::AS_REP] {
        let failure = answered(settings(), |draft| draft.usage = wrong).err();
        assert_eq!(failure, rejection(rejected::INTEGRITY), "the sub-key has one usage");
    }
    let failure = answered(settings(), |draft| draft.key = Key::new(Etype::Aes256Sha1, &[7; 32]).unwrap()).err();
    assert_eq!(failure, rejection(rejected::INTEGRITY));
}

#[test]
fn each_field_that_libkrb5_checks_is_checked() {
    type Change = fn(&mut Draft);
    let changes: [(&str, Change); 6] = [
        (rejected::NONCE, |draft| draft.part.nonce ^= 1),
        (rejected::CNAME, |draft| draft.client = Principal::new(&["bob"], "R")),
        (rejected::TICKET_SNAME, |draft| draft.ticket_server = Principal::new(&["mysql", "db.test"], "R")),
        (rejected::ENDTIME, |draft| draft.part.end_time = tgt().end_time.offset_seconds(1)),
        (rejected::STARTTIME, |draft| draft.part.start_time = Some(NOW.offset_seconds(301))),
        (rejected::SESSION_KEY, |draft| draft.part.key.etype = 3),
    ];
    for (field, change) in changes {
        assert_eq!(answered(settings(), change).err(), rejection(field));
    }
    done(answered(settings(), |draft| draft.part.start_time = Some(NOW.offset_seconds(300))));
    // 1970 asks for as long as possible.
    let longest = TgsSettings { till: Some(Timestamp::EPOCH), ..settings() };
    done(answered(longest, |draft| draft.part.end_time = NOW.offset_seconds(1_000_000)));
}

#[test]
fn another_service_is_a_ticket_only_with_canonicalize() {
    let rename = |draft: &mut Draft| {
        draft.part.server = Principal::new(&["postgres", "real.name"], "R");
        draft.ticket_server = draft.part.server.clone();
    };
    assert_eq!(done(answered(settings(), rename)).server.to_string(), "postgres/real.name@R");
    let exact = TgsSettings { kdc_options: 0, ..settings() };
    assert_eq!(answered(exact, rename).err(), rejection(rejected::SNAME));
}

#[test]
fn referrals_are_followed_to_the_services_realm() {
    let (mut exchange, mut random, request) = begun(settings());
    let next = sent(exchange.next(Some(&referral(&request, "Q")), NOW, &mut random));
    assert_eq!(next.realm, b"Q");
    let decoded = KdcRequest::decode(&next.message).unwrap();
    assert_eq!(decoded.body().server().unwrap().to_string(), "postgres/db.test@Q");
    let ap_request = ApRequest::decode(decoded.padata(padata_type::TGS_REQ).unwrap()).unwrap();
    assert_eq!(ap_request.ticket.server().to_string(), "krbtgt/Q@R");
    let reply = Draft::of_tgs(&next.message, None).encode(Exchange::Tgs);
    assert_eq!(done(exchange.next(Some(&reply), NOW, &mut random)).server.to_string(), "postgres/db.test@Q");
}

#[test]
fn a_service_of_another_realm_is_reached_through_its_tgt() {
    let elsewhere = TgsSettings::new(tgt(), Principal::new(&["postgres", "db.test"], "Q"));
    let (mut exchange, mut random, request) = begun(elsewhere);
    let asked = |request: &Request| KdcRequest::decode(&request.message).unwrap().body().server().unwrap().to_string();
    assert_eq!(asked(&request), "krbtgt/Q@R");
    // R has no trust with Q, but knows one who has.
    let next = sent(exchange.next(Some(&referral(&request, "P")), NOW, &mut random));
    assert_eq!(asked(&next), "krbtgt/Q@P");
    let next = sent(exchange.next(Some(&referral(&next, "Q")), NOW, &mut random));
    assert_eq!(asked(&next), "postgres/db.test@Q");
    let reply = Draft::of_tgs(&next.message, None).encode(Exchange::Tgs);
    assert_eq!(done(exchange.next(Some(&reply), NOW, &mut random)).server.to_string(), "postgres/db.test@Q");
}

#[test]
fn referrals_in_circles_or_without_end_are_given_up() {
    let (mut exchange, mut random, request) = begun(settings());
    let next = sent(exchange.next(Some(&referral(&request, "Q")), NOW, &mut random));
    let failure = exchange.next(Some(&referral(&next, "R")), NOW, &mut random).err();
    assert_eq!(failure, rejection(rejected::REFERRAL));

    let (mut exchange, mut random, mut request) = begun(settings());
    for hop in 1..=10 {
        request = sent(exchange.next(Some(&referral(&request, &format!("Q{hop}"))), NOW, &mut random));
    }
    let failure = exchange.next(Some(&referral(&request, "Q11")), NOW, &mut random).err();
    assert_eq!(failure, rejection(rejected::REFERRAL));
}

#[test]
fn a_service_without_a_realm_is_asked_for_in_the_tgts() {
    let (_, _, request) = begun(TgsSettings::new(tgt(), Principal::new(&["postgres", "db.test"], "")));
    let asked = KdcRequest::decode(&request.message).unwrap().body().server().unwrap();
    assert_eq!(asked, service());
}

#[test]
fn only_a_ticket_granting_ticket_grants_tickets() {
    let mut exchange = TgsExchange::new(TgsSettings::new(Credential { server: service(), ..tgt() }, service()));
    let failure = exchange.next(None, NOW, &mut Counting::default()).unwrap_err();
    assert_eq!(failure, KerberosFailure::NoCredentials);
}

#[test]
fn errors_end_the_exchange_except_that_a_reply_is_too_big() {
    let (mut exchange, mut random, request) = begun(settings());
    let again = sent(exchange.next(Some(&error(52).to_octets()), NOW, &mut random));
    assert_eq!((again.transport, &again.message), (Transport::Tcp, &request.message));
    assert_eq!(sent(exchange.next(None, NOW, &mut random)), again, "for a retransmission");
    let failure = exchange.next(Some(&error(7).to_octets()), NOW, &mut random).unwrap_err();
    assert_eq!(failure.to_string(), "krb 7");
    assert_eq!(exchange.next(None, NOW, &mut random).unwrap_err(), failure, "and so it stays");
    let (mut exchange, mut random, _) = begun(TgsSettings { udp_preference_limit: 0, ..settings() });
    let failure = exchange.next(Some(&error(52).to_octets()), NOW, &mut random).unwrap_err();
    assert_eq!(failure.to_string(), "krb 52", "there is nothing after TCP");
    let (mut exchange, mut random, _) = begun(settings());
    let failure = exchange.next(Some(b"\x6b\x00"), NOW, &mut random).err();
    assert_eq!(failure, rejection(rejected::MESSAGE_TYPE), "an AS-REP is no answer");
}

#[test]
fn a_renewed_ticket_is_asked_for_with_itself_and_outlives_itself() {
    let old = Credential { flags: tgt().flags | ticket::RENEWABLE, ..tgt() };
    let (mut exchange, mut random, request) = begun(TgsSettings::renew(old.clone()));
    let decoded = KdcRequest::decode(&request.message).unwrap();
    let options = kdc_options::RENEW | kdc_options::RENEWABLE | kdc_options::FORWARDABLE;
    assert_eq!((decoded.body().kdc_options, decoded.body().server()), (options, Some(old.server.clone())));
    let mut draft = Draft::of_tgs(&request.message, None);
    draft.part.end_time = old.end_time.offset_seconds(3600);
    let renewed = done(exchange.next(Some(&draft.encode(Exchange::Tgs)), NOW, &mut random));
    assert_eq!((renewed.server, renewed.end_time), (old.server, old.end_time.offset_seconds(3600)));
}

#[test]
fn a_service_ticket_is_renewed_at_the_realm_that_issued_it() {
    let held = Credential { server: service(), ..tgt() };
    let (mut exchange, mut random, request) = begun(TgsSettings::renew(held));
    assert_eq!(request.realm, b"R");
    let other = Draft::of_tgs(&request.message, Some(Principal::new(&["mysql", "db.test"], "R"))).encode(Exchange::Tgs);
    assert_eq!(exchange.next(Some(&other), NOW, &mut random).err(), rejection(rejected::SNAME));
}

#[test]
fn a_validated_ticket_begins_within_the_skew() {
    let postdated = Credential { flags: ticket::INVALID | ticket::POSTDATED | ticket::MAY_POSTDATE, ..tgt() };
    let begins = |seconds: i64| {
        answered(TgsSettings::validate(postdated.clone()), |draft| {
            draft.part.start_time = Some(NOW.offset_seconds(seconds));
        })
    };
    done(begins(-300));
    assert_eq!(begins(-301).err(), rejection(rejected::STARTTIME));
    let (_, _, request) = begun(TgsSettings::validate(postdated.clone()));
    let asked = KdcRequest::decode(&request.message).unwrap().body().kdc_options;
    assert_eq!(asked, kdc_options::VALIDATE | kdc_options::ALLOW_POSTDATE);
}

#[test]
fn another_realm_does_not_say_whom_to_delegate_to() {
    let delegates = |tgt: Credential| {
        let (mut exchange, mut random, request) =
            begun(TgsSettings::new(tgt, Principal::new(&["postgres", "db.test"], "")));
        let mut draft = Draft::of_tgs(&request.message, None);
        draft.part.flags |= ticket::OK_AS_DELEGATE;
        let credential = done(exchange.next(Some(&draft.encode(Exchange::Tgs)), NOW, &mut random));
        credential.flags & ticket::OK_AS_DELEGATE != 0
    };
    let foreign = Credential { server: Principal::cross_realm_krbtgt(b"Q", b"R"), ..tgt() };
    assert!(delegates(tgt()) && !delegates(foreign.clone()));
    assert!(delegates(Credential { flags: foreign.flags | ticket::OK_AS_DELEGATE, ..foreign }));
}
