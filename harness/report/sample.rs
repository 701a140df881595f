//! A small run in which every verdict comes up once, for the tests of all reports.

use crate::engine::event::{CaseResult, Event, Expected, RunStarted, Source, StepResult, Summary, Verdict, Views};
use crate::handshake::Timestamp;
use crate::handshake::channel::TlsVersion;
use crate::handshake::outcome::{Outcome, Side};
use crate::handshake::trace::{Direction, EventName, Trace};
use crate::report::Record;
use std::time::Duration;

pub(crate) fn record() -> Record {
    events().iter().collect()
}

pub(crate) fn events() -> Vec<Event> {
    let cases = [passing(), failing(), known(), fixed(), skipped(), broken()];
    let summary: Summary = cases.iter().map(|case| case.verdict).collect();
    let mut events = vec![Event::RunStarted(started())];
    for case in cases {
        events.push(Event::CaseStarted { name: case.name.clone() });
        events.push(Event::CaseFinished(Box::new(case)));
    }
    events.push(Event::RunFinished { summary, duration: Duration::from_millis(1_234) });
    events
}

pub(crate) fn started() -> RunStarted {
    let text = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    RunStarted {
        cases: 6,
        readings: [("dhe-on-v3", "table")].map(text).into(),
        backend: "mock".to_owned(),
        requirements: [
            ("S3-47", "ECDHE-RSA-AES128-SHA: 3.01.0 and higher, from TLS 1.0"),
            ("S0-08", "Unix: after kinit no password is required"),
        ]
        .map(text)
        .into(),
        arguments: vec![],
        is_comparison: false,
    }
}

/// A suite that the server ought to have taken.
pub(crate) fn failing() -> CaseResult {
    let mut trace = Trace::new();
    trace.push(at(0), Direction::Local, EventName::Connect);
    trace.push(at(120), Direction::ToClient, EventName::Greeting);
    trace.push(at(150), Direction::FromClient, EventName::TlsRequest);
    trace.push(at(180), Direction::FromClient, EventName::ClientHello);
    trace.push_with(at(410), Direction::ToClient, EventName::Alert, "handshake_failure");
    CaseResult {
        axes: axes(&[("engine", "3.04.0"), ("tls", "1.0"), ("suite", "ECDHE-RSA-AES128-SHA")]),
        requirements: vec!["S3-47".to_owned(), "S3-37".to_owned()],
        steps: vec![StepResult {
            expected: Expected {
                client: Some(Outcome::established("password").over(TlsVersion::Tls1_0, "ECDHE-RSA-AES128-SHA")),
                trace: Some("connect greeting tls-request client-hello server-hello … ready".to_owned()),
                ..Expected::default()
            },
            views: Views {
                client: Some(Outcome::refused(Side::Server, "alert handshake_failure")),
                server: Some(Outcome::refused(Side::Server, "alert handshake_failure").because("no shared cipher")),
                kdc: None,
            },
            connections: vec![trace],
            phases_us: vec![("tcp".into(), 100), ("tls".into(), 260)],
            verdict: Verdict::Fail,
            explanation: Some("the outcome differs: refused instead of established".to_owned()),
            ..passed_step()
        }],
        ..case("mysql/cipher-suites", "3.04.0/tls1.0/ECDHE-RSA-AES128-SHA", Verdict::Fail, 31)
    }
}

/// The second of three steps goes wrong, so that the third is not reached.
fn known() -> CaseResult {
    let refused = Outcome::refused(Side::Server, "28000");
    CaseResult {
        requirements: vec!["S0-08".to_owned()],
        reason: Some("postgres/<1> & \"quotes\" are not done yet".to_owned()),
        steps: vec![
            StepResult { name: "kinit".to_owned(), verb: "kinit".to_owned(), ..passed_step() },
            StepResult {
                expected: Expected {
                    client: Some(Outcome::established("kerberos")),
                    server: Some("krb 44".to_owned()),
                    kdc: Some("krb 7".to_owned()),
                    ..Expected::default()
                },
                views: Views { client: Some(refused.saying("GSSAPI | failed")), ..Views::default() },
                verdict: Verdict::Fail,
                ..passed_step()
            },
            StepResult::not_reached("again", "connect", Expected::default()),
        ],
        ..case("postgres/kerberos-login", "gss", Verdict::Known, 20)
    }
}

fn passing() -> CaseResult {
    CaseResult { steps: vec![passed_step()], ..case("mysql/passwords", "right", Verdict::Pass, 12) }
}

fn fixed() -> CaseResult {
    CaseResult {
        steps: vec![passed_step()],
        reason: Some("the server was too slow".to_owned()),
        ..case("mysql/passwords", "wrong", Verdict::Fixed, 12)
    }
}

fn skipped() -> CaseResult {
    CaseResult {
        reason: Some("backend plays aurora-mysql 3.04.0".to_owned()),
        ..case("mysql/cipher-suites", "2.07.9/tls1.0/DHE-RSA-AES128-SHA", Verdict::Skipped, 31)
    }
}

fn broken() -> CaseResult {
    CaseResult {
        reason: Some("cannot listen on 127.0.0.1:0: too many open files".to_owned()),
        ..case("postgres/passwords", "right", Verdict::Error, 9)
    }
}

fn passed_step() -> StepResult {
    StepResult {
        name: "connect".to_owned(),
        verb: "connect".to_owned(),
        expected: Expected { client: Some(Outcome::established("password")), ..Expected::default() },
        views: Views { client: Some(Outcome::established("password")), ..Views::default() },
        connections: vec![],
        phases_us: vec![],
        verdict: Verdict::Pass,
        explanation: None,
        not_reached: false,
    }
}

fn case(scenario: &str, cell: &str, verdict: Verdict, line: usize) -> CaseResult {
    CaseResult {
        name: format!("{scenario}/{cell}"),
        scenario: scenario.to_owned(),
        axes: vec![],
        requirements: vec![],
        models: Vec::new(),
        verdict,
        reason: None,
        steps: vec![],
        source: Source { file: format!("{scenario}.toml").into(), line },
        duration: Duration::from_micros(2_500),
    }
}

fn axes(axes: &[(&str, &str)]) -> Vec<(String, String)> {
    axes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000) + Duration::from_micros(micros.unsigned_abs())
}
