//! `shakedown token`: what it prints and what it asks for.

use std::process::{Command, Output};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn token(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"]
    {
        command.env_remove(name);
    }
    let fixed = ["token", "--host", "db.test", "--port", "3306", "--user", "alice"];
    command.args(fixed).args(arguments).envs(environment.iter().copied()).output().unwrap()
}

const KEY: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", SECRET)];

#[test]
fn a_token_is_all_that_is_printed() {
    let output = token(&["--region", "eu-central-1"], &KEY);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("db.test:3306/?Action=connect&DBUser=alice&"), "{printed}");
    assert!(printed.contains("AKIAEXAMPLE%2F") && printed.contains("%2Feu-central-1%2Frds-db%2F"), "{printed}");
    assert_eq!(printed.lines().count(), 1);
    assert!(!printed.contains("Security-Token"));
    let session = [KEY[0], KEY[1], ("AWS_SESSION_TOKEN", "of/a/role")];
    let printed = String::from_utf8(token(&["--region", "eu-central-1"], &session).stdout).unwrap();
    assert!(printed.contains("&X-Amz-Security-Token=of%2Fa%2Frole&"), "{printed}");
}

#[test]
fn the_region_may_come_from_the_environment() {
    let region = |environment: &[(&str, &str)]| {
        let printed = String::from_utf8(token(&[], &[&KEY, environment].concat()).stdout).unwrap();
        printed.split("%2F").nth(2).unwrap_or_default().to_owned()
    };
    assert_eq!(region(&[("AWS_DEFAULT_REGION", "eu-west-1")]), "eu-west-1");
    assert_eq!(region(&[("AWS_REGION", "eu-west-2"), ("AWS_DEFAULT_REGION", "eu-west-1")]), "eu-west-2");
}

#[test]
fn what_is_missing_is_said_and_no_secret_with_it() {
    let check = |arguments: &[&str], environment: &[(&str, &str)], expected: &str| {
        let output = token(arguments, environment);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected) && !said.contains(SECRET), "{said}");
        assert!(output.stdout.is_empty());
    };
    check(&[], &KEY, "no region: --region, AWS_REGION or AWS_DEFAULT_REGION");
    check(&["--region", "x"], &KEY[1..], "AWS_ACCESS_KEY_ID is not set");
    check(&["--region", "x"], &KEY[..1], "AWS_SECRET_ACCESS_KEY is not set");
    check(&["--region", "x"], &[KEY[0], ("AWS_SECRET_ACCESS_KEY", "")], "AWS_SECRET_ACCESS_KEY is not set");
}
