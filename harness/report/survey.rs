//! The survey of faults as a table and as JSON, version 1.
//!
//! ```json
//! {"schema": 1,
//!  "faults": [{"name": "mysql-server/no-ssl-bit", "party": "mysql-server", "clause": "…", "requirement": "S3-01", "verdict": "caught",
//!    "caught_by": {"case": "mysql/require-ssl/…", "step": "connect", "why": "…", "requirements": ["S3-29"]},
//!    "touched": 700, "played": 1, "took_us": 2100}],
//!  "summary": {"faults": 160, "caught": 158, "allowed": 2, "uncaught": 0, "took_us": 31000000}}
//! ```

use crate::engine::survey::Finding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

/// The number of this format.
pub const SCHEMA: u32 = 1;

/// The longest file that is read, in octets.
const FILE_LIMIT: u64 = 64 << 20;

/// The whole survey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The faults in the order of the catalogue.
    pub faults: Vec<Fault>,
    /// How many there are of each kind.
    pub summary: Summary,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Party and word.
    pub name: String,
    /// Who does it.
    pub party: String,
    /// The clause that is broken.
    pub clause: String,
    /// The requirement that it belongs to.
    pub requirement: String,
    /// `caught`, `allowed` or `uncaught`.
    pub verdict: String,
    /// How it was noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caught_by: Option<Catch>,
    /// Why nobody is to notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    /// Cases with a party that can have it.
    pub touched: usize,
    /// Cases that were played.
    pub played: usize,
    /// How long that took, in microseconds.
    pub took_us: u64,
}

/// How a fault was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catch {
    /// The case.
    pub case: String,
    /// The step that did not come out as expected.
    pub step: String,
    /// What was expected, and what was.
    pub why: String,
    /// What the case shows.
    pub requirements: Vec<String>,
}

/// How many there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All.
    pub faults: usize,
    /// Those that a case noticed.
    pub caught: usize,
    /// Those that nobody noticed and nobody has to.
    pub allowed: usize,
    /// Those that somebody should have noticed.
    pub uncaught: usize,
    /// The whole survey, in microseconds.
    pub took_us: u64,
}

impl Survey {
    /// The report of a survey that took so long.
    #[must_use]
    pub fn new(findings: &[Finding], took: Duration) -> Self {
        let faults: Vec<_> = findings.iter().map(fault).collect();
        let count = |verdict: &str| faults.iter().filter(|fault| fault.verdict == verdict).count();
        let summary = Summary {
            faults: faults.len(),
            caught: count("caught"),
            allowed: count("allowed"),
            uncaught: count("uncaught"),
            took_us: micros(took),
        };
        Self { schema: SCHEMA, faults, summary }
    }

    /// Reads a survey that was written with `--json`.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, String> {
        let wrong = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
        let length = std::fs::metadata(path).map_err(|error| wrong(&error))?.len();
        if length > FILE_LIMIT {
            return Err(wrong(&format!("{length} octets, allowed are {FILE_LIMIT}")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let survey: Self = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        if survey.schema != SCHEMA {
            return Err(wrong(&format!("a survey of schema {}, this program reads {SCHEMA}", survey.schema)));
        }
        Ok(survey)
    }

    /// How many faults of each requirement were caught, and how many belong to it.
    #[must_use]
    pub fn by_requirement(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for fault in self.faults.iter().filter(|fault| fault.verdict != "allowed") {
            let (caught, all) = counts.entry(&fault.requirement).or_default();
            *caught += usize::from(fault.verdict == "caught");
            *all += 1;
        }
        counts
    }

    /// The text of the JSON file.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers") + "\n"
    }

    /// The table: a line for each fault, what is wrong first, and a line for each party.
    #[must_use]
    pub fn table(&self) -> String {
        let width = self.faults.iter().map(|fault| fault.name.len()).max().unwrap_or_default();
        let mut text = String::new();
        // Writing to a string does not fail.
        let mut lines: Vec<_> = self.faults.iter().collect();
        lines.sort_by_key(|fault| fault.verdict != "uncaught");
        for fault in lines {
            let by = match (&fault.caught_by, &fault.allowed) {
                (Some(catch), _) => catch.case.clone(),
                (None, Some(why)) => format!("nobody has to: {why}"),
                (None, None) => format!("{} cases played; breaks {}", fault.played, fault.clause),
            };
            let Fault { name, requirement, verdict, .. } = fault;
            let _ = writeln!(text, "{verdict:<8}  {name:<width$}  {requirement:<6} {by}");
        }
        let _ = writeln!(text, "\n{:<16} {:>6} {:>6} {:>7} {:>8}", "party", "faults", "caught", "allowed", "uncaught");
        let mut parties: Vec<&str> = Vec::new();
        for fault in &self.faults {
            if !parties.contains(&fault.party.as_str()) {
                parties.push(&fault.party);
            }
        }
        for party in parties {
            let of = |verdict: &str| {
                let mine = self.faults.iter().filter(|fault| fault.party == party);
                mine.filter(|fault| verdict.is_empty() || fault.verdict == verdict).count()
            };
            let _ = writeln!(
                text,
                "{party:<16} {:>6} {:>6} {:>7} {:>8}",
                of(""),
                of("caught"),
                of("allowed"),
                of("uncaught")
            );
        }
        let Summary { faults, caught, allowed, uncaught, took_us } = self.summary;
        let seconds = Duration::from_micros(took_us).as_secs_f32();
        let _ = writeln!(text, "{:<16} {faults:>6} {caught:>6} {allowed:>7} {uncaught:>8}  in {seconds:.1} s", "all");
        text
    }
}

fn fault(finding: &Finding) -> Fault {
    let verdict = match (&finding.caught, &finding.fault.allowed) {
        (Some(_), _) => "caught",
        (None, Some(_)) => "allowed",
        (None, None) => "uncaught",
    };
    Fault {
        name: finding.fault.name(),
        party: finding.fault.party.word().to_owned(),
        clause: finding.fault.clause.to_owned(),
        requirement: finding.fault.requirement.clone(),
        verdict: verdict.to_owned(),
        caught_by: finding.caught.as_ref().map(|catch| Catch {
            case: catch.case.clone(),
            step: catch.step.clone(),
            why: catch.why.clone(),
            requirements: catch.requirements.clone(),
        }),
        allowed: finding.fault.allowed.clone(),
        touched: finding.touched,
        played: finding.played,
        took_us: micros(finding.took),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
