//! A quick hash for maps whose keys are octets, another one for each map.

use std::hash::{BuildHasher, Hasher};

use shakedown_krb5::Random as _;

use crate::random::SystemRandom;

/// Sixteen octets at a time, folded into 64 bits by a multiplication with secrets. It need not withstand who can make
/// collisions and sees how long an answer takes: no map here grows by what such a peer sends without bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folding([u64; 2]);

impl Folding {
    /// With secrets of the operating system.
    pub(crate) fn from_system() -> Self {
        let mut secret = [[0; 8]; 2];
        secret.iter_mut().for_each(|octets| SystemRandom.fill(octets));
        Self(secret.map(u64::from_ne_bytes))
    }

    /// With given secrets, for tests.
    #[cfg(test)]
    pub(crate) const fn of(secret: [u64; 2]) -> Self {
        Self(secret)
    }

    /// The hash of some octets.
    pub(crate) fn hash(self, octets: &[u8]) -> u64 {
        let Self([start, factor]) = self;
        let fold = |state: u64, chunk: &[u8; 16]| {
            let words = u128::from_le_bytes(*chunk);
            let product = u128::from(state ^ words as u64) * u128::from(factor ^ (words >> 64) as u64);
            (product as u64) ^ (product >> 64) as u64
        };
        let (chunks, rest) = octets.as_chunks();
        let state = chunks.iter().fold(start ^ octets.len() as u64, fold);
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        fold(state, &last)
    }
}

/// For maps from octets.
impl BuildHasher for Folding {
    type Hasher = FoldingHasher;

    fn build_hasher(&self) -> FoldingHasher {
        FoldingHasher { folding: *self, hash: 0 }
    }
}

/// What was hashed of a key.
pub(crate) struct FoldingHasher {
    folding: Folding,
    hash: u64,
}

impl Hasher for FoldingHasher {
    fn finish(&self) -> u64 {
        self.hash
    }

    fn write(&mut self, octets: &[u8]) {
        self.hash = self.hash.rotate_left(5) ^ self.folding.hash(octets);
    }

    /// The length of a slice, which comes before its octets and is part of their hash already.
    fn write_usize(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_of_another_length_or_order_have_another_hash() {
        let folding = Folding::of([0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9]);
        let keys: Vec<Vec<u8>> =
            (0..300).map(|length| vec![0; length]).chain((0..=255).map(|one| vec![one, 1])).collect();
        let hashes: std::collections::HashSet<u64> = keys.iter().map(|key| folding.hash_one(key.as_slice())).collect();
        assert_eq!(hashes.len(), keys.len());
        assert_ne!(Folding::from_system().hash(b"a"), Folding::from_system().hash(b"a"));
    }
}
