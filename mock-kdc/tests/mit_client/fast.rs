//! FAST (RFC 6113). What libkrb5 says on KRB5_TRACE is the proof that its requests went through the tunnel.

use std::sync::OnceLock;

use mock_kdc::{Fast, Flavor, Kdc, Preauth, Realm, Service, SystemRandom, User};
use shakedown_krb5::crypto::Etype;

use crate::world::{ETYPES, PASSWORD, REALM, World, in_realm};

/// What libkrb5 says when it puts a request into the tunnel, and when it takes a reply out of it.
const ENCODES: &str = "Encoding request body and padata into FAST request";
const DECODES: &str = "Decoding FAST response";
/// Only a reply that came through the tunnel has a key that strengthens the reply key.
const STRENGTHENED: &str = "FAST reply key: ";

/// Plays a test in a realm of each flavor that has this setting.
fn in_each_flavor(fast: Fast, settings: &str, test: impl Fn(&World)) {
    for flavor in Flavor::ALL {
        in_realm(&kdc(*flavor, fast), settings, &test);
    }
}

/// Gets a ticket for the host of the client, which armors the requests of its users.
fn armor(world: &World) -> String {
    let (keytab, cache) = (world.write_keytab("host/client.test"), world.path("armor"));
    let cache = cache.to_str().unwrap().to_owned();
    world.kinit(&["-k", "-t", &keytab, "-c", &cache, "host/client.test"], "").succeeds();
    cache
}

/// The keys are made once for each setting; each test has a KDC and a log of its own.
fn kdc(flavor: Flavor, fast: Fast) -> Kdc {
    static KDCS: OnceLock<Vec<Kdc>> = OnceLock::new();
    let make = |flavor, fast| {
        let mut realm = Realm::of(flavor, REALM);
        realm.etypes = ETYPES.to_vec();
        realm.fast = fast;
        let etypes = if fast == Fast::Offered { None } else { Some(vec![Etype::Aes256Sha1]) };
        realm.users.push(User { etypes: etypes.clone(), ..User::new("alice", PASSWORD) });
        realm.users.push(User { etypes, preauth: Some(Preauth::NotRequired), ..User::new("bob", PASSWORD) });
        realm.services.push(Service::new("postgres/db.test"));
        realm.services.push(Service::new("host/client.test"));
        Kdc::new(&realm, &mut SystemRandom).unwrap()
    };
    let all = KDCS.get_or_init(|| {
        Flavor::ALL.iter().flat_map(|flavor| Fast::ALL.iter().map(move |fast| make(*flavor, *fast))).collect()
    });
    all.iter().find(|kdc| (kdc.realm().flavor, kdc.realm().fast) == (flavor, fast)).unwrap().fork()
}

#[test]
fn kinit_proves_the_password_within_the_tunnel() {
    in_each_flavor(Fast::Offered, "", |world| {
        let armor = armor(world);
        let before = world.handle.log().since(0).len();
        let said = world.kinit(&["-T", &armor, "alice"], PASSWORD);
        said.succeeds().says(ENCODES).says(DECODES).says("Preauth module encrypted_challenge (138)");
        said.says(STRENGTHENED).says("FAST armor key: ").does_not_say("encrypted_timestamp");
        let trace = world.trace_after(before);
        assert!(trace.starts_with("as-req krb-error as-req ") && trace.ends_with(" as-req as-rep"), "{trace}");
        world
            .run("klist", &["-C"], "")
            .says("config: fast_avail")
            .says("config: pa_type(krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM) = 138");
    });
}

#[test]
fn the_tunnel_may_have_any_etype_and_so_may_the_password() {
    for host in ETYPES {
        for user in ETYPES {
            // The armor is made of the first etype, the reply key of the other.
            in_each_flavor(Fast::Offered, &format!("    permitted_enctypes = {host}"), |world| {
                let armor = armor(world);
                world.configure(&format!("    permitted_enctypes = {user} {host}"));
                world.kinit(&["-T", &armor, "alice"], PASSWORD).succeeds().says(STRENGTHENED);
                world.kvno(&["postgres/db.test"]).succeeds().says(STRENGTHENED);
            });
        }
    }
}

#[test]
fn kvno_goes_through_the_tunnel_of_its_own_ticket() {
    in_each_flavor(Fast::Offered, "", |world| {
        // Without armor too: that the KDC knows FAST is protected by the reply key.
        world.kinit(&["alice"], PASSWORD).succeeds().does_not_say(ENCODES);
        world.kvno(&["postgres/db.test"]).succeeds().says(ENCODES).says(DECODES).says(STRENGTHENED);
        let keytab = world.write_keytab("postgres/db.test");
        world.kvno(&["-k", &keytab, "postgres/db.test"]).succeeds().says("keytab entry valid");
        // An error comes through the tunnel as well.
        let said = world.kvno(&["nobody/db.test"]);
        said.fails().says(DECODES).says(&world.words_for_unknown_service("nobody/db.test"));
    });
}

#[test]
fn a_wrong_password_is_told_within_the_tunnel() {
    in_each_flavor(Fast::Offered, "", |world| {
        let armor = armor(world);
        let said = world.kinit(&["-T", &armor, "alice"], "wrong");
        said.fails().says(DECODES).says("encrypted_challenge").says("Password incorrect");
        world.kinit(&["-T", &armor, "nobody"], "wrong").fails().says(DECODES).says("not found in Kerberos database");
    });
}

#[test]
fn an_account_without_preauthentication_gets_its_ticket_through_the_tunnel() {
    in_each_flavor(Fast::Offered, "", |world| {
        let armor = armor(world);
        let said = world.kinit(&["-T", &armor, "bob"], PASSWORD);
        said.succeeds()
            .says(STRENGTHENED)
            .says(STRENGTHENED)
            .does_not_say("encrypted_challenge (138) (real) returned: 0");
    });
}

#[test]
fn a_realm_that_does_not_offer_fast_does_without() {
    in_each_flavor(Fast::No, "", |world| {
        let armor = armor(world);
        world.kinit(&["-T", &armor, "alice"], PASSWORD).succeeds().does_not_say(ENCODES).says("encrypted_timestamp");
        // kvno tries it all the same, and makes nothing of a reply that does not come through the tunnel.
        world.kvno(&["postgres/db.test"]).succeeds().says(ENCODES).does_not_say(STRENGTHENED);
    });
}

#[test]
fn a_realm_that_requires_armor_refuses_passwords_without() {
    in_each_flavor(Fast::Required, "", |world| {
        let said = world.kinit(&["alice"], PASSWORD);
        said.fails().says("KDC policy rejects request");
        let armor = armor(world);
        world.kinit(&["-T", &armor, "alice"], PASSWORD).succeeds().says(STRENGTHENED);
        world.kvno(&["postgres/db.test"]).succeeds().says(STRENGTHENED);
    });
}

#[test]
fn armor_that_has_ended_is_no_armor() {
    in_each_flavor(Fast::Offered, "", |world| {
        let armor = armor(world);
        world.handle.kdc().set_clock_offset(36_000 + 400);
        let before = world.handle.log().since(0).len();
        world.kinit(&["-T", &armor, "alice"], PASSWORD).fails();
        assert_eq!(world.handle.log().since(0)[before].outcome.to_string(), "krb 32");
    });
}
