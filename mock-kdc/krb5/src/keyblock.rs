//! A key as files and messages hold it: an encryption type number and octets.

use std::fmt;

use zeroize::Zeroizing;

/// A key of whatever encryption type. Files may hold types that this crate cannot use (RC4, DES3); they are kept,
/// so that a file can be written back whole. `Debug` prints only the encryption type.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyblock {
    /// The encryption type (RFC 3961 §8), possibly one that this crate does not implement.
    pub etype: i32,
    octets: Zeroizing<Vec<u8>>,
}

impl Keyblock {
    /// From the number and the octets of a file. The length is not judged here.
    #[must_use]
    pub fn new(etype: i32, octets: &[u8]) -> Self {
        Self { etype, octets: Zeroizing::new(octets.to_vec()) }
    }

    /// The key itself.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl fmt::Debug for Keyblock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyblock").field("etype", &self.etype).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", Keyblock::new(18, b"SECRETSECRET"));
        assert_eq!(shown, "Keyblock { etype: 18, .. }");
    }
}
