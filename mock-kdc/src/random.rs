//! Randomness from the operating system's generator.

use rand::Rng as _;
use shakedown_krb5::Random;

/// Cryptographically strong randomness, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}
