//! The scenarios that are built in, on real servers that the program starts itself.
//!
//! The numbers are those of the cases that the server on this machine can play: one that is skipped, for whichever reason, is a
//! difference.

use crate::peer::skip;
use crate::program::Run;
use std::process::Command;
use std::sync::OnceLock;

/// What `--backend` is here.
pub(crate) const POSTGRES: &str = "postgres=process";

/// Whether there is a PostgreSQL of the version that scenarios are written for; says so where there is none.
pub(crate) fn has_postgres() -> bool {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    let missing = MISSING.get_or_init(|| {
        let arguments = ["run", "--backend", POSTGRES, "--filter", "postgres/tls/tls1.2/DHE-RSA-AES128-SHA"];
        let probed = Command::new(env!("CARGO_BIN_EXE_shakedown")).args(arguments).output().unwrap();
        match probed.status.code() {
            Some(3) => Some(String::from_utf8_lossy(&probed.stderr).trim_end().to_owned()),
            Some(4) => Some("the PostgreSQL that is installed is not version 15".to_owned()),
            _ => None,
        }
    });
    if let Some(reason) = missing {
        skip(reason);
    }
    missing.is_none()
}

#[test]
fn postgres_plays_all_that_is_written_for_its_version() {
    if !has_postgres() {
        return;
    }
    let run = Run::play(&["--backend", POSTGRES, "scenarios/postgres"], []);
    for (pattern, cases) in [("postgres/tls/**", 36), ("postgres/passwords/**", 27), ("postgres/kerberos-login/**", 12)]
    {
        assert_eq!(run.count_of(pattern, "pass"), cases, "{pattern}: {}", run.printed);
    }
    assert_eq!((run.code, run.count("fail"), run.count("error")), (Some(0), 0, 0), "{}", run.printed);
}

#[test]
fn postgres_takes_the_tickets_of_mits_kdc_as_those_of_the_mock() {
    if !has_postgres() || !crate::real_kdc::is_installed() {
        return;
    }
    let both = format!("{POSTGRES},kdc=process");
    Run::play(&["--backend", &both, "scenarios/postgres/kerberos-login.toml"], []).all_pass(12);
}

/// Tickets of each encryption type, of MIT's flavor and of Active Directory's: our client and libpq, in the clear and encrypted.
#[test]
fn postgres_takes_the_tickets_of_both_flavors() {
    if !has_postgres() {
        return;
    }
    let built_in = ["--backend", POSTGRES, "--filter", "kerberos/flavors/*/*/postgres*"];
    Run::play(&built_in, []).all_pass(20);
    let run = Run::play(&["--backend", POSTGRES, "tests/interop/scenarios/psql-flavors.toml"], []);
    if run.count("skipped") == 20 {
        return skip(&run.reasons().join("; "));
    }
    run.all_pass(20);
    if crate::real_kdc::is_installed() {
        // MIT's own KDC serves RC4 too, and is no Active Directory.
        let both = format!("{POSTGRES},kdc=process");
        let run = Run::play(&["--backend", &both, "--filter", "kerberos/flavors/**"], []);
        assert_eq!((run.code, run.count("pass"), run.count("skipped")), (Some(0), 15, 15), "{}", run.printed);
    }
}

/// Keys, clocks and accounts that steps change: MIT's KDC and PostgreSQL come out as the mocks do, case by case.
#[test]
fn steps_come_out_on_real_servers_as_on_mocks() {
    if !has_postgres() || !crate::real_kdc::is_installed() {
        return;
    }
    let both = format!("{POSTGRES},kdc=process");
    for (scenario, cases) in [
        ("expiry", 20),
        ("kdc-failover", 4),
        ("keytab-ahead", 14),
        ("keytab-rotation", 12),
        ("krbtgt-rotation", 4),
        ("password-change", 8),
        ("replay", 6),
        ("skew", 48),
        ("success", 13),
    ] {
        let file = format!("scenarios/kerberos/{scenario}.toml");
        Run::play(&["--backend", &both, &file], []).all_pass(cases);
    }
    let run = Run::play(&["--backend", &both, "scenarios/kerberos/account-changes.toml"], []);
    assert_eq!((run.code, run.count("pass"), run.count("skipped")), (Some(0), 4, 2), "{}", run.printed);
}

/// The same scenario with another expectation: the server is asked, and its answer counts.
#[test]
fn a_server_that_answers_otherwise_than_expected_fails_its_case() {
    if !has_postgres() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let shipped =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/postgres/passwords.toml")).unwrap();
    let file = folder.path().join("passwords.toml");
    std::fs::write(&file, shipped.replace("refused by server: 28P01", "refused by server: 28000")).unwrap();
    let run = Run::play(&["--backend", POSTGRES, file.to_str().unwrap()], []);
    assert_eq!((run.code, run.count("fail"), run.count("pass")), (Some(1), 16, 11), "{}", run.printed);
    assert!(run.printed.contains("28P01"), "{}", run.printed);
}

/// Root's own temporary folder is one that `mysql` cannot write into, and what is in its name splits words.
#[test]
fn the_temporary_folder_may_have_any_name_and_be_closed_to_the_servers_user() {
    use std::os::unix::fs::PermissionsExt as _;
    if !has_postgres() || !crate::real_kdc::is_installed() || !crate::process_mysql::has_mariadb() {
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("it's a \"folder\"");
    std::fs::create_dir(&folder).unwrap();
    for path in [outer.path(), &folder] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let variable = ("TMPDIR".to_owned(), folder.to_str().unwrap().to_owned());
    let mut arguments = vec!["--backend", "process"];
    for pattern in ["mysql/passwords/native/**", "postgres/kerberos-login/gss/**", "proxy/haproxy-mysql/*/*/right"] {
        arguments.extend(["--filter", pattern]);
    }
    let run = Run::play(&arguments, [(&variable.0, &variable.1)]);
    assert_eq!((run.code, run.count("error")), (Some(0), 0), "{}", run.printed);
    assert_eq!(run.count_of("mysql/**", "pass"), 12, "{}", run.printed);
    assert!(run.count_of("postgres/**", "pass") > 0, "{}", run.printed);
    assert_eq!(run.count_of("proxy/**", "skipped") + run.count_of("proxy/**", "pass"), 6, "{}", run.printed);
    // Nothing is beside the folders that go: a keytab was written to the first word of this path once.
    let left: Vec<_> = [outer.path(), &folder].iter().flat_map(|path| std::fs::read_dir(path).unwrap()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
