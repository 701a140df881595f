//! The catalogue of requirements: `scenarios/requirements.toml`. A case names the entries that it shows.

use crate::error::ScenarioError;
use crate::scenario::source::Source;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;

/// All requirements, in the order of the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    requirements: Vec<Requirement>,
}

/// A testable statement of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `S3-41`.
    pub id: String,
    /// The statement in our own words.
    pub statement: String,
    /// The title of the document that makes it.
    pub document: String,
    /// Where in the document.
    pub section: String,
    /// How far the document goes.
    pub strength: Strength,
    /// What is inferred, if only a part is: the code of a refusal, one engine line.
    pub inferred: Option<String>,
    /// What is shown by a model alone, as only a real Aurora could show it.
    pub modelled: Option<String>,
    /// What the documents leave open.
    pub question: Option<String>,
    /// How that is read here.
    pub reading: Option<String>,
}

/// How far a document goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// It says so.
    Stated,
    /// It says the positive part; what a failure looks like is inferred.
    Inferred,
}

impl Strength {
    /// The word in the catalogue.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Inferred => "inferred",
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    document: BTreeMap<Text, Text>,
    requirement: Vec<RequirementFile>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementFile {
    id: Text,
    statement: Text,
    section: Text,
    strength: Text,
    inferred: Option<Text>,
    modelled: Option<Text>,
    question: Option<Text>,
    reading: Option<Text>,
}

impl Catalogue {
    /// Reads the catalogue.
    ///
    /// # Errors
    /// It is not of that shape, an identifier stands twice, or its document is not listed.
    pub fn parse(source: &Source) -> Result<Self, ScenarioError> {
        let CatalogueFile { document, requirement } = source.parse()?;
        let mut requirements: Vec<Requirement> = Vec::with_capacity(requirement.len());
        for written in requirement {
            let RequirementFile { id, statement, section, strength, inferred, modelled, question, reading } = written;
            if requirements.iter().any(|other| other.id == id.text) {
                return Err(source.error(&id.span, "requirement given twice").writing(id.text));
            }
            let prefix = id.text.split_once('-').map_or("", |(prefix, _)| prefix);
            let title = document.iter().find(|(key, _)| key.text == prefix).map(|(_, title)| title.text.clone());
            let document = title.ok_or_else(|| source.error(&id.span, "no document for").writing(&id.text))?;
            let strength = match strength.text.as_str() {
                "stated" => Strength::Stated,
                "inferred" => Strength::Inferred,
                _ => {
                    let error = source.error(&strength.span, "unknown strength").writing(strength.text);
                    return Err(error.allowing("stated, inferred"));
                }
            };
            let text = |written: Option<Text>| written.map(|text| text.text);
            requirements.push(Requirement {
                id: id.text,
                statement: statement.text,
                document,
                section: section.text,
                strength,
                inferred: text(inferred),
                modelled: text(modelled),
                question: text(question),
                reading: text(reading),
            });
        }
        Ok(Self { requirements })
    }

    /// All requirements, in order.
    #[must_use]
    pub fn all(&self) -> &[Requirement] {
        &self.requirements
    }

    /// The requirement of that identifier.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }

    /// Refuses an identifier that the catalogue does not have.
    pub(crate) fn check(&self, id: &Text, source: &Source) -> Result<(), ScenarioError> {
        if self.get(&id.text).is_some() {
            return Ok(());
        }
        let prefix = id.text.split_once('-').map_or("", |(prefix, _)| prefix);
        let same: Vec<_> =
            self.requirements.iter().filter(|r| r.id.split_once('-').is_some_and(|(p, _)| p == prefix)).collect();
        let allowed = match (same.first(), same.last()) {
            (Some(first), Some(last)) => format!("{} to {}", first.id, last.id),
            _ => "the entries of scenarios/requirements.toml".to_owned(),
        };
        Err(source.error(&id.span, "unknown requirement").writing(&id.text).allowing(allowed))
    }
}

/// The words of a list of `shows`, checked.
pub(crate) fn checked(
    list: &List,
    filling: &crate::scenario::template::Filling<'_>,
    catalogue: &Catalogue,
) -> Result<Vec<String>, ScenarioError> {
    let words = filling.words(list)?;
    for word in &words {
        catalogue.check(word, filling.source)?;
    }
    Ok(words.into_iter().map(|word| word.text).collect())
}
