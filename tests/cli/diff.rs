//! `shakedown diff`: where two backends differ, in a table, in files and as an exit code.

use crate::arguments;
use crate::program::{Files, SMALL, names, shakedown};
use serde_json::{Value, json};
use std::fs;

#[test]
fn two_mocks_are_equal() {
    let (_files, path) = Files::small(SMALL);
    let ran = shakedown(arguments!["diff", &path, "--left", "mock", "--right", "mock"]).exits_with(0);
    let table = "\
left   mock
right  mock

scenario  compared  equal  explained  different  skipped  error
small            2      2          0          0        0      0
total            2      2          0          0        0      0
";
    assert_eq!(ran.out, table);
}

#[test]
fn a_difference_is_named_and_fails_the_run() {
    let (files, path) = Files::small(SMALL);
    let folder = files.path().join("report");
    let right = "mysql=mock:status-flag";
    let ran = shakedown(arguments!["diff", &path, "--right", right, "--report", &folder]).exits_with(1);
    let difference = "
small
  different  right (1)  connect  OK.status
      left   \"0x0002\"
      right  \"0x0003\"

scenario  compared  equal  explained  different  skipped  error
small            2      1          0          1        0      0
";
    assert!(ran.out.contains(difference), "{}", ran.out);

    assert_eq!(names(&folder), ["junit.xml", "results.json", "summary.md"]);
    let results: Value = serde_json::from_str(&fs::read_to_string(folder.join("results.json")).unwrap()).unwrap();
    assert_eq!((&results["schema"], &results["backend"]), (&json!(1), &json!("mock against mysql=mock:status-flag")));
    assert_eq!(results["summary"]["fail"], 1);
    let twins = &results["twins"];
    assert_eq!((&twins["version"], &twins["right"]["backend"]), (&json!(1), &json!(right)));
    assert_eq!(
        twins["cases"],
        json!([
            { "name": "small/right", "scenario": "small", "likeness": "different", "differences": [
                { "step": "connect", "at": "OK.status", "left": "0x0002", "right": "0x0003" },
            ] },
            { "name": "small/wrong", "scenario": "small", "likeness": "equal" },
        ])
    );
    let tally = json!({ "compared": 2, "equal": 1, "explained": 0, "different": 1, "skipped": 0, "error": 0 });
    assert_eq!(twins["scenarios"]["small"], tally);
    let summary = fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(summary.contains("| small/right (1) | connect | OK.status | \"0x0002\" | \"0x0003\" |"), "{summary}");
    let junit = fs::read_to_string(folder.join("junit.xml")).unwrap();
    assert!(junit.contains("connect: OK.status: left &quot;0x0002&quot;, right &quot;0x0003&quot;"), "{junit}");
    assert!(junit.contains("shakedown diff") && !junit.contains("shakedown run"), "{junit}");
}

#[test]
fn an_explained_difference_is_none_and_a_stale_explanation_fails() {
    let (files, path) = Files::small(SMALL);
    let explained = files.write(
        "explained.toml",
        "[[explained]]\ncase = 'small/right'\nat = 'OK.status'\nmock = '0x0002'\npeer = '0x0003'\nreason = 'so it is'\n\
         source = 'a test'\n",
    );
    let with = |right: &str, code: i32| {
        shakedown(arguments!["diff", &path, "--right", right, "--explained", &explained]).exits_with(code)
    };
    let ran = with("mysql=mock:status-flag", 0);
    let line = format!("  explained  right (1)  connect  OK.status: so it is [{}:1]\n", explained.display());
    assert!(ran.out.contains(&line), "{}", ran.out);
    let ran = with("mock", 1);
    let line = format!("fixed  {}:1: no case that it names differs in OK.status any more", explained.display());
    assert!(ran.out.contains(&line), "{}", ran.out);
    let ran = with("mysql=mock:no-ap-rep", 1);
    assert!(ran.out.contains("fixed  "), "{}", ran.out);

    let text = fs::read_to_string(&explained).unwrap();
    fs::write(&explained, text.replace("0x0003", "0x0001")).unwrap();
    let ran = with("mysql=mock:status-flag", 1);
    let line = format!("      explained otherwise at {}:1\n", explained.display());
    assert!(ran.out.contains(&line), "{}", ran.out);

    fs::write(&explained, text.replace("reason", "raison")).unwrap();
    let ran = with("mock", 2);
    let keys = "case, step, at, mock, peer, reason, source";
    let problem = format!("{}:6:1: unknown key 'raison', allowed: {keys}", explained.display());
    assert!(ran.err.contains(&problem), "{}", ran.err);
}

/// In what is built in, all cases are there: a pattern without any would stay for ever.
#[test]
fn an_explanation_of_cases_that_do_not_exist_is_refused() {
    let (files, path) = Files::small(SMALL);
    let entry = "[[explained]]\ncase = ['mysql/**', 'mysql/renamed/**']\nat = 'OK.status'\nmock = '0x0002'\npeer = '0x0003'\n\
        reason = 'so it is'\nsource = 'a test'\n";
    let explained = files.write("explained.toml", entry);
    let filter = "mysql/require-ssl/**";
    let played = arguments!["diff", "--right", "mock", "--filter", filter, "--explained", &explained];
    let ran = shakedown(played.clone()).exits_with(2);
    assert!(ran.err.contains(&format!("{}:1: a pattern that no case matches", explained.display())), "{}", ran.err);
    fs::write(&explained, entry.replace(", 'mysql/renamed/**'", "")).unwrap();
    shakedown(played).exits_with(0);
    // Of scenarios of somebody's own, not all have to be there.
    fs::write(&explained, entry).unwrap();
    shakedown(arguments!["diff", &path, "--right", "mock", "--explained", &explained]).exits_with(0);
}

#[test]
fn what_is_skipped_is_listed_and_nothing_compared_is_nothing_ran() {
    let (_files, path) = Files::small(SMALL.replace(
        "login     = ",
        "kind = \"command\"\nargv = [\"sh\", \"-c\", \"echo no driver >&2; exit 77\"]\nlogin     = ",
    ));
    let ran = shakedown(arguments!["diff", &path, "--right", "mock"]).exits_with(4);
    assert!(ran.out.contains("  skipped    * (2)  left: no driver\n"), "{}", ran.out);
    assert!(ran.err.contains("nothing was compared"), "{}", ran.err);
    assert!(ran.out.contains("total            0      0          0          0        2      0\n"), "{}", ran.out);
}

#[test]
fn an_error_on_either_side_is_no_difference() {
    let command = "kind = \"command\"\nargv = [\"sh\", \"-c\", \"kill -9 $$\"]\nlogin     = ";
    let text = SMALL.replace("login     = ", command).replace(", trace = \"… login … error<(1045 28000) …\"", "");
    let (_files, path) = Files::small(text);
    let ran = shakedown(arguments!["diff", &path, "--right", "mock"]).exits_with(3);
    assert!(ran.out.contains("  error      * (2)  left: connect: client sh: ended by a signal"), "{}", ran.out);
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    for (arguments, words) in [
        (arguments!["diff"].to_vec(), "--right <BACKEND>"),
        (arguments!["diff", "--right", "mok"].to_vec(), "unknown backend 'mok'"),
        (arguments!["diff", "--right", "mysql=mock:x"].to_vec(), "unknown MySQL deviation 'x'"),
        (arguments!["diff", "--right", "endpoint"].to_vec(), "needs --endpoint FILE"),
        (arguments!["diff", "--right", "mock", "--endpoint", "x.toml"].to_vec(), "--endpoint is for"),
        (arguments!["diff", "--right", "mock", "--explained", "/nowhere.toml"].to_vec(), "cannot read '/nowhere.toml'"),
    ] {
        let ran = shakedown(&arguments).exits_with(2);
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_case_that_is_required_and_not_compared_fails_the_run() {
    let (files, path) = Files::small(SMALL);
    let other = files.write("other.toml", "plays = 'aurora-mysql 2.11.0'\nhost = '127.0.0.1'\n");
    let diff = |more: &[&str]| {
        let arguments = arguments!["diff", &path, "--right", "endpoint", "--endpoint", &other];
        shakedown(arguments.into_iter().chain(more.iter().map(Into::into)))
    };
    let ran = diff(&[]).exits_with(4);
    assert!(ran.out.contains("backend plays aurora-mysql 2.11.0") && !ran.out.contains("required"), "{}", ran.out);
    let ran = diff(&["--require", "small/right"]).exits_with(1);
    assert!(ran.out.contains("required, but skipped: right: backend plays aurora-mysql 2.11.0"), "{}", ran.out);
    let ran = diff(&["--require", "no/such"]).exits_with(2);
    assert!(ran.err.contains("--require 'no/such': no case matches"), "{}", ran.err);
}
