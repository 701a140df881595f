//! A planned realm as a mock KDC.

use crate::error::Error;
use crate::scenario::party::{AccountSettings, Realm, RealmService, RealmSettings, RealmUser};
use crate::testbed::materials::Materials;
use crate::testbed::random::Generator;
use crate::testbed::realm::OTHER_SERVICE;
use mock_kdc::{Alteration, Kdc, Lockout, Password, Service, User};
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;
use std::num::NonZeroU32;
use std::time::Duration;

/// The KDC of a realm, its keys derived. Cases share it: what is dated from the start of a case is not in it yet.
///
/// # Errors
/// The plan asks for what the KDC does not have.
pub(super) fn kdc(planned: &Realm, materials: &Materials) -> Result<Kdc, Error> {
    let mut realm = mock_kdc::Realm::of(planned.settings.flavor, &planned.realm);
    set(&mut realm, &planned.settings);
    realm.etypes = etypes(&planned.etypes)?.unwrap_or(realm.etypes);
    realm.ticket_lifetime = length(planned.ticket_lifetime_seconds);
    realm.clock_offset_seconds = planned.clock_seconds;
    let users = planned.users.iter().map(|(name, of)| user(name, of, &materials.secrets().value(&of.password)));
    realm.users = users.collect::<Result<_, _>>()?;
    let services = planned.services.iter().map(|(name, of)| service(name, of));
    realm.services = services.collect::<Result<_, _>>()?;
    if !planned.services.contains_key(OTHER_SERVICE) {
        realm.services.push(Service::new(OTHER_SERVICE));
    }
    let password = materials.secrets().value(&planned.trust_password);
    let trust = |there: &String| mock_kdc::Trust::by_password(there, &password);
    realm.trusts.trusts = planned.trusts.iter().map(trust).collect();
    realm.trusts.trusted_by = planned.trusted_by.iter().map(trust).collect();
    let wrong = |problem: String| Error::Usage(format!("realm {}: {problem}", planned.realm));
    let kdc = Kdc::new(&realm, &mut Generator::from_system()).map_err(|problem| wrong(problem.to_string()))?;
    let deviations: Vec<mock_kdc::Deviation> = planned
        .deviations
        .iter()
        .map(|word| word.parse().map_err(|problem: mock_kdc::deviation::UnknownDeviation| wrong(problem.to_string())))
        .collect::<Result<_, _>>()?;
    kdc.set_deviations(&deviations);
    kdc.set_rules(planned.rules.clone());
    Ok(kdc)
}

/// Sets what is dated from the start of the case, which is `base` on the base clock.
///
/// # Errors
/// A principal of the plan is not there: a mistake of ours.
pub(super) fn date(kdc: &Kdc, planned: &Realm, base: Timestamp) -> Result<(), Error> {
    let alter = |name: &str, alteration: fn(Option<Timestamp>) -> Alteration, seconds: Option<i64>| match seconds {
        Some(seconds) => kdc
            .alter(name, alteration(Some(base.offset_seconds(seconds))))
            .map_err(|unknown| Error::Internal(unknown.to_string())),
        None => Ok(()),
    };
    let users = planned.users.iter().map(|(name, user)| (name, &user.account));
    let services = planned.services.iter().map(|(name, service)| (name, &service.account));
    for (name, account) in users.chain(services) {
        alter(name, Alteration::ValidFrom, account.valid_from_seconds)?;
        alter(name, Alteration::Expires, account.expires_seconds)?;
    }
    planned
        .users
        .iter()
        .try_for_each(|(name, user)| alter(name, Alteration::PasswordExpires, user.password_expires_seconds))
}

fn set(realm: &mut mock_kdc::Realm, planned: &RealmSettings) {
    let RealmSettings {
        flavor: _,
        preauth,
        case_insensitive,
        canonicalize,
        enterprise_names,
        upn_suffixes,
        pac,
        fast,
        renewable_lifetime_seconds,
        clock_skew_seconds,
        max_datagram_reply_octets,
        lockout,
        anonymous,
        postdated,
        user_to_user,
        refused_flags,
        error_data,
        account_checks,
        bad_path,
        users_elsewhere,
    } = planned.clone();
    fn take<T>(place: &mut T, planned: Option<T>) {
        if let Some(planned) = planned {
            *place = planned;
        }
    }
    take(&mut realm.preauth, preauth);
    take(&mut realm.case_insensitive, case_insensitive);
    take(&mut realm.canonicalize, canonicalize);
    take(&mut realm.enterprise_names, enterprise_names);
    take(&mut realm.pac, pac);
    take(&mut realm.fast, fast);
    take(&mut realm.renewable_lifetime, renewable_lifetime_seconds.map(length));
    take(&mut realm.clock_skew, clock_skew_seconds.map(length));
    let octets = max_datagram_reply_octets.map(|octets| usize::try_from(octets).unwrap_or(usize::MAX));
    take(&mut realm.max_datagram_reply_octets, octets);
    take(&mut realm.anonymous, anonymous);
    take(&mut realm.postdated, postdated);
    take(&mut realm.user_to_user, user_to_user);
    take(&mut realm.error_data, error_data);
    take(&mut realm.account_checks, account_checks);
    take(&mut realm.trusts.bad_path, bad_path);
    realm.trusts.users =
        users_elsewhere.into_iter().map(|(suffix, there)| (suffix.to_ascii_lowercase(), there)).collect();
    realm.upn_suffixes = upn_suffixes;
    realm.refused_flags = refused_flags;
    realm.lockout = lockout.and_then(|planned| {
        let attempts = NonZeroU32::new(planned.attempts)?;
        let (window, duration) = (length(planned.window_seconds), length(planned.duration_seconds));
        Some(Lockout { attempts, window, duration })
    });
}

fn user(name: &str, planned: &RealmUser, password: &str) -> Result<User, Error> {
    let AccountSettings {
        aliases,
        etypes: own_etypes,
        disabled,
        valid_from_seconds: _,
        expires_seconds: _,
        ticket_lifetime_seconds,
        renewable_lifetime_seconds,
        refused_flags,
    } = planned.account.clone();
    Ok(User {
        kind: planned.kind,
        upn: planned.upn.clone(),
        aliases,
        password: Password::new(password),
        salt: planned.salt.clone().map(String::into_bytes),
        etypes: etypes(&own_etypes)?,
        preauth: planned.preauth,
        disabled,
        locked_out: planned.locked_out,
        must_change_password: planned.must_change_password,
        password_history: planned.password_history,
        ticket_lifetime: ticket_lifetime_seconds.map(length),
        renewable_lifetime: renewable_lifetime_seconds.map(length),
        refused_flags,
        ..User::new(name, "")
    })
}

fn service(name: &str, planned: &RealmService) -> Result<Service, Error> {
    let AccountSettings {
        aliases,
        etypes: own_etypes,
        disabled,
        valid_from_seconds: _,
        expires_seconds: _,
        ticket_lifetime_seconds,
        renewable_lifetime_seconds,
        refused_flags,
    } = planned.account.clone();
    Ok(Service {
        aliases,
        etypes: etypes(&own_etypes)?,
        session_etypes: etypes(&planned.session_etypes)?,
        keyless: planned.keyless,
        user_to_user_only: planned.user_to_user_only,
        disabled,
        ticket_lifetime: ticket_lifetime_seconds.map(length),
        renewable_lifetime: renewable_lifetime_seconds.map(length),
        refused_flags,
        ..Service::new(name)
    })
}

fn length(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// None where nothing is planned.
fn etypes(numbers: &[i32]) -> Result<Option<Vec<Etype>>, Error> {
    let etype = |number: &i32| Etype::from_written_number(*number).map_err(|refused| Error::Usage(refused.to_string()));
    let etypes = numbers.iter().map(etype).collect::<Result<Vec<_>, _>>()?;
    Ok((!etypes.is_empty()).then_some(etypes))
}
