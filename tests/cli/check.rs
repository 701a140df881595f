//! `shakedown check`: what files expand to.

use crate::arguments;
use crate::program::{Files, SMALL, shakedown};

#[test]
fn every_scenario_is_listed_with_its_cases_and_what_is_excluded() {
    let ran = shakedown(["check"]).exits_with(0);
    let heads: Vec<_> = ran.out.lines().filter(|line| line.contains(" cases: ")).collect();
    assert_eq!(heads.len(), built_in_files(), "{}", ran.out);
    assert!(heads.iter().any(|head| head.starts_with("mysql/cipher-suites: 288 cases: Each suite is accepted by")));
    assert!(ran.out.contains("mysql/tls-versions: 40 cases: "), "{}", ran.out);
    assert!(ran.out.contains("  24 cells excluded: tls_version is documented for version 2 only\n"), "{}", ran.out);
    let total: usize = heads.iter().map(|head| head.split([':', ' ']).nth(2).unwrap().parse::<usize>().unwrap()).sum();
    assert!(ran.out.ends_with(&format!("\n{total} cases\n")), "{}", ran.out);
    assert_eq!(shakedown(["run", "--list"]).exits_with(0).out.lines().count(), total);
}

/// What else lies in `scenarios` is no scenario: profiles, explanations, the catalogue.
fn built_in_files() -> usize {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let of = |engine: &str| std::fs::read_dir(folder.join(engine)).unwrap().count();
    let folders = ["clients", "cluster", "iam", "kerberos", "mysql", "postgres", "proxy", "tls", "transport"];
    folders.into_iter().map(of).sum()
}

#[test]
fn explain_names_for_every_case_what_must_come_out_and_the_rule_that_decides() {
    let (_files, path) = Files::small(SMALL);
    let ran = shakedown(arguments!["check", "--explain", &path]).exits_with(0);
    let place = path.display();
    assert_eq!(
        ran.out,
        format!(
            "small: 2 cases: The right password logs in\n  small/right\n    connect: established by password  [{place}:21]\n  \
             small/wrong\n    connect: refused by server: 1045 28000  [{place}:22]\n2 cases\n"
        )
    );
}

#[test]
fn explain_shows_every_case_of_the_built_in_scenarios() {
    let explained = shakedown(["check", "--explain"]).exits_with(0).out;
    let listed = shakedown(["run", "--list"]).exits_with(0).out;
    let shown: Vec<_> = explained.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    for name in listed.lines() {
        assert!(shown.contains(&name), "{name} is not explained");
    }
}
