//! `junit.xml`: a run for CI systems.
//!
//! JUnit knows success, failure, error and skipped. A known failure is `skipped` there, with its reason; one that passes is a
//! failure, since it fails the run. Requirements are properties of the case.

use crate::engine::event::{CaseResult, StepResult, Verdict};
use crate::report::{Record, replay};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{self, Write};

/// Writes a run.
///
/// # Errors
/// `out` does not take it.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    report(record).serialize(out).map_err(io::Error::other)
}

fn report(record: &Record) -> Report {
    let mut report = Report::new("shakedown");
    report.set_time(record.duration);
    for (scenario, cases) in record.scenarios() {
        let mut suite = TestSuite::new(scenario);
        suite.set_time(cases.iter().map(|case| case.duration).sum());
        suite.add_property(Property::new("backend", record.started.backend.as_str()));
        for (question, reading) in &record.started.readings {
            suite.add_property(Property::new(format!("reading {question}"), reading.as_str()));
        }
        for case in cases {
            suite.add_test_case(test_case(record, case));
        }
        report.add_test_suite(suite);
    }
    report
}

fn test_case(record: &Record, case: &CaseResult) -> TestCase {
    let mut test = TestCase::new(case.name.as_str(), status(record, case));
    test.set_classname(case.scenario.as_str());
    test.set_time(case.duration);
    for id in &case.requirements {
        test.add_property(Property::new("requirement", id.as_str()));
    }
    test
}

fn status(record: &Record, case: &CaseResult) -> TestCaseStatus {
    let reason = case.reason.as_deref();
    let non_success = |kind, message: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message).set_type(case.verdict.word()).set_description(description(record, case));
        status
    };
    match case.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => {
            let why = case.first_difference().and_then(|step| step.explanation.as_deref()).or(reason);
            non_success(NonSuccessKind::Failure, why.unwrap_or("not as expected").to_owned())
        }
        Verdict::Fixed => non_success(
            NonSuccessKind::Failure,
            format!("it passes; take it out of the known failures ({})", reason.unwrap_or("no reason given")),
        ),
        Verdict::Error => non_success(NonSuccessKind::Error, reason.unwrap_or("no reason given").to_owned()),
        Verdict::Known => skipped(format!("known failure: {}", reason.unwrap_or("no reason given"))),
        Verdict::Skipped => skipped(reason.unwrap_or("no reason given").to_owned()),
    }
}

fn skipped(message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

/// Expected and actual outcome and trace of the step that went wrong, and how to play the case again.
fn description(record: &Record, case: &CaseResult) -> String {
    let mut lines = vec![format!("at {}", case.source)];
    if let Some(StepResult { name, expected, views, connections, .. }) = case.first_difference() {
        lines.push(format!("step {name}"));
        lines.extend(expected.client.as_ref().map(|outcome| format!("expected {outcome}")));
        for (party, view) in [("client", &views.client), ("server", &views.server), ("kdc", &views.kdc)] {
            lines.extend(view.as_ref().map(|outcome| format!("actual {party}: {outcome}")));
        }
        lines.extend(expected.trace.as_ref().map(|trace| format!("expected trace: {trace}")));
        let traces: Vec<String> = connections.iter().map(ToString::to_string).collect();
        lines.push(format!("actual trace: {}", traces.join(" | ")));
    }
    lines.push(replay::command(&record.started, &case.name));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn written() -> String {
        let mut xml = Vec::new();
        write(&sample::record(), &mut xml).unwrap();
        String::from_utf8(xml).unwrap()
    }

    #[test]
    fn the_file_is_well_formed_and_counts_as_the_run_does() {
        let report = Report::deserialize_from_str(&written()).unwrap();
        // A known failure counts as skipped, a fixed one as failed.
        assert_eq!((report.tests, report.failures, report.errors, report.skipped), (6, 2, 1, 2));
        let suites: Vec<_> = report.test_suites.iter().map(|suite| (suite.name.as_str(), suite.tests)).collect();
        assert_eq!(
            suites,
            [
                ("mysql/cipher-suites", 2),
                ("mysql/passwords", 2),
                ("postgres/kerberos-login", 1),
                ("postgres/passwords", 1)
            ]
        );
    }

    #[test]
    fn a_failure_says_what_was_expected_and_how_to_play_it_again() {
        let xml = written();
        let case = "      <testcase name=\"mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA\"";
        let xml = &xml[xml.find(case.trim_start()).unwrap()..];
        let xml = &xml[..xml.find("</testcase>").unwrap()];
        assert_eq!(
            xml,
            "\
<testcase name=\"mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA\" classname=\"mysql/cipher-suites\" time=\"0.003\">
            <properties>
                <property name=\"requirement\" value=\"S3-47\"/>
                <property name=\"requirement\" value=\"S3-37\"/>
            </properties>
            <failure message=\"the outcome differs: refused instead of established\" type=\"fail\">at mysql/cipher-suites.toml:31
step connect
expected established TLS1.0 ECDHE-RSA-AES128-SHA by password
actual client: refused by server: alert handshake_failure
actual server: refused by server: alert handshake_failure (no shared cipher)
expected trace: connect greeting tls-request client-hello server-hello … ready
actual trace: connect greeting&lt; tls-request&gt; client-hello&gt; alert&lt;(handshake_failure)
shakedown run --filter &apos;mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA&apos;</failure>
        "
        );
    }

    #[test]
    fn what_is_skipped_or_known_has_its_reason() {
        let report = Report::deserialize_from_str(&written()).unwrap();
        let reasons: Vec<String> = report
            .test_suites
            .iter()
            .flat_map(|suite| &suite.test_cases)
            .filter_map(|case| match &case.status {
                TestCaseStatus::Skipped { message, .. } => message.as_ref().map(|message| message.as_str().to_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(
            reasons,
            ["backend plays aurora-mysql 3.04.0", "known failure: postgres/<1> & \"quotes\" are not done yet"]
        );
    }

    #[test]
    fn characters_that_xml_does_not_allow_do_not_spoil_the_file() {
        let mut record = sample::record();
        for case in &mut record.cases {
            case.reason = Some("\u{1b}[31mred\u{1b}[0m \u{0}\u{8} ]]> <&\"'".to_owned());
        }
        let mut xml = Vec::new();
        write(&record, &mut xml).unwrap();
        assert_eq!(Report::deserialize(xml.as_slice()).unwrap().tests, 6);
    }
}
