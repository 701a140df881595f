//! Known answers of MIT krb5 (src/lib/crypto/crypto_tests: t_derive.c, t_decrypt.c, t_cksums.c, t_prf.c) where no RFC
//! prints any: what RFC 3961's simplified profile comes to with AES.

use super::derive::{Base, Purpose};
use super::octets::octets;
use super::{Etype, Key, KeyUsage};

/// t_derive.c: etype, base key, usage, purpose, derived key.
const DERIVED: &[(Etype, &str, u32, Purpose, &str)] = &[
    (Etype::Aes128Sha1, "42263c6e89f4fc28b8df68ee09799f15", 2, Purpose::Checksum, "34280a382bc92769b2da2f9ef066854b"),
    (Etype::Aes128Sha1, "42263c6e89f4fc28b8df68ee09799f15", 2, Purpose::Encryption, "5b14fc4e250e14ddf9dccf1af6674f53"),
    (Etype::Aes128Sha1, "42263c6e89f4fc28b8df68ee09799f15", 2, Purpose::Integrity, "4ed31063621684f09ae8d89991af3e8f"),
    (
        Etype::Aes256Sha1,
        "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
        2,
        Purpose::Checksum,
        "bfab388bdcb238e9f9c98d6a878304f04d30c82556375ac507a7a852790f4674",
    ),
    (
        Etype::Aes256Sha1,
        "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
        2,
        Purpose::Encryption,
        "c7cfd9cd75fe793a586a542d87e0d1396f1134a104bb1a9190b8c90ada3ddf37",
    ),
    (
        Etype::Aes256Sha1,
        "fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161",
        2,
        Purpose::Integrity,
        "97151b4c76945063e2eb0529dc067d97d7bba90776d8126d91f34f3101aea8ba",
    ),
];

/// t_decrypt.c: etype, key, usage, plaintext, ciphertext with the confounder that MIT drew.
const DECRYPTED: &[(Etype, &str, u32, &str, &str)] = &[
    (
        Etype::Aes128Sha1,
        "5a5c0f0ba54f3828b2195e66ca24a289",
        0,
        "",
        "49ff8e11c173d9583a3254fbe7b1f1df36c538e8416784a1672e6676",
    ),
    (
        Etype::Aes128Sha1,
        "98450e3f3baa13f5c99beb936981b06f",
        1,
        "31",
        "f86742f537b35dc2174a4dbaa920faf9042090b065e1ebb1cad9a65394",
    ),
    (
        Etype::Aes128Sha1,
        "9062430c8cda3388922e6d6a509f5b7a",
        2,
        "392062797465737373",
        "68fb9679601f45c78857b2bf820fd6e53eca8d42fd4b1d7024a09205abb7cd2ec26c355d2f",
    ),
    (
        Etype::Aes128Sha1,
        "033ee6502c54fd23e27791e987983827",
        3,
        "31332062797465732062797465",
        "ec366d0327a933bf49330e650e49bc6b974637fe80bf532fe51795b4809718e6194724db948d1fd637",
    ),
    (
        Etype::Aes128Sha1,
        "dceeb70b3de76562e689226c76429148",
        4,
        "333020627974657320627974657320627974657320627974657320627974",
        "c96081032d5d8eeb7e32b4089f789d0faa481dea74c0f97cbf3146ddfcf8e800156ecb532fc203e30ff600b63b350939fece510f02d7ff1e7bac",
    ),
    (
        Etype::Aes256Sha1,
        "17f275f2954f2ed1f90c377ba7f4d6a369aa0136e0bf0c927ad6133c693759a9",
        0,
        "",
        "e5094c55ee7b38262e2b044280b069379a95bf95bd8376fb3281b435",
    ),
    (
        Etype::Aes256Sha1,
        "b9477e1ff0329c0050e20ce6c72d2dff27e8fe541ab0954429a9cb5b4f7b1e2a",
        1,
        "31",
        "406150b97aeb76d43b36b62cc1ecdfbe6f40e95755e0beb5c27825f3a4",
    ),
    (
        Etype::Aes256Sha1,
        "b1ae4cd8462aff1677053cc9279aac30b796fb81ce21474dd3ddbcfea4ec76d7",
        2,
        "392062797465737373",
        "09957aa25fcaf88f7b39e4406e633012d5fea21853f6478da7065caef41fd454a40824eec5",
    ),
    (
        Etype::Aes256Sha1,
        "e5a72be9b7926c1225bafef9c1872e7ba4cdb2b17893d84abd90acdd8764d966",
        3,
        "31332062797465732062797465",
        "d8f1aafeec84587cc3e700a774e56651a6d693e174ec4473b5e6d96f80297a653fb818ad893e719f96",
    ),
    (
        Etype::Aes256Sha1,
        "f1c795e9248a09338d82c3f8d5b567040b0110736845041347235b1404231398",
        4,
        "333020627974657320627974657320627974657320627974657320627974",
        "d1137a4d634cfece924dbc3bf6790648bd5cff7de0e7b99460211d0daef3d79a295c688858f3b34b9cbd6eebae81daf6b734d4d498b6714f1c1d",
    ),
];

/// t_cksums.c: etype, key, usage, message, checksum.
const CHECKSUMS: &[(Etype, &str, u32, &str, &str)] = &[
    (
        Etype::Aes128Sha1,
        "9062430c8cda3388922e6d6a509f5b7a",
        3,
        "6569676874206e696e652074656e20656c6576656e207477656c766520746869727465656e",
        "01a4b088d45628f6946614e3",
    ),
    (
        Etype::Aes256Sha1,
        "b1ae4cd8462aff1677053cc9279aac30b796fb81ce21474dd3ddbcfea4ec76d7",
        4,
        "666f75727465656e",
        "e08739e3279e2903ec8e3836",
    ),
];

/// t_prf.c: etype, key, input, output.
const PRF: &[(Etype, &str, &str, &str)] = &[
    (Etype::Aes128Sha1, "ae272e7cdec86ac5138cdb196d8e297d", "0161", "77b39a37a868920f2a51f9dd150c5717"),
    (Etype::Aes128Sha1, "67ab1cfef35e4c27ffdeac60385a3e9c", "0162", "e06c0dd31ff02091994f2ef5178bfe3d"),
    (
        Etype::Aes256Sha1,
        "c01f157211f7b77eaaf457c3e156690127ee127d810ba6392e97baa243eb0616",
        "0161",
        "b2628c788e2e9c4a9bb4644678c29f2f",
    ),
    (
        Etype::Aes256Sha1,
        "c01f157211f7b77eaaf457c3e156690127ee127d810ba6392e97baa243eb0616",
        "0261",
        "b406373350cee8a6126f4a9b65a0cd21",
    ),
    (
        Etype::Aes256Sha1,
        "9d520d2d980aa7cb6b693682b62da258b333867951642ce647ae62b1e5e0b5e9",
        "0162",
        "ff0e289ea756c0559a0e911856961a49",
    ),
    (
        Etype::Aes256Sha1,
        "9d520d2d980aa7cb6b693682b62da258b333867951642ce647ae62b1e5e0b5e9",
        "0262",
        "0d674dd0f9a6806525a4d92e828bd15a",
    ),
];

fn key(etype: Etype, text: &str) -> Key {
    Key::new(etype, &octets(text)).unwrap()
}

#[test]
fn derived_keys_are_those_of_mit() {
    for (etype, base_key, usage, purpose, expected) in DERIVED {
        assert_eq!(
            *Base::new(*etype, &octets(base_key)).derive(KeyUsage(*usage), *purpose),
            octets(expected),
            "{etype}"
        );
    }
}

#[test]
fn a_ciphertext_of_mit_decrypts() {
    for (etype, bytes, usage, plain, cipher) in DECRYPTED {
        assert_eq!(key(*etype, bytes).decrypt(KeyUsage(*usage), &octets(cipher)), Ok(octets(plain)), "{etype}");
    }
}

#[test]
fn a_checksum_is_that_of_mit_and_of_no_other_usage() {
    for (etype, bytes, usage, message, expected) in CHECKSUMS {
        let (key, message) = (key(*etype, bytes), octets(message));
        assert_eq!(key.checksum(KeyUsage(*usage), &message), octets(expected), "{etype}");
        assert!(key.verify_checksum(KeyUsage(*usage), &message, &octets(expected)).is_ok());
        assert!(key.verify_checksum(KeyUsage(*usage + 1), &message, &octets(expected)).is_err());
    }
}

#[test]
fn the_prf_is_that_of_mit() {
    for (etype, bytes, input, expected) in PRF {
        assert_eq!(key(*etype, bytes).prf(&octets(input)), octets(expected), "{etype}");
    }
}
