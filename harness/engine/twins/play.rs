//! Plays each case on both sides, one right after the other, many cases at a time.

use crate::engine::capture::Capture;
use crate::engine::check::in_order;
use crate::engine::event::{CaseResult, Event, RunStarted, Source, Summary, Verdict};
use crate::engine::play::{Played, Until, play, result};
use crate::engine::twins::comparison::{self, SideOfStep, Step};
use crate::engine::twins::explaining::Explaining;
use crate::engine::twins::{Difference, Explained, ExplanationUse, Likeness, Twin, TwinCase, Twins};
use crate::error::Error;
use crate::scenario::party::ClientKind;
use crate::scenario::plan::{Case, Plan, Verb};
use crate::scenario::{Explanations, Filter};
use crate::testbed::{Backend, Materials, conversation};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How two backends are compared.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Cases at a time.
    pub jobs: usize,
    /// What stands on the left.
    pub left: Backend,
    /// What stands on the right.
    pub right: Backend,
    /// What is explained about the peer on the left, if the right is a mock.
    pub left_explained: Explanations,
    /// What is explained about the peer on the right.
    pub right_explained: Explanations,
    /// The names of all cases that there are. An explanation is stale only where all that it names were there.
    pub every: BTreeSet<String>,
    /// What the program was told, for the command that compares a case again.
    pub arguments: Vec<String>,
    /// Where the conversations are kept, if anywhere: in `left` and `right`.
    pub capture: Option<Capture>,
    /// Cases that must be compared: one that is skipped fails the run.
    pub required: Vec<Filter>,
}

/// Compares the backends over all cases of a plan. The events are those of a run, in which a case that is equal passes; the
/// comparison itself comes before the last of them.
///
/// # Errors
/// What a side shares cannot be made.
pub async fn compare(plan: Plan, settings: &Settings, mut sink: impl FnMut(Event)) -> Result<Summary, Error> {
    let began = Instant::now();
    let materials = |backend: &Backend| backend.materials(&plan.cases).map(|materials| Arc::new(materials.recorded()));
    let sides = Sides {
        left: (settings.left.clone(), materials(&settings.left)?),
        right: (settings.right.clone(), materials(&settings.right)?),
        capture: settings.capture.clone(),
    };
    sink(Event::RunStarted(RunStarted {
        cases: plan.cases.len(),
        readings: plan.readings.clone(),
        backend: format!("{} against {}", settings.left.word(), settings.right.word()),
        requirements: BTreeMap::new(),
        arguments: settings.arguments.clone(),
        is_comparison: true,
    }));
    let mut explaining = Explaining::new(&settings.left_explained, &settings.right_explained, &settings.every);
    let twin = |backend: &Backend| Twin { backend: backend.word().to_owned(), products: backend.products() };
    let mut twins = Twins { left: twin(&settings.left), right: twin(&settings.right), ..Twins::default() };
    let mut summary = Summary::default();
    let mut finish = |case: &Case, mut compared: TwinCase, took: Duration| {
        explaining.explain(&mut compared);
        let mut verdict = compared.likeness.verdict();
        if verdict == Verdict::Skipped && settings.required.iter().any(|required| required.matches(&case.name)) {
            let reason = compared.reason.take().unwrap_or_default();
            (verdict, compared.reason) = (Verdict::Fail, Some(format!("required, but skipped: {reason}")));
        }
        let finished = CaseResult { duration: took, ..result(case, verdict, in_words(&compared)) };
        summary.add(verdict);
        twins.cases.push(compared);
        sink(Event::CaseFinished(Box::new(finished)));
    };
    let mut waiting = in_order(plan.cases, settings.jobs);
    let mut playing = JoinSet::new();
    loop {
        while playing.len() < settings.jobs.max(1) {
            let Some(case) = waiting.next() else { break };
            if let Some(reason) = sides.lack(&case) {
                finish(&case, not_compared(&case, Likeness::Skipped, reason), Duration::ZERO);
                continue;
            }
            let sides = sides.clone();
            playing.spawn(async move {
                let began = Instant::now();
                let compared = sides.play(&case).await;
                (case, compared, began.elapsed())
            });
        }
        let Some(ended) = playing.join_next().await else { break };
        let (case, compared, took) = ended.map_err(|problem| Error::Internal(format!("a case was lost: {problem}")))?;
        finish(&case, compared, took);
    }
    twins.cases.sort_by(|left, right| left.name.cmp(&right.name));
    twins.explanations = explaining.uses();
    for stale in twins.explanations.iter().filter(|explanation| explanation.is_stale) {
        summary.add(Verdict::Fixed);
        sink(Event::CaseFinished(Box::new(no_longer(stale))));
    }
    sink(Event::Compared(Box::new(twins)));
    sink(Event::RunFinished { summary, duration: began.elapsed() });
    Ok(summary)
}

/// Both backends, each with what its cases share.
#[derive(Clone)]
struct Sides {
    left: (Backend, Arc<Materials>),
    right: (Backend, Arc<Materials>),
    capture: Option<Capture>,
}

impl Sides {
    /// Why a case cannot be compared, if so. The right side is not asked what the left one lacks: to ask may cost something.
    fn lack(&self, case: &Case) -> Option<String> {
        let of_left = self.left.0.lacks(case).map(|reason| format!("left: {reason}"));
        of_left.or_else(|| self.right.0.lacks(case).map(|reason| format!("right: {reason}")))
    }

    async fn play(&self, case: &Case) -> TwinCase {
        let left = play(case, &self.left.0, &self.left.1, Until::Last).await;
        let right = play(case, &self.right.0, &self.right.1, Until::Last).await;
        if let Some(capture) = &self.capture {
            for (side, played, materials) in [("left", &left, &self.left.1), ("right", &right, &self.right.1)] {
                if let Err(problem) = capture.below(side).write(case, &played.attempts, materials) {
                    return not_compared(case, Likeness::Error, format!("{side}: {problem}"));
                }
            }
        }
        for (verdict, likeness) in [(Verdict::Error, Likeness::Error), (Verdict::Skipped, Likeness::Skipped)] {
            for (side, played) in [("left", &left), ("right", &right)] {
                if played.result.verdict == verdict {
                    let reason = played.result.reason.as_deref().unwrap_or("no reason given");
                    return not_compared(case, likeness, format!("{side}: {reason}"));
                }
            }
        }
        compared(case, &left, &right)
    }
}

fn compared(case: &Case, left: &Played, right: &Played) -> TwinCase {
    let mut twin =
        TwinCase { likeness: Likeness::Equal, reason: None, ..not_compared(case, Likeness::Equal, String::new()) };
    let mut is_apart = false;
    for (step, (left, right)) in case.steps.iter().zip(left.attempts.iter().zip(&right.attempts)) {
        // What only changes something comes out as nothing.
        let (Some(left), Some(right)) = (left, right) else { continue };
        if is_apart {
            twin.uncompared.insert("steps behind one that came out otherwise".to_owned());
            break;
        }
        let side = |attempt| SideOfStep { attempt, said: conversation::of_step(case, &step.verb, &attempt.recordings) };
        let about =
            Step { name: &step.name, is_of_program: is_of_program(case, &step.verb), has_kdc: !case.realms.is_empty() };
        let comparison = comparison::compare(about, &side(left), &side(right));
        twin.differences.extend(comparison.differences);
        twin.uncompared.extend(comparison.uncompared);
        is_apart = comparison::are_apart(left, right);
    }
    twin
}

fn is_of_program(case: &Case, verb: &Verb) -> bool {
    let client = verb.client().and_then(|client| case.clients.get(client));
    client.is_some_and(|client| matches!(client.kind, ClientKind::Command { .. }))
}

fn not_compared(case: &Case, likeness: Likeness, reason: String) -> TwinCase {
    TwinCase {
        name: case.name.clone(),
        scenario: case.scenario.name.clone(),
        likeness,
        reason: Some(reason),
        differences: Vec::new(),
        uncompared: BTreeSet::new(),
    }
}

/// Why a case has its verdict.
fn in_words(case: &TwinCase) -> Option<String> {
    let text = |text: &Option<String>| text.as_ref().map_or("nothing".to_owned(), |text| format!("\"{text}\""));
    let words = |difference: &Difference| {
        let Difference { step, at, left, right, .. } = difference;
        format!("{step}: {at}: left {}, right {}", text(left), text(right))
    };
    match case.likeness {
        Likeness::Equal => None,
        Likeness::Skipped | Likeness::Error => case.reason.clone(),
        Likeness::Different => {
            let unexplained: Vec<_> = case
                .differences
                .iter()
                .filter(|difference| !matches!(difference.explained, Explained::By { .. }))
                .collect();
            let first = unexplained.first().map(|difference| words(difference)).unwrap_or_default();
            Some(match unexplained.len() {
                0 | 1 => first,
                more => format!("{first}, and {} more", more - 1),
            })
        }
        Likeness::Explained => {
            let reasons: BTreeSet<_> = case
                .differences
                .iter()
                .filter_map(|difference| match &difference.explained {
                    Explained::By { reason, .. } => Some(reason.as_str()),
                    _ => None,
                })
                .collect();
            Some(reasons.into_iter().collect::<Vec<_>>().join("; "))
        }
    }
}

/// An explanation without a difference, as something that has to go.
fn no_longer(stale: &ExplanationUse) -> CaseResult {
    let ExplanationUse { place, at, .. } = stale;
    CaseResult {
        name: place.to_string(),
        scenario: place.file.display().to_string(),
        axes: Vec::new(),
        requirements: Vec::new(),
        models: Vec::new(),
        verdict: Verdict::Fixed,
        reason: Some(format!("no case that it names differs in {at} any more: remove {place}")),
        steps: Vec::new(),
        source: Source { file: place.file.clone(), line: place.line },
        duration: Duration::ZERO,
    }
}
