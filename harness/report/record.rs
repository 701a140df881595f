//! Everything that a run said, folded.

use crate::engine::event::{CaseResult, Event, RunStarted, Summary};
use crate::engine::twins::Twins;
use std::time::Duration;

/// A whole run. Cases stand in the order of their names: they run side by side, and two runs of the same plan are to give
/// reports that can be compared line by line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// What was known before the first case.
    pub started: RunStarted,
    /// How each case came out, by name.
    pub cases: Vec<CaseResult>,
    /// How many cases came out in which way.
    pub summary: Summary,
    /// From the start of the run to its end.
    pub duration: Duration,
    /// How the two backends compare, if it was that that was asked.
    pub twins: Option<Twins>,
}

impl Record {
    /// Takes one event.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.started = started.clone(),
            Event::CaseStarted { .. } => {}
            Event::CaseFinished(case) => self.cases.push((**case).clone()),
            Event::Compared(twins) => self.twins = Some((**twins).clone()),
            Event::RunFinished { summary, duration } => {
                self.cases.sort_by(|left, right| left.name.cmp(&right.name));
                self.summary = *summary;
                self.duration = *duration;
            }
        }
    }

    /// The cases of each scenario together, scenarios by name.
    #[must_use]
    pub fn scenarios(&self) -> Vec<(&str, Vec<&CaseResult>)> {
        let mut scenarios = std::collections::BTreeMap::<&str, Vec<&CaseResult>>::new();
        for case in &self.cases {
            scenarios.entry(&case.scenario).or_default().push(case);
        }
        scenarios.into_iter().collect()
    }
}

/// Folds a finished sequence of events.
impl<'a> FromIterator<&'a Event> for Record {
    fn from_iter<I: IntoIterator<Item = &'a Event>>(events: I) -> Self {
        let mut record = Self::default();
        events.into_iter().for_each(|event| record.fold(event));
        record
    }
}

#[cfg(test)]
mod tests {
    use crate::report::sample;

    #[test]
    fn the_order_in_which_cases_finish_does_not_show() {
        let mut events = sample::events();
        let forwards: super::Record = events.iter().collect();
        let last = events.len() - 1;
        events[1..last].reverse();
        assert_eq!(forwards, events.iter().collect());
        assert!(forwards.cases.is_sorted_by_key(|case| &case.name));
    }
}
