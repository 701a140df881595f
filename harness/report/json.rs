//! `results.json`: a run for programs, schema 1.
//!
//! ```json
//! {"schema": 1, "backend": "mock", "readings": {"dhe-on-v3": "table"}, "duration_us": 1234000,
//!  "cases": [{"name": "…", "scenario": "…", "axes": {}, "requirements": [], "verdict": "pass",
//!    "steps": [{"name": "connect", "verb": "connect", "expected": {"kind": "established", …},
//!      "views": {"client": {}, "server": {}, "kdc": null}, "connections": [{"trace": []}], "phases_us": {}, "verdict": "pass"}],
//!    "source": {"file": "mysql/passwords.toml", "line": 12}, "duration_us": 2500}],
//!  "summary": {"pass": 1, "fail": 0, "known": 0, "fixed": 0, "skipped": 0, "error": 0}}
//! ```
//!
//! Keys are never renamed or taken away within a schema number; new ones may come, so whoever reads this skips what it does
//! not know. A key whose value is a matter of course (no reason, nothing left out) may be missing.

use crate::engine::event;
use crate::handshake::Timestamp;
use crate::handshake::{outcome, trace};
use crate::report::twins_json::Twins;
use crate::report::{Error, Record};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::Path;

/// The number of this format.
pub const SCHEMA: u32 = 1;

/// Writes a run.
///
/// # Errors
/// `out` does not take it.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Results::from(record))?;
    writeln!(out)
}

/// Reads a stored run.
///
/// # Errors
/// The file cannot be read, is of another schema, or is no such file.
pub fn read(path: &Path) -> Result<Results, Error> {
    let text = bounded(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    parse(&text).map_err(|message| Error::Malformed { path: path.to_owned(), message })
}

/// The longest stored run that is read: some hundred thousand cases.
const LONGEST: u64 = 256 * 1024 * 1024;

/// The text of a file, if it is one and ends: a device does not.
fn bounded(path: &Path) -> io::Result<String> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(io::Error::other(format!("expected a file of at most {LONGEST} octets")));
    }
    std::fs::read_to_string(path)
}

fn parse(text: &str) -> Result<Results, String> {
    /// The number is looked at first: another schema may differ in anything else.
    #[derive(Deserialize)]
    struct Head {
        schema: u32,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if head.schema != SCHEMA {
        return Err(format!("results have schema {}, this program reads schema {SCHEMA}", head.schema));
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What stood behind the scenarios.
    #[serde(default)]
    pub backend: String,
    /// The readings of open questions under which the run was made.
    #[serde(default)]
    pub readings: BTreeMap<String, String>,
    /// What the whole run took, in microseconds.
    #[serde(default)]
    pub duration_us: u64,
    /// The cases by name.
    pub cases: Vec<Case>,
    /// How many cases came out in which way.
    pub summary: Summary,
    /// How two backends compare, if that was asked. A case of theirs that is equal is a `pass` in `cases`, one whose differences
    /// are explained is `known`, and an explanation of nothing is `fixed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twins: Option<Twins>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its stable name.
    pub name: String,
    /// The scenario it is a cell of.
    pub scenario: String,
    /// The value of each axis, in the order of the scenario.
    pub axes: Ordered<String>,
    /// The IDs of the requirements it shows.
    pub requirements: Vec<String>,
    /// `model` where our own client stood for a library: it says nothing about the library itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The libraries that it stood for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Libraries that said that they are below the floor that a document sets, and which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub too_old: Vec<String>,
    /// [`event::Verdict::word`].
    pub verdict: String,
    /// Why it was skipped, is known, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Where the scenario writes it.
    pub source: Source,
    /// What it took, in microseconds.
    #[serde(default)]
    pub duration_us: u64,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What was done.
    #[serde(default)]
    pub verb: String,
    /// The outcome that the client must see, as far as the scenario states it.
    pub expected: Option<Outcome>,
    /// What the server must have seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_server: Option<String>,
    /// What the KDC must have answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_kdc: Option<String>,
    /// The events that must be seen, as the scenario writes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_trace: Option<String>,
    /// What came out.
    pub views: Views,
    /// One for each connection of the attempt.
    pub connections: Vec<Connection>,
    /// What each phase took, in microseconds, in their order.
    pub phases_us: Ordered<u64>,
    /// [`event::Verdict::word`].
    pub verdict: String,
    /// What differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// An earlier step ended the case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_reached: bool,
}

/// The outcome in the eyes of each party; `null` where nothing was observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Views {
    /// Who dialled.
    pub client: Option<Outcome>,
    /// Who was dialled.
    pub server: Option<Outcome>,
    /// The key distribution centre.
    pub kdc: Option<Outcome>,
}

/// How an attempt ended; in an expectation, `null` is what the scenario leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// `established`, `refused` or `timed_out`.
    pub kind: String,
    /// Who refused.
    pub by: Option<String>,
    /// With which code; of a timeout, the phase.
    pub code: Option<String>,
    /// `TLS1.2`.
    pub tls: Option<String>,
    /// The suite's name as OpenSSL has it.
    pub suite: Option<String>,
    /// What proved the identity.
    pub method: Option<String>,
    /// What only this party knows of the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The text on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The phase in which the stream ended, for `eof` and `reset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}

/// One connection of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// What happened, in order.
    pub trace: Vec<TraceEvent>,
}

/// One thing that happened on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// [`trace::EventName::word`].
    pub event: String,
    /// `>` from the client, `<` to it; missing where it is neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Its argument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Microseconds since the first event of the step.
    pub at_us: u64,
}

/// A line of a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file.
    pub file: String,
    /// The line, from 1 on.
    pub line: usize,
}

/// How many cases came out in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are those of event::Verdict")]
pub struct Summary {
    pub pass: usize,
    pub fail: usize,
    pub known: usize,
    pub fixed: usize,
    pub skipped: usize,
    pub error: usize,
}

impl From<&Record> for Results {
    fn from(record: &Record) -> Self {
        let event::Summary { pass, fail, known, fixed, skipped, error } = record.summary;
        Self {
            schema: SCHEMA,
            backend: record.started.backend.clone(),
            readings: record.started.readings.clone(),
            duration_us: micros(record.duration),
            cases: record.cases.iter().map(Case::from).collect(),
            summary: Summary { pass, fail, known, fixed, skipped, error },
            twins: record.twins.as_ref().map(Twins::from),
        }
    }
}

impl From<&event::CaseResult> for Case {
    fn from(case: &event::CaseResult) -> Self {
        Self {
            name: case.name.clone(),
            scenario: case.scenario.clone(),
            axes: Ordered(case.axes.clone()),
            requirements: case.requirements.clone(),
            kind: (!case.models.is_empty()).then(|| "model".to_owned()),
            models: case.models.clone(),
            too_old: case.too_old(),
            verdict: case.verdict.word().to_owned(),
            reason: case.reason.clone(),
            steps: case.steps.iter().map(Step::from).collect(),
            source: Source { file: case.source.file.display().to_string(), line: case.source.line },
            duration_us: micros(case.duration),
        }
    }
}

impl From<&event::StepResult> for Step {
    fn from(step: &event::StepResult) -> Self {
        let start = step.connections.iter().flat_map(|trace| trace.events()).map(|event| event.at).min();
        let start = start.unwrap_or(Timestamp::EPOCH);
        let event = |event: &trace::Event| TraceEvent {
            event: event.name.word().to_owned(),
            direction: Some(event.direction.mark().to_owned()).filter(|mark| !mark.is_empty()),
            detail: event.detail.as_deref().map(str::to_owned),
            at_us: micros(event.at.since(start)),
        };
        Self {
            name: step.name.clone(),
            verb: step.verb.clone(),
            expected: step.expected.client.as_ref().map(Outcome::from),
            expected_server: step.expected.server.clone(),
            expected_kdc: step.expected.kdc.clone(),
            expected_trace: step.expected.trace.clone(),
            views: Views {
                client: step.views.client.as_ref().map(Outcome::from),
                server: step.views.server.as_ref().map(Outcome::from),
                kdc: step.views.kdc.as_ref().map(Outcome::from),
            },
            connections: step
                .connections
                .iter()
                .map(|trace| Connection { trace: trace.events().iter().map(event).collect() })
                .collect(),
            phases_us: Ordered(step.phases_us.iter().map(|(name, us)| (name.clone().into_owned(), *us)).collect()),
            verdict: step.verdict.word().to_owned(),
            explanation: step.explanation.clone(),
            not_reached: step.not_reached,
        }
    }
}

impl From<&outcome::Outcome> for Outcome {
    fn from(outcome: &outcome::Outcome) -> Self {
        let outcome::Outcome { kind, by, code, cause, message, tls, suite, method, phase } = outcome;
        Self {
            kind: kind.word().to_owned(),
            by: by.map(|side| side.word().to_owned()),
            code: code.as_deref().map(str::to_owned),
            tls: tls.map(|version| version.to_string()),
            suite: suite.clone(),
            method: method.as_deref().map(str::to_owned),
            cause: cause.as_deref().map(str::to_owned),
            message: message.clone(),
            phase: phase.as_deref().map(str::to_owned),
        }
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A JSON object whose keys keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered<V>(pub Vec<(String, V)>);

impl<V: Serialize> Serialize for Ordered<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Ordered<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Ordered<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use serde_json::{Value, json};

    fn written() -> String {
        let mut text = Vec::new();
        write(&sample::record(), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_case_has_the_shape_that_the_design_gives() {
        let results: Value = serde_json::from_str(&written()).unwrap();
        let name = "mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA";
        let case = results["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
        assert_eq!(
            *case,
            json!({
                "name": name,
                "scenario": "mysql/cipher-suites",
                "axes": {"engine": "3.04.0", "tls": "1.0", "suite": "ECDHE-RSA-AES128-SHA"},
                "requirements": ["S3-47", "S3-37"],
                "verdict": "fail",
                "steps": [{
                    "name": "connect",
                    "verb": "connect",
                    "expected": {"kind": "established", "by": null, "code": null, "tls": "TLS1.0",
                                 "suite": "ECDHE-RSA-AES128-SHA", "method": "password"},
                    "expected_trace": "connect greeting tls-request client-hello server-hello … ready",
                    "views": {
                        "client": {"kind": "refused", "by": "server", "code": "alert handshake_failure", "tls": null,
                                   "suite": null, "method": null},
                        "server": {"kind": "refused", "by": "server", "code": "alert handshake_failure", "tls": null,
                                   "suite": null, "method": null, "cause": "no shared cipher"},
                        "kdc": null,
                    },
                    "connections": [{"trace": [
                        {"event": "connect", "at_us": 0},
                        {"event": "greeting", "direction": "<", "at_us": 120},
                        {"event": "tls-request", "direction": ">", "at_us": 150},
                        {"event": "client-hello", "direction": ">", "at_us": 180},
                        {"event": "alert", "direction": "<", "detail": "handshake_failure", "at_us": 410},
                    ]}],
                    "phases_us": {"tcp": 100, "tls": 260},
                    "verdict": "fail",
                    "explanation": "the outcome differs: refused instead of established",
                }],
                "source": {"file": "mysql/cipher-suites.toml", "line": 31},
                "duration_us": 2500,
            })
        );
    }

    #[test]
    fn the_head_of_the_file_says_under_what_it_was_made() {
        let results: Value = serde_json::from_str(&written()).unwrap();
        assert_eq!(results["schema"], 1);
        assert_eq!(results["backend"], "mock");
        assert_eq!(results["readings"], json!({"dhe-on-v3": "table"}));
        assert_eq!(results["duration_us"], 1_234_000);
        assert_eq!(results["summary"], json!({"pass": 1, "fail": 1, "known": 1, "fixed": 1, "skipped": 1, "error": 1}));
    }

    #[test]
    fn axes_and_phases_keep_their_order() {
        let text = written();
        let place = |key: &str| text.find(key).unwrap();
        assert!(place("\"engine\": \"3.04.0\"") < place("\"tls\": \"1.0\""));
        assert!(place("\"tls\": \"1.0\"") < place("\"suite\": \"ECDHE-RSA-AES128-SHA\""));
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(parse(&written()), Ok(Results::from(&sample::record())));
    }

    #[test]
    fn keys_that_came_later_are_skipped() {
        let later = r#"{"schema": 1, "host": "x", "cases": [], "summary":
            {"pass": 0, "fail": 0, "known": 0, "fixed": 0, "skipped": 0, "error": 0, "flaky": 0}}"#;
        assert_eq!(parse(later).unwrap().cases, []);
    }

    #[test]
    fn what_is_no_such_file_is_refused_with_the_place() {
        let check = |text: &str, message: &str| assert_eq!(parse(text).unwrap_err(), message);
        check(r#"{"schema": 2, "cases": 7}"#, "results have schema 2, this program reads schema 1");
        check("{}", "missing field `schema` at line 1 column 2");
        check(r#"{"schema": 1, "cases": 7}"#, "invalid type: integer `7`, expected a sequence at line 1 column 24");
        let whole = written();
        for length in (0..whole.trim_end().len()).filter(|length| whole.is_char_boundary(*length)).step_by(37) {
            assert!(parse(&whole[..length]).is_err(), "{length} octets of it were taken for the whole");
        }
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.json");
        let error = read(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read results {}: ", path.display())), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_not_read() {
        let problem = read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(problem.contains("/dev/zero") && problem.contains("at most"), "{problem}");
    }
}
