//! A protocol key and everything derived from it.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::derive::{Base, prf};
use super::sealing::{Checksum, Sealing};
use super::{CryptoError, Etype, KeyUsage, rc4, usage};
use crate::Random;

/// A protocol key (RFC 3961 §3). [`Key::new`] keeps the schedules of each usage, and cloning shares them;
/// [`Key::ephemeral`] keeps nothing and lives on the stack.
///
/// `Debug` prints the etype only; the octets are wiped when the last clone is dropped; comparison takes a time
/// that does not depend on the octets.
#[derive(Clone)]
pub struct Key {
    etype: Etype,
    bytes: Zeroizing<[u8; KEY_LENGTH_MAX]>,
    kept: Option<Arc<Kept>>,
}

/// What was derived of a key so far.
struct Kept {
    base: OnceLock<Box<Base>>,
    sealing: [OnceLock<Box<Sealing>>; KEPT_USAGES],
    checksum: [OnceLock<Box<Checksum>>; KEPT_USAGES],
}

/// Octets of the longest checksum, that of etype 20.
pub(crate) const CHECKSUM_LENGTH_MAX: usize = 24;

/// Octets of the longest key that an etype has.
const KEY_LENGTH_MAX: usize = 32;

/// Usages of which schedules are kept: 0 to 27, which is all of RFC 4120 and RFC 4121, and 50 to 56, those of RFC 6113 and
/// RFC 6806. Rarer ones are derived each time.
const KEPT_USAGES: usize = 35;

/// Where the schedules of a usage are kept.
fn place(usage: KeyUsage) -> Option<usize> {
    match usage.0 {
        usage @ 0..=27 => Some(usage as usize),
        usage @ 50..=56 => Some(usage as usize - 50 + 28),
        _ => None,
    }
}

impl Key {
    /// A key from its octets, for repeated use: of an account, a service, a session that goes on.
    ///
    /// # Errors
    /// [`CryptoError::KeyLength`] unless there are [`Etype::key_length`] octets.
    pub fn new(etype: Etype, bytes: &[u8]) -> Result<Self, CryptoError> {
        let kept = Kept {
            base: OnceLock::new(),
            sealing: [const { OnceLock::new() }; KEPT_USAGES],
            checksum: [const { OnceLock::new() }; KEPT_USAGES],
        };
        Ok(Self { kept: Some(Arc::new(kept)), ..Self::ephemeral(etype, bytes)? })
    }

    /// A key from its octets that is used once or twice for each usage: no memory is allocated for it, nothing that
    /// is derived is kept, and a clone is another copy.
    ///
    /// # Errors
    /// [`CryptoError::KeyLength`] unless there are [`Etype::key_length`] octets.
    pub fn ephemeral(etype: Etype, bytes: &[u8]) -> Result<Self, CryptoError> {
        if bytes.len() != etype.key_length() {
            return Err(CryptoError::KeyLength { etype, found: bytes.len(), expected: etype.key_length() });
        }
        let mut key = Self { etype, bytes: Zeroizing::new([0; KEY_LENGTH_MAX]), kept: None };
        key.bytes[..bytes.len()].copy_from_slice(bytes);
        Ok(key)
    }

    /// A new key. Any octets are a key: random-to-key is the identity for AES (RFC 3962 §6) and for RC4.
    pub fn random(etype: Etype, random: &mut dyn Random) -> Self {
        Self::new(etype, Self::random_ephemeral(etype, random).bytes()).expect("made as long as the etype's keys are")
    }

    /// A new key, as [`Key::ephemeral`] has it.
    pub fn random_ephemeral(etype: Etype, random: &mut dyn Random) -> Self {
        let mut key = Self { etype, bytes: Zeroizing::new([0; KEY_LENGTH_MAX]), kept: None };
        random.fill(&mut key.bytes[..etype.key_length()]);
        key
    }

    /// The encryption type.
    #[must_use]
    pub const fn etype(&self) -> Etype {
        self.etype
    }

    /// The octets, for files and for EncryptionKey fields, which are encrypted themselves.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.etype.key_length()]
    }

    /// The ciphertext of `plain`, [`Etype::overhead`] octets longer.
    pub fn encrypt(&self, usage: KeyUsage, plain: &[u8], random: &mut dyn Random) -> Vec<u8> {
        let mut cipher = Vec::with_capacity(plain.len() + self.etype().overhead());
        self.encrypt_into(usage, plain, random, &mut cipher);
        cipher
    }

    /// Appends the ciphertext of `plain` to `out`.
    pub fn encrypt_into(&self, usage: KeyUsage, plain: &[u8], random: &mut dyn Random, out: &mut Vec<u8>) {
        self.encrypt_parts_into(usage, &[plain], random, out);
    }

    /// Appends the ciphertext of the concatenated parts to `out`.
    pub(crate) fn encrypt_parts_into(
        &self,
        usage: KeyUsage,
        parts: &[&[u8]],
        random: &mut dyn Random,
        out: &mut Vec<u8>,
    ) {
        self.with_sealing(usage, |sealing| sealing.seal(parts, random, out));
    }

    /// The plaintext of `cipher`.
    ///
    /// # Errors
    /// [`CryptoError::CiphertextTooShort`], or [`CryptoError::Integrity`] if it was not made with this key and usage.
    pub fn decrypt(&self, usage: KeyUsage, cipher: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut buffer = cipher.to_vec();
        let plain = self.decrypt_in_place(usage, &mut buffer)?;
        buffer.truncate(plain.end);
        buffer.drain(..plain.start);
        Ok(buffer)
    }

    /// Decrypts within `cipher` and says where the plaintext lies. After an error `cipher` holds nothing of use.
    ///
    /// # Errors
    /// As [`Self::decrypt`].
    pub fn decrypt_in_place(&self, usage: KeyUsage, cipher: &mut [u8]) -> Result<Range<usize>, CryptoError> {
        let least = self.etype().overhead();
        if cipher.len() < least {
            return Err(CryptoError::CiphertextTooShort { found: cipher.len(), least });
        }
        let mut plain = self.with_sealing(usage, |sealing| sealing.open(cipher));
        if plain.is_none() && self.etype() == Etype::Rc4Hmac && usage == usage::TGS_REP_SUBKEY {
            // RFC 4757 §3 has the number of the other key here, and there are those who follow it.
            plain = self.with_sealing(usage::TGS_REP_SESSION_KEY, |sealing| sealing.open(cipher));
        }
        plain.ok_or_else(|| {
            cipher.zeroize();
            CryptoError::Integrity
        })
    }

    /// The etype's mandatory checksum ([`Etype::checksum_type`]) over `data`.
    #[must_use]
    pub fn checksum(&self, usage: KeyUsage, data: &[u8]) -> Vec<u8> {
        self.checksum_parts(usage, &[data])
    }

    /// Appends the checksum over `data` to `out`.
    pub fn checksum_into(&self, usage: KeyUsage, data: &[u8], out: &mut Vec<u8>) {
        self.with_checksum(usage, |mac| {
            out.extend_from_slice(mac.tag(&[data]).truncated(self.etype().tag_length()));
        });
    }

    /// The checksum over `data`, and zeros after it where it is shorter than the longest.
    pub(crate) fn checksum_array(&self, usage: KeyUsage, data: &[u8]) -> [u8; CHECKSUM_LENGTH_MAX] {
        let mut checksum = [0; CHECKSUM_LENGTH_MAX];
        let length = self.etype().tag_length();
        self.with_checksum(usage, |maker| checksum[..length].copy_from_slice(maker.tag(&[data]).truncated(length)));
        checksum
    }

    /// The checksum over the concatenated parts.
    pub(crate) fn checksum_parts(&self, usage: KeyUsage, parts: &[&[u8]]) -> Vec<u8> {
        self.with_checksum(usage, |checksum| checksum.tag(parts).truncated(self.etype().tag_length()).to_vec())
    }

    /// Compares in constant time.
    ///
    /// # Errors
    /// [`CryptoError::Integrity`] if `checksum` is not that of `data`.
    pub fn verify_checksum(&self, usage: KeyUsage, data: &[u8], checksum: &[u8]) -> Result<(), CryptoError> {
        self.verify_checksum_parts(usage, &[data], checksum)
    }

    /// [`Self::verify_checksum`] over the concatenated parts.
    pub(crate) fn verify_checksum_parts(
        &self,
        usage: KeyUsage,
        parts: &[&[u8]],
        checksum: &[u8],
    ) -> Result<(), CryptoError> {
        let intact = self.with_checksum(usage, |maker| maker.tag(parts).matches(self.etype().tag_length(), checksum));
        if intact { Ok(()) } else { Err(CryptoError::Integrity) }
    }

    /// The pseudo-random function (RFC 3961 §3): 16 octets for RFC 3962's etypes, 32 and 48 for RFC 8009's,
    /// 20 for RC4.
    #[must_use]
    pub fn prf(&self, input: &[u8]) -> Vec<u8> {
        prf(self.etype(), self.bytes(), input)
    }

    /// Runs GSS-API's RC4 over `data`, to encrypt or to decrypt (RFC 4757 §7); with every octet of the key changed by `mask`.
    ///
    /// INVARIANT: this is a key of RC4.
    pub(crate) fn crypt_rc4_token(&self, mask: u8, diversifier: &[u8], data: &mut [u8]) {
        debug_assert_eq!(self.etype(), Etype::Rc4Hmac);
        let mut key = Zeroizing::new([0; rc4::TAG_LENGTH]);
        for (octet, of_key) in key.iter_mut().zip(self.bytes()) {
            *octet = of_key ^ mask;
        }
        rc4::crypt_token(&*key, diversifier, data);
    }

    fn with_sealing<T>(&self, usage: KeyUsage, work: impl FnOnce(&Sealing) -> T) -> T {
        let derive = || match self.etype() {
            Etype::Rc4Hmac => Sealing::rc4(self.bytes(), usage),
            etype => self.with_base(|base| Sealing::aes(etype, base, usage)),
        };
        match self.kept.as_ref().and_then(|kept| kept.sealing.get(place(usage)?)) {
            Some(kept) => work(kept.get_or_init(|| Box::new(derive()))),
            None => work(&derive()),
        }
    }

    /// INVARIANT: this is a key of AES.
    fn with_base<T>(&self, work: impl FnOnce(&Base) -> T) -> T {
        let make = || Base::new(self.etype(), self.bytes());
        match &self.kept {
            Some(kept) => work(kept.base.get_or_init(|| Box::new(make()))),
            None => work(&make()),
        }
    }

    fn with_checksum<T>(&self, usage: KeyUsage, work: impl FnOnce(&Checksum) -> T) -> T {
        let derive = || match self.etype() {
            Etype::Rc4Hmac => Checksum::rc4(self.bytes(), usage),
            etype => self.with_base(|base| Checksum::aes(etype, base, usage)),
        };
        match self.kept.as_ref().and_then(|kept| kept.checksum.get(place(usage)?)) {
            Some(kept) => work(kept.get_or_init(|| Box::new(derive()))),
            None => work(&derive()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.etype())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.etype() == other.etype() && bool::from(self.bytes().ct_eq(other.bytes()))
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::octets::Seeded;
    use super::*;

    fn etypes() -> impl Strategy<Value = Etype> {
        prop::sample::select(&Etype::ALL[..])
    }

    fn usages() -> impl Strategy<Value = KeyUsage> {
        prop_oneof![0..64u32, any::<u32>()].prop_map(KeyUsage)
    }

    fn keys() -> impl Strategy<Value = Key> {
        (etypes(), any::<u64>(), any::<bool>()).prop_map(|(etype, seed, kept)| {
            let make = if kept { Key::random } else { Key::random_ephemeral };
            make(etype, &mut Seeded(seed))
        })
    }

    /// The `krb5` crate has no RC4; that is held against MIT's library (`tests/mit_crypto`).
    fn aes_keys() -> impl Strategy<Value = Key> {
        (prop::sample::select(&Etype::AES[..]), any::<u64>())
            .prop_map(|(etype, seed)| Key::random(etype, &mut Seeded(seed)))
    }

    /// The same key in the `krb5` crate, which shares no code with this one above the primitives.
    fn peer(key: &Key) -> krb5::key::Key {
        krb5::key::Key::new(key.etype().number(), key.bytes().to_vec()).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_encrypted_decrypts(
            key in keys(), usage in usages(), plain in prop::collection::vec(any::<u8>(), 0..600), seed: u64
        ) {
            let cipher = key.encrypt(usage, &plain, &mut Seeded(seed));
            prop_assert_eq!(cipher.len(), plain.len() + key.etype().overhead());
            prop_assert_eq!(key.decrypt(usage, &cipher), Ok(plain));
        }

        #[test]
        fn another_implementation_decrypts_ours_and_we_decrypt_its(
            key in aes_keys(), usage in usages(), plain in prop::collection::vec(any::<u8>(), 0..200), seed: u64
        ) {
            let peer = peer(&key);
            prop_assert_eq!(&peer.decrypt(usage.0, &key.encrypt(usage, &plain, &mut Seeded(seed))).unwrap(), &plain);
            prop_assert_eq!(key.decrypt(usage, &peer.encrypt(usage.0, &plain).unwrap()).unwrap(), plain);
        }

        #[test]
        fn another_implementation_computes_the_same_checksum_and_prf(
            key in aes_keys(), usage in usages(), data in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            let peer = peer(&key);
            let mut appended = b"before".to_vec();
            key.checksum_into(usage, &data, &mut appended);
            prop_assert_eq!(&appended[6..], peer.checksum(usage.0, &data).unwrap());
            prop_assert_eq!(key.checksum(usage, &data), peer.checksum(usage.0, &data).unwrap());
            prop_assert_eq!(key.prf(&data), peer.prf(&data).unwrap());
            prop_assert_eq!(key.etype().checksum_type(), peer.checksum_type());
        }

        #[test]
        fn random_octets_do_not_decrypt(
            key in keys(), usage in usages(), cipher in prop::collection::vec(any::<u8>(), 0..200)
        ) {
            prop_assert!(key.decrypt(usage, &cipher).is_err());
        }
    }

    #[test]
    fn each_flipped_bit_and_each_truncation_of_a_ciphertext_is_refused() {
        for etype in Etype::ALL {
            let key = Key::random(etype, &mut Seeded(1));
            for length in [0, 1, 15, 16, 17, 32, 45] {
                let cipher = key.encrypt(usage::TICKET, &vec![0x5A; length], &mut Seeded(2));
                for position in 0..cipher.len() {
                    for bit in 0..8 {
                        let mut changed = cipher.clone();
                        changed[position] ^= 1 << bit;
                        assert_eq!(key.decrypt(usage::TICKET, &changed), Err(CryptoError::Integrity));
                    }
                    assert!(key.decrypt(usage::TICKET, &cipher[..position]).is_err(), "{etype}, cut to {position}");
                }
                assert!(key.decrypt(usage::TICKET, &[&cipher[..], &[0]].concat()).is_err());
            }
        }
    }

    #[test]
    fn each_flipped_bit_and_each_truncation_of_a_checksum_is_refused() {
        for etype in Etype::ALL {
            let key = Key::random(etype, &mut Seeded(1));
            let checksum = key.checksum(usage::KRB_SAFE_CHECKSUM, b"data");
            assert_eq!(checksum.len(), etype.tag_length());
            let check = |checksum: &[u8]| key.verify_checksum(usage::KRB_SAFE_CHECKSUM, b"data", checksum);
            assert_eq!(check(&checksum), Ok(()));
            for position in 0..checksum.len() {
                let mut changed = checksum.clone();
                changed[position] ^= 0x80;
                assert_eq!(check(&changed), Err(CryptoError::Integrity));
                assert_eq!(check(&checksum[..position]), Err(CryptoError::Integrity));
            }
            assert_eq!(check(&[&checksum[..], &[0]].concat()), Err(CryptoError::Integrity));
        }
    }

    #[test]
    fn a_ciphertext_of_another_usage_or_key_is_refused() {
        for etype in Etype::ALL {
            let key = Key::random(etype, &mut Seeded(1));
            let cipher = key.encrypt(usage::AS_REP, b"plain", &mut Seeded(2));
            assert_eq!(key.decrypt(usage::TICKET, &cipher), Err(CryptoError::Integrity));
            let other = Key::random(etype, &mut Seeded(3));
            assert_eq!(other.decrypt(usage::AS_REP, &cipher), Err(CryptoError::Integrity));
        }
    }

    #[test]
    fn what_did_not_decrypt_leaves_nothing_in_the_buffer() {
        for etype in Etype::ALL {
            let key = Key::random(etype, &mut Seeded(1));
            let mut cipher = key.encrypt(usage::AS_REP, b"plain", &mut Seeded(2));
            *cipher.last_mut().unwrap() ^= 1;
            assert_eq!(key.decrypt_in_place(usage::AS_REP, &mut cipher), Err(CryptoError::Integrity));
            assert!(cipher.iter().all(|octet| *octet == 0), "{etype}");
        }
    }

    #[test]
    fn a_key_has_exactly_the_length_of_its_etype() {
        for etype in Etype::ALL {
            for length in 0..48 {
                let expected = etype.key_length();
                let found = Key::new(etype, &vec![7; length]);
                match length == expected {
                    true => assert_eq!(found.unwrap().bytes(), vec![7; length]),
                    false => assert_eq!(found, Err(CryptoError::KeyLength { etype, found: length, expected })),
                }
            }
        }
    }

    #[test]
    fn debug_shows_the_etype_and_no_octet() {
        let key = Key::new(Etype::Aes128Sha1, &[0xAB; 16]).unwrap();
        let _schedules_are_there_too = key.encrypt(usage::TICKET, b"", &mut Seeded(1));
        assert_eq!(format!("{key:?}"), "Key(aes128-cts-hmac-sha1-96)");
        assert_eq!(format!("{key:#?}"), "Key(aes128-cts-hmac-sha1-96)");
    }
}
