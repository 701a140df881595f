//! `caching_sha2_password` and `sha256_password`
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html>).
//!
//! ```text
//!  caching_sha2_password                          sha256_password
//!  C: SHA256(pw) XOR SHA256(SHA256(SHA256(pw))    C: over TLS: pw NUL
//!                           ‖ nonce)                 else 01 → S: PEM → C: RSA block
//!  S: 03 (proven before), or                      S: OK or ERR
//!     04 → C: over TLS: pw NUL
//!          else 02 → S: PEM → C: RSA block
//!  S: OK or ERR
//! ```
//!
//! "Proven before" is [`ProvenAccounts`], which all connections of a server share.

use crate::mysql::auth::{Nonce, same, xor};
use openssl::sha::{Sha256, sha256};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{PoisonError, RwLock};

/// AuthMoreData: the account was found in the cache, OK follows.
pub const FAST_AUTH_SUCCESS: u8 = 0x03;
/// AuthMoreData: the account was not found in the cache, the password is wanted.
pub const PERFORM_FULL_AUTHENTICATION: u8 = 0x04;
/// A client of `caching_sha2_password` asks for the RSA key.
pub const CACHING_KEY_REQUEST: u8 = 0x02;
/// A client of `sha256_password` asks for the RSA key.
pub const SHA256_KEY_REQUEST: u8 = 0x01;
/// The longest password that the server takes, in octets (`MAX_PLAINTEXT_LENGTH`).
pub const MAX_PASSWORD: usize = 256;

/// The client's answer to a nonce. As libmysqlclient has it, one NUL for no password.
#[must_use]
pub fn scramble(password: &[u8], nonce: &Nonce) -> Vec<u8> {
    if password.is_empty() {
        return vec![0];
    }
    let stage1 = sha256(password);
    xor(stage1, &mask(nonce, &sha256(&stage1))).to_vec()
}

/// What the server keeps: SHA256(SHA256(password)), or that there is no password.
///
/// mysqld keeps a salted hash of 5,000 rounds instead, and this one in its cache only; nothing of that is on the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(Option<[u8; 32]>);

impl Verifier {
    /// For this password.
    #[must_use]
    pub fn new(password: &[u8]) -> Self {
        Self((!password.is_empty()).then(|| sha256(&sha256(password))))
    }

    /// Whether the account has no password.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Checks the answer to a nonce.
    #[must_use]
    pub fn verify_scramble(&self, nonce: &Nonce, answer: &[u8]) -> bool {
        let (Some(stage2), Ok(answer)) = (&self.0, <[u8; 32]>::try_from(answer)) else { return false };
        let stage1 = xor(answer, &mask(nonce, stage2));
        same(&sha256(&stage1), stage2)
    }

    /// Checks a password and the NUL behind it, as they come over TLS or out of an RSA block.
    ///
    /// # Errors
    /// The server's cause.
    pub fn verify_password(&self, with_nul: &[u8]) -> Result<(), &'static str> {
        let Some((0, password)) = with_nul.split_last() else { return Err("password without a NUL behind it") };
        if password.len() > MAX_PASSWORD {
            return Err("password too long");
        }
        let matches = match &self.0 {
            Some(stage2) => same(&sha256(&sha256(password)), stage2),
            None => password.is_empty(),
        };
        if matches { Ok(()) } else { Err(if password.is_empty() { "no password" } else { "wrong password" }) }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

fn mask(nonce: &Nonce, stage2: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(stage2);
    hash.update(nonce);
    hash.finish()
}

/// A password and its NUL, mixed with the nonce again and again: what goes into the RSA block. Mixing is its own reverse.
pub fn mix_with_nonce(octets: &mut [u8], nonce: &Nonce) {
    for (octet, other) in octets.iter_mut().zip(nonce.iter().cycle()) {
        *octet ^= other;
    }
}

/// Accounts that have shown their whole password since the server started: their scramble is enough from then on.
///
/// Bounded; the account that has been in it for longest goes first. A new password of an account does not match what is
/// kept here, and so leads to a full exchange.
pub struct ProvenAccounts {
    capacity: usize,
    entries: RwLock<Entries>,
}

#[derive(Default)]
struct Entries {
    by_name: HashMap<String, Verifier>,
    by_age: VecDeque<String>,
}

impl Default for ProvenAccounts {
    fn default() -> Self {
        Self::with_capacity(10_000)
    }
}

impl ProvenAccounts {
    /// For so many accounts.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, entries: RwLock::default() }
    }

    /// Whether `user` has shown the password of `verifier` before.
    #[must_use]
    pub fn contains(&self, user: &str, verifier: &Verifier) -> bool {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_name.get(user) == Some(verifier)
    }

    /// Remembers that `user` has shown the password of `verifier`.
    pub fn insert(&self, user: &str, verifier: Verifier) {
        let mut guard = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let entries = &mut *guard;
        if entries.by_name.insert(user.to_owned(), verifier).is_none() {
            entries.by_age.push_back(user.to_owned());
        }
        while entries.by_age.len() > self.capacity {
            let oldest = entries.by_age.pop_front().expect("longer than some capacity");
            entries.by_name.remove(&oldest);
        }
    }

    /// Forgets all accounts (`FLUSH PRIVILEGES`, a restart).
    pub fn clear(&self) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        *entries = Entries::default();
    }

    /// How many accounts are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).by_age.len()
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for ProvenAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProvenAccounts({} of at most {})", self.len(), self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_accepts_its_password_and_no_other() {
        let nonce = [0x41; 20];
        let verifier = Verifier::new(b"pw");
        assert!(verifier.verify_scramble(&nonce, &scramble(b"pw", &nonce)));
        assert!(!verifier.verify_scramble(&nonce, &scramble(b"pW", &nonce)));
        assert!(!verifier.verify_scramble(&[0x42; 20], &scramble(b"pw", &nonce)));
        assert!(!verifier.verify_scramble(&nonce, &[]));
        assert_eq!(verifier.verify_password(b"pw\0"), Ok(()));
        assert_eq!(verifier.verify_password(b"pW\0"), Err("wrong password"));
        assert_eq!(verifier.verify_password(b"pw"), Err("password without a NUL behind it"));
        assert_eq!(verifier.verify_password(b""), Err("password without a NUL behind it"));
        assert_eq!(verifier.verify_password(b"\0"), Err("no password"));
        let mut long = vec![b'x'; 257];
        long.push(0);
        assert_eq!(Verifier::new(&long[..257]).verify_password(&long), Err("password too long"));
        assert_eq!(Verifier::new(&long[1..257]).verify_password(&long[1..]), Ok(()));
    }

    #[test]
    fn the_account_that_was_proven_first_is_forgotten_first() {
        let proven = ProvenAccounts::with_capacity(2);
        let verifier = Verifier::new(b"pw");
        for name in ["a", "b", "b", "c"] {
            proven.insert(name, verifier.clone());
        }
        assert_eq!(proven.len(), 2);
        assert_eq!(["a", "b", "c"].map(|name| proven.contains(name, &verifier)), [false, true, true]);
        assert!(!proven.contains("b", &Verifier::new(b"new")), "a changed password is proven anew");
    }
}
