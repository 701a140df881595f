//! States of accounts that a realm of MIT's can have: the same requests in the same order to both.

use std::num::NonZeroU32;
use std::time::Duration;

use mock_kdc::{Kdc, Lockout, Password, Preauth, Realm, Rotation, Service, SystemRandom, TicketFlag, User};
use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::{Codec as _, EncKdcReplyPart, KdcReply, Ticket};
use shakedown_krb5::{Credential, Timestamp};

use crate::against_mit::{login, now, ours, reading};
use crate::mit::{self, MitKdc};
use crate::request::{AsRequest, PASSWORD, Proof, REALM, TgsRequest, key, principal};

/// The same accounts as [`realm`] has.
const QUERIES: &str = r#"
addpol -maxfailure 3 three
addpol -maxfailure 2 -lockoutduration 1h two
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth +needchange must
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth +needchange -allow_tix must-disabled
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth -allow_tix -expire 2020-01-01 -pwexpire 2020-01-01 everything
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth -allow_tix -pwexpire 2020-01-01 stale-disabled
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth -policy three clumsy
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth -policy three forgiven
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth -allow_postdated punctual
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth -allow_forwardable -allow_proxiable -allow_renewable plain
addprinc -e aes256-cts:norealm -pw "correct horse" +requires_preauth salted
addprinc -e arcfour-hmac:normal -pw "correct horse" +requires_preauth aged
addprinc -e aes256-cts:normal -pw "old" +requires_preauth changed
cpw -keepold -e aes256-cts:normal -pw "correct horse" changed
addprinc -e aes256-cts:normal -pw "correct horse" +requires_preauth -maxlife 10m -maxrenewlife 1h brief
addprinc -randkey -allow_svr users-only/db.test
addprinc -randkey keyless/db.test
purgekeys -all keyless/db.test
addprinc -randkey -e aes256-cts:normal narrow/db.test
setstr narrow/db.test session_enctypes aes128-cts
addprinc -randkey -allow_postdated punctual/db.test
"#;

fn realm() -> Realm {
    let user = |name| User { etypes: Some(vec![Etype::Aes256Sha1]), ..User::new(name, PASSWORD) };
    let past = Some(Timestamp::from_seconds(1_577_836_800));
    let mut realm = Realm::new(REALM);
    realm.lockout = NonZeroU32::new(3).map(Lockout::after);
    let refused_flags = vec![TicketFlag::Forwardable, TicketFlag::Proxiable, TicketFlag::Renewable];
    realm.users = vec![
        user("alice"),
        User { must_change_password: true, ..user("must") },
        User { must_change_password: true, disabled: true, ..user("must-disabled") },
        User { disabled: true, expires: past, password_expires: past, ..user("everything") },
        User { disabled: true, password_expires: past, ..user("stale-disabled") },
        user("clumsy"),
        user("forgiven"),
        User { refused_flags: vec![TicketFlag::Postdated], ..user("punctual") },
        User { refused_flags, ..user("plain") },
        User { salt: Some(b"salted".to_vec()), ..user("salted") },
        User { etypes: Some(vec![Etype::Rc4Hmac]), ..user("aged") },
        User { password: Password::new("old"), ..user("changed") },
        User {
            ticket_lifetime: Some(Duration::from_secs(600)),
            renewable_lifetime: Some(Duration::from_secs(3600)),
            ..user("brief")
        },
    ];
    realm.services = vec![
        Service::new("postgres/db.test"),
        Service { user_to_user_only: true, ..Service::new("users-only/db.test") },
        Service { keyless: true, ..Service::new("keyless/db.test") },
        Service {
            etypes: Some(vec![Etype::Aes256Sha1]),
            session_etypes: Some(vec![Etype::Aes128Sha1]),
            ..Service::new("narrow/db.test")
        },
        Service { refused_flags: vec![TicketFlag::Postdated], ..Service::new("punctual/db.test") },
        Service::new("kadmin/changepw"),
    ];
    realm
}

pub(crate) fn pair() -> Option<(mit::MitKdc, Kdc)> {
    let theirs = mit::start_with(QUERIES)?;
    let kdc = Kdc::new(&realm(), &mut SystemRandom).unwrap();
    kdc.set_password("changed", &Password::new(PASSWORD), Rotation::KeepOld).unwrap();
    Some((theirs, kdc))
}

#[test]
fn the_state_of_an_account_is_told_as_mit_tells_it() {
    let Some((theirs, kdc)) = pair() else { return };
    let now = now();
    let good = AsRequest::good(now);
    let of = |client| AsRequest { client: Some(client), ..good.clone() };
    let to = |server| AsRequest { server: Some(server), ..good.clone() };
    let with = |password| Proof::Time { password, etype: Etype::Aes256Sha1, time: now };
    let wrong = |client| AsRequest { proof: with("wrong"), ..of(client) };
    let option = |client, options| AsRequest { options, ..of(client) };
    let later = |client, seconds, options| {
        let from = now.offset_seconds(seconds);
        AsRequest { from: Some(from), till: from.offset_seconds(3600), ..option(client, options) }
    };
    let changepw = |client| AsRequest { server: Some("kadmin/changepw"), ..of(client) };
    let salted = |proof| AsRequest { proof, ..of("salted") };
    let with_rc4 = |password| Proof::Time { password, etype: Etype::Rc4Hmac, time: now };
    let aged = |etypes, proof| AsRequest { etypes, proof, ..of("aged") };
    let wants = kdc_options::FORWARDABLE | kdc_options::PROXIABLE | kdc_options::RENEWABLE;
    let requests = [
        ("must change", of("must")),
        ("must change, wrong password", wrong("must")),
        ("must change, to change it", changepw("must")),
        ("must change and disabled", of("must-disabled")),
        ("disabled, gone and stale", of("everything")),
        ("disabled and stale", of("stale-disabled")),
        ("first wrong password", wrong("clumsy")),
        ("second wrong password", wrong("clumsy")),
        ("third wrong password", wrong("clumsy")),
        ("fourth wrong password", wrong("clumsy")),
        ("right password after three wrong ones", of("clumsy")),
        ("locked, no proof", AsRequest { proof: Proof::Missing, ..of("clumsy") }),
        ("first of two wrong", wrong("forgiven")),
        ("second of two wrong", wrong("forgiven")),
        ("right after two wrong", of("forgiven")),
        ("third wrong after a right one", wrong("forgiven")),
        ("still not locked", of("forgiven")),
        ("forwardable, not allowed", option("plain", wants)),
        ("postdatable", option("alice", kdc_options::ALLOW_POSTDATE)),
        ("postdatable, not allowed to the client", option("punctual", kdc_options::ALLOW_POSTDATE)),
        (
            "postdatable, not allowed for the service",
            AsRequest { server: Some("punctual/db.test"), ..option("alice", kdc_options::ALLOW_POSTDATE) },
        ),
        ("postdated", later("alice", 3600, kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED)),
        ("postdated, without the other option", later("alice", 3600, kdc_options::POSTDATED)),
        ("postdated to now", later("alice", 0, kdc_options::POSTDATED)),
        ("postdated to the past", later("alice", -3600, kdc_options::POSTDATED)),
        ("postdated without a time", option("alice", kdc_options::POSTDATED)),
        ("a beginning in the future, not postdated", later("alice", 3600, 0)),
        ("salt of the account, no proof", salted(Proof::Missing)),
        ("salt of the account, proof with the default salt", salted(with(PASSWORD))),
        ("a key of RC4, no proof", aged(vec![18, 23], Proof::Missing)),
        ("a key of RC4, no proof, nothing newer offered", aged(vec![23], Proof::Missing)),
        ("a key of RC4", aged(vec![18, 23], with_rc4(PASSWORD))),
        ("a key of RC4, wrong password", aged(vec![18, 23], with_rc4("wrong"))),
        ("new password", of("changed")),
        ("old password, whose keys are kept", AsRequest { proof: with("old"), ..of("changed") }),
        ("service for users only", to("users-only/db.test")),
        ("service without keys", to("keyless/db.test")),
        ("session key of another kind", to("narrow/db.test")),
        (
            "session key of a kind that the service does not take",
            AsRequest { etypes: vec![18], ..to("narrow/db.test") },
        ),
        ("anonymous", AsRequest { proof: Proof::Missing, ..of("WELLKNOWN/ANONYMOUS") }),
        ("anonymity asked for", option("alice", 1 << (31 - 16))),
        ("enterprise name", of("alice\\@CORP.EXAMPLE.COM")),
        ("another case", of("ALICE")),
    ];
    let mut differences = Vec::new();
    for (name, request) in requests {
        let octets = request.octets();
        let (theirs, ours) = (reading(theirs.answer(&octets)), reading(ours(&kdc, &octets)));
        if theirs != ours {
            differences.push(format!("{name}: MIT says {theirs}, ours {ours}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The answers to the same TGS-REQ, made of a ticket of each.
fn both(
    theirs: &MitKdc,
    kdc: &Kdc,
    tickets: [&Credential; 2],
    change: impl Fn(TgsRequest, usize) -> TgsRequest,
) -> [String; 2] {
    let now = now();
    let request = |which: usize| change(TgsRequest::good(tickets[which], now), which).octets();
    [reading(theirs.answer(&request(0))), reading(ours(kdc, &request(1)))]
}

#[test]
fn a_postdated_ticket_is_good_once_it_is_validated_and_not_before() {
    let Some((theirs, kdc)) = pair() else { return };
    let options = kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED;
    let tgt = |answer: &dyn Fn(&[u8]) -> Option<Vec<u8>>, from: i64| {
        let request = AsRequest { options, from: Some(now().offset_seconds(from)), ..AsRequest::good(now()) };
        let key = key("alice", PASSWORD, Etype::Aes256Sha1);
        let reply = KdcReply::decode(&answer(&request.octets()).unwrap()).unwrap();
        let part = EncKdcReplyPart::decode(&reply.enc_part.open(&key, usage::AS_REP).unwrap()).unwrap();
        Credential {
            client: reply.client,
            server: part.server,
            key: Key::new(Etype::from_number(part.key.etype).unwrap(), &part.key.value).unwrap(),
            ticket: reply.ticket.to_octets(),
            end_time: part.end_time,
            ..login(|request| ours(&kdc, request), 0)
        }
    };
    let of_both = |from| [tgt(&|request| theirs.answer(request), from), tgt(&|request| ours(&kdc, request), from)];
    let [their_started, our_started] = of_both(-60);
    let [their_near, our_near] = of_both(120);
    let [their_far, our_far] = of_both(1200);
    let krbtgt = Some("krbtgt/CORP.EXAMPLE.COM");
    let with = |options| move |good: TgsRequest, _| TgsRequest { options, server: krbtgt, ..good };
    let mut differences = Vec::new();
    for (name, expected, [theirs, ours]) in [
        ("not validated", "33 ", both(&theirs, &kdc, [&their_started, &our_started], |good, _| good)),
        ("validated", "ticket", both(&theirs, &kdc, [&their_started, &our_started], with(kdc_options::VALIDATE))),
        ("too early", "33 ", both(&theirs, &kdc, [&their_near, &our_near], with(kdc_options::VALIDATE))),
        ("much too early", "33 ", both(&theirs, &kdc, [&their_far, &our_far], with(kdc_options::VALIDATE))),
        (
            "validated into another",
            "26 ",
            both(&theirs, &kdc, [&their_started, &our_started], |good, _| TgsRequest {
                options: kdc_options::VALIDATE,
                ..good
            }),
        ),
    ] {
        if theirs != ours || !ours.starts_with(expected) {
            differences.push(format!("{name}: MIT says {theirs}, ours {ours}, expected {expected}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_ticket_under_the_key_of_another_is_given_as_mit_gives_it() {
    let Some((theirs, kdc)) = pair() else { return };
    let options = kdc_options::ENC_TKT_IN_SKEY;
    let tgts = [login(|request| theirs.answer(request), 0), login(|request| ours(&kdc, request), 0)];
    let second = |which: usize| Some(tgts[which].clone());
    let bought = [
        theirs.answer(&TgsRequest::good(&tgts[0], now()).octets()).unwrap(),
        ours(&kdc, &TgsRequest::good(&tgts[1], now()).octets()).unwrap(),
    ];
    let of_service = |which: usize| {
        let ticket = KdcReply::decode(&bought[which]).unwrap().ticket.to_octets();
        Some(Credential { ticket, ..tgts[which].clone() })
    };
    let renamed = |which: usize| {
        let mut ticket = Ticket::decode(&tgts[which].ticket).unwrap();
        ticket = Ticket::new(principal("postgres/db.test"), ticket.enc_part().clone());
        Some(Credential { ticket: ticket.to_octets(), ..tgts[which].clone() })
    };
    let cut = |which: usize| {
        let ticket = Ticket::decode(&tgts[which].ticket).unwrap();
        let mut sealed = ticket.enc_part().clone();
        sealed.cipher[20] ^= 1;
        let ticket = Ticket::new(ticket.server().clone(), sealed);
        Some(Credential { ticket: ticket.to_octets(), ..tgts[which].clone() })
    };
    let to = |server| move |good: TgsRequest| TgsRequest { server: Some(server), options, ..good };
    let alice = to("alice");
    let mut differences = Vec::new();
    let pair = [&tgts[0], &tgts[1]];
    for (name, expected, [theirs, ours]) in [
        ("good", "ticket", both(&theirs, &kdc, pair, |good, at| TgsRequest { second: second(at), ..alice(good) })),
        ("no second", "13 ", both(&theirs, &kdc, pair, |good, _| alice(good))),
        (
            "of another",
            "26 ",
            both(&theirs, &kdc, pair, |good, at| TgsRequest { second: second(at), ..to("brief")(good) }),
        ),
        (
            "of a service",
            "12 ",
            both(&theirs, &kdc, pair, |good, at| TgsRequest { second: of_service(at), ..alice(good) }),
        ),
        (
            "of another kind",
            "31 ",
            both(&theirs, &kdc, pair, |good, at| TgsRequest { second: renamed(at), ..alice(good) }),
        ),
        ("changed", "31 ", both(&theirs, &kdc, pair, |good, at| TgsRequest { second: cut(at), ..alice(good) })),
    ] {
        if theirs != ours || !ours.starts_with(expected) {
            differences.push(format!("{name}: MIT says {theirs}, ours {ours}, expected {expected}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // The owner of the second ticket can read the new one, and its service key cannot.
    let request = TgsRequest { second: second(1), ..alice(TgsRequest::good(&tgts[1], now())) };
    let ticket = KdcReply::decode(&ours(&kdc, &request.octets()).unwrap()).unwrap().ticket;
    assert_eq!(ticket.enc_part().kvno, None);
    ticket.enc_part().open(&tgts[1].key, usage::TICKET).unwrap();
    ticket.enc_part().open(&key("alice", PASSWORD, Etype::Aes256Sha1), usage::TICKET).unwrap_err();
}

#[test]
fn alterations_take_effect_with_the_next_request() {
    use mock_kdc::Alteration;
    let kdc = Kdc::new(&realm(), &mut SystemRandom).unwrap();
    let now = now();
    let said = || reading(ours(&kdc, &AsRequest::good(now).octets()));
    let past = Some(now.offset_seconds(-1));
    assert_eq!(said(), "ticket");
    for (alteration, back, expected) in [
        (Alteration::Disabled(true), Alteration::Disabled(false), "18 CLIENT LOCKED OUT [] for a client"),
        (Alteration::LockedOut(true), Alteration::LockedOut(false), "18 LOCKED_OUT [] for a client"),
        (Alteration::Expires(past), Alteration::Expires(None), "1 CLIENT EXPIRED [] for a client"),
        (Alteration::PasswordExpires(past), Alteration::PasswordExpires(None), "23 CLIENT KEY EXPIRED [] for a client"),
        (
            Alteration::MustChangePassword(true),
            Alteration::MustChangePassword(false),
            "23 REQUIRED PWCHANGE [] for a client",
        ),
        (
            Alteration::ValidFrom(Some(now.offset_seconds(60))),
            Alteration::ValidFrom(None),
            "21 CLIENT NOT YET VALID [] for a client",
        ),
    ] {
        kdc.alter("alice", alteration).unwrap();
        assert_eq!(said(), expected);
        kdc.alter("alice", back).unwrap();
        assert_eq!(said(), "ticket");
    }
    let unproven = || reading(ours(&kdc, &AsRequest { proof: Proof::Missing, ..AsRequest::good(now) }.octets()));
    assert!(unproven().starts_with("25 "));
    kdc.alter("alice", Alteration::Preauth(Preauth::NotRequired)).unwrap();
    assert_eq!(unproven(), "ticket");
    kdc.alter("nobody", Alteration::Disabled(true)).unwrap_err();
    kdc.add_user(&User { etypes: Some(vec![Etype::Aes256Sha1]), ..User::new("carol", PASSWORD) }).unwrap();
    let carol = AsRequest { client: Some("carol"), ..AsRequest::good(now) };
    assert_eq!(reading(ours(&kdc, &carol.octets())), "ticket");
    kdc.add_user(&User::new("alice", "x")).unwrap_err();
    kdc.alter("carol", Alteration::LockedOut(true)).unwrap();
    let accounts = kdc.principals(now.seconds());
    let (first, last) = (accounts.first().unwrap(), accounts.last().unwrap());
    assert_eq!(
        (first.name.as_str(), first.keys[0].1.len(), first.locked_out),
        ("krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM", 4, false)
    );
    assert_eq!((last.name.as_str(), last.keys[0].0, last.locked_out), ("carol@CORP.EXAMPLE.COM", 1, true));
}
