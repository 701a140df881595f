//! IAM tokens: held against botocore's, then against everything that can be wrong with one.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod botocore;
mod boundaries;
mod departures;
mod form;

use shakedown::handshake::Timestamp;
use shakedown::iam::{AccessKey, Claims, Cluster, Credentials, Deviation, Policy, Refusal, Verifier};

/// 2023-06-10T12:34:56Z.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_686_400_496);

/// The key of a user.
pub(crate) fn user_key() -> Credentials {
    Credentials::of_user("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
}

/// The temporary key of a role.
pub(crate) fn role_key() -> Credentials {
    Credentials::of_user("ASIAIOSFODNN7EXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
        .with_session("AQoDYXdzEJr/+==")
}

/// A cluster on `db.test:3306` that lets `alice` in by either key, until an hour from [`NOW`] by the role's.
pub(crate) fn cluster(deviations: &[Deviation]) -> Verifier {
    let cluster = Cluster {
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        resource: "cluster-ABC".to_owned(),
        hosts: vec!["db.test".to_owned(), "db.cluster.test".to_owned()],
    };
    let arn = |user: &str| format!("arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-ABC/{user}");
    let policy = Policy { allow: vec![arn("al*")], deny: vec![arn("alan")] };
    let user = AccessKey { credentials: user_key(), ends: None, policy: policy.clone() };
    let role = AccessKey { credentials: role_key(), ends: Some(NOW.offset_seconds(3600)), policy };
    let verifier = Verifier::new(cluster, [user, role]).deviating(deviations.to_vec());
    verifier.listen_on(3306);
    verifier
}

/// Those of a token that the cluster takes.
pub(crate) fn claims() -> Claims {
    Claims::new("db.test", 3306, "eu-central-1", "alice", NOW)
}

/// What the cluster makes of a token of alice's.
pub(crate) fn judged(token: &shakedown::mysql::Secret) -> Result<(), Refusal> {
    cluster(&[]).verify("alice", token.octets(), NOW)
}
