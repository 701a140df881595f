//! Our client between realms of ours, in memory.

use mock_kdc::{BadPath, Flavor, Kdc, Password, Realm, ReferredNames, Rotation, SystemRandom};
use shakedown_krb5::client::{Action, AsExchange, AsSettings, KerberosFailure, Secret};
use shakedown_krb5::messages::flags::ticket as flags;
use shakedown_krb5::principal::name_type;
use shakedown_krb5::transited::Capaths;

use crate::forged::{Forged, reading};
use crate::realms::{DIR, ONPREM, PASSWORD, Realms, code, now, one_way, principal, realm, service, ticket};

#[test]
fn a_one_way_trust_is_one_way() {
    let realms = one_way();
    let (ticket, asked) = realms.ticket("alice@ONPREM.TEST", "postgres/db.dir.test@DIR.TEST").unwrap();
    assert_eq!(ticket.client, principal("alice@ONPREM.TEST"));
    assert_eq!(ticket.server, principal("postgres/db.dir.test@DIR.TEST"));
    assert_eq!(asked, "ONPREM.TEST DIR.TEST");
    assert_ne!(ticket.flags & flags::TRANSITED_POLICY_CHECKED, 0);
    assert_eq!(code(realms.ticket("alice@DIR.TEST", "postgres/db.onprem.test@ONPREM.TEST")), 7);
}

#[test]
fn without_a_trust_there_is_no_way() {
    let realms = Realms::new([realm(DIR, &[], &[]), realm(ONPREM, &[], &[])]);
    assert_eq!(code(realms.ticket("alice@ONPREM.TEST", "postgres/db.dir.test@DIR.TEST")), 7);
}

#[test]
fn a_key_that_one_side_alone_has_opens_nothing() {
    let shared = "krbtgt/DIR.TEST@ONPREM.TEST";
    let get = |realms: &Realms| realms.ticket("alice@ONPREM.TEST", "postgres/db.dir.test@DIR.TEST");
    let rotated = |realm: &str, rotation| {
        let realms = one_way();
        realms.kdc(realm).rotate_service_key(shared, rotation, &mut SystemRandom).unwrap();
        realms
    };
    assert_eq!(code(get(&rotated(ONPREM, Rotation::SameKvno))), 31);
    assert_eq!(code(get(&rotated(ONPREM, Rotation::DropOld))), 60, "a version that the directory has no key of");
    assert_eq!(code(get(&rotated(DIR, Rotation::DropOld))), 60);
    assert!(get(&rotated(DIR, Rotation::KeepOld)).is_ok(), "the side that opens may be ahead");
    let healed = rotated(ONPREM, Rotation::DropOld);
    for realm in [DIR, ONPREM] {
        let new = Password::new("another");
        healed.kdc(realm).set_password(shared, &new, Rotation::SameKvno).unwrap();
    }
    assert_eq!(code(get(&healed)), 60, "the same password under two versions");
    healed.kdc(DIR).set_password(shared, &Password::new("another"), Rotation::KeepOld).unwrap();
    assert!(get(&healed).is_ok());
}

fn hierarchy() -> Realms {
    Realms::new([
        realm("WEST.CORP.TEST", &["CORP.TEST"], &["CORP.TEST"]),
        realm("CORP.TEST", &["WEST.CORP.TEST", "EAST.CORP.TEST"], &["WEST.CORP.TEST", "EAST.CORP.TEST"]),
        realm("EAST.CORP.TEST", &["CORP.TEST"], &["CORP.TEST"]),
    ])
}

#[test]
fn a_hierarchy_is_walked_through_the_parent() {
    let realms = hierarchy();
    let wanted = "postgres/db.east.corp.test@EAST.CORP.TEST";
    let (_, asked) = realms.ticket("alice@WEST.CORP.TEST", wanted).unwrap();
    assert_eq!(asked, "WEST.CORP.TEST CORP.TEST EAST.CORP.TEST");
    // What the service reads: the realm between, and that it may be there.
    let from_parent = Forged::good("alice@WEST.CORP.TEST", "CORP.TEST", "EAST.CORP.TEST", &service("EAST.CORP.TEST"));
    let read = reading(realms.answer(b"EAST.CORP.TEST", &from_parent.octets(now())));
    assert!(read.ends_with("through 'CORP.TEST', checked"), "{read}");
}

#[test]
fn a_written_way_is_walked_instead() {
    let through_hub = |name: &str, trusts: &[&str], trusted_by: &[&str]| {
        let mut realm = realm(name, trusts, trusted_by);
        realm.trusts.paths = Capaths::default().with(b"A.TEST", b"B.TEST", [&b"HUB.EXAMPLE"[..]]);
        realm
    };
    let realms = Realms::new([
        through_hub("A.TEST", &[], &["HUB.EXAMPLE"]),
        through_hub("HUB.EXAMPLE", &["A.TEST"], &["B.TEST"]),
        through_hub("B.TEST", &["HUB.EXAMPLE"], &[]),
    ]);
    let wanted = "postgres/db.b.test@B.TEST";
    let paths = Capaths::default().with(b"A.TEST", b"B.TEST", [&b"HUB.EXAMPLE"[..]]);
    let tgt = realms.login("alice@A.TEST").unwrap();
    let (_, asked) = ticket(tgt, wanted, &paths, |realm, request| realms.answer(realm, request)).unwrap();
    assert_eq!(asked, "A.TEST HUB.EXAMPLE B.TEST");
}

#[test]
fn a_way_that_the_client_alone_knows_is_walked_in_stages() {
    let mut end = realm("B.TEST", &["HUB.EXAMPLE"], &[]);
    let paths = Capaths::default().with(b"A.TEST", b"B.TEST", [&b"HUB.EXAMPLE"[..]]);
    end.trusts.paths = paths.clone();
    let mut hub = realm("HUB.EXAMPLE", &["A.TEST"], &["B.TEST"]);
    hub.trusts.paths = paths.clone();
    let realms = Realms::new([realm("A.TEST", &[], &["HUB.EXAMPLE"]), hub, end]);
    let get = |paths: &Capaths| {
        let tgt = realms.login("alice@A.TEST").unwrap();
        ticket(tgt, "postgres/db.b.test@B.TEST", paths, |realm, request| realms.answer(realm, request))
    };
    let (_, asked) = get(&paths).unwrap();
    assert_eq!(asked, "A.TEST A.TEST HUB.EXAMPLE B.TEST", "the end first, then what is closer");
    assert_eq!(code(get(&Capaths::default())), 7);
}

/// The service's realm has the last word about the way.
#[test]
fn a_way_that_does_not_lead_here_is_refused_as_the_realm_has_it() {
    let answer = |bad_path: BadPath| {
        let mut realm = realm(DIR, &[ONPREM], &[]);
        realm.trusts.bad_path = bad_path;
        let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
        let stranger = Forged::good("alice@STRANGE.ORG", ONPREM, DIR, &service(DIR));
        reading(kdc.answer(&stranger.octets(now()), now(), &mut SystemRandom).octets)
    };
    assert_eq!(answer(BadPath::Policy), "12 BAD_TRANSIT");
    assert_eq!(answer(BadPath::NotAccepted), "28 BAD_TRANSIT");
    assert_eq!(
        answer(BadPath::Issued),
        "ticket of alice@STRANGE.ORG for postgres/db.dir.test@DIR.TEST through 'ONPREM.TEST', not checked"
    );
}

/// A client that knows the host but not its realm.
#[test]
fn a_service_of_another_realm_is_found_by_referral() {
    let mut onprem = realm(ONPREM, &[], &[DIR]);
    onprem.trusts.hosts.insert(".dir.test".to_owned(), DIR.to_owned());
    onprem.trusts.referred_names = ReferredNames::Any;
    let realms = Realms::new([realm(DIR, &[ONPREM], &[]), onprem]);
    let (ticket, asked) = realms.ticket("alice@ONPREM.TEST", "postgres/db.dir.test").unwrap();
    assert_eq!(ticket.server, principal("postgres/db.dir.test@DIR.TEST"));
    assert_eq!(asked, "ONPREM.TEST DIR.TEST");
    assert_eq!(code(one_way().ticket("alice@ONPREM.TEST", "postgres/db.dir.test")), 7, "nobody knows the host");
}

#[test]
fn a_user_of_another_realm_is_sent_there() {
    let mut dir = Realm::of(Flavor::ActiveDirectory, DIR);
    dir.trusts.users.insert("onprem.test".to_owned(), ONPREM.to_owned());
    let mut onprem = realm(ONPREM, &[], &[DIR]);
    onprem.enterprise_names = true;
    onprem.users.iter_mut().find(|user| user.name == "alice").unwrap().upn = Some("alice@onprem.test".to_owned());
    let realms = Realms::new([dir, onprem]);
    let name = principal("alice\\@onprem.test@DIR.TEST").with_name_type(name_type::ENTERPRISE);
    let mut exchange = AsExchange::new(AsSettings::new(name, Secret::password(PASSWORD)));
    let mut reply = None;
    let mut asked = Vec::new();
    loop {
        match exchange.next(reply.as_deref(), now(), &mut SystemRandom).unwrap() {
            Action::Done(tgt) => {
                assert_eq!(tgt.server, principal("krbtgt/ONPREM.TEST@ONPREM.TEST"));
                break;
            }
            Action::Send(request) => {
                asked.push(String::from_utf8(request.realm.clone()).unwrap());
                reply = realms.answer(&request.realm, &request.message);
            }
        }
    }
    assert_eq!(asked, [DIR, ONPREM, ONPREM]);
    assert_eq!(code(realms.login("alice@DIR.TEST")), 6);
}

#[test]
fn realms_that_send_in_circles_are_noticed() {
    let circle = |name: &str, other: &str| {
        let mut realm = realm(name, &[other], &[other]);
        realm.trusts.hosts.insert("db.nowhere.test".to_owned(), other.to_owned());
        realm.trusts.referred_names = ReferredNames::Any;
        realm
    };
    let realms = Realms::new([circle(DIR, ONPREM), circle(ONPREM, DIR)]);
    let refused = realms.ticket("alice@ONPREM.TEST", "postgres/db.nowhere.test").unwrap_err();
    assert_eq!(refused, KerberosFailure::Rejected(shakedown_krb5::client::rejected::REFERRAL));
}

#[test]
fn a_realm_cannot_trust_itself_or_twice() {
    for trusts in [&[DIR][..], &[""], &[ONPREM, ONPREM]] {
        assert!(Kdc::new(&realm(DIR, trusts, &[]), &mut SystemRandom).is_err(), "{trusts:?}");
    }
    // What is no key of this realm's is not to be had by a name of another realm.
    assert!(one_way().kdc(DIR).keytab("postgres/db.onprem.test@ONPREM.TEST", 0).is_err());
    assert_eq!(one_way().kdc(DIR).keytab("krbtgt/DIR.TEST@ONPREM.TEST", 0).unwrap().entries.len(), 1);
}
