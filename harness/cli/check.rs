//! `shakedown check`: validates scenario files and shows what they expand to.

use crate::cli::{PlanArguments, Planned, print};
use crate::error::{Error, exit};
use clap::Args;
use std::fmt::Write as _;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// Show for every case what must come out of each step, and which rule decides it
    #[arg(long)]
    explain: bool,
}

/// Validates. Whatever is wrong with a file is the error; what is printed is what is right with it.
pub(super) fn check(arguments: CheckArguments) -> Result<u8, Error> {
    let Planned { plan, .. } = arguments.plan.plan()?;
    let mut text = String::new();
    let mut scenario = "";
    for case in &plan.cases {
        if case.scenario.name != scenario {
            scenario = &case.scenario.name;
            let cases = plan.cases.iter().filter(|other| other.scenario.name == scenario).count();
            // Writing to a string does not fail.
            let _ = writeln!(text, "{scenario}: {cases} cases: {}", case.scenario.title);
            for gone in plan.excluded.iter().filter(|gone| gone.scenario == scenario) {
                let _ = writeln!(text, "  {} cells excluded: {}", gone.cells, gone.why);
            }
        }
        if arguments.explain {
            let _ = writeln!(text, "  {}", case.name);
            for step in &case.steps {
                let (what, place) = match &step.expectation {
                    Some(expectation) => (expectation.client.to_string(), &expectation.place),
                    None => ("no expectation".to_owned(), &step.place),
                };
                let _ = writeln!(text, "    {}: {what}  [{place}]", step.name);
            }
        }
    }
    for (question, reading) in &plan.readings {
        let _ = writeln!(text, "reading {question}={reading}");
    }
    let _ = writeln!(text, "{} cases", plan.cases.len());
    print(&text)?;
    Ok(if plan.cases.is_empty() { exit::NOTHING_RAN } else { exit::SUCCESS })
}
