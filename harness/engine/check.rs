//! Plays cases once each and says how they came out.
//!
//! Cases share nothing but [`Materials`], so that they run side by side in any order. Events go to whoever folds them.

use crate::engine::event::{CaseResult, Event, RunStarted, Source, StepResult, Summary, Verdict};
use crate::engine::judge;
use crate::error::Error;
use crate::scenario::plan::{Case, Plan};
use crate::testbed::{Materials, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a case may take, whatever it does: above all deadlines of its parts, so that a mistake of ours cannot hang a run.
const CASE_DEADLINE: Duration = Duration::from_secs(120);

/// How a run is played.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Cases at a time.
    pub jobs: usize,
    /// Whether nothing is started any more once a case has spoilt the run.
    pub fail_fast: bool,
    /// The words of the requirements, for the reports.
    pub requirements: BTreeMap<String, String>,
    /// What the program was told, for the command that replays a case.
    pub arguments: Vec<String>,
}

/// Plays all cases of a plan.
///
/// # Errors
/// What the run shares cannot be made.
pub async fn check(plan: Plan, settings: &Settings, mut sink: impl FnMut(Event)) -> Result<Summary, Error> {
    let began = Instant::now();
    let materials = Arc::new(Materials::prepare(&plan.cases)?);
    sink(Event::RunStarted(RunStarted {
        cases: plan.cases.len(),
        readings: plan.readings.clone(),
        backend: "mock".to_owned(),
        requirements: settings.requirements.clone(),
        arguments: settings.arguments.clone(),
    }));
    let mut summary = Summary::default();
    let mut waiting = plan.cases.into_iter();
    let mut playing = JoinSet::new();
    let mut stopped = false;
    loop {
        while !stopped && playing.len() < settings.jobs.max(1) {
            let Some(case) = waiting.next() else { break };
            sink(Event::CaseStarted { name: case.name.clone() });
            playing.spawn(bounded(case, Arc::clone(&materials)));
        }
        let Some(ended) = playing.join_next().await else { break };
        let result = ended.map_err(|problem| Error::Internal(format!("a case was lost: {problem}")))?;
        summary.add(result.verdict);
        stopped |= settings.fail_fast && result.verdict.is_bad();
        sink(Event::CaseFinished(Box::new(result)));
    }
    for case in waiting {
        let result = skipped(&case, "not started: --fail-fast");
        summary.add(result.verdict);
        sink(Event::CaseFinished(Box::new(result)));
    }
    sink(Event::RunFinished { summary, duration: began.elapsed() });
    Ok(summary)
}

async fn bounded(case: Case, materials: Arc<Materials>) -> CaseResult {
    let began = Instant::now();
    let mut result = match tokio::time::timeout(CASE_DEADLINE, play(&case, &materials)).await {
        Ok(result) => result,
        Err(_) => result(&case, Verdict::Error, Some(format!("did not end within {} s", CASE_DEADLINE.as_secs()))),
    };
    result.duration = began.elapsed();
    result
}

async fn play(case: &Case, materials: &Arc<Materials>) -> CaseResult {
    let mut world = match World::of_mocks(case, materials).await {
        Ok(world) => world,
        Err(problem) => return result(case, Verdict::Error, Some(problem.to_string())),
    };
    let mut played = result(case, Verdict::Pass, None);
    for step in &case.steps {
        let reached = played.verdict == Verdict::Pass;
        played.steps.push(if !reached {
            StepResult::not_reached(step.name.clone(), step.verb.word(), judge::expected(step))
        } else {
            match world.perform(&step.verb).await {
                Ok(attempt) => judge::judge(step, attempt),
                Err(problem) => {
                    played.verdict = Verdict::Error;
                    played.reason = Some(format!("{}: {problem}", step.name));
                    StepResult::not_reached(step.name.clone(), step.verb.word(), judge::expected(step))
                }
            }
        });
        if reached && played.steps.last().is_some_and(|step| step.verdict == Verdict::Fail) {
            played.verdict = Verdict::Fail;
        }
    }
    played
}

fn skipped(case: &Case, reason: &str) -> CaseResult {
    result(case, Verdict::Skipped, Some(reason.to_owned()))
}

fn result(case: &Case, verdict: Verdict, reason: Option<String>) -> CaseResult {
    let place = case.place();
    CaseResult {
        name: case.name.clone(),
        scenario: case.scenario.name.clone(),
        axes: case.axes.clone(),
        requirements: case.shown().into_iter().map(str::to_owned).collect(),
        verdict,
        reason,
        steps: Vec::new(),
        source: Source { file: place.file.clone(), line: place.line },
        duration: Duration::ZERO,
    }
}
