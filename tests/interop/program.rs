//! `shakedown run`, and what its report says.

use shakedown::report::json::{self, Results};
use shakedown::scenario::Filter;
use std::path::Path;
use std::process::{Command, Stdio};

/// One run that has ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// What it printed.
    pub(crate) printed: String,
    results: Results,
}

impl Run {
    /// Plays cases in the folder of the package, with these variables besides the environment's.
    pub(crate) fn play<'a>(
        arguments: &[&str],
        environment: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let report = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_shakedown"))
            .arg("run")
            .args(arguments)
            .arg("--report")
            .arg(report.path())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .envs(environment)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |stream: &[u8]| String::from_utf8_lossy(stream).into_owned();
        let printed = text(&output.stdout) + &text(&output.stderr);
        let results = read(report.path()).unwrap_or_else(|problem| panic!("{}, {problem}: {printed}", output.status));
        Self { code: output.status.code(), printed, results }
    }

    /// How many cases came out so: `pass`, `fail`.
    pub(crate) fn count(&self, verdict: &str) -> usize {
        self.results.cases.iter().filter(|case| case.verdict == verdict).count()
    }

    /// How many cases that a pattern means came out so.
    pub(crate) fn count_of(&self, pattern: &str, verdict: &str) -> usize {
        let filter = Filter::new(pattern).unwrap();
        self.results.cases.iter().filter(|case| case.verdict == verdict && filter.matches(&case.name)).count()
    }

    /// The names of the cases that came out so.
    pub(crate) fn names(&self, verdict: &str) -> Vec<&str> {
        self.results.cases.iter().filter(|case| case.verdict == verdict).map(|case| case.name.as_str()).collect()
    }

    /// The reasons for which cases were skipped, each once.
    pub(crate) fn reasons(&self) -> Vec<&str> {
        let skipped = self.results.cases.iter().filter(|case| case.verdict == "skipped");
        let mut reasons: Vec<_> = skipped.filter_map(|case| case.reason.as_deref()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// All cases passed, so many, and the program says so.
    #[track_caller]
    pub(crate) fn all_pass(&self, cases: usize) {
        assert_eq!((self.count("pass"), self.results.cases.len()), (cases, cases), "{}", self.printed);
        assert_eq!(self.code, Some(0), "{}", self.printed);
    }

    /// These cases are not as expected, all others are, and the program says so.
    #[track_caller]
    pub(crate) fn fail_exactly(&self, cases: &[&str]) {
        let mut failed = self.names("fail");
        failed.sort_unstable();
        assert_eq!(failed, cases, "{}", self.printed);
        assert_eq!(self.count("pass") + cases.len(), self.results.cases.len(), "{}", self.printed);
        assert_eq!(self.code, Some(1), "{}", self.printed);
    }
}

fn read(folder: &Path) -> Result<Results, shakedown::report::Error> {
    json::read(&folder.join("results.json"))
}
