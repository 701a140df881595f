//! Every requirement has a case, on both sides of its boundary where it has two; what is still missing is listed and shrinks.

use shakedown::handshake::Kind;
use shakedown::scenario::{Library, Source, make_plan};
use std::collections::{BTreeMap, BTreeSet};

/// Requirements without a case yet.
const WITHOUT_CASE: &[&str] = &[
    "S0-15", "S0-20", "S0-21", "S0-22", "S1-14", "S3-09", "S3-28", "S3-55", "S3-56", "S3-57", "S3-58", "S3-60", "S4-02",
];

#[test]
fn every_requirement_has_a_case_or_is_listed_and_none_is_listed_that_has_one() {
    let library = Library::built_in().unwrap();
    let plan = make_plan(&Source::built_in(), &library, &BTreeMap::new()).unwrap();
    let shown: BTreeSet<&str> = plan.cases.iter().flat_map(|case| case.shown()).collect();
    let all = library.catalogue.all().iter().map(|requirement| requirement.id.as_str());
    let missing: Vec<_> = all.filter(|id| !shown.contains(id)).collect();
    assert_eq!(missing, WITHOUT_CASE);
}

#[test]
fn every_case_names_a_requirement() {
    let plan = make_plan(&Source::built_in(), &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    let silent: BTreeSet<_> =
        plan.cases.iter().filter(|case| case.shown().is_empty()).map(|case| case.scenario.name.as_str()).collect();
    assert!(silent.is_empty(), "cases that show nothing in {silent:#?}");
}

#[test]
fn a_requirement_says_where_it_stands_and_a_question_how_it_is_read() {
    let library = Library::built_in().unwrap();
    for requirement in library.catalogue.all() {
        assert!(requirement.section.len() > 10, "{}", requirement.id);
        assert_eq!(requirement.question.is_some(), requirement.reading.is_some(), "{}", requirement.id);
    }
    let modelled: Vec<_> =
        library.catalogue.all().iter().filter(|r| r.modelled.is_some()).map(|r| r.id.as_str()).collect();
    assert_eq!(modelled, ["S3-55", "S3-57", "S3-60"]);
}

#[test]
fn an_open_question_is_switched_and_changes_what_mock_and_expectation_say() {
    let library = Library::built_in().unwrap();
    let sources = [Source::built_in_file("mysql/cipher-suites").unwrap()];
    let established = |question: &str, answer: &str| {
        let readings = BTreeMap::from([(question.to_owned(), answer.to_owned())]);
        let plan = make_plan(&sources, &library, &readings).unwrap();
        let last = plan.cases.iter().filter_map(|case| case.steps.last()?.expectation.as_ref());
        last.filter(|expectation| expectation.client.kind == Kind::Established).count()
    };
    assert_eq!(established("dhe-on-v3", "table"), 120);
    assert_eq!(established("dhe-on-v3", "note"), 100);
    assert_eq!(established("ecdhe-between", "literal"), 130);
}
