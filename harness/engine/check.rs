//! Plays cases once each and says how they came out.
//!
//! Cases share nothing but [`Materials`], so that they run side by side in any order. Events go to whoever folds them.

use crate::engine::event::{CaseResult, Event, RunStarted, Source, StepResult, Summary, Verdict};
use crate::engine::judge;
use crate::error::Error;
use crate::scenario::known::{Judgement, KnownFailures};
use crate::scenario::plan::{Case, Plan};
use crate::testbed::{Backend, Materials, Performed};
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
    /// Cases that are known to fail.
    pub known: KnownFailures,
    /// What stands behind the scenarios.
    pub backend: Backend,
}

/// Plays all cases of a plan.
///
/// # Errors
/// What the run shares cannot be made.
pub async fn check(plan: Plan, settings: &Settings, mut sink: impl FnMut(Event)) -> Result<Summary, Error> {
    let began = Instant::now();
    let materials = Arc::new(settings.backend.materials(&plan.cases)?);
    sink(Event::RunStarted(RunStarted {
        cases: plan.cases.len(),
        readings: plan.readings.clone(),
        backend: settings.backend.word().to_owned(),
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
            if let Some(reason) = settings.backend.lacks(&case) {
                let result = skipped(&case, &reason);
                summary.add(result.verdict);
                sink(Event::CaseFinished(Box::new(result)));
                continue;
            }
            sink(Event::CaseStarted { name: case.name.clone() });
            playing.spawn(bounded(case, settings.backend.clone(), Arc::clone(&materials)));
        }
        let Some(ended) = playing.join_next().await else { break };
        let result = ended.map_err(|problem| Error::Internal(format!("a case was lost: {problem}")))?;
        let result = with_known_failures(result, &settings.known);
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

async fn bounded(case: Case, backend: Backend, materials: Arc<Materials>) -> CaseResult {
    let began = Instant::now();
    let mut result = match tokio::time::timeout(CASE_DEADLINE, play(&case, &backend, &materials)).await {
        Ok(result) => result,
        Err(_) => result(&case, Verdict::Error, Some(format!("did not end within {} s", CASE_DEADLINE.as_secs()))),
    };
    result.duration = began.elapsed();
    result
}

async fn play(case: &Case, backend: &Backend, materials: &Arc<Materials>) -> CaseResult {
    let mut world = match backend.world(case, materials).await {
        Ok(world) => world,
        Err(problem) => return result(case, Verdict::Error, Some(problem.to_string())),
    };
    let mut played = result(case, Verdict::Pass, None);
    for step in &case.steps {
        let not_reached = || StepResult::not_reached(step.name.clone(), step.verb.word(), judge::expected(step));
        if played.verdict != Verdict::Pass {
            played.steps.push(not_reached());
            continue;
        }
        let performed = match world.perform(&step.verb).await {
            Ok(Performed::Attempt(attempt)) => judge::judge(step, *attempt),
            Ok(Performed::CannotPlay(reason)) => {
                (played.verdict, played.reason) = (Verdict::Skipped, Some(reason));
                not_reached()
            }
            Err(problem) => {
                (played.verdict, played.reason) = (Verdict::Error, Some(format!("{}: {problem}", step.name)));
                not_reached()
            }
        };
        if performed.verdict == Verdict::Fail {
            played.verdict = Verdict::Fail;
        }
        played.steps.push(performed);
    }
    played
}

/// The verdict with what is known considered: by the outcome of the step that decided.
fn with_known_failures(mut result: CaseResult, known: &KnownFailures) -> CaseResult {
    let decided = result.first_difference().or_else(|| result.steps.last());
    let Some(actual) = decided.and_then(|step| step.views.client.as_ref()) else { return result };
    let as_expected = match result.verdict {
        Verdict::Pass => true,
        Verdict::Fail => false,
        Verdict::Known | Verdict::Fixed | Verdict::Skipped | Verdict::Error => return result,
    };
    let (verdict, reason) = match known.judge(&result.name, as_expected, actual) {
        Judgement::Pass => (Verdict::Pass, None),
        Judgement::Fail => (Verdict::Fail, None),
        Judgement::Known(entry) => (Verdict::Known, Some(format!("{} ({})", entry.reason, entry.source))),
        Judgement::FailsDifferently(entry) => {
            (Verdict::Fail, Some(format!("known to fail, but otherwise: {} at {}", entry.actual, entry.place)))
        }
        Judgement::Fixed(entry) => {
            (Verdict::Fixed, Some(format!("known to fail, and does not any more: remove {}", entry.place)))
        }
    };
    (result.verdict, result.reason) = (verdict, reason);
    result
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
