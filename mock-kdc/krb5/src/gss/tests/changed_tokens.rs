//! Tokens that set up a context, damaged.

use proptest::prelude::*;

use super::*;
use crate::gss::frame::unframe;
use crate::messages::ApRequest;

/// Options, kvno and names outside the ciphertexts are not protected; everything else is.
#[test]
fn a_changed_bit_of_an_ap_req_is_refused_or_changes_nothing_that_was_proven() {
    for etype in Etype::ALL {
        let draft = Draft::new(etype);
        let (_, token) = start(&draft, MUTUAL_FLAGS);
        let acceptor = Acceptor::new(draft.keytab()).without_replay_cache();
        let request = ApRequest::decode(unframe(&token).unwrap().message).unwrap();
        let place = |part: &[u8]| {
            let start = token.windows(part.len()).position(|window| window == part).unwrap();
            start..start + part.len()
        };
        let protected = [place(&request.ticket.enc_part().cipher), place(&request.authenticator.cipher)];
        for position in 0..token.len() {
            for bit in 0..8 {
                let mut changed = token.clone();
                changed[position] ^= 1 << bit;
                let outcome = acceptor.accept(&changed, NOW, &mut Seeded(5));
                if protected.iter().any(|range| range.contains(&position)) {
                    assert_eq!(outcome.unwrap_err().cause, Cause::Krb(31), "octet {position}, bit {bit}");
                } else if let Ok(accepted) = outcome {
                    assert_eq!((accepted.client, accepted.service), (client(), service()));
                    assert_eq!(accepted.flags, MUTUAL_FLAGS);
                }
            }
        }
    }
}

#[test]
fn each_truncation_of_an_ap_req_is_malformed() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let (_, token) = start(&draft, MUTUAL_FLAGS);
    let acceptor = Acceptor::new(draft.keytab());
    for length in 0..token.len() {
        let failure = acceptor.accept(&token[..length], NOW, &mut Seeded(5)).unwrap_err();
        assert!(matches!(failure, AcceptFailure { cause: Cause::Malformed(_), reply: None }), "cut to {length}");
    }
}

#[test]
fn each_changed_bit_of_an_ap_reps_ciphertext_and_each_truncation_is_refused() {
    for etype in Etype::ALL {
        let draft = Draft::new(etype);
        let acceptor = Acceptor::new(draft.keytab()).without_replay_cache();
        let (mut initiator, token) = start(&draft, MUTUAL_FLAGS);
        let reply = acceptor.accept(&token, NOW, &mut Seeded(5)).unwrap().reply.unwrap();
        let cipher = crate::messages::ApReply::decode(unframe(&reply).unwrap().message).unwrap().enc_part.cipher;
        for position in 0..reply.len() {
            for bit in 0..8 {
                let mut changed = reply.clone();
                changed[position] ^= 1 << bit;
                // Before the ciphertext: frame and structure; a kvno beside it would not be looked at.
                let refused = initiator.reply(&changed).is_err();
                if position >= reply.len() - cipher.len() {
                    assert!(refused, "octet {position}, bit {bit}");
                } else if !refused {
                    (initiator, _) = start(&draft, MUTUAL_FLAGS);
                }
            }
            assert!(initiator.reply(&reply[..position]).is_err(), "cut to {position}");
        }
        assert_eq!(initiator.reply(&reply), Ok(()));
    }
}

proptest! {
    #[test]
    fn any_octets_are_refused_without_a_panic(token in prop::collection::vec(any::<u8>(), 0..300)) {
        let draft = Draft::new(Etype::Aes128Sha1);
        prop_assert!(Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5)).is_err());
        let (mut initiator, _) = start(&draft, MUTUAL_FLAGS);
        prop_assert!(initiator.reply(&token).is_err());
    }

    /// Decrypts, but holds what no initiator would put there.
    #[test]
    fn any_octets_within_an_authenticator_are_refused_without_a_panic(
        plain in prop::collection::vec(any::<u8>(), 0..200)
    ) {
        let draft = Draft::new(Etype::Aes128Sha1);
        let (_, token) = start(&draft, MUTUAL_FLAGS);
        let unframed = unframe(&token).unwrap();
        let mut request = ApRequest::decode(unframed.message).unwrap();
        request.authenticator.cipher =
            draft.session_key.encrypt(usage::AP_REQ_AUTHENTICATOR, &plain, &mut Seeded(8));
        let token = crate::gss::frame::frame(unframed.token_id, &request.to_octets());
        let failure = Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5)).unwrap_err();
        prop_assert_eq!(failure.cause, Cause::Krb(60));
        prop_assert!(failure.reply.is_some());
    }
}
