//! From arguments to a plan: which files, which cases of them, under which readings.

use crate::cli::say;
use crate::error::Error;
use crate::scenario::filter::Filter;
use crate::scenario::requirements::Catalogue;
use crate::scenario::{Library, Plan, Source, make_plan};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Which scenarios, of which readings: shared by the commands that plan.
#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    /// Scenario files or folders [default: the scenarios that are built in]
    pub paths: Vec<PathBuf>,
    /// Only cases whose name matches: `*` within a part, `**` across parts; may be given more than once
    #[arg(long, value_name = "GLOB")]
    pub filter: Vec<String>,
    /// Choose the reading of an open question, as in `dhe-on-v3=note`; may be given more than once
    #[arg(long, value_name = "QUESTION=READING")]
    pub reading: Vec<String>,
}

/// A plan and what its requirements mean.
pub(super) struct Planned {
    pub plan: Plan,
    pub catalogue: Catalogue,
    /// The names of all cases that the files have, those that are left out included.
    pub every: BTreeSet<String>,
}

impl PlanArguments {
    /// Reads and understands the files, then leaves out what is not asked for.
    pub(super) fn plan(&self) -> Result<Planned, Error> {
        let library = Library::built_in()?;
        let sources = if self.paths.is_empty() { Source::built_in() } else { Source::from_paths(&self.paths)? };
        let mut plan = make_plan(&sources, &library, &self.readings()?)?;
        let every = plan.cases.iter().map(|case| case.name.clone()).collect();
        if !self.filter.is_empty() {
            let filters = self.filters()?;
            for (pattern, filter) in self.filter.iter().zip(&filters) {
                if !plan.cases.iter().any(|case| filter.matches(&case.name)) {
                    say(&format!("no case matches --filter '{pattern}'"));
                }
            }
            plan.cases.retain(|case| filters.iter().any(|filter| filter.matches(&case.name)));
        }
        Ok(Planned { plan, catalogue: library.catalogue, every })
    }

    fn filters(&self) -> Result<Vec<Filter>, Error> {
        let filter = |pattern: &String| {
            Filter::new(pattern).map_err(|problem| Error::Usage(format!("--filter '{pattern}': {problem}")))
        };
        self.filter.iter().map(filter).collect()
    }

    fn readings(&self) -> Result<BTreeMap<String, String>, Error> {
        let reading = |text: &String| match text.split_once('=') {
            Some((question, answer)) => Ok((question.to_owned(), answer.to_owned())),
            None => Err(Error::Usage(format!("'--reading {text}' is not QUESTION=READING, as in dhe-on-v3=note"))),
        };
        self.reading.iter().map(reading).collect()
    }
}
