//! Exit codes: scripts rely on them.

use crate::arguments;
use crate::program::{Files, SMALL, failing, shakedown};

#[test]
fn nought_if_all_is_as_expected() {
    let (_files, path) = Files::small(SMALL);
    let ran = shakedown(arguments!["run", &path]).exits_with(0);
    assert!(ran.out.starts_with("2 cases: 2 pass in "), "{}", ran.out);
}

#[test]
fn one_if_a_case_is_not() {
    let (_files, path) = Files::small(failing());
    let ran = shakedown(arguments!["run", &path]).exits_with(1);
    assert!(ran.out.contains("2 cases: 1 pass, 1 fail in "), "{}", ran.out);
}

#[test]
fn two_for_what_is_asked_wrongly() {
    for (arguments, words) in [
        (arguments!["run", "--nonsense"].to_vec(), "unexpected argument '--nonsense'"),
        (arguments!["nonsense"].to_vec(), "unrecognized subcommand 'nonsense'"),
        (arguments![].to_vec(), "Usage: shakedown <COMMAND>"),
        (arguments!["run", "--jobs", "0"].to_vec(), "0 is not in 1..=1024"),
        (arguments!["run", "--jobs", "1025"].to_vec(), "1025 is not in 1..=1024"),
        (arguments!["run", "--jobs", "many"].to_vec(), "invalid value 'many' for '--jobs <N>'"),
        (arguments!["run", "--filter", "mysql/["].to_vec(), "--filter 'mysql/[': no pattern of case names"),
        (arguments!["run", "--backend", "none"].to_vec(), "unknown backend 'none', allowed: mock, process, container"),
        (
            arguments!["run", "--backend", "endpoint"].to_vec(),
            "the backend 'endpoint' needs --endpoint FILE, or SHAKEDOWN_ENDPOINT_PLAYS",
        ),
        (arguments!["run", "--endpoint", "x.toml"].to_vec(), "--endpoint is for the backend 'endpoint'"),
        (arguments!["run", "--known", "/nowhere.toml"].to_vec(), "cannot read '/nowhere.toml'"),
        (arguments!["run", "--require", "mysql/["].to_vec(), "--require 'mysql/[': no pattern of case names"),
        (arguments!["run", "--require", "no/such"].to_vec(), "--require 'no/such': no case matches"),
        (
            arguments!["run", "--filter", "tls/**", "--require", "mysql/**"].to_vec(),
            "--require 'mysql/**': no case matches",
        ),
        (arguments!["serve", "no/such"].to_vec(), "no scenario 'no/such'"),
        (arguments!["serve", "mysql/passwords", "--case", "x"].to_vec(), "has no case 'x'"),
        (arguments!["serve", "mysql/passwords", "--listen", "db"].to_vec(), "is not SERVER=ADDRESS:PORT"),
        (arguments!["serve", "mysql/passwords", "--listen", "d=127.0.0.1:0"].to_vec(), "no server 'd' in this case"),
        (arguments!["check", "/nowhere.toml"].to_vec(), "cannot read '/nowhere.toml'"),
        (arguments!["requirements", "--results", "/nowhere.json"].to_vec(), "/nowhere.json"),
    ] {
        let ran = shakedown(&arguments).exits_with(2);
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
    }
}

#[test]
fn two_for_a_reading_that_answers_nothing() {
    for (reading, words) in [
        ("dhe-on-v3", "'--reading dhe-on-v3' is not QUESTION=READING"),
        ("dhe-on-v3=perhaps", "unknown reading 'dhe-on-v3=perhaps', allowed are table, note"),
        ("no-question=note", "no scenario asks the question 'no-question'"),
    ] {
        let ran = shakedown(["run", "--list", "--reading", reading]).exits_with(2);
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn three_for_what_the_machine_does_not_give() {
    let (files, path) = Files::small(SMALL);
    let occupied = files.write("occupied", "");
    let ran = shakedown(arguments!["run", &path, "--report", &occupied]).exits_with(3);
    assert!(ran.err.contains(&format!("cannot write report {}: ", occupied.display())), "{}", ran.err);

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ran = shakedown(["serve", "mysql/passwords", "--listen", &format!("db={address}")]).exits_with(3);
    assert!(ran.err.contains(&format!("cannot listen on {address}: ")), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn three_if_a_client_crashes_which_is_no_refusal() {
    let command = "kind = \"command\"\nargv = [\"sh\", \"-c\", \"kill -9 $$\"]\nlogin     = ";
    let text = SMALL.replace("login     = ", command).replace(", trace = \"… login … error<(1045 28000) …\"", "");
    let (_files, path) = Files::small(text);
    let ran = shakedown(arguments!["run", &path]).exits_with(3);
    assert!(ran.out.contains("2 cases: 0 pass, 2 error in "), "{}", ran.out);
    assert!(ran.out.contains("client sh: ended by a signal"), "{}", ran.out);
}

#[test]
fn four_if_nothing_ran() {
    for command in [&["run"][..], &["run", "--list"], &["check"]] {
        let arguments = command.iter().copied().chain(["--filter", "mysql/no-such/**"]);
        let ran = shakedown(arguments).exits_with(4);
        assert!(ran.err.contains("no case matches --filter 'mysql/no-such/**'"), "{command:?}: {}", ran.err);
    }
}

#[test]
fn four_if_everything_was_skipped() {
    let (_files, path) = Files::small(SMALL.replace(
        "login     = ",
        "kind = \"command\"\nargv = [\"sh\", \"-c\", \"echo no driver >&2; exit 77\"]\nlogin     = ",
    ));
    let ran = shakedown(arguments!["run", &path]).exits_with(4);
    assert!(ran.out.contains("skipped 2: no driver"), "{}", ran.out);
    assert!(ran.err.contains("nothing ran"), "{}", ran.err);
}

#[test]
fn help_and_version_are_no_errors() {
    for argument in ["--help", "--version", "help"] {
        let ran = shakedown([argument]).exits_with(0);
        assert!(ran.out.contains("hakedown") && ran.err.is_empty(), "{ran:?}");
    }
}
