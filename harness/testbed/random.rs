//! The randomness of a run: a seeded generator for each worker, since a call to the system costs as much as a small message.

use crate::handshake::Random;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fmt;

/// A cryptographically secure generator that a party owns.
pub struct Generator(StdRng);

impl Generator {
    /// Seeded by the system.
    #[must_use]
    pub fn from_system() -> Self {
        Self(rand::make_rng())
    }

    /// Seeded by octets: the same octets give the same bytes.
    #[must_use]
    pub fn from_octets(seed: [u8; 32]) -> Self {
        Self(StdRng::from_seed(seed))
    }

    /// Seeded by a number: the same number gives the same bytes.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }
}

impl Random for Generator {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generator(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_and_the_system_does_not_repeat_itself() {
        let draw = |mut generator: Generator| {
            let mut bytes = [0; 16];
            generator.fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(Generator::from_seed(1)), draw(Generator::from_seed(1)));
        assert_ne!(draw(Generator::from_seed(1)), draw(Generator::from_seed(2)));
        assert_ne!(draw(Generator::from_system()), draw(Generator::from_system()));
    }
}
