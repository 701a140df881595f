//! What a person at a terminal, or the log of a CI job, gets to read.
//!
//! Progress goes to standard error while the run is on. Failures, in the order of their names, and the summary go to standard
//! output at its end, so that `shakedown run > result.txt` holds nothing that depends on timing but the duration.

use crate::engine::event::{CaseResult, Event, StepResult, Verdict};
use crate::handshake::outcome::Outcome;
use crate::report::comparison::{self, Line};
use crate::report::progress::Progress;
use crate::report::{Error, Record, Report, replay};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Failures that are shown in full; of more than these only the names.
const DETAILED_MAX: usize = 25;

/// The text report.
pub struct Text {
    out: Box<dyn Write + Send>,
    progress: Progress,
    traces: Traces,
    record: Record,
}

/// Whose traces are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Traces {
    /// Those of cases that were not as expected.
    #[default]
    OfFailures,
    /// Those of all cases (`--trace`).
    OfAll,
}

impl Text {
    /// Writes to standard output and, as it suits what that is, to standard error.
    #[must_use]
    pub fn new(traces: Traces) -> Self {
        Self::to(Box::new(io::stdout()), Progress::to_standard_error(), traces)
    }

    /// Writes elsewhere.
    #[must_use]
    pub fn to(out: Box<dyn Write + Send>, progress: Progress, traces: Traces) -> Self {
        Self { out, progress, traces, record: Record::default() }
    }
}

impl Report for Text {
    fn handle(&mut self, event: &Event) -> Result<(), Error> {
        self.record.fold(event);
        self.progress.handle(event).map_err(|source| Error::Stream { stream: "standard error", source })?;
        if !matches!(event, Event::RunFinished { .. }) {
            return Ok(());
        }
        write_record(&self.record, self.traces, &mut self.out)
            .and_then(|()| self.out.flush())
            .map_err(|source| Error::Stream { stream: "standard output", source })
    }
}

/// The end of a run: traces if asked for, failures, why cases were skipped, the summary.
///
/// # Errors
/// `out` does not take it.
pub fn write_record(record: &Record, traces: Traces, out: &mut dyn Write) -> io::Result<()> {
    if traces == Traces::OfAll {
        for case in record.cases.iter().filter(|case| !case.verdict.is_bad()) {
            write_traces(case, out)?;
        }
    }
    let mut bad = record.cases.iter().filter(|case| case.verdict.is_bad());
    for case in bad.by_ref().take(DETAILED_MAX) {
        write_case(record, case, out)?;
    }
    for case in bad {
        writeln!(out, "{}  {}", case.verdict, case.name)?;
    }
    for (verdict, word) in [(Verdict::Known, "known"), (Verdict::Skipped, "skipped")] {
        for (reason, cases) in reasons(record, verdict) {
            writeln!(out, "{word} {cases}: {}", printable(reason))?;
        }
    }
    for (question, reading) in &record.started.readings {
        writeln!(out, "reading {question}={reading}")?;
    }
    writeln!(out, "{} in {:.2} s", record.summary, record.duration.as_secs_f64())
}

fn write_traces(case: &CaseResult, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", case.verdict, case.name)?;
    for step in case.steps.iter().filter(|step| !step.connections.is_empty()) {
        let traces: Vec<String> = step.connections.iter().map(ToString::to_string).collect();
        writeln!(out, "      {}: {}", step.name, printable(&traces.join(" | ")))?;
    }
    Ok(())
}

fn write_case(record: &Record, case: &CaseResult, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", case.verdict, case.name)?;
    field(out, "at", &case.source.to_string())?;
    match (case.verdict, &case.reason) {
        (Verdict::Fixed, Some(reason)) => {
            field(out, "why", &format!("it passes; take it out of the known failures ({reason})"))?;
        }
        (Verdict::Fixed, None) => field(out, "why", "it passes; take it out of the known failures")?,
        (_, Some(reason)) => field(out, "why", reason)?,
        (_, None) => {}
    }
    for step in case.steps.iter().take_while(|step| step.verdict == Verdict::Pass).filter(|_| case.steps.len() > 1) {
        field(out, "passed", &step.name)?;
    }
    if let Some(step) = case.first_difference() {
        write_step(step, out)?;
    }
    for step in case.steps.iter().filter(|step| step.not_reached) {
        field(out, "not reached", &step.name)?;
    }
    for id in &case.requirements {
        match record.started.requirements.get(id) {
            Some(words) => field(out, "shows", &format!("{id} {words}"))?,
            None => field(out, "shows", id)?,
        }
    }
    field(out, "replay", &replay::command(&record.started, &case.name))?;
    writeln!(out)
}

/// The step that went wrong.
fn write_step(step: &StepResult, out: &mut dyn Write) -> io::Result<()> {
    if step.name == step.verb {
        field(out, "step", &step.name)?;
    } else {
        field(out, "step", &format!("{} ({})", step.name, step.verb))?;
    }
    if let Some(explanation) = &step.explanation {
        field(out, "why", explanation)?;
    }
    let expected = &step.expected;
    let client = expected.client.as_ref().map(ToString::to_string);
    for (party, expected, actual) in [
        ("client", client, &step.views.client),
        ("server", expected.server.clone(), &step.views.server),
        ("kdc", expected.kdc.clone(), &step.views.kdc),
    ] {
        if let Some(expected) = &expected {
            field(out, "expected", &format!("{party}: {expected}"))?;
        }
        match (actual, expected) {
            (Some(actual), _) => field(out, "actual", &format!("{party}: {}", told(actual)))?,
            (None, Some(_)) => field(out, "actual", &format!("{party}: nothing observed"))?,
            (None, None) => {}
        }
    }
    write_comparison(&comparison::compare(expected.trace.as_deref(), &step.connections), out)
}

/// An outcome with the words of whoever refused.
fn told(outcome: &Outcome) -> String {
    match &outcome.message {
        Some(message) => format!("{outcome}, saying \"{message}\""),
        None => outcome.to_string(),
    }
}

fn write_comparison(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    let head = "expected";
    let width = lines.iter().map(|line| line.expected.chars().count()).max().unwrap_or(0).max(head.len());
    field(out, "trace", &format!("{head:width$}   actual"))?;
    for Line { expected, actual, differs } in lines {
        let mark = if *differs { '!' } else { ' ' };
        writeln!(out, "{}", format!("    {mark:>11} {expected:width$}   {}", printable(actual)).trim_end())?;
    }
    Ok(())
}

/// How many cases have each reason.
fn reasons(record: &Record, verdict: Verdict) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    for case in record.cases.iter().filter(|case| case.verdict == verdict) {
        *reasons.entry(case.reason.as_deref().unwrap_or("no reason given")).or_default() += 1;
    }
    reasons
}

fn field(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "    {name:<11} {}", printable(value))
}

/// Words of a peer are shown, but must not move the cursor, colour the terminal or begin a line of their own.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let shown = |character: char| match character.is_control() {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Summary;
    use crate::report::sample;

    #[test]
    fn a_failing_case_shows_all_that_is_needed_to_act() {
        let record = Record { started: sample::started(), ..Record::default() };
        let mut text = Vec::new();
        write_case(&record, &sample::failing(), &mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "\
fail  mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA
    at          mysql/cipher-suites.toml:31
    step        connect
    why         the outcome differs: refused instead of established
    expected    client: established TLS1.0 ECDHE-RSA-AES128-SHA by password
    actual      client: refused by server: alert handshake_failure
    actual      server: refused by server: alert handshake_failure (no shared cipher)
    trace       expected       actual
                connect        connect
                greeting       greeting<
                tls-request    tls-request>
                client-hello   client-hello>
              ! server-hello   alert<(handshake_failure)
                …
              ! ready
    shows       S3-47 ECDHE-RSA-AES128-SHA: 3.01.0 and higher, from TLS 1.0
    shows       S3-37
    replay      shakedown run --filter 'mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA'

"
        );
    }

    #[test]
    fn the_end_of_a_run_lists_what_is_bad_and_sums_up() {
        let text = written(&sample::record(), Traces::OfFailures);
        let first_words: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
        assert_eq!(
            first_words,
            [
                "fail  mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA",
                "fixed  mysql/passwords/wrong",
                "error  postgres/passwords/right",
                "known 1: postgres/<1> & \"quotes\" are not done yet",
                "skipped 1: backend plays aurora-mysql 3.04.0",
                "reading dhe-on-v3=table",
                "6 cases: 1 pass, 1 fail, 1 known, 1 fixed, 1 skipped, 1 error in 1.23 s",
            ]
        );
        assert!(
            text.contains("    why         it passes; take it out of the known failures (the server was too slow)\n")
        );
        assert!(text.contains("    why         cannot listen on 127.0.0.1:0: too many open files\n"));
    }

    #[test]
    fn steps_before_and_after_the_failing_one_are_named_and_unobserved_parties_are_said_to_be() {
        let mut record = sample::record();
        record
            .cases
            .iter_mut()
            .filter(|case| case.verdict == Verdict::Known)
            .for_each(|case| case.verdict = Verdict::Fail);
        let text = written(&record, Traces::OfFailures);
        let (_, case) = text.split_once("fail  postgres/kerberos-login/gss\n").unwrap();
        let (case, _) = case.split_once("\n\n").unwrap();
        assert_eq!(
            case,
            "    at          postgres/kerberos-login.toml:20
    why         postgres/<1> & \"quotes\" are not done yet
    passed      kinit
    step        connect
    expected    client: established by kerberos
    actual      client: refused by server: 28000, saying \"GSSAPI | failed\"
    expected    server: krb 44
    actual      server: nothing observed
    expected    kdc: krb 7
    actual      kdc: nothing observed
    trace       expected   actual
                …
    not reached again
    shows       S0-08 Unix: after kinit no password is required
    replay      shakedown run --filter 'postgres/kerberos-login/gss'"
        );
    }

    #[test]
    fn many_failures_are_shown_in_full_up_to_a_limit_and_named_beyond_it() {
        let record = Record {
            cases: (0..DETAILED_MAX + 2)
                .map(|index| CaseResult { name: format!("case/{index:03}"), ..sample::failing() })
                .collect(),
            summary: Summary { fail: DETAILED_MAX + 2, ..Summary::default() },
            ..Record::default()
        };
        let text = written(&record, Traces::OfFailures);
        assert_eq!(text.matches("    replay ").count(), DETAILED_MAX);
        assert_eq!(text.matches("fail  case/").count(), DETAILED_MAX + 2);
    }

    #[test]
    fn traces_of_passing_cases_are_shown_when_asked_for() {
        let mut case = sample::failing();
        case.verdict = Verdict::Pass;
        let record = Record { cases: vec![case], ..Record::default() };
        let line = "      connect: connect greeting< tls-request> client-hello> alert<(handshake_failure)\n";
        assert!(written(&record, Traces::OfAll).contains(line));
        assert!(!written(&record, Traces::OfFailures).contains(line));
    }

    #[test]
    fn words_of_a_peer_cannot_steer_the_terminal() {
        assert_eq!(printable("\u{1b}[2Jall is\nwell"), "\\u{1b}[2Jall is\\nwell");
        assert_eq!(printable("… ä"), "… ä");
    }

    fn written(record: &Record, traces: Traces) -> String {
        let mut text = Vec::new();
        write_record(record, traces, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }
}
