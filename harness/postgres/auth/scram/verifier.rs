//! What a server stores instead of a password, and the arithmetic around it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Salt, iteration count, StoredKey and ServerKey (RFC 5802 §3). `Debug` shows neither key.
#[derive(Clone)]
pub struct ScramVerifier {
    salt: Vec<u8>,
    iterations: u32,
    stored_key: Zeroizing<[u8; 32]>,
    server_key: Zeroizing<[u8; 32]>,
}

impl ScramVerifier {
    /// From a password; runs PBKDF2 over all `iterations`.
    #[must_use]
    pub fn new(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = salted_password(password, salt, iterations);
        Self {
            salt: salt.to_vec(),
            iterations,
            stored_key: Zeroizing::new(Sha256::digest(*client_key(&salted)).into()),
            server_key: server_key(&salted),
        }
    }

    /// For a role that does not exist: the salt is always the same for one role, so that a stranger cannot tell, and no
    /// proof is ever right. As `mock_scram_secret` of the real server.
    #[must_use]
    pub fn mock(user: &str, nonce: &[u8; 32]) -> Self {
        let salt: [u8; 32] = Sha256::new().chain_update(user.as_bytes()).chain_update(nonce).finalize().into();
        Self {
            salt: salt[..16].to_vec(),
            iterations: 4096,
            stored_key: Zeroizing::new([0; 32]),
            server_key: Zeroizing::new([0; 32]),
        }
    }

    /// The salt.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// The iteration count.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Whether `proof` was made from the password for `auth_message`, in constant time.
    #[must_use]
    pub fn accepts(&self, auth_message: &[u8], proof: &[u8; 32]) -> bool {
        let mut client_key = mac(&*self.stored_key, &[auth_message]);
        xor(&mut client_key, proof);
        self.stored_key.ct_eq(&<[u8; 32]>::from(Sha256::digest(client_key))).into()
    }

    /// ServerSignature for `auth_message`.
    #[must_use]
    pub fn server_signature(&self, auth_message: &[u8]) -> [u8; 32] {
        mac(&*self.server_key, &[auth_message])
    }

    /// Whether a cleartext password is right. Runs PBKDF2, as the real server does.
    #[must_use]
    pub fn accepts_password(&self, password: &[u8]) -> bool {
        let salted = salted_password(password, &self.salt, self.iterations);
        self.server_key.ct_eq(&*server_key(&salted)).into()
    }
}

impl fmt::Debug for ScramVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramVerifier").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}

/// SaltedPassword := Hi(Normalize(password), salt, i).
pub(super) fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(&normalize(password), salt, iterations))
}

/// ClientKey := HMAC(SaltedPassword, "Client Key").
pub(super) fn client_key(salted_password: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(mac(salted_password, &[b"Client Key"]))
}

/// ServerKey := HMAC(SaltedPassword, "Server Key").
pub(super) fn server_key(salted_password: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(mac(salted_password, &[b"Server Key"]))
}

/// HMAC-SHA-256.
pub(super) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// `left ^= right`.
pub(super) fn xor(left: &mut [u8; 32], right: &[u8; 32]) {
    for (left, right) in left.iter_mut().zip(right) {
        *left ^= right;
    }
}

/// SASLprep where the password is UTF-8 and may be prepared; PostgreSQL takes it as it is where not.
fn normalize(password: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(password).ok().and_then(|text| stringprep::saslprep(text).ok()) {
        Some(Cow::Owned(prepared)) => Cow::Owned(prepared.into_bytes()),
        Some(Cow::Borrowed(prepared)) => Cow::Borrowed(prepared.as_bytes()),
        None => Cow::Borrowed(password),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_prepared_where_it_can_be() {
        let check = |password: &[u8], expected: &[u8]| assert_eq!(&*normalize(password), expected);
        check(b"user", b"user");
        check("I\u{ad}X".as_bytes(), b"IX"); // RFC 4013 §3: a soft hyphen is mapped to nothing.
        check("\u{aa}".as_bytes(), b"a"); // RFC 4013 §3: NFKC.
        check(b"\x07", b"\x07"); // RFC 4013 §3: prohibited, so taken as it is.
        check(b"\xff", b"\xff");
    }

    #[test]
    fn a_cleartext_password_is_held_against_the_verifier() {
        let verifier = ScramVerifier::new(b"sesame", b"salt", 4096);
        assert!(verifier.accepts_password(b"sesame"));
        assert!(!verifier.accepts_password(b"sesam"));
    }

    #[test]
    fn a_role_that_does_not_exist_has_a_salt_of_its_own_that_stays() {
        let salt = |user| ScramVerifier::mock(user, &[1; 32]).salt().to_vec();
        assert_eq!(salt("nobody"), salt("nobody"));
        assert_ne!(salt("nobody"), salt("somebody"));
        assert_eq!(salt("nobody").len(), 16);
    }
}
