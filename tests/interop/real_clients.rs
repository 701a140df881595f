//! Our mocks under real clients: the scenarios of `scenarios/`, whose clients are programs.

use crate::peer::{required, skip};
use crate::program::Run;
use shakedown::scenario::Filter;

/// What is played, case by case, and how many cases each line is.
const PLAYED: [(&str, &str, usize); 26] = [
    ("kinit and kvno", "kinit/**", 12),
    ("psql with a ticket in the clear", "psql-kerberos/clear/*", 2),
    ("psql with a ticket over TLS 1.2 and 1.0", "psql-kerberos/tls*/*", 4),
    ("psql with a ticket, GSS-encrypted", "psql-kerberos/gss/*", 2),
    ("psql with tickets of each type, of a directory too", "psql-flavors/*/*/clear", 10),
    ("psql GSS-encrypted with keys of each type", "psql-flavors/*/*/gss", 10),
    ("MySQL's clients with IAM tokens", "iam-tokens/{mariadb,pymysql,connector-python-*}/**", 24),
    ("psql, psycopg and pg8000 with IAM tokens", "iam-tokens/{psql,psycopg,pg8000}/**", 18),
    ("psql with SCRAM", "psql-passwords/*/scram-sha-256/*", 6),
    ("psql with MD5", "psql-passwords/*/md5/*", 6),
    ("psql through HAProxy", "psql-proxies/haproxy/**", 4),
    ("psql through PgBouncer", "psql-proxies/pgbouncer/**", 4),
    ("psql at TLS 1.0 with one suite", "psql-tls/tls1.0/*", 4),
    ("psql at TLS 1.1 and 1.2 with one suite", "psql-tls/tls1.{1,2}/*", 16),
    ("psql refused a version or a suite", "psql-tls-refused/**", 20),
    ("Connector/Python's C extension with Kerberos", "connector-python-kerberos/c/**", 4),
    ("Connector/Python's pure client with Kerberos", "connector-python-kerberos/pure/**", 4),
    ("Connector/Python's C extension with tickets of each type", "connector-python-flavors/c/**", 10),
    ("Connector/Python's pure client with tickets of each type", "connector-python-flavors/pure/**", 10),
    ("Connector/Python's C extension with passwords", "connector-python-passwords/c/**", 8),
    ("Connector/Python's pure client with passwords", "connector-python-passwords/pure/**", 8),
    ("mariadb with passwords over TLS 1.0 and 1.2", "mysql-passwords/mariadb/tls1.{0,2}/**", 8),
    ("PyMySQL with passwords over TLS 1.0 and 1.2", "mysql-passwords/pymysql/tls1.{0,2}/**", 8),
    ("mariadb and PyMySQL with passwords in the clear", "mysql-passwords/*/clear/**", 8),
    ("mariadb with one suite", "mysql-suites/mariadb/**", 40),
    ("PyMySQL with one suite", "mysql-suites/pymysql/**", 40),
];

#[test]
fn real_clients_come_out_as_they_should_on_the_mocks() {
    let run = Run::play(&["tests/interop/scenarios", "--jobs", "4"], None);
    let (bad, skipped) = (run.names("fail").len() + run.names("error").len(), run.names("skipped"));
    assert_eq!(bad, 0, "{}", run.printed);
    if !skipped.is_empty() {
        skip(&format!("{} cases of real clients: {}", skipped.len(), run.reasons().join("; ")));
    }
    for (what, pattern, cases) in PLAYED {
        let passed = run.count_of(pattern, "pass");
        assert_eq!(passed + run.count_of(pattern, "skipped"), cases, "{what}");
        assert!(passed == cases || !required(), "{what}: {passed} of {cases} pass");
    }
    if required() {
        run.all_pass(290);
    }
}

#[test]
fn each_case_of_real_clients_is_counted_under_one_name() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_shakedown"))
        .args(["run", "--list", "tests/interop/scenarios"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let names = String::from_utf8(run.stdout).unwrap();
    assert_eq!(names.lines().count(), 290);
    for name in names.lines() {
        let of = PLAYED.iter().filter(|(_, pattern, _)| Filter::new(pattern).unwrap().matches(name)).count();
        assert_eq!(of, 1, "{name}");
    }
}
