//! What a client of MIT's can ask for beside a plain login: keytabs, renewal, postdated tickets, addresses, services.

use crate::realm::{self, ALICE_PASSWORD, REALM, Realm, SERVICE_PASSWORD, principal, run};
use crate::wire::{now, play_as, play_tgs};
use crate::{alice, tgt};
use shakedown_krb5::client::{AsExchange, AsSettings, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::{Etype, default_salt, string_to_key, usage};
use shakedown_krb5::keytab::Keytab;
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::messages::{Codec, EncTicketPart, HostAddress, Ticket};
use shakedown_krb5::{Credential, Principal};
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

fn login(realm: &Realm, settings: AsSettings) -> Result<Credential, String> {
    play_as(realm.port, &mut AsExchange::new(settings), now).result.map_err(|failure| failure.to_string())
}

fn ask(realm: &Realm, settings: TgsSettings) -> Result<Credential, String> {
    play_tgs(realm.port, &mut TgsExchange::new(settings), now).result.map_err(|failure| failure.to_string())
}

fn kadmin(realm: &Realm, query: &str) {
    run(realm.command("kadmin.local").args(["-r", REALM, "-q", query]));
}

#[test]
fn a_keytab_of_ktadd_logs_in_with_what_it_has() {
    let Some(realm) = realm::start(&[]) else { return };
    let path = realm.path().join("alice.keytab");
    let ktadd = || {
        let _ = std::fs::remove_file(&path);
        kadmin(&realm, &format!("ktadd -k {} -norandkey alice", path.display()));
        Keytab::read(&std::fs::read(&path).unwrap()).unwrap()
    };
    let keytab = ktadd();
    assert_eq!(keytab.entries.len(), 4);
    let settings = |keytab: &Keytab| {
        AsSettings::new(principal("alice"), Secret::from_keytab(keytab, &principal("alice")).unwrap())
    };
    login(&realm, settings(&keytab)).unwrap();
    for etype in keytab.entries.iter().map(|entry| entry.key.etype) {
        let mut one = keytab.clone();
        one.entries.retain(|entry| entry.key.etype == etype);
        // The KDC is asked for what the keytab has before all else.
        let played = play_as(realm.port, &mut AsExchange::new(settings(&one)), now);
        assert!(played.result.is_ok(), "{etype}: {:?}", played.result);
        assert_eq!(played.trace.len(), 4, "{etype}");
    }
    kadmin(&realm, "cpw -pw other alice");
    assert_eq!(login(&realm, settings(&keytab)).unwrap_err(), "krb 24", "a keytab that the KDC is ahead of");
    let newer = ktadd();
    assert_eq!(newer.newest_kvno(&principal("alice")), Some(2));
    let both = Keytab { entries: [newer.entries, keytab.entries].concat() };
    login(&realm, settings(&both)).unwrap();
}

#[test]
fn a_renewable_ticket_is_renewed_and_no_other() {
    let Some(realm) = realm::start(&[]) else { return };
    let hour = Duration::from_secs(3600);
    let settings = AsSettings { lifetime: hour, renewable: Some(48 * hour), ..alice() };
    let old = login(&realm, settings).unwrap();
    let renewed = ask(&realm, TgsSettings::renew(old.clone())).unwrap();
    assert_eq!((&renewed.server, renewed.auth_time, renewed.renew_till), (&old.server, old.auth_time, old.renew_till));
    assert!(renewed.start_time >= old.start_time && renewed.end_time >= old.end_time && renewed.ticket != old.ticket);
    let checked = ticket::TRANSITED_POLICY_CHECKED;
    assert_eq!(renewed.flags, old.flags | checked, "MIT's KDC leaves INITIAL where it was");
    ask(&realm, TgsSettings::new(renewed, principal("postgres/db.test"))).unwrap();
    assert_eq!(ask(&realm, TgsSettings::renew(tgt(&realm))).unwrap_err(), "krb 13");
}

#[test]
fn a_postdated_ticket_is_of_use_once_it_has_begun_and_was_validated() {
    let Some(realm) = realm::start(&[]) else { return };
    let service = || principal("postgres/db.test");
    let begins =
        |seconds| login(&realm, AsSettings { postdate: Some(Duration::from_secs(seconds)), ..alice() }).unwrap();
    let now_due = begins(0);
    let marks = ticket::INVALID | ticket::POSTDATED;
    assert_eq!(now_due.flags & marks, marks);
    assert_eq!(ask(&realm, TgsSettings::new(now_due.clone(), service())).unwrap_err(), "krb 33");
    let valid = ask(&realm, TgsSettings::validate(now_due)).unwrap();
    assert_eq!(valid.flags & marks, ticket::POSTDATED);
    ask(&realm, TgsSettings::new(valid, service())).unwrap();
    let later = begins(3600);
    assert_eq!(later.start_time.since(later.auth_time).as_secs().abs_diff(3600) / 60, 0);
    assert_eq!(ask(&realm, TgsSettings::validate(later)).unwrap_err(), "krb 33");
}

#[test]
fn flags_and_addresses_are_as_asked_for() {
    let Some(realm) = realm::start(&[]) else { return };
    let wanted = kdc_options::FORWARDABLE | kdc_options::PROXIABLE | kdc_options::CANONICALIZE;
    let tgt = login(&realm, AsSettings { kdc_options: wanted, pac: Some(false), ..alice() }).unwrap();
    let flags = ticket::FORWARDABLE | ticket::PROXIABLE;
    assert_eq!(tgt.flags & flags, flags);
    let service = ask(&realm, TgsSettings::new(tgt, principal("postgres/db.test"))).unwrap();
    assert_eq!(service.flags & flags, flags);

    let from = |address: [u8; 4]| {
        let addresses = Some(vec![HostAddress { addr_type: 2, address: address.to_vec() }]);
        let tgt = login(&realm, AsSettings { addresses, ..alice() }).unwrap();
        ask(&realm, TgsSettings::new(tgt, principal("postgres/db.test"))).map(drop)
    };
    assert_eq!((from([127, 0, 0, 1]), from([192, 0, 2, 1])), (Ok(()), Err("krb 38".to_owned())));
}

#[test]
fn a_service_ticket_comes_from_the_authentication_service_too() {
    let Some(realm) = realm::start(&[]) else { return };
    let service = principal("postgres/db.test");
    let credential = login(&realm, AsSettings { server: service.clone(), ..alice() }).unwrap();
    assert_eq!((&credential.server, credential.flags & ticket::INITIAL), (&service, ticket::INITIAL));
    let ticket = Ticket::decode(&credential.ticket).unwrap();
    let etype = Etype::try_from(ticket.enc_part().etype).unwrap();
    let key = string_to_key(etype, SERVICE_PASSWORD.as_bytes(), &default_salt(&service), None).unwrap();
    let part = EncTicketPart::decode(&ticket.enc_part().open(&key, usage::TICKET).unwrap()).unwrap();
    assert_eq!(*part.key.value, credential.key.bytes());
}

#[test]
fn an_enterprise_name_is_asked_for_as_kinit_does() {
    let Some(realm) = realm::start(&[]) else { return };
    // MIT's KDC knows such names only as names of principals with an @ in them; it says by which one it knows the user.
    kadmin(&realm, &format!("addprinc -pw enterprise \"alice\\@{REALM}\""));
    let settings =
        |name: &str, password| AsSettings::new(Principal::enterprise(name, REALM), Secret::password(password));
    let tgt = login(&realm, settings(&format!("alice@{REALM}"), "enterprise")).unwrap();
    assert_eq!(tgt.client.components, [format!("alice@{REALM}").into_bytes()]);
    assert_eq!(login(&realm, settings("bob@elsewhere.test", ALICE_PASSWORD)).unwrap_err(), "krb 6");
    let kinit = |name: &str| {
        let mut child = realm
            .command("kinit")
            .args(["-E", name])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let _ = writeln!(child.stdin.take().unwrap(), "enterprise");
        child.wait().unwrap().success()
    };
    assert!(kinit(&format!("alice@{REALM}")) && !kinit("bob@elsewhere.test"));
}
