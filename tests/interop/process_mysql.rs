//! MySQL's scenarios on the MariaDB that is installed, and on a MySQL where somebody has named one.
//!
//! The numbers are those of the cases that the server can play: one that is skipped, for whichever reason, is a difference.

use crate::peer::skip;
use crate::program::Run;
use std::process::Command;

const MARIADB: &str = "mysql=process";

/// Whether there is a MariaDB of the version that differences are explained for; says so where there is none.
pub(crate) fn has_mariadb() -> bool {
    let mut version = Command::new("mariadb-install-db");
    if version.arg("--help").output().is_err() {
        skip("MariaDB is not installed");
        return false;
    }
    let run =
        Run::play(&["--backend", MARIADB, "--filter", "mysql/default-plugin/caching-sha2/native/clear/right"], []);
    let is_known = run.reasons().iter().any(|reason| reason.starts_with("mariadb 10.11 "));
    if !is_known {
        skip(&format!("no MariaDB 10.11: {}", run.printed));
    }
    is_known
}

#[test]
fn mariadb_plays_every_version_of_aurora_mysql_with_its_settings() {
    if !has_mariadb() {
        return;
    }
    let run = Run::play(&["--backend", MARIADB, "--filter", "mysql/**", "--filter", "tls/**"], []);
    for (pattern, cases) in [
        ("mysql/cipher-suites/**", 288),
        ("mysql/databases/**", 12),
        ("mysql/default-plugin/**", 6),
        ("mysql/order-of-checks/**", 30),
        ("mysql/passwords/**", 12),
        ("mysql/require-secure-transport/**", 22),
        ("mysql/require-ssl/**", 8),
        ("mysql/ssl-cipher/**", 64),
        ("mysql/ssl-cipher-unusable/**", 24),
        ("mysql/tls-versions/**", 40),
        ("tls/providers/**", 4),
    ] {
        assert_eq!(run.count_of(pattern, "pass"), cases, "{pattern}: {}", run.printed);
    }
    // Explained: it has a code of its own for require_secure_transport (6), and takes another character set in the login (1).
    assert_eq!(run.count("known"), 7, "{}", run.printed);
    assert_eq!((run.code, run.count("fail"), run.count("error")), (Some(0), 0, 0), "{}", run.printed);
    let mut reasons = run.reasons();
    reasons.retain(|reason| {
        !reason.starts_with("only mocks can be brought into this") && !reason.contains("makes no deviation on demand")
    });
    assert_eq!(
        reasons,
        [
            "mariadb 10.11 does TLS with OpenSSL, not with rustls",
            "mariadb 10.11 greets with mysql_native_password, not with caching_sha2_password",
            "mariadb 10.11 greets with mysql_native_password, not with sha256_password",
            "mariadb 10.11 has no authentication_kerberos",
            "mariadb 10.11 has no caching_sha2_password",
            "mariadb 10.11 has no sha256_password",
            "mariadb 10.11 has no verb 'parameter'",
            "mariadb 10.11 plays aurora-mysql *",
        ]
    );
}

/// The settings of the plan reach the server, and its answer counts: with other ones, or another expectation, cases fail.
#[test]
fn mariadb_with_other_settings_fails_the_cases_that_depend_on_them() {
    if !has_mariadb() {
        return;
    }
    // Suites: of the list `one` the suite that is asked for is no longer in it, at either version and of either engine.
    let run = altered("ssl-cipher", r#"value = "ECDHE-RSA-AES256-SHA","#, r#"value = "ECDHE-RSA-AES128-SHA","#);
    let failed = [
        "ssl-cipher/2.10.2/one/tls1.0/ECDHE-RSA-AES256-SHA",
        "ssl-cipher/2.10.2/one/tls1.2/ECDHE-RSA-AES256-SHA",
        "ssl-cipher/3.04.0/one/tls1.0/ECDHE-RSA-AES256-SHA",
        "ssl-cipher/3.04.0/one/tls1.2/ECDHE-RSA-AES256-SHA",
    ];
    run.fail_exactly(&failed);
    assert!(run.printed.contains("alert handshake_failure"), "{}", run.printed);

    // Passwords: the one that is called right is another one than the account's.
    let right = r#"{ name = "right",          login = "alice",  secret = "alice" }"#;
    let run = altered("passwords", right, &right.replace(r#"secret = "alice""#, r#"secret = "another""#));
    let mut failed = run.names("fail");
    failed.sort_unstable();
    assert_eq!(failed, ["passwords/native/clear/right", "passwords/native/tls/right"], "{}", run.printed);

    // REQUIRE SSL: nobody has to.
    let run = altered("require-ssl", "require_ssl = true", "require_ssl = false");
    run.fail_exactly(&["require-ssl/2.11.0/requires-ssl/clear", "require-ssl/3.04.0/requires-ssl/clear"]);

    // Versions: the minimum is lower than what is expected.
    let run = altered("tls-versions", r#"value = "TLSv1.2""#, r#"value = "TLSv1.1""#);
    run.fail_exactly(&[
        "tls-versions/2.11.0/tls_version-TLSv1.2/client-1.0-1.1",
        "tls-versions/2.11.0/tls_version-TLSv1.2/client-1.1",
    ]);
}

/// A scenario that is built in, with one text in place of another.
fn altered(scenario: &str, from: &str, to: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}/scenarios/mysql/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{scenario} has no {from}");
    let file = folder.path().join(format!("{scenario}.toml"));
    std::fs::write(&file, text.replace(from, to)).unwrap();
    Run::play(&["--backend", MARIADB, file.to_str().unwrap()], [])
}

#[test]
fn every_difference_between_mariadb_and_the_mock_is_explained() {
    if !has_mariadb() {
        return;
    }
    assert_eq!(compared(MARIADB, &["scenarios/mysql", "scenarios/tls"]), (Some(0), "612 35 577 0 399 0".to_owned()));
}

/// Optional: `tests/support/install-mysql-sid FOLDER` and `SHAKEDOWN_MYSQL=FOLDER`.
#[test]
fn every_difference_between_mysql_and_the_mock_is_explained() {
    let Some(folder) = std::env::var_os("SHAKEDOWN_MYSQL") else {
        eprintln!("skipped: SHAKEDOWN_MYSQL names no folder with a MySQL");
        return;
    };
    let backend = format!("mysql=process:{}", folder.to_str().unwrap());
    let played = ["databases", "default-plugin", "order-of-checks"].map(|name| format!("scenarios/mysql/{name}.toml"));
    let played = played.each_ref().map(String::as_str);
    assert_eq!(compared(&backend, &played), (Some(0), "62 0 62 0 98 0".to_owned()));
}

/// The exit code of `shakedown diff`, and its last line: cases compared, equal, explained, different, skipped, and errors.
fn compared(backend: &str, scenarios: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
    command.args(["diff", "--right", backend]).args(scenarios).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    println!("{printed}{}", String::from_utf8_lossy(&output.stderr));
    let total = printed.lines().find_map(|line| line.strip_prefix("total ")).unwrap_or_default();
    (output.status.code(), total.split_whitespace().collect::<Vec<_>>().join(" "))
}
