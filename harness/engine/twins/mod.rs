//! The same cases on two backends, and where these differ.
//!
//! A mock is worth what its likeness is worth. Each case is played on the left and on the right, and what came out is held
//! against each other step by step: the client's outcome, the words that went with it, the trace, what every party saw, and what
//! was said message by message. Nothing is expected of either side here; that is what a run is for.
//!
//! ```text
//! case ──┬─▶ left ──▶ attempts ──┐
//!        └─▶ right ─▶ attempts ──┴─▶ comparison ──▶ differences ──▶ explained, or not
//! ```
//!
//! What cannot be compared (a case that one side lacks, a view that nobody has) is said and never counts as equal.

mod alignment;
mod comparison;
mod explaining;
mod message;
mod play;
mod wording;

pub use play::{Settings, compare};

use crate::engine::event::Verdict;
use crate::engine::twins::explaining::Explaining;
use crate::handshake::Transcript;
use crate::scenario::Explanations;
use crate::scenario::plan::Place;
use std::collections::BTreeSet;

/// Two backends held against each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Twins {
    /// What stood on the left.
    pub left: Twin,
    /// What stood on the right.
    pub right: Twin,
    /// The cases, by name.
    pub cases: Vec<TwinCase>,
    /// What became of each explanation.
    pub explanations: Vec<ExplanationUse>,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Twin {
    /// What was asked for: `mock`, `postgres=process`.
    pub backend: String,
    /// The real products behind it: `postgres 15.14`.
    pub products: Vec<String>,
}

/// One case on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwinCase {
    /// Its stable name.
    pub name: String,
    /// The scenario it is a cell of.
    pub scenario: String,
    /// How the two compare.
    pub likeness: Likeness,
    /// Why it was skipped, or what went wrong: `right: no installed server`.
    pub reason: Option<String>,
    /// Everything that differs, in the order of the steps.
    pub differences: Vec<Difference>,
    /// What could not be compared although the case was: `what the server saw`.
    pub uncompared: BTreeSet<String>,
}

/// What differs between what was said in a step of a case and what was said to a peer, and which of that is explained.
#[must_use]
pub fn conversations(
    case: &str,
    step: &str,
    mock: &[Transcript],
    peer: &[Transcript],
    explained: &Explanations,
) -> Vec<Difference> {
    let mut twin = TwinCase {
        name: case.to_owned(),
        scenario: String::new(),
        likeness: Likeness::Equal,
        reason: None,
        differences: comparison::said(step, mock, peer),
        uncompared: BTreeSet::new(),
    };
    Explaining::new(&Explanations::default(), explained, &BTreeSet::new()).explain(&mut twin);
    twin.differences
}

/// How the two sides of a case compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    /// In everything that was compared.
    Equal,
    /// All that differs has its explanation.
    Explained,
    /// Something differs without one.
    Different,
    /// Not compared, with a reason.
    Skipped,
    /// The harness or its environment failed on either side.
    Error,
}

impl Likeness {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Equal, Self::Explained, Self::Different, Self::Skipped, Self::Error];

    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Explained => "explained",
            Self::Different => "different",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }

    /// Whether both sides were held against each other.
    #[must_use]
    pub const fn is_compared(self) -> bool {
        matches!(self, Self::Equal | Self::Explained | Self::Different)
    }

    /// What that is for the run as a whole.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Equal => Verdict::Pass,
            Self::Explained => Verdict::Known,
            Self::Different => Verdict::Fail,
            Self::Skipped => Verdict::Skipped,
            Self::Error => Verdict::Error,
        }
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In which step.
    pub step: String,
    /// Where: `outcome`, `message`, `trace`, `Greeting.status`, `messages`.
    pub at: String,
    /// What stands there on the left; `None` is nothing at all.
    pub left: Option<String>,
    /// What stands there on the right; `None` is nothing at all.
    pub right: Option<String>,
    /// Whether that is as it has to be.
    pub explained: Explained,
}

/// Whether a difference has an explanation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Explained {
    /// None is about this place.
    Not,
    /// There is one about this place, with other texts.
    Otherwise {
        /// Where it stands: `scenarios/explained/mariadb-10.11.toml:12`.
        place: String,
    },
    /// By this one.
    By {
        /// Why.
        reason: String,
        /// Where that is written.
        source: String,
        /// Where it stands.
        place: String,
    },
}

/// What became of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplanationUse {
    /// Where it stands.
    pub place: Place,
    /// Where the difference is that it explains.
    pub at: String,
    /// How many cases it explained something of.
    pub cases: usize,
    /// Whether there is nothing left to explain: every case that it names was there, at least one was compared, and none
    /// differs so.
    pub is_stale: bool,
}

/// How many cases compare in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// In everything.
    pub equal: usize,
    /// All that differs has its explanation.
    pub explained: usize,
    /// Something has none.
    pub different: usize,
    /// Not compared.
    pub skipped: usize,
    /// The harness or its environment failed.
    pub error: usize,
}

impl Tally {
    /// Cases that were held against each other.
    #[must_use]
    pub const fn compared(&self) -> usize {
        self.equal + self.explained + self.different
    }
}

impl<'c> FromIterator<&'c TwinCase> for Tally {
    fn from_iter<I: IntoIterator<Item = &'c TwinCase>>(cases: I) -> Self {
        let mut tally = Self::default();
        for case in cases {
            match case.likeness {
                Likeness::Equal => tally.equal += 1,
                Likeness::Explained => tally.explained += 1,
                Likeness::Different => tally.different += 1,
                Likeness::Skipped => tally.skipped += 1,
                Likeness::Error => tally.error += 1,
            }
        }
        tally
    }
}
