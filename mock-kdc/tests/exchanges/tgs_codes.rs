//! Each error of the TGS exchange, on both sides of its boundary, and what rotated keys do.

use mock_kdc::{Rotation, SystemRandom};
use shakedown_krb5::Credential;
use shakedown_krb5::client::TgsSettings;
use shakedown_krb5::crypto::usage;
use shakedown_krb5::messages::flags::{ap_options, kdc_options, ticket as flags};
use shakedown_krb5::messages::{Codec as _, EncTicketPart, KdcReply, Ticket};

use crate::request::{Slip, TgsRequest, principal};
use crate::world::{LIFE, NOW, alice_tgt, code, kdc, login, new_kdc, settings, ticket};

fn tgt() -> Credential {
    alice_tgt(kdc(), NOW)
}

fn good() -> TgsRequest {
    TgsRequest::good(&tgt(), NOW)
}

#[track_caller]
fn check(request: TgsRequest, expected: i32) {
    assert_eq!(code(kdc(), &request.octets(), NOW), expected);
}

#[test]
fn a_good_request_is_answered_with_a_ticket() {
    check(good(), 0);
    check(TgsRequest { server: Some("krbtgt/CORP.EXAMPLE.COM"), ..good() }, 0);
}

#[test]
fn each_proof_that_is_missing_or_wrong_has_its_error() {
    for (slip, expected) in [
        (Slip::NoPadata, 16),
        (Slip::NoApRequest, 60),
        (Slip::TicketOfNobody, 7),
        (Slip::UnknownKvno, 60),
        (Slip::ChangedTicket, 31),
        (Slip::ChangedAuthenticator, 31),
        (Slip::NoChecksum, 50),
        (Slip::UnkeyedChecksum, 50),
        (Slip::UnknownChecksum, 15),
        (Slip::WrongChecksum, 31),
    ] {
        check(TgsRequest { slip, ..good() }, expected);
    }
    check(TgsRequest { client: principal("bob"), ..good() }, 36);
    check(TgsRequest { ap_options: ap_options::MUTUAL_REQUIRED, ..good() }, 12);
    check(TgsRequest { ap_options: ap_options::USE_SESSION_KEY, ..good() }, 12);
}

#[test]
fn a_clock_may_be_off_by_300_seconds_and_not_by_301() {
    for (offset, expected) in [(300, 0), (301, 37), (-300, 0), (-301, 37)] {
        check(TgsRequest { time: NOW.offset_seconds(offset), ..good() }, expected);
    }
}

#[test]
fn a_ticket_is_good_until_its_last_second() {
    let tgt = tgt();
    let life = i64::try_from(LIFE.as_secs()).unwrap();
    for (age, expected) in [(life, 0), (life + 1, 32), (life + 300, 32), (life + 301, 32)] {
        let now = NOW.offset_seconds(age);
        let request = TgsRequest { till: now.offset_seconds(60), ..TgsRequest::good(&tgt, now) };
        assert_eq!(code(kdc(), &request.octets(), now), expected, "{age} seconds old");
    }
}

#[test]
fn a_ticket_is_not_good_before_its_first_second_but_for_the_tolerance() {
    let tgt = tgt();
    for (age, expected) in [(0, 0), (-300, 0), (-301, 33)] {
        let now = NOW.offset_seconds(age);
        assert_eq!(code(kdc(), &TgsRequest::good(&tgt, now).octets(), now), expected, "{age} seconds old");
    }
}

#[test]
fn services_that_are_missing_locked_or_ended() {
    for (server, expected) in [
        (Some("nobody/db.test"), 7),
        (Some("krbtgt/OTHER"), 7),
        (Some("locked/db.test"), 7),
        (Some("ended/db.test"), 2),
        (Some("ending/db.test"), 0),
    ] {
        check(TgsRequest { server, ..good() }, expected);
    }
}

#[test]
fn options_that_the_ticket_does_not_allow() {
    for option in [
        kdc_options::FORWARDED,
        kdc_options::PROXY,
        kdc_options::POSTDATED,
        kdc_options::RENEW,
        kdc_options::VALIDATE,
        kdc_options::ENC_TKT_IN_SKEY,
        kdc_options::CNAME_IN_ADDL_TKT,
    ] {
        let lasting = TgsRequest { options: option, ..TgsRequest::good(&plain_tgt(), NOW) };
        check(lasting, 13);
    }
}

#[test]
fn flags_that_the_ticket_does_not_have_are_asked_for_in_vain() {
    let asked = kdc_options::FORWARDABLE | kdc_options::PROXIABLE | kdc_options::RENEWABLE;
    let flags_of = |tgt: Credential| {
        let settings = TgsSettings { kdc_options: asked, ..TgsSettings::new(tgt, principal("postgres/db.test")) };
        ticket(kdc(), settings, NOW).unwrap().flags & (flags::FORWARDABLE | flags::PROXIABLE | flags::RENEWABLE)
    };
    assert_eq!(flags_of(plain_tgt()), 0);
    let mut settings = settings("alice");
    settings.kdc_options = kdc_options::FORWARDABLE;
    assert_eq!(flags_of(login(kdc(), settings, NOW).unwrap()), flags::FORWARDABLE);
}

/// Neither forwardable nor renewable.
fn plain_tgt() -> Credential {
    let mut settings = settings("alice");
    settings.kdc_options = 0;
    login(kdc(), settings, NOW).unwrap()
}

#[test]
fn a_service_ticket_buys_no_other_ticket() {
    let service = ticket(kdc(), TgsSettings::new(tgt(), principal("postgres/db.test")), NOW).unwrap();
    check(TgsRequest { till: service.end_time, ..TgsRequest::good(&service, NOW) }, 35);
}

#[test]
fn encryption_types_that_nobody_shares() {
    check(TgsRequest { etypes: vec![23], ..good() }, 14);
    // mysql/db.test has keys of etype 19 alone; 18 is taken to be known to everybody, 17 is not.
    for (etype, expected) in [(19, 0), (18, 0), (17, 14), (20, 14)] {
        check(TgsRequest { server: Some("mysql/db.test"), etypes: vec![etype], ..good() }, expected);
    }
}

#[test]
fn the_service_can_read_its_ticket() {
    let ticket = ticket(kdc(), TgsSettings::new(tgt(), principal("mysql/db.test")), NOW).unwrap();
    let decoded = Ticket::decode(&ticket.ticket).unwrap();
    assert_eq!((decoded.enc_part().etype, decoded.enc_part().kvno), (19, Some(7)));
    let keytab = kdc().keytab("mysql/db.test", 0).unwrap();
    let key = keytab.find(&principal("mysql/db.test"), Some(7), 19).unwrap().key.key().unwrap();
    let part = EncTicketPart::decode(&decoded.enc_part().open(key, usage::TICKET).unwrap()).unwrap();
    assert_eq!(part.client, principal("alice"));
    assert_eq!(*part.key.value, ticket.key.bytes());
    assert_eq!((part.auth_time, part.end_time), (NOW, ticket.end_time));
    assert_eq!(part.flags & (flags::INITIAL | flags::PRE_AUTHENT), flags::PRE_AUTHENT);
}

#[test]
fn a_service_ticket_ends_no_later_than_what_bought_it() {
    let later = NOW.offset_seconds(3600);
    let tgt = tgt();
    let settings = TgsSettings {
        till: Some(tgt.end_time.offset_seconds(3600)),
        offset_us: 0,
        ..TgsSettings::new(tgt.clone(), principal("postgres/db.test"))
    };
    let ticket = ticket(kdc(), settings, later).unwrap();
    assert_eq!((ticket.auth_time, ticket.start_time, ticket.end_time), (NOW, later, tgt.end_time));
}

#[test]
fn a_renewed_ticket_lives_as_long_again_but_not_beyond_the_last_moment() {
    let mut asked = settings("alice");
    asked.renewable = Some(std::time::Duration::from_secs(86_400));
    asked.kdc_options |= kdc_options::RENEWABLE;
    let mut tgt = login(kdc(), asked, NOW).unwrap();
    assert_ne!(tgt.flags & flags::RENEWABLE, 0);
    let life = i64::try_from(LIFE.as_secs()).unwrap();
    for (age, expected_end) in [(life - 1, 2 * life - 1), (2 * life - 2, 86_400)] {
        let now = NOW.offset_seconds(age);
        let renewed = TgsSettings {
            kdc_options: kdc_options::RENEW | kdc_options::RENEWABLE,
            till: Some(NOW.offset_seconds(86_400)),
            ..TgsSettings::new(tgt.clone(), principal("krbtgt/CORP.EXAMPLE.COM"))
        };
        tgt = ticket(kdc(), renewed, now).unwrap();
        assert_eq!(tgt.end_time, NOW.offset_seconds(expected_end), "renewed after {age} s");
    }
    // What may not be renewed any longer is not, though it ended within the tolerance.
    for (age, expected) in [(86_400, 0), (86_401, 32), (86_701, 32)] {
        let now = NOW.offset_seconds(age);
        let late = TgsRequest {
            server: Some("krbtgt/CORP.EXAMPLE.COM"),
            options: kdc_options::RENEW,
            ..TgsRequest::good(&tgt, now)
        };
        assert_eq!(code(kdc(), &late.octets(), now), expected, "renewed after {age} s");
    }
    // Nor is a ticket renewed into one for another service.
    let other = TgsRequest { options: kdc_options::RENEW, ..TgsRequest::good(&tgt, NOW.offset_seconds(80_000)) };
    assert_eq!(code(kdc(), &other.octets(), NOW.offset_seconds(80_000)), 26);
}

#[test]
fn new_tickets_use_the_newest_key_of_the_service() {
    let kdc = new_kdc();
    let tgt = alice_tgt(&kdc, NOW);
    let kvno = || {
        let ticket = ticket(&kdc, TgsSettings::new(tgt.clone(), principal("mysql/db.test")), NOW).unwrap();
        Ticket::decode(&ticket.ticket).unwrap().enc_part().kvno
    };
    let held = || -> Vec<_> {
        kdc.keytab("mysql/db.test", 0).unwrap().entries.iter().map(|entry| (entry.kvno, entry.key.clone())).collect()
    };
    let first = held();
    assert_eq!((kvno(), first.len()), (Some(7), 1));
    assert_eq!(kdc.rotate_service_key("mysql/db.test", Rotation::KeepOld, &mut SystemRandom), Ok(8));
    let kept = held();
    assert_eq!((kvno(), kept.len(), &kept[1]), (Some(8), 2, &first[0]));
    assert_eq!(kdc.rotate_service_key("mysql/db.test", Rotation::SameKvno, &mut SystemRandom), Ok(8));
    let replaced = held();
    assert_eq!((kvno(), replaced.len()), (Some(8), 2));
    assert_ne!(replaced[0].1, kept[0].1);
    assert_eq!(kdc.rotate_service_key("mysql/db.test", Rotation::DropOld, &mut SystemRandom), Ok(9));
    assert_eq!((kvno(), held().len()), (Some(9), 1));
}

#[test]
fn a_ticket_granting_ticket_outlives_its_key_only_where_the_old_one_is_kept() {
    let krbtgt = "krbtgt/CORP.EXAMPLE.COM";
    for (rotation, expected) in [(Rotation::KeepOld, 0), (Rotation::DropOld, 60), (Rotation::SameKvno, 31)] {
        let kdc = new_kdc();
        let tgt = alice_tgt(&kdc, NOW);
        kdc.rotate_service_key(krbtgt, rotation, &mut SystemRandom).unwrap();
        assert_eq!(code(&kdc, &TgsRequest::good(&tgt, NOW).octets(), NOW), expected, "{rotation:?}");
    }
}

#[test]
fn a_fork_has_the_same_keys_until_one_of_the_two_changes() {
    let (kdc, fork) = (new_kdc(), new_kdc());
    let tgt = alice_tgt(&kdc, NOW);
    let request = || TgsRequest::good(&tgt, NOW).octets();
    assert_eq!(code(&fork, &request(), NOW), 0);
    fork.rotate_service_key("krbtgt/CORP.EXAMPLE.COM", Rotation::DropOld, &mut SystemRandom).unwrap();
    assert_eq!((code(&fork, &request(), NOW), code(&kdc, &request(), NOW)), (60, 0));
    fork.set_clock_offset(1000);
    assert_eq!((fork.clock_offset(), kdc.clock_offset()), (1000, 0));
    fork.set_deviations(&[mock_kdc::Deviation::named("silent").unwrap()]);
    assert_eq!(code(&kdc, &request(), NOW), 0);
}

#[test]
fn debug_shows_neither_keys_nor_passwords() {
    let shown = format!("{:?}", kdc());
    assert!(shown.contains("CORP.EXAMPLE.COM") && !shown.contains(crate::request::PASSWORD));
    for entry in kdc().keytab("postgres/db.test", 0).unwrap().entries {
        let octets = format!("{:?}", &entry.key.octets()[..4]);
        assert!(!shown.contains(octets.trim_matches(['[', ']'])), "{shown}");
    }
}

#[test]
fn a_ticket_is_renewed_within_the_tolerance_after_its_end_and_not_later() {
    let mut asked = settings("alice");
    asked.renewable = Some(std::time::Duration::from_secs(86_400));
    asked.kdc_options |= kdc_options::RENEWABLE;
    let tgt = login(kdc(), asked, NOW).unwrap();
    let life = i64::try_from(LIFE.as_secs()).unwrap();
    for (age, expected) in [(life + 300, 0), (life + 301, 32)] {
        let now = NOW.offset_seconds(age);
        let renewal = TgsRequest {
            server: Some("krbtgt/CORP.EXAMPLE.COM"),
            options: kdc_options::RENEW,
            ..TgsRequest::good(&tgt, now)
        };
        assert_eq!(code(kdc(), &renewal.octets(), now), expected, "{age} s old");
    }
}

#[test]
fn what_the_client_adds_to_restrict_its_ticket_goes_into_it() {
    let restricted = |usage| TgsRequest { restricted: Some(usage), ..good() };
    check(restricted(usage::TGS_REQ_AUTHORIZATION_DATA_SUBKEY), 0);
    check(restricted(usage::TGS_REP_SESSION_KEY), 31);
    let request = restricted(usage::TGS_REQ_AUTHORIZATION_DATA_SESSION_KEY).octets();
    let answer = kdc().answer(&request, NOW, &mut SystemRandom).octets.unwrap();
    let ticket = KdcReply::decode(&answer).unwrap().ticket;
    let keytab = kdc().keytab("postgres/db.test", 0).unwrap();
    let key = keytab.find(&principal("postgres/db.test"), Some(1), 18).unwrap().key.key().unwrap();
    let part = EncTicketPart::decode(&ticket.enc_part().open(key, usage::TICKET).unwrap()).unwrap();
    assert_eq!(part.authorization_data, Some(crate::request::restriction().0));
}
