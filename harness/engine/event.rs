//! What a run has to say: events that the engine emits and that reports fold.
//!
//! ```text
//! RunStarted  (CaseStarted | CaseFinished)*  [Compared]  RunFinished
//! ```
//!
//! Cases run side by side, so that their events interleave; each case that was started is finished exactly once. A case
//! that is skipped before it starts has a `CaseFinished` only. The engine prints nothing and reports run nothing: what is
//! not in an event is in no report, and no type in this file has a place for a secret.

use crate::engine::floors;
use crate::engine::twins::Twins;
use crate::handshake::EventName;
use crate::handshake::outcome::Outcome;
use crate::handshake::trace::Trace;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// One thing that a run says.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The plan stands, the first case is about to start.
    RunStarted(RunStarted),
    /// A case begins.
    CaseStarted {
        /// Its stable name.
        name: String,
    },
    /// A case has ended, or was skipped.
    CaseFinished(Box<CaseResult>),
    /// Two backends were held against each other: what differs. Comes when no case is left.
    Compared(Box<Twins>),
    /// No case is left.
    RunFinished {
        /// How many cases came out in which way.
        summary: Summary,
        /// From the start of the run to here.
        duration: Duration,
    },
}

/// What is known before the first case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunStarted {
    /// How many cases will finish, skipped ones included.
    pub cases: usize,
    /// The reading of each open question, by the question's name: `dhe-on-v3` → `table`.
    pub readings: BTreeMap<String, String>,
    /// What stands behind the scenarios: `mock`, `endpoint`.
    pub backend: String,
    /// The words of each requirement that a case of this run names, by ID.
    pub requirements: BTreeMap<String, String>,
    /// What `shakedown run` was told besides `--filter` that decides what a case is: paths, `--backend`, `--reading`. A report
    /// repeats it in the command that replays a case. Never a secret: those are read from the environment.
    pub arguments: Vec<String>,
    /// Whether two backends are compared: it was `shakedown diff` that was told so.
    pub is_comparison: bool,
}

/// How one case came out.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseResult {
    /// Its stable name, a path: `mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA`.
    pub name: String,
    /// The scenario it is a cell of: `mysql/cipher-suites`.
    pub scenario: String,
    /// The value of each axis, in the order in which the scenario writes them.
    pub axes: Vec<(String, String)>,
    /// The IDs of the requirements that it shows.
    pub requirements: Vec<String>,
    /// Client libraries that our own client stood for: what came out is about a model of them.
    pub models: Vec<String>,
    /// The verdict over all steps.
    pub verdict: Verdict,
    /// Why it was skipped, why the failure is known, or what went wrong with the harness.
    pub reason: Option<String>,
    /// Each step, those that were not reached included.
    pub steps: Vec<StepResult>,
    /// Where the scenario writes it.
    pub source: Source,
    /// From the start of the case to its end.
    pub duration: Duration,
}

impl CaseResult {
    /// Client libraries that said of themselves, as they logged in, that they are older than a document allows for Kerberos.
    #[must_use]
    pub fn too_old(&self) -> Vec<String> {
        let logins = self.steps.iter().flat_map(|step| &step.connections).flat_map(|trace| trace.events());
        let told = logins.filter(|event| event.name == EventName::Login).filter_map(|event| event.detail.as_deref());
        let found: BTreeSet<_> = told.filter_map(floors::below).collect();
        found.into_iter().collect()
    }

    /// The first step that did not come out as expected.
    #[must_use]
    pub fn first_difference(&self) -> Option<&StepResult> {
        self.steps.iter().find(|step| !step.not_reached && step.verdict != Verdict::Pass)
    }
}

/// How one step of a case came out.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    /// Its name; where the scenario gives none, its verb.
    pub name: String,
    /// What was done: `connect`, `kinit`.
    pub verb: String,
    /// What the scenario says must come out.
    pub expected: Expected,
    /// What came out, in the eyes of each party.
    pub views: Views,
    /// The events on the wire, one trace for each connection of the attempt.
    pub connections: Vec<Trace>,
    /// What each phase took, in microseconds, in the order of the phases (`tcp`, `tls`, `kdc_as`, `kdc_tgs`, `auth`, `ready`).
    pub phases_us: Vec<(Cow<'static, str>, u64)>,
    /// The expectation held against what came out.
    pub verdict: Verdict,
    /// What differs and where, in words.
    pub explanation: Option<String>,
    /// An earlier step ended the case, so that this one was not tried.
    pub not_reached: bool,
}

impl StepResult {
    /// A step that was not tried since an earlier one ended the case.
    pub fn not_reached(name: impl Into<String>, verb: impl Into<String>, expected: Expected) -> Self {
        Self {
            name: name.into(),
            verb: verb.into(),
            expected,
            views: Views::default(),
            connections: Vec::new(),
            phases_us: Vec::new(),
            verdict: Verdict::Skipped,
            explanation: None,
            not_reached: true,
        }
    }
}

/// What a scenario says must come out of a step. What it leaves open is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// The outcome as the client sees it (`then`), as far as the scenario states it.
    pub client: Option<Outcome>,
    /// What the server must have seen: `krb 44`.
    pub server: Option<String>,
    /// What the KDC must have answered.
    pub kdc: Option<String>,
    /// The events on the wire, as the scenario writes them: `… tgs-req tgs-rep … | connect …`.
    pub trace: Option<String>,
}

/// What came out, in the eyes of each party. `None`: nothing was observed, since the party is not ours or nothing reached it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Views {
    /// Who dialled.
    pub client: Option<Outcome>,
    /// Who was dialled.
    pub server: Option<Outcome>,
    /// The key distribution centre.
    pub kdc: Option<Outcome>,
}

/// A line of a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The file, relative to the directory of scenarios.
    pub file: PathBuf,
    /// The line, from 1 on.
    pub line: usize,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Outcome and trace held against the expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As expected.
    Pass,
    /// Not as expected.
    Fail,
    /// A known failure that failed as it is known to.
    Known,
    /// A known failure that passed: its entry must go, so it fails the run.
    Fixed,
    /// Not played, with a reason.
    Skipped,
    /// The harness itself or its environment failed.
    Error,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Self; 6] = [Self::Pass, Self::Fail, Self::Known, Self::Fixed, Self::Skipped, Self::Error];

    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Known => "known",
            Self::Fixed => "fixed",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }

    /// Whether a case with this verdict spoils the run.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Fixed | Self::Error)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown verdict '{0}', allowed are pass, fail, known, fixed, skipped, error")]
pub struct UnknownVerdict(pub String);

impl FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word).ok_or_else(|| UnknownVerdict(word.to_owned()))
    }
}

/// How many cases came out in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// As expected.
    pub pass: usize,
    /// Not as expected.
    pub fail: usize,
    /// Known failures that failed.
    pub known: usize,
    /// Known failures that passed.
    pub fixed: usize,
    /// Not played.
    pub skipped: usize,
    /// The harness or its environment failed.
    pub error: usize,
}

impl Summary {
    /// Counts one more case.
    pub fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail => self.fail += 1,
            Verdict::Known => self.known += 1,
            Verdict::Fixed => self.fixed += 1,
            Verdict::Skipped => self.skipped += 1,
            Verdict::Error => self.error += 1,
        }
    }

    /// How many cases came out so.
    #[must_use]
    pub const fn count(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::Fail => self.fail,
            Verdict::Known => self.known,
            Verdict::Fixed => self.fixed,
            Verdict::Skipped => self.skipped,
            Verdict::Error => self.error,
        }
    }

    /// All cases, skipped ones included.
    #[must_use]
    pub fn total(&self) -> usize {
        Verdict::ALL.into_iter().map(|verdict| self.count(verdict)).sum()
    }

    /// What the run as a whole says to the shell. A case that was not as expected is a finding whatever else went wrong, so
    /// it goes before an error of the environment; and a run without a single case played proves nothing.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        if self.fail + self.fixed > 0 {
            Exit::NotAsExpected
        } else if self.error > 0 {
            Exit::Environment
        } else if self.pass + self.known == 0 {
            Exit::NothingRan
        } else {
            Exit::AsExpected
        }
    }
}

impl FromIterator<Verdict> for Summary {
    fn from_iter<I: IntoIterator<Item = Verdict>>(verdicts: I) -> Self {
        let mut summary = Self::default();
        verdicts.into_iter().for_each(|verdict| summary.add(verdict));
        summary
    }
}

/// `288 cases: 286 pass, 1 fail, 1 skipped`; what is nought is left out, except for `pass`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        write!(f, "{total} {}: {} pass", if total == 1 { "case" } else { "cases" }, self.pass)?;
        for verdict in Verdict::ALL {
            if verdict != Verdict::Pass && self.count(verdict) > 0 {
                write!(f, ", {} {verdict}", self.count(verdict))?;
            }
        }
        Ok(())
    }
}

/// How a run that could be planned ends, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// 0: all cases as expected.
    AsExpected = 0,
    /// 1: a case was not as expected (`fail`, `fixed`).
    NotAsExpected = 1,
    /// 3: the environment or the harness failed (`error`).
    Environment = 3,
    /// 4: nothing ran; all skipped counts as nothing.
    NothingRan = 4,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_follows_from_the_verdicts() {
        use Verdict::{Error, Fail, Fixed, Known, Pass, Skipped};
        let check = |verdicts: &[Verdict], code: u8| {
            assert_eq!(verdicts.iter().copied().collect::<Summary>().exit().code(), code, "{verdicts:?}");
        };
        check(&[Pass], 0);
        check(&[Pass, Known, Skipped], 0);
        check(&[Known], 0);
        check(&[Pass, Fail], 1);
        check(&[Pass, Fixed], 1);
        check(&[Pass, Error], 3);
        check(&[Fail, Error], 1);
        check(&[], 4);
        check(&[Skipped, Skipped], 4);
    }

    #[test]
    fn a_verdict_spoils_the_run_exactly_if_its_exit_code_is_not_nought() {
        for verdict in Verdict::ALL {
            let with_a_pass: Summary = [Verdict::Pass, verdict].into_iter().collect();
            assert_eq!(verdict.is_bad(), with_a_pass.exit() != Exit::AsExpected, "{verdict}");
        }
    }

    #[test]
    fn each_verdict_is_counted_once_and_its_word_is_read_back() {
        for verdict in Verdict::ALL {
            let summary: Summary = [verdict].into_iter().collect();
            assert_eq!((summary.count(verdict), summary.total()), (1, 1));
            assert_eq!(verdict.word().parse(), Ok(verdict));
        }
        assert_eq!(
            "passed".parse::<Verdict>().unwrap_err().to_string(),
            "unknown verdict 'passed', allowed are pass, fail, known, fixed, skipped, error"
        );
    }

    #[test]
    fn a_summary_leaves_out_what_is_nought() {
        let check = |summary: Summary, text: &str| assert_eq!(summary.to_string(), text);
        check(
            Summary { pass: 286, fail: 1, skipped: 1, ..Summary::default() },
            "288 cases: 286 pass, 1 fail, 1 skipped",
        );
        check(Summary { known: 1, ..Summary::default() }, "1 case: 0 pass, 1 known");
    }
}
