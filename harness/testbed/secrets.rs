//! The secrets of a run: each name gets a value, made up for mocks, supplied for endpoints.

use crate::handshake::Random;
use crate::scenario::party::Password;
use crate::testbed::random::Generator;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// Letters and digits that no protocol, shell or configuration file gives a meaning to.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How many of them: 120 bits.
const LENGTH: usize = 24;

/// Values of secrets by name. Two names are two values; one name is one value for the whole run. `Debug` prints names only.
pub struct Secrets {
    values: Mutex<BTreeMap<String, Zeroizing<String>>>,
}

impl Secrets {
    /// With values that somebody supplied; names that are not among them are made up when they are asked for.
    #[must_use]
    pub fn new(supplied: BTreeMap<String, Zeroizing<String>>) -> Self {
        Self { values: Mutex::new(supplied) }
    }

    /// The value of a password.
    #[must_use]
    pub fn value(&self, password: &Password) -> Zeroizing<String> {
        match password {
            Password::Empty => Zeroizing::default(),
            Password::Named(name) => {
                let mut values = self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                values.entry(name.clone()).or_insert_with(made_up).clone()
            }
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        f.debug_set().entries(values.keys()).finish()
    }
}

/// A value that nobody knows yet.
pub(super) fn made_up() -> Zeroizing<String> {
    let mut bytes = [0; LENGTH];
    Generator::from_system().fill(&mut bytes);
    Zeroizing::new(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_value_and_another_name_has_another_one() {
        let secrets = Secrets::new(BTreeMap::new());
        let named = |name: &str| secrets.value(&Password::Named(name.to_owned()));
        assert_eq!(named("alice"), named("alice"));
        assert_ne!(named("alice"), named("bob"));
        assert_eq!(secrets.value(&Password::Empty).as_str(), "");
    }

    #[test]
    fn values_are_not_printed() {
        let supplied = BTreeMap::from([("alice".to_owned(), Zeroizing::new("hunter2".to_owned()))]);
        let secrets = Secrets::new(supplied);
        assert_eq!(secrets.value(&Password::Named("alice".to_owned())).as_str(), "hunter2");
        assert_eq!(format!("{secrets:?}"), r#"{"alice"}"#);
    }
}
