//! `shakedown requirements`: the catalogue, and which cases show what.

use crate::cli::{PlanArguments, Planned, print};
use crate::error::{Error, exit};
use crate::handshake::Kind;
use crate::report::json;
use crate::report::survey::Survey;
use crate::scenario::Plan;
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
    /// What `shakedown survey --json` wrote: show how many faults of each requirement were caught
    #[arg(long, value_name = "FILE")]
    survey: Option<PathBuf>,
}

/// Cases of one requirement by verdict, `pass` first.
type Tally = BTreeMap<String, usize>;

/// Cases of one requirement by what they expect in the end.
#[derive(Default)]
struct Sides {
    allow: usize,
    refuse: usize,
}

/// The number of cases that show each requirement, allowing and refusing ones.
fn sides(plan: &Plan) -> BTreeMap<&str, Sides> {
    let mut sides: BTreeMap<&str, Sides> = BTreeMap::new();
    for case in &plan.cases {
        let last = case.steps.iter().rev().find_map(|step| step.expectation.as_ref());
        let allows = last.is_some_and(|expectation| expectation.client.kind == Kind::Established);
        for id in case.shown() {
            let sides = sides.entry(id).or_default();
            *(if allows { &mut sides.allow } else { &mut sides.refuse }) += 1;
        }
    }
    sides
}

/// Prints the catalogue with the number of cases for each entry.
pub(super) fn requirements(arguments: RequirementsArguments) -> Result<u8, Error> {
    let Planned { plan, catalogue, .. } = arguments.plan.plan()?;
    let cases = sides(&plan);
    let survey = arguments.survey.as_deref().map(Survey::read).transpose().map_err(Error::Usage)?;
    let faults = survey.as_ref().map(Survey::by_requirement);
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
        let (allow, refuse) = cases.get(requirement.id.as_str()).map_or((0, 0), |sides| (sides.allow, sides.refuse));
        let count = allow + refuse;
        shown += usize::from(count > 0);
        let tally = tallies.get(requirement.id.as_str());
        let came_out: Vec<_> =
            tally.into_iter().flatten().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let came_out = if came_out.is_empty() { String::new() } else { format!(" [{}]", came_out.join(", ")) };
        let caught = faults.as_ref().map_or_else(String::new, |faults| {
            let (caught, all) = faults.get(requirement.id.as_str()).copied().unwrap_or_default();
            format!("{caught:>3} of {all:>2} faults caught ")
        });
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<6} {:>4} cases{came_out} {allow:>4} allow {refuse:>4} refuse {caught} {:<8} {}",
            requirement.id,
            count,
            requirement.strength.word(),
            requirement.statement
        );
        let _ = writeln!(text, "              where: {}; {}", requirement.document, requirement.section);
        if let Some(why) = &requirement.modelled {
            let _ = writeln!(text, "              modelled: {why}");
        }
        if let Some(question) = &requirement.question {
            let reading = requirement.reading.as_deref().unwrap_or("none chosen");
            let _ = writeln!(text, "              open: {question} (read as: {reading})");
        }
    }
    let _ = writeln!(text, "{} requirements, {shown} with at least one case", catalogue.all().len());
    print(&text)?;
    Ok(exit::SUCCESS)
}
