//! One token can be written in several ways, and is the same.

use super::{NOW, claims, cluster, judged, role_key};
use shakedown::iam::{Claims, Deviation, Form, make, make_departing};

/// Taken, but by a cluster that is asked to see a difference.
#[track_caller]
fn check(claims: &Claims, form: Form, refused: Deviation) {
    let token = make_departing(claims, &role_key(), form, &[], NOW);
    assert_eq!(judged(&token), Ok(()));
    assert!(cluster(&[refused]).verify("alice", token.octets(), NOW).is_err(), "{refused}");
    let usual = make(&self::claims(), &role_key());
    assert_eq!(cluster(&[refused]).verify("alice", usual.octets(), NOW), Ok(()), "{refused}");
}

#[test]
fn order_and_case_mean_nothing_where_they_mean_nothing() {
    check(&claims(), Form::Reversed, Deviation::RefusesOtherOrder);
    check(&claims(), Form::SmallEscapes, Deviation::RefusesSmallEscapes);
    check(&Claims { host: "DB.Test".to_owned(), ..claims() }, Form::Usual, Deviation::RefusesHostInCapitals);
}
