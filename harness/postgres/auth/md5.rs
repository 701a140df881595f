//! `AuthenticationMD5Password`: `md5` and hex(md5(hex(md5(password, user)), salt)).
//!
//! Source: PostgreSQL documentation, "Message Flow", AuthenticationMD5Password. Both sides need only the inner hash.

use md5::{Digest, Md5};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// hex(md5(password, user)): as good as the password, so it is not printed.
#[derive(Clone)]
pub struct Md5Verifier {
    hash: Zeroizing<[u8; 32]>,
}

impl Md5Verifier {
    /// Of a role's password. The role's name is the salt.
    #[must_use]
    pub fn new(user: &str, password: &[u8]) -> Self {
        Self { hash: Zeroizing::new(hex(&[password, user.as_bytes()])) }
    }

    /// What a client sends for `salt`, without the terminating NUL.
    #[must_use]
    pub fn response(&self, salt: [u8; 4]) -> [u8; 35] {
        let mut response = *b"md5................................";
        response[3..].copy_from_slice(&hex(&[&*self.hash, &salt]));
        response
    }

    /// Whether a client's response is right, in constant time.
    #[must_use]
    pub fn accepts(&self, salt: [u8; 4], response: &[u8]) -> bool {
        self.response(salt).ct_eq(response).into()
    }

    /// Whether a cleartext password is right, in constant time.
    #[must_use]
    pub fn accepts_password(&self, user: &str, password: &[u8]) -> bool {
        self.hash.ct_eq(&*Self::new(user, password).hash).into()
    }
}

impl fmt::Debug for Md5Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Md5Verifier").finish_non_exhaustive()
    }
}

fn hex(parts: &[&[u8]]) -> [u8; 32] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    let mut text = [0; 32];
    for (pair, octet) in text.chunks_exact_mut(2).zip(digest.finalize()) {
        pair[0] = DIGITS[usize::from(octet >> 4)];
        pair[1] = DIGITS[usize::from(octet & 15)];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_the_one_that_postgresql_15_accepted() {
        // Captured on 2026-11-21: role mdfive, password wonderland, salt a3 15 99 3c; answered by AuthenticationOk.
        let verifier = Md5Verifier::new("mdfive", b"wonderland");
        let salt = [0xa3, 0x15, 0x99, 0x3c];
        assert_eq!(&verifier.response(salt), b"md5104a4f057434235e6ae08bc74f8f505c");
        assert!(verifier.accepts(salt, b"md5104a4f057434235e6ae08bc74f8f505c"));
        assert!(!verifier.accepts(salt, b"md5104a4f057434235e6ae08bc74f8f505d"));
        assert!(!verifier.accepts(salt, b"md5"));
    }

    #[test]
    fn a_response_is_the_one_of_postgres_protocol() {
        let salt = [1, 2, 3, 4];
        let expected = postgres_protocol::authentication::md5_hash(b"alice", b"sesame", salt);
        assert_eq!(Md5Verifier::new("alice", b"sesame").response(salt), expected.as_bytes());
    }

    #[test]
    fn a_cleartext_password_is_held_against_the_same_verifier() {
        let verifier = Md5Verifier::new("alice", b"sesame");
        assert!(verifier.accepts_password("alice", b"sesame"));
        assert!(!verifier.accepts_password("bob", b"sesame"));
        assert!(!verifier.accepts_password("alice", b"sesam"));
    }
}
