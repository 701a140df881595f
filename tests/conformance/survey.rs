//! Every fault that a party of ours can be told to have is noticed by a shipped case, and the survey itself can fail.

use shakedown::engine::survey::{Finding, survey};
use shakedown::scenario::faults::{Belongings, Fault};
use shakedown::scenario::{Library, Source, make_plan};
use std::collections::BTreeMap;

/// How many faults there have to be. The number only grows.
const FLOOR: usize = 150;

fn faults() -> Vec<Fault> {
    Belongings::built_in().unwrap().faults().unwrap_or_else(|problem| panic!("{problem}"))
}

fn surveyed(faults: Vec<Fault>, sources: &[Source]) -> Vec<Finding> {
    let plan = make_plan(sources, &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(survey(faults, plan.cases, 16, |_| {})).unwrap()
}

#[test]
fn no_fault_goes_unnoticed() {
    let faults: Vec<_> = faults().into_iter().filter(|fault| fault.allowed.is_none()).collect();
    assert!(faults.len() >= FLOOR, "{} faults", faults.len());
    let findings = surveyed(faults, &Source::built_in());
    let uncaught: Vec<_> = findings.iter().filter(|finding| finding.is_bad()).map(|f| f.fault.name()).collect();
    assert!(uncaught.is_empty(), "no case notices {uncaught:#?}");
}

#[test]
fn a_fault_that_nobody_looks_for_is_found_to_be_unnoticed_after_all_cases() {
    // Of passwords no scenario expects the flags of the OK.
    let fault = faults().into_iter().filter(|fault| fault.word == "status-flag").collect();
    let findings = surveyed(fault, &[Source::built_in_file("mysql/passwords").unwrap()]);
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert!(finding.is_bad());
    assert_eq!((finding.touched, finding.played), (36, 36));
}

#[test]
fn a_case_that_fails_anyway_has_noticed_nothing() {
    let text = Source::built_in_file("mysql/passwords").unwrap().text;
    // All of them fail now, with the fault and without it.
    let broken = text.replace("1045 28000", "1044 42000").replace("established by password", "established by kerberos");
    let fault = faults().into_iter().filter(|fault| fault.word == "refuses-right-secret").collect();
    let findings = surveyed(fault, &[Source::new("mysql/passwords", broken)]);
    assert!(findings[0].is_bad(), "{:?}", findings[0].caught);
}
