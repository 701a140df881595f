//! Known answers for etype 23: of MIT krb5 (src/lib/crypto/crypto_tests: t_decrypt.c, t_cksums.c), the key of RFC 4757 §2,
//! and the NT hash that is in every cracker's table.

use super::octets::{Seeded, octets};
use super::{CryptoError, Etype, Key, KeyUsage, string_to_key, usage};

/// t_decrypt.c: key, usage, plaintext, ciphertext with the confounder that MIT drew.
const DECRYPTED: &[(&str, u32, &str, &str)] = &[
    ("f81fec39255f5784e850c4377c88bd85", 0, "", "02c1eb15586144122ec717763dd348bf 00434ddc6585954c"),
    ("67d1300d281223867f9647ff48721273", 1, "1", "6156e0cc04e0a0874f9fda008f498a7a dbbc80b70b14dddb c0"),
    (
        "3e40ab6093695281b3ac1a9304224d98",
        2,
        "9 bytesss",
        "0f9ad121d99d4a09448e4f1f718c4f5c be6096262c66f29d f232a87c9f98755d55",
    ),
    (
        "4ba2fbf0379faed87a254d3b353d5a7e",
        3,
        "13 bytes byte",
        "612c57568b17a70352bae8cf26fb9459 a6f3353cd35fd439 db3107cbec765d326dfc04c1dd",
    ),
    (
        "68f263db3fce15d031c9eab02d67107a",
        4,
        "30 bytes bytes bytes bytes byt",
        "95f9047c3ad75891c2e9b04b16566dc8 b6eb9ce4231afb25 42ef87a7b5a0f260a99f0460508de0cecc632d07c354124e46c5d2234eb8",
    ),
];

fn key(text: &str) -> Key {
    Key::new(Etype::Rc4Hmac, &octets(text)).unwrap()
}

#[test]
fn a_ciphertext_of_mit_decrypts() {
    for (bytes, usage, plain, cipher) in DECRYPTED {
        assert_eq!(key(bytes).decrypt(KeyUsage(*usage), &octets(cipher)), Ok(plain.as_bytes().to_vec()), "{usage}");
    }
}

#[test]
fn a_checksum_is_that_of_mit() {
    let key = key("f7d3a155af5e238a0b7a871a96ba2ab2");
    let expected = octets("eb38cc97e2230f59da4117dc5859d7ec");
    assert_eq!(key.checksum(KeyUsage(6), b"seventeen eighteen nineteen twenty"), expected);
    assert_ne!(key.checksum(KeyUsage(5), b"seventeen eighteen nineteen twenty"), expected);
}

#[test]
fn a_key_is_md4_of_the_password_in_utf_16_whatever_the_salt() {
    let check = |password: &str, expected: &str| {
        for salt in [&b""[..], b"CORP.EXAMPLE.COMalice"] {
            let found = string_to_key(Etype::Rc4Hmac, password.as_bytes(), salt, None).unwrap();
            assert_eq!(found.bytes(), octets(expected), "{password}");
        }
    };
    check("foo", "ac8e657f83df82beea5d43bdaf7800cc");
    check("password", "8846f7eaee8fb117ad06bdd830b7586c");
    check("", "31d6cfe0d16ae931b73c59d7e0c089c0");
}

#[test]
fn parameters_and_passwords_that_are_not_utf_8_are_refused() {
    let key = |password: &[u8], parameters| string_to_key(Etype::Rc4Hmac, password, b"", parameters);
    assert_eq!(key(b"foo", Some(&[0, 0, 16, 0])), Err(CryptoError::NoParameters));
    assert_eq!(key(b"\xff", None), Err(CryptoError::NotUtf8));
}

/// RFC 4757 §3 has both keys of a TGS-REP under number 8; MIT and Windows send 9 and read either.
#[test]
fn a_tgs_reply_under_a_subkey_may_have_the_number_of_the_session_key() {
    let key = key("f7d3a155af5e238a0b7a871a96ba2ab2");
    let cipher = |usage| key.encrypt(usage, b"reply", &mut Seeded(1));
    for used in [usage::TGS_REP_SESSION_KEY, usage::TGS_REP_SUBKEY] {
        assert_eq!(key.decrypt(usage::TGS_REP_SUBKEY, &cipher(used)).unwrap(), b"reply");
    }
    assert!(key.decrypt(usage::TGS_REP_SESSION_KEY, &cipher(usage::TGS_REP_SUBKEY)).is_err());
    assert!(key.decrypt(usage::TGS_REP_SUBKEY, &cipher(usage::TICKET)).is_err());
}
