//! rc4-hmac, etype 23 (RFC 4757): nothing is derived but one HMAC-MD5 key for each usage.
//!
//! ```text
//!   K1 = HMAC-MD5(key, usage)
//!   ciphertext = tag | RC4(HMAC-MD5(K1, tag), confounder | plaintext)    tag = HMAC-MD5(K1, confounder | plaintext)
//!   checksum = HMAC-MD5(HMAC-MD5(key, "signaturekey\0"), MD5(usage | data))
//! ```

use md4::{Digest, Md4};
use md5::Md5;
use rc4::{KeyInit, Rc4, StreamCipher};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::mac::{Mac, Tag};
use super::{CryptoError, Etype, KeyUsage};

/// Octets of a tag, of a digest, and of a key.
pub(super) const TAG_LENGTH: usize = 16;

/// What encrypts and decrypts for one usage: HMAC-MD5 with K1.
pub(super) struct Sealing(Mac);

impl Sealing {
    pub(super) fn new(key: &[u8], usage: KeyUsage) -> Self {
        let k1 = Mac::new(Etype::Rc4Hmac, key).tag(&[&translated(usage)]);
        Self(Mac::new(Etype::Rc4Hmac, k1.truncated(TAG_LENGTH)))
    }

    /// Encrypts in place what follows the place for the tag, and fills in the tag.
    ///
    /// INVARIANT: there is room for the tag.
    pub(super) fn seal(&self, message: &mut [u8]) {
        let (tag, data) = message.split_first_chunk_mut::<TAG_LENGTH>().expect("room for the tag");
        tag.copy_from_slice(self.0.tag(&[data]).truncated(TAG_LENGTH));
        self.apply_key_stream(tag, data);
    }

    /// Decrypts in place what follows the tag, if it is intact; else leaves all as it was.
    ///
    /// INVARIANT: there is a tag.
    pub(super) fn open(&self, message: &mut [u8]) -> bool {
        let (tag, data) = message.split_first_chunk_mut::<TAG_LENGTH>().expect("the caller has seen to the length");
        self.apply_key_stream(tag, data);
        let intact = self.0.tag(&[data]).matches(TAG_LENGTH, tag);
        if !intact {
            self.apply_key_stream(tag, data);
        }
        intact
    }

    fn apply_key_stream(&self, tag: &[u8; TAG_LENGTH], data: &mut [u8]) {
        apply(self.0.tag(&[tag]).truncated(TAG_LENGTH), data);
    }
}

/// What makes checksums of type -138 for one usage.
pub(super) struct Checksum {
    mac: Mac,
    usage: [u8; 4],
}

impl Checksum {
    pub(super) fn new(key: &[u8], usage: KeyUsage) -> Self {
        let signature_key = Mac::new(Etype::Rc4Hmac, key).tag(&[b"signaturekey\0"]);
        Self { mac: Mac::new(Etype::Rc4Hmac, signature_key.truncated(TAG_LENGTH)), usage: translated(usage) }
    }

    pub(super) fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut digest = Md5::new_with_prefix(self.usage);
        for part in parts {
            digest.update(part);
        }
        self.mac.tag(&[&digest.finalize()])
    }
}

/// HMAC-SHA1, 20 octets: RFC 4757 has no pseudo-random function, and this is the one of MIT, Heimdal and Windows.
pub(super) fn prf(key: &[u8], input: &[u8]) -> Vec<u8> {
    use hmac::Mac as _;
    let mac = hmac::Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(input).finalize().into_bytes().to_vec()
}

/// MD4 of the password in UTF-16, little-endian; neither salt nor iterations (RFC 4757 §2).
pub(super) fn string_to_key(password: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let password = std::str::from_utf8(password).map_err(|_| CryptoError::NotUtf8)?;
    let mut hash = Md4::new();
    for unit in password.encode_utf16() {
        hash.update(unit.to_le_bytes());
    }
    Ok(Zeroizing::new(hash.finalize().to_vec()))
}

/// Encrypts or decrypts `data` with RC4 under HMAC-MD5(HMAC-MD5(key, 0), diversifier), which is how GSS-API's tokens do it
/// (RFC 4757 §7).
pub(super) fn crypt_token(key: &[u8], diversifier: &[u8], data: &mut [u8]) {
    let k0 = Mac::new(Etype::Rc4Hmac, key).tag(&[&[0; 4]]);
    apply(Mac::new(Etype::Rc4Hmac, k0.truncated(TAG_LENGTH)).tag(&[diversifier]).truncated(TAG_LENGTH), data);
}

fn apply(key: &[u8], data: &mut [u8]) {
    Rc4::new_from_slice(key).expect("RC4 takes 16 octets").apply_keystream(data);
}

/// Microsoft's numbers differ in two places from those of RFC 4120 (RFC 4757 §3), and stand in little-endian. For a TGS-REP
/// under a sub-key the RFC says 8 where everybody uses 9.
const fn translated(usage: KeyUsage) -> [u8; 4] {
    let number = match usage.0 {
        3 => 8,
        23 => 13,
        other => other,
    };
    number.to_le_bytes()
}
