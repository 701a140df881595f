//! The salt of a password's keys, where nobody says another. It is made once, with the account: renaming the account
//! does not change its keys, so it must not change their salt either.

use shakedown_krb5::Principal;
use shakedown_krb5::crypto::default_salt;

use crate::realm::{Flavor, Kind, Realm, User};

/// As MIT has it, RFC 4120 §4: realm and components. As Active Directory has it, MS-KILE 3.1.1.2: of computers the name
/// of the host, of others the user principal name before its `@`, or the account name in its stored case.
pub(crate) fn of(realm: &Realm, user: &User, principal: &Principal) -> Vec<u8> {
    if realm.flavor == Flavor::Mit {
        return default_salt(principal);
    }
    let mut salt = realm.name.to_uppercase();
    match (user.kind, &user.upn) {
        (Kind::Computer, _) => {
            let host = user.name.strip_suffix('$').unwrap_or(&user.name);
            salt.push_str("host");
            salt.push_str(&host.to_lowercase());
            salt.push('.');
            salt.push_str(&realm.name.to_lowercase());
        }
        (Kind::User, Some(upn)) => {
            let local = upn.rsplit_once('@').map_or(upn.as_str(), |(local, _)| local);
            // The components of it, without what is between them.
            salt.extend(local.chars().filter(|c| *c != '/'));
        }
        (Kind::User, None) => salt.extend(user.name.chars().filter(|c| *c != '/')),
    }
    salt.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(flavor: Flavor, realm: &str, user: User, expected: &str) {
        let realm = Realm::of(flavor, realm);
        let principal = crate::database::principal(&realm, &user.name).unwrap();
        assert_eq!(String::from_utf8(of(&realm, &user, &principal)).unwrap(), expected);
    }

    #[test]
    fn mit_has_realm_and_components_as_they_are_written() {
        check(Flavor::Mit, "Corp.Example", User::new("Alice/Admin", ""), "Corp.ExampleAliceAdmin");
        check(Flavor::Mit, "R", User { upn: Some("x@y".to_owned()), ..User::new("alice", "") }, "Ralice");
    }

    #[test]
    fn active_directory_has_the_stored_case_the_upn_or_the_host() {
        let ad = Flavor::ActiveDirectory;
        check(ad, "corp.example.com", User::new("Alice", ""), "CORP.EXAMPLE.COMAlice");
        let upn = |upn: &str| User { upn: Some(upn.to_owned()), ..User::new("alice", "") };
        check(ad, "CORP.EXAMPLE.COM", upn("Alice.Liddell@example.com"), "CORP.EXAMPLE.COMAlice.Liddell");
        check(ad, "CORP.EXAMPLE.COM", upn("mysql/db.test@example.com"), "CORP.EXAMPLE.COMmysqldb.test");
        check(ad, "Corp.Example.com", User::computer("DB01$", ""), "CORP.EXAMPLE.COMhostdb01.corp.example.com");
        let computer = User { upn: Some("host/db01@x".to_owned()), ..User::computer("DB01$", "") };
        check(ad, "CORP.EXAMPLE.COM", computer, "CORP.EXAMPLE.COMhostdb01.corp.example.com");
    }
}
