//! What tickets say: flags, times, addresses; and what becomes of them: renewed, validated, opened.

use shakedown_krb5::Principal;

use crate::world::{PASSWORD, REALM, in_each_flavor};

#[test]
fn what_kinit_and_kvno_write_is_what_we_read() {
    in_each_flavor("", |world| {
        world.kinit(&["-f", "-p", "-l", "600", "-r", "3600", "alice"], PASSWORD).succeeds();
        // Forwardable, proxiable, renewable, initial, pre-authenticated.
        assert_eq!(world.flags(), "FPRIA");
        world.kvno(&["mysql/db.test"]).succeeds();
        let cache = world.cache();
        assert_eq!(cache.principal.to_string(), "alice@CORP.EXAMPLE.COM");
        let tgt = cache.find(&Principal::krbtgt(REALM.as_bytes())).unwrap();
        let (life, renewable) = (tgt.end_time - tgt.start_time, tgt.renew_till - tgt.start_time);
        assert!((599..=601).contains(&life) && (3599..=3601).contains(&renewable), "{life} {renewable}");
        // With a checksum of the request besides.
        assert_eq!(tgt.flags, 0x50e1_0000);
        let service = cache.find(&format!("mysql/db.test@{REALM}").parse().unwrap()).unwrap();
        assert_eq!((service.end_time, service.flags), (tgt.end_time, 0x50a9_0000));
    });
}

#[test]
fn flags_are_those_that_were_asked_for() {
    in_each_flavor("", |world| {
        for (arguments, flags) in [
            (&["-l", "1h", "alice"][..], "IA"),
            (&["-l", "1h", "-f", "alice"], "FIA"),
            (&["-l", "1h", "-p", "alice"], "PIA"),
            (&["-l", "1h", "-F", "-P", "-r", "2h", "alice"], "RIA"),
            // A longer life than there is: kinit takes a renewable ticket instead (RENEWABLE-OK).
            (&["-l", "20h", "alice"], "RIA"),
        ] {
            world.kinit(arguments, PASSWORD).succeeds();
            assert_eq!(world.flags(), flags, "{arguments:?}");
        }
    });
}

#[test]
fn addresses_are_in_the_ticket_if_the_client_wants_them_there() {
    in_each_flavor("    extra_addresses = 192.0.2.7", |world| {
        world.kinit(&["-a", "alice"], PASSWORD).succeeds();
        world.run("klist", &["-a", "-n"], "").succeeds().says("Addresses:").says("192.0.2.7");
        let krbtgt = format!("krbtgt/{REALM}");
        let addresses = world.opened(&krbtgt).addresses.unwrap();
        assert!(addresses.iter().any(|host| (host.addr_type, &host.address[..]) == (2, &[192, 0, 2, 7])));
        world.kinit(&["-A", "alice"], PASSWORD).succeeds();
        world.run("klist", &["-a", "-n"], "").succeeds().says("Addresses: (none)");
    });
}

#[test]
fn the_service_s_keytab_opens_the_ticket() {
    in_each_flavor("", |world| {
        world.kinit(&["alice"], PASSWORD).succeeds();
        let keytab = world.write_keytab("mysql/db.test");
        let valid = "mysql/db.test@CORP.EXAMPLE.COM: kvno = 3, keytab entry valid";
        world.kvno(&["-k", &keytab, "mysql/db.test"]).succeeds().says(valid);
        // The counter-check: a keytab of somebody else does not.
        let keytab = world.write_keytab("postgres/db.test");
        world.kvno(&["-k", &keytab, "mysql/db.test"]).fails();
    });
}

#[test]
fn a_ticket_is_renewed() {
    in_each_flavor("", |world| {
        world.kinit(&["-r", "1h", "-l", "10m", "alice"], PASSWORD).succeeds();
        let end = || world.cache().find(&Principal::krbtgt(REALM.as_bytes())).unwrap().end_time;
        let first = end();
        world.handle.kdc().set_clock_offset(120);
        world.kinit(&["-R"], "").succeeds();
        assert!(world.trace().ends_with(" as-rep tgs-req tgs-rep"), "{}", world.trace());
        assert!((119..=180).contains(&(end() - first)));
        world.kvno(&["postgres/db.test"]).succeeds();
        // What may not be renewed is not.
        world.kinit(&["-l", "1h", "alice"], PASSWORD).succeeds();
        world.kinit(&["-R"], "").fails_with("KDC can't fulfill requested option");
    });
}

#[test]
fn a_ticket_that_begins_later_is_validated() {
    in_each_flavor("", |world| {
        world.kinit(&["-s", "2m", "-l", "1h", "alice"], PASSWORD).succeeds();
        // May be postdated, is postdated, invalid, initial, pre-authenticated.
        assert_eq!(world.flags(), "DdiIA");
        world.kvno(&["postgres/db.test"]).fails();
        world.kinit(&["-v"], "").fails_with("Ticket not yet valid");
        world.handle.kdc().set_clock_offset(125);
        world.kinit(&["-v"], "").succeeds();
        assert!(!world.flags().contains('i'), "{}", world.flags());
        // Once valid it need not be made so.
        world.kinit(&["-v"], "").fails_with("KDC can't fulfill requested option");
    });
}

#[test]
fn a_ticket_under_another_user_s_session_key_is_for_that_user() {
    in_each_flavor("", |world| {
        let theirs = world.path("theirs").to_str().unwrap().to_owned();
        world.kinit(&["-c", &theirs, "bob"], PASSWORD).succeeds();
        world.kinit(&["alice"], PASSWORD).succeeds();
        world.kvno(&["--u2u", &theirs, "bob"]).succeeds().says("bob@CORP.EXAMPLE.COM: kvno = 0");
        // The session key of somebody else's ticket is not good for it.
        world.kvno(&["--u2u", &theirs, "carol"]).fails();
        assert_eq!(world.last_outcome(), "krb 26");
    });
}
