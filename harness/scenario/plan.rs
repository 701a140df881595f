//! Scenarios as understood: every cell a case, every template filled in, every default decided.

mod verb;

pub use verb::{AccountState, Clocked, Keys, KinitSecret, KinitTimes, RotatedKeytab, Verb};

use crate::scenario::expect::Expectation;
use crate::scenario::party::{Client, Proxy, Realm, Server};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What is to be played.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// All cases, in the order of the files and, within a file, of the cells. INVARIANT: no two have one name.
    pub cases: Vec<Case>,
    /// Cells that cannot exist.
    pub excluded: Vec<Exclusion>,
    /// The readings of open questions that the plan was made under.
    pub readings: BTreeMap<String, String>,
    /// How many cells each rule decides, under the default readings or the one that it names.
    pub rules: Vec<RuleCount>,
}

/// How many cells a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// The scenario: `mysql/cipher-suites`.
    pub scenario: String,
    /// The step.
    pub step: String,
    /// The rule.
    pub place: Place,
    /// Cells.
    pub cells: usize,
}

/// Cells that an `exclude` entry removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The scenario: `iam/exclusivity`.
    pub scenario: String,
    /// Why they cannot exist.
    pub why: String,
    /// How many there are.
    pub cells: usize,
}

/// One cell of a scenario.
#[derive(Debug, Clone)]
pub struct Case {
    /// The stable name, a path: `mysql/cipher-suites/3.04.0/tls1.0/DHE-RSA-AES128-SHA`.
    pub name: String,
    /// Where it comes from.
    pub scenario: Arc<ScenarioInfo>,
    /// The names of the axis values, in the order of the axes.
    pub axes: Vec<(String, String)>,
    /// Requirements that the case shows, without those of single steps.
    pub requirements: Vec<String>,
    /// Readings of the scenario's open questions.
    pub readings: BTreeMap<String, String>,
    /// Realms by the scenario's name for them: those that steps reach, as of all parties.
    pub realms: BTreeMap<String, Arc<Realm>>,
    /// Servers by the scenario's name for them. Equal servers are one `Arc` within a plan.
    pub servers: BTreeMap<String, Arc<Server>>,
    /// Clients by the scenario's name for them.
    pub clients: BTreeMap<String, Arc<Client>>,
    /// Proxies by the scenario's name for them.
    pub proxies: BTreeMap<String, Arc<Proxy>>,
    /// What happens. Steps whose `when` does not match the cell are left out.
    pub steps: Vec<Step>,
}

impl Case {
    /// Where its matrix stands in the file: the place of the first step.
    #[must_use]
    pub fn place(&self) -> &Place {
        self.steps.first().map_or(&self.scenario.place, |step| &step.place)
    }

    /// The server that is reached by dialling a party: itself, or what the proxies hand on to.
    #[must_use]
    pub fn server_behind(&self, party: &str) -> Option<&Arc<Server>> {
        let mut at = party;
        // A way has each proxy once at most.
        for _ in 0..=self.proxies.len() {
            match self.servers.get(at) {
                None => at = &self.proxies.get(at)?.to,
                server => return server,
            }
        }
        None
    }

    /// Every requirement that the case or one of its steps shows, once each, in order.
    #[must_use]
    pub fn shown(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        let of_steps = self.steps.iter().filter_map(|step| step.expectation.as_ref()).flat_map(|e| &e.requirements);
        for requirement in self.requirements.iter().chain(of_steps) {
            if !all.contains(&requirement.as_str()) {
                all.push(requirement);
            }
        }
        all
    }
}

/// What all cases of a scenario share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioInfo {
    /// The path below the scenarios' root, without `.toml`: `mysql/cipher-suites`.
    pub name: String,
    /// What it shows, in one sentence.
    pub title: String,
    /// Where the specification says so.
    pub source: String,
    /// The file and the line of its title.
    pub place: Place,
}

/// A place in a scenario file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// One thing that happens, and what must come of it.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name, or the verb if it has none.
    pub name: String,
    /// What happens.
    pub verb: Verb,
    /// What must come out; `None` for a step that only changes something.
    pub expectation: Option<Expectation>,
    /// Where it stands.
    pub place: Place,
}
