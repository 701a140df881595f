//! Both sides of each boundary of a token, and that a cluster that is asked to overlook it does.

use super::{NOW, claims, cluster, judged, role_key, user_key};
use shakedown::handshake::Timestamp;
use shakedown::iam::{Claims, Credentials, Deviation, Refusal, Throttle, make};
use std::time::Duration;

/// What comes of a token with other claims, in the clear eyes of the cluster and with the deviation.
#[track_caller]
fn check(change: impl FnOnce(&mut Claims), refusal: Refusal, overlooked: Deviation) {
    let mut claims = claims();
    change(&mut claims);
    let token = make(&claims, &user_key());
    assert_eq!(judged(&token), Err(refusal));
    assert_eq!(cluster(&[overlooked]).verify("alice", token.octets(), NOW), Ok(()), "{overlooked}");
}

/// A token with other claims that is taken, but not with the deviation.
#[track_caller]
fn check_taken(change: impl FnOnce(&mut Claims), refused: Deviation, refusal: Refusal) {
    let mut claims = claims();
    change(&mut claims);
    let token = make(&claims, &user_key());
    assert_eq!(judged(&token), Ok(()));
    assert_eq!(cluster(&[refused]).verify("alice", token.octets(), NOW), Err(refusal), "{refused}");
}

#[test]
fn a_token_for_somewhere_or_somebody_else_is_refused() {
    use Deviation as D;
    check(|claims| claims.host = "other.test".to_owned(), Refusal::Host, D::AcceptsOtherHost);
    check(|claims| claims.port = 3307, Refusal::Port, D::AcceptsOtherPort);
    check(|claims| claims.region = "eu-west-1".to_owned(), Refusal::Region, D::AcceptsOtherRegion);
    check(|claims| claims.service = "rds".to_owned(), Refusal::Service, D::AcceptsOtherService);
    check(|claims| claims.user = "bob".to_owned(), Refusal::User, D::AcceptsOtherUser);
    check(|claims| claims.user = "Alice".to_owned(), Refusal::User, D::AcceptsUserInOtherCase);
    let of_bob = make(&Claims { user: "bob".to_owned(), ..claims() }, &user_key());
    assert_eq!(cluster(&[D::AcceptsUserInOtherCase]).verify("alice", of_bob.octets(), NOW), Err(Refusal::User));
    assert_eq!(judged(&make(&Claims { host: "db.cluster.test".to_owned(), ..claims() }, &user_key())), Ok(()));
}

#[test]
fn a_token_is_good_for_so_long_and_no_second_longer() {
    use Deviation as D;
    let made = |seconds| move |claims: &mut Claims| claims.made = NOW.offset_seconds(seconds);
    let expires = |text: &'static str| move |claims: &mut Claims| claims.expires = text.to_owned();
    let taken = |change: &dyn Fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        judged(&make(&claims, &user_key()))
    };
    assert_eq!(taken(&made(-900)), Ok(()));
    check(made(-901), Refusal::Expired, D::AcceptsExpiredToken);
    check_taken(made(300), D::RefusesSkew, Refusal::NotYetValid);
    check(made(301), Refusal::NotYetValid, D::AcceptsTokenOfTheFuture);
    check_taken(expires("899"), D::RefusesShortLifetime, Refusal::Lifetime);
    check_taken(expires("1"), D::RefusesShortLifetime, Refusal::Lifetime);
    check(expires("901"), Refusal::Lifetime, D::AcceptsLongLifetime);
    for wrong in ["0", "", "-1", "+900", "9e2", " 900", "1000000000", "99999999999999999999"] {
        let expires = Claims { expires: wrong.to_owned(), ..claims() };
        assert_eq!(judged(&make(&expires, &user_key())), Err(Refusal::Lifetime), "{wrong}");
    }
    // It ends when it says, not when the longest one would.
    let short = Claims { expires: "60".to_owned(), made: NOW.offset_seconds(-61), ..claims() };
    assert_eq!(judged(&make(&short, &user_key())), Err(Refusal::Expired));
}

#[test]
fn a_key_is_known_its_own_and_current() {
    use Deviation as D;
    let verify = |deviations: &[D], credentials: &Credentials, now: Timestamp| {
        let token = make(&Claims { made: now, ..claims() }, credentials);
        cluster(deviations).verify("alice", token.octets(), now)
    };
    assert_eq!(verify(&[], &role_key(), NOW), Ok(()));
    assert_eq!(verify(&[D::RefusesSessionTokens], &role_key(), NOW), Err(Refusal::SessionToken));
    assert_eq!(verify(&[D::RefusesSessionTokens], &user_key(), NOW), Ok(()));
    let stranger = Credentials::of_user("AKIANOBODY", "x");
    assert_eq!(verify(&[], &stranger, NOW), Err(Refusal::UnknownKey));
    assert_eq!(verify(&[D::AcceptsUnknownKey], &stranger, NOW), Ok(()));
    let end = |seconds: i64| NOW.offset_seconds(3600 + seconds);
    assert_eq!(verify(&[], &role_key(), end(-1)), Ok(()));
    assert_eq!(verify(&[], &role_key(), end(0)), Err(Refusal::KeyExpired));
    assert_eq!(verify(&[D::AcceptsExpiredKey], &role_key(), end(0)), Ok(()));
    let other = role_key().with_session("AQoDYXdzEJr/+=A");
    assert_eq!(verify(&[], &other, NOW), Err(Refusal::SessionToken));
    assert_eq!(verify(&[D::AcceptsOtherSessionToken], &other, NOW), Ok(()));
}

#[test]
fn a_policy_decides_who_may_be_whom() {
    use Deviation as D;
    let verify = |deviations: &[D], user: &str| {
        let token = make(&Claims { user: user.to_owned(), ..claims() }, &user_key());
        cluster(deviations).verify(user, token.octets(), NOW)
    };
    assert_eq!(verify(&[], "alice"), Ok(()));
    assert_eq!(verify(&[D::RefusesWildcards], "alice"), Err(Refusal::Policy));
    assert_eq!(verify(&[], "bob"), Err(Refusal::Policy));
    assert_eq!(verify(&[D::IgnoresMissingPermission], "bob"), Ok(()));
    assert_eq!(verify(&[], "alan"), Err(Refusal::Policy));
    assert_eq!(verify(&[D::IgnoresMissingPermission], "alan"), Err(Refusal::Policy));
    assert_eq!(verify(&[D::IgnoresDenial], "alan"), Ok(()));
}

#[test]
fn a_token_is_for_any_number_of_logins_unless_there_are_too_many() {
    use Deviation as D;
    let token = make(&claims(), &user_key());
    let twice = |deviations: &[D]| {
        let verifier = cluster(deviations).throttled(Throttle::new(2, Duration::from_secs(60)));
        let verify = |seconds| verifier.verify("alice", token.octets(), NOW.offset_seconds(seconds));
        [verify(0), verify(1), verify(59), verify(60)]
    };
    let throttled = Err(Refusal::Throttled);
    assert_eq!(twice(&[]), [Ok(()), Ok(()), throttled, Ok(())]);
    assert_eq!(twice(&[D::NeverThrottles]), [Ok(()); 4]);
    let used = Err(Refusal::Used);
    assert_eq!(twice(&[D::RefusesSecondUse]), [Ok(()), used, throttled, used]);
}

#[test]
fn nobody_knows_the_port_before_the_cluster_listens() {
    let cluster = shakedown::iam::Verifier::new(
        shakedown::iam::Cluster {
            region: "eu-central-1".to_owned(),
            hosts: vec!["db.test".to_owned()],
            ..Default::default()
        },
        [],
    );
    assert_eq!(cluster.verify("alice", make(&claims(), &user_key()).octets(), NOW), Err(Refusal::Port));
}

#[test]
fn two_instants_give_two_tokens() {
    let at = |micros| make(&Claims { made: Timestamp::from_micros(micros), ..claims() }, &user_key());
    assert_ne!(at(0).octets(), at(1_000_000).octets());
    assert_eq!(at(0).octets(), at(999_999).octets());
}

#[test]
fn a_cluster_is_printed_without_the_keys_that_it_knows() {
    let shown = format!("{:?}", cluster(&[]));
    assert!(shown.contains("db.test") && !shown.contains("EXAMPLE") && !shown.contains("AQoD"), "{shown}");
}
