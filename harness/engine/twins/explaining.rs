//! Which differences have their explanation, and which explanations have nothing left to explain.

use crate::engine::twins::{Difference, Explained, ExplanationUse, Likeness, TwinCase};
use crate::scenario::Explanations;
use crate::scenario::explained::Explanation;
use std::collections::BTreeSet;

/// Which side the peer is on that explanations are about. The other one is the mock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerSide {
    Left,
    Right,
}

/// The explanations of one comparison, and what has become of them so far.
#[derive(Debug)]
pub(super) struct Explaining {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    explanation: Explanation,
    side: PeerSide,
    explained: usize,
    compared: usize,
    failed: bool,
    /// Cases that it names and that have not come by.
    missing: BTreeSet<String>,
}

impl Explaining {
    /// `every` holds the names of all cases that there are, played or not.
    pub(super) fn new(left: &Explanations, right: &Explanations, every: &BTreeSet<String>) -> Self {
        let of_side = |explanations: &Explanations, side| {
            let entry = move |explanation: &Explanation| Entry {
                missing: every.iter().filter(|case| explanation.names(case)).cloned().collect(),
                explanation: explanation.clone(),
                side,
                explained: 0,
                compared: 0,
                failed: false,
            };
            explanations.entries().iter().map(entry).collect::<Vec<_>>()
        };
        let mut entries = of_side(left, PeerSide::Left);
        entries.extend(of_side(right, PeerSide::Right));
        Self { entries }
    }

    /// Marks what is explained in a case, and says how its sides compare then.
    pub(super) fn explain(&mut self, case: &mut TwinCase) {
        let mut used = BTreeSet::new();
        for difference in &mut case.differences {
            difference.explained = Explained::Not;
            for (index, entry) in self.entries.iter().enumerate() {
                let Explanation { reason, source, place, .. } = &entry.explanation;
                if !entry.explanation.is_about(&case.name, &difference.step, &difference.at) {
                    continue;
                }
                if entry.explains(difference) {
                    used.insert(index);
                    difference.explained =
                        Explained::By { reason: reason.clone(), source: source.clone(), place: place.to_string() };
                    break;
                }
                difference.explained = Explained::Otherwise { place: place.to_string() };
            }
        }
        if case.likeness.is_compared() {
            let is_explained = |difference: &Difference| matches!(difference.explained, Explained::By { .. });
            case.likeness = match &case.differences {
                none if none.is_empty() => Likeness::Equal,
                all if all.iter().all(is_explained) => Likeness::Explained,
                _ => Likeness::Different,
            };
        }
        for (index, entry) in self.entries.iter_mut().enumerate() {
            if entry.missing.remove(&case.name) {
                entry.explained += usize::from(used.contains(&index));
                entry.compared += usize::from(case.likeness.is_compared());
                entry.failed |= case.likeness == Likeness::Error;
            }
        }
    }

    /// What became of each.
    pub(super) fn uses(self) -> Vec<ExplanationUse> {
        let used = |entry: Entry| ExplanationUse {
            is_stale: entry.missing.is_empty() && !entry.failed && entry.compared > 0 && entry.explained == 0,
            place: entry.explanation.place,
            at: entry.explanation.at,
            cases: entry.explained,
        };
        self.entries.into_iter().map(used).collect()
    }
}

impl Entry {
    fn explains(&self, difference: &Difference) -> bool {
        let (left, right) = (difference.left.as_deref(), difference.right.as_deref());
        match self.side {
            PeerSide::Right => self.explanation.is_of(left, right),
            PeerSide::Left => self.explanation.is_of(right, left),
        }
    }
}
