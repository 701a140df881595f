//! `scenarios/faults.toml`: which requirement each fault belongs to, where it is likely to be noticed, and what is no fault.

use super::{Fault, Faulty};
use crate::error::{Error, ScenarioError};
use crate::scenario::filter::Filter;
use crate::scenario::source::Source;
use crate::scenario::written::Text;

/// The entries of `scenarios/faults.toml`, in their order.
#[derive(Debug, Clone)]
pub struct Belongings {
    source: Source,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    party: Faulty,
    faults: Vec<(Text, Filter)>,
    requirement: String,
    likely: Vec<Filter>,
    allowed: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fault: Vec<WrittenEntry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    party: Text,
    words: Vec<Text>,
    requirement: Text,
    #[serde(default)]
    likely: Vec<Text>,
    allowed: Option<Text>,
}

impl Belongings {
    /// What is built in.
    ///
    /// # Errors
    /// The program was built with a file that it cannot read.
    pub fn built_in() -> Result<Self, Error> {
        Ok(Self::parse(&Source::built_in_file("faults")?)?)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// It is not of that shape, or a party or pattern is none.
    pub fn parse(source: &Source) -> Result<Self, ScenarioError> {
        let File { fault } = source.parse()?;
        let filter = |text: &Text| {
            Filter::new(&text.text).map_err(|problem| source.error(&text.span, problem).writing(&text.text))
        };
        let mut entries = Vec::with_capacity(fault.len());
        for WrittenEntry { party, words, requirement, likely, allowed } in fault {
            let known = Faulty::ALL.into_iter().find(|known| known.word() == party.text);
            let party = known.ok_or_else(|| {
                let allowed = Faulty::ALL.map(Faulty::word).join(", ");
                source.error(&party.span, "unknown party").writing(&party.text).allowing(allowed)
            })?;
            let faults = words.into_iter().map(|text| Ok((text.clone(), filter(&text)?))).collect::<Result<_, _>>()?;
            entries.push(Entry {
                party,
                faults,
                requirement: requirement.text,
                likely: likely.iter().map(filter).collect::<Result<_, _>>()?,
                allowed: allowed.map(|text| text.text),
            });
        }
        Ok(Self { source: source.clone(), entries })
    }

    /// Every fault of every party with the first entry that is about it, in the order of the parties' tables.
    ///
    /// # Errors
    /// A fault has no entry, or an entry is about none that no other is about.
    pub fn faults(&self) -> Result<Vec<Fault>, ScenarioError> {
        let mut used = vec![false; self.entries.iter().map(|entry| entry.faults.len()).sum()];
        let mut faults = Vec::new();
        for party in Faulty::ALL {
            for (word, clause) in party.tables() {
                let patterns = self.entries.iter().flat_map(|entry| entry.faults.iter().map(move |(_, f)| (entry, f)));
                let mut found = patterns.enumerate().filter(|(_, (entry, _))| entry.party == party);
                let Some((index, (entry, _))) = found.find(|(_, (_, filter))| filter.matches(word)) else {
                    let problem = format!("no entry about the fault '{word}' of the {}", party.word());
                    return Err(self.source.error(&(0..0), problem));
                };
                used[index] = true;
                faults.push(Fault {
                    party,
                    word,
                    clause,
                    requirement: entry.requirement.clone(),
                    likely: entry.likely.clone(),
                    allowed: entry.allowed.clone(),
                });
            }
        }
        let texts = self.entries.iter().flat_map(|entry| entry.faults.iter().map(|(text, _)| text));
        match texts.zip(used).find(|(_, used)| !used) {
            Some((text, _)) => Err(self.source.error(&text.span, "about no fault that is left").writing(&text.text)),
            None => Ok(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let read = Belongings::parse(&Source::new("faults", text)).and_then(|belongings| belongings.faults());
        read.unwrap_err().to_string()
    }

    #[test]
    fn an_entry_that_is_about_nothing_and_a_fault_without_entry_are_errors() {
        let built_in = Source::built_in_file("faults").unwrap().text;
        let entry = "\n[[fault]]\nparty = \"PARTY\"\nwords = [\"WORD\"]\nrequirement = \"S3-01\"\n";
        let with = |party: &str, word: &str| built_in.clone() + &entry.replace("PARTY", party).replace("WORD", word);
        let stale = problem(&with("mysql-server", "no-such-fault"));
        assert!(stale.contains("about no fault that is left 'no-such-fault'"), "{stale}");
        let unknown = problem(&with("mysql", "no-ssl-bit"));
        assert!(unknown.contains("unknown party 'mysql'") && unknown.contains("mysql-server"), "{unknown}");
        let missing = problem(&built_in.replacen("[\"*\"]", "[\"no-sqlstate\"]", 1));
        assert!(missing.contains("no entry about the fault 'wrong-error-code' of the mysql-server"), "{missing}");
    }
}
