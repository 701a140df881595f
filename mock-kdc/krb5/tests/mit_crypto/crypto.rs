//! All five encryption types, in both directions.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shakedown_krb5::crypto::{Etype, Key, KeyUsage, string_to_key};

use crate::Seeded;
use crate::peer::Peer;

fn keys() -> impl Strategy<Value = Key> {
    (prop::sample::select(&Etype::ALL[..]), any::<u64>())
        .prop_map(|(etype, seed)| Key::random(etype, &mut Seeded(seed)))
}

/// All that RFC 4120, 4121 and 6113 use, and some more. MIT refuses none.
fn usages() -> impl Strategy<Value = KeyUsage> {
    prop_oneof![0..64u32, 0..0x7fff_ffffu32].prop_map(KeyUsage)
}

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

/// Runs `check` over many values with one peer.
fn held_against_mit<S: Strategy>(strategy: &S, check: impl Fn(&mut Peer, S::Value) -> Result<(), TestCaseError>) {
    let Some(peer) = Peer::start() else { return };
    let peer = RefCell::new(peer);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    runner.run(strategy, |value| check(&mut peer.borrow_mut(), value)).unwrap();
}

#[test]
fn mit_decrypts_ours_and_we_decrypt_its() {
    held_against_mit(&(keys(), usages(), octets(200), any::<u64>()), |peer, (key, usage, plain, seed)| {
        let cipher = key.encrypt(usage, &plain, &mut Seeded(seed));
        prop_assert_eq!(peer.decrypt(&key, usage, &cipher), Ok(plain.clone()));
        let cipher = peer.encrypt(&key, usage, &plain).unwrap();
        prop_assert_eq!(key.decrypt(usage, &cipher), Ok(plain));
        Ok(())
    });
}

#[test]
fn mit_refuses_what_was_changed_as_we_do() {
    const BAD_INTEGRITY: i64 = 31;
    held_against_mit(&(keys(), usages(), octets(50), any::<prop::sample::Index>()), |peer, (key, usage, plain, at)| {
        let mut cipher = key.encrypt(usage, &plain, &mut Seeded(1));
        let at = at.index(cipher.len());
        cipher[at] ^= 0x10;
        prop_assert_eq!(peer.decrypt(&key, usage, &cipher), Err(BAD_INTEGRITY));
        prop_assert!(key.decrypt(usage, &cipher).is_err());
        Ok(())
    });
}

#[test]
fn mit_computes_the_same_checksum_and_prf() {
    held_against_mit(&(keys(), usages(), octets(200)), |peer, (key, usage, text)| {
        prop_assert_eq!(peer.checksum(&key, usage, &text), Ok(key.checksum(usage, &text)));
        prop_assert_eq!(peer.prf(&key, &text), Ok(key.prf(&text)));
        Ok(())
    });
}

/// RFC 8009's etypes, with eight times the iterations, once.
#[test]
fn mit_makes_the_same_keys_of_passwords() {
    let cheap = vec![Etype::Aes128Sha1, Etype::Aes256Sha1, Etype::Rc4Hmac];
    let strategy = (prop::sample::select(cheap), "\\PC{0,40}", octets(40));
    held_against_mit(&strategy, |peer, (etype, password, salt)| {
        let count = (etype != Etype::Rc4Hmac).then_some(4096);
        let parameters = count.map(u32::to_be_bytes);
        let ours = string_to_key(etype, password.as_bytes(), &salt, parameters.as_ref().map(|octets| &octets[..]));
        prop_assert_eq!(
            peer.string_to_key(etype, password.as_bytes(), &salt, count),
            Ok(ours.unwrap().bytes().to_vec())
        );
        Ok(())
    });
    let Some(mut peer) = Peer::start() else { return };
    for etype in Etype::ALL {
        let ours = string_to_key(etype, b"pencil", b"CORP.EXAMPLE.COMalice", None).unwrap();
        assert_eq!(peer.string_to_key(etype, b"pencil", b"CORP.EXAMPLE.COMalice", None), Ok(ours.bytes().to_vec()));
    }
    assert!(peer.string_to_key(Etype::Rc4Hmac, b"pencil", b"", Some(4096)).is_err());
}
