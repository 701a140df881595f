//! What must come out of a step.

use crate::scenario::explained::Wording;
use crate::scenario::pattern::{OutcomePattern, ViewPattern};
use crate::scenario::plan::Place;
use crate::scenario::trace_pattern::TracePattern;
use std::collections::BTreeMap;
use std::time::Duration;

/// What must come out of a step, for one case.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The outcome as the client sees it.
    pub client: OutcomePattern,
    /// What the server saw or answered.
    pub server: Option<ViewPattern>,
    /// What the KDC saw or answered.
    pub kdc: Option<ViewPattern>,
    /// The events on the wire.
    pub trace: Option<TracePattern>,
    /// What stands in messages, by the place: `Greeting.version`. Judged on mocks.
    pub says: BTreeMap<String, Wording>,
    /// Bounds for phases, judged under load only.
    pub within: BTreeMap<String, Duration>,
    /// Requirements that the rule shows beside those of the case.
    pub requirements: Vec<String>,
    /// The rule that decided.
    pub place: Place,
}
