//! Wrap and MIC tokens between the two sides.

use proptest::prelude::*;

use super::*;

/// RFC 4121 §4.2.4: header, confounder, text, header, tag. RFC 4757 §7.3: frame with a length of one to three octets, OID,
/// eight octets of algorithms, number, checksum, confounder, text, padding.
fn wrapped_length(etype: Etype, length: usize) -> usize {
    match (etype, length) {
        (Etype::Rc4Hmac, 0..=83) => 2 + 11 + 4 * 8 + length + 1,
        (Etype::Rc4Hmac, 84..=211) => 3 + 11 + 4 * 8 + length + 1,
        (Etype::Rc4Hmac, _) => 4 + 11 + 4 * 8 + length + 1,
        _ => 16 + 16 + length + 16 + etype.tag_length(),
    }
}

#[test]
fn a_wrap_token_is_as_long_as_its_rfc_says_and_opens() {
    for etype in Etype::ALL {
        for flags in [MUTUAL_FLAGS, ONE_WAY_FLAGS] {
            let (mut client, mut server) = establish(&Draft::new(etype), flags);
            for length in [0, 1, 16, 83, 84, 211, 212, 16_000] {
                let text = vec![0x42; length];
                let (mut sealed, mut plain) = (Vec::new(), Vec::new());
                client.wrap(&text, &mut Seeded(6), &mut sealed);
                assert_eq!(sealed.len(), wrapped_length(etype, length));
                server.unwrap(&sealed, &mut plain).unwrap();
                assert_eq!(plain, text);
                sealed.clear();
                plain.clear();
                server.wrap(&text, &mut Seeded(7), &mut sealed);
                client.unwrap(&sealed, &mut plain).unwrap();
                assert_eq!(plain, text);
            }
        }
    }
}

#[test]
fn the_header_says_who_sent_and_under_which_key() {
    let check = |flags, from_client: u8, from_server: u8| {
        let (mut client, mut server) = establish(&Draft::new(Etype::Aes256Sha1), flags);
        for (context, expected) in [(&mut client, from_client), (&mut server, from_server)] {
            let mut sealed = Vec::new();
            context.wrap(b"", &mut Seeded(6), &mut sealed);
            // TOK_ID, Flags, Filler, EC 0, RRC 0
            assert_eq!(sealed[..8], [5, 4, expected | 2, 0xff, 0, 0, 0, 0]);
            let mut mic = Vec::new();
            context.mic(b"", &mut mic);
            assert_eq!(mic[..8], [4, 4, expected, 0xff, 0xff, 0xff, 0xff, 0xff]);
            // one counter for both kinds
            let number = |token: &[u8]| u64::from_be_bytes(token[8..16].try_into().unwrap());
            assert_eq!(number(&mic), number(&sealed) + 1);
        }
    };
    check(MUTUAL_FLAGS, 4, 5);
    check(ONE_WAY_FLAGS, 0, 1);
}

#[test]
fn what_wrap_limit_allows_just_fits() {
    for etype in Etype::ALL {
        let (mut client, _) = establish(&Draft::new(etype), MUTUAL_FLAGS);
        for limit in [100, 16_380] {
            let mut sealed = Vec::new();
            client.wrap(&vec![0; client.wrap_limit(limit)], &mut Seeded(6), &mut sealed);
            assert_eq!(sealed.len(), limit);
        }
        // Around a length that takes one octet more, a token may be one octet shorter than allowed.
        for limit in 120..280 {
            let most = client.wrap_limit(limit);
            assert!(wrapped_length(etype, most) <= limit && wrapped_length(etype, most + 1) > limit, "{etype} {limit}");
        }
        assert_eq!(client.wrap_limit(0), 0);
    }
}

/// Windows rotates the ciphertext by 28 (RRC), the length of confounder and tag of AES-SHA1.
#[test]
fn a_rotated_token_opens() {
    for etype in Etype::AES {
        let (mut client, mut server) = establish(&Draft::new(etype), ONE_WAY_FLAGS);
        for rotation in [28u16, 1, 59, 60, 0xffff] {
            let mut sealed = Vec::new();
            client.wrap(b"rotated", &mut Seeded(6), &mut sealed);
            let length = sealed.len() - 16;
            sealed[16..].rotate_right(usize::from(rotation) % length);
            let unmarked = sealed.clone();
            sealed[6..8].copy_from_slice(&rotation.to_be_bytes());
            let mut plain = Vec::new();
            if usize::from(rotation) % length != 0 {
                assert!(server.unwrap(&unmarked, &mut plain).is_err());
            }
            server.unwrap(&sealed, &mut plain).unwrap();
            assert_eq!(plain, b"rotated");
        }
    }
}

#[test]
fn an_unsealed_token_is_refused() {
    let (mut client, mut server) = establish(&Draft::new(Etype::Aes256Sha1), MUTUAL_FLAGS);
    let mut token = Vec::new();
    client.wrap(b"text", &mut Seeded(6), &mut token);
    token[2] &= !2;
    assert_eq!(server.unwrap(&token, &mut Vec::new()), Err(GssError::Broken("token is not sealed")));
}

#[test]
fn a_token_sent_back_to_its_sender_is_refused() {
    for etype in [Etype::Aes256Sha1, Etype::Rc4Hmac] {
        let (mut client, mut server) = establish(&Draft::new(etype), MUTUAL_FLAGS);
        for context in [&mut client, &mut server] {
            let (mut sealed, mut mic, mut plain) = (Vec::new(), Vec::new(), Vec::new());
            context.wrap(b"text", &mut Seeded(6), &mut sealed);
            context.mic(b"text", &mut mic);
            let wrong_direction = Err(GssError::Broken("token in the wrong direction"));
            assert_eq!(context.unwrap(&sealed, &mut plain), wrong_direction);
            assert_eq!(context.verify_mic(&mic, b"text"), wrong_direction);
            assert_eq!(plain, b"");
        }
    }
}

#[test]
fn with_sequencing_a_token_is_good_once_and_in_its_turn() {
    for etype in [Etype::Aes256Sha1, Etype::Rc4Hmac] {
        let (mut client, mut server) = establish(&Draft::new(etype), MUTUAL_FLAGS);
        let mut tokens = vec![Vec::new(); 4];
        for token in &mut tokens {
            client.wrap(b"text", &mut Seeded(6), token);
        }
        let mut plain = Vec::new();
        assert_eq!(server.unwrap(&tokens[0], &mut plain), Ok(()));
        assert!(server.unwrap(&tokens[0], &mut plain).is_err());
        assert!(server.unwrap(&tokens[2], &mut plain).is_err());
        assert!(server.unwrap(&tokens[1], &mut plain).is_err());
        assert_eq!(server.unwrap(&tokens[3], &mut plain), Ok(()));
        assert_eq!(plain, b"texttext", "refused tokens leave nothing behind");
    }
}

#[test]
fn a_mic_is_over_the_message_and_the_header() {
    for etype in Etype::ALL {
        for flags in [MUTUAL_FLAGS, ONE_WAY_FLAGS] {
            let (mut client, mut server) = establish(&Draft::new(etype), flags);
            let mut mic = Vec::new();
            client.mic(b"message", &mut mic);
            let rc4 = 2 + 11 + 3 * 8;
            assert_eq!(mic.len(), if etype == Etype::Rc4Hmac { rc4 } else { 16 + etype.tag_length() });
            // RFC 1964 has the checksum not over the number: another one is just another turn.
            let number = if etype == Etype::Rc4Hmac { 21..25 } else { 0..0 };
            for position in (0..mic.len()).filter(|position| !number.contains(position)) {
                let mut changed = mic.clone();
                changed[position] ^= 1;
                assert!(server.verify_mic(&changed, b"message").is_err(), "octet {position}");
                assert!(server.verify_mic(&mic[..position], b"message").is_err(), "cut to {position}");
            }
            assert!(server.verify_mic(&mic, b"massage").is_err());
            assert_eq!(server.verify_mic(&mic, b"message"), Ok(()));
        }
    }
}

#[test]
fn each_changed_bit_and_each_truncation_of_a_wrap_token_is_refused() {
    for etype in Etype::ALL {
        for flags in [MUTUAL_FLAGS, Flags(0)] {
            let (mut client, mut server) = establish(&Draft::new(etype), flags);
            let mut sealed = Vec::new();
            client.wrap(b"some text of more than one block", &mut Seeded(6), &mut sealed);
            let mut plain = Vec::new();
            for position in 0..sealed.len() {
                for bit in 0..8 {
                    let mut changed = sealed.clone();
                    changed[position] ^= 1 << bit;
                    assert!(server.unwrap(&changed, &mut plain).is_err(), "{etype}: octet {position}, bit {bit}");
                }
                assert!(server.unwrap(&sealed[..position], &mut plain).is_err(), "{etype}: cut to {position}");
            }
            assert!(plain.is_empty());
            assert_eq!(server.unwrap(&sealed, &mut plain), Ok(()));
        }
    }
}

proptest! {
    #[test]
    fn any_octets_are_refused_without_a_panic(token in prop::collection::vec(any::<u8>(), 0..200), sealed: bool) {
        let (mut old, _) = establish(&Draft::new(Etype::Rc4Hmac), MUTUAL_FLAGS);
        let length = u8::try_from(11 + 8 + token.len()).unwrap_or(0x7f);
        let mut plausible = vec![0x60, 0x81, length, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
        plausible.extend_from_slice(if sealed { &[2, 1, 0x11, 0, 0x10, 0, 0xff, 0xff] } else { &[1, 1, 0x11, 0, 0xff, 0xff, 0xff, 0xff] });
        plausible.extend_from_slice(&token);
        prop_assert!(old.unwrap(&plausible, &mut Vec::new()).is_err());
        prop_assert!(old.verify_mic(&plausible, b"").is_err());

        let (mut client, _) = establish(&Draft::new(Etype::Aes256Sha384), MUTUAL_FLAGS);
        let mut plausible = vec![5, 4, if sealed { 7 } else { 5 }, 0xff];
        plausible.extend_from_slice(&token);
        for token in [&token, &plausible] {
            prop_assert!(client.unwrap(token, &mut Vec::new()).is_err());
            prop_assert!(client.verify_mic(token, b"").is_err());
        }
    }
}
