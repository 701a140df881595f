//! The survey of faults: each is switched on by itself, and the cases that it touches are played until one notices.
//!
//! A case has noticed if it fails with the fault and passes without it; one that fails anyway, or that the harness could not
//! play, has not. Faults are surveyed side by side, the cases of one after the other.

mod order;

use crate::engine::event::Verdict;
use crate::engine::play::{Until, play};
use crate::error::Error;
use crate::scenario::faults::Fault;
use crate::scenario::plan::Case;
use crate::testbed::{Backend, Materials};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// So many of the likeliest cases show that nobody notices what nobody has to.
const ENOUGH: usize = 12;

/// What a survey found out about a fault.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The fault.
    pub fault: Fault,
    /// The case that noticed; `None` if none did.
    pub caught: Option<Catch>,
    /// How many cases have a party that can have the fault.
    pub touched: usize,
    /// How many of them were played.
    pub played: usize,
    /// How long that took.
    pub took: Duration,
}

/// How a fault was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catch {
    /// The case.
    pub case: String,
    /// The step that did not come out as expected.
    pub step: String,
    /// What was expected, and what was.
    pub why: String,
    /// The requirements that the case shows.
    pub requirements: Vec<String>,
}

impl Finding {
    /// Whether this spoils the survey: nobody noticed what somebody has to notice.
    #[must_use]
    pub const fn is_bad(&self) -> bool {
        self.caught.is_none() && self.fault.allowed.is_none()
    }
}

/// Surveys `faults`, `jobs` at a time, and tells `sink` of each as it is finished. The findings are in the order of the faults.
///
/// # Errors
/// What all cases share cannot be made.
pub async fn survey(
    faults: Vec<Fault>,
    cases: Vec<Case>,
    jobs: usize,
    mut sink: impl FnMut(&Finding),
) -> Result<Vec<Finding>, Error> {
    let backend = Backend::mock();
    let cases: Vec<_> = cases.into_iter().filter(|case| backend.lacks(case).is_none()).collect();
    let materials = Arc::new(backend.materials(&cases)?);
    let ground = Arc::new(Ground { cases, backend, materials, sound: Mutex::default() });
    let mut waiting = faults.into_iter().enumerate();
    let mut surveyed = JoinSet::new();
    let mut findings = BTreeMap::new();
    loop {
        while surveyed.len() < jobs.max(1) {
            let Some((place, fault)) = waiting.next() else { break };
            let ground = Arc::clone(&ground);
            surveyed.spawn(async move { (place, ground.survey(fault).await) });
        }
        let Some(ended) = surveyed.join_next().await else { break };
        let (place, finding) = ended.map_err(|problem| Error::Internal(format!("a fault was lost: {problem}")))?;
        sink(&finding);
        findings.insert(place, finding);
    }
    Ok(findings.into_values().collect())
}

/// What all faults are surveyed on.
struct Ground {
    cases: Vec<Case>,
    backend: Backend,
    materials: Arc<Materials>,
    /// Whether a case passes without any fault, where that was asked.
    sound: Mutex<BTreeMap<String, bool>>,
}

impl Ground {
    async fn survey(&self, fault: Fault) -> Finding {
        let began = Instant::now();
        let mut order = order::order(&fault, &self.cases);
        let (touched, mut played, mut caught) = (order.len(), 0, None);
        if fault.allowed.is_some() {
            order.truncate(ENOUGH);
        }
        for index in order {
            let case = &self.cases[index];
            let Some(afflicted) = fault.afflict(case) else { continue };
            played += 1;
            let result = play(&afflicted, &self.backend, &self.materials, Until::Unexpected).await.result;
            if result.verdict != Verdict::Fail || !self.is_sound(case).await {
                continue;
            }
            let step = result.first_difference();
            caught = Some(Catch {
                case: result.name.clone(),
                step: step.map(|step| step.name.clone()).unwrap_or_default(),
                why: step.and_then(|step| step.explanation.clone()).unwrap_or_default(),
                requirements: result.requirements.clone(),
            });
            break;
        }
        Finding { fault, caught, touched, played, took: began.elapsed() }
    }

    /// Whether a case passes as it is.
    async fn is_sound(&self, case: &Case) -> bool {
        let known =
            |ground: &Self| ground.sound.lock().unwrap_or_else(PoisonError::into_inner).get(&case.name).copied();
        if let Some(sound) = known(self) {
            return sound;
        }
        let played = play(case, &self.backend, &self.materials, Until::Unexpected).await;
        let sound = played.result.verdict == Verdict::Pass;
        self.sound.lock().unwrap_or_else(PoisonError::into_inner).insert(case.name.clone(), sound);
        sound
    }
}
