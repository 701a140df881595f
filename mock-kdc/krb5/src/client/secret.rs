//! What a client proves itself with.

use crate::crypto::Key;
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
