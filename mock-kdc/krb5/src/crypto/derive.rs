//! Keys from keys: DK of RFC 3961 §5.1 and KDF-HMAC-SHA2 of RFC 8009 §3, and both PRFs.

use std::sync::LazyLock;

use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::cbc_cts::AesEncryption;
use super::mac::Mac;
use super::n_fold::n_fold;
use super::{Etype, KeyUsage, rc4};

/// What a derived key is for: the octet after the usage number (RFC 3961 §5.3, RFC 8009 §5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Kc, for checksums that stand alone.
    Checksum = 0x99,
    /// Ke, for encryption.
    Encryption = 0xAA,
    /// Ki, for the tag of a ciphertext.
    Integrity = 0x55,
}

/// The longest output: of SHA-384.
const DERIVED_LENGTH_MAX: usize = 48;

/// A derived key, on the stack and wiped when dropped.
pub(super) struct Derived {
    octets: Zeroizing<[u8; DERIVED_LENGTH_MAX]>,
    length: usize,
}

impl Derived {
    fn empty(length: usize) -> Self {
        Self { octets: Zeroizing::new([0; DERIVED_LENGTH_MAX]), length }
    }
}

impl std::ops::Deref for Derived {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

/// A protocol key, ready for all that is derived of it.
pub(super) enum Base {
    /// RFC 3962: the schedule and the length of the key in octets.
    Aes(AesEncryption, usize),
    /// RFC 8009.
    Hmac(Etype, Mac),
}

impl Base {
    /// INVARIANT: not for RC4, which has one key for each usage, see `rc4`.
    pub(super) fn new(etype: Etype, key: &[u8]) -> Self {
        match etype {
            Etype::Aes128Sha1 | Etype::Aes256Sha1 => Self::Aes(AesEncryption::new(key), key.len()),
            Etype::Aes128Sha256 | Etype::Aes256Sha384 => Self::Hmac(etype, Mac::new(etype, key)),
            Etype::Rc4Hmac => unreachable!("nothing is derived for RC4"),
        }
    }

    /// Ke, Ki or Kc.
    pub(super) fn derive(&self, usage: KeyUsage, purpose: Purpose) -> Derived {
        let mut constant = [0; 5];
        constant[..4].copy_from_slice(&usage.0.to_be_bytes());
        constant[4] = purpose as u8;
        match self {
            Self::Aes(aes, length) => match FOLDED.get(usage.0 as usize) {
                Some(folded) => dk_folded(aes, *length, folded[purpose.column()]),
                None => dk_folded(aes, *length, fold_to_block(&constant)),
            },
            // RFC 8009 §5: only the cipher has 256 bits, the HMAC keys have half the hash's length.
            Self::Hmac(Etype::Aes256Sha384, mac) => {
                kdf(mac, &constant, None, if purpose == Purpose::Encryption { 32 } else { 24 })
            }
            Self::Hmac(_, mac) => kdf(mac, &constant, None, 16),
        }
    }
}

impl Purpose {
    fn column(self) -> usize {
        match self {
            Self::Checksum => 0,
            Self::Encryption => 1,
            Self::Integrity => 2,
        }
    }
}

/// n-fold of the constants of all usages that RFC 4120, 4121, 6113 and 6806 know: folding costs more than the AES after it.
static FOLDED: LazyLock<Vec<[[u8; 16]; 3]>> = LazyLock::new(|| {
    (0..64u8)
        .map(|usage| {
            [Purpose::Checksum, Purpose::Encryption, Purpose::Integrity]
                .map(|purpose| fold_to_block(&[0, 0, 0, usage, purpose as u8]))
        })
        .collect()
});

/// DK(key, constant) for AES, where random-to-key is the identity; as long as the key.
pub(super) fn dk(base_key: &[u8], constant: &[u8]) -> Derived {
    dk_folded(&AesEncryption::new(base_key), base_key.len(), fold_to_block(constant))
}

fn dk_folded(base_key: &AesEncryption, length: usize, folded: [u8; 16]) -> Derived {
    // Each block is the one before encrypted once more: CBC over the constant and zeros.
    let mut derived = Derived::empty(length);
    let blocks = &mut derived.octets.as_chunks_mut().0[..length / 16];
    blocks[0] = folded;
    base_key.encrypt_cbc(blocks);
    derived
}

fn fold_to_block(constant: &[u8]) -> [u8; 16] {
    n_fold(constant, 16).try_into().expect("folded to 16 octets")
}

/// KDF-HMAC-SHA2(key, label, [context,] k): one application of HMAC suffices for all lengths here.
///
/// INVARIANT: `length` (in octets) is at most the hash's.
pub(super) fn kdf(key: &Mac, label: &[u8], context: Option<&[u8]>, length: usize) -> Derived {
    let bits = u32::try_from(length * 8).expect("at most 384 bits");
    let context = context.unwrap_or_default();
    let tag = key.tag(&[&1u32.to_be_bytes(), label, &[0], context, &bits.to_be_bytes()]);
    let mut derived = Derived::empty(length);
    derived.octets[..length].copy_from_slice(tag.truncated(length));
    derived
}

/// The pseudo-random function of RFC 3961 §3: 16, 32, 48 or 20 octets for any input (RFC 3962 §6, RFC 8009 §5).
pub(super) fn prf(etype: Etype, key: &[u8], input: &[u8]) -> Vec<u8> {
    match etype {
        Etype::Aes128Sha1 | Etype::Aes256Sha1 => {
            let mut block: [u8; 16] = Sha1::digest(input)[..16].try_into().expect("SHA-1 has 20 octets");
            AesEncryption::new(&dk(key, b"prf")).encrypt_block(&mut block);
            block.to_vec()
        }
        Etype::Aes128Sha256 => kdf(&Mac::new(etype, key), b"prf", Some(input), 32).to_vec(),
        Etype::Aes256Sha384 => kdf(&Mac::new(etype, key), b"prf", Some(input), 48).to_vec(),
        Etype::Rc4Hmac => rc4::prf(key, input),
    }
}
