//! The client exchanges against a real MIT krb5kdc.
//!
//! Without it these tests say that they are skipped; with SHAKEDOWN_REQUIRE_PEERS=1 they fail instead.
//! `cargo test -p shakedown-krb5 --test mit_kdc -- --ignored` records the files in `tests/golden` anew.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

mod logins;
mod pac;
mod realm;
mod record;
mod wire;

use realm::{ALICE_PASSWORD, BOB_PASSWORD, REALM, Realm, SERVICE_PASSWORD, principal};
use shakedown_krb5::client::{AsExchange, AsSettings, KerberosFailure, Secret, TgsExchange, TgsSettings, rejected};
use shakedown_krb5::crypto::{Etype, default_salt, string_to_key, usage};
use shakedown_krb5::messages::flags::ticket;
use shakedown_krb5::messages::{Codec, EncTicketPart, Ticket};
use shakedown_krb5::{Credential, Timestamp};
use std::time::Duration;
use wire::{now, play_as, play_tgs};

fn alice() -> AsSettings {
    AsSettings::new(principal("alice"), Secret::password(ALICE_PASSWORD))
}

fn tgt(realm: &Realm) -> Credential {
    play_as(realm.port, &mut AsExchange::new(alice()), now).result.unwrap()
}

#[test]
fn every_etype_over_both_transports_gives_a_service_ticket_that_the_service_can_read() {
    let Some(realm) = realm::start(&[]) else { return };
    for etype in Etype::AES {
        for (limit, transport) in [(1465, "udp"), (0, "tcp")] {
            let settings = AsSettings { etypes: vec![etype], udp_preference_limit: limit, ..alice() };
            let played = play_as(realm.port, &mut AsExchange::new(settings), now);
            let expected = ["as-req", "krb-error 25", "as-req", "as-rep"].map(|m| format!("{transport} {m}"));
            assert_eq!(played.trace, expected, "{etype}");
            let tgt = played.result.unwrap();
            assert_eq!(tgt.key.etype(), etype);
            assert_eq!((&tgt.client, tgt.server.to_string()), (&principal("alice"), format!("krbtgt/{REALM}@{REALM}")));
            assert_eq!(tgt.flags & (ticket::INITIAL | ticket::PRE_AUTHENT), ticket::INITIAL | ticket::PRE_AUTHENT);

            let service = principal("postgres/db.test");
            let mut settings = TgsSettings::new(tgt.clone(), service.clone());
            settings.etypes = vec![etype];
            settings.udp_preference_limit = limit;
            let played = play_tgs(realm.port, &mut TgsExchange::new(settings), now);
            assert_eq!(played.trace, ["tgs-req", "tgs-rep"].map(|m| format!("{transport} {m}")), "{etype}");
            let credential = played.result.unwrap();
            assert_eq!((&credential.client, &credential.server), (&principal("alice"), &service));
            assert_eq!(credential.end_time, tgt.end_time);

            let ticket = Ticket::decode(&credential.ticket).unwrap();
            let ticket_etype = Etype::try_from(ticket.enc_part().etype).unwrap();
            let key = string_to_key(ticket_etype, SERVICE_PASSWORD.as_bytes(), &default_salt(&service), None).unwrap();
            let part = EncTicketPart::decode(&ticket.enc_part().open(&key, usage::TICKET).unwrap()).unwrap();
            assert_eq!(part.client, credential.client);
            assert_eq!(*part.key.value, credential.key.bytes());
            assert_eq!((part.flags, part.end_time), (credential.flags, credential.end_time));
        }
    }
}

#[test]
fn a_key_serves_as_well_as_the_password() {
    let Some(realm) = realm::start(&[]) else { return };
    for etype in Etype::AES {
        let key = string_to_key(etype, ALICE_PASSWORD.as_bytes(), &default_salt(&principal("alice")), None).unwrap();
        let settings = AsSettings::new(principal("alice"), key.into());
        let tgt = play_as(realm.port, &mut AsExchange::new(settings), now).result;
        tgt.unwrap_or_else(|failure| panic!("{etype}: {failure}"));
    }
}

#[test]
fn without_required_preauthentication_one_request_is_enough() {
    let Some(realm) = realm::start(&[]) else { return };
    let settings = AsSettings::new(principal("bob"), Secret::password(BOB_PASSWORD));
    let played = play_as(realm.port, &mut AsExchange::new(settings), now);
    assert_eq!(played.trace, ["udp as-req", "udp as-rep"]);
    assert_eq!(played.result.unwrap().flags & ticket::PRE_AUTHENT, 0);

    let settings = AsSettings::new(principal("bob"), Secret::password("not bob's"));
    let played = play_as(realm.port, &mut AsExchange::new(settings), now);
    assert_eq!(played.result.unwrap_err(), KerberosFailure::Rejected(rejected::INTEGRITY));
}

#[test]
fn refusals_are_told_by_their_code() {
    let Some(realm) = realm::start(&[]) else { return };
    let refused = |settings| {
        let played = play_as(realm.port, &mut AsExchange::new(settings), now);
        (played.result.unwrap_err().to_string(), played.trace.len())
    };
    assert_eq!(refused(AsSettings { secret: Secret::password("wrong"), ..alice() }), ("krb 24".into(), 4));
    assert_eq!(refused(AsSettings { client: principal("mallory"), ..alice() }), ("krb 6".into(), 2));
    assert_eq!(refused(AsSettings { server: principal("no/such"), ..alice() }), ("krb 7".into(), 2));

    let settings = TgsSettings::new(tgt(&realm), principal("no/such"));
    let played = play_tgs(realm.port, &mut TgsExchange::new(settings), now);
    assert_eq!(played.result.unwrap_err().to_string(), "krb 7");
    assert_eq!(played.trace, ["udp tgs-req", "udp krb-error 7"]);

    let mut changed = tgt(&realm);
    *changed.ticket.last_mut().unwrap() ^= 1;
    let settings = TgsSettings::new(changed, principal("postgres/db.test"));
    let played = play_tgs(realm.port, &mut TgsExchange::new(settings), now);
    assert_eq!(played.result.unwrap_err().to_string(), "krb 31");
}

#[test]
fn lifetimes_are_what_was_asked_for() {
    let Some(realm) = realm::start(&[]) else { return };
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let settings = AsSettings { renewable: Some(hours(48)), lifetime: hours(1), ..alice() };
    let tgt = play_as(realm.port, &mut AsExchange::new(settings), now).result.unwrap();
    // The KDC counts from its second, which may be the next.
    let close = |time: Timestamp, from_now: Duration| time.distance(now() + from_now) < Duration::from_secs(60);
    assert!(close(tgt.auth_time, hours(0)) && tgt.start_time == tgt.auth_time);
    assert!(close(tgt.end_time, hours(1)), "{tgt:?}");
    assert!(tgt.renew_till.is_some_and(|time| close(time, hours(48))));
    assert_eq!(tgt.flags & ticket::RENEWABLE, ticket::RENEWABLE);

    let tgt = self::tgt(&realm);
    assert!(close(tgt.end_time, hours(24)));
    assert_eq!((tgt.renew_till, tgt.flags & ticket::RENEWABLE), (None, 0));
    let settings = TgsSettings { till: Some(now() + hours(2)), ..TgsSettings::new(tgt, principal("postgres/db.test")) };
    let credential = play_tgs(realm.port, &mut TgsExchange::new(settings), now).result.unwrap();
    assert!(close(credential.end_time, hours(2)));
}

#[test]
fn a_kdc_whose_clock_is_an_hour_ahead_is_followed_where_its_time_is_believed() {
    let Some(realm) = realm::start(&["-T", "3600"]) else { return };
    let mut exchange = AsExchange::new(alice());
    let tgt = play_as(realm.port, &mut exchange, now).result.unwrap();
    let offset_seconds = exchange.offset_us() / 1_000_000;
    assert!((3590..=3610).contains(&offset_seconds), "{offset_seconds}");
    assert!(tgt.auth_time.distance(now().offset_seconds(3600)).as_secs() < 60);

    let ask = |offset_us| {
        let settings = TgsSettings { offset_us, ..TgsSettings::new(tgt.clone(), principal("postgres/db.test")) };
        play_tgs(realm.port, &mut TgsExchange::new(settings), now).result.map(|_| ()).map_err(|f| f.to_string())
    };
    assert_eq!(ask(exchange.offset_us()), Ok(()));
    assert_eq!(ask(0), Err("krb 37".into()), "the authenticator has the client's own time");

    let settings = AsSettings { trust_kdc_time: false, ..alice() };
    let played = play_as(realm.port, &mut AsExchange::new(settings), now);
    assert_eq!(played.result.unwrap_err().to_string(), "krb 37");
}

#[test]
fn a_client_whose_clock_is_wrong_is_the_same_as_a_kdc_whose_clock_is() {
    let Some(realm) = realm::start(&[]) else { return };
    let late = || -> Timestamp { now().offset_seconds(-7200) };
    let mut exchange = AsExchange::new(alice());
    play_as(realm.port, &mut exchange, late).result.unwrap();
    assert!((7190..=7210).contains(&(exchange.offset_us() / 1_000_000)));
}
