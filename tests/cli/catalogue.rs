//! `shakedown requirements`: the catalogue, what shows each entry, and how that came out.

use crate::arguments;
use crate::program::{Files, failing, shakedown};

/// The IDs at the beginning of lines.
fn ids(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with('S')).filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn all_131_requirements_are_listed_with_the_number_of_their_cases() {
    let ran = shakedown(["requirements"]).exits_with(0);
    let expected: Vec<String> = [("S0", 26), ("S1", 16), ("S2", 8), ("S3", 64), ("S4", 17)]
        .into_iter()
        .flat_map(|(document, count)| (1..=count).map(move |number| format!("{document}-{number:02}")))
        .collect();
    assert_eq!((ids(&ran.out), expected.len()), (expected.iter().map(String::as_str).collect(), 131));
    let line = |id: &str| ran.out.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line("S3-37").contains(" 532 cases "), "{}", line("S3-37"));
    assert!(line("S0-20").contains("   0 cases "), "{}", line("S0-20"));
    assert!(ran.out.contains("131 requirements, "), "{}", ran.out);
}

#[test]
fn results_of_a_run_are_counted_by_verdict() {
    let (files, path) = Files::small(failing());
    let folder = files.path().join("report");
    shakedown(arguments!["run", &path, "--report", &folder]).exits_with(1);
    let ran = shakedown(arguments!["requirements", &path, "--results", folder.join("results.json")]).exits_with(0);
    let line = ran.out.lines().find(|line| line.starts_with("S3-02")).unwrap();
    assert!(line.starts_with("S3-02     2 cases [1 fail, 1 pass]"), "{line}");
    let with_results = ran.out.lines().filter(|line| line.contains(" cases [")).count();
    assert_eq!(with_results, 1, "no other requirement has a result: {}", ran.out);
    assert!(ran.out.ends_with("131 requirements, 1 with at least one case\n"), "{}", ran.out);
}

#[test]
fn results_that_are_none_are_refused() {
    let files = Files::new();
    for (text, words) in [
        ("", "EOF while parsing"),
        ("{}", "missing field `schema`"),
        ("{\"schema\": 2}", "results have schema 2, this program reads schema 1"),
        ("\u{0}", "expected value"),
    ] {
        let path = files.write("results.json", text);
        let ran = shakedown(arguments!["requirements", "--results", &path]).exits_with(2);
        assert!(ran.err.contains(words) && ran.err.contains("results.json"), "{text:?}: {}", ran.err);
    }
}
