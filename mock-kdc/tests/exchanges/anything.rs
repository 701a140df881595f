//! Whatever comes, the KDC answers or stays silent, soon and in few octets.

use mock_kdc::SystemRandom;
use proptest::prelude::*;
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;

use crate::request::{AsRequest, PASSWORD, Proof, TgsRequest};
use crate::world::{NOW, alice_tgt, kdc};

/// No answer holds more than a ticket of a few hundred octets and what the request brought.
fn check(request: &[u8], now: Timestamp) -> Result<(), TestCaseError> {
    let answer = kdc().answer(request, now, &mut SystemRandom);
    let length = answer.octets.as_ref().map_or(0, Vec::len);
    prop_assert!(length <= 2048 + 4 * request.len(), "{length} octets for {}", request.len());
    if let Some(octets) = answer.octets {
        prop_assert!([0x6b, 0x6d, 0x7e].contains(&octets[0]));
    }
    Ok(())
}

/// A time of which the encoding has four digits for the year.
fn a_time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![0..4_000_000_000_i64, -60_000_000_000..250_000_000_000_i64].prop_map(Timestamp::from_seconds)
}

proptest! {
    #[test]
    fn any_octets(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&octets, NOW)?;
    }

    #[test]
    fn good_requests_with_a_few_octets_changed(
        tgs: bool,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut octets =
            if tgs { TgsRequest::good(&alice_tgt(kdc(), NOW), NOW).octets() } else { AsRequest::good(NOW).octets() };
        for (place, value) in changes {
            let place = place.index(octets.len());
            octets[place] = value;
        }
        check(&octets, NOW)?;
    }

    #[test]
    fn any_times_options_and_etypes(
        times in (a_time(), a_time(), a_time(), a_time()),
        options: u32,
        etypes in proptest::collection::vec(prop_oneof![17..21_i32, any::<i32>()], 0..6),
    ) {
        let (till, rtime, from, time) = times;
        let proof = Proof::Time { password: PASSWORD, etype: Etype::Aes256Sha1, time };
        let request = AsRequest { till, rtime: Some(rtime), from: Some(from), options, etypes, proof, ..AsRequest::good(NOW) };
        check(&request.octets(), NOW)?;
        check(&request.octets(), time)?;
    }
}

#[test]
fn a_good_request_that_is_cut_anywhere_has_no_answer() {
    for whole in [AsRequest::good(NOW).octets(), TgsRequest::good(&alice_tgt(kdc(), NOW), NOW).octets()] {
        for length in 0..whole.len() {
            let answer = kdc().answer(&whole[..length], NOW, &mut SystemRandom);
            assert_eq!(answer.octets, None, "cut after {length} octets");
        }
    }
}
