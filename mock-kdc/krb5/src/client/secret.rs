//! What a client proves itself with.

use crate::Principal;
use crate::crypto::{Etype, Key};
use crate::keytab::Keytab;
use std::fmt;
use zeroize::Zeroizing;

/// A password, or keys. `Debug` shows neither.
#[derive(Clone)]
pub enum Secret {
    /// The KDC says which salt and parameters make the key of it.
    Password(Zeroizing<Vec<u8>>),
    /// Ready keys, at most one of each etype being used: the first.
    Keys(Vec<Key>),
    /// The keys that a keytab has of the client.
    Keytab(KeytabKeys),
}

/// What a keytab has of one principal: the newest key of each etype. `Debug` shows no key.
#[derive(Debug, Clone)]
pub struct KeytabKeys {
    keys: Vec<(u32, Key)>,
}

impl KeytabKeys {
    /// The key of `etype`. Its version number is not held against what the KDC says, as libkrb5 asks for the newest; a keytab
    /// that the KDC is ahead of fails in decryption, with [`super::rejected::INTEGRITY`] or error 24.
    pub(super) fn find(&self, etype: Etype) -> Option<&Key> {
        self.keys.iter().find(|(_, key)| key.etype() == etype).map(|(_, key)| key)
    }

    /// Whether a key of `etype` is among those of the highest version number: such etypes are asked for first.
    pub(super) fn is_current(&self, etype: Etype) -> bool {
        let highest = self.keys.iter().map(|(kvno, _)| *kvno).max();
        self.keys.iter().any(|(kvno, key)| key.etype() == etype && Some(*kvno) == highest)
    }
}

impl Secret {
    /// A password.
    #[must_use]
    pub fn password(password: &str) -> Self {
        Self::Password(Zeroizing::new(password.as_bytes().to_vec()))
    }

    /// The newest key of each etype that `keytab` has of `client`; `None` if there is not one.
    #[must_use]
    pub fn from_keytab(keytab: &Keytab, client: &Principal) -> Option<Self> {
        let newest = |etype: Etype| {
            let entry = keytab.find(client, None, etype.number()).ok()?;
            Some((entry.kvno, entry.key.key()?.clone()))
        };
        let keys: Vec<_> = Etype::ALL.into_iter().filter_map(newest).collect();
        (!keys.is_empty()).then_some(Self::Keytab(KeytabKeys { keys }))
    }
}

impl From<Key> for Secret {
    fn from(key: Key) -> Self {
        Self::Keys(vec![key])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(_) => f.write_str("Password(..)"),
            Self::Keys(keys) => f.debug_tuple("Keys").field(keys).finish(),
            Self::Keytab(keys) => f.debug_tuple("Keytab").field(keys).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keyblock;
    use crate::keytab::Entry;

    #[test]
    fn a_keytab_gives_the_newest_key_of_each_etype() {
        let alice: Principal = "alice@R".parse().unwrap();
        let entry = |principal: &str, kvno, etype, octets: &[u8]| Entry {
            principal: principal.parse().unwrap(),
            timestamp: 0,
            kvno,
            key: Keyblock::new(etype, octets),
        };
        let keytab = Keytab {
            entries: vec![
                entry("alice@R", 2, 18, &[2; 32]),
                entry("alice@R", 1, 18, &[1; 32]),
                entry("alice@R", 1, 17, &[1; 16]),
                entry("alice@R", 3, 23, &[3; 16]),
                entry("alice@R", 3, 3, &[3; 8]),
                entry("bob@R", 9, 19, &[9; 16]),
            ],
        };
        let Some(Secret::Keytab(keys)) = Secret::from_keytab(&keytab, &alice) else { panic!("alice has keys") };
        let found = |etype| keys.find(etype).map(Key::bytes);
        assert_eq!(found(Etype::Aes128Sha1), Some(&[1; 16][..]));
        assert_eq!(found(Etype::Aes256Sha1), Some(&[2; 32][..]));
        assert_eq!(found(Etype::Rc4Hmac), Some(&[3; 16][..]));
        assert_eq!(found(Etype::Aes128Sha256), None);
        assert!(!keys.is_current(Etype::Aes128Sha1), "its number is lower than that of another key");
        assert!(Secret::from_keytab(&keytab, &"mallory@R".parse().unwrap()).is_none());
    }
}
