//! `mysql_native_password`: SHA1(password) XOR SHA1(nonce ‖ SHA1(SHA1(password)))
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html>).

use crate::mysql::auth::{Nonce, same, xor};
use openssl::sha::{Sha1, sha1};
use std::fmt;

/// The client's answer to a nonce. Empty for no password.
#[must_use]
pub fn scramble(password: &[u8], nonce: &Nonce) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let stage1 = sha1(password);
    xor(stage1, &mask(nonce, &sha1(&stage1))).to_vec()
}

/// What the server keeps: SHA1(SHA1(password)), or that there is no password.
#[derive(Clone)]
pub struct Verifier(Option<[u8; 20]>);

impl Verifier {
    /// For this password.
    #[must_use]
    pub fn new(password: &[u8]) -> Self {
        Self((!password.is_empty()).then(|| sha1(&sha1(password))))
    }

    /// Checks a client's answer.
    ///
    /// # Errors
    /// The server's cause.
    pub fn verify(&self, nonce: &Nonce, answer: &[u8]) -> Result<(), &'static str> {
        let Some(stage2) = &self.0 else {
            return if answer.is_empty() { Ok(()) } else { Err("wrong password") };
        };
        let Ok(answer) = <[u8; 20]>::try_from(answer) else {
            return Err(if answer.is_empty() { "no password" } else { "scramble of a wrong length" });
        };
        let stage1 = xor(answer, &mask(nonce, stage2));
        if same(&sha1(&stage1), stage2) { Ok(()) } else { Err("wrong password") }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

fn mask(nonce: &Nonce, stage2: &[u8; 20]) -> [u8; 20] {
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(stage2);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_accepts_its_password_and_no_other() {
        let nonce = *b"12345678901234567890";
        let verifier = Verifier::new(b"pw");
        let mut answer = scramble(b"pw", &nonce);
        assert_eq!(verifier.verify(&nonce, &answer), Ok(()));
        assert_eq!(verifier.verify(b"02345678901234567890", &answer), Err("wrong password"));
        assert_eq!(verifier.verify(&nonce, &scramble(b"pW", &nonce)), Err("wrong password"));
        assert_eq!(verifier.verify(&nonce, b""), Err("no password"));
        answer.push(0);
        assert_eq!(verifier.verify(&nonce, &answer), Err("scramble of a wrong length"));
    }

    #[test]
    fn no_password_is_an_empty_answer() {
        let nonce = [1; 20];
        assert_eq!(scramble(b"", &nonce), b"");
        assert_eq!(Verifier::new(b"").verify(&nonce, b""), Ok(()));
        assert_eq!(Verifier::new(b"").verify(&nonce, &scramble(b"x", &nonce)), Err("wrong password"));
    }

    #[test]
    fn a_verifier_is_not_printed() {
        assert_eq!(format!("{:?}", Verifier::new(b"pw")), "Verifier(..)");
    }
}
