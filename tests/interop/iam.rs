//! IAM tokens beside botocore's, made anew.

use crate::peer::skip;
use std::path::Path;
use std::process::Command;

const KEY: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjE/+=="),
];

/// What `tests/support/iam-vectors` prints; `None`, with the reason printed, without botocore.
fn botocore(arguments: &[&str]) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/iam-vectors");
    let output = Command::new(script).args(arguments).envs(KEY).output().unwrap();
    if output.status.code() == Some(77) {
        skip(String::from_utf8_lossy(&output.stderr).trim_end());
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn botocore_makes_the_tokens_that_ours_are_held_against() {
    let Some(printed) = botocore(&[]) else { return };
    let vectors = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["vectors"].clone();
    let committed = vectors(include_str!("../protocol/iam/botocore.json"));
    assert!(!committed.as_array().unwrap().is_empty());
    assert_eq!(vectors(&printed), committed);
}

#[test]
fn what_the_program_prints_is_what_botocore_makes_at_that_second() {
    let (host, port, region, user) = ("db.cluster-abc.eu-central-1.rds.amazonaws.com", "3306", "eu-central-1", "a b@C");
    let output = Command::new(env!("CARGO_BIN_EXE_shakedown"))
        .args(["token", "--host", host, "--port", port, "--region", region, "--user", user])
        .envs(KEY)
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let (_, date) = printed.split_once("X-Amz-Date=").unwrap();
    let part = |range| &date[range];
    let time =
        format!("{}-{}-{}T{}:{}:{}", part(0..4), part(4..6), part(6..8), part(9..11), part(11..13), part(13..15));
    let Some(made) = botocore(&[host, port, region, user, &time]) else { return };
    assert_eq!(printed, made);
    let other = botocore(&[host, port, "eu-west-1", user, &time]).unwrap();
    assert_ne!(printed, other);
}
