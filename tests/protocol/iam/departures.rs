//! Everything that a client can be asked to do wrong, with the refusal that it leads to and the deviations that overlook it.

use super::{NOW, claims, cluster, judged, role_key, user_key};
use shakedown::handshake::Timestamp;
use shakedown::iam::{Departure, Deviation, Form, Refusal, make, make_departing};
use std::collections::BTreeSet;

/// A departure, the refusal, and the one deviation that overlooks it, if one does.
const REFUSED: &[(Departure, Refusal, Option<Deviation>)] = &[
    (Departure::SignatureDigit, Refusal::Signature, Some(Deviation::AcceptsAnySignature)),
    (Departure::SignatureShort, Refusal::Signature, Some(Deviation::AcceptsAnySignature)),
    (Departure::OctetChanged, Refusal::Signature, Some(Deviation::AcceptsAnySignature)),
    (Departure::OtherSecret, Refusal::Signature, Some(Deviation::AcceptsAnySignature)),
    (Departure::ParameterAdded, Refusal::Signature, Some(Deviation::AcceptsUnsignedParameter)),
    (Departure::ParameterRepeated, Refusal::Repeated, Some(Deviation::AcceptsRepeatedParameter)),
    (Departure::UserReplaced, Refusal::Signature, Some(Deviation::AcceptsAnySignature)),
    (Departure::HostReplaced, Refusal::Signature, Some(Deviation::AcceptsAnySignature)),
    (Departure::OtherAlgorithm, Refusal::Algorithm, Some(Deviation::AcceptsOtherAlgorithm)),
    (Departure::OtherAction, Refusal::Action, Some(Deviation::AcceptsOtherAction)),
    (Departure::OtherTerminator, Refusal::Scope, Some(Deviation::AcceptsOtherTerminator)),
    (Departure::ScopeOfYesterday, Refusal::Scope, Some(Deviation::AcceptsOtherScopeDate)),
    (Departure::OtherPath, Refusal::Path, Some(Deviation::AcceptsOtherPath)),
    (Departure::ImpossibleDate, Refusal::Date, None),
    (Departure::HostUnsigned, Refusal::SignedHeaders, Some(Deviation::AcceptsUnsignedHost)),
    (Departure::WithoutAction, Refusal::Missing, Some(Deviation::FillsInMissingParameters)),
    (Departure::WithoutUser, Refusal::Missing, Some(Deviation::FillsInMissingParameters)),
    (Departure::WithoutAlgorithm, Refusal::Missing, Some(Deviation::FillsInMissingParameters)),
    (Departure::WithoutCredential, Refusal::Missing, None),
    (Departure::WithoutDate, Refusal::Missing, None),
    (Departure::WithoutExpires, Refusal::Missing, Some(Deviation::FillsInMissingParameters)),
    (Departure::WithoutSignedHeaders, Refusal::Missing, Some(Deviation::FillsInMissingParameters)),
    (Departure::WithoutSignature, Refusal::Missing, None),
    (Departure::SessionAdded, Refusal::SessionToken, Some(Deviation::AcceptsOtherSessionToken)),
    (Departure::Truncated, Refusal::Missing, None),
    (Departure::Oversized, Refusal::Malformed, None),
    (Departure::Garbled, Refusal::Malformed, None),
];

/// Those that only a temporary key can be about.
const REFUSED_OF_ROLE: &[(Departure, Refusal, Option<Deviation>)] = &[
    (Departure::WithoutSession, Refusal::SessionToken, Some(Deviation::AcceptsMissingSessionToken)),
    (Departure::SessionChanged, Refusal::SessionToken, Some(Deviation::AcceptsOtherSessionToken)),
    (Departure::SessionReplaced, Refusal::SessionToken, None),
];

#[test]
fn each_departure_is_refused_for_its_own_reason_and_overlooked_by_its_own_deviation() {
    for (listed, credentials) in [(REFUSED, user_key()), (REFUSED_OF_ROLE, role_key())] {
        for &(departure, refusal, overlooked) in listed {
            let token = make_departing(&claims(), &credentials, Form::Usual, &[departure], NOW);
            assert_eq!(judged(&token), Err(refusal), "{departure}");
            for &deviation in Deviation::ALL {
                let taken = cluster(&[deviation]).verify("alice", token.octets(), NOW).is_ok();
                let overlooks = Some(deviation) == overlooked
                    || (refusal == Refusal::Signature && deviation == Deviation::AcceptsAnySignature);
                assert_eq!(taken, overlooks, "{departure} before {deviation}");
            }
        }
    }
}

#[test]
fn a_date_that_was_replaced_is_not_the_one_that_was_signed() {
    let mut old = claims();
    old.made = NOW.offset_seconds(-901);
    assert_eq!(judged(&make(&old, &user_key())), Err(Refusal::Expired));
    let renewed = make_departing(&old, &user_key(), Form::Usual, &[Departure::DateReplaced], NOW);
    assert_eq!(judged(&renewed), Err(Refusal::Signature));

    // Of yesterday: the day of the scope is replaced too, or the scope would tell.
    let midnight = Timestamp::from_seconds(NOW.seconds() - NOW.seconds() % 86_400);
    old.made = midnight.offset_seconds(-600);
    let now = midnight.offset_seconds(600);
    let renewed = make_departing(&old, &user_key(), Form::Usual, &[Departure::DateReplaced], now);
    assert_eq!(cluster(&[]).verify("alice", renewed.octets(), now).map(drop), Err(Refusal::Signature));
}

#[test]
fn every_departure_is_in_one_of_the_tables() {
    let listed = REFUSED.iter().chain(REFUSED_OF_ROLE).map(|(departure, ..)| *departure);
    let listed: BTreeSet<_> = listed.chain([Departure::DateReplaced]).collect();
    assert_eq!(listed, Departure::ALL.iter().copied().collect());
}
