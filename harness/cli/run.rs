//! `shakedown run`: plays cases and says which do not come out as they should.

use crate::cli::playing::{Reports, played};
use crate::cli::{PlanArguments, Planned, print, runtime, say};
use crate::engine::capture::Capture;
use crate::engine::check::{self, Settings};
use crate::error::{Error, exit};
use crate::report;
use crate::report::text::Traces;
use crate::scenario::known::KnownFailures;
use crate::scenario::{Explanations, Filter, Plan, Source};
use crate::testbed::Backend;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// Print the names of the cases and play nothing
    #[arg(long)]
    list: bool,
    /// What stands behind the scenarios: `mock`, `process` (real servers from installed programs), `container`, `endpoint`, or each
    /// part for itself, as in `mysql=mock,postgres=process,kdc=process`
    #[arg(long, default_value = "mock", value_name = "BACKEND")]
    backend: String,
    /// The file that describes the endpoint, for `--backend endpoint` [default: SHAKEDOWN_ENDPOINT_PLAYS and so on]
    #[arg(long, value_name = "FILE")]
    endpoint: Option<PathBuf>,
    /// Cases that must be played: one whose name matches and that is skipped fails; may be given more than once
    #[arg(long, value_name = "GLOB")]
    require: Vec<String>,
    /// Cases at a time [default: four for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Write results.json, junit.xml and summary.md into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write each conversation into this folder: as text, and as PCAP-NG with its TLS keys, which may hold passwords
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
    /// Print the trace of every case, not only of those that fail
    #[arg(long)]
    trace: bool,
    /// Cases that are known to fail [default: the list that is built in, which is empty for mocks]
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Start no further case once one is not as expected
    #[arg(long)]
    fail_fast: bool,
}

/// Plays, reports, and says how it went.
pub(super) fn run(arguments: RunArguments) -> Result<u8, Error> {
    let repeated = repeated(&arguments);
    let Planned { plan, catalogue, .. } = arguments.plan.plan()?;
    let required = required(&arguments.require, &plan)?;
    if arguments.list {
        return list(&plan.cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>());
    }
    let mut known = match &arguments.known {
        Some(file) => KnownFailures::parse(&Source::read(file)?)?,
        None => KnownFailures::built_in()?,
    };
    if arguments.plan.filter.is_empty()
        && let Some(entry) = known.about_nothing(&plan.cases).first()
    {
        return Err(Error::Usage(format!("{}: a known failure of no case: it was renamed or is gone", entry.place)));
    }
    let backend = Backend::parse(&arguments.backend, arguments.endpoint.as_deref())?;
    known.extend(Explanations::built_in(&backend.products())?.known_failures());
    let requirements: BTreeMap<_, _> =
        catalogue.all().iter().map(|requirement| (requirement.id.clone(), requirement.statement.clone())).collect();
    let settings = Settings {
        jobs: arguments.jobs.map_or_else(default_jobs, usize::from),
        fail_fast: arguments.fail_fast,
        requirements,
        arguments: repeated,
        known,
        backend: backend.clone(),
        capture: arguments.capture.as_deref().map(Capture::create).transpose()?,
        required,
    };
    let traces = if arguments.trace { Traces::OfAll } else { Traces::OfFailures };
    let mut reports = Reports::new(Box::new(report::Text::new(traces)), arguments.report.as_deref())?;
    let runtime = runtime()?;
    if let Some(words) = runtime.block_on(backend.says()) {
        say(&words);
    }
    let playing = check::check(plan, &settings, |event| reports.handle(&event));
    let summary = runtime.block_on(played(playing, [backend]))?;
    reports.finish(&summary, "nothing ran")
}

fn list(names: &[&str]) -> Result<u8, Error> {
    print(&names.iter().map(|name| format!("{name}\n")).collect::<String>())?;
    Ok(if names.is_empty() { exit::NOTHING_RAN } else { exit::SUCCESS })
}

/// The cases that must be played. A pattern that means none would require nothing.
pub(super) fn required(patterns: &[String], plan: &Plan) -> Result<Vec<Filter>, Error> {
    let understood = |pattern: &String| {
        let wrong = |problem: &str| Error::Usage(format!("--require '{pattern}': {problem}"));
        let filter = Filter::new(pattern).map_err(wrong)?;
        let means_one = plan.cases.iter().any(|case| filter.matches(&case.name));
        if means_one { Ok(filter) } else { Err(wrong("no case matches")) }
    };
    patterns.iter().map(understood).collect()
}

/// What a replay of one case needs to be told again.
fn repeated(arguments: &RunArguments) -> Vec<String> {
    let text = |path: &PathBuf| path.display().to_string();
    let mut repeated: Vec<_> = arguments.plan.paths.iter().map(text).collect();
    for reading in &arguments.plan.reading {
        repeated.extend(["--reading".to_owned(), reading.clone()]);
    }
    if arguments.backend != "mock" {
        repeated.extend(["--backend".to_owned(), arguments.backend.clone()]);
    }
    if let Some(file) = &arguments.endpoint {
        repeated.extend(["--endpoint".to_owned(), text(file)]);
    }
    repeated
}

pub(super) fn default_jobs() -> usize {
    4 * std::thread::available_parallelism().map_or(1, usize::from)
}
