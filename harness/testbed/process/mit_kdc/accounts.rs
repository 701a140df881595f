//! Settings of a realm and attributes of its principals, as MIT's files and `kadmin` have them.
//! <https://web.mit.edu/kerberos/krb5-1.20/doc/admin/admin_commands/kadmin_local.html>

use super::{WRITES, name};
use crate::scenario::party::{AccountSettings, Realm, RealmService, RealmSettings, RealmUser};
use mock_kdc::{AccountChecks, BadPath, Fast, Flavor, Kind, Preauth, TicketFlag};
use std::fmt::Write as _;

/// Cases share a KDC, for as long as that at most: what is to begin or end earlier cannot be dated from the start of one.
const SHARED_FOR_SECONDS: i64 = 3600;

/// The policy of those whom wrong passwords lock.
const POLICY: &str = "lockout";

/// Why MIT's KDC cannot be such a realm or have such principals, if so.
pub(super) fn lacks(realm: &Realm) -> Option<String> {
    of_settings(&realm.settings).map(str::to_owned).or_else(|| {
        let users = realm.users.iter().map(|(name, user)| (name, lacks_user(user)));
        let services = realm.services.iter().map(|(name, service)| (name, lacks_account(&service.account)));
        let (name, lacking) = users.chain(services).find_map(|(name, lacking)| Some((name, lacking?)))?;
        Some(format!("MIT's KDC {lacking}, as {name} would have it"))
    })
}

fn of_settings(settings: &RealmSettings) -> Option<&'static str> {
    let RealmSettings {
        flavor,
        preauth: _,
        case_insensitive,
        canonicalize,
        enterprise_names,
        upn_suffixes,
        pac,
        fast,
        renewable_lifetime_seconds: _,
        clock_skew_seconds: _,
        max_datagram_reply_octets: _,
        lockout: _,
        anonymous: _,
        postdated: _,
        user_to_user: _,
        refused_flags: _,
        error_data,
        account_checks,
        bad_path,
        users_elsewhere,
    } = settings;
    let lacking = [
        (*flavor == Flavor::ActiveDirectory, "MIT's KDC is no Active Directory"),
        (*case_insensitive == Some(true), "MIT's KDC tells cases apart"),
        (*canonicalize == Some(false), "MIT's KDC canonicalizes whoever asks for it"),
        (
            *enterprise_names == Some(true) || !upn_suffixes.is_empty(),
            "MIT's KDC looks up no enterprise names in its files",
        ),
        (*pac == Some(true), "MIT's KDC puts no PAC of a directory into tickets"),
        (*fast == Some(Fast::Required), "MIT's KDC does not insist on FAST"),
        (bad_path.is_some_and(|bad_path| bad_path != BadPath::Policy), "MIT's KDC refuses a bad path by its policy"),
        (!users_elsewhere.is_empty(), "MIT's KDC knows of no users of other realms in its files"),
        (*error_data == Some(true), "MIT's KDC says no NTSTATUS"),
        (
            account_checks.is_some_and(|checks| checks != AccountChecks::BeforeProof),
            "MIT's KDC tells the state of accounts before the password is proven",
        ),
    ];
    lacking.into_iter().find_map(|(lacks, reason)| lacks.then_some(reason))
}

fn lacks_user(user: &RealmUser) -> Option<&'static str> {
    let lacking = [
        (user.kind == Kind::Computer, "has no accounts of computers"),
        (user.upn.is_some(), "has no user principal names"),
        (user.salt.is_some(), "makes its salts itself"),
        (user.locked_out, "locks nobody out on demand"),
        (user.password_history != 0, "counts former passwords as wrong ones"),
        (is_soon(user.password_expires_seconds), SOON),
    ];
    lacking.into_iter().find_map(|(lacks, reason)| lacks.then_some(reason)).or_else(|| lacks_account(&user.account))
}

fn lacks_account(account: &AccountSettings) -> Option<&'static str> {
    let lacking = [
        (!account.aliases.is_empty(), "has no aliases in its files"),
        (account.etypes.iter().any(|etype| name(*etype).is_none()), "does not serve such encryption types"),
        (account.valid_from_seconds.is_some(), "has no accounts that begin later"),
        (is_soon(account.expires_seconds), SOON),
    ];
    lacking.into_iter().find_map(|(lacks, reason)| lacks.then_some(reason))
}

const SOON: &str = "is shared between cases, and cannot have a moment that is near";

fn is_soon(seconds: Option<i64>) -> bool {
    seconds.is_some_and(|seconds| (0..SHARED_FOR_SECONDS).contains(&seconds))
}

/// For how long tickets can be renewed, in kdc.conf.
pub(super) fn renewable(realm: &Realm) -> String {
    realm.settings.renewable_lifetime_seconds.map_or("7d".to_owned(), |seconds| format!("{seconds}s"))
}

/// A line of `[kdcdefaults]`, or nothing.
pub(super) fn datagram_limit(realm: &Realm) -> String {
    let limit = realm.settings.max_datagram_reply_octets;
    limit.map_or(String::new(), |octets| format!("    kdc_max_dgram_reply_size = {octets}\n"))
}

/// A line of `[libdefaults]`, or nothing.
pub(super) fn clock_skew(realm: &Realm) -> String {
    realm.settings.clock_skew_seconds.map_or(String::new(), |seconds| format!("    clockskew = {seconds}\n"))
}

/// What has to be there before the principals.
pub(super) fn before(realm: &Realm) -> String {
    let mut lines = String::new();
    if let Some(lockout) = realm.settings.lockout {
        let (window, duration) = (lockout.window_seconds, lockout.duration_seconds);
        writeln!(
            lines,
            "addpol -maxfailure {} -failurecountinterval {window}s -lockoutduration {duration}s {POLICY}",
            lockout.attempts
        )
        .expect(WRITES);
    }
    if realm.settings.anonymous == Some(true) {
        lines.push_str("addprinc -randkey +requires_preauth WELLKNOWN/ANONYMOUS\n");
    }
    lines
}

/// The attributes of a user, each with a blank before it.
pub(super) fn of_user(realm: &Realm, user: &RealmUser) -> String {
    let mut attributes = String::new();
    if user.preauth.or(realm.settings.preauth).unwrap_or_default() == Preauth::Required {
        attributes.push_str(" +requires_preauth");
    }
    if user.must_change_password {
        attributes.push_str(" +needchange");
    }
    if let Some(seconds) = user.password_expires_seconds {
        write!(attributes, " -pwexpire {}", date(seconds)).expect(WRITES);
    }
    if realm.settings.lockout.is_some() {
        write!(attributes, " -policy {POLICY}").expect(WRITES);
    }
    attributes + &of_account(realm, &user.account)
}

/// Likewise of a service.
pub(super) fn of_service(realm: &Realm, service: &RealmService) -> String {
    let own = if service.user_to_user_only { " -allow_svr" } else { "" };
    own.to_owned() + &of_account(realm, &service.account)
}

/// What is to be done when the service is there and its keys are exported.
pub(super) fn after_service(service: &str, planned: &RealmService) -> String {
    let mut lines = String::new();
    let etypes: Vec<_> = planned.session_etypes.iter().filter_map(|etype| name(*etype)).collect();
    if !etypes.is_empty() {
        writeln!(lines, "setstr {service} session_enctypes \"{}\"", etypes.join(" ")).expect(WRITES);
    }
    if planned.keyless {
        writeln!(lines, "purgekeys -all {service}").expect(WRITES);
    }
    lines
}

fn of_account(realm: &Realm, account: &AccountSettings) -> String {
    let mut attributes = String::new();
    let etypes: Vec<_> = account.etypes.iter().filter_map(|etype| name(*etype)).collect();
    if !etypes.is_empty() {
        write!(attributes, " -e {}:normal", etypes.join(":normal,")).expect(WRITES);
    }
    if account.disabled {
        attributes.push_str(" -allow_tix");
    }
    if let Some(seconds) = account.expires_seconds {
        write!(attributes, " -expire {}", date(seconds)).expect(WRITES);
    }
    if let Some(seconds) = account.ticket_lifetime_seconds {
        write!(attributes, " -maxlife {seconds}s").expect(WRITES);
    }
    if let Some(seconds) = account.renewable_lifetime_seconds {
        write!(attributes, " -maxrenewlife {seconds}s").expect(WRITES);
    }
    let refused = |flag| account.refused_flags.contains(&flag) || realm.settings.refused_flags.contains(&flag);
    for (is_refused, attribute) in [
        (refused(TicketFlag::Forwardable), " -allow_forwardable"),
        (refused(TicketFlag::Proxiable), " -allow_proxiable"),
        (refused(TicketFlag::Renewable), " -allow_renewable"),
        (refused(TicketFlag::Postdated) || realm.settings.postdated == Some(false), " -allow_postdated"),
        (realm.settings.user_to_user == Some(false), " -allow_dup_skey"),
    ] {
        if is_refused {
            attributes.push_str(attribute);
        }
    }
    attributes
}

/// A moment as kadmin reads it, from the time at which it does.
fn date(seconds: i64) -> String {
    let ago = if seconds < 0 { " ago" } else { "" };
    format!("\"{} seconds{ago}\"", seconds.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::party::{Lockout, Password};

    fn realm(settings: RealmSettings) -> Realm {
        Realm {
            realm: "R".to_owned(),
            settings,
            users: [("alice".to_owned(), alice())].into(),
            services: [("a/b".to_owned(), RealmService::default())].into(),
            etypes: Vec::new(),
            ticket_lifetime_seconds: 600,
            clock_seconds: 0,
            deviations: Vec::new(),
            rules: Vec::new(),
            trusts: [].into(),
            trusted_by: [].into(),
            trust_password: Password::Named("trust".to_owned()),
        }
    }

    fn alice() -> RealmUser {
        RealmUser::new(Password::Named("alice".to_owned()))
    }

    #[test]
    fn attributes_are_those_of_kadmin() {
        let plain = realm(RealmSettings::default());
        let account = AccountSettings { etypes: vec![18, 20], ..AccountSettings::default() };
        for (user, expected) in [
            (alice(), " +requires_preauth"),
            (RealmUser { preauth: Some(Preauth::NotRequired), ..alice() }, ""),
            (RealmUser { must_change_password: true, ..alice() }, " +requires_preauth +needchange"),
            (
                RealmUser { password_expires_seconds: Some(-3600), ..alice() },
                " +requires_preauth -pwexpire \"3600 seconds ago\"",
            ),
            (
                RealmUser { account, ..alice() },
                " +requires_preauth -e aes256-cts-hmac-sha1-96:normal,aes256-cts-hmac-sha384-192:normal",
            ),
        ] {
            assert_eq!(of_user(&plain, &user), expected);
        }
        let account = AccountSettings {
            disabled: true,
            expires_seconds: Some(7200),
            ticket_lifetime_seconds: Some(60),
            renewable_lifetime_seconds: Some(120),
            refused_flags: vec![TicketFlag::Forwardable],
            ..AccountSettings::default()
        };
        let service = RealmService { user_to_user_only: true, account, ..RealmService::default() };
        assert_eq!(
            of_service(&plain, &service),
            " -allow_svr -allow_tix -expire \"7200 seconds\" -maxlife 60s -maxrenewlife 120s -allow_forwardable"
        );
        let service = RealmService { session_etypes: vec![17], keyless: true, ..RealmService::default() };
        assert_eq!(
            after_service("a/b", &service),
            "setstr a/b session_enctypes \"aes128-cts-hmac-sha1-96\"\npurgekeys -all a/b\n"
        );
    }

    #[test]
    fn settings_of_the_realm_are_those_of_its_files() {
        let lockout = Some(Lockout { attempts: 3, window_seconds: 60, duration_seconds: 0 });
        let locking = realm(RealmSettings { lockout, postdated: Some(false), ..RealmSettings::default() });
        assert_eq!(before(&locking), "addpol -maxfailure 3 -failurecountinterval 60s -lockoutduration 0s lockout\n");
        assert_eq!(of_user(&locking, &alice()), " +requires_preauth -policy lockout -allow_postdated");
        let open = realm(RealmSettings { preauth: Some(Preauth::NotRequired), ..RealmSettings::default() });
        assert_eq!((of_user(&open, &alice()).as_str(), before(&open).as_str()), ("", ""));
        let narrow = realm(RealmSettings {
            max_datagram_reply_octets: Some(300),
            clock_skew_seconds: Some(60),
            renewable_lifetime_seconds: Some(0),
            ..RealmSettings::default()
        });
        assert_eq!(datagram_limit(&narrow), "    kdc_max_dgram_reply_size = 300\n");
        assert_eq!((clock_skew(&narrow).as_str(), renewable(&narrow).as_str()), ("    clockskew = 60\n", "0s"));
        assert_eq!(
            (datagram_limit(&open), clock_skew(&open), renewable(&open).as_str()),
            (String::new(), String::new(), "7d")
        );
    }

    #[test]
    fn what_mits_kdc_cannot_have_is_said() {
        let of_user = |user| Realm { users: [("alice".to_owned(), user)].into(), ..realm(RealmSettings::default()) };
        let of_realm = |settings| lacks(&realm(settings)).unwrap_or_default();
        assert_eq!(lacks(&realm(RealmSettings::default())), None);
        assert_eq!(lacks(&of_user(RealmUser { must_change_password: true, ..alice() })), None);
        assert_eq!(
            of_realm(RealmSettings { flavor: Flavor::ActiveDirectory, ..RealmSettings::default() }),
            "MIT's KDC is no Active Directory"
        );
        assert_eq!(
            of_realm(RealmSettings { case_insensitive: Some(true), ..RealmSettings::default() }),
            "MIT's KDC tells cases apart"
        );
        assert_eq!(
            lacks(&of_user(RealmUser { locked_out: true, ..alice() })).unwrap(),
            "MIT's KDC locks nobody out on demand, as alice would have it"
        );
        let near = |seconds| lacks(&of_user(RealmUser { password_expires_seconds: Some(seconds), ..alice() }));
        assert_eq!((near(-1), near(3600)), (None, None));
        assert!(near(0).is_some() && near(3599).is_some());
    }
}
