//! What one usage of a key needs: to encrypt and decrypt, and to make checksums.

use std::ops::Range;

use super::cbc_cts::Aes;
use super::derive::{Base, Purpose};
use super::mac::{Mac, Tag};
use super::{Etype, KeyUsage, rc4};
use crate::Random;

/// What encrypts and decrypts.
#[expect(clippy::large_enum_variant, reason = "a key on the stack allocates nothing, and RC4 is the rare one")]
pub(super) enum Sealing {
    /// Ke and Ki.
    Aes { etype: Etype, cipher: Aes, mac: Mac },
    /// K1.
    Rc4(rc4::Sealing),
}

/// RFC 8009 §5 authenticates the initial cipher state together with the ciphertext; Kerberos starts it at zero.
const ZERO_IV: [u8; 16] = [0; 16];

impl Sealing {
    /// For AES.
    pub(super) fn aes(etype: Etype, base: &Base, usage: KeyUsage) -> Self {
        Self::Aes {
            etype,
            cipher: Aes::new(&base.derive(usage, Purpose::Encryption)),
            mac: Mac::new(etype, &base.derive(usage, Purpose::Integrity)),
        }
    }

    /// For RC4.
    pub(super) fn rc4(key: &[u8], usage: KeyUsage) -> Self {
        Self::Rc4(rc4::Sealing::new(key, usage))
    }

    /// Appends the ciphertext of the concatenated parts.
    pub(super) fn seal(&self, parts: &[&[u8]], random: &mut dyn Random, out: &mut Vec<u8>) {
        let start = out.len();
        let etype = self.etype();
        let before_confounder = start + if etype == Etype::Rc4Hmac { rc4::TAG_LENGTH } else { 0 };
        out.resize(before_confounder + etype.confounder_length(), 0);
        random.fill(&mut out[before_confounder..]);
        for part in parts {
            out.extend_from_slice(part);
        }
        match self {
            // RFC 3961 §5.3: the tag is over the plaintext.
            Self::Aes { etype: Etype::Aes128Sha1 | Etype::Aes256Sha1, cipher, mac } => {
                let tag = mac.tag(&[&out[start..]]);
                cipher.encrypt_cts(&mut out[start..]);
                out.extend_from_slice(tag.truncated(etype.tag_length()));
            }
            // RFC 8009 §5: the tag is over the IV and the ciphertext.
            Self::Aes { cipher, mac, .. } => {
                cipher.encrypt_cts(&mut out[start..]);
                let tag = mac.tag(&[&ZERO_IV, &out[start..]]);
                out.extend_from_slice(tag.truncated(etype.tag_length()));
            }
            Self::Rc4(sealing) => sealing.seal(&mut out[start..]),
        }
    }

    /// Decrypts in place and says where the plaintext is; `None` if the tag does not match. RC4 leaves then all as it was.
    ///
    /// INVARIANT: `cipher` is as long as an empty plaintext's ciphertext at least.
    pub(super) fn open(&self, cipher: &mut [u8]) -> Option<Range<usize>> {
        let etype = self.etype();
        let length = cipher.len();
        match self {
            Self::Aes { etype: Etype::Aes128Sha1 | Etype::Aes256Sha1, cipher: aes, mac } => {
                let (data, tag) = cipher.split_at_mut(length - etype.tag_length());
                aes.decrypt_cts(data);
                mac.tag(&[data]).matches(etype.tag_length(), tag).then_some(etype.confounder_length()..data.len())
            }
            Self::Aes { cipher: aes, mac, .. } => {
                let (data, tag) = cipher.split_at_mut(length - etype.tag_length());
                let intact = mac.tag(&[&ZERO_IV, data]).matches(etype.tag_length(), tag);
                intact.then(|| {
                    aes.decrypt_cts(data);
                    etype.confounder_length()..data.len()
                })
            }
            Self::Rc4(sealing) => sealing.open(cipher).then_some(etype.overhead()..length),
        }
    }

    const fn etype(&self) -> Etype {
        match self {
            Self::Aes { etype, .. } => *etype,
            Self::Rc4(_) => Etype::Rc4Hmac,
        }
    }
}

/// What makes checksums of the etype's mandatory type.
pub(super) enum Checksum {
    /// Kc.
    Aes(Mac),
    /// The signature key.
    Rc4(rc4::Checksum),
}

impl Checksum {
    /// For AES.
    pub(super) fn aes(etype: Etype, base: &Base, usage: KeyUsage) -> Self {
        Self::Aes(Mac::new(etype, &base.derive(usage, Purpose::Checksum)))
    }

    /// For RC4.
    pub(super) fn rc4(key: &[u8], usage: KeyUsage) -> Self {
        Self::Rc4(rc4::Checksum::new(key, usage))
    }

    /// The checksum before truncation.
    pub(super) fn tag(&self, parts: &[&[u8]]) -> Tag {
        match self {
            Self::Aes(mac) => mac.tag(parts),
            Self::Rc4(checksum) => checksum.tag(parts),
        }
    }
}
