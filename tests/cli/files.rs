//! Scenario files that are none: exit code 2, the place, what is wrong, and never a panic or a hang.

use crate::arguments;
use crate::program::{Files, SMALL, names, shakedown};

/// `run` and `check` refuse the small scenario with `from` replaced, at that place and in these words.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert_eq!(SMALL.matches(from).count(), 1, "'{from}' is to stand once in the scenario");
    let (files, path) = Files::small(SMALL.replace(from, to));
    for command in ["run", "check"] {
        let ran = shakedown(arguments![command, &path]).exits_with(2);
        assert_eq!(ran.err, format!("shakedown: {}:{expected}\n", path.display()));
        assert_eq!(ran.out, "");
    }
    let folder = files.path().join("report");
    shakedown(arguments!["run", &path, "--report", &folder]).exits_with(2);
    assert!(!folder.exists(), "nothing is played, so nothing is reported");
}

#[test]
fn the_place_is_named_with_what_is_written_and_what_is_allowed() {
    check(
        "login     = ",
        "user      = ",
        "11:1: unknown key 'user', allowed: kind, argv, login, secret, database, tls, gssencmode, target_session_attrs, sslnegotiation, transport, offer, token, allow_cleartext, mutual, channel_binding, protocol, kdc_timesync, destroy_tickets, network, deadline, krb5, clock, deviations",
    );
    check(
        "transport = \"clear\"",
        "transport = \"plain\"",
        "13:13: unknown transport 'plain', allowed: clear, tls, gss",
    );
    check("title  = \"The right", "title  = The right", "1:10: missing opening quote, expected `\"`");
    check("[[step]]\n", "", "18:13: unknown key 'from', allowed: set");
    check("{ cells = 1, when", "{ cells = 2, when", "21:13: the rule decides 1 cells, not '2'");
    check(
        "established by password",
        "logged in",
        "21:49: unknown outcome, in 'logged in', allowed: established [TLS1.2 [SUITE]] [by METHOD], refused [by client|server|proxy|kdc[: CODE [in PHASE]]], timed out [in PHASE]",
    );
    check("S3-02", "S3-99", "4:11: unknown requirement 'S3-99', allowed: S3-01 to S3-64");
    check(
        "{who.secret}",
        "{who.password}",
        "12:13: value 'right' of axis 'who' has no field 'password', allowed: name, secret",
    );
    check("\"{who}\"", "\"login\"", "3:10: the cells who=right and who=wrong have one name: 'small/login'");
}

#[test]
fn what_is_no_text_is_told_by_its_place() {
    for (octets, words) in [
        (&b""[..], ":1:1: missing key 'title'"),
        (b"\0\0\0\0", ":1:5: key with no value"),
        (b"\x7fELF\x02\x01\x01\x00", ":1:9: key with no value"),
        (b"title = \"x\"\nsource = \"\xff\"", ":2:11: no UTF-8 from here on"),
        (b"\xef\xbb\xbf\xff", ":1:2: no UTF-8 from here on"),
        (b"]]]]]]]]", ":1:1: "),
        (b"title = \"x\"\r\nsource = []\r\n", ":2:10: invalid type: array, expected a string"),
    ] {
        let (_files, path) = Files::small(octets);
        let ran = shakedown(arguments!["run", &path]).exits_with(2);
        let start = format!("shakedown: {}{words}", path.display());
        assert!(ran.err.starts_with(&start), "{octets:?}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

#[test]
fn a_file_that_goes_deep_or_has_too_many_cells_is_refused() {
    let nested = format!("title = {}", "[".repeat(100_000));
    let long: Vec<_> = (0..400).map(|number| format!("\"{number}\"")).collect();
    let long = long.join(", ");
    let many = SMALL.replace("[axes]\n", &format!("[axes]\na = [{long}]\nb = [{long}]\n"));
    for text in [nested, many] {
        let (_files, path) = Files::small(text);
        let ran = shakedown(arguments!["run", &path]).exits_with(2);
        assert!(ran.err.starts_with(&format!("shakedown: {}:", path.display())), "{:.300}", ran.err);
        assert!(ran.err.len() < 2_000, "{:.300}", ran.err);
    }
}

#[test]
fn a_file_of_up_to_one_mebibyte_is_read_and_a_longer_one_is_not() {
    let padded = |length: usize| format!("{SMALL}#{}", "x".repeat(length - SMALL.len() - 1));
    let (files, path) = Files::small(padded(1 << 20));
    shakedown(arguments!["check", &path]).exits_with(0);
    let path = files.write("scenarios/long.toml", padded((1 << 20) + 1));
    let ran = shakedown(arguments!["check", &path]).exits_with(2);
    assert!(ran.err.contains("1048577 octets, allowed are 1048576"), "{}", ran.err);
}

#[test]
fn folders_are_searched_and_one_without_a_scenario_is_an_error() {
    let files = Files::new();
    let empty = shakedown(arguments!["run", files.path()]).exits_with(2);
    assert!(empty.err.contains("no scenario in '"), "{}", empty.err);
    std::fs::create_dir_all(files.path().join("scenarios/deep/down.toml")).unwrap();
    files.write("scenarios/deep/down.toml/small.toml", SMALL);
    files.write("scenarios/deep/notes.txt", "no scenario");
    let ran = shakedown(arguments!["run", "--list", files.path().join("scenarios")]).exits_with(0);
    assert_eq!(ran.out, "deep/down.toml/small/right\ndeep/down.toml/small/wrong\n");
    assert_eq!(names(&files.path().join("scenarios/deep")), ["down.toml", "notes.txt"]);
}

#[test]
fn one_file_given_twice_has_every_name_twice() {
    let (_files, path) = Files::small(SMALL);
    let ran = shakedown(arguments!["run", "--list", &path, &path]).exits_with(2);
    assert!(
        ran.err.contains("two cases have one name, the other is at ") && ran.err.contains("'small/right'"),
        "{}",
        ran.err
    );
}

#[cfg(unix)]
#[test]
fn what_has_no_end_is_not_read() {
    for path in ["/dev/zero", "/dev/null"] {
        let ran = shakedown(["run", path]).exits_with(2);
        assert_eq!(ran.err, format!("shakedown: cannot read '{path}': it is no regular file\n"));
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_does_not_go_round_in_a_circle() {
    let (files, _) = Files::small(SMALL);
    std::os::unix::fs::symlink(files.path(), files.path().join("scenarios/circle")).unwrap();
    let ran = shakedown(arguments!["run", "--list", files.path().join("scenarios")]).exits_with(0);
    assert_eq!(ran.out.lines().count(), 2);
}

#[test]
fn an_endpoint_file_that_is_none_is_told_by_its_place() {
    let (files, path) = Files::small(SMALL);
    let account = "plays = 'aurora-mysql 3.04.0'\nhost = 'localhost'\n[accounts.alice]\nplugin = 'mysql_native'";
    for (text, place) in [
        ("plays = ", "1:"),
        ("no_such_key = 1", "1:1: unknown key 'no_such_key', allowed: "),
        (account, "4:10: unknown plugin 'mysql_native', allowed: mysql_native_password, "),
        (&account.replace("plugin", "method"), "4:10: unknown method 'mysql_native', allowed: trust, password, "),
    ] {
        let endpoint = files.write("endpoint.toml", text);
        let ran = shakedown(arguments!["run", &path, "--backend", "endpoint", "--endpoint", &endpoint]).exits_with(2);
        assert!(ran.err.starts_with(&format!("shakedown: {}:{place}", endpoint.display())), "{}", ran.err);
    }
}
