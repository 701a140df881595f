//! PRF+ and KRB-FX-CF2: one key out of two (RFC 6113 §5.1).

use zeroize::Zeroizing;

use super::{CryptoError, Etype, Key};

/// PRF+: `length` octets of `PRF(key, 01 | input) | PRF(key, 02 | input) | …`.
///
/// # Errors
/// [`CryptoError::PrfLength`] for more than 255 outputs of the PRF, for which the counter has no number.
pub fn prf_plus(key: &Key, input: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let mut output = Zeroizing::new(Vec::with_capacity(length.min(LONGEST)));
    let mut counted = Zeroizing::new([&[0], input].concat());
    while output.len() < length {
        counted[0] = counted[0].checked_add(1).ok_or(CryptoError::PrfLength { asked: length })?;
        output.extend_from_slice(&Zeroizing::new(key.prf(&counted)));
    }
    output.truncate(length);
    Ok(output)
}

/// 255 outputs of the longest PRF, that of etype 20.
const LONGEST: usize = 255 * 48;

/// KRB-FX-CF2: a key of `first`'s etype that only who knows both keys can make. The keys may be of different etypes. The
/// peppers say what the key is for, and which of the two keys is which.
#[must_use]
pub fn cf2(first: &Key, first_pepper: &str, second: &Key, second_pepper: &str) -> Key {
    const SHORT: &str = "a key needs fewer octets than two outputs of any PRF";
    let etype: Etype = first.etype();
    let mut mixed = prf_plus(first, first_pepper.as_bytes(), etype.key_length()).expect(SHORT);
    let other = prf_plus(second, second_pepper.as_bytes(), etype.key_length()).expect(SHORT);
    for (octet, other) in mixed.iter_mut().zip(other.iter()) {
        *octet ^= other;
    }
    // Random-to-key is the identity for all etypes here.
    Key::new(etype, &mixed).expect("made as long as the etype's keys are")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::octets::{Seeded, octets};
    use super::super::string_to_key;
    use super::*;

    /// RFC 6113 appendix A for 17 and 18; `t_cf2.in` and `t_cf2.expected` of MIT's crypto tests for these and for 19,
    /// 20 and 23. The keys are those of the passwords `key1` and `key2`, which are their salts too; the peppers `a` and `b`.
    #[test]
    fn two_keys_make_the_key_of_rfc_6113_and_of_mit() {
        for (etype, expected) in [
            (Etype::Aes128Sha1, "97df97e4b798b29eb31ed7280287a92a"),
            (Etype::Aes256Sha1, "4d6ca4e629785c1f01baf55e2e548566b9617ae3a96868c337cb93b5e72b1c7b"),
            (Etype::Aes128Sha256, "edd02a39d2dbde31611c16e610be062c"),
            (Etype::Aes256Sha384, "67f6ea530aea85a37dcbb23349ea52dcc61ca8493ff557252327fd8304341584"),
            (Etype::Rc4Hmac, "24d7f6b6bae4e5c00d2082c5ebab3672"),
        ] {
            let key = |password: &[u8]| string_to_key(etype, password, password, None).unwrap();
            let found = cf2(&key(b"key1"), "a", &key(b"key2"), "b");
            assert_eq!((found.etype(), found.bytes()), (etype, &octets(expected)[..]), "{etype}");
        }
    }

    proptest! {
        #[test]
        fn another_implementation_makes_the_same_keys_of_any_two_etypes(
            first in prop::sample::select(&Etype::AES[..]),
            second in prop::sample::select(&Etype::AES[..]),
            seed: u64,
            peppers in prop::array::uniform2("[a-z]{0,30}"),
        ) {
            let mut random = Seeded(seed);
            let (first, second) = (Key::random(first, &mut random), Key::random(second, &mut random));
            let peer = |key: &Key| krb5::key::Key::new(key.etype().number(), key.bytes().to_vec()).unwrap();
            let expected = krb5::key::Key::cf2(&peer(&first), &peppers[0], &peer(&second), &peppers[1]).unwrap();
            let found = cf2(&first, &peppers[0], &second, &peppers[1]);
            prop_assert_eq!(found.bytes(), expected.bytes());
            prop_assert_eq!(found.etype().number(), expected.enctype());
        }

        #[test]
        fn another_implementation_goes_on_with_the_same_octets(
            etype in prop::sample::select(&Etype::AES[..]),
            seed: u64,
            input in prop::collection::vec(any::<u8>(), 0..80),
            length in 0..300usize,
        ) {
            let key = Key::random(etype, &mut Seeded(seed));
            let peer = krb5::key::Key::new(etype.number(), key.bytes().to_vec()).unwrap();
            prop_assert_eq!(&**prf_plus(&key, &input, length).unwrap(), &peer.prf_plus(&input, length).unwrap()[..]);
        }
    }

    #[test]
    fn the_counter_ends_at_255() {
        let key = Key::random(Etype::Aes128Sha1, &mut Seeded(1));
        assert_eq!(prf_plus(&key, b"", 255 * 16).unwrap().len(), 255 * 16);
        let asked = 255 * 16 + 1;
        assert_eq!(prf_plus(&key, b"", asked), Err(CryptoError::PrfLength { asked }));
    }

    #[test]
    fn neither_keys_nor_peppers_can_change_places() {
        let key = |seed| Key::random(Etype::Aes256Sha1, &mut Seeded(seed));
        let made = cf2(&key(1), "a", &key(2), "b");
        assert_ne!(made, cf2(&key(2), "a", &key(1), "b"));
        assert_ne!(made, cf2(&key(1), "b", &key(2), "a"));
    }
}
