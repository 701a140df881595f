//! The principals of a realm with their keys.

use std::collections::HashMap;
use std::time::Duration;

use shakedown_krb5::crypto::{Etype, Key, default_salt, string_to_key};
use shakedown_krb5::keytab::{Entry, Keyblock, Keytab};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::realm::{InvalidRealm, Realm, Rotation, Service, User};
use crate::trust;

/// All principals, the realm's own krbtgt among them.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    accounts: HashMap<Principal, Account>,
}

/// A principal as the KDC knows it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) principal: Principal,
    /// The newest first. INVARIANT: never empty, and no set is.
    key_sets: Vec<KeySet>,
    /// The salt of keys that are made of a password.
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) preauth_required: bool,
    pub(crate) locked: bool,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) password_expires: Option<Timestamp>,
    pub(crate) max_ticket_life: Option<Duration>,
    /// Of a key shared with another realm: whether it is good for clients from beyond that realm, and for going beyond.
    pub(crate) transitive: bool,
}

/// The keys of one version number, the preferred first.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    pub(crate) kvno: u32,
    pub(crate) keys: Vec<Key>,
}

impl Database {
    /// Makes all keys.
    pub(crate) fn new(realm: &Realm, random: &mut dyn Random) -> Result<Self, InvalidRealm> {
        if realm.name.is_empty() {
            return Err(InvalidRealm::NoName);
        }
        if realm.name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(InvalidRealm::Blank);
        }
        let mut database = Self { accounts: HashMap::new() };
        let krbtgt = Principal::krbtgt(realm.name.as_bytes());
        database.add(Account::with_random_keys(krbtgt, 1, etypes(realm, None, "the realm")?, random))?;
        for service in &realm.services {
            database.add(service_account(realm, service, random)?)?;
        }
        for account in trust::keys::accounts(realm)? {
            database.add(account)?;
        }
        for user in user_accounts(realm) {
            database.add(user?)?;
        }
        Ok(database)
    }

    pub(crate) fn find(&self, principal: &Principal) -> Option<&Account> {
        self.accounts.get(principal)
    }

    pub(crate) fn find_mut(&mut self, principal: &Principal) -> Option<&mut Account> {
        self.accounts.get_mut(principal)
    }

    fn add(&mut self, account: Account) -> Result<(), InvalidRealm> {
        let name = account.principal.to_string();
        match self.accounts.insert(account.principal.clone(), account) {
            Some(_) => Err(InvalidRealm::Twice(name)),
            None => Ok(()),
        }
    }
}

impl Account {
    fn with_random_keys(principal: Principal, kvno: u32, etypes: &[Etype], random: &mut dyn Random) -> Self {
        Self::new(principal, random_keys(kvno, etypes, random))
    }

    pub(crate) fn new(principal: Principal, keys: KeySet) -> Self {
        Self {
            principal,
            key_sets: vec![keys],
            salt: None,
            preauth_required: false,
            locked: false,
            expires: None,
            password_expires: None,
            max_ticket_life: None,
            transitive: true,
        }
    }

    /// The keys that new tickets and replies use.
    pub(crate) fn newest(&self) -> &KeySet {
        &self.key_sets[0]
    }

    /// The newest key of an encryption type.
    pub(crate) fn newest_of(&self, etype: Etype) -> Option<&Key> {
        self.newest().keys.iter().find(|key| key.etype() == etype)
    }

    /// All keys that may have encrypted something of this etype and kvno. Without a number MIT tries up to three,
    /// downwards.
    pub(crate) fn candidates(&self, kvno: Option<u32>, etype: i32) -> impl Iterator<Item = &Key> {
        let wanted = kvno.filter(|kvno| *kvno != 0);
        self.key_sets
            .iter()
            .filter(move |set| wanted.is_none_or(|wanted| set.kvno == wanted))
            .take(3)
            .flat_map(|set| &set.keys)
            .filter(move |key| key.etype().number() == etype)
    }

    /// Replaces the keys by random ones of the same encryption types; returns their number.
    pub(crate) fn rotate(&mut self, rotation: Rotation, random: &mut dyn Random) -> u32 {
        self.replace(rotation, |kvno, etypes| random_keys(kvno, etypes, random))
    }

    /// Replaces the keys by others of the same encryption types; returns their number.
    pub(crate) fn replace(&mut self, rotation: Rotation, make: impl FnOnce(u32, &[Etype]) -> KeySet) -> u32 {
        let kvno = match rotation {
            Rotation::KeepOld | Rotation::DropOld => self.newest().kvno.saturating_add(1),
            Rotation::SameKvno => self.newest().kvno,
        };
        let etypes: Vec<_> = self.newest().keys.iter().map(Key::etype).collect();
        let keys = make(kvno, &etypes);
        match rotation {
            Rotation::KeepOld => self.key_sets.insert(0, keys),
            Rotation::DropOld => self.key_sets = vec![keys],
            Rotation::SameKvno => self.key_sets[0] = keys,
        }
        kvno
    }

    /// All keys as a keytab, the newest first.
    pub(crate) fn keytab(&self, timestamp: u32) -> Keytab {
        let entry =
            |kvno, key: &Key| Entry { principal: self.principal.clone(), timestamp, kvno, key: Keyblock::from(key) };
        let entries = self.key_sets.iter().flat_map(|set| set.keys.iter().map(move |key| entry(set.kvno, key)));
        Keytab { entries: entries.collect() }
    }
}

fn service_account(realm: &Realm, service: &Service, random: &mut dyn Random) -> Result<Account, InvalidRealm> {
    if service.kvno == 0 {
        return Err(InvalidRealm::Kvno(service.name.clone()));
    }
    let etypes = etypes(realm, service.etypes.as_deref(), &service.name)?;
    let account = Account::with_random_keys(principal(realm, &service.name)?, service.kvno, etypes, random);
    Ok(Account {
        locked: service.locked,
        expires: service.expires,
        max_ticket_life: service.max_ticket_life,
        ..account
    })
}

/// In parallel: each key of a password costs thousands of hash operations, by design.
fn user_accounts(realm: &Realm) -> Vec<Result<Account, InvalidRealm>> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = realm.users.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        let make = |users: &[User]| users.iter().map(|user| user_account(realm, user)).collect::<Vec<_>>();
        let workers: Vec<_> = realm.users.chunks(share).map(|users| scope.spawn(move || make(users))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("making keys does not panic")).collect()
    })
}

fn user_account(realm: &Realm, user: &User) -> Result<Account, InvalidRealm> {
    let principal = principal(realm, &user.name)?;
    let salt = user.salt.clone().unwrap_or_else(|| default_salt(&principal));
    let keys = etypes(realm, user.etypes.as_deref(), &user.name)?.iter().map(|etype| {
        string_to_key(*etype, user.password.octets(), &salt, None)
            .expect("the default iteration count of an etype is within bounds")
    });
    let keys = KeySet { kvno: 1, keys: keys.collect() };
    Ok(Account {
        salt: Some(salt),
        preauth_required: user.preauth_required,
        locked: user.locked,
        expires: user.expires,
        password_expires: user.password_expires,
        max_ticket_life: user.max_ticket_life,
        ..Account::new(principal, keys)
    })
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
