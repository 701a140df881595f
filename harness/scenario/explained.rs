//! Explained differences: what a real server answers otherwise than the mock, by nature, with the reason and where it is written.
//!
//! A file belongs to a product and version, `explained/mariadb-10.11.toml` to every `mariadb 10.11.x`, and each entry names one
//! difference exactly: where, what the mock says, what the peer says. One that explains nothing any more is stale and has to
//! go. An entry about a step's outcome is a known failure of `run` too, since the scenario expects what the mock does.

use crate::error::{Error, ScenarioError};
use crate::scenario::filter::Filter;
use crate::scenario::known::{KnownFailure, KnownFailures};
use crate::scenario::pattern::{OUTCOMES, OutcomePattern};
use crate::scenario::plan::Place;
use crate::scenario::rules::place;
use crate::scenario::source::Source;
use crate::scenario::written::{List, Text};

/// Where a difference of the whole outcome stands.
pub const OUTCOME: &str = "outcome";

/// The entries about some peers, in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct Explanations {
    entries: Vec<Explanation>,
}

/// One difference that is as it has to be.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// In which cases.
    pub cases: Vec<Filter>,
    /// In which step; `None` is any.
    pub step: Option<String>,
    /// Where: `outcome`, `message`, `trace`, `Greeting.version`, as `diff` prints it.
    pub at: String,
    /// What the mock says: one of these; `None` is nothing at all.
    pub mock: Option<Vec<Wording>>,
    /// What the peer says: one of these; `None` is nothing at all.
    pub peer: Option<Vec<Wording>>,
    /// Why.
    pub reason: String,
    /// Where that is written.
    pub source: String,
    /// Where the entry stands.
    pub place: Place,
}

/// A text as a file has it, in which `…` stands for any run of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording(String);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplainedFile {
    #[serde(default)]
    explained: Vec<toml::Spanned<EntryFile>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    case: List,
    step: Option<Text>,
    at: Text,
    mock: Option<List>,
    peer: Option<List>,
    reason: Text,
    source: Text,
}

impl Explanations {
    /// Those that are built in about any of these products, each named with its version: `mariadb 10.11.14`.
    ///
    /// # Errors
    /// The program was built with a file that it cannot read.
    pub fn built_in(products: &[String]) -> Result<Self, Error> {
        let mut all = Self::default();
        for source in Source::built_in_explanations() {
            let peer = peer(&source);
            if products.iter().any(|product| is_of(product, &peer)) {
                all.entries.extend(Self::parse(&source)?.entries);
            }
        }
        Ok(all)
    }

    /// Reads a file of explanations.
    ///
    /// # Errors
    /// It is not of that shape, or an entry names no difference or gives no reason.
    pub fn parse(source: &Source) -> Result<Self, ScenarioError> {
        let ExplainedFile { explained } = source.parse()?;
        let entries =
            explained.into_iter().map(|entry| Explanation::resolve(entry, source)).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// Adds the entries of another file.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[Explanation] {
        &self.entries
    }

    /// The entries about outcomes, as failures that are known in a run against the peer.
    #[must_use]
    pub fn known_failures(&self) -> KnownFailures {
        let known = self.entries.iter().flat_map(|entry| {
            entry.outcomes().map(|actual| {
                let Explanation { cases, reason, source, place, .. } = entry.clone();
                KnownFailure { cases, actual, reason, source, place }
            })
        });
        known.collect()
    }
}

impl Explanation {
    fn resolve(entry: toml::Spanned<EntryFile>, source: &Source) -> Result<Self, ScenarioError> {
        let span = entry.span();
        let EntryFile { case, step, at, mock, peer, reason, source: written } = entry.into_inner();
        if case.items.is_empty() {
            return Err(source.error(&case.span, "an explanation needs a case"));
        }
        if let Some(empty) = [&at, &reason, &written].into_iter().find(|text| text.text.trim().is_empty()) {
            return Err(source.error(&empty.span, "an explanation needs a place, a reason and a source"));
        }
        let texts = |list: &Option<List>| {
            list.as_ref().map(|list| list.items.iter().map(|text| Wording(text.text.clone())).collect::<Vec<_>>())
        };
        if let Some(empty) = [&mock, &peer].into_iter().flatten().find(|list| list.items.is_empty()) {
            return Err(source.error(&empty.span, "an empty list: a key that is left out is nothing at all"));
        }
        let written_texts = [&mock, &peer].into_iter().flatten().flat_map(|list| &list.items);
        if let Some(any) =
            written_texts.clone().find(|text| !text.text.is_empty() && text.text.trim_matches('…').is_empty())
        {
            return Err(source.error(&any.span, "any text at all: an explanation names what is said"));
        }
        if texts(&mock) == texts(&peer) {
            let problem = "mock and peer are the same, and an explanation names what differs";
            return Err(source.error(&span, problem));
        }
        if at.text == OUTCOME {
            for text in written_texts {
                text.text.parse::<OutcomePattern>().map_err(|error| {
                    source.error(&text.span, format!("{error}, in")).writing(&text.text).allowing(OUTCOMES)
                })?;
            }
        }
        let filter = |case: &Text| {
            Filter::new(&case.text).map_err(|problem| source.error(&case.span, problem).writing(&case.text))
        };
        Ok(Self {
            cases: case.items.iter().map(filter).collect::<Result<_, _>>()?,
            step: step.map(|step| step.text),
            at: at.text,
            mock: texts(&mock),
            peer: texts(&peer),
            reason: reason.text,
            source: written.text,
            place: place(source, &span),
        })
    }

    /// Whether this is about a place in a step of a case, whatever stands there.
    #[must_use]
    pub fn is_about(&self, case: &str, step: &str, at: &str) -> bool {
        self.at == at && self.step.as_deref().is_none_or(|own| own == step) && self.names(case)
    }

    /// Whether a case is meant.
    #[must_use]
    pub fn names(&self, case: &str) -> bool {
        self.cases.iter().any(|cases| cases.matches(case))
    }

    /// Whether this is what the two sides say.
    #[must_use]
    pub fn is_of(&self, mock: Option<&str>, peer: Option<&str>) -> bool {
        let says = |wordings: &Option<Vec<Wording>>, text: Option<&str>| match (wordings, text) {
            (Some(wordings), Some(text)) => wordings.iter().any(|wording| wording.matches(text)),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        says(&self.mock, mock) && says(&self.peer, peer)
    }

    /// The outcomes at the peer, if that is what this explains.
    fn outcomes(&self) -> impl Iterator<Item = OutcomePattern> {
        let wordings = self.peer.as_deref().filter(|_| self.at == OUTCOME).unwrap_or_default();
        wordings.iter().filter_map(|wording| wording.0.parse().ok())
    }
}

impl Wording {
    /// A wording: `…` is any run of characters.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether a text is so worded.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('…');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some((_, behind)) = rest.split_once(part) else { return false };
            rest = behind;
        }
        rest.ends_with(last)
    }
}

/// `explained/mit-krb5-1.20` → `mit-krb5 1.20`.
fn peer(source: &Source) -> String {
    let name = source.name.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('-').map_or_else(|| name.to_owned(), |(product, version)| format!("{product} {version}"))
}

/// Whether a product is of a peer's line: `mariadb 10.11.14` of `mariadb 10.11`, not of `mariadb 10.1`.
fn is_of(product: &str, peer: &str) -> bool {
    product.strip_prefix(peer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::{Outcome, Side};
    use crate::scenario::known::Judgement;

    const FILE: &str = r#"
[[explained]]
case   = "mysql/**"
at     = "Greeting.version"
mock   = ["5.7.12", "8.0.28"]
peer   = "5.5.5-10.11.…-MariaDB…"
reason = "MariaDB is not MySQL"
source = "MariaDB, Connection: Initial Handshake Packet"

[[explained]]
case   = ["mysql/passwords/*/clear/*", "mysql/passwords/*/tls/wrong"]
step   = "connect"
at     = "outcome"
mock   = "refused by server: 1045 28000"
peer   = "refused by server: 1698 28000"
reason = "there"
source = "issue 17"

[[explained]]
case   = "mysql/**"
at     = "messages"
peer   = "Progress"
reason = "only there"
source = "issue 18"
"#;

    fn parsed() -> Explanations {
        Explanations::parse(&Source::new("explained/x-1", FILE)).unwrap()
    }

    #[test]
    fn an_entry_is_about_one_place_and_one_pair_of_texts() {
        let explanations = parsed();
        let [version, outcome, message] = explanations.entries() else { panic!("there are three") };
        assert!(version.is_about("mysql/passwords/a", "connect", "Greeting.version"));
        assert!(!version.is_about("postgres/passwords/a", "connect", "Greeting.version"));
        assert!(!version.is_about("mysql/passwords/a", "connect", "Greeting.status"));
        assert!(version.is_of(Some("8.0.28"), Some("5.5.5-10.11.14-MariaDB-0+deb12u2")));
        assert!(!version.is_of(Some("8.0.29"), Some("5.5.5-10.11.14-MariaDB")));
        assert!(!version.is_of(Some("8.0.28"), None));
        assert!(outcome.is_about("mysql/passwords/native/tls/wrong", "connect", "outcome"));
        assert!(!outcome.is_about("mysql/passwords/native/tls/wrong", "again", "outcome"));
        assert!(!outcome.is_about("mysql/passwords/native/tls/right", "connect", "outcome"));
        assert!(message.is_of(None, Some("Progress")) && !message.is_of(Some("Progress"), None));
        assert_eq!((version.place.line, outcome.place.line), (2, 10));
    }

    #[test]
    fn an_ellipsis_stands_for_any_run_of_characters_and_nothing_else_does() {
        let check = |wording: &str, text: &str| Wording(wording.to_owned()).matches(text);
        for (wording, text) in
            [("", ""), ("a", "a"), ("…", ""), ("a…", "a"), ("…b", "xb"), ("a…c…e", "abcde"), ("a…a", "aa")]
        {
            assert!(check(wording, text), "{wording} {text}");
        }
        for (wording, text) in [("", "a"), ("a", "ab"), ("a…a", "a"), ("a…c…e", "aecd"), ("*", "a"), ("…b", "bx")]
        {
            assert!(!check(wording, text), "{wording} {text}");
        }
    }

    #[test]
    fn an_outcome_is_a_known_failure_of_a_run() {
        let known = parsed().known_failures();
        let there = Outcome::refused(Side::Server, "1698 28000");
        let here = Outcome::refused(Side::Server, "1045 28000");
        let case = "mysql/passwords/native/clear/wrong";
        assert!(matches!(known.judge(case, false, &there), Judgement::Known(_)));
        assert!(matches!(known.judge(case, false, &Outcome::established("password")), Judgement::FailsDifferently(_)));
        assert!(matches!(known.judge(case, true, &here), Judgement::Fixed(_)));
        assert_eq!(known.judge("mysql/passwords/native/tls/right", false, &there), Judgement::Fail);
    }

    #[test]
    fn a_version_belongs_to_its_line() {
        assert_eq!(peer(&Source::new("explained/mit-krb5-1.20", "")), "mit-krb5 1.20");
        for product in ["mariadb 10.11", "mariadb 10.11.14", "mariadb 10.11-rc1"] {
            assert!(is_of(product, "mariadb 10.11"), "{product}");
        }
        for product in ["mariadb 10.1", "mariadb 10.110", "mariadb", "mysql 10.11"] {
            assert!(!is_of(product, "mariadb 10.11"), "{product}");
        }
    }

    #[test]
    fn an_entry_that_cannot_be_understood_is_refused() {
        let check = |from: &str, to: &str, expected: &str| {
            let text = FILE.replacen(from, to, 1);
            let error = Explanations::parse(&Source::new("explained/x-1", text)).unwrap_err();
            assert_eq!(error.to_string(), format!("scenarios/explained/x-1.toml:{expected}"));
        };
        let keys = "case, step, at, mock, peer, reason, source";
        check("reason = \"there\"", "reason = \" \"", "16:10: an explanation needs a place, a reason and a source");
        check("source", "sauce", &format!("8:1: unknown key 'sauce', allowed: {keys}"));
        check(
            "[\"mysql/passwords/*/clear/*\", \"mysql/passwords/*/tls/wrong\"]",
            "[]",
            "11:10: an explanation needs a case",
        );
        check("[\"5.7.12\", \"8.0.28\"]", "[]", "5:10: an empty list: a key that is left out is nothing at all");
        let any = "any text at all: an explanation names what is said";
        check("5.5.5-10.11.…-MariaDB…", "…", &format!("6:10: {any}"));
        check("5.7.12", "……", &format!("5:11: {any}"));
        check("mysql/**", "mysql/[", "3:10: no pattern of case names 'mysql/['");
        check("peer   = \"Progress\"\n", "", "19:1: mock and peer are the same, and an explanation names what differs");
        let problem =
            format!("15:10: unknown party 'serve' in an outcome, in 'refused by serve: 1698', allowed: {OUTCOMES}");
        check("refused by server: 1698 28000", "refused by serve: 1698", &problem);
    }

    #[test]
    fn every_built_in_file_is_understood_and_belongs_to_a_product_with_a_version() {
        for source in Source::built_in_explanations() {
            let peer = peer(&source);
            let (_, version) = peer.rsplit_once(' ').unwrap_or_else(|| panic!("{peer} has no version"));
            assert!(version.split('.').all(|number| number.parse::<u32>().is_ok()), "{peer}");
            Explanations::parse(&source).unwrap_or_else(|problem| panic!("{problem}"));
            let of_peer = Explanations::built_in(&[format!("{peer}.7")]).unwrap();
            assert_eq!(of_peer.entries().len(), Explanations::parse(&source).unwrap().entries().len());
        }
        assert!(Explanations::built_in(&["mariadb 0.1".to_owned()]).unwrap().entries().is_empty());
    }
}
