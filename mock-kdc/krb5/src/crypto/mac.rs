//! HMAC of an etype's hash, with the key already absorbed.

use hmac::{Hmac, KeyInit};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Etype;

/// The inner and outer midstates of an HMAC key. Wiped when dropped (features `zeroize`).
#[derive(Clone)]
pub(super) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Md5(Hmac<Md5>),
}

/// The longest output of the four hashes.
const DIGEST_LENGTH_MAX: usize = 48;

impl Mac {
    pub(super) fn new(etype: Etype, key: &[u8]) -> Self {
        const ANY: &str = "HMAC takes keys of any length";
        match etype {
            Etype::Aes128Sha1 | Etype::Aes256Sha1 => Self::Sha1(Hmac::new_from_slice(key).expect(ANY)),
            Etype::Aes128Sha256 => Self::Sha256(Hmac::new_from_slice(key).expect(ANY)),
            Etype::Aes256Sha384 => Self::Sha384(Hmac::new_from_slice(key).expect(ANY)),
            Etype::Rc4Hmac => Self::Md5(Hmac::new_from_slice(key).expect(ANY)),
        }
    }

    /// The tag over the concatenated parts; the caller cuts it to its etype's length.
    pub(super) fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut tag = Tag { octets: Zeroizing::new([0; DIGEST_LENGTH_MAX]) };
        match self {
            Self::Sha1(mac) => finish(mac, parts, &mut tag.octets),
            Self::Sha256(mac) => finish(mac, parts, &mut tag.octets),
            Self::Sha384(mac) => finish(mac, parts, &mut tag.octets),
            Self::Md5(mac) => finish(mac, parts, &mut tag.octets),
        }
        tag
    }
}

fn finish<M: hmac::Mac + Clone>(midstate: &M, parts: &[&[u8]], octets: &mut [u8; DIGEST_LENGTH_MAX]) {
    let mut mac = midstate.clone();
    for part in parts {
        mac.update(part);
    }
    let digest = mac.finalize().into_bytes();
    octets[..digest.len()].copy_from_slice(&digest);
}

/// The output of an HMAC before truncation. Wiped when dropped, for with RC4 it is a key.
pub(super) struct Tag {
    octets: Zeroizing<[u8; DIGEST_LENGTH_MAX]>,
}

impl Tag {
    /// The first `length` octets.
    pub(super) fn truncated(&self, length: usize) -> &[u8] {
        &self.octets[..length]
    }

    /// Whether `found` is the tag cut to `length` octets, in a time that does not tell where it differs.
    pub(super) fn matches(&self, length: usize, found: &[u8]) -> bool {
        self.truncated(length).ct_eq(found).into()
    }
}
