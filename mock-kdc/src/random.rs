//! Randomness: from the operating system, or from a generator that a seed determines.

use std::fmt;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use shakedown_krb5::Random;

/// Cryptographically strong randomness, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// A generator for one task: cryptographically strong (ChaCha), without a lock or a system call for each use. The same
/// seed gives the same octets. `Debug` shows no state.
pub struct Generator(StdRng);

impl Generator {
    /// Seeded by the operating system.
    #[must_use]
    pub fn from_system() -> Self {
        let mut seed = [0; 32];
        SystemRandom.fill(&mut seed);
        Self::from_seed(seed)
    }

    /// Of a given seed, to get the same answers again.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(StdRng::from_seed(seed))
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
