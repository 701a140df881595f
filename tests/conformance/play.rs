//! Plays scenarios on mocks and keeps what came out, for the checks that this harness can fail.

use shakedown::engine::check::{Settings, check};
use shakedown::engine::event::{CaseResult, Event, Summary, Verdict};
use shakedown::scenario::filter::Filter;
use shakedown::scenario::{KnownFailures, Library, Plan, Source, make_plan};
use shakedown::testbed::Backend;
use std::collections::{BTreeMap, BTreeSet};

/// A run that is over.
pub(crate) struct Played {
    pub summary: Summary,
    pub cases: BTreeMap<String, CaseResult>,
}

impl Played {
    /// The names of the cases with a verdict.
    pub(crate) fn names(&self, verdict: Verdict) -> BTreeSet<&str> {
        self.cases.values().filter(|case| case.verdict == verdict).map(|case| case.name.as_str()).collect()
    }

    /// Why a case failed, as the step says that decided.
    #[track_caller]
    pub(crate) fn why(&self, case: &str) -> &str {
        let step = self.cases[case].first_difference().unwrap_or_else(|| panic!("{case} has no difference"));
        step.explanation.as_deref().unwrap_or_else(|| panic!("{case} does not say why"))
    }

    /// Exactly the cases that one of the patterns matches have failed, all others have passed, each pattern matches at least one
    /// case, and every failure names what was expected and what was.
    #[track_caller]
    pub(crate) fn failed_exactly(&self, patterns: &[&str]) {
        let mut concerned = BTreeSet::new();
        for pattern in patterns {
            let filter = Filter::new(pattern).unwrap();
            let before = concerned.len();
            concerned.extend(self.cases.keys().map(String::as_str).filter(|name| filter.matches(name)));
            assert!(concerned.len() > before, "'{pattern}' matches no further case");
        }
        if let Some(name) = self.names(Verdict::Error).into_iter().next() {
            panic!("{name} could not be played: {}", self.cases[name].reason.as_deref().unwrap_or("no reason"));
        }
        let failed = self.names(Verdict::Fail);
        let unexpected: Vec<_> = failed.difference(&concerned).map(|name| (name, self.why(name))).collect();
        let missed: Vec<_> = concerned.difference(&failed).collect();
        assert!(unexpected.is_empty(), "fail and should not: {unexpected:#?}");
        assert!(missed.is_empty(), "should fail and do not: {missed:#?}");
        assert_eq!(self.summary.total(), self.summary.pass + failed.len(), "{}", self.summary);
        for name in failed {
            let why = self.why(name);
            assert!(why.contains("expected") && (why.contains("was ") || why.contains("found")), "{name}: {why}");
        }
    }
}

/// The built-in scenario of that name.
pub(crate) fn scenario(name: &str) -> Source {
    Source::built_in_file(name).unwrap()
}

/// A text with `from` replaced, which has to stand in it once.
#[track_caller]
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "'{from}' is to stand once in\n{text}");
    text.replace(from, to)
}

/// Plays scenarios with the built-in library and no known failures.
pub(crate) fn play(sources: &[Source]) -> Played {
    play_with(sources, &Library::built_in().unwrap(), KnownFailures::default())
}

/// Plays the cases of scenarios that are picked by their names.
pub(crate) fn play_some(sources: &[Source], is_picked: impl Fn(&str) -> bool) -> Played {
    let library = Library::built_in().unwrap();
    let mut plan = make_plan(sources, &library, &BTreeMap::new()).unwrap_or_else(|problem| panic!("{problem}"));
    plan.cases.retain(|case| is_picked(&case.name));
    play_plan(plan, KnownFailures::default())
}

/// Plays scenarios.
#[track_caller]
pub(crate) fn play_with(sources: &[Source], library: &Library, known: KnownFailures) -> Played {
    let plan = make_plan(sources, library, &BTreeMap::new()).unwrap_or_else(|problem| panic!("{problem}"));
    play_plan(plan, known)
}

fn play_plan(plan: Plan, known: KnownFailures) -> Played {
    let planned = plan.cases.len();
    let settings = Settings {
        // Some cases wait for a peer that never answers: these are to wait side by side. With many more, each waits for all others
        // on a machine that is busy, and runs into its deadlines.
        jobs: 16,
        fail_fast: false,
        required: Vec::new(),
        requirements: BTreeMap::new(),
        arguments: Vec::new(),
        known,
        backend: Backend::mock(),
        capture: None,
    };
    let mut cases = BTreeMap::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let summary = runtime.block_on(check(plan, &settings, |event| {
        if let Event::CaseFinished(result) = event {
            let twice = cases.insert(result.name.clone(), *result);
            assert!(twice.is_none(), "{twice:?} finished twice");
        }
    }));
    let summary = summary.unwrap();
    assert_eq!((cases.len(), summary.total()), (planned, planned));
    Played { summary, cases }
}
