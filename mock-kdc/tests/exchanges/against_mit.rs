//! The same request, octet by octet, to our KDC and to MIT's: the same error code and the same word, or a ticket from
//! both.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mock_kdc::{Kdc, SystemRandom};
use shakedown_krb5::client::{Action, AsExchange};
use shakedown_krb5::crypto::{Etype, usage};
use shakedown_krb5::messages::flags::{ap_options, kdc_options};
use shakedown_krb5::messages::{Codec as _, KrbError, PaData};
use shakedown_krb5::{Credential, Timestamp};

use crate::mit;
use crate::request::{AsRequest, PASSWORD, Proof, Slip, TgsRequest, principal};
use crate::world::{new_kdc, settings};

/// `ticket`, `24 PREAUTH_FAILED`, or `silence`.
pub(crate) fn reading(answer: Option<Vec<u8>>) -> String {
    match answer {
        None => "silence".to_owned(),
        Some(octets) if octets[0] == 0x7e => {
            let error = KrbError::decode(&octets).unwrap();
            // What MIT's KDC can do beside: FAST (136) and SPAKE (151).
            let hints = error.method_data().into_iter().filter(|hint| ![136, 151].contains(&hint.padata_type));
            // All of them are the same with the same account, salts included; a cookie is anybody's own.
            let value = |hint: PaData| if hint.padata_type == 133 { Vec::new() } else { hint.padata_value };
            let hints: Vec<_> = hints.map(|hint| (hint.padata_type, value(hint).escape_ascii().to_string())).collect();
            let named = if error.crealm.is_some() && error.cname.is_some() { " for a client" } else { "" };
            format!("{} {} {hints:?}{named}", error.error_code, error.text())
        }
        Some(_) => "ticket".to_owned(),
    }
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

pub(crate) fn ours(kdc: &Kdc, request: &[u8]) -> Option<Vec<u8>> {
    kdc.answer(request, now(), &mut SystemRandom).octets
}

#[test]
fn the_as_exchange_decides_as_mit_s_does() {
    let Some(theirs) = mit::start() else { return };
    let kdc = new_kdc();
    let now = now();
    let good = AsRequest::good(now);
    let of = |client| AsRequest { client: Some(client), ..good.clone() };
    let at = |seconds| Proof::Time { password: PASSWORD, etype: Etype::Aes256Sha1, time: now.offset_seconds(seconds) };
    let wrong = || Proof::Time { password: "wrong", etype: Etype::Aes256Sha1, time: now };
    let option = |options| AsRequest { options, ..good.clone() };
    let requests = [
        ("good", good.clone()),
        ("without a client", AsRequest { client: None, ..good.clone() }),
        ("unknown client", of("nobody")),
        ("without a server", AsRequest { server: None, ..good.clone() }),
        ("unknown server", AsRequest { server: Some("nobody/db.test"), ..good.clone() }),
        ("unknown client and server", AsRequest { server: Some("nobody/db.test"), ..of("nobody") }),
        ("another realm", AsRequest { realm: "OTHER", ..good.clone() }),
        ("ended account", of("ended")),
        ("ended password", of("stale")),
        ("ended password, to change it", AsRequest { server: Some("kadmin/changepw"), ..of("stale") }),
        ("ended service", AsRequest { server: Some("ended/db.test"), ..good.clone() }),
        ("locked account", of("locked")),
        ("locked service", AsRequest { server: Some("locked/db.test"), ..good.clone() }),
        ("locked account, wrong password", AsRequest { proof: wrong(), ..of("locked") }),
        ("forwarded", option(kdc_options::FORWARDED)),
        ("proxy", option(kdc_options::PROXY)),
        ("renew", option(kdc_options::RENEW)),
        ("validate", option(kdc_options::VALIDATE)),
        ("user to user", option(kdc_options::ENC_TKT_IN_SKEY)),
        ("forwardable", option(kdc_options::FORWARDABLE | kdc_options::PROXIABLE)),
        ("no proof", AsRequest { proof: Proof::Missing, ..good.clone() }),
        ("no proof needed", AsRequest { proof: Proof::Missing, ..of("bob") }),
        ("unknown proof", AsRequest { proof: Proof::UnknownType, ..good.clone() }),
        ("wrong password", AsRequest { proof: wrong(), ..good.clone() }),
        ("wrong password where none is needed", AsRequest { proof: wrong(), ..of("bob") }),
        ("proof without a time", AsRequest { proof: Proof::NoTime, ..good.clone() }),
        ("proof that is none", AsRequest { proof: Proof::NoCiphertext, ..good.clone() }),
        ("proof of an etype without a key", of("small")),
        ("clock 290 s ahead", AsRequest { proof: at(290), ..good.clone() }),
        ("clock 310 s ahead", AsRequest { proof: at(310), ..good.clone() }),
        ("clock 290 s behind", AsRequest { proof: at(-290), ..good.clone() }),
        ("clock 310 s behind", AsRequest { proof: at(-310), ..good.clone() }),
        ("no etypes", AsRequest { etypes: vec![], ..good.clone() }),
        ("unknown etypes", AsRequest { etypes: vec![-128, 99], ..good.clone() }),
        ("etype without a key", AsRequest { etypes: vec![18], proof: Proof::Missing, ..of("small") }),
        ("etype without a key, trusted", AsRequest { etypes: vec![18], proof: Proof::Missing, ..of("small-trusted") }),
        ("till the epoch", AsRequest { till: Timestamp::EPOCH, ..good.clone() }),
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

#[test]
fn a_ticket_that_ends_is_known_until_its_last_second_and_renewed_even_after_it() {
    let Some(theirs) = mit::start() else { return };
    let kdc = new_kdc();
    let life = Duration::from_secs(1);
    let (their_tgt, our_tgt) = within_one_second(|_| {
        let options = kdc_options::RENEWABLE;
        let theirs = login_for(life, |request| theirs.answer(request), options);
        (theirs, login_for(life, |request| ours(&kdc, request), options))
    });
    assert_eq!(their_tgt.end_time, our_tgt.end_time);
    loop {
        let (now, renewed, bought) = within_one_second(|now| {
            let said = |server, options| {
                let request = |tgt| {
                    let till = now.offset_seconds(60);
                    TgsRequest { server: Some(server), options, till, ..TgsRequest::good(tgt, now) }.octets()
                };
                (reading(theirs.answer(&request(&their_tgt))), reading(ours(&kdc, &request(&our_tgt))))
            };
            (now, said("krbtgt/CORP.EXAMPLE.COM", kdc_options::RENEW), said("postgres/db.test", 0))
        });
        let ticket = "ticket".to_owned();
        assert_eq!(renewed, (ticket.clone(), ticket.clone()));
        if now > our_tgt.end_time {
            // Another known difference: within its tolerance, MIT's issues a ticket that has already ended.
            assert_eq!(bought, (ticket, "32 TKT_EXPIRED [] for a client".to_owned()));
            return;
        }
        assert_eq!(bought, (ticket.clone(), ticket));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Where ours is another on purpose. Should MIT's change, this says so.
#[test]
fn the_known_differences_are_these() {
    let Some(theirs) = mit::start() else { return };
    let (kdc, now) = (new_kdc(), now());
    // Ours follows RFC 4120 §3.1.3 and Active Directory; MIT's issues a ticket that has already ended.
    let octets = AsRequest { till: now.offset_seconds(-3600), ..AsRequest::good(now) }.octets();
    assert_eq!(reading(theirs.answer(&octets)), "ticket");
    assert_eq!(reading(ours(&kdc, &octets)), "11 NEVER_VALID [] for a client");
    // Ours takes only checksums that need the session key.
    let unkeyed = |tgt| TgsRequest { slip: Slip::UnkeyedChecksum, ..TgsRequest::good(&tgt, now) }.octets();
    let their_tgt = login(|request| theirs.answer(request), 0);
    assert_eq!(reading(theirs.answer(&unkeyed(their_tgt))), "ticket");
    let our_tgt = login(|request| ours(&kdc, request), 0);
    assert_eq!(reading(ours(&kdc, &unkeyed(our_tgt))), "50 PROCESS_TGS [] for a client");
}

#[test]
fn the_tgs_exchange_decides_as_mit_s_does() {
    let Some(theirs) = mit::start() else { return };
    let kdc = new_kdc();
    let now = now();
    let their_tgt = login(|request| theirs.answer(request), kdc_options::RENEWABLE_OK);
    let our_tgt = login(|request| ours(&kdc, request), kdc_options::RENEWABLE_OK);
    type Change = Box<dyn Fn(TgsRequest) -> TgsRequest>;
    let slip = |slip| -> Change { Box::new(move |good| TgsRequest { slip, ..good }) };
    let server = |server| -> Change { Box::new(move |good| TgsRequest { server, ..good }) };
    let option = |options| -> Change { Box::new(move |good| TgsRequest { options, ..good }) };
    let ap = |ap_options| -> Change { Box::new(move |good| TgsRequest { ap_options, ..good }) };
    let restricted = |usage| -> Change { Box::new(move |good| TgsRequest { restricted: Some(usage), ..good }) };
    let clock = |seconds| -> Change { Box::new(move |good| TgsRequest { time: now.offset_seconds(seconds), ..good }) };
    let etypes = |etypes: &'static [i32]| -> Change {
        Box::new(move |good| TgsRequest { etypes: etypes.to_vec(), server: Some("mysql/db.test"), ..good })
    };
    let requests: Vec<(&str, Change)> = vec![
        ("good", slip(Slip::None)),
        ("without proof", slip(Slip::NoPadata)),
        ("proof that is none", slip(Slip::NoApRequest)),
        ("changed ticket", slip(Slip::ChangedTicket)),
        ("ticket of nobody", slip(Slip::TicketOfNobody)),
        ("unknown kvno", slip(Slip::UnknownKvno)),
        ("changed authenticator", slip(Slip::ChangedAuthenticator)),
        ("no checksum", slip(Slip::NoChecksum)),
        ("unknown checksum", slip(Slip::UnknownChecksum)),
        ("wrong checksum", slip(Slip::WrongChecksum)),
        ("another client", Box::new(|good| TgsRequest { client: principal("bob"), ..good })),
        ("mutual authentication", ap(ap_options::MUTUAL_REQUIRED)),
        ("user to user", ap(ap_options::USE_SESSION_KEY)),
        ("clock 290 s ahead", clock(290)),
        ("clock 310 s ahead", clock(310)),
        ("clock 310 s behind", clock(-310)),
        ("unknown service", server(Some("nobody/db.test"))),
        ("locked service", server(Some("locked/db.test"))),
        ("ended service", server(Some("ended/db.test"))),
        ("no service", server(None)),
        ("forwardable", option(kdc_options::FORWARDABLE)),
        ("forwarded", option(kdc_options::FORWARDED)),
        ("proxiable", option(kdc_options::PROXIABLE)),
        ("postdated", option(kdc_options::POSTDATED)),
        ("allow postdate", option(kdc_options::ALLOW_POSTDATE)),
        ("renew", option(kdc_options::RENEW)),
        ("validate", option(kdc_options::VALIDATE)),
        ("renewable", option(kdc_options::RENEWABLE)),
        ("etype of the service's key", etypes(&[19])),
        ("etype that every service is taken to know", etypes(&[18])),
        ("etype that the service has no key of", etypes(&[17])),
        ("unknown etype", etypes(&[99])),
        ("restricted", restricted(usage::TGS_REQ_AUTHORIZATION_DATA_SESSION_KEY)),
        ("restricted under the sub-key's usage", restricted(usage::TGS_REQ_AUTHORIZATION_DATA_SUBKEY)),
        ("restricted under another usage", restricted(usage::TGS_REP_SESSION_KEY)),
    ];
    let mut differences = Vec::new();
    for (name, change) in requests {
        let to_theirs = change(TgsRequest::good(&their_tgt, now)).octets();
        let to_ours = change(TgsRequest::good(&our_tgt, now)).octets();
        let (theirs, ours) = (reading(theirs.answer(&to_theirs)), reading(ours(&kdc, &to_ours)));
        if theirs != ours {
            differences.push(format!("{name}: MIT says {theirs}, ours {ours}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Repeats what is done until all of it fell into one second, which it is told: both KDCs count in whole seconds.
pub(crate) fn within_one_second<T>(mut done: impl FnMut(Timestamp) -> T) -> T {
    loop {
        let second = now().seconds();
        let result = done(Timestamp::from_seconds(second));
        if now().seconds() == second {
            return result;
        }
    }
}

pub(crate) fn login(answer: impl Fn(&[u8]) -> Option<Vec<u8>>, options: u32) -> Credential {
    login_for(Duration::from_secs(3600), answer, options)
}

fn login_for(lifetime: Duration, answer: impl Fn(&[u8]) -> Option<Vec<u8>>, options: u32) -> Credential {
    let mut settings = settings("alice");
    settings.kdc_options = options;
    settings.lifetime = lifetime;
    let mut exchange = AsExchange::new(settings);
    let mut reply = None;
    loop {
        match exchange.next(reply.as_deref(), now(), &mut SystemRandom).unwrap() {
            Action::Done(credential) => return credential,
            Action::Send(request) => reply = answer(&request.message),
        }
    }
}
