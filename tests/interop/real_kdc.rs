//! MIT's KDC in place of the mock: the same scenarios, the same clients, clocks that differ.

use crate::peer::{required, skip};
use crate::program::Run;
use shakedown::testbed::process::Kdcs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether there is one; says so where there is none.
pub(crate) fn is_installed() -> bool {
    match Kdcs::find() {
        Ok(_) => true,
        Err(problem) => {
            skip(&problem.to_string());
            false
        }
    }
}

#[test]
fn every_kerberos_case_plays_with_mits_kdc() {
    if !is_installed() {
        return;
    }
    for (cases, count) in [("mysql/kerberos-login", 48), ("postgres/kerberos-login", 12), ("kerberos/kinit", 12)] {
        play(&["--backend", "kdc=process", "--filter", &format!("{cases}/**")]).all_pass(count);
    }
}

#[test]
fn mits_kdc_and_the_mock_differ_in_what_is_explained_and_nothing_else() {
    if !is_installed() {
        return;
    }
    let diff = |more: &[&str]| {
        let filters = ["mysql/kerberos-login/**", "postgres/kerberos-login/**", "kerberos/kinit/**"];
        let filters = filters.iter().flat_map(|pattern| ["--filter", pattern]);
        let ran = Command::new(env!("CARGO_BIN_EXE_shakedown"))
            .args(["diff", "--right", "kdc=process"])
            .args(filters)
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
    };
    // Compared, equal, explained, different, skipped, error.
    let totals = |printed: &str| {
        let totals = printed.lines().rfind(|line| line.starts_with("total ")).unwrap_or_default();
        totals.split_whitespace().skip(1).map(|number| number.parse().unwrap()).collect::<Vec<usize>>()
    };
    let (code, printed) = diff(&[]);
    assert_eq!((code, totals(&printed)), (Some(0), vec![72, 30, 42, 0, 0, 0]), "{printed}");
    let nothing = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    let (code, printed) = diff(&["--explained", path(nothing.path())]);
    assert_eq!((code, totals(&printed)), (Some(1), vec![72, 30, 0, 42, 0, 0]), "{printed}");
    let (code, printed) = diff(&["--left", "kdc=mock:wrong-client"]);
    assert_eq!(code, Some(1), "{printed}");
    assert!(totals(&printed)[3] > 0, "{printed}");
}

#[test]
fn programs_play_with_mits_kdc() {
    if !is_installed() {
        return;
    }
    for (scenario, count) in [("kinit", 12), ("psql-kerberos", 8), ("connector-python-kerberos", 8)] {
        let run = play(&["--backend", "kdc=process", &format!("tests/interop/scenarios/{scenario}.toml")]);
        let skipped = run.names("skipped").len();
        if skipped > 0 {
            skip(&format!("{skipped} cases of {scenario}: {}", run.reasons().join("; ")));
        }
        assert_eq!(run.count("pass") + skipped, count, "{}", run.printed);
        assert!(skipped == 0 || !required());
    }
}

/// Realms, servers and clients whose clocks differ, and what must come of a login. `tests/conformance` plays it on mocks.
const CLOCKS: &str = include_str!("../conformance/examples/clocks.toml");

/// The first case of [`CLOCKS`] with these words in place of others.
#[track_caller]
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = CLOCKS.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "'{from}' is to stand once in\n{text}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn clocks_decide_with_mits_kdc_as_with_the_mock() {
    if !is_installed() {
        return;
    }
    play_text("kdc=process", CLOCKS).all_pass(7);
    // Were clocks not moved, these would come out as all others.
    let text = changed(&[
        ("kdc = \"+4m\",   server", "kdc = \"+6m\",   server"),
        ("server = \"+10m\",  client = \"+0s\"", "server = \"+4m\",  client = \"+0s\""),
    ]);
    play_text("kdc=process", &text).fail_exactly(&["case/kdc-within", "case/server-ahead"]);
}

#[test]
fn where_a_program_cannot_move_the_others_do() {
    if !is_installed() {
        return;
    }
    let program = psql();
    for backend in ["mock", "kdc=process"] {
        let run = play_text(backend, &program);
        if run.count("skipped") == 7 {
            return skip(&run.reasons().join("; "));
        }
        run.all_pass(7);
    }
}

#[test]
fn where_a_real_server_cannot_move_the_others_do() {
    if !is_installed() {
        return;
    }
    let play = |backend: &str, scenario: &str, cases: &[&str]| {
        let folder = folder_of(scenario);
        let file = folder.path().join("case.toml");
        let filters = cases.iter().flat_map(|case| ["--filter", *case]);
        let arguments: Vec<&str> = ["--backend", backend, path(&file)].into_iter().chain(filters).collect();
        Run::play(&arguments, None)
    };
    let ahead = ["case/client-ahead", "case/kdc-ahead", "case/server-ahead"];
    play("postgres=process", CLOCKS, &ahead).all_pass(3);
    // A program cannot move either. It does not tell by whom it was refused, nor how it was let in.
    let program =
        psql().replace("established by kerberos", "established").replace("refused by server: 28000", "refused");
    let run = play("postgres=process,kdc=process", &program, &ahead);
    assert_eq!(
        (run.names("pass"), run.names("skipped")),
        (vec![ahead[1]], vec![ahead[0], ahead[2]]),
        "{}",
        run.printed
    );
    let reason = |server, client| {
        format!("neither the clock of server db ({server} s) nor that of client app ({client} s) can be moved")
    };
    assert_eq!(run.reasons(), [reason("+0", "+600"), reason("+600", "+0")]);
}

/// [`CLOCKS`] with a client that is a program.
fn psql() -> String {
    let adapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/clients/psql");
    let program = format!("[client.app]\nkind  = \"command\"\nargv  = [\"{}\"]\n", path(&adapter));
    changed(&[("[client.app]\n", &program)])
}

#[test]
fn what_mits_kdc_cannot_do_is_skipped_with_its_reason_and_what_it_refuses_is_no_pass() {
    if !is_installed() {
        return;
    }
    let deviating = changed(&[("clock = \"{clocks.kdc}\"", "deviations = [\"wrong-nonce\"]")]);
    let run = play_text("kdc=process", &deviating);
    assert_eq!(run.reasons(), ["MIT's KDC makes no deviation on demand: wrong-nonce"], "{}", run.printed);
    // A password that is not the user's.
    let mistyped = changed(&[(
        "user = \"alice\", realm = \"corp\" }",
        "user = \"alice\", realm = \"corp\", secret = \"mistyped\" }",
    )]);
    let run = play_text("kdc=process", &mistyped);
    assert_eq!((run.count("fail"), run.code), (7, Some(1)), "{}", run.printed);
    assert!(run.printed.contains("krb 24"), "{}", run.printed);
}

#[test]
fn no_password_is_on_a_command_line_or_in_a_file_while_a_kdc_runs() {
    if !is_installed() {
        return;
    }
    // A program that looks for its own password among all command lines, and in all files beside its KDC.
    let looks = r#"#!/bin/sh
for line in /proc/[0-9]*/cmdline; do
  if tr '\0' ' ' <"$line" 2>/dev/null | grep -qF -- "$SHAKEDOWN_PASSWORD"; then
    echo "{\"error\": \"on a command line\"}"; exit 2
  fi
done
for folder in "${TMPDIR:-/tmp}"/shakedown-kdc-*; do
  if grep -rqF -- "$SHAKEDOWN_PASSWORD" "$folder" 2>/dev/null; then
    echo "{\"error\": \"in a file\"}"; exit 2
  fi
done
[ "$SHAKEDOWN_PASSWORD" ] || exit 2
ls -d "${TMPDIR:-/tmp}"/shakedown-kdc-* >/dev/null || exit 2
"#;
    let program = ("[client.app]\n", "[client.app]\nkind  = \"command\"\nargv  = [\"./looks\"]\n");
    let scenario = changed(&[program]);
    let folder = folder_of(scenario.split("\n[[step]]\nconnect").next().unwrap());
    let program = folder.path().join("looks");
    std::fs::write(&program, looks).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // One case alone: another one's search would be found.
    let file = folder.path().join("case.toml");
    let arguments = ["--backend", "kdc=process", "--filter", "case/all-equal", path(&file)];
    play(&arguments).all_pass(1);

    // That it can find one.
    std::fs::write(&program, looks.replace("\"$folder\" 2", "\"$0\" /proc/self/environ 2")).unwrap();
    let run = play(&arguments);
    assert!(run.count("error") == 1 && run.printed.contains("in a file"), "{}", run.printed);
}

fn folder_of(scenario: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("case.toml"), scenario).unwrap();
    folder
}

fn play_text(backend: &str, scenario: &str) -> Run {
    let folder = folder_of(scenario);
    play(&["--backend", backend, path(&folder.path().join("case.toml"))])
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn play(arguments: &[&str]) -> Run {
    Run::play(arguments, None)
}
