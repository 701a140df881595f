//! A principal as the KDC knows it.

use std::sync::Arc;
use std::time::Duration;

use shakedown_krb5::crypto::{Etype, Key, string_to_key};
use shakedown_krb5::keytab::{Entry, Keyblock, Keytab};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::pac::Profile;
use crate::policy::lockout::Attempts;
use crate::realm::{Kind, Password, Rotation};

#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// The canonical name, as it is stored.
    pub(crate) principal: Principal,
    pub(crate) kind: Kind,
    pub(crate) upn: Option<String>,
    /// The newest first. INVARIANT: never empty; a set without a key is that of an account without keys.
    pub(super) key_sets: Vec<KeySet>,
    /// The salt of keys that are made of a password.
    pub(crate) salt: Option<Vec<u8>>,
    /// Keys of former passwords, the newest first, that do not count as wrong.
    pub(super) former: Vec<KeySet>,
    /// How many sets `former` may hold.
    pub(super) password_history: usize,
    pub(crate) session_etypes: Option<Vec<Etype>>,
    pub(crate) preauth_required: bool,
    pub(crate) user_to_user_only: bool,
    pub(crate) disabled: bool,
    /// Wrong passwords, and the lock that comes of them.
    pub(crate) attempts: Attempts,
    pub(crate) valid_from: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) password_expires: Option<Timestamp>,
    pub(crate) must_change_password: bool,
    pub(crate) ticket_lifetime: Option<Duration>,
    pub(crate) renewable_lifetime: Option<Duration>,
    /// KDC options that are not granted.
    pub(crate) refused_options: u32,
    /// Of a key shared with another realm: whether it is good for clients from beyond that realm, and for going beyond.
    pub(crate) transitive: bool,
    /// For the PAC; services have none.
    pub(crate) rid: Option<u32>,
    /// For the PAC.
    pub(crate) groups: Vec<u32>,
    /// What the PAC says; none for services, and where there are no PACs.
    pub(crate) pac: Option<Arc<Profile>>,
}

/// The keys of one version number, the preferred first.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    pub(crate) kvno: u32,
    pub(crate) keys: Vec<Key>,
}

impl Account {
    /// With nothing out of the ordinary. `key_sets` is not empty.
    pub(super) fn new(principal: Principal, key_sets: Vec<KeySet>) -> Self {
        Self {
            principal,
            kind: Kind::User,
            upn: None,
            key_sets,
            salt: None,
            former: Vec::new(),
            password_history: 0,
            session_etypes: None,
            preauth_required: false,
            user_to_user_only: false,
            disabled: false,
            attempts: Attempts::default(),
            valid_from: None,
            expires: None,
            password_expires: None,
            must_change_password: false,
            ticket_lifetime: None,
            renewable_lifetime: None,
            refused_options: 0,
            transitive: true,
            rid: None,
            groups: Vec::new(),
            pac: None,
        }
    }

    /// Forgets all keys. What is left is found by no name.
    pub(super) fn forget(&mut self) {
        self.key_sets = vec![KeySet { kvno: 0, keys: Vec::new() }];
        self.former.clear();
    }

    /// Whether all keys were forgotten: an account that has none has a version number all the same.
    pub(super) fn is_removed(&self) -> bool {
        self.newest().kvno == 0
    }

    /// Key version numbers, the newest first, with the encryption types of their keys.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (u32, Vec<Etype>)> {
        self.key_sets.iter().map(|set| (set.kvno, set.keys.iter().map(Key::etype).collect()))
    }

    /// The keys that new tickets and replies use.
    pub(crate) fn newest(&self) -> &KeySet {
        &self.key_sets[0]
    }

    /// The newest key of an encryption type.
    pub(crate) fn newest_of(&self, etype: Etype) -> Option<&Key> {
        self.newest().keys.iter().find(|key| key.etype() == etype)
    }

    /// Whether there is no key to encrypt anything with.
    pub(crate) fn is_keyless(&self) -> bool {
        self.newest().keys.is_empty()
    }

    /// All keys that may have encrypted something of this etype and kvno. Without a number MIT tries three, from the newest
    /// downwards.
    pub(crate) fn candidates(&self, kvno: Option<u32>, etype: i32) -> impl Iterator<Item = &Key> {
        let wanted = kvno.filter(|kvno| *kvno != 0);
        self.key_sets
            .iter()
            .filter(move |set| wanted.map_or(set.kvno >= self.last_tried(), |wanted| set.kvno == wanted))
            .flat_map(|set| &set.keys)
            .filter(move |key| key.etype().number() == etype)
    }

    /// Whether there is a key of the number that is tried last for something without one. Where there is none, MIT's KDC does
    /// not say that no key fits but that there is none, whatever it has tried before.
    pub(crate) fn has_last_tried(&self) -> bool {
        self.key_sets.iter().any(|set| set.kvno == self.last_tried())
    }

    fn last_tried(&self) -> u32 {
        const TRIES: u32 = 3;
        self.newest().kvno.saturating_sub(TRIES - 1).max(1)
    }

    /// The keys of this etype that former passwords made.
    pub(crate) fn former(&self, etype: i32) -> impl Iterator<Item = &Key> {
        self.former.iter().flat_map(|set| &set.keys).filter(move |key| key.etype().number() == etype)
    }

    /// Replaces the keys by random ones of the same encryption types; returns their number.
    pub(crate) fn rotate(&mut self, rotation: Rotation, random: &mut dyn Random) -> u32 {
        let keys = self.newest().keys.iter().map(|key| Key::random(key.etype(), random)).collect();
        self.replace(rotation, keys)
    }

    /// The keys of another password, of the same encryption types and with the same salt: that takes long.
    pub(crate) fn keys_of(&self, password: &Password) -> impl FnOnce() -> Vec<Key> + use<> {
        let (salt, password) = (self.salt.clone().unwrap_or_default(), password.clone());
        let etypes: Vec<_> = self.newest().keys.iter().map(Key::etype).collect();
        move || password_keys(&password, &salt, &etypes)
    }

    /// Replaces the keys by those of another password; returns their number. The password is fresh from then on.
    pub(crate) fn set_password_keys(&mut self, keys: Vec<Key>, rotation: Rotation) -> u32 {
        self.former.insert(0, self.newest().clone());
        self.former.truncate(self.password_history);
        self.must_change_password = false;
        self.password_expires = None;
        self.attempts.reset();
        self.replace(rotation, keys)
    }

    fn replace(&mut self, rotation: Rotation, keys: Vec<Key>) -> u32 {
        let kvno = match rotation {
            Rotation::KeepOld | Rotation::DropOld => self.newest().kvno.saturating_add(1),
            Rotation::SameKvno => self.newest().kvno,
        };
        let set = KeySet { kvno, keys };
        match rotation {
            Rotation::KeepOld => self.key_sets.insert(0, set),
            Rotation::DropOld => self.key_sets = vec![set],
            Rotation::SameKvno => self.key_sets[0] = set,
        }
        kvno
    }

    /// All keys as a keytab, the newest first.
    pub(crate) fn keytab(&self, timestamp: u32) -> Keytab {
        self.keytab_as(&self.principal, timestamp)
    }

    /// The same under another name of the account.
    pub(crate) fn keytab_as(&self, name: &Principal, timestamp: u32) -> Keytab {
        let entry = |kvno, key: &Key| Entry { principal: name.clone(), timestamp, kvno, key: Keyblock::from(key) };
        let entries = self.key_sets.iter().flat_map(|set| set.keys.iter().map(move |key| entry(set.kvno, key)));
        Keytab { entries: entries.collect() }
    }
}

/// The keys of a password, in the order of the etypes.
pub(super) fn password_keys(password: &Password, salt: &[u8], etypes: &[Etype]) -> Vec<Key> {
    let key = |etype: &Etype| {
        string_to_key(*etype, password.octets(), salt, None)
            .expect("the default iteration count of an etype is within bounds")
    };
    etypes.iter().map(key).collect()
}
