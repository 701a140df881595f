//! Outcome and trace held against the expectation.

use crate::engine::event::{Expected, StepResult, Verdict, Views};
use crate::handshake::transcript::Field;
use crate::handshake::{Outcome, Trace};
use crate::scenario::expect::Expectation;
use crate::scenario::pattern::OutcomePattern;
use crate::scenario::plan::{Case, Step};
use crate::testbed::{Attempt, View, conversation};
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

/// The verdict about a step that was performed.
#[must_use]
pub fn judge(case: &Case, step: &Step, attempt: &Attempt) -> StepResult {
    let unsaid = |expectation: &Expectation| unsaid(case, step, expectation, attempt);
    let explanation = step
        .expectation
        .as_ref()
        .and_then(|expectation| difference(expectation, attempt).or_else(|| unsaid(expectation)));
    StepResult {
        name: step.name.clone(),
        verb: step.verb.word().to_owned(),
        expected: expected(step),
        verdict: if explanation.is_none() { Verdict::Pass } else { Verdict::Fail },
        explanation,
        views: Views {
            client: Some(attempt.client.clone()),
            server: attempt.server.seen().cloned(),
            kdc: attempt.kdc.seen().cloned(),
        },
        connections: attempt.connections.clone(),
        phases_us: attempt
            .phases
            .iter()
            .map(|(phase, took)| (Cow::Borrowed(phase.word()), u64::try_from(took.as_micros()).unwrap_or(u64::MAX)))
            .collect(),
        not_reached: false,
    }
}

/// The first thing that is not as expected: the client's outcome, what the others saw, the trace. A view that cannot be
/// observed is not judged; one that can be observed and that shows nothing is not as expected, whatever is expected of it.
/// And whatever is expected, nobody is logged in to a server that has not let him in.
fn difference(expectation: &Expectation, attempt: &Attempt) -> Option<String> {
    if let Err(mismatch) = expectation.client.check(&attempt.client) {
        return Some(format!("client: {mismatch}"));
    }
    if let Some(seen) = attempt.server.seen().filter(|seen| attempt.client.is_established() && !seen.is_established()) {
        return Some(format!("server: the client says that it is logged in, what the server saw is {seen}"));
    }
    for (party, pattern, view) in
        [("server", &expectation.server, &attempt.server), ("kdc", &expectation.kdc, &attempt.kdc)]
    {
        let Some(pattern) = pattern else { continue };
        match view {
            View::Unobserved => {}
            View::Nothing => return Some(format!("{party}: expected {pattern}, was nothing at all")),
            View::Seen(outcome) => {
                if let Err(mismatch) = pattern.check(outcome) {
                    return Some(format!("{party}: {mismatch}"));
                }
            }
        }
    }
    // What a program does on the way to an endpoint passes us by.
    let unobserved = matches!((&attempt.server, &attempt.kdc), (View::Unobserved, View::Unobserved));
    if attempt.connections.is_empty() && unobserved {
        return None;
    }
    let pattern = expectation.trace.as_ref()?;
    let connections: Vec<&Trace> = attempt.connections.iter().collect();
    pattern.check(&connections).err().map(|mismatch| format!("trace: {mismatch}"))
}

/// What was to stand in a message and does not. A server that cannot be observed may word it otherwise.
fn unsaid(case: &Case, step: &Step, expectation: &Expectation, attempt: &Attempt) -> Option<String> {
    if expectation.says.is_empty() || attempt.server == View::Unobserved && attempt.kdc == View::Unobserved {
        return None;
    }
    let said = conversation::of_step(case, &step.verb, &attempt.recordings);
    expectation.says.iter().find_map(|(place, wording)| {
        let wrong = |was: String| Some(format!("says: expected {place} to be '{}', was {was}", wording.text()));
        match said.iter().find_map(|transcript| transcript.at(place)) {
            Some(Field::Fixed(text) | Field::Varies(text)) if wording.matches(text) => None,
            Some(Field::Fixed(text) | Field::Varies(text)) => wrong(format!("'{text}'")),
            Some(Field::Hidden(octets)) => wrong(format!("a secret of {octets} octets, which is not looked at")),
            None => wrong("not there".to_owned()),
        }
    })
}

fn outcome(pattern: &OutcomePattern) -> Outcome {
    let OutcomePattern { kind, by, code, tls, suite, method, phase } = pattern.clone();
    Outcome {
        kind,
        by,
        code: code.map(Cow::Owned),
        tls,
        suite,
        method: method.map(Cow::Owned),
        cause: None,
        message: None,
        phase: phase.map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Side;
    use crate::scenario::plan::{Place, Verb};

    fn step() -> Step {
        let place = Place { file: "x.toml".into(), line: 1 };
        Step {
            name: "connect".to_owned(),
            verb: Verb::Connect {
                from: "app".to_owned(),
                to: "db".to_owned(),
                host: None,
                former_port: false,
                replay: false,
            },
            expectation: Some(Expectation {
                client: "refused by client: no_ticket".parse().unwrap(),
                server: Some("eof".parse().unwrap()),
                kdc: Some("krb 24".parse().unwrap()),
                trace: Some("connect …".parse().unwrap()),
                says: Default::default(),
                within: Default::default(),
                requirements: Vec::new(),
                place: place.clone(),
            }),
            place,
        }
    }

    fn case() -> Case {
        let library = crate::scenario::Library::built_in().unwrap();
        let source = crate::scenario::Source::built_in_file("mysql/passwords").unwrap();
        crate::scenario::make_plan(&[source], &library, &Default::default()).unwrap().cases.remove(0)
    }

    /// What a change to an attempt that is as expected does to the verdict.
    fn check(change: impl FnOnce(&mut Attempt), expected: Option<&str>) {
        let mut trace = Trace::new();
        trace.push(
            crate::handshake::Timestamp::EPOCH,
            crate::handshake::Direction::Local,
            crate::handshake::EventName::Connect,
        );
        let mut attempt = Attempt {
            client: Outcome::refused(Side::Client, "no_ticket"),
            server: View::Seen(Outcome::refused(Side::Client, "eof")),
            kdc: View::Seen(Outcome::refused(Side::Kdc, "krb 24")),
            connections: vec![trace],
            phases: Vec::new(),
            recordings: Vec::new(),
        };
        change(&mut attempt);
        let judged = judge(&case(), &step(), &attempt);
        assert_eq!(judged.explanation.as_deref(), expected);
        assert_eq!(judged.verdict, if expected.is_none() { Verdict::Pass } else { Verdict::Fail });
    }

    #[test]
    fn every_view_is_held_against_what_is_expected_of_it() {
        check(|_| {}, None);
        check(
            |attempt| attempt.client = Outcome::established("kerberos"),
            Some("client: kind differs: expected refused by client: no_ticket, was established by kerberos"),
        );
        check(
            |attempt| attempt.server = View::Seen(Outcome::refused(Side::Server, "1045 28000")),
            Some("server: code or cause differs: expected eof, was refused by server: 1045 28000"),
        );
        check(
            |attempt| attempt.kdc = View::Seen(Outcome::refused(Side::Kdc, "krb 6")),
            Some("kdc: code or cause differs: expected krb 24, was refused by kdc: krb 6"),
        );
        check(
            |attempt| attempt.connections.clear(),
            Some("trace: number of connections differs: expected connect …, was no connection"),
        );
    }

    #[test]
    fn who_cannot_be_observed_is_not_judged_and_who_can_be_and_saw_nothing_is() {
        check(|attempt| (attempt.server, attempt.kdc) = (View::Unobserved, View::Unobserved), None);
        check(|attempt| attempt.server = View::Nothing, Some("server: expected eof, was nothing at all"));
        check(|attempt| attempt.kdc = View::Nothing, Some("kdc: expected krb 24, was nothing at all"));
    }
}
