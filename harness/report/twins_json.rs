//! The section `twins` of `results.json`: two backends side by side, version 1.
//!
//! ```json
//! {"version": 1, "left": {"backend": "mock", "products": []}, "right": {"backend": "process", "products": ["postgres 15.14"]},
//!  "cases": [{"name": "…", "scenario": "…", "likeness": "explained", "uncompared": ["what the server saw"],
//!    "differences": [{"step": "connect", "at": "ParameterStatus[server_version].value", "left": "15.4", "right": "15.14 (Debian)",
//!      "explained": {"reason": "…", "source": "…", "place": "scenarios/explained/postgres-15.toml:3"}}]}],
//!  "explanations": [{"place": "scenarios/explained/postgres-15.toml:3", "at": "…", "cases": 36}],
//!  "scenarios": {"postgres/tls": {"compared": 36, "equal": 0, "explained": 36, "different": 0, "skipped": 0, "error": 0}}}
//! ```
//!
//! `left` or `right` of a difference is `null` where nothing stands on that side. What is a matter of course is left out: no
//! differences, no reason, no explanation, `stale` that is false.

use crate::engine::twins;
use crate::report::twins::scenarios;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of this section's format.
pub const VERSION: u32 = 1;

/// The whole section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twins {
    /// [`VERSION`].
    pub version: u32,
    /// What stood on the left.
    pub left: Twin,
    /// What stood on the right.
    pub right: Twin,
    /// The cases by name.
    pub cases: Vec<Case>,
    /// What became of each explanation.
    pub explanations: Vec<Explanation>,
    /// How many cases of each scenario compare in which way.
    pub scenarios: BTreeMap<String, Tally>,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twin {
    /// What was asked for.
    pub backend: String,
    /// The real products behind it.
    pub products: Vec<String>,
}

/// One case on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its stable name.
    pub name: String,
    /// The scenario it is a cell of.
    pub scenario: String,
    /// [`twins::Likeness::word`].
    pub likeness: String,
    /// Why it was not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What could not be compared although the case was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncompared: Vec<String>,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// In which step.
    pub step: String,
    /// Where.
    pub at: String,
    /// What stands there on the left.
    pub left: Option<String>,
    /// What stands there on the right.
    pub right: Option<String>,
    /// Why that is as it has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained: Option<Reason>,
    /// Where an explanation of this place stands that has other texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_otherwise: Option<String>,
}

/// Why a difference is as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Why.
    pub reason: String,
    /// Where that is written.
    pub source: String,
    /// Where the explanation stands.
    pub place: String,
}

/// What became of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Where it stands.
    pub place: String,
    /// Where the difference is that it explains.
    pub at: String,
    /// How many cases it explained something of.
    pub cases: usize,
    /// There is nothing left to explain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// How many cases compare in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of twins::Likeness")]
pub struct Tally {
    pub compared: usize,
    pub equal: usize,
    pub explained: usize,
    pub different: usize,
    pub skipped: usize,
    pub error: usize,
}

impl From<&twins::Twins> for Twins {
    fn from(all: &twins::Twins) -> Self {
        let twin = |twin: &twins::Twin| Twin { backend: twin.backend.clone(), products: twin.products.clone() };
        let explanation = |explanation: &twins::ExplanationUse| Explanation {
            place: explanation.place.to_string(),
            at: explanation.at.clone(),
            cases: explanation.cases,
            stale: explanation.is_stale,
        };
        let tallies = scenarios(all).into_iter().map(|(scenario, cases)| {
            let tally: twins::Tally = cases.into_iter().collect();
            (scenario.to_owned(), Tally::from(tally))
        });
        Self {
            version: VERSION,
            left: twin(&all.left),
            right: twin(&all.right),
            cases: all.cases.iter().map(Case::from).collect(),
            explanations: all.explanations.iter().map(explanation).collect(),
            scenarios: tallies.collect(),
        }
    }
}

impl From<&twins::TwinCase> for Case {
    fn from(case: &twins::TwinCase) -> Self {
        Self {
            name: case.name.clone(),
            scenario: case.scenario.clone(),
            likeness: case.likeness.word().to_owned(),
            reason: case.reason.clone(),
            differences: case.differences.iter().map(Difference::from).collect(),
            uncompared: case.uncompared.iter().cloned().collect(),
        }
    }
}

impl From<&twins::Difference> for Difference {
    fn from(difference: &twins::Difference) -> Self {
        let (explained, explained_otherwise) = match &difference.explained {
            twins::Explained::Not => (None, None),
            twins::Explained::Otherwise { place } => (None, Some(place.clone())),
            twins::Explained::By { reason, source, place } => {
                let reason = Reason { reason: reason.clone(), source: source.clone(), place: place.clone() };
                (Some(reason), None)
            }
        };
        Self {
            step: difference.step.clone(),
            at: difference.at.clone(),
            left: difference.left.clone(),
            right: difference.right.clone(),
            explained,
            explained_otherwise,
        }
    }
}

impl From<twins::Tally> for Tally {
    fn from(tally: twins::Tally) -> Self {
        let compared = tally.compared();
        let twins::Tally { equal, explained, different, skipped, error } = tally;
        Self { compared, equal, explained, different, skipped, error }
    }
}
