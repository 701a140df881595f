//! `shakedown run`: what is played, in which order, and what is said about it.

use crate::arguments;
use crate::program::{Files, SMALL, failing, program, shakedown, to_its_end};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_built_in_cases_are_listed_by_name_and_nothing_is_played() {
    let ran = shakedown(["run", "--list"]).exits_with(0);
    let names: Vec<_> = ran.out.lines().collect();
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "two cases of one name");
    assert!(names.contains(&"mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA"));
    assert_eq!(ran.err, "");
}

#[test]
fn filters_choose_cases_and_several_add_up() {
    let count = |filters: &[&str]| {
        let arguments = ["run", "--list"].into_iter().chain(filters.iter().flat_map(|filter| ["--filter", filter]));
        shakedown(arguments).exits_with(0).out.lines().count()
    };
    assert_eq!(count(&["mysql/cipher-suites/**"]), 288);
    assert_eq!(count(&["mysql/cipher-suites"]), 288);
    assert_eq!(count(&["**/DHE-RSA-AES128-SHA"]), 24 + 16 + 2 + 3);
    assert_eq!(count(&["kerberos/kinit/**", "tls/**"]), 12 + 68);
    assert_eq!(count(&["kerberos/kinit/**", "kerberos/kinit/*/right-password"]), 12);
}

#[test]
fn of_several_filters_the_one_without_a_case_is_named() {
    let ran = shakedown(["run", "--list", "--filter", "tls/**", "--filter", "tsl/**"]).exits_with(0);
    assert_eq!(ran.out.lines().count(), 68);
    assert_eq!(ran.err, "shakedown: no case matches --filter 'tsl/**'\n");
}

#[test]
fn the_cipher_matrix_has_288_cases_and_passes() {
    let ran = shakedown(["run", "--filter", "mysql/cipher-suites/**"]).exits_with(0);
    assert!(ran.out.contains("reading dhe-on-v3=table\n"), "{}", ran.out);
    assert!(ran.out.contains("\n288 cases: 288 pass in "), "{}", ran.out);
}

#[test]
fn the_other_reading_of_the_guide_passes_too_and_is_stated() {
    let arguments = ["run", "--reading", "dhe-on-v3=note", "--filter", "mysql/cipher-suites/3.*/tls1.2/*"];
    let ran = shakedown(arguments).exits_with(0);
    assert!(ran.out.contains("reading dhe-on-v3=note\n"), "{}", ran.out);
    assert!(ran.out.contains("\n24 cases: 24 pass in "), "{}", ran.out);
    let explained = shakedown(["check", "--explain"].into_iter().chain(arguments[1..].iter().copied())).exits_with(0);
    let refused = explained.out.matches("refused by server: alert handshake_failure").count();
    assert_eq!(refused, 12, "{}", explained.out);
}

#[test]
fn a_failing_case_says_all_that_is_needed_to_act() {
    let (_files, path) = Files::small(failing());
    let ran = shakedown(arguments!["run", &path]).exits_with(1);
    let place = format!("    at          {}:18\n", path.display());
    for words in [
        "fail  small/wrong\n",
        &place,
        "    why         client: kind differs: expected established by password, was refused by server: 1045 28000\n",
        "    expected    client: established by password\n",
        "    actual      client: refused by server: 1045 28000, saying \"Access denied for user 'alice'@'localhost' (using password: YES)\"\n",
        "    trace       expected             actual\n",
        "                error<(1045 28000)   error<(1045 28000)\n",
        "    shows       S3-02 ",
    ] {
        assert!(ran.out.contains(words), "'{words}' is not in\n{}", ran.out);
    }
    assert_eq!(ran.out.matches("fail  ").count(), 1, "{}", ran.out);
    assert!(!ran.out.contains("small/right"), "{}", ran.out);
}

/// Through a shell, as somebody would paste it.
#[cfg(unix)]
#[test]
fn the_replay_command_of_a_failing_case_plays_exactly_that_case() {
    let files = Files::new();
    std::fs::create_dir(files.path().join("scenarios/it's a folder")).unwrap();
    let text = failing().replace("{ name = \"wrong\"", "{ name = \"wrong [*] 'x'\"");
    files.write("scenarios/it's a folder/small.toml", text);
    let ran = shakedown(arguments!["run", files.path().join("scenarios")]).exits_with(1);
    let replay = ran.out.lines().find_map(|line| line.trim().strip_prefix("replay ")).unwrap().trim();

    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_shakedown")).parent().unwrap();
    let path = std::env::join_paths(
        [folder.to_owned()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{replay} --list && {replay}")]).env("PATH", path.unwrap());
    shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let again = to_its_end(shell).exits_with(1);
    let mut lines = again.out.lines();
    assert_eq!(lines.next(), Some("it's a folder/small/wrong [*] 'x'"));
    assert_eq!(lines.next(), Some("fail  it's a folder/small/wrong [*] 'x'"));
    assert!(again.out.contains("1 case: 0 pass, 1 fail in "), "{}", again.out);
}

#[test]
fn known_failures_are_told_from_others() {
    let (files, path) = Files::small(failing());
    let known = |case: &str, actual: &str| {
        let entry =
            format!("[[known]]\ncase = \"{case}\"\nactual = \"{actual}\"\nreason = \"it is\"\nsource = \"here\"\n");
        let known = files.write("known.toml", entry);
        shakedown(arguments!["run", &path, "--known", &known])
    };
    let ran = known("small/wrong", "refused by server: 1045 28000").exits_with(0);
    assert!(ran.out.contains("known 1: it is (here)\n2 cases: 1 pass, 1 known in "), "{}", ran.out);
    let ran = known("small/wrong", "refused by server: 1044 42000").exits_with(1);
    assert!(ran.out.contains("known to fail, but otherwise: refused by server: 1044 42000 at "), "{}", ran.out);
    let ran = known("small/*", "refused by server: 1045 28000").exits_with(1);
    assert!(ran.out.contains("fixed  small/right\n") && ran.out.contains("1 known, 1 fixed in "), "{}", ran.out);
    let ran = known("small/gone", "refused").exits_with(2);
    assert!(ran.err.contains("known.toml:1: a known failure of no case"), "{}", ran.err);
    let ran = known("small/wrong", "refuse").exits_with(2);
    assert!(ran.err.contains("known.toml:3:10: ") && ran.err.contains("'refuse'"), "{}", ran.err);
}

#[test]
fn fail_fast_starts_nothing_behind_the_first_failure() {
    let ran = |arguments: &[&str]| {
        let (_files, path) = Files::small(failing().replace(
            "{ name = \"right\", secret = \"alice\" }, { name = \"wrong\", secret = \"mistyped\" }",
            "{ name = \"wrong\", secret = \"mistyped\" }, { name = \"right\", secret = \"alice\" }",
        ));
        let mut command = program();
        command.arg("run").arg(&path).args(arguments);
        to_its_end(command).exits_with(1).out
    };
    let out = ran(&["--fail-fast", "--jobs", "1"]);
    assert!(out.contains("skipped 1: not started: --fail-fast\n2 cases: 0 pass, 1 fail, 1 skipped in "), "{out}");
    let out = ran(&["--jobs", "1"]);
    assert!(out.contains("2 cases: 1 pass, 1 fail in "), "{out}");
}

#[test]
fn traces_of_passing_cases_are_shown_when_asked_for() {
    let (_files, path) = Files::small(SMALL);
    let trace = "pass  small/right\n      connect: connect greeting< login> auth-ok< ready<\n";
    assert!(shakedown(arguments!["run", &path, "--trace"]).exits_with(0).out.contains(trace));
    assert!(!shakedown(arguments!["run", &path]).exits_with(0).out.contains("connect:"));
}

#[test]
fn any_number_of_jobs_gives_the_same() {
    for jobs in ["1", "1024"] {
        let ran = shakedown(["run", "--jobs", jobs, "--filter", "kerberos/kinit/**"]).exits_with(0);
        assert!(ran.out.contains("12 cases: 12 pass in "), "{jobs}: {}", ran.out);
    }
}

/// The client of the first case ends the run that plays it.
#[cfg(unix)]
#[test]
fn a_run_that_is_interrupted_leaves_neither_files_nor_a_report_and_is_no_success() {
    for signal in ["INT", "TERM"] {
        let (files, path) = Files::small("");
        let notes = files.path().join("notes");
        let script = format!("echo $SHAKEDOWN_CA >> '{}'\nkill -{signal} $PPID\nexec sleep 600\n", notes.display());
        let client = files.write("client", script);
        let client = format!("[client.app]\nkind = \"command\"\nargv = [\"sh\", \"{}\"]\n", client.display());
        std::fs::write(&path, SMALL.replace("[client.app]\n", &client)).unwrap();
        let report = files.path().join("report");
        let ran = shakedown(arguments!["run", &path, "--jobs", "1", "--report", &report]).exits_with(3);
        assert!(ran.err.contains("interrupted") && ran.out.is_empty(), "{ran:?}");
        assert_eq!(crate::program::names(&report), [""; 0]);
        let ca = std::fs::read_to_string(notes).unwrap();
        let [ca] = ca.lines().collect::<Vec<_>>()[..] else { panic!("one case was to be played: {ca}") };
        assert!(!std::path::Path::new(ca).parent().unwrap().exists(), "{ca} is left");
    }
}

/// As `| head -1` is: it has gone before everything is written.
#[test]
fn a_reader_that_goes_away_changes_neither_verdict_nor_exit_code() {
    let (_files, failing) = Files::small(failing());
    for (arguments, code) in [
        (arguments!["run", "--list"].to_vec(), 0),
        (arguments!["requirements"].to_vec(), 0),
        (arguments!["check", "--explain"].to_vec(), 0),
        (arguments!["run", "--filter", "kerberos/**", "--trace"].to_vec(), 0),
        (arguments!["run", &failing].to_vec(), 1),
        (arguments!["run", "/nowhere.toml"].to_vec(), 2),
        (arguments!["run", "--help"].to_vec(), 0),
    ] {
        let mut child = program().args(&arguments).spawn().unwrap();
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}

/// What could not be written has not been said: no success, unlike a reader that has seen enough.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_an_error_of_the_environment() {
    let (_files, path) = Files::small(SMALL);
    for arguments in [
        arguments!["run", "--list", &path].to_vec(),
        arguments!["check", &path].to_vec(),
        arguments!["requirements"].to_vec(),
        arguments!["run", &path].to_vec(),
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = program();
        command.args(&arguments).stdout(full);
        let ran = to_its_end(command).exits_with(3);
        assert!(ran.err.contains("No space left on device"), "{arguments:?}: {}", ran.err);
    }
}
