//! In which order cases are tried against a fault: the best guess first.

use crate::scenario::faults::Fault;
use crate::scenario::plan::Case;
use std::collections::BTreeMap;

/// The indices of the cases that a fault touches: those that are likely to notice, those that show its requirement, all others;
/// programs of others come last, as they take longest. Within each of these the scenarios take turns, since the cells of one
/// resemble each other.
pub(super) fn order(fault: &Fault, cases: &[Case]) -> Vec<usize> {
    let mut turns: BTreeMap<(bool, usize, &str), usize> = BTreeMap::new();
    let mut placed = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        if fault.afflict(case).is_none() {
            continue;
        }
        let likely = fault.likely.iter().position(|likely| likely.matches(&case.name));
        let shows = case.shown().contains(&fault.requirement.as_str());
        let guess = likely.unwrap_or(fault.likely.len() + usize::from(!shows));
        let is_slow = !case.proxies.is_empty() || case.clients.values().any(|client| !client.kind.is_ours());
        let turn = turns.entry((is_slow, guess, &case.scenario.name)).or_default();
        placed.push((is_slow, guess, *turn, index));
        *turn += 1;
    }
    placed.sort_unstable();
    placed.into_iter().map(|(.., index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::faults::{Belongings, Faulty};
    use crate::scenario::{Filter, Library, Source, make_plan};

    #[test]
    fn likely_cases_come_first_then_those_of_the_requirement_and_scenarios_take_turns() {
        let sources = ["mysql/passwords", "mysql/require-ssl", "postgres/passwords"];
        let sources = sources.map(|name| Source::built_in_file(name).unwrap());
        let plan = make_plan(&sources, &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
        let faults = Belongings::built_in().unwrap().faults().unwrap();
        let mut fault = faults.into_iter().find(|fault| fault.party == Faulty::MysqlServer).unwrap();
        let scenarios = |fault: &Fault| -> Vec<String> {
            order(fault, &plan.cases).into_iter().map(|index| plan.cases[index].scenario.name.clone()).collect()
        };
        fault.likely = vec![Filter::new("mysql/require-ssl/2.11.0/plain").unwrap()];
        fault.requirement = "S3-29".to_owned();
        let names: Vec<_> =
            order(&fault, &plan.cases).into_iter().map(|index| plan.cases[index].name.clone()).collect();
        assert!(names[..2].iter().all(|name| name.starts_with("mysql/require-ssl/2.11.0/plain/")), "{names:?}");
        assert!(names[2..8].iter().all(|name| name.starts_with("mysql/require-ssl/")), "{names:?}");
        assert_eq!(names.len(), 36 + 8, "a PostgreSQL server has no such fault");

        fault.likely.clear();
        fault.requirement = "S4-17".to_owned();
        assert_eq!(
            scenarios(&fault)[..4],
            ["mysql/passwords", "mysql/require-ssl", "mysql/passwords", "mysql/require-ssl"]
        );
    }
}
