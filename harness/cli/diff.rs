//! `shakedown diff`: plays cases on two backends and shows where these differ.

use crate::cli::playing::{Reports, played};
use crate::cli::run::{default_jobs, required};
use crate::cli::{PlanArguments, Planned, runtime};
use crate::engine::capture::Capture;
use crate::engine::twins::{self, Settings};
use crate::error::Error;
use crate::report;
use crate::scenario::{Explanations, Library, Source, make_plan};
use crate::testbed::Backend;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// What stands on the left, as `run --backend` has it
    #[arg(long, default_value = "mock", value_name = "BACKEND")]
    left: String,
    /// What stands on the right
    #[arg(long, value_name = "BACKEND")]
    right: String,
    /// The file that describes the endpoint, for the side that is one
    #[arg(long, value_name = "FILE")]
    endpoint: Option<PathBuf>,
    /// What is explained about the right side [default: the files that are built in about the products of either side]; may be
    /// given more than once
    #[arg(long, value_name = "FILE")]
    explained: Vec<PathBuf>,
    /// Cases that must be compared: one whose name matches and that is skipped fails; may be given more than once
    #[arg(long, value_name = "GLOB")]
    require: Vec<String>,
    /// Cases at a time [default: four for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Write results.json, junit.xml and summary.md into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write each conversation into the folders `left` and `right` of this one, as `run --capture` does
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
}

/// Plays on both sides, reports, and says how it went.
pub(super) fn diff(arguments: DiffArguments) -> Result<u8, Error> {
    let endpoint = arguments.endpoint.as_deref();
    let left = backend(&arguments.left, endpoint)?;
    let right = backend(&arguments.right, endpoint)?;
    if endpoint.is_some() && ![&arguments.left, &arguments.right].into_iter().any(|word| word == "endpoint") {
        return Err(Error::Usage("--endpoint is for the backend 'endpoint'".to_owned()));
    }
    let (left_explained, right_explained) = explanations(&arguments.explained, &left, &right)?;
    let Planned { plan, mut every, .. } = arguments.plan.plan()?;
    every.extend(built_in_cases()?);
    let required = required(&arguments.require, &plan)?;
    let settings = Settings {
        jobs: arguments.jobs.map_or_else(default_jobs, usize::from),
        left: left.clone(),
        right: right.clone(),
        left_explained,
        right_explained,
        every,
        arguments: repeated(&arguments),
        capture: arguments.capture.as_deref().map(Capture::create).transpose()?,
        required,
    };
    let mut reports = Reports::new(Box::new(report::TwinsText::to_standard_output()), arguments.report.as_deref())?;
    let playing = twins::compare(plan, &settings, |event| reports.handle(&event));
    let summary = runtime()?.block_on(played(playing, [left, right]))?;
    reports.finish(&summary, "nothing was compared")
}

fn backend(word: &str, endpoint: Option<&Path>) -> Result<Backend, Error> {
    Backend::parse(word, endpoint.filter(|_| word == "endpoint"))
}

/// What is explained about either side.
fn explanations(files: &[PathBuf], left: &Backend, right: &Backend) -> Result<(Explanations, Explanations), Error> {
    if files.is_empty() {
        return Ok((Explanations::built_in(&left.products())?, Explanations::built_in(&right.products())?));
    }
    let mut all = Explanations::default();
    for file in files {
        all.extend(Explanations::parse(&Source::read(file)?)?);
    }
    Ok((Explanations::default(), all))
}

/// The names of all cases that are built in: what is explained of a case that is not played is not stale.
fn built_in_cases() -> Result<impl Iterator<Item = String>, Error> {
    let plan = make_plan(&Source::built_in(), &Library::built_in()?, &BTreeMap::new())?;
    let names: BTreeSet<_> = plan.cases.into_iter().map(|case| case.name).collect();
    Ok(names.into_iter())
}

/// What a comparison of one case needs to be told again.
fn repeated(arguments: &DiffArguments) -> Vec<String> {
    let text = |path: &PathBuf| path.display().to_string();
    let mut repeated: Vec<_> = arguments.plan.paths.iter().map(text).collect();
    for reading in &arguments.plan.reading {
        repeated.extend(["--reading".to_owned(), reading.clone()]);
    }
    repeated.extend(["--left".to_owned(), arguments.left.clone(), "--right".to_owned(), arguments.right.clone()]);
    for (option, file) in arguments
        .endpoint
        .iter()
        .map(|file| ("--endpoint", file))
        .chain(arguments.explained.iter().map(|file| ("--explained", file)))
    {
        repeated.extend([option.to_owned(), text(file)]);
    }
    repeated
}
