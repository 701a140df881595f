//! Which ticket to give where another realm is to give the one that is wanted, and who to send elsewhere to log in.

use shakedown_krb5::Principal;
use shakedown_krb5::messages::error_code;
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::view::{KdcRequestBodyView, PrincipalView};
use shakedown_krb5::principal::name_type;

use super::settings::{ReferredNames, Trusts};
use crate::database::{Account, Database};
use crate::policy::names;
use crate::realm::Realm;
use crate::refusal::{Refusal, Refused};

/// What is about a ticket that there is already; another service's would not do.
const NO_REFERRAL: u32 = kdc_options::FORWARDED
    | kdc_options::PROXY
    | kdc_options::RENEW
    | kdc_options::VALIDATE
    | kdc_options::ENC_TKT_IN_SKEY;

/// The ticket-granting service on the way to a service that is not known here (`unknown`), as MIT's KDC finds it:
///
/// 1. If the service is at a host of another realm and the client takes another answer, that realm is wanted.
/// 2. If there is no key for that realm, the closest to it on the path is taken (RFC 4120 §3.3.1), whatever the client
///    allows.
pub(crate) fn on_the_way<'d>(
    realm: &Realm,
    database: &'d Database,
    body: &KdcRequestBodyView<'_>,
    wanted: PrincipalView<'_>,
    unknown: Refusal,
) -> Result<&'d Account, Refusal> {
    let here = realm.name.as_bytes();
    let is_unknown = unknown.code == error_code::S_PRINCIPAL_UNKNOWN;
    if !is_unknown || body.kdc_options & NO_REFERRAL != 0 || wanted.realm != here {
        return Err(unknown);
    }
    let there = match wanted.krbtgt_realm() {
        Some(there) => there,
        None => {
            let there = referred_realm(&realm.trusts, body.kdc_options, wanted);
            there.filter(|there| *there != here).ok_or(unknown)?
        }
    };
    let path = realm.trusts.paths.path(here, there);
    // The first is this realm itself.
    let mut closest_first = path.iter().skip(1).rev();
    closest_first
        .find_map(|next| database.find(&Principal::cross_realm_krbtgt(next, here)))
        .ok_or(Refusal::new(error_code::S_PRINCIPAL_UNKNOWN, "UNKNOWN_SERVER"))
}

/// Of which other realm the service's host is.
fn referred_realm<'t>(trusts: &'t Trusts, options: u32, service: PrincipalView<'_>) -> Option<&'t [u8]> {
    let mut components = service.name.components();
    let (Some(_), Some(host), None) = (components.next(), components.next(), components.next()) else { return None };
    let by_name = match trusts.referred_names {
        ReferredNames::HostBased => matches!(service.name.name_type, name_type::SRV_HST | name_type::SRV_INST),
        ReferredNames::Any => true,
    };
    if options & kdc_options::CANONICALIZE == 0 || !by_name {
        return None;
    }
    let host = std::str::from_utf8(host).ok()?.to_ascii_lowercase();
    realm_of_host(trusts, &host).map(str::as_bytes)
}

/// The host itself first, then the closest domain.
fn realm_of_host<'t>(trusts: &'t Trusts, host: &str) -> Option<&'t str> {
    let domains = host.match_indices('.').map(|(dot, _)| &host[dot..]);
    std::iter::once(host).chain(domains).find_map(|name| trusts.hosts.get(name)).map(String::as_str)
}

/// A client that is unknown here, or another realm's: then it is told that realm (RFC 6806 §7).
pub(crate) fn of_client<'a>(
    realm: &'a Realm,
    options: u32,
    client: PrincipalView<'a>,
    unknown: Refusal,
) -> Refused<'a> {
    match realm_of_user(realm, options, client) {
        Some(there) => Refused {
            refusal: Refusal::new(error_code::WRONG_REALM, "REFERRAL"),
            client: Some(client.name.at(there.as_bytes())),
        },
        None => unknown.into(),
    }
}

/// By what comes after the `@` of an enterprise name, or of any single component where the client lets its name be
/// changed.
fn realm_of_user<'t>(realm: &'t Realm, options: u32, client: PrincipalView<'_>) -> Option<&'t str> {
    let may_rename = client.name.name_type == name_type::ENTERPRISE || options & kdc_options::CANONICALIZE != 0;
    let suffix = names::enterprise_suffix(client.name).filter(|_| may_rename)?;
    let suffix = std::str::from_utf8(suffix).ok()?.to_ascii_lowercase();
    let there = realm.trusts.users.get(&suffix)?;
    (*there != realm.name).then_some(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm() -> Realm {
        let mut realm = Realm::new("HERE");
        let owned = |(name, realm): (&str, &str)| (name.to_owned(), realm.to_owned());
        realm.trusts.hosts = [(".there.test", "THERE"), ("db.there.test", "HERE"), (".test", "FAR")].map(owned).into();
        realm.trusts.users = [("there.test", "THERE"), ("here.test", "HERE")].map(owned).into();
        realm
    }

    fn service(host: &str, name_type: i32) -> Principal {
        Principal::new(&["postgres", host], "HERE").with_name_type(name_type)
    }

    #[test]
    fn hosts_of_other_realms_are_known_by_the_closest_domain() {
        let realm = realm();
        let of = |host: &str| {
            referred_realm(&realm.trusts, kdc_options::CANONICALIZE, (&service(host, name_type::SRV_HST)).into())
                .map(|realm| String::from_utf8_lossy(realm).into_owned())
        };
        assert_eq!(of("WEB.there.test").as_deref(), Some("THERE"));
        assert_eq!(of("db.there.test").as_deref(), Some("HERE"));
        assert_eq!(of("db.else.test").as_deref(), Some("FAR"));
        assert_eq!(of("there"), None);
    }

    #[test]
    fn a_referral_needs_a_client_that_takes_it_and_a_name_of_a_host() {
        let mut realm = realm();
        let canonicalize = kdc_options::CANONICALIZE;
        let web = |name_type| service("web.there.test", name_type);
        let is_referred =
            |trusts: &Trusts, options, name: Principal| referred_realm(trusts, options, (&name).into()).is_some();
        assert!(is_referred(&realm.trusts, canonicalize, web(name_type::SRV_INST)));
        assert!(!is_referred(&realm.trusts, 0, web(name_type::SRV_HST)));
        assert!(!is_referred(&realm.trusts, canonicalize, web(name_type::PRINCIPAL)));
        realm.trusts.referred_names = ReferredNames::Any;
        assert!(is_referred(&realm.trusts, canonicalize, web(name_type::PRINCIPAL)));
        assert!(!is_referred(&realm.trusts, canonicalize, Principal::new(&["alice"], "HERE")));
    }

    #[test]
    fn users_of_other_realms_are_known_by_their_suffix() {
        let realm = realm();
        let of = |name: &str, name_type, options| {
            realm_of_user(&realm, options, (&Principal::new(&[name], "HERE").with_name_type(name_type)).into())
        };
        assert_eq!(of("alice@There.Test", name_type::ENTERPRISE, 0), Some("THERE"));
        assert_eq!(of("alice@there.test", name_type::PRINCIPAL, kdc_options::CANONICALIZE), Some("THERE"));
        assert_eq!(of("alice@there.test", name_type::PRINCIPAL, 0), None);
        assert_eq!(of("alice@here.test", name_type::ENTERPRISE, 0), None, "our own");
        assert_eq!(of("alice@else.test", name_type::ENTERPRISE, 0), None);
        assert_eq!(of("alice", name_type::ENTERPRISE, 0), None);
    }
}
