//! Held against MIT's libkrb5, called by way of Python's ctypes: no KDC, no network.
//!
//! Without Python or the library these tests say so and pass; with `SHAKEDOWN_REQUIRE_PEERS=1` their absence is a failure.

#![expect(clippy::unwrap_used, reason = "a test's support fails as a test does")]

mod crypto;
mod pac;
mod peer;

use shakedown_krb5::Random;

/// A generator that repeats itself from the same start (SplitMix64).
struct Seeded(u64);

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *octet = (mixed >> 56) as u8;
        }
    }
}
