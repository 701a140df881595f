//! Plays one case on one backend: its world is built, its steps are performed and judged, one after the other.

use crate::engine::event::{CaseResult, Source, StepResult, Verdict};
use crate::engine::judge;
use crate::scenario::plan::Case;
use crate::testbed::{Attempt, Backend, Materials, Performed};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a case may take, whatever it does: above all deadlines of its parts, so that a mistake of ours cannot hang a run.
const CASE_DEADLINE: Duration = Duration::from_secs(120);

/// A case that has been played.
#[derive(Debug)]
pub struct Played {
    /// How it came out.
    pub result: CaseResult,
    /// What came of each step that was performed, in their order; `None` for one that only changes something.
    pub attempts: Vec<Option<Attempt>>,
}

/// When a case is over before its last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// With the first step that does not come out as expected.
    Unexpected,
    /// Not at all, whatever is expected.
    Last,
}

/// Plays a case, within a time that is above all deadlines of its parts.
pub async fn play(case: &Case, backend: &Backend, materials: &Arc<Materials>, until: Until) -> Played {
    let began = Instant::now();
    let mut played = match tokio::time::timeout(CASE_DEADLINE, perform(case, backend, materials, until)).await {
        Ok(played) => played,
        Err(_) => not_played(case, Verdict::Error, format!("did not end within {} s", CASE_DEADLINE.as_secs())),
    };
    played.result.duration = began.elapsed();
    played
}

async fn perform(case: &Case, backend: &Backend, materials: &Arc<Materials>, until: Until) -> Played {
    let mut world = match backend.world(case, materials).await {
        Ok(world) => world,
        Err(problem) => return not_played(case, Verdict::Error, problem.to_string()),
    };
    let mut played = result(case, Verdict::Pass, None);
    let mut attempts = Vec::new();
    for step in &case.steps {
        let not_reached = || StepResult::not_reached(step.name.clone(), step.verb.word(), judge::expected(step));
        let goes_on = match until {
            Until::Unexpected => played.verdict == Verdict::Pass,
            Until::Last => matches!(played.verdict, Verdict::Pass | Verdict::Fail),
        };
        if !goes_on {
            played.steps.push(not_reached());
            continue;
        }
        let performed = match world.perform(&step.verb).await {
            Ok(Performed::Attempt(attempt)) => {
                let judged = judge::judge(case, step, &attempt);
                attempts.push(Some(*attempt));
                judged
            }
            Ok(Performed::Changed) => {
                attempts.push(None);
                StepResult { verdict: Verdict::Pass, not_reached: false, ..not_reached() }
            }
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
    Played { result: played, attempts }
}

fn not_played(case: &Case, verdict: Verdict, reason: String) -> Played {
    Played { result: result(case, verdict, Some(reason)), attempts: Vec::new() }
}

/// The result of a case that is not played, for this reason.
#[must_use]
pub fn skipped(case: &Case, reason: &str) -> CaseResult {
    result(case, Verdict::Skipped, Some(reason.to_owned()))
}

/// A result without steps.
#[must_use]
pub fn result(case: &Case, verdict: Verdict, reason: Option<String>) -> CaseResult {
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
