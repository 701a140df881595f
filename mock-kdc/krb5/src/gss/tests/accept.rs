//! What an acceptor takes and refuses, in the words of the keytab rotation table.

use std::time::Duration;

use super::*;
use crate::gss::frame::{TokenId, frame, unframe};
use crate::messages::flags::{ap_options, ticket as ticket_flags};
use crate::messages::{ApRequest, KrbError};

#[test]
fn all_etypes_establish_with_and_without_mutual_authentication() {
    for etype in Etype::ALL {
        for (flags, mutual) in [(MUTUAL_FLAGS, true), (ONE_WAY_FLAGS, false)] {
            let draft = Draft::new(etype);
            let (mut initiator, token) = start(&draft, flags);
            assert_eq!(initiator.is_complete(), !mutual);
            let accepted = Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5)).unwrap();
            assert_eq!((accepted.client, accepted.service), (client(), service()));
            assert_eq!((accepted.flags, accepted.reply.is_some()), (flags, mutual));
            if let Some(reply) = accepted.reply {
                initiator.reply(&reply).unwrap();
            }
            assert!(initiator.is_complete());
            assert_eq!(initiator.into_context().unwrap().flags(), flags);
        }
    }
}

#[test]
fn sessions_and_tickets_need_not_have_the_same_etype() {
    for ticket in Etype::ALL {
        for session in Etype::ALL {
            let draft = Draft { session_key: key(session, 9), ..Draft::new(ticket) };
            let (mut client, mut server) = establish(&draft, MUTUAL_FLAGS);
            let (mut sealed, mut plain) = (Vec::new(), Vec::new());
            client.wrap(b"text", &mut Seeded(6), &mut sealed);
            server.unwrap(&sealed, &mut plain).unwrap();
            assert_eq!(plain, b"text");
        }
    }
}

#[test]
fn an_initiator_without_subkey_and_sequence_number_is_accepted() {
    let draft = Draft::new(Etype::Aes256Sha1);
    for flags in [MUTUAL_FLAGS, ONE_WAY_FLAGS] {
        let settings = InitiatorSettings { subkey: false, sequence_number: false, ..InitiatorSettings::new(flags) };
        let (mut initiator, token) = Initiator::start_with(&draft.credential(), &settings, NOW, &mut Seeded(4));
        let mut accepted = Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5)).unwrap();
        if let Some(reply) = &accepted.reply {
            initiator.reply(reply).unwrap();
        }
        let (mut sealed, mut plain) = (Vec::new(), Vec::new());
        initiator.into_context().unwrap().wrap(b"text", &mut Seeded(6), &mut sealed);
        accepted.context.unwrap(&sealed, &mut plain).unwrap();
        assert_eq!((&plain[..], &sealed[8..16]), (&b"text"[..], &[0; 8][..]));
    }
}

/// The way is held against the hierarchy of names, unless the ticket says that the KDC has seen to it. tests/trust of
/// mock-kdc has MIT's krb5_rd_req do the same.
#[test]
fn a_client_of_another_realm_is_refused_where_it_came_through_a_third() {
    let check = |realm: &str, transited, flags, expected: Result<(), Cause>| {
        let client = Principal::new(&["bob"], realm);
        let draft = Draft { client: client.clone(), transited, flags, ..Draft::new(Etype::Aes256Sha1) };
        let (_, token) = start(&draft, MUTUAL_FLAGS);
        let accepted = Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5));
        let found = accepted.map(|accepted| assert_eq!(accepted.client, client)).map_err(|failure| failure.cause);
        assert_eq!(found, expected, "{realm} through '{transited}'");
    };
    let foreign = "ONPREM.EXAMPLE.COM";
    check(foreign, "", 0, Ok(()));
    check(foreign, "EXAMPLE.COM", 0, Ok(()));
    check(foreign, "EXAMPLE.COM,EVIL.ORG", 0, Err(Cause::Krb(43)));
    check(foreign, "EVIL.ORG", ticket_flags::TRANSITED_POLICY_CHECKED, Ok(()));
    check("ELSEWHERE.ORG", "ORG,COM", 0, Ok(()));
    check("CORP.EXAMPLE.COM", "EXAMPLE.COM", 0, Err(Cause::Krb(60)));
}

/// Which error a keytab that does not fit the ticket gives; the ticket is for postgres/db.test, kvno 3, aes256-sha1.
#[test]
fn the_keytab_decides_the_error() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let good = &draft.service_key;
    let (other_key, other_etype) = (&key(Etype::Aes256Sha1, 77), &key(Etype::Aes128Sha1, 77));
    let other = || Principal::new(&["mysql", "db.test"], "CORP.EXAMPLE.COM");

    #[track_caller]
    fn check(draft: &Draft, entries: &[(Principal, u32, &Key)], expected: &str) {
        let (_, token) = start(draft, MUTUAL_FLAGS);
        let outcome = Acceptor::new(keytab(entries)).accept(&token, NOW, &mut Seeded(5));
        assert_eq!(outcome.map_or_else(|failure| failure.cause.to_string(), |_| "accepted".to_owned()), expected);
    }
    check(&draft, &[(service(), 3, good)], "accepted");
    check(&draft, &[(service(), 4, other_key), (service(), 3, good)], "accepted");
    check(&draft, &[(service(), 4, other_key)], "krb 44"); // the old key was dropped
    check(&draft, &[(service(), 2, other_key)], "krb 44"); // the keytab is stale
    check(&draft, &[(service(), 3, other_key)], "krb 31"); // the principal was created anew
    check(&draft, &[(service(), 3, other_etype)], "krb 44"); // the version is there, the etype is not
    check(&draft, &[(service(), 3, other_etype), (service(), 2, other_key)], "krb 44");
    check(&draft, &[(other(), 3, other_key)], "krb 35");
    check(&draft, &[], "no keytab");
    // Neither kvno nor principal matter if a key of the etype opens the ticket.
    check(&draft, &[(service(), 9, good)], "accepted");
    check(&draft, &[(other(), 9, good)], "accepted");
}

#[test]
fn the_service_is_the_one_whose_key_opened_the_ticket() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let alias = Principal::new(&["mysql", "db.test"], "CORP.EXAMPLE.COM");
    let (_, token) = start(&draft, MUTUAL_FLAGS);
    let acceptor = Acceptor::new(keytab(&[(alias.clone(), 9, &draft.service_key)]));
    assert_eq!(acceptor.accept(&token, NOW, &mut Seeded(5)).unwrap().service, alias);
}

#[test]
fn a_pinned_acceptor_looks_up_its_own_key_alone() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let good = &draft.service_key;
    let (other_key, other_etype) = (&key(Etype::Aes256Sha1, 77), &key(Etype::Aes128Sha1, 77));
    let other = || Principal::new(&["mysql", "db.test"], "CORP.EXAMPLE.COM");

    #[track_caller]
    fn check(draft: &Draft, pinned: Principal, entries: &[(Principal, u32, &Key)], expected: &str) {
        let (_, token) = start(draft, MUTUAL_FLAGS);
        let outcome = Acceptor::new(keytab(entries)).with_service(pinned).accept(&token, NOW, &mut Seeded(5));
        assert_eq!(outcome.map_or_else(|failure| failure.cause.to_string(), |_| "accepted".to_owned()), expected);
    }
    check(&draft, service(), &[(service(), 3, good)], "accepted");
    check(&draft, service(), &[(service(), 4, good)], "krb 44");
    check(&draft, service(), &[(service(), 3, other_key)], "krb 31");
    check(&draft, service(), &[(service(), 3, other_etype)], "krb 45");
    check(&draft, service(), &[(other(), 3, good)], "no keytab");
    check(&draft, other(), &[(other(), 3, other_key), (service(), 3, good)], "krb 35");
    check(&draft, other(), &[(other(), 4, other_key), (service(), 3, good)], "krb 35");
}

#[test]
fn times_are_judged_with_the_clock_skew_on_both_sides() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let check = |draft: &Draft, authenticator: i64, skew: u64, expected: &str| {
        let (_, token) =
            Initiator::start(&draft.credential(), MUTUAL_FLAGS, NOW.offset_seconds(authenticator), &mut Seeded(4));
        let acceptor = Acceptor::new(draft.keytab()).with_clock_skew(Duration::from_secs(skew));
        let outcome = acceptor.accept(&token, NOW, &mut Seeded(5));
        let found = outcome.map_or_else(|failure| failure.cause.to_string(), |_| "accepted".to_owned());
        assert_eq!(found, expected);
    };
    // the authenticator against the acceptor's clock
    check(&draft, 300, 300, "accepted");
    check(&draft, 301, 300, "krb 37");
    check(&draft, -300, 300, "accepted");
    check(&draft, -301, 300, "krb 37");
    check(&draft, 1, 0, "krb 37");
    // the ticket's life
    let ends = |seconds| Draft { end_time: NOW.offset_seconds(seconds), ..draft.clone() };
    check(&ends(-300), 0, 300, "accepted");
    check(&ends(-301), 0, 300, "krb 32");
    let starts = |seconds| Draft { start_time: NOW.offset_seconds(seconds), ..draft.clone() };
    check(&starts(300), 0, 300, "accepted");
    check(&starts(301), 0, 300, "krb 33");
    // expired and skewed: the ticket comes first
    check(&ends(-301), 301, 300, "krb 32");
    // MIT's code for an INVALID ticket cannot be sent
    check(&Draft { flags: ticket_flags::INVALID, ..draft.clone() }, 0, 300, "krb 60");
}

#[test]
fn an_authenticator_is_good_once_and_a_replay_hides_all_else() {
    let draft = Draft { end_time: NOW.offset_seconds(-290), ..Draft::new(Etype::Aes256Sha1) };
    let (_, token) = start(&draft, MUTUAL_FLAGS);
    let check = |acceptor: &Acceptor, seconds: i64| {
        acceptor.accept(&token, NOW.offset_seconds(seconds), &mut Seeded(5)).map(drop).map_err(|f| f.cause.to_string())
    };
    let acceptor = Acceptor::new(draft.keytab());
    assert_eq!(check(&acceptor, 0), Ok(()));
    assert_eq!(check(&acceptor, 0), Err("krb 34".to_owned()));
    assert_eq!(check(&acceptor, 60), Err("krb 34".to_owned()));
    let without = Acceptor::new(draft.keytab()).without_replay_cache();
    assert_eq!(check(&without, 0), Ok(()));
    assert_eq!(check(&without, 0), Ok(()));
    assert_eq!(check(&without, 60), Err("krb 32".to_owned()));
}

#[test]
fn an_authenticator_of_another_client_or_key_is_refused() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let check = |credential: &Credential, expected: &str| {
        let (_, token) = Initiator::start(credential, MUTUAL_FLAGS, NOW, &mut Seeded(4));
        let failure = Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5)).unwrap_err();
        assert_eq!(failure.cause.to_string(), expected);
    };
    let mallory = Principal::new(&["mallory"], "CORP.EXAMPLE.COM");
    check(&Credential { client: mallory, ..draft.credential() }, "krb 36");
    let elsewhere = Principal::new(&["alice"], "OTHER.EXAMPLE.COM");
    check(&Credential { client: elsewhere, ..draft.credential() }, "krb 36");
    check(&Credential { key: key(Etype::Aes256Sha1, 88), ..draft.credential() }, "krb 31");
}

#[test]
fn a_refusal_is_told_only_to_an_initiator_that_asked_for_mutual_authentication() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(keytab(&[(service(), 4, &key(Etype::Aes256Sha1, 77))]));

    let (mut initiator, token) = start(&draft, MUTUAL_FLAGS);
    let failure = acceptor.accept(&token, NOW, &mut Seeded(5)).unwrap_err();
    let reply = failure.reply.unwrap();
    let unframed = unframe(&reply).unwrap();
    assert_eq!(unframed.token_id, TokenId::KrbError);
    let error = KrbError::decode(unframed.message).unwrap();
    assert_eq!((error.error_code, error.server_time, &error.server), (44, NOW, &service()));
    assert_eq!(error.client_time, None);
    assert_eq!(initiator.reply(&reply), Err(GssError::Refused(44)));

    let (_, token) = start(&draft, ONE_WAY_FLAGS);
    assert_eq!(acceptor.accept(&token, NOW, &mut Seeded(5)).unwrap_err().reply, None);

    let (_, token) = start(&draft, MUTUAL_FLAGS);
    let failure = Acceptor::new(Keytab::default()).accept(&token, NOW, &mut Seeded(5)).unwrap_err();
    assert_eq!((failure.cause, failure.reply), (Cause::NoKeytab, None));
}

/// What asks for the KRB-ERROR is the AP option; what asks for the AP-REP is the flag in the checksum.
#[test]
fn the_ap_option_alone_does_not_make_authentication_mutual() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let (_, token) = start(&draft, ONE_WAY_FLAGS);
    let mut request = ApRequest::decode(unframe(&token).unwrap().message).unwrap();
    request.ap_options |= ap_options::MUTUAL_REQUIRED;
    let token = frame(TokenId::ApRequest, &request.to_octets());
    let accepted = Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5)).unwrap();
    assert_eq!(accepted.reply, None);
}

#[test]
fn other_tokens_than_an_ap_req_are_refused_without_an_answer() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let (_, token) = start(&draft, MUTUAL_FLAGS);
    let unframed = unframe(&token).unwrap();
    let check = |token: &[u8], expected: &str| {
        let failure = Acceptor::new(draft.keytab()).accept(token, NOW, &mut Seeded(5)).unwrap_err();
        assert_eq!((failure.cause.to_string().as_str(), failure.reply), (expected, None));
    };
    check(&frame(TokenId::ApReply, unframed.message), "malformed token");
    check(unframed.message, "malformed token"); // without its frame
    check(b"", "malformed token");
    check(b"NTLMSSP\0\x01\0\0\0", "malformed token");
}

#[test]
fn after_a_rotation_the_same_acceptor_has_the_new_keys() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(Keytab::default());
    let (_, token) = start(&draft, MUTUAL_FLAGS);
    assert_eq!(acceptor.accept(&token, NOW, &mut Seeded(5)).unwrap_err().cause, Cause::NoKeytab);
    acceptor.replace_keytab(draft.keytab());
    assert!(acceptor.accept(&token, NOW, &mut Seeded(5)).is_ok());
}

#[test]
fn an_answer_to_another_authenticator_is_refused() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(draft.keytab());
    let (_, token) = start(&draft, MUTUAL_FLAGS);
    let reply = acceptor.accept(&token, NOW, &mut Seeded(5)).unwrap().reply.unwrap();
    let later = Timestamp::from_micros(NOW.micros() + 1);
    let (mut other, _) = Initiator::start(&draft.credential(), MUTUAL_FLAGS, later, &mut Seeded(4));
    assert_eq!(other.reply(&reply), Err(GssError::Broken("ap-rep is for another authenticator")));
    assert!(!other.is_complete());
    assert!(other.into_context().is_err());
}

#[test]
fn an_initiator_that_awaits_no_answer_takes_none() {
    let (mut initiator, _) = start(&Draft::new(Etype::Aes256Sha1), ONE_WAY_FLAGS);
    assert!(initiator.reply(b"anything").is_err());
}

#[test]
fn nothing_that_holds_a_key_shows_it() {
    let draft =
        Draft { service_key: Key::new(Etype::Aes128Sha1, &[0xab; 16]).unwrap(), ..Draft::new(Etype::Aes128Sha1) };
    let draft = Draft { session_key: draft.service_key.clone(), ..draft };
    let settings = InitiatorSettings { subkey: false, ..InitiatorSettings::new(MUTUAL_FLAGS) };
    let (initiator, token) = Initiator::start_with(&draft.credential(), &settings, NOW, &mut Seeded(4));
    let acceptor = Acceptor::new(draft.keytab());
    let shown = format!("{initiator:?} {:?} {acceptor:?}", acceptor.accept(&token, NOW, &mut Seeded(5)));
    assert!(shown.contains("aes128-cts-hmac-sha1-96"), "{shown}");
    assert!(shown.contains("reply: Some(\"") && !shown.contains("[96, "), "{shown}");
    assert!(!shown.contains("171, 171") && !shown.to_lowercase().contains("abab"), "{shown}");
}
