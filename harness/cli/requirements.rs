//! `shakedown requirements`: the catalogue, and which cases show what.

use crate::cli::{PlanArguments, Planned, print};
use crate::error::{Error, exit};
use crate::report::json;
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Arguments of `requirements`.
#[derive(Debug, Args)]
pub(super) struct RequirementsArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// A results.json: show how the cases of each requirement came out
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
}

/// Cases of one requirement by verdict, `pass` first.
type Tally = BTreeMap<String, usize>;

/// Prints the catalogue with the number of cases for each entry.
pub(super) fn requirements(arguments: RequirementsArguments) -> Result<u8, Error> {
    let Planned { plan, catalogue, .. } = arguments.plan.plan()?;
    let mut cases: BTreeMap<&str, usize> = BTreeMap::new();
    for id in plan.cases.iter().flat_map(|case| case.shown()) {
        *cases.entry(id).or_default() += 1;
    }
    let results = arguments.results.as_deref().map(json::read).transpose();
    let results = results.map_err(|problem| Error::Usage(problem.to_string()))?;
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for case in results.iter().flat_map(|results| &results.cases) {
        for id in &case.requirements {
            *tallies.entry(id).or_default().entry(case.verdict.clone()).or_default() += 1;
        }
    }
    let mut text = String::new();
    let mut shown = 0;
    for requirement in catalogue.all() {
        let count = cases.get(requirement.id.as_str()).copied().unwrap_or(0);
        shown += usize::from(count > 0);
        let tally = tallies.get(requirement.id.as_str());
        let came_out: Vec<_> =
            tally.into_iter().flatten().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let came_out = if came_out.is_empty() { String::new() } else { format!(" [{}]", came_out.join(", ")) };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<6} {:>4} cases{came_out}  {:<8} {}",
            requirement.id,
            count,
            requirement.strength.word(),
            requirement.statement
        );
        if let Some(question) = &requirement.question {
            let reading = requirement.reading.as_deref().unwrap_or("none chosen");
            let _ = writeln!(text, "              open: {question} (read as: {reading})");
        }
    }
    let _ = writeln!(text, "{} requirements, {shown} with at least one case", catalogue.all().len());
    print(&text)?;
    Ok(exit::SUCCESS)
}
