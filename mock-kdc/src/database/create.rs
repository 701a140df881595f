//! Making accounts of what the realm's owner has written.

use std::collections::HashMap;

use shakedown_krb5::crypto::{Etype, Key, default_salt};
use shakedown_krb5::{Principal, Random};

use super::Database;
use super::account::{Account, KeySet, password_keys};
use crate::hash::Folding;
use crate::policy::lockout::Attempts;
use crate::policy::salt;
use crate::realm::{Flavor, GivenKey, InvalidRealm, Kind, Preauth, Realm, Service, TicketFlag, User};
use crate::trust::{self, Trust, TrustKey};

/// RIDs below are those of built-in accounts and of the first domain controller.
const FIRST_RID: u32 = 1104;

pub(super) fn all(realm: &Realm, random: &mut dyn Random) -> Result<Database, InvalidRealm> {
    if realm.name.is_empty() {
        return Err(InvalidRealm::NoName);
    }
    if realm.name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(InvalidRealm::Blank);
    }
    let mut database = Database {
        accounts: Vec::with_capacity(realm.users.len() + realm.services.len() + 1),
        names: HashMap::with_hasher(Folding::from_system()),
        case_insensitive: realm.case_insensitive,
        shares_aliases: realm.flavor == Flavor::ActiveDirectory,
    };
    let krbtgt = Principal::krbtgt(realm.name.as_bytes());
    let keys = random_keys(1, etypes(realm, None, "the realm")?, random);
    database.add(realm, Account::new(krbtgt, vec![keys]), None, &[])?;
    if realm.anonymous {
        database.add_service(realm, &Service::new("WELLKNOWN/ANONYMOUS"), random)?;
        database.accounts.last_mut().expect("it was added just now").preauth_required = true;
    }
    for (name, trust) in trust::keys::shared(realm) {
        database.add(realm, shared(realm, name, trust)?, None, &[])?;
    }
    for service in &realm.services {
        database.add_service(realm, service, random)?;
    }
    for ((account, user), rid) in users(realm).into_iter().zip(&realm.users).zip(FIRST_RID..) {
        let account = account?;
        let rid = account.rid.or(Some(rid));
        database.add(realm, Account { rid, ..account }, user.upn.as_deref(), &user.aliases)?;
    }
    Ok(database)
}

/// In parallel: each key of a password costs thousands of hash operations, by design.
fn users(realm: &Realm) -> Vec<Result<Account, InvalidRealm>> {
    let make = |users: &[User]| users.iter().map(|one| user(realm, one)).collect::<Vec<_>>();
    if realm.users.iter().all(|user| !user.keys.is_empty()) {
        // Threads cost more than such accounts do.
        return make(&realm.users);
    }
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = realm.users.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = realm.users.chunks(share).map(|users| scope.spawn(move || make(users))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("making keys does not panic")).collect()
    })
}

pub(super) fn user(realm: &Realm, user: &User) -> Result<Account, InvalidRealm> {
    let User {
        name,
        kind,
        upn: upn_name,
        aliases,
        password,
        keys,
        salt: own_salt,
        etypes: own_etypes,
        session_etypes,
        kvno,
        preauth,
        disabled,
        locked_out,
        valid_from,
        expires,
        password_expires,
        must_change_password,
        password_history,
        ticket_lifetime,
        renewable_lifetime,
        refused_flags,
        rid,
        groups,
    } = user;
    let principal = principal(realm, name)?;
    if *kind == Kind::Computer && (!name.ends_with('$') || principal.components.len() != 1) {
        return Err(InvalidRealm::Computer(name.clone()));
    }
    if let Some(name) = upn_name {
        upn(realm, name)?;
    }
    let salt = own_salt.clone().unwrap_or_else(|| salt::of(realm, user, &principal));
    let key_sets = if keys.is_empty() {
        let etypes = etypes(realm, own_etypes.as_deref(), name)?;
        vec![KeySet { kvno: at_least_one(*kvno, name)?, keys: password_keys(password, &salt, etypes) }]
    } else {
        given(keys, name)?
    };
    Ok(Account {
        kind: *kind,
        upn: upn_name.clone(),
        salt: Some(salt),
        session_etypes: session_etypes.clone(),
        // A user of a directory is a service only by the names of services that it has.
        user_to_user_only: realm.flavor == Flavor::ActiveDirectory
            && *kind == Kind::User
            && !aliases.iter().any(|alias| alias.contains('/')),
        preauth_required: preauth.unwrap_or(realm.preauth) == Preauth::Required,
        disabled: *disabled,
        attempts: Attempts::new(*locked_out),
        valid_from: *valid_from,
        expires: *expires,
        password_expires: *password_expires,
        must_change_password: *must_change_password,
        password_history: usize::try_from(*password_history).unwrap_or(usize::MAX),
        ticket_lifetime: *ticket_lifetime,
        renewable_lifetime: *renewable_lifetime,
        refused_options: options(refused_flags),
        rid: *rid,
        groups: groups.clone(),
        ..Account::new(principal, key_sets)
    })
}

pub(super) fn service(realm: &Realm, service: &Service, random: &mut dyn Random) -> Result<Account, InvalidRealm> {
    let Service {
        name,
        aliases: _,
        keys,
        etypes: own_etypes,
        session_etypes,
        kvno,
        keyless,
        user_to_user_only,
        disabled,
        valid_from,
        expires,
        ticket_lifetime,
        renewable_lifetime,
        refused_flags,
    } = service;
    let kvno = at_least_one(*kvno, name)?;
    let key_sets = match (keyless, keys.is_empty()) {
        (true, _) => vec![KeySet { kvno, keys: Vec::new() }],
        (false, true) => vec![random_keys(kvno, etypes(realm, own_etypes.as_deref(), name)?, random)],
        (false, false) => given(keys, name)?,
    };
    Ok(Account {
        session_etypes: session_etypes.clone(),
        user_to_user_only: *user_to_user_only,
        disabled: *disabled,
        valid_from: *valid_from,
        expires: *expires,
        ticket_lifetime: *ticket_lifetime,
        renewable_lifetime: *renewable_lifetime,
        refused_options: options(refused_flags),
        ..Account::new(principal(realm, name)?, key_sets)
    })
}

/// A principal that is shared with another realm. Its salt is that of MIT's and Active Directory's: realm and name.
fn shared(realm: &Realm, principal: Principal, trust: &Trust) -> Result<Account, InvalidRealm> {
    let Trust { realm: there, key, kvno, etypes: own_etypes, transitive } = trust;
    if there.is_empty() || *there == realm.name || there.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(InvalidRealm::Trust(there.clone()));
    }
    let name = principal.to_string();
    let salt = default_salt(&principal);
    let key_sets = match key {
        TrustKey::Keys(keys) if keys.is_empty() => return Err(InvalidRealm::NoEtypes(name)),
        TrustKey::Keys(keys) => given(keys, &name)?,
        TrustKey::Password(password) => {
            let keys = password_keys(password, &salt, etypes(realm, own_etypes.as_deref(), &name)?);
            vec![KeySet { kvno: at_least_one(*kvno, &name)?, keys }]
        }
    };
    Ok(Account { salt: Some(salt), transitive: *transitive, ..Account::new(principal, key_sets) })
}

/// One set for each version, the highest first; within a set the order is the one given.
fn given(keys: &[GivenKey], name: &str) -> Result<Vec<KeySet>, InvalidRealm> {
    let mut sets: Vec<KeySet> = Vec::new();
    for GivenKey { kvno, key } in keys {
        let kvno = at_least_one(*kvno, name)?;
        match sets.iter_mut().find(|set| set.kvno == kvno) {
            Some(set) => set.keys.push(key.clone()),
            None => sets.push(KeySet { kvno, keys: vec![key.clone()] }),
        }
    }
    sets.sort_by_key(|set| std::cmp::Reverse(set.kvno));
    Ok(sets)
}

fn at_least_one(kvno: u32, name: &str) -> Result<u32, InvalidRealm> {
    if kvno == 0 { Err(InvalidRealm::Kvno(name.to_owned())) } else { Ok(kvno) }
}

fn options(refused: &[TicketFlag]) -> u32 {
    refused.iter().fold(0, |options, flag| options | flag.options())
}

fn random_keys(kvno: u32, etypes: &[Etype], random: &mut dyn Random) -> KeySet {
    KeySet { kvno, keys: etypes.iter().map(|etype| Key::random(*etype, random)).collect() }
}

fn etypes<'a>(realm: &'a Realm, own: Option<&'a [Etype]>, name: &str) -> Result<&'a [Etype], InvalidRealm> {
    let etypes = own.unwrap_or(&realm.etypes);
    if etypes.is_empty() { Err(InvalidRealm::NoEtypes(name.to_owned())) } else { Ok(etypes) }
}

pub(crate) fn principal(realm: &Realm, name: &str) -> Result<Principal, InvalidRealm> {
    let invalid = || InvalidRealm::Name(name.to_owned());
    let mut principal: Principal = name.parse().map_err(|_| invalid())?;
    let here = realm.name.as_bytes();
    if principal.realm.is_empty() {
        principal.realm = here.to_vec();
    }
    if principal.realm == here || trust::keys::is_shared(&principal, here) { Ok(principal) } else { Err(invalid()) }
}

/// A user principal name as clients send it: one component with an `@` in it (RFC 6806 §5).
pub(super) fn upn(realm: &Realm, name: &str) -> Result<Principal, InvalidRealm> {
    match name.rsplit_once('@') {
        Some((local, suffix)) if !local.is_empty() && !suffix.is_empty() => Ok(Principal::new(&[name], &realm.name)),
        _ => Err(InvalidRealm::Upn(name.to_owned())),
    }
}
