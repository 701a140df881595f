//! `mysql/cipher-suites`: the scenario and the profile, each held against the literal list by itself.

use crate::established::ESTABLISHED;
use shakedown::handshake::{Kind, TlsVersion};
use shakedown::scenario::profiles::Profiles;
use shakedown::scenario::{Library, Source, make_plan};
use std::collections::{BTreeMap, BTreeSet};

const ENGINES: [&str; 8] = ["2.07.9", "2.09.2", "2.09.3", "2.10.1", "2.10.2", "2.11.0", "3.01.0", "3.04.0"];
const SUITES: [&str; 12] = [
    "DHE-RSA-AES128-SHA",
    "DHE-RSA-AES128-SHA256",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA",
    "DHE-RSA-AES256-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];

fn listed() -> BTreeSet<String> {
    ESTABLISHED.iter().map(|cell| (*cell).to_owned()).collect()
}

fn source(name: &str) -> String {
    Source::built_in_file(name).expect("it is built in").text
}

/// The cells that the scenario expects to establish.
fn expected(scenario: &str, library: &Library) -> Result<BTreeSet<String>, String> {
    let sources = [Source::new("mysql/cipher-suites", scenario)];
    let plan = make_plan(&sources, library, &BTreeMap::new()).map_err(|error| error.to_string())?;
    assert_eq!(plan.cases.len(), 288);
    let mut cells = BTreeSet::new();
    for case in &plan.cases {
        let [(_, engine), (_, tls), (_, suite)] = case.axes.as_slice() else { panic!("{}", case.name) };
        let outcome = &case.steps[0].expectation.as_ref().expect("a connect is judged").client;
        if outcome.kind == Kind::Established {
            assert_eq!(outcome.to_string(), format!("established TLS{tls} {suite}"), "{}", case.name);
            cells.insert(format!("{engine} {tls} {suite}"));
        } else {
            assert_eq!(outcome.to_string(), "refused by server: alert handshake_failure", "{}", case.name);
        }
    }
    Ok(cells)
}

/// The cells that the profile lets establish, given what RFC 5246 and 5288 say: the suites with SHA-256, SHA-384 or GCM
/// exist in TLS 1.2 only.
fn possible(profile: &str, readings: &[(&str, &str)]) -> BTreeSet<String> {
    let mut profiles = Profiles::default();
    profiles.add(&Source::new("profiles/aurora-mysql", profile)).expect("the profile is understood");
    let readings = readings.iter().map(|&(question, answer)| (question.to_owned(), answer.to_owned())).collect();
    let mut cells = BTreeSet::new();
    for engine in ENGINES {
        let profile = profiles.get(&format!("aurora-mysql {engine}"), &readings).expect("the engine is known");
        for version in [TlsVersion::Tls1_0, TlsVersion::Tls1_1, TlsVersion::Tls1_2] {
            for suite in SUITES {
                let exists = suite.ends_with("-SHA") || version == TlsVersion::Tls1_2;
                if exists && profile.tls.contains(version) && profile.suites.iter().any(|known| known == suite) {
                    cells.insert(format!("{engine} {} {suite}", version.number()));
                }
            }
        }
    }
    cells
}

#[test]
fn the_list_has_120_different_cells_spread_as_the_requirements_say() {
    assert_eq!(listed().len(), 120);
    let of = |engine: &str| ESTABLISHED.iter().filter(|cell| cell.starts_with(engine)).count();
    assert_eq!(ENGINES.map(of), [10, 10, 20, 10, 20, 10, 20, 20]);
}

#[test]
fn the_scenario_expects_what_the_list_says() {
    assert_eq!(expected(&source("mysql/cipher-suites"), &Library::built_in().unwrap()), Ok(listed()));
}

#[test]
fn the_profile_does_what_the_list_says() {
    assert_eq!(possible(&source("profiles/aurora-mysql"), &[]), listed());
    assert_eq!(possible(&source("profiles/aurora-mysql"), &[("dhe-on-v3", "table")]), listed());
}

#[test]
fn under_the_other_reading_the_profile_loses_the_20_cells_in_question() {
    let lost: BTreeSet<_> =
        listed().difference(&possible(&source("profiles/aurora-mysql"), &[("dhe-on-v3", "note")])).cloned().collect();
    assert_eq!(lost.len(), 20);
    assert!(lost.iter().all(|cell| cell.starts_with("3.0") && cell.contains(" DHE-")), "{lost:?}");
}

#[test]
fn a_profile_cell_that_is_changed_is_found() {
    let text = source("profiles/aurora-mysql");
    let (before, after) = text.split_once("version        = \"2.11.0\"").unwrap();
    let changed = after.replacen(
        "suites         = [\"ecdhe\"]",
        "suites         = [\"ECDHE-RSA-AES128-GCM-SHA256\", \"ECDHE-RSA-AES256-GCM-SHA384\", \"ECDHE-RSA-AES128-SHA256\", \
         \"ECDHE-RSA-AES256-SHA384\", \"ECDHE-RSA-AES128-SHA\"]",
        1,
    );
    let lost: Vec<_> =
        listed().difference(&possible(&format!("{before}version = \"2.11.0\"{changed}"), &[])).cloned().collect();
    let expected = ["1.0", "1.1", "1.2"].map(|tls| format!("2.11.0 {tls} ECDHE-RSA-AES256-SHA"));
    assert_eq!(lost, expected);
}

#[test]
fn a_rule_that_is_changed_is_found() {
    let library = Library::built_in().unwrap();
    let check = |from: &str, to: &str| {
        let text = source("mysql/cipher-suites");
        assert!(text.contains(from), "{from}");
        expected(&text.replacen(from, to, 1), &library)
    };
    // A wider rule decides more cells than it says.
    let problem = check("\"2.10.2+\"", "\"2.10.1+\"").unwrap_err();
    assert_eq!(problem, "scenarios/mysql/cipher-suites.toml:32:13: the rule decides 60 cells, not '50'");
    // A rule that says something else, and counts right, is found by the list.
    let other = check("engine = [\"< 2.11\", \">= 3.01\"]", "engine = [\"<= 2.11\", \">= 3.04\"]").unwrap();
    assert_eq!(other.difference(&listed()).count(), 10);
    assert_eq!(listed().difference(&other).count(), 10);
}
