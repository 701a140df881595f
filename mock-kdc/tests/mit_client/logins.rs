//! Logins by password and by keytab, and clocks that differ.

use mock_kdc::Deviation;

use crate::world::{PASSWORD, in_each_flavor};

#[test]
fn a_wrong_password_is_told_and_so_is_a_name_that_there_is_not() {
    in_each_flavor("", |world| {
        world.kinit(&["alice"], "wrong").fails_with("Password incorrect");
        world.kinit(&["nobody"], PASSWORD).fails_with("not found in Kerberos database");
        world.kinit(&["alice"], PASSWORD).succeeds();
        world.kvno(&["nobody/db.test"]).fails_with(world.words_for_unknown_service("nobody/db.test").as_str());
    });
}

#[test]
fn a_keytab_logs_in_as_a_password_does() {
    in_each_flavor("", |world| {
        let keytab = world.write_keytab("alice");
        world.kinit(&["-k", "-t", &keytab, "alice"], "").succeeds();
        world.run("klist", &["-s"], "").succeeds();
        // The counter-check: the keytab of another.
        let other = world.write_keytab("bob");
        world.kinit(&["-k", "-t", &other, "alice"], "").fails_with("Keytab contains no suitable keys");
    });
}

#[test]
fn a_salt_that_is_not_the_default_is_told() {
    in_each_flavor("", |world| {
        world.kinit(&["bob"], PASSWORD).succeeds();
    });
}

#[test]
fn a_kdc_whose_clock_is_hours_ahead_is_followed() {
    in_each_flavor("", |world| {
        world.handle.kdc().set_clock_offset(36_000);
        world.kinit(&["alice"], PASSWORD).succeeds();
        let offset = world.cache().kdc_offset.unwrap().seconds;
        assert!((35_998..=36_001).contains(&offset), "{offset}");
        world.kvno(&["postgres/db.test"]).succeeds();
        // With that offset in mind, a clock that is put right again is one that is off.
        world.handle.kdc().set_clock_offset(0);
        world.kvno(&["mysql/db.test"]).fails();
        assert_eq!(world.last_outcome(), "krb 33");
    });
}

#[test]
fn a_ticket_that_has_ended_is_stored_and_is_none() {
    in_each_flavor("", |world| {
        world.handle.kdc().set_deviations(&[Deviation::named("end-time-in-the-past").unwrap()]);
        world.kinit(&["alice"], PASSWORD).succeeds();
        world.run("klist", &["-s"], "").fails();
        world.handle.kdc().set_deviations(&[]);
        world.kinit(&["alice"], PASSWORD).succeeds();
        world.run("klist", &["-s"], "").succeeds();
    });
}
