//! Plays cases once each and says how they came out.
//!
//! Cases share nothing but [`Materials`](crate::testbed::Materials), so that they run side by side in any order. Events go to
//! whoever folds them.

use crate::engine::capture::Capture;
use crate::engine::event::{CaseResult, Event, RunStarted, Summary, Verdict};
use crate::engine::play::{Played, Until, play, skipped};
use crate::error::Error;
use crate::scenario::Filter;
use crate::scenario::known::{Judgement, KnownFailures};
use crate::scenario::plan::{Case, Plan};
use crate::testbed::{Backend, proxy};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// How a run is played.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Cases at a time.
    pub jobs: usize,
    /// Whether nothing is started any more once a case has spoilt the run.
    pub fail_fast: bool,
    /// The words of the requirements, for the reports.
    pub requirements: BTreeMap<String, String>,
    /// What the program was told, for the command that replays a case.
    pub arguments: Vec<String>,
    /// Cases that are known to fail.
    pub known: KnownFailures,
    /// What stands behind the scenarios.
    pub backend: Backend,
    /// Where the conversations are kept, if anywhere.
    pub capture: Option<Capture>,
    /// Cases that must be played: one that is skipped is not as expected.
    pub required: Vec<Filter>,
}

/// Plays all cases of a plan.
///
/// # Errors
/// What the run shares cannot be made.
pub async fn check(plan: Plan, settings: &Settings, mut sink: impl FnMut(Event)) -> Result<Summary, Error> {
    let began = Instant::now();
    let materials = settings.backend.materials(&plan.cases)?;
    let materials = Arc::new(if settings.capture.is_some() { materials.recorded() } else { materials });
    sink(Event::RunStarted(RunStarted {
        cases: plan.cases.len(),
        readings: plan.readings.clone(),
        backend: settings.backend.word().to_owned(),
        requirements: settings.requirements.clone(),
        arguments: settings.arguments.clone(),
        is_comparison: false,
    }));
    let mut summary = Summary::default();
    let mut waiting = in_order(plan.cases, settings.jobs);
    let mut playing = JoinSet::new();
    let mut stopped = false;
    loop {
        while !stopped && playing.len() < settings.jobs.max(1) {
            let Some(case) = waiting.next() else { break };
            if let Some(reason) = settings.backend.lacks(&case) {
                let result = with_requirement(skipped(&case, &reason), &settings.required);
                summary.add(result.verdict);
                stopped |= settings.fail_fast && result.verdict.is_bad();
                sink(Event::CaseFinished(Box::new(result)));
                continue;
            }
            sink(Event::CaseStarted { name: case.name.clone() });
            let (backend, materials) = (settings.backend.clone(), Arc::clone(&materials));
            let capture = settings.capture.clone();
            playing.spawn(async move {
                let Played { mut result, attempts } = play(&case, &backend, &materials, Until::Unexpected).await;
                let written = capture.map_or(Ok(()), |capture| capture.write(&case, &attempts, &materials));
                if let Err(problem) = written {
                    (result.verdict, result.reason) = (Verdict::Error, Some(problem.to_string()));
                }
                result
            });
        }
        let Some(ended) = playing.join_next().await else { break };
        let result = ended.map_err(|problem| Error::Internal(format!("a case was lost: {problem}")))?;
        let result = with_requirement(with_known_failures(result, &settings.known), &settings.required);
        summary.add(result.verdict);
        stopped |= settings.fail_fast && result.verdict.is_bad();
        sink(Event::CaseFinished(Box::new(result)));
    }
    for case in waiting {
        let result = skipped(&case, "not started: --fail-fast");
        summary.add(result.verdict);
        sink(Event::CaseFinished(Box::new(result)));
    }
    sink(Event::RunFinished { summary, duration: began.elapsed() });
    Ok(summary)
}

/// The order in which cases are begun. Where several are played at a time, those that may have to wait for a limit of time come
/// first, so that they wait while the others are played.
pub(super) fn in_order(cases: Vec<Case>, jobs: usize) -> impl Iterator<Item = Case> {
    let (first, others): (Vec<_>, Vec<_>) = cases.into_iter().partition(|case| jobs > 1 && proxy::may_wait(case));
    first.into_iter().chain(others)
}

/// The verdict with what is known considered: by the outcome of the step that decided.
fn with_known_failures(mut result: CaseResult, known: &KnownFailures) -> CaseResult {
    let decided = result.first_difference().or_else(|| result.steps.last());
    let Some(actual) = decided.and_then(|step| step.views.client.as_ref()) else { return result };
    let as_expected = match result.verdict {
        Verdict::Pass => true,
        Verdict::Fail => false,
        Verdict::Known | Verdict::Fixed | Verdict::Skipped | Verdict::Error => return result,
    };
    let (verdict, reason) = match known.judge(&result.name, as_expected, actual) {
        Judgement::Pass => (Verdict::Pass, None),
        Judgement::Fail => (Verdict::Fail, None),
        Judgement::Known(entry) => (Verdict::Known, Some(format!("{} ({})", entry.reason, entry.source))),
        Judgement::FailsDifferently(entry) => {
            (Verdict::Fail, Some(format!("known to fail, but otherwise: {} at {}", entry.actual, entry.place)))
        }
        Judgement::Fixed(entry) => {
            (Verdict::Fixed, Some(format!("known to fail, and does not any more: remove {}", entry.place)))
        }
    };
    (result.verdict, result.reason) = (verdict, reason);
    result
}

/// The verdict with what must be played considered. Whoever stopped the run himself has not missed a case.
fn with_requirement(result: CaseResult, required: &[Filter]) -> CaseResult {
    if result.verdict != Verdict::Skipped || !required.iter().any(|required| required.matches(&result.name)) {
        return result;
    }
    let reason = format!("required, but skipped: {}", result.reason.as_deref().unwrap_or("no reason given"));
    CaseResult { verdict: Verdict::Fail, reason: Some(reason), ..result }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::scenario::{Library, Source as File, make_plan};
    use std::collections::BTreeSet;

    const SCENARIO: &str = r#"
title  = "x"
source = "x"
[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "alice" } }
[server.db]
engine   = "aurora-postgresql 15"
accounts = { alice = { method = "md5", secret = "alice" } }
[client.app]
login  = "alice"
CLIENT
[axes]
one = ["x"]
[[step]]
connect = { from = "app", to = "db" }
THEN
"#;

    /// The verdict about a client and an expectation, and why.
    async fn played(client: &str, then: &str, backend: Backend) -> (Verdict, String) {
        played_where(client, then, backend, &[]).await
    }

    /// The same where some cases are required.
    async fn played_where(client: &str, then: &str, backend: Backend, required: &[&str]) -> (Verdict, String) {
        played_text(SCENARIO.replace("CLIENT", client).replace("THEN", then), backend, required).await
    }

    async fn played_text(text: String, backend: Backend, required: &[&str]) -> (Verdict, String) {
        let library = Library::built_in().expect("it was built with these");
        let plan = make_plan(&[File::new("x", text)], &library, &BTreeMap::new()).expect("the scenario is understood");
        let settings = Settings {
            jobs: 1,
            fail_fast: false,
            requirements: BTreeMap::new(),
            arguments: Vec::new(),
            known: KnownFailures::default(),
            backend,
            capture: None,
            required: required.iter().map(|pattern| Filter::new(pattern).expect("it is a pattern")).collect(),
        };
        let mut results = Vec::new();
        let keep = |event| {
            if let Event::CaseFinished(result) = event {
                results.push(result);
            }
        };
        check(plan, &settings, keep).await.expect("it is played");
        let result = results.remove(0);
        let explanation = result.steps.iter().find_map(|step| step.explanation.clone());
        (result.verdict, result.reason.or(explanation).unwrap_or_default())
    }

    #[test]
    fn who_may_wait_for_a_limit_begins_unless_one_plays_after_the_other() {
        let library = Library::built_in().expect("it was built with these");
        let files: Vec<_> =
            File::built_in().into_iter().filter(|file| file.name.starts_with("proxy/pgbouncer-")).collect();
        let names = |jobs| {
            let plan = make_plan(&files, &library, &BTreeMap::new()).expect("they are understood");
            in_order(plan.cases, jobs).map(|case| case.name).collect::<Vec<_>>()
        };
        let (planned, begun) = (names(1), names(2));
        let place = |name: &str| begun.iter().position(|begun| begun == name).expect("it is built in");
        let first_other = place("proxy/pgbouncer-servers/tls-optional/disable");
        assert!(place("proxy/pgbouncer-servers/without-tls/require") < first_other);
        assert!(place("proxy/pgbouncer-trust/of-another-ca") < first_other);
        assert!(place("proxy/pgbouncer-trust/of-another-name") < first_other);
        assert!(begun != planned && planned[0].starts_with("proxy/pgbouncer-clients/"), "{planned:?}");
        assert_eq!(begun.iter().collect::<BTreeSet<_>>(), planned.iter().collect());
    }

    /// A program that says something about its login after a shell has done `script` on the connection.
    fn program(script: &str) -> String {
        format!("kind = \"command\"\nargv = [\"bash\", \"-c\", '{script}']")
    }

    #[tokio::test]
    async fn a_program_that_never_connected_is_not_logged_in() {
        let (verdict, why) = played(&program("exit 0"), "then = \"established\"", Backend::mock()).await;
        assert_eq!(verdict, Verdict::Error);
        assert!(why.ends_with("client bash: says that it is logged in, but never connected to the server"), "{why}");
    }

    #[tokio::test]
    async fn a_program_that_the_server_has_not_let_in_is_not_logged_in() {
        let connects = program("exec 3<>/dev/tcp/$SHAKEDOWN_HOSTADDR/$SHAKEDOWN_PORT; exit 0");
        let (verdict, why) = played(&connects, "then = \"established\"", Backend::mock()).await;
        assert_eq!(verdict, Verdict::Fail);
        assert!(why.starts_with("server: the client says that it is logged in, what the server saw is "), "{why}");
    }

    #[tokio::test]
    async fn an_expected_view_of_a_kdc_that_nobody_asked_is_a_difference() {
        let then = "then = \"established by password\"";
        assert_eq!(played("", then, Backend::mock()).await, (Verdict::Pass, String::new()));
        let (verdict, why) = played("", &format!("{then}\nkdc = \"krb 44\""), Backend::mock()).await;
        assert_eq!((verdict, why.as_str()), (Verdict::Fail, "kdc: expected krb 44, was nothing at all"));
    }

    #[tokio::test]
    async fn an_endpoint_where_nobody_listens_has_refused_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let text = format!(
            "plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '{free}'\n[realms]\n'CORP.EXAMPLE.COM' = '{free}'\n\
             [allow]\nfailed-login = 9\naborted-handshake = 9\n"
        );
        std::fs::write(&file, text).unwrap();
        let client = "secret = \"mistyped\"";
        let backend = Backend::endpoint(Some(&file)).unwrap();
        let (verdict, why) = played(client, "then = \"refused by server\"", backend).await;
        assert_eq!((verdict, why), (Verdict::Error, format!("connect: nobody listens on {free}")));
    }

    #[tokio::test]
    async fn the_trace_of_a_program_is_judged_at_a_mock_and_not_at_an_endpoint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        let text = "plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '127.0.0.1:1'\n\
                    [secrets]\nalice = 'x'\n[realms]\n'CORP.EXAMPLE.COM' = '127.0.0.1:1'\n";
        std::fs::write(&file, text).unwrap();
        let then = "then = \"established\"\ntrace = \"… auth-ok …\"";
        let backend = Backend::endpoint(Some(&file)).unwrap();
        assert_eq!(played(&program("exit 0"), then, backend).await, (Verdict::Pass, String::new()));
        let refused = "then = \"refused\"\ntrace = \"… auth-ok …\"";
        let connects = program("exec 3<>/dev/tcp/$SHAKEDOWN_HOSTADDR/$SHAKEDOWN_PORT; exit 1");
        let (verdict, why) = played(&connects, refused, Backend::mock()).await;
        assert!(verdict == Verdict::Fail && why.starts_with("trace: "), "{why}");
    }

    #[tokio::test]
    async fn the_trace_of_a_kinit_by_a_program_is_judged_at_a_mock_and_not_at_an_endpoint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        let text = "plays = 'aurora-postgresql 15'\nhost = '127.0.0.1'\n[secrets]\nalice = 'x'\n\
                    [realms]\n'CORP.EXAMPLE.COM' = '127.0.0.1:1'\n[allow]\naborted-handshake = 9\nfailed-login = 9\n";
        std::fs::write(&file, text).unwrap();
        let then = "then = \"refused\"\n[[step]]\nkinit = { by = \"app\", user = \"alice\", realm = \"corp\" }\n\
                    then = \"established\"\ntrace = \"as-req as-rep\"";
        let asks_no_kdc =
            program("[ $SHAKEDOWN_VERB = kinit ] && exit 0; : <>/dev/tcp/$SHAKEDOWN_HOSTADDR/$SHAKEDOWN_PORT; exit 1");
        let backend = Backend::endpoint(Some(&file)).unwrap();
        assert_eq!(played(&asks_no_kdc, then, backend).await, (Verdict::Pass, String::new()));
        let (verdict, why) = played(&asks_no_kdc, then, Backend::mock()).await;
        assert!(verdict == Verdict::Fail && why.starts_with("trace: "), "{verdict} {why}");
    }

    #[tokio::test]
    async fn a_case_that_is_required_and_not_played_is_not_as_expected() {
        let then = "then = \"established\"";
        for (client, reason) in [(&program("echo no driver >&2; exit 77"), "no driver")] {
            for (required, verdict, reason) in [
                (["x/**", "y"], Verdict::Fail, format!("required, but skipped: {reason}")),
                (["y/**", "z"], Verdict::Skipped, reason.to_owned()),
            ] {
                let came_out = played_where(client, then, Backend::mock(), &required).await;
                assert_eq!(came_out, (verdict, reason));
            }
        }
        let (verdict, _) = played_where("", then, Backend::mock(), &["**"]).await;
        assert_eq!(verdict, Verdict::Pass);
    }

    #[tokio::test]
    async fn a_proxy_whose_clock_is_to_be_moved_is_skipped() {
        let front = "[proxy.front]\nkind = \"haproxy\"\nto = \"db\"\nclock = \"+1h\"";
        let dialled = SCENARIO.replace("to = \"db\" }", "to = \"front\" }");
        let text = dialled.replace("CLIENT", front).replace("THEN", "then = \"established\"");
        let (verdict, why) = played_text(text, Backend::mock(), &[]).await;
        // Where there is none, that is said first.
        let reasons = ["haproxy has the clock of this machine", "haproxy is not installed"];
        assert!(verdict == Verdict::Skipped && reasons.contains(&why.as_str()), "{why}");
    }
}
