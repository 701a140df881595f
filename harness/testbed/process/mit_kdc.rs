//! A planned realm in the words of MIT's KDC: its two configuration files and the commands that make its principals.
//!
//! Pure text. <https://web.mit.edu/kerberos/krb5-1.20/doc/admin/conf_files/kdc_conf.html>

mod accounts;

use crate::scenario::party::{Password, Realm, RealmService};
use crate::scenario::plan::{AccountState, Keys, Verb};
use crate::testbed::kdc_change::KdcChange;
use crate::testbed::krb5_conf::ALLOW_RC4;
use mock_kdc::Flavor;
use std::fmt::Write as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Encryption types that MIT's KDC serves, by their names in its files. The last is for realms that name it.
const ETYPES: [(i32, &str); 5] = [
    (18, "aes256-cts-hmac-sha1-96"),
    (17, "aes128-cts-hmac-sha1-96"),
    (20, "aes256-cts-hmac-sha384-192"),
    (19, "aes128-cts-hmac-sha256-128"),
    (23, "arcfour-hmac"),
];

/// The file in the KDC's folder that the keys of all services are exported into.
pub(super) const KEYTAB: &str = "keytab";

const WRITES: &str = "a String takes all that is written";

/// Why MIT's KDC cannot be such a realm, if so.
pub(super) fn lacks(realm: &Realm) -> Option<String> {
    if !realm.deviations.is_empty() {
        return Some(format!("MIT's KDC makes no deviation on demand: {}", realm.deviations.join(", ")));
    }
    if !realm.rules.is_empty() {
        return Some("MIT's KDC fails by no rule".to_owned());
    }
    if let Some(etype) = realm.etypes.iter().find(|number| name(**number).is_none()) {
        return Some(format!("MIT's KDC does not serve encryption type {etype}"));
    }
    let names = realm.users.keys().chain(realm.services.keys()).chain([&realm.realm]);
    if let Some(name) = names.into_iter().find(|name| !is_plain(name)) {
        return Some(format!("MIT's files have no plain way to write the name '{name}'"));
    }
    let empty = realm.users.iter().find(|(_, user)| user.password == Password::Empty);
    let empty = empty
        .map(|(name, _)| name.clone())
        .or_else(|| realm.shared_principals().next().filter(|_| realm.trust_password == Password::Empty));
    empty
        .map(|name| format!("MIT's KDC has no empty passwords, as {name} would have"))
        .or_else(|| accounts::lacks(realm))
}

/// Letters, digits and what names of hosts and users have beside. Everything else has some meaning in some of the files.
fn is_plain(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/$+".contains(c);
    !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain)
}

fn name(etype: i32) -> Option<&'static str> {
    ETYPES.iter().find(|(number, _)| *number == etype).map(|(_, name)| *name)
}

/// Best first; all of AES if the plan names none.
fn etypes(realm: &Realm) -> Vec<&'static str> {
    if realm.etypes.is_empty() {
        return Flavor::Mit.etypes().into_iter().filter_map(|etype| name(etype.number())).collect();
    }
    realm.etypes.iter().filter_map(|number| name(*number)).collect()
}

/// `kdc.conf`, with everything in `folder` and the KDC on that port of loopback.
///
/// Tickets hold no PAC: mocks put none in, and nothing that scenarios look at is in it. Neither the last login nor failed ones
/// are kept, as that costs a write to the disk for each login, unless a scenario wants that wrong passwords lock.
pub(super) fn kdc_conf(realm: &Realm, folder: &Path, port: u16) -> String {
    let (name, place) = (&realm.realm, folder.display());
    let keys: Vec<String> = etypes(realm).iter().map(|etype| format!("{etype}:normal")).collect();
    format!(
        "[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
{limit}[realms]
    {name} = {{
        database_name = {place}/principal
        database_module = local
        key_stash_file = {place}/stash
        supported_enctypes = {keys}
        max_life = {life}s
        max_renewable_life = {renewable}
        disable_pac = true
    }}
[dbmodules]
    local = {{
        db_library = db2
        database_name = {place}/principal
        disable_last_success = true
        disable_lockout = {is_lockless}
    }}
",
        limit = accounts::datagram_limit(realm),
        renewable = accounts::renewable(realm),
        is_lockless = realm.settings.lockout.is_none(),
        keys = keys.join(" "),
        life = realm.ticket_lifetime_seconds,
    )
}

/// The `krb5.conf` of the KDC itself. What may be a session key is decided here, by `permitted_enctypes`.
pub(super) fn krb5_conf(realm: &Realm) -> String {
    format!(
        "[libdefaults]
    default_realm = {name}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    permitted_enctypes = {etypes}
{rc4}{skew}[logging]
    kdc = STDERR
    default = STDERR
",
        name = realm.realm,
        etypes = etypes(realm).join(" "),
        rc4 = if realm.names_rc4() { ALLOW_RC4 } else { "" },
        skew = accounts::clock_skew(realm),
    )
}

/// What `kadmin.local` reads from its standard input: every principal, and the export of all services' keys into the folder that it
/// works in: the path of that folder may hold what splits words. `other_service` is one that exists in every realm.
///
/// # Errors
/// A password that no line can hold: the user's name.
pub(super) fn commands(
    realm: &Realm,
    other_service: &str,
    password: impl Fn(&Password) -> Zeroizing<String>,
) -> Result<Zeroizing<String>, String> {
    let mut lines = Zeroizing::new(accounts::before(realm));
    for (user, of_user) in &realm.users {
        let password = password(&of_user.password);
        let quoted = quoted(&password).ok_or_else(|| user.clone())?;
        let attributes = accounts::of_user(realm, of_user);
        writeln!(lines, "addprinc{attributes} -pw {} {user}", *quoted).expect(WRITES);
        writeln!(lines, "ktadd -norandkey -k {KEYTAB} {user}").expect(WRITES);
    }
    for principal in realm.shared_principals() {
        let quoted = quoted(&password(&realm.trust_password)).ok_or_else(|| principal.clone())?;
        writeln!(lines, "addprinc -pw {} {principal}", *quoted).expect(WRITES);
    }
    let nothing = RealmService::default();
    for service in services(realm, other_service) {
        let planned = realm.services.get(service).unwrap_or(&nothing);
        let attributes = accounts::of_service(realm, planned);
        writeln!(lines, "addprinc -randkey{attributes} {service}").expect(WRITES);
        writeln!(lines, "ktadd -norandkey -k {KEYTAB} {service}").expect(WRITES);
        lines.push_str(&accounts::after_service(service, planned));
    }
    writeln!(lines, "listprincs").expect(WRITES);
    Ok(lines)
}

/// What MIT's KDC cannot do of what a step wants of it, if so.
pub(super) fn lacks_verb(verb: &Verb) -> Option<String> {
    match verb {
        Verb::ChangePassword { password: Password::Empty, user, .. } => {
            Some(format!("MIT's KDC has no empty passwords, as {user} would have"))
        }
        Verb::RotateTrust { password: Password::Empty, other, .. } => {
            Some(format!("MIT's KDC has no empty passwords, as the trust with {other} would have"))
        }
        Verb::Account { state: AccountState::LockedOut(_), user, .. } => {
            Some(format!("MIT's KDC locks nobody out on demand, as {user} would be"))
        }
        Verb::Fault { .. } => Some("MIT's KDC fails by no rule: it has no verb 'fault'".to_owned()),
        _ => None,
    }
}

/// What `kadmin.local` reads from its standard input to change a realm. What is new of a service is exported into the folder that it
/// works in. `None`: a password that no line can hold, or what [`lacks_verb`] names.
pub(super) fn change(realm: &str, change: &KdcChange<'_>) -> Option<Zeroizing<String>> {
    let mut lines = Zeroizing::new(String::new());
    let keeping = |old_keys: &Keys| if *old_keys == Keys::Kept { "-keepold " } else { "" };
    match change {
        KdcChange::Service { spn, same_kvno } => {
            if *same_kvno {
                // The new principal begins to count where the old one did.
                writeln!(lines, "delprinc -force {spn}\naddprinc -randkey {spn}").expect(WRITES);
            } else {
                writeln!(lines, "cpw -randkey -keepold {spn}").expect(WRITES);
            }
            writeln!(lines, "ktadd -norandkey -k {KEYTAB} {spn}").expect(WRITES);
        }
        KdcChange::Password { user, password, old_keys } => {
            let keeping = keeping(old_keys);
            writeln!(lines, "cpw {keeping}-pw {} {user}", *quoted(password)?).expect(WRITES);
        }
        KdcChange::Trust { principals, password, old_keys } => {
            let (keeping, password) = (keeping(old_keys), quoted(password)?);
            for principal in principals {
                writeln!(lines, "cpw {keeping}-pw {} {principal}", *password).expect(WRITES);
            }
        }
        KdcChange::Krbtgt(old_keys) => {
            writeln!(lines, "cpw -randkey {}krbtgt/{realm}", keeping(old_keys)).expect(WRITES);
        }
        KdcChange::Account { user, state } => {
            let attribute = match state {
                AccountState::Disabled(disabled) => {
                    if *disabled {
                        "-allow_tix"
                    } else {
                        "+allow_tix"
                    }
                }
                AccountState::MustChangePassword(must) => {
                    if *must {
                        "+needchange"
                    } else {
                        "-needchange"
                    }
                }
                AccountState::LockedOut(_) => return None,
            };
            writeln!(lines, "modprinc {attribute} {user}").expect(WRITES);
        }
        // It is not told to the database.
        KdcChange::Clock(_) => {}
    }
    Some(lines)
}

/// Whether `kadmin.local` says that it has done it: it ends with 0 whatever came of its commands.
pub(super) fn is_done(change: &KdcChange<'_>, printed: &str) -> bool {
    let said = |begin: &str, end: &str| printed.lines().any(|line| line.contains(begin) && line.contains(end));
    match change {
        KdcChange::Service { spn, same_kvno: true } => {
            said(&format!("Principal \"{spn}@"), "created.") && said(&format!("Entry for principal {spn} "), "added")
        }
        KdcChange::Service { spn, same_kvno: false } => {
            said(&format!("Key for \"{spn}@"), "randomized.") && said(&format!("Entry for principal {spn} "), "added")
        }
        KdcChange::Password { user, .. } => said(&format!("Password for \"{user}@"), "changed."),
        KdcChange::Trust { principals, .. } => {
            principals.iter().all(|principal| said(&format!("Password for \"{principal}\""), "changed."))
        }
        KdcChange::Krbtgt(_) => said("Key for \"krbtgt/", "randomized."),
        KdcChange::Account { user, .. } => said(&format!("Principal \"{user}@"), "modified."),
        KdcChange::Clock(_) => true,
    }
}

/// A password as `kadmin.local` takes it: a quotation mark between quotation marks is written twice. `None`: no line can hold it.
fn quoted(password: &str) -> Option<Zeroizing<String>> {
    let fits = !password.chars().any(char::is_control);
    fits.then(|| Zeroizing::new(format!("\"{}\"", Zeroizing::new(password.replace('"', "\"\"")).as_str())))
}

/// The first principal of the realm that is not in what `listprincs` has printed.
pub(super) fn missing(realm: &Realm, other_service: &str, printed: &str) -> Option<String> {
    let principals = realm.users.keys().map(String::as_str).chain(services(realm, other_service));
    let mut full = principals.map(|name| format!("{name}@{}", realm.realm)).chain(realm.shared_principals());
    full.find(|principal| !printed.lines().any(|line| line == principal))
}

fn services<'r>(realm: &'r Realm, other: &'r str) -> impl Iterator<Item = &'r str> {
    let is_planned = realm.services.contains_key(other);
    realm.services.keys().map(String::as_str).chain((!is_planned).then_some(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::party::{RealmSettings, RealmUser};
    use std::collections::BTreeSet;

    fn realm() -> Realm {
        let alice = RealmUser::new(Password::Named("alice".to_owned()));
        Realm {
            realm: "CORP.EXAMPLE.COM".to_owned(),
            users: [("alice".to_owned(), alice)].into(),
            settings: RealmSettings::default(),
            services: [("postgres/db.test".to_owned(), RealmService::default())].into(),
            etypes: vec![20, 17],
            ticket_lifetime_seconds: 600,
            clock_seconds: 0,
            deviations: Vec::new(),
            trusts: BTreeSet::new(),
            trusted_by: BTreeSet::new(),
            trust_password: Password::Named("trust".to_owned()),
            rules: Vec::new(),
        }
    }

    #[test]
    fn configuration_says_what_is_planned() {
        let conf = kdc_conf(&realm(), Path::new("/somewhere"), 1088);
        for line in [
            "kdc_listen = 127.0.0.1:1088",
            "kdc_tcp_listen = 127.0.0.1:1088",
            "CORP.EXAMPLE.COM = {",
            "supported_enctypes = aes256-cts-hmac-sha384-192:normal aes128-cts-hmac-sha1-96:normal",
            "max_life = 600s",
            "key_stash_file = /somewhere/stash",
            "disable_pac = true",
        ] {
            assert_eq!(conf.lines().filter(|found| found.trim() == line).count(), 1, "{line} in\n{conf}");
        }
        let conf = krb5_conf(&realm());
        assert!(conf.contains("permitted_enctypes = aes256-cts-hmac-sha384-192 aes128-cts-hmac-sha1-96\n"), "{conf}");
        assert!(conf.contains("default_realm = CORP.EXAMPLE.COM\n"), "{conf}");
        let all = krb5_conf(&Realm { etypes: Vec::new(), ..realm() });
        assert!(all.contains("permitted_enctypes = aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 aes256-"), "{all}");
        assert!(!all.contains("rc4") && !all.contains("arcfour"), "{all}");
        // 1.21 and later serve it to who says so.
        let with_rc4 = krb5_conf(&Realm { etypes: vec![18, 23], ..realm() });
        assert!(
            with_rc4.contains("permitted_enctypes = aes256-cts-hmac-sha1-96 arcfour-hmac\n    allow_rc4 = true\n"),
            "{with_rc4}"
        );
    }

    #[test]
    fn principals_are_made_and_services_exported() {
        let commands = |password: &'static str| {
            let of = move |_: &Password| Zeroizing::new(password.to_owned());
            commands(&realm(), "host/elsewhere.test", of)
        };
        assert_eq!(
            *commands("a\"b c").unwrap(),
            "addprinc +requires_preauth -pw \"a\"\"b c\" alice
ktadd -norandkey -k keytab alice
addprinc -randkey postgres/db.test
ktadd -norandkey -k keytab postgres/db.test
addprinc -randkey host/elsewhere.test
ktadd -norandkey -k keytab host/elsewhere.test
listprincs
"
        );
        assert_eq!(commands("two\nlines").unwrap_err(), "alice");
    }

    #[test]
    fn what_is_shared_with_other_realms_is_made_on_both_sides() {
        let there = |name: &str| BTreeSet::from([name.to_owned()]);
        let realm = Realm { trusts: there("ONPREM.TEST"), trusted_by: there("CHILD.TEST"), ..realm() };
        let written = commands(&realm, "host/elsewhere.test", |_| Zeroizing::new("pw".to_owned())).unwrap();
        for line in [
            "addprinc -pw \"pw\" krbtgt/CORP.EXAMPLE.COM@ONPREM.TEST",
            "addprinc -pw \"pw\" krbtgt/CHILD.TEST@CORP.EXAMPLE.COM",
        ] {
            assert!(written.lines().any(|found| found == line), "{line}");
        }
        let printed = "alice@CORP.EXAMPLE.COM\nhost/elsewhere.test@CORP.EXAMPLE.COM\n\
                       postgres/db.test@CORP.EXAMPLE.COM\nkrbtgt/CORP.EXAMPLE.COM@ONPREM.TEST\n";
        let missed = missing(&realm, "host/elsewhere.test", printed);
        assert_eq!(missed.as_deref(), Some("krbtgt/CHILD.TEST@CORP.EXAMPLE.COM"));
        let empty = Realm { trust_password: Password::Empty, ..realm };
        assert!(lacks(&empty).is_some_and(|reason| reason.contains("krbtgt/CORP.EXAMPLE.COM@ONPREM.TEST")));
    }

    #[test]
    fn a_principal_that_was_not_made_is_missed() {
        let missing = |printed: &str| missing(&realm(), "host/elsewhere.test", printed);
        let all = "kadmin.local:  listprincs\nalice@CORP.EXAMPLE.COM\nhost/elsewhere.test@CORP.EXAMPLE.COM\n";
        assert_eq!(missing(all).as_deref(), Some("postgres/db.test@CORP.EXAMPLE.COM"));
        let all = format!("{all}postgres/db.test@CORP.EXAMPLE.COM\n");
        assert_eq!(missing(&all), None);
        // The echo of a command is no principal.
        let echoed = all.replace("\nalice@CORP", "\naddprinc alice@CORP");
        assert_eq!(missing(&echoed).as_deref(), Some("alice@CORP.EXAMPLE.COM"));
    }

    #[test]
    fn what_mits_kdc_cannot_be_is_said() {
        assert_eq!(lacks(&realm()), None);
        assert_eq!(lacks(&Realm { clock_seconds: -3600, ..realm() }), None);
        let deviating = Realm { deviations: vec!["wrong_nonce".to_owned()], ..realm() };
        assert_eq!(lacks(&deviating).as_deref(), Some("MIT's KDC makes no deviation on demand: wrong_nonce"));
        let old = Realm { etypes: vec![18, 16], ..realm() };
        assert_eq!(lacks(&old).as_deref(), Some("MIT's KDC does not serve encryption type 16"));
        let nobody = RealmUser::new(Password::Empty);
        let empty = Realm { users: [("bob".to_owned(), nobody.clone())].into(), ..realm() };
        assert_eq!(lacks(&empty).as_deref(), Some("MIT's KDC has no empty passwords, as bob would have"));
        for name in ["a b", "-pw", "a\"", "a\nb", "a@B", "ä", ""] {
            let strange = Realm { users: [(name.to_owned(), nobody.clone())].into(), ..realm() };
            assert!(lacks(&strange).is_some_and(|reason| reason.contains("no plain way")), "{name}");
        }
    }
}
