//! The built-in scenarios, played on the mocks: the README's first promise.

use crate::built_in::CELLS;
use crate::play::{Played, play, scenario};
use shakedown::engine::event::{CaseResult, Exit, Verdict};
use shakedown::handshake::{Direction, EventName, Kind, Side};
use shakedown::scenario::Source;
use std::collections::BTreeMap;

#[test]
fn every_case_passes_and_none_is_known_to_fail() {
    let Played { summary, cases } = play(&Source::built_in());
    let bad: Vec<_> = cases
        .values()
        .filter(|case| case.verdict != Verdict::Pass && !lacks_a_proxy(case) && !needs_windows(case))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let planned = CELLS.iter().map(|(_, cells)| cells).sum::<usize>();
    assert_eq!((summary.pass + summary.skipped, summary.exit()), (planned, Exit::AsExpected));

    let mut played: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases.values() {
        *played.entry(&case.scenario).or_default() += 1;
    }
    assert_eq!(played, CELLS.into());
}

/// What only a client library on Windows shows.
fn needs_windows(case: &CaseResult) -> bool {
    let is_said = case.reason.as_deref() == Some("needs Windows");
    case.verdict == Verdict::Skipped && case.scenario == "kerberos/windows" && is_said
}

/// Proxies are programs, which not every machine has. `tests/run` has them installed and says that they are to be there.
fn lacks_a_proxy(case: &CaseResult) -> bool {
    let required = std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_some_and(|value| value == "1");
    let reasons = ["haproxy is not installed", "pgbouncer is not installed"];
    let is_missing = case.reason.as_deref().is_some_and(|reason| reasons.contains(&reason));
    case.verdict == Verdict::Skipped && case.scenario.starts_with("proxy/") && is_missing && !required
}

/// Counted from what came out on the wire; what the scenario expects is not looked at.
#[test]
fn of_the_288_cells_of_the_cipher_matrix_120_establish_and_168_are_refused_by_the_server_with_alert_40() {
    let played = play(&[scenario("mysql/cipher-suites")]);
    let (established, refused): (Vec<_>, Vec<_>) =
        played.cases.values().partition(|case| client(case).kind == Kind::Established);
    assert_eq!((played.cases.len(), established.len(), refused.len()), (288, 120, 168));

    for case in established {
        let [(_, _), (_, tls), (_, suite)] = case.axes.as_slice() else { panic!("{}", case.name) };
        let outcome = client(case);
        assert_eq!(outcome.tls.map(|version| version.number()), Some(tls.as_str()), "{}", case.name);
        assert_eq!(outcome.suite.as_ref(), Some(suite), "{}", case.name);
        assert_eq!(outcome.method.as_deref(), Some("password"), "{}", case.name);
        // Each side has read version and suite for itself.
        let server = case.steps[0].views.server.as_ref().unwrap();
        assert_eq!((server.kind, server.tls, &server.suite), (Kind::Established, outcome.tls, &outcome.suite));
    }
    for case in refused {
        let outcome = client(case);
        assert_eq!(outcome.kind, Kind::Refused, "{}", case.name);
        assert_eq!((outcome.by, outcome.code.as_deref()), (Some(Side::Server), Some("alert handshake_failure")));
        let [trace] = case.steps[0].connections.as_slice() else { panic!("{}", case.name) };
        let alerts: Vec<_> = trace.events().iter().filter(|event| event.name == EventName::Alert).collect();
        let [alert] = alerts.as_slice() else { panic!("{}: {trace}", case.name) };
        assert_eq!((alert.direction, alert.detail.as_deref()), (Direction::ToClient, Some("handshake_failure")));
        let order: Vec<_> = trace.events().iter().map(|event| event.name).collect();
        let hello = order.iter().position(|name| *name == EventName::ClientHello).unwrap();
        assert!(hello < order.iter().position(|name| *name == EventName::Alert).unwrap(), "{}: {trace}", case.name);
    }
}

fn client(case: &CaseResult) -> &shakedown::handshake::Outcome {
    case.steps[0].views.client.as_ref().unwrap()
}
