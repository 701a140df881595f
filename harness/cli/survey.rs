//! `shakedown survey`: every known fault, one by one, and which case notices.

use crate::cli::{PlanArguments, Planned, print, run, runtime, say};
use crate::engine::survey;
use crate::error::{Error, exit};
use crate::report::file;
use crate::report::survey::Survey;
use crate::scenario::Filter;
use crate::scenario::faults::Belongings;
use clap::Args;
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of `survey`.
#[derive(Debug, Args)]
pub(super) struct SurveyArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// Only faults whose name matches, as in `kdc/*`; may be given more than once
    #[arg(long, value_name = "GLOB")]
    fault: Vec<String>,
    /// Print the names of the faults and play nothing
    #[arg(long)]
    list: bool,
    /// Faults at a time [default: four for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Write the survey into this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Surveys and prints the table. A fault that nobody notices is a failure.
pub(super) fn survey(arguments: SurveyArguments) -> Result<u8, Error> {
    let Planned { plan, .. } = arguments.plan.plan()?;
    let mut faults = Belongings::built_in()?.faults()?;
    if !arguments.fault.is_empty() {
        let wanted = arguments.fault.iter().map(|pattern| {
            Filter::new(pattern).map_err(|problem| Error::Usage(format!("--fault '{pattern}': {problem}")))
        });
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        faults.retain(|fault| wanted.iter().any(|wanted| wanted.matches(&fault.name())));
    }
    if faults.is_empty() {
        say("no fault of that name");
        return Ok(exit::NOTHING_RAN);
    }
    if arguments.list {
        let line = |fault: &crate::scenario::faults::Fault| {
            format!("{} {} {}\n", fault.name(), fault.requirement, fault.clause)
        };
        print(&faults.iter().map(line).collect::<String>())?;
        return Ok(exit::SUCCESS);
    }
    let began = Instant::now();
    let (all, mut done) = (faults.len(), 0);
    let jobs = arguments.jobs.map_or_else(run::default_jobs, usize::from);
    let surveying = survey::survey(faults, plan.cases, jobs, |finding| {
        done += 1;
        if finding.is_bad() {
            say(&format!("{done}/{all} {}: nobody notices", finding.fault.name()));
        }
    });
    let findings = runtime()?.block_on(surveying)?;
    let report = Survey::new(&findings, began.elapsed());
    if let Some(path) = &arguments.json {
        let written = file::replace(path, |out| out.write_all(report.json().as_bytes()));
        written.map_err(|problem| Error::Environment(problem.to_string()))?;
    }
    print(&report.table())?;
    Ok(if report.summary.uncaught == 0 { exit::SUCCESS } else { exit::CASE_FAILED })
}
