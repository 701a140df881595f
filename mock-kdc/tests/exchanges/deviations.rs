//! Each deviation is judged by our client as by libkrb5, and as the specification demands.

use mock_kdc::Deviation;
use mock_kdc::deviation::Demand;
use shakedown_krb5::client::TgsSettings;
use shakedown_krb5::messages::Exchange;

use crate::mit_clients::{Clients, Said};
use crate::request::{PASSWORD, principal};
use crate::verdicts::{AS_LENIENT, STRICTER, VERDICTS};
use crate::world::{NOW, alice_tgt, login, new_kdc, settings, ticket};

fn says<E: std::fmt::Display>(result: Result<shakedown_krb5::Credential, E>) -> String {
    result.map_or_else(|failure| failure.to_string(), |_| String::new())
}

/// Nothing is expected where there is a ticket.
#[track_caller]
fn check(who: &str, deviation: Deviation, expected: &str, found: &str) {
    let fits = if expected.is_empty() { found.is_empty() } else { found.contains(expected) };
    assert!(fits, "{deviation}: {who} says '{found}', expected '{expected}'");
}

#[test]
fn the_table_has_a_line_for_each_deviation() {
    let known: Vec<_> = Deviation::ALL.into_iter().map(Deviation::name).filter(|name| *name != "silent").collect();
    assert_eq!(VERDICTS.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), known);
}

#[test]
fn our_client_says_what_the_table_says() {
    let kdc = new_kdc();
    let tgt = alice_tgt(&kdc, NOW);
    for (name, [as_exchange, _], [tgs_exchange, _]) in VERDICTS {
        let deviation = Deviation::named(name).unwrap();
        kdc.set_deviations(&[deviation]);
        let service = TgsSettings::new(tgt.clone(), principal("postgres/db.test"));
        check("the client", deviation, as_exchange, &says(login(&kdc, settings("alice"), NOW)));
        check("the client with a ticket", deviation, tgs_exchange, &says(ticket(&kdc, service, NOW)));
    }
    // The counter-check: without departures there are tickets.
    kdc.set_deviations(&[]);
    assert_eq!(says(login(&kdc, settings("alice"), NOW)), "");
    kdc.set_deviations(&[Deviation::named("silent").unwrap()]);
    assert_eq!(says(login(&kdc, settings("alice"), NOW)), "kdc timed out");
}

#[test]
fn what_libkrb5_rejects_we_reject_and_what_has_to_be_taken_is_taken() {
    let listed = |list: &[(&str, &str)], name: &str| list.iter().any(|(listed, _)| *listed == name);
    for (name, as_exchange, tgs_exchange) in VERDICTS {
        let deviation = Deviation::named(name).unwrap();
        let mut is_refused = false;
        for (exchange, [ours, libkrb5]) in [(Exchange::As, as_exchange), (Exchange::Tgs, tgs_exchange)] {
            assert!(libkrb5.is_empty() || !ours.is_empty(), "{name}: libkrb5 rejects what we take");
            let is_stricter = libkrb5.is_empty() && !ours.is_empty();
            assert!(!is_stricter || listed(STRICTER, name), "{name}: we reject what libkrb5 takes");
            assert!(deviation.concerns(exchange) || ours.is_empty(), "{name} shows in an exchange that it is not for");
            is_refused |= !ours.is_empty();
        }
        match deviation.demand() {
            Demand::Refuse => assert!(is_refused || listed(AS_LENIENT, name), "{name} is to be refused"),
            Demand::Tolerate => assert!(!is_refused, "{name} is to be taken"),
            Demand::Free => {}
        }
    }
}

#[test]
fn mit_s_clients_say_what_the_table_says() {
    let Some(clients) = Clients::new("") else { return };
    let password = format!("{PASSWORD}\n");
    assert!(clients.run("tgt", "kinit", &["alice"], &password).succeeded);
    let text = |said: Said| if said.succeeded { String::new() } else { said.text };
    for (name, [_, as_exchange], [_, tgs_exchange]) in VERDICTS {
        let deviation = Deviation::named(name).unwrap();
        clients.handle.kdc().set_deviations(&[deviation]);
        std::fs::copy(clients.path("tgt"), clients.path("used")).unwrap();
        check("kinit", deviation, as_exchange, &text(clients.run("new", "kinit", &["alice"], &password)));
        check("kvno", deviation, tgs_exchange, &text(clients.run("used", "kvno", &["postgres/db.test"], "")));
    }
    clients.end();
}
