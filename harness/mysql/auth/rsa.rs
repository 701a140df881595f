//! The RSA block of the SHA-2 plugins: OAEP with SHA-1, over a password that is mixed with the nonce.

use crate::handshake::Error;
use crate::mysql::auth::Nonce;
use crate::mysql::auth::sha2_password::mix_with_nonce;
use openssl::encrypt::{Decrypter, Encrypter};
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::{Padding, Rsa};
use std::fmt;
use zeroize::Zeroizing;

/// The longest PEM text that a client takes: a key of 16,384 bits has about 2,800 octets.
const MAX_PEM: usize = 8 * 1024;

/// A server's key pair, made once.
#[derive(Clone)]
pub struct RsaKey {
    key: PKey<Private>,
    public_pem: Vec<u8>,
}

impl RsaKey {
    /// Makes a key of 2,048 bits, as mysqld does at its first start. This takes some 50 ms.
    ///
    /// # Errors
    /// OpenSSL cannot make one.
    pub fn generate() -> Result<Self, openssl::error::ErrorStack> {
        Self::from_private(PKey::from_rsa(Rsa::generate(2048)?)?)
    }

    /// From a private key in PEM (PKCS #1 or PKCS #8).
    ///
    /// # Errors
    /// It is none, or not of RSA.
    pub fn from_pem(pem: &[u8]) -> Result<Self, openssl::error::ErrorStack> {
        Self::from_private(PKey::from_rsa(Rsa::private_key_from_pem(pem)?)?)
    }

    fn from_private(key: PKey<Private>) -> Result<Self, openssl::error::ErrorStack> {
        let public_pem = key.public_key_to_pem()?;
        Ok(Self { key, public_pem })
    }

    /// The public half as it is sent: `-----BEGIN PUBLIC KEY-----`.
    #[must_use]
    pub fn public_pem(&self) -> &[u8] {
        &self.public_pem
    }

    /// Octets of a block.
    #[must_use]
    pub fn block_length(&self) -> usize {
        self.key.size()
    }

    /// The password and its NUL in a block.
    ///
    /// # Errors
    /// The block cannot be opened; the text is the server's cause.
    pub fn open(&self, block: &[u8], nonce: &Nonce) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        if block.len() != self.block_length() {
            return Err("no RSA block of the key's length");
        }
        let mut plain = self.decrypt(block).map_err(|_| "rsa block cannot be opened")?;
        mix_with_nonce(&mut plain, nonce);
        Ok(plain)
    }

    fn decrypt(&self, block: &[u8]) -> Result<Zeroizing<Vec<u8>>, openssl::error::ErrorStack> {
        let mut decrypter = Decrypter::new(&self.key)?;
        decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        let mut plain = Zeroizing::new(vec![0; decrypter.decrypt_len(block)?]);
        let length = decrypter.decrypt(block, &mut plain)?;
        plain.truncate(length);
        Ok(plain)
    }
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaKey({} bits)", self.key.bits())
    }
}

/// A server's public key, as a client got it.
#[derive(Debug, Clone)]
pub struct PublicKey(PKey<Public>);

impl PublicKey {
    /// From the PEM text that a server sent.
    ///
    /// # Errors
    /// It is no RSA key, or unreasonably long.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        if pem.len() > MAX_PEM {
            return Err(Error::peer(format!("public key of {} octets, at most {MAX_PEM} are taken", pem.len())));
        }
        let key = PKey::public_key_from_pem(pem).map_err(|_| Error::peer("public key is no PEM text"))?;
        if key.rsa().is_err() {
            return Err(Error::peer("public key is not of RSA"));
        }
        Ok(Self(key))
    }

    /// The block for a password. The seed of OAEP is OpenSSL's own.
    ///
    /// # Errors
    /// The password is too long for the key.
    pub fn seal(&self, password: &[u8], nonce: &Nonce) -> Result<Vec<u8>, Error> {
        let mut plain = Zeroizing::new(Vec::with_capacity(password.len() + 1));
        plain.extend_from_slice(password);
        plain.push(0);
        mix_with_nonce(&mut plain, nonce);
        self.encrypt(&plain).map_err(|_| Error::Misuse("password too long for the server's RSA key"))
    }

    fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, openssl::error::ErrorStack> {
        let mut encrypter = Encrypter::new(&self.0)?;
        encrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        let mut block = vec![0; encrypter.encrypt_len(plain)?];
        let length = encrypter.encrypt(plain, &mut block)?;
        block.truncate(length);
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_opened_by_its_key_and_nonce_only() {
        let key = RsaKey::generate().unwrap();
        let public = PublicKey::from_pem(key.public_pem()).unwrap();
        let nonce = *b"12345678901234567890";
        let block = public.seal(b"a password longer than the nonce", &nonce).unwrap();
        assert_eq!(block.len(), 256);
        assert_eq!(key.open(&block, &nonce).unwrap().as_slice(), b"a password longer than the nonce\0");
        assert_ne!(key.open(&block, &[9; 20]).unwrap().as_slice(), b"a password longer than the nonce\0");
        assert!(key.open(&block[1..], &nonce).is_err());
        let mut bent = block;
        bent[100] ^= 1;
        assert!(key.open(&bent, &nonce).is_err());
    }

    #[test]
    fn what_is_no_rsa_key_is_refused() {
        assert!(PublicKey::from_pem(b"hello").is_err());
        assert!(PublicKey::from_pem(&vec![b'x'; MAX_PEM + 1]).unwrap_err().to_string().contains("at most 8192"));
    }

    #[test]
    fn a_private_key_is_not_printed() {
        assert_eq!(format!("{:?}", RsaKey::generate().unwrap()), "RsaKey(2048 bits)");
    }
}
