//! What a client proves itself with.

use crate::Principal;
use crate::crypto::{Etype, Key};
use crate::keytab::Keytab;
use std::fmt;
use zeroize::Zeroizing;

/// A password, or keys from a keytab. `Debug` shows neither.
#[derive(Clone)]
pub enum Secret {
    /// The KDC says which salt and parameters make the key of it.
    Password(Zeroizing<Vec<u8>>),
    /// Ready keys, at most one of each etype being used: the first.
    Keys(Vec<Key>),
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
        let newest = |etype: Etype| keytab.find(client, None, etype.number()).ok()?.key.key().cloned();
        let keys: Vec<_> = Etype::ALL.into_iter().filter_map(newest).collect();
        (!keys.is_empty()).then_some(Self::Keys(keys))
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
        let Some(Secret::Keys(keys)) = Secret::from_keytab(&keytab, &alice) else { panic!("alice has keys") };
        let expected = [
            Key::new(Etype::Aes128Sha1, &[1; 16]),
            Key::new(Etype::Aes256Sha1, &[2; 32]),
            Key::new(Etype::Rc4Hmac, &[3; 16]),
        ];
        assert_eq!(keys, expected.map(Result::unwrap));
        assert!(Secret::from_keytab(&keytab, &"mallory@R".parse().unwrap()).is_none());
    }
}
