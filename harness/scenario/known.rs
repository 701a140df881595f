//! Known failures: cases that do not come out as expected, with what comes out instead and why.
//!
//! They are run all the same. One that fails differently is a failure, one that passes is fixed and fails the run until
//! its entry is removed.

use crate::error::ScenarioError;
use crate::handshake::Outcome;
use crate::scenario::filter::Filter;
use crate::scenario::pattern::{OUTCOMES, OutcomePattern};
use crate::scenario::plan::{Case, Place};
use crate::scenario::rules::place;
use crate::scenario::source::Source;
use crate::scenario::written::Text;

/// The entries of a known-failures file.
#[derive(Debug, Clone, Default)]
pub struct KnownFailures {
    entries: Vec<KnownFailure>,
}

/// A case, or several, that are known to fail.
#[derive(Debug, Clone)]
pub struct KnownFailure {
    /// Which cases: those that any of these matches.
    pub cases: Vec<Filter>,
    /// The outcome that they have now.
    pub actual: OutcomePattern,
    /// Why.
    pub reason: String,
    /// Where that is recorded.
    pub source: String,
    /// Where the entry stands.
    pub place: Place,
}

/// What becomes of a case that has run, known failures considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement<'a> {
    /// As expected.
    Pass,
    /// Not as expected.
    Fail,
    /// Not as expected, but as known.
    Known(&'a KnownFailure),
    /// Not as expected, and not as known either.
    FailsDifferently(&'a KnownFailure),
    /// As expected, although it is known to fail.
    Fixed(&'a KnownFailure),
}

impl PartialEq for KnownFailure {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for KnownFailure {}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownFile {
    #[serde(default)]
    known: Vec<toml::Spanned<EntryFile>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    case: Text,
    actual: Text,
    reason: Text,
    source: Text,
}

impl KnownFailures {
    /// Reads a file of known failures.
    ///
    /// # Errors
    /// It is not of that shape, or an entry gives no reason.
    pub fn parse(source: &Source) -> Result<Self, ScenarioError> {
        let KnownFile { known } = source.parse()?;
        let mut entries = Vec::with_capacity(known.len());
        for entry in known {
            let span = entry.span();
            let EntryFile { case, actual, reason, source: recorded } = entry.into_inner();
            if let Some(empty) = [&reason, &recorded].into_iter().find(|text| text.text.trim().is_empty()) {
                return Err(source.error(&empty.span, "a known failure needs a reason and a source"));
            }
            let cases = Filter::new(&case.text);
            let cases = cases.map_err(|problem| source.error(&case.span, problem).writing(&case.text))?;
            let parsed = actual.text.parse().map_err(|error| {
                source.error(&actual.span, format!("{error}, in")).writing(&actual.text).allowing(OUTCOMES)
            })?;
            entries.push(KnownFailure {
                cases: vec![cases],
                actual: parsed,
                reason: reason.text,
                source: recorded.text,
                place: place(source, &span),
            });
        }
        Ok(Self { entries })
    }

    /// The shipped list.
    ///
    /// # Errors
    /// The program was built with a file that it cannot read.
    pub fn built_in() -> Result<Self, crate::error::Error> {
        Ok(Self::parse(&Source::built_in_file("known-failing")?)?)
    }

    /// The first entry about a case.
    #[must_use]
    pub fn find(&self, case: &str) -> Option<&KnownFailure> {
        self.entries.iter().find(|entry| entry.names(case))
    }

    /// What becomes of a case that came out as expected or did not. `actual` is the client's outcome of the step that
    /// decided: the first that differed, or the last.
    #[must_use]
    pub fn judge(&self, case: &str, as_expected: bool, actual: &Outcome) -> Judgement<'_> {
        match (self.find(case), as_expected) {
            (None, true) => Judgement::Pass,
            (None, false) => Judgement::Fail,
            (Some(known), true) => Judgement::Fixed(known),
            (Some(first), false) => {
                let mut about = self.entries.iter().filter(|entry| entry.names(case));
                let as_known = about.find(|entry| entry.actual.check(actual).is_ok());
                as_known.map_or(Judgement::FailsDifferently(first), Judgement::Known)
            }
        }
    }

    /// Entries about none of the cases: a case that was renamed or is gone.
    #[must_use]
    pub fn about_nothing(&self, cases: &[Case]) -> Vec<&KnownFailure> {
        let about_none = |entry: &&KnownFailure| !cases.iter().any(|case| entry.names(&case.name));
        self.entries.iter().filter(about_none).collect()
    }
}

impl KnownFailure {
    fn names(&self, case: &str) -> bool {
        self.cases.iter().any(|cases| cases.matches(case))
    }
}

impl FromIterator<KnownFailure> for KnownFailures {
    fn from_iter<I: IntoIterator<Item = KnownFailure>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}

impl Extend<KnownFailure> for KnownFailures {
    fn extend<I: IntoIterator<Item = KnownFailure>>(&mut self, entries: I) {
        self.entries.extend(entries);
    }
}

impl IntoIterator for KnownFailures {
    type Item = KnownFailure;
    type IntoIter = std::vec::IntoIter<KnownFailure>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Side;

    const FILE: &str = r#"
[[known]]
case   = "mysql/tls/*/1.0"
actual = "refused by server: alert handshake_failure"
reason = "the library has no such suite"
source = "issue 17"
"#;

    #[test]
    fn a_known_failure_is_told_from_another_one_and_from_none() {
        let known = KnownFailures::parse(&Source::new("known-failing", FILE)).unwrap();
        let entry = known.find("mysql/tls/a/1.0").unwrap();
        let alert = Outcome::refused(Side::Server, "alert handshake_failure");
        let other = Outcome::refused(Side::Server, "alert protocol_version");
        let login = Outcome::established("password");
        assert_eq!(known.judge("mysql/tls/a/1.0", false, &alert), Judgement::Known(entry));
        assert_eq!(known.judge("mysql/tls/a/1.0", false, &other), Judgement::FailsDifferently(entry));
        assert_eq!(known.judge("mysql/tls/a/1.0", true, &login), Judgement::Fixed(entry));
        assert_eq!(known.judge("mysql/tls/a/1.1", false, &alert), Judgement::Fail);
        assert_eq!(known.judge("mysql/tls/a/1.1", true, &login), Judgement::Pass);
        let mut two = known.clone();
        let other_entry =
            KnownFailure { actual: "refused by server: alert protocol_version".parse().unwrap(), ..entry.clone() };
        two.extend([other_entry]);
        assert!(matches!(two.judge("mysql/tls/a/1.0", false, &other), Judgement::Known(_)), "one of two is right");
        assert_eq!((entry.place.line, known.about_nothing(&[]).len()), (2, 1));
    }

    #[test]
    fn an_entry_that_cannot_be_understood_is_refused() {
        let check = |from: &str, to: &str, expected: &str| {
            let error = KnownFailures::parse(&Source::new("known-failing", FILE.replace(from, to))).unwrap_err();
            assert_eq!(error.to_string(), format!("scenarios/known-failing.toml:{expected}"));
        };
        check("issue 17", "", "6:10: a known failure needs a reason and a source");
        check("source", "sauce", "6:1: unknown key 'sauce', allowed: case, actual, reason, source");
        check("mysql/tls/*", "mysql/tls/[", "3:10: no pattern of case names 'mysql/tls/[/1.0'");
    }

    #[test]
    fn the_shipped_list_is_empty() {
        assert!(KnownFailures::built_in().unwrap().entries.is_empty());
    }
}
