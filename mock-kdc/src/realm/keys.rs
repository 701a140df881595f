//! Keys that are given instead of made.

use shakedown_krb5::crypto::Key;

/// A key of a principal with its version number. Who gives keys spares the start the derivation of keys from
/// passwords, which costs thousands of hash operations each. `Debug` shows the encryption type only.
#[derive(Debug, Clone)]
pub struct GivenKey {
    /// The key version number, 1 or more.
    pub kvno: u32,
    /// The key.
    pub key: Key,
}
