//! Each error of the AS exchange, on both sides of its boundary.

use shakedown_krb5::crypto::Etype;
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::{Codec as _, EtypeInfo2, KrbError, padata_type};

use crate::request::{AsRequest, PASSWORD, Proof};
use crate::world::{LIFE, NOW, code, kdc, login, new_kdc, settings};
use mock_kdc::{Password, Rotation, SystemRandom};

fn proof(etype: Etype) -> Proof {
    Proof::Time { password: PASSWORD, etype, time: NOW }
}

fn alice() -> AsRequest {
    AsRequest::good(NOW)
}

/// Of somebody who has keys of etype 18 only, or 17 only.
fn of(client: &'static str) -> AsRequest {
    AsRequest { client: Some(client), ..alice() }
}

#[track_caller]
fn check(request: AsRequest, expected: i32) {
    assert_eq!(code(kdc(), &request.octets(), NOW), expected);
}

#[test]
fn a_good_request_is_answered_with_a_ticket() {
    check(alice(), 0);
    for etype in Etype::AES {
        check(AsRequest { proof: proof(etype), etypes: vec![etype.number()], ..alice() }, 0);
    }
}

#[test]
fn names_that_are_missing_or_unknown() {
    check(AsRequest { client: None, ..alice() }, 6);
    check(of("nobody"), 6);
    check(AsRequest { realm: "OTHER.EXAMPLE.COM", ..alice() }, 6);
    check(AsRequest { server: Some("nobody/db.test"), ..alice() }, 7);
    check(AsRequest { server: Some("krbtgt/OTHER"), ..alice() }, 7);
    check(AsRequest { client: Some("nobody"), server: Some("nobody/db.test"), ..alice() }, 6);
    check(AsRequest { server: Some("postgres/db.test"), ..alice() }, 0);
}

#[test]
fn what_is_not_understood_or_for_no_service_has_no_answer() {
    let silent = |request: &[u8]| kdc().answer(request, NOW, &mut SystemRandom).octets.is_none();
    assert!(silent(b""));
    assert!(silent(b"GET / HTTP/1.1"));
    let good = alice().octets();
    assert!(silent(&good[..good.len() - 1]));
    assert!(silent(&AsRequest { server: None, ..alice() }.octets()));
    assert!(!silent(&good));
}

#[test]
fn accounts_that_have_ended_or_are_locked() {
    check(of("ended"), 1);
    check(of("ending"), 0);
    check(of("stale"), 23);
    check(of("ageing"), 0);
    check(AsRequest { server: Some("kadmin/changepw"), ..of("stale") }, 0);
    check(AsRequest { server: Some("ended/db.test"), ..alice() }, 2);
    check(AsRequest { server: Some("ending/db.test"), ..alice() }, 0);
    check(of("locked"), 18);
    check(AsRequest { server: Some("locked/db.test"), ..alice() }, 7);
}

#[test]
fn the_state_of_an_account_is_told_before_its_password_is_proven() {
    let wrong = Proof::Time { password: "wrong", etype: Etype::Aes256Sha1, time: NOW };
    for (client, expected) in [("ended", 1), ("stale", 23), ("locked", 18), ("alice", 24)] {
        check(AsRequest { proof: wrong.clone(), ..of(client) }, expected);
        check(AsRequest { proof: Proof::Missing, ..of(client) }, if client == "alice" { 25 } else { expected });
    }
}

#[test]
fn a_lock_can_be_set_and_taken_away() {
    let kdc = new_kdc();
    kdc.set_locked("alice", true).unwrap();
    assert_eq!(code(&kdc, &alice().octets(), NOW), 18);
    kdc.set_locked("alice", false).unwrap();
    assert_eq!(code(&kdc, &alice().octets(), NOW), 0);
    assert_eq!(
        kdc.set_locked("nobody", true).unwrap_err().to_string(),
        "no principal 'nobody' in realm CORP.EXAMPLE.COM"
    );
}

#[test]
fn options_that_an_as_request_cannot_have() {
    for option in [
        kdc_options::FORWARDED,
        kdc_options::PROXY,
        kdc_options::RENEW,
        kdc_options::VALIDATE,
        kdc_options::ENC_TKT_IN_SKEY,
    ] {
        check(AsRequest { options: option, ..alice() }, 13);
    }
    for option in [kdc_options::ALLOW_POSTDATE, kdc_options::POSTDATED] {
        check(AsRequest { options: option, ..alice() }, 0);
    }
    let granted =
        kdc_options::FORWARDABLE | kdc_options::PROXIABLE | kdc_options::CANONICALIZE | kdc_options::RENEWABLE;
    check(AsRequest { options: granted, ..alice() }, 0);
}

#[test]
fn the_password_is_proven_by_a_fresh_time_under_its_key() {
    let with = |proof| AsRequest { proof, ..alice() };
    check(with(Proof::Missing), 25);
    check(with(Proof::UnknownType), 25);
    check(with(Proof::Time { password: "wrong", etype: Etype::Aes256Sha1, time: NOW }), 24);
    check(with(Proof::NoTime), 24);
    check(with(Proof::NoCiphertext), 24);
    check(AsRequest { proof: proof(Etype::Aes256Sha1), ..of("small") }, 24);
    check(AsRequest { proof: proof(Etype::Aes128Sha1), ..of("small") }, 0);
    check(AsRequest { proof: Proof::Missing, ..of("bob") }, 0);
    check(AsRequest { proof: Proof::Time { password: "wrong", etype: Etype::Aes256Sha1, time: NOW }, ..of("bob") }, 24);
}

#[test]
fn a_clock_may_be_off_by_300_seconds_and_not_by_301() {
    for (offset, expected) in [(300, 0), (301, 37), (-300, 0), (-301, 37)] {
        let time = NOW.offset_seconds(offset);
        let proof = Proof::Time { password: PASSWORD, etype: Etype::Aes256Sha1, time };
        check(AsRequest { proof, ..alice() }, expected);
    }
}

#[test]
fn the_kdc_s_clock_is_the_machine_s_plus_its_offset() {
    let kdc = new_kdc();
    let request = alice().octets();
    for (offset, expected) in [(300, 0), (301, 37), (-301, 37), (0, 0)] {
        kdc.set_clock_offset(offset);
        assert_eq!(code(&kdc, &request, NOW), expected, "offset {offset}");
    }
}

#[test]
fn encryption_types_that_nobody_shares() {
    let with = |client, etypes: &[i32], proof| AsRequest { etypes: etypes.to_vec(), proof, ..of(client) };
    check(with("alice", &[], proof(Etype::Aes256Sha1)), 14);
    check(with("alice", &[23, 16, -128], proof(Etype::Aes256Sha1)), 14);
    check(with("alice", &[23, 17], proof(Etype::Aes128Sha1)), 0);
    // The client has no key of what it offers: without a proof it gets no hint that helps, as with MIT's KDC.
    check(with("small", &[18], Proof::Missing), 25);
    check(with("small-trusted", &[18], Proof::Missing), 14);
    check(with("small-trusted", &[17], Proof::Missing), 0);
}

#[test]
fn a_life_that_ends_before_it_begins() {
    check(AsRequest { till: NOW.offset_seconds(-1), ..alice() }, 11);
    check(AsRequest { till: NOW, ..alice() }, 0);
}

#[test]
fn the_hints_of_error_25_are_mit_s() {
    let octets = kdc().answer(&AsRequest { proof: Proof::Missing, ..alice() }.octets(), NOW, &mut SystemRandom);
    let error = KrbError::decode(&octets.octets.unwrap()).unwrap();
    assert_eq!((error.text().as_str(), error.server_time, error.client_time), ("NEEDED_PREAUTH", NOW, None));
    let hints = error.method_data();
    let types: Vec<_> = hints.iter().map(|hint| hint.padata_type).collect();
    assert_eq!(types, [padata_type::ETYPE_INFO2, padata_type::ENC_TIMESTAMP, padata_type::FX_COOKIE]);
    let info = EtypeInfo2::decode(&hints[0].padata_value).unwrap();
    assert_eq!(info.0.len(), 1);
    assert_eq!((info.0[0].etype, info.0[0].salt.as_deref()), (18, Some(&b"CORP.EXAMPLE.COMalice"[..])));
    assert_eq!(hints[2].padata_value, b"MIT");

    let without = AsRequest { proof: Proof::Missing, etypes: vec![18], ..of("small") };
    let octets = kdc().answer(&without.octets(), NOW, &mut SystemRandom).octets.unwrap();
    let types: Vec<_> = KrbError::decode(&octets).unwrap().method_data().iter().map(|hint| hint.padata_type).collect();
    assert_eq!(types, [padata_type::FX_COOKIE]);
}

#[test]
fn a_ticket_lives_as_long_as_asked_but_no_longer_than_anybody_allows() {
    let life = |client: &str, server: &str, asked: u64| {
        let lifetime = std::time::Duration::from_secs(asked);
        let settings = shakedown_krb5::client::AsSettings {
            server: crate::request::principal(server),
            lifetime,
            ..settings(client)
        };
        let ticket = login(kdc(), settings, NOW).unwrap();
        assert_eq!(ticket.start_time, NOW);
        ticket.end_time.since(NOW).as_secs()
    };
    let tgs = "krbtgt/CORP.EXAMPLE.COM";
    assert_eq!(life("alice", tgs, 100), 100);
    assert_eq!(life("alice", tgs, LIFE.as_secs()), LIFE.as_secs());
    assert_eq!(life("alice", tgs, LIFE.as_secs() + 1), LIFE.as_secs());
    assert_eq!(life("brief", tgs, 3600), 600);
    assert_eq!(life("alice", "brief/db.test", 3600), 60);
}

#[test]
fn a_ticket_is_renewable_if_that_is_asked_for() {
    let renewable = |options, rtime: Option<i64>, till| {
        let request = AsRequest { options, rtime: rtime.map(|s| NOW.offset_seconds(s)), till, ..alice() };
        let answer = kdc().answer(&request.octets(), NOW, &mut SystemRandom).octets.unwrap();
        let key = crate::request::key("alice", PASSWORD, Etype::Aes256Sha1);
        let reply = shakedown_krb5::messages::KdcReply::decode(&answer).unwrap();
        let plain = reply.enc_part.open(&key, shakedown_krb5::crypto::usage::AS_REP).unwrap();
        let part = shakedown_krb5::messages::EncKdcReplyPart::decode(&plain).unwrap();
        assert_eq!(part.flags & ticket::RENEWABLE != 0, part.renew_till.is_some());
        part.renew_till.map(|till| till.since(NOW).as_secs())
    };
    let (hour, day) = (NOW.offset_seconds(3600), NOW.offset_seconds(86_400));
    let week = 7 * 86_400;
    assert_eq!(renewable(0, Some(86_400), hour), None);
    assert_eq!(renewable(kdc_options::RENEWABLE, Some(86_400), hour), Some(86_400));
    assert_eq!(renewable(kdc_options::RENEWABLE, Some(1800), hour), Some(1800));
    assert_eq!(renewable(kdc_options::RENEWABLE, Some(1), hour), Some(1));
    assert_eq!(renewable(kdc_options::RENEWABLE, Some(0), hour), None);
    assert_eq!(renewable(kdc_options::RENEWABLE, Some(week + 1), hour), Some(u64::try_from(week).unwrap()));
    assert_eq!(renewable(kdc_options::RENEWABLE_OK, None, hour), None);
    assert_eq!(renewable(kdc_options::RENEWABLE_OK, None, day), Some(86_400));
}

#[test]
fn an_old_password_lets_nobody_in_whether_or_not_the_kdc_keeps_it() {
    // MIT's looks up the newest keys alone (`kdc_preauth_encts.c`).
    for rotation in [Rotation::KeepOld, Rotation::DropOld] {
        let kdc = new_kdc();
        assert_eq!(kdc.set_password("alice", &Password::new("another"), rotation).unwrap(), 2);
        let by = |password| {
            let proof = Proof::Time { password, etype: Etype::Aes256Sha1, time: NOW };
            code(&kdc, &AsRequest { proof, ..alice() }.octets(), NOW)
        };
        assert_eq!((by("another"), by(PASSWORD)), (0, 24), "{rotation:?}");
        let kept = kdc.keytab("alice", 0).unwrap().entries.iter().any(|entry| entry.kvno == 1);
        assert_eq!(kept, rotation == Rotation::KeepOld);
    }
    assert!(new_kdc().set_password("nobody", &Password::new("x"), Rotation::DropOld).is_err());
}
