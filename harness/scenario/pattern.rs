//! What an expectation says about an outcome: `established TLS1.2 SUITE by METHOD`, `refused by server: 1045 28000`,
//! `timed out in tls`. A pattern that is shorter leaves the rest open.

use crate::handshake::{Kind, Outcome, Side, TlsVersion};
use std::fmt;
use std::str::FromStr;

/// What the client's outcome must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomePattern {
    /// Which of the three.
    pub kind: Kind,
    /// Who refuses.
    pub by: Option<Side>,
    /// With which code; for a timeout, the phase.
    pub code: Option<String>,
    /// Over which TLS version.
    pub tls: Option<TlsVersion>,
    /// With which suite.
    pub suite: Option<String>,
    /// By which method.
    pub method: Option<String>,
    /// In which phase the stream ended (`eof`, `reset`).
    pub phase: Option<String>,
}

impl OutcomePattern {
    /// Holds an outcome against the pattern.
    ///
    /// # Errors
    /// The first thing that differs.
    pub fn check(&self, outcome: &Outcome) -> Result<(), Mismatch> {
        let differs = |what| Err(Mismatch { what, expected: self.to_string(), actual: outcome.to_string() });
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found.is_some_and(|found| found == wanted))
        };
        if self.kind != outcome.kind {
            return differs("kind");
        }
        if self.by.is_some() && self.by != outcome.by {
            return differs("party");
        }
        if !same(&self.code, outcome.code.as_deref()) {
            return differs(if self.kind == Kind::TimedOut { "phase" } else { "code" });
        }
        if self.tls.is_some() && self.tls != outcome.tls {
            return differs("TLS version");
        }
        if !same(&self.suite, outcome.suite.as_deref()) {
            return differs("suite");
        }
        if !same(&self.method, outcome.method.as_deref()) {
            return differs("method");
        }
        if !same(&self.phase, outcome.phase.as_deref()) {
            return differs("phase");
        }
        Ok(())
    }
}

/// As it is written.
impl fmt::Display for OutcomePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Established => f.write_str("established")?,
            Kind::Refused => f.write_str("refused")?,
            Kind::TimedOut => f.write_str("timed out")?,
        }
        if let Some(version) = self.tls {
            write!(f, " {version}")?;
        }
        if let Some(suite) = &self.suite {
            write!(f, " {suite}")?;
        }
        if let Some(method) = &self.method {
            write!(f, " by {method}")?;
        }
        if let Some(side) = self.by {
            write!(f, " by {side}")?;
        }
        match &self.code {
            Some(phase) if self.kind == Kind::TimedOut => write!(f, " in {phase}")?,
            Some(code) => write!(f, ": {code}")?,
            None => {}
        }
        match &self.phase {
            Some(phase) => write!(f, " in {phase}"),
            None => Ok(()),
        }
    }
}

/// What another party's view must be: an outcome, or just a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViewPattern {
    /// Like the client's.
    Outcome(OutcomePattern),
    /// `krb 44`, `no keytab`, `eof`: the code that the party gave, or the cause that only it knows.
    Code(String),
}

impl ViewPattern {
    /// Holds a party's view against the pattern.
    ///
    /// # Errors
    /// The first thing that differs.
    pub fn check(&self, view: &Outcome) -> Result<(), Mismatch> {
        match self {
            Self::Outcome(pattern) => pattern.check(view),
            Self::Code(code) => {
                let known = [view.code.as_deref(), view.cause.as_deref()];
                if view.kind != Kind::Established && known.contains(&Some(code)) {
                    Ok(())
                } else {
                    Err(Mismatch { what: "code or cause", expected: code.clone(), actual: view.to_string() })
                }
            }
        }
    }
}

impl fmt::Display for ViewPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome(pattern) => pattern.fmt(f),
            Self::Code(code) => f.write_str(code),
        }
    }
}

/// How what happened differs from what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} differs: expected {expected}, was {actual}")]
pub struct Mismatch {
    /// What differs first: `kind`, `party`, `code`, `suite`, `event 3`.
    pub what: &'static str,
    /// The whole of what was expected.
    pub expected: String,
    /// The whole of what happened.
    pub actual: String,
}

/// A text that is no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct InvalidOutcome {
    /// What is wrong with it.
    pub problem: String,
}

/// What may be written for an outcome, for error messages.
pub const OUTCOMES: &str = "established [TLS1.2 [SUITE]] [by METHOD], refused [by client|server|proxy|kdc[: CODE [in PHASE]]], timed out [in PHASE]";

impl FromStr for OutcomePattern {
    type Err = InvalidOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(rest) = after_word(text, "established") {
            return established(rest);
        }
        if let Some(rest) = after_word(text, "refused") {
            return refused(rest);
        }
        if let Some(rest) = after_word(text, "timed out") {
            return timed_out(rest);
        }
        Err(invalid("unknown outcome"))
    }
}

impl FromStr for ViewPattern {
    type Err = InvalidOutcome;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_outcome = ["established", "refused", "timed out"].iter().any(|word| after_word(text, word).is_some());
        if is_outcome {
            return text.parse().map(Self::Outcome);
        }
        if text.trim().is_empty() { Err(invalid("empty view")) } else { Ok(Self::Code(text.trim().to_owned())) }
    }
}

/// The rest of `text` behind `word`, if it begins with that and not with a longer word.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.trim().strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with([' ', ':'])).then(|| rest.trim_start())
}

fn established(rest: &str) -> Result<OutcomePattern, InvalidOutcome> {
    let mut pattern = bare(Kind::Established);
    let mut words = rest.split_whitespace().peekable();
    if let Some(version) = words.next_if(|word| word.starts_with("TLS")) {
        pattern.tls = Some(version.parse().map_err(|error| InvalidOutcome { problem: format!("{error}") })?);
        pattern.suite = words.next_if(|word| *word != "by").map(str::to_owned);
    }
    if words.next_if_eq(&"by").is_some() {
        pattern.method = Some(words.next().ok_or_else(|| invalid("'by' without a method"))?.to_owned());
    }
    match words.next() {
        Some(word) => Err(invalid(format!("unexpected '{word}' in an outcome"))),
        None => Ok(pattern),
    }
}

fn refused(rest: &str) -> Result<OutcomePattern, InvalidOutcome> {
    let mut pattern = bare(Kind::Refused);
    if rest.is_empty() {
        return Ok(pattern);
    }
    let Some(rest) = after_word(rest, "by") else {
        return Err(invalid("'refused' is followed by 'by' and a party"));
    };
    let (party, code) = match rest.split_once(':') {
        Some((party, code)) => (party.trim(), Some(code.trim())),
        None => (rest.trim(), None),
    };
    let side = Side::ALL.into_iter().find(|side| side.word() == party);
    pattern.by = Some(side.ok_or_else(|| invalid(format!("unknown party '{party}' in an outcome")))?);
    if code == Some("") {
        return Err(invalid("':' without a code"));
    }
    // The end of a stream has a phase; other codes may have an 'in' of their own.
    let (code, phase) = match code.and_then(|code| code.rsplit_once(" in ")) {
        Some((code @ ("eof" | "reset"), phase)) => {
            if !PHASES.contains(&phase) {
                return Err(invalid(format!("unknown phase '{phase}', phases are {}", PHASES.join(", "))));
            }
            (Some(code), Some(phase))
        }
        _ => (code, None),
    };
    pattern.code = code.map(str::to_owned);
    pattern.phase = phase.map(str::to_owned);
    Ok(pattern)
}

fn timed_out(rest: &str) -> Result<OutcomePattern, InvalidOutcome> {
    let mut pattern = bare(Kind::TimedOut);
    if rest.is_empty() {
        return Ok(pattern);
    }
    let phase = after_word(rest, "in").ok_or_else(|| invalid("'timed out' is followed by 'in' and a phase"))?;
    if !PHASES.contains(&phase) {
        return Err(invalid(format!("unknown phase '{phase}', phases are {}", PHASES.join(", "))));
    }
    pattern.code = Some(phase.to_owned());
    Ok(pattern)
}

/// The phases of an attempt, in order.
pub const PHASES: [&str; 6] = ["tcp", "tls", "kdc_as", "kdc_tgs", "auth", "ready"];

const fn bare(kind: Kind) -> OutcomePattern {
    OutcomePattern { kind, by: None, code: None, tls: None, suite: None, method: None, phase: None }
}

fn invalid(problem: impl Into<String>) -> InvalidOutcome {
    InvalidOutcome { problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, outcome: &Outcome, expected: Result<(), &str>) {
        let pattern: OutcomePattern = pattern.parse().unwrap();
        let result = pattern.check(outcome).map_err(|mismatch| mismatch.what);
        assert_eq!(result, expected, "{pattern} against {outcome}");
    }

    #[test]
    fn a_shorter_pattern_leaves_the_rest_open() {
        let login = Outcome::established("password").over(TlsVersion::Tls1_2, "ECDHE-RSA-AES128-SHA");
        check("established", &login, Ok(()));
        check("established TLS1.2", &login, Ok(()));
        check("established TLS1.2 ECDHE-RSA-AES128-SHA", &login, Ok(()));
        check("established TLS1.2 ECDHE-RSA-AES128-SHA by password", &login, Ok(()));
        check("established by password", &login, Ok(()));
        check("established TLS1.1", &login, Err("TLS version"));
        check("established TLS1.2 DHE-RSA-AES128-SHA", &login, Err("suite"));
        check("established by kerberos", &login, Err("method"));
        check("refused", &login, Err("kind"));
    }

    #[test]
    fn a_refusal_is_held_against_party_and_code() {
        let refusal = Outcome::refused(Side::Server, "1045 28000").because("krb 44");
        check("refused", &refusal, Ok(()));
        check("refused by server", &refusal, Ok(()));
        check("refused by server: 1045 28000", &refusal, Ok(()));
        check("refused by client: 1045 28000", &refusal, Err("party"));
        check("refused by server: 1045", &refusal, Err("code"));
        check("refused by server: krb 44", &refusal, Err("code"));
        check("timed out", &refusal, Err("kind"));
    }

    #[test]
    fn the_end_of_a_stream_is_held_against_its_phase() {
        let reset = Outcome::refused(Side::Server, "reset").in_phase("tls");
        check("refused by server: reset in tls", &reset, Ok(()));
        check("refused by server: reset", &reset, Ok(()));
        check("refused by server: reset in auth", &reset, Err("phase"));
        check("refused by server: eof in tls", &reset, Err("code"));
        check("refused by server: reset in tls", &Outcome::refused(Side::Server, "reset"), Err("phase"));
    }

    #[test]
    fn a_timeout_is_held_against_its_phase() {
        check("timed out in tls", &Outcome::timed_out("tls"), Ok(()));
        check("timed out", &Outcome::timed_out("tls"), Ok(()));
        check("timed out in auth", &Outcome::timed_out("tls"), Err("phase"));
    }

    #[test]
    fn what_was_left_open_by_the_attempt_is_not_what_was_asked_for() {
        check("established TLS1.2", &Outcome::established("password"), Err("TLS version"));
        check("refused by server: eof", &Outcome { code: None, ..Outcome::refused(Side::Server, "x") }, Err("code"));
    }

    #[test]
    fn a_view_matches_a_code_or_a_cause() {
        let view = |text: &str, outcome: &Outcome| text.parse::<ViewPattern>().unwrap().check(outcome).is_ok();
        let refusal = Outcome::refused(Side::Server, "1045 28000").because("krb 44");
        assert!(view("krb 44", &refusal));
        assert!(view("1045 28000", &refusal));
        assert!(view("refused by server: 1045 28000", &refusal));
        assert!(!view("krb 31", &refusal));
        assert!(!view("established", &refusal));
        assert!(!view("krb 44", &Outcome::established("kerberos").because("krb 44")));
    }

    #[test]
    fn a_pattern_reads_as_it_is_written() {
        for text in [
            "established",
            "established TLS1.0 DHE-RSA-AES128-SHA by password",
            "established by kerberos",
            "refused by kdc: krb 24",
            "refused by server: reset in kdc_tgs",
            "refused by server: not in file",
            "refused by server",
            "refused",
            "timed out in kdc_as",
            "timed out",
        ] {
            assert_eq!(text.parse::<OutcomePattern>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_outcome_is_refused() {
        for (text, problem) in [
            ("establish", "unknown outcome"),
            ("established by", "'by' without a method"),
            ("established quickly", "unexpected 'quickly' in an outcome"),
            ("established TLS1.4", "unknown TLS version 'TLS1.4', allowed are 1.0, 1.1, 1.2, 1.3"),
            ("refused by nobody: 1", "unknown party 'nobody' in an outcome"),
            ("refused by server:", "':' without a code"),
            ("refused 1045", "'refused' is followed by 'by' and a party"),
            (
                "refused by server: eof in space",
                "unknown phase 'space', phases are tcp, tls, kdc_as, kdc_tgs, auth, ready",
            ),
            ("timed out in space", "unknown phase 'space', phases are tcp, tls, kdc_as, kdc_tgs, auth, ready"),
            ("", "unknown outcome"),
        ] {
            assert_eq!(text.parse::<OutcomePattern>().unwrap_err().problem, problem, "{text}");
        }
    }

    #[test]
    fn a_mismatch_shows_both_sides() {
        let pattern: OutcomePattern = "established TLS1.2".parse().unwrap();
        let mismatch = pattern.check(&Outcome::refused(Side::Server, "alert handshake_failure")).unwrap_err();
        assert_eq!(
            mismatch.to_string(),
            "kind differs: expected established TLS1.2, was refused by server: alert handshake_failure"
        );
    }
}
