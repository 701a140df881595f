//! A key as files and messages hold it: an encryption type number and octets.

use std::fmt;

use zeroize::Zeroizing;

use crate::crypto::{Etype, Key};

/// A key of whatever encryption type. Files may hold types that this crate cannot use (RC4, DES3); they are kept,
/// so that a file can be written back whole. `Debug` prints only the encryption type.
#[derive(Clone)]
pub struct Keyblock {
    /// The encryption type (RFC 3961 §8), possibly one that this crate does not implement.
    pub etype: i32,
    octets: Zeroizing<Vec<u8>>,
    key: Option<Key>,
}

impl Keyblock {
    /// From the number and the octets of a file. The length is not judged here.
    #[must_use]
    pub fn new(etype: i32, octets: &[u8]) -> Self {
        let key = Etype::from_number(etype).and_then(|etype| Key::new(etype, octets).ok());
        Self { etype, octets: Zeroizing::new(octets.to_vec()), key }
    }

    /// The key itself.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The key to use, kept with its schedules; none of an encryption type that this crate does not implement, or of a
    /// wrong length.
    #[must_use]
    pub const fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}

impl From<&Key> for Keyblock {
    fn from(key: &Key) -> Self {
        Self { etype: key.etype().number(), octets: Zeroizing::new(key.bytes().to_vec()), key: Some(key.clone()) }
    }
}

impl PartialEq for Keyblock {
    fn eq(&self, other: &Self) -> bool {
        (self.etype, &self.octets) == (other.etype, &other.octets)
    }
}

impl Eq for Keyblock {}

impl fmt::Debug for Keyblock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyblock").field("etype", &self.etype).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_type_of_the_right_length_is_a_key_to_use() {
        assert!(Keyblock::new(17, &[0; 16]).key().is_some() && Keyblock::new(23, &[0; 16]).key().is_some());
        for (etype, length) in [(17, 15), (17, 17), (16, 24), (0, 0), (-1, 16)] {
            assert!(Keyblock::new(etype, &vec![0; length]).key().is_none(), "etype {etype}, {length} octets");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", Keyblock::new(18, b"SECRETSECRET"));
        assert_eq!(shown, "Keyblock { etype: 18, .. }");
    }
}
