//! Names as they are stored and as clients write them.

use crate::world::{PASSWORD, in_each_flavor};

#[test]
fn an_active_directory_knows_names_in_any_case_and_mits_kdc_in_one() {
    const UNKNOWN: &str = "not found in Kerberos database";
    in_each_flavor("", |world| {
        let client = || world.cache().principal.to_string();
        if !world.is_ad() {
            world.kinit(&["ALICE"], PASSWORD).fails_with(UNKNOWN);
            world.kinit(&["alice"], PASSWORD).succeeds();
            world.kvno(&["POSTGRES/db.test"]).fails_with(UNKNOWN);
            return;
        }
        world.kinit(&["ALICE"], PASSWORD).succeeds();
        assert_eq!(client(), "ALICE@CORP.EXAMPLE.COM");
        world.kvno(&["POSTGRES/DB.TEST"]).succeeds();
        // Who asks for it is told the name as it is stored.
        world.kinit(&["-C", "ALICE"], PASSWORD).succeeds();
        assert_eq!(client(), "alice@CORP.EXAMPLE.COM");
    });
}

#[test]
fn who_asks_for_the_canonical_name_of_a_stored_one_gets_the_same() {
    in_each_flavor("", |world| {
        world.kinit(&["-C", "alice"], PASSWORD).succeeds();
        assert_eq!(world.cache().principal.to_string(), "alice@CORP.EXAMPLE.COM");
        world.kvno(&["postgres/db.test"]).succeeds();
    });
}

#[test]
fn an_active_directory_looks_up_enterprise_names() {
    in_each_flavor("", |world| {
        for name in ["alice@corp.example.com", "alice.liddell@example.com", "ALICE.LIDDELL@EXAMPLE.COM"] {
            if !world.is_ad() {
                world.kinit(&["-E", name], PASSWORD).fails_with("not found in Kerberos database");
                continue;
            }
            world.kinit(&["-C", "-E", name], PASSWORD).succeeds();
            assert_eq!(world.cache().principal.to_string(), "alice@CORP.EXAMPLE.COM", "{name}");
            world.kvno(&["postgres/db.test"]).succeeds();
            // Without the wish for another, the name stays what the client has written.
            world.kinit(&["-E", name], PASSWORD).succeeds();
            let kept = world.cache().principal.to_string();
            assert_eq!(kept, format!("{}@CORP.EXAMPLE.COM", name.replace('@', "\\@")));
        }
        if world.is_ad() {
            world.kinit(&["-E", "nobody@example.com"], PASSWORD).fails_with("not found in Kerberos database");
        }
    });
}

#[test]
fn a_computer_logs_in_and_is_a_service_by_its_other_names() {
    in_each_flavor("", |world| {
        world.kinit(&["alice"], PASSWORD).succeeds();
        if !world.is_ad() {
            return world.kvno(&["shared/db.test"]).fails_with("not found in Kerberos database");
        }
        world.kvno(&["shared/db.test"]).succeeds().says("shared/db.test@CORP.EXAMPLE.COM: kvno = 1");
        world.kinit(&["DB01$"], PASSWORD).succeeds();
        // A user is none but for who knows its session key.
        world.kvno(&["bob"]).fails_with("valid for user2user only");
    });
}
