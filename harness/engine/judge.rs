//! Outcome and trace held against the expectation.

use crate::engine::event::{Expected, StepResult, Verdict, Views};
use crate::handshake::{Outcome, Trace};
use crate::scenario::expect::Expectation;
use crate::scenario::pattern::OutcomePattern;
use crate::scenario::plan::Step;
use crate::testbed::Attempt;
use std::borrow::Cow;

/// What a step should have been, in the words of a report.
#[must_use]
pub fn expected(step: &Step) -> Expected {
    let Some(expectation) = &step.expectation else { return Expected::default() };
    Expected {
        client: Some(outcome(&expectation.client)),
        server: expectation.server.as_ref().map(ToString::to_string),
        kdc: expectation.kdc.as_ref().map(ToString::to_string),
        trace: expectation.trace.as_ref().map(ToString::to_string),
    }
}

/// The verdict about a step that was performed. `observed` says whether servers and KDCs are mocks, so that it is known what they
/// saw.
#[must_use]
pub fn judge(step: &Step, attempt: Attempt, observed: bool) -> StepResult {
    let explanation = step.expectation.as_ref().and_then(|expectation| difference(expectation, &attempt, observed));
    StepResult {
        name: step.name.clone(),
        verb: step.verb.word().to_owned(),
        expected: expected(step),
        verdict: if explanation.is_none() { Verdict::Pass } else { Verdict::Fail },
        explanation,
        views: Views { client: Some(attempt.client), server: attempt.server, kdc: attempt.kdc },
        connections: attempt.connections,
        phases_us: attempt
            .phases
            .into_iter()
            .map(|(phase, took)| (Cow::Borrowed(phase.word()), u64::try_from(took.as_micros()).unwrap_or(u64::MAX)))
            .collect(),
        not_reached: false,
    }
}

/// The first thing that is not as expected: the client's outcome, what the others saw, the trace. A view that cannot be
/// observed is not judged; one that can, and that is expected of a party that nobody asked, is a difference. Whatever is
/// expected, nobody is logged in to a server that has not let him in.
fn difference(expectation: &Expectation, attempt: &Attempt, observed: bool) -> Option<String> {
    if let Err(mismatch) = expectation.client.check(&attempt.client) {
        return Some(format!("client: {mismatch}"));
    }
    if let Some(seen) = attempt.server.as_ref().filter(|seen| attempt.client.is_established() && !seen.is_established())
    {
        return Some(format!("server: the client says that it is logged in, what the server saw is {seen}"));
    }
    for (party, pattern, view) in
        [("server", &expectation.server, &attempt.server), ("kdc", &expectation.kdc, &attempt.kdc)]
    {
        match (pattern, view) {
            (Some(pattern), Some(view)) => {
                if let Err(mismatch) = pattern.check(view) {
                    return Some(format!("{party}: {mismatch}"));
                }
            }
            (Some(pattern), None) if observed => {
                return Some(format!("{party}: expected {pattern}, but nobody asked the {party}"));
            }
            _ => {}
        }
    }
    // What a program does on the way to an endpoint passes us by.
    if attempt.connections.is_empty() && !observed {
        return None;
    }
    let pattern = expectation.trace.as_ref()?;
    let connections: Vec<&Trace> = attempt.connections.iter().collect();
    pattern.check(&connections).err().map(|mismatch| format!("trace: {mismatch}"))
}

fn outcome(pattern: &OutcomePattern) -> Outcome {
    let OutcomePattern { kind, by, code, tls, suite, method } = pattern.clone();
    Outcome {
        kind,
        by,
        code: code.map(Cow::Owned),
        tls,
        suite,
        method: method.map(Cow::Owned),
        cause: None,
        message: None,
    }
}
