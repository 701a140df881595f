//! Accounts that are not as they should be, in MIT's words.

use std::num::NonZeroU32;

use mock_kdc::{Flavor, Kdc, Lockout, Outcome, Realm, SystemRandom, User};
use shakedown_krb5::crypto::Etype;

use crate::world::{PASSWORD, REALM, in_each_flavor, in_realm};

#[test]
fn the_state_of_an_account_is_told() {
    const REVOKED: &str = "credentials have been revoked";
    in_each_flavor("", |world| {
        // Active Directory does not tell an account that has ended from one that is disabled.
        let ended = if world.is_ad() { REVOKED } else { "Client's entry in database has expired" };
        for (user, words) in [
            ("disabled", REVOKED),
            ("locked", REVOKED),
            ("ended", ended),
            ("early", "Client not yet valid - try again later"),
        ] {
            world.kinit(&[user], PASSWORD).fails_with(words);
        }
    });
}

#[test]
fn a_password_that_has_to_be_changed_is_asked_for_anew() {
    in_each_flavor("", |world| {
        for user in ["newcomer", "stale"] {
            // A ticket for kadmin/changepw there is; nobody types a new password here.
            let said = world.kinit(&[user], PASSWORD);
            said.fails().says("Password expired.  You must change it now.").says("Enter new password");
            let log = world.handle.log().since(0);
            let last = log.last().unwrap();
            assert!(matches!(last.outcome, Outcome::Issued { .. }), "{}", said.text);
            // Active Directory tells the age of a password to who knows it, MIT's KDC to everybody.
            world.kinit(&[user], "wrong").fails_with("Password incorrect");
            let codes: Vec<_> =
                world.handle.log().since(0)[log.len()..].iter().map(|event| event.outcome.to_string()).collect();
            assert_eq!(codes.first().map(String::as_str), Some(if world.is_ad() { "krb 25" } else { "krb 23" }));
        }
    });
}

#[test]
fn wrong_passwords_lock_an_account_until_it_is_unlocked() {
    for flavor in Flavor::ALL {
        let mut realm = Realm::of(*flavor, REALM);
        realm.etypes = vec![Etype::Aes256Sha1];
        realm.lockout = Some(Lockout::after(NonZeroU32::new(3).unwrap()));
        realm.users = vec![User::new("alice", PASSWORD), User::new("bob", PASSWORD)];
        in_realm(&Kdc::new(&realm, &mut SystemRandom).unwrap(), "", |world| {
            let wrong = || world.kinit(&["alice"], "wrong");
            for _ in 0..2 {
                wrong().fails_with("Password incorrect");
            }
            // A right one sets the count back.
            world.kinit(&["alice"], PASSWORD).succeeds();
            for _ in 0..3 {
                wrong().fails_with("Password incorrect");
            }
            world.kinit(&["alice"], PASSWORD).fails_with("credentials have been revoked");
            world.kinit(&["bob"], PASSWORD).succeeds();
        });
    }
}
