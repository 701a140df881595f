//! The rules of a step: the first that matches a cell decides it, as in pg_hba.conf.
//!
//! A cell that no rule decides is an error, and so is a rule that decides another number of cells than it says: a wider
//! glob, a new axis value or a rule that is never reached cannot slip in.

use crate::error::ScenarioError;
use crate::scenario::expect::Expectation;
use crate::scenario::explained::Wording;
use crate::scenario::file::{Rule, When};
use crate::scenario::matrix::{Cell, Matrix};
use crate::scenario::pattern::{OUTCOMES, PHASES};
use crate::scenario::plan::Place;
use crate::scenario::reading::Readings;
use crate::scenario::selector::Selector;
use crate::scenario::source::Source;
use crate::scenario::template::Filling;
use crate::scenario::words::duration;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;
use std::ops::Range;

/// The rules of one step.
#[derive(Debug)]
pub(crate) struct Rules {
    rules: Vec<CompiledRule>,
    /// Where the step stands.
    span: Range<usize>,
}

#[derive(Debug)]
struct CompiledRule {
    selector: Selector,
    cells: Option<(u64, Range<usize>)>,
    answer: Answer,
    span: Range<usize>,
}

/// What a rule or a step says must come out, before a cell is known.
#[derive(Debug)]
pub(crate) struct Answer {
    pub then: Text,
    pub server: Option<Text>,
    pub kdc: Option<Text>,
    pub trace: Option<Text>,
    pub says: BTreeMap<Text, Text>,
    pub within: BTreeMap<Text, Text>,
    pub shows: Vec<List>,
}

impl Rules {
    /// A step that says one thing for all its cells.
    pub(crate) fn single(answer: Answer, span: Range<usize>) -> Self {
        let rule = CompiledRule { selector: Selector::default(), cells: None, answer, span: span.clone() };
        Self { rules: vec![rule], span }
    }

    /// A list of rules. `shows` is what the step shows whatever the rule.
    pub(crate) fn new(
        written: Vec<toml::Spanned<Rule>>,
        shows: &List,
        span: Range<usize>,
        source: &Source,
        matrix: &Matrix,
        readings: &Readings,
    ) -> Result<Self, ScenarioError> {
        let mut rules = Vec::with_capacity(written.len());
        for rule in written {
            let span = rule.span();
            let Rule { cells, when, then, server, kdc, trace, says, within, shows: of_rule } = rule.into_inner();
            let selector = Selector::new(&when, source, matrix, readings)?;
            let cells = cells.map(|cells| (*cells.get_ref(), cells.span()));
            let answer = Answer { then, server, kdc, trace, says, within, shows: vec![shows.clone(), of_rule] };
            rules.push(CompiledRule { selector, cells, answer, span });
        }
        Ok(Self { rules, span })
    }

    /// Counts the cells of each rule and holds them against what is written. `cells` are those that the step plays.
    pub(crate) fn check(
        &self,
        cells: &[Cell],
        source: &Source,
        matrix: &Matrix,
        readings: &Readings,
    ) -> Result<Vec<usize>, ScenarioError> {
        let defaults = readings.defaults();
        let under_defaults = self.count(cells, &defaults, source, matrix)?;
        let mut counts = Vec::with_capacity(self.rules.len());
        for (index, rule) in self.rules.iter().enumerate() {
            let count = match rule.selector.reading() {
                Some((question, answer)) => {
                    let mut readings = defaults.clone();
                    readings.insert(question.clone(), answer.clone());
                    self.count(cells, &readings, source, matrix)?[index]
                }
                None => under_defaults[index],
            };
            match &rule.cells {
                Some((written, span)) if usize::try_from(*written) != Ok(count) => {
                    let problem = format!("the rule decides {count} cells, not");
                    return Err(source.error(span, problem).writing(written.to_string()));
                }
                None if self.rules.len() > 1 => {
                    let problem = format!("missing key 'cells', obligatory with two rules or more; it decides {count}");
                    return Err(source.error(&rule.span, problem));
                }
                _ if count == 0 => return Err(source.error(&rule.span, "the rule decides no cell")),
                _ => counts.push(count),
            }
        }
        Ok(counts)
    }

    /// How many cells each rule decides under some readings.
    pub(crate) fn count(
        &self,
        cells: &[Cell],
        readings: &BTreeMap<String, String>,
        source: &Source,
        matrix: &Matrix,
    ) -> Result<Vec<usize>, ScenarioError> {
        let mut counts = vec![0; self.rules.len()];
        for cell in cells {
            let rule = self.decide(cell, readings).ok_or_else(|| {
                source.error(&self.span, format!("no rule decides the cell {}", matrix.describe(cell)))
            })?;
            counts[rule] += 1;
        }
        Ok(counts)
    }

    /// The index of the rule that decides a cell.
    fn decide(&self, cell: &[usize], readings: &BTreeMap<String, String>) -> Option<usize> {
        self.rules.iter().position(|rule| rule.selector.matches(cell, readings))
    }

    /// What must come out for a cell.
    pub(crate) fn expectation(
        &self,
        filling: &Filling<'_>,
        readings: &BTreeMap<String, String>,
    ) -> Result<Expectation, ScenarioError> {
        let rule = self.decide(filling.cell, readings).ok_or_else(|| {
            filling
                .source
                .error(&self.span, format!("no rule decides the cell {}", filling.matrix.describe(filling.cell)))
        })?;
        let rule = &self.rules[rule];
        rule.answer.fill(filling, &rule.span)
    }

    /// Where each rule stands.
    pub(crate) fn places(&self, source: &Source) -> Vec<Place> {
        self.rules.iter().map(|rule| place(source, &rule.span)).collect()
    }
}

impl Answer {
    fn fill(&self, filling: &Filling<'_>, span: &Range<usize>) -> Result<Expectation, ScenarioError> {
        let Self { then, server, kdc, trace, says, within, shows } = self;
        let then = filling.text(then)?;
        let client =
            then.text.parse().map_err(|error| filling.error(&then, format!("{error}, in")).allowing(OUTCOMES))?;
        let view = |written: &Option<Text>| {
            let Some(text) = filling.optional(written.as_ref())? else { return Ok(None) };
            text.text.parse().map(Some).map_err(|error| filling.error(&text, format!("{error}, in")))
        };
        let trace = match filling.optional(trace.as_ref())? {
            Some(text) => Some(text.text.parse().map_err(|error| filling.error(&text, format!("{error}, in")))?),
            None => None,
        };
        let mut said = BTreeMap::new();
        for (place, wording) in says {
            if !place.text.contains('.') {
                let error = filling.error(place, "no place in a message");
                return Err(error.allowing("MESSAGE.FIELD and MESSAGE[NAME].FIELD, as in Greeting.version"));
            }
            // What a template leaves empty is not asked.
            if let Some(wording) = filling.optional(Some(wording))? {
                said.insert(place.text.clone(), Wording::new(wording.text));
            }
        }
        let mut bounds = BTreeMap::new();
        for (phase, bound) in within {
            if !PHASES.contains(&phase.text.as_str()) {
                return Err(filling.error(phase, "unknown phase").allowing(PHASES.join(", ")));
            }
            let bound = filling.text(bound)?;
            let parsed = duration(&bound.text);
            let parsed =
                parsed.ok_or_else(|| filling.error(&bound, "no duration").allowing("50ms, 5s, 10m, 10h, 7d"))?;
            bounds.insert(phase.text.clone(), parsed);
        }
        let mut requirements: Vec<String> = Vec::new();
        for list in shows {
            requirements.extend(filling.words(list)?.into_iter().map(|word| word.text));
        }
        Ok(Expectation {
            client,
            server: view(server)?,
            kdc: view(kdc)?,
            trace,
            says: said,
            within: bounds,
            requirements,
            place: place(filling.source, span),
        })
    }
}

/// Cells that cannot exist, removed before anything else is asked.
#[derive(Debug)]
pub(crate) struct Exclusions {
    /// For each entry, how many cells it removes.
    pub removed: Vec<(String, usize)>,
    /// What is left.
    pub cells: Vec<Cell>,
}

impl Exclusions {
    /// Applies the entries in order; a cell that two of them match is counted by the first.
    pub(crate) fn apply(
        written: Vec<toml::Spanned<crate::scenario::file::Exclude>>,
        mut cells: Vec<Cell>,
        source: &Source,
        matrix: &Matrix,
        readings: &Readings,
    ) -> Result<Self, ScenarioError> {
        let defaults = readings.defaults();
        let mut removed = Vec::with_capacity(written.len());
        for exclude in written {
            let crate::scenario::file::Exclude { cells: count, when, why } = exclude.into_inner();
            refuse_reading(&when, source)?;
            let selector = Selector::new(&when, source, matrix, readings)?;
            let before = cells.len();
            cells.retain(|cell| !selector.matches(cell, &defaults));
            let gone = before - cells.len();
            if usize::try_from(*count.get_ref()) != Ok(gone) {
                let problem = format!("the entry excludes {gone} cells, not");
                return Err(source.error(&count.span(), problem).writing(count.get_ref().to_string()));
            }
            removed.push((why.text, gone));
        }
        Ok(Self { removed, cells })
    }
}

/// Which cells exist must not hang on a reading, or names would come and go with it.
fn refuse_reading(when: &When, source: &Source) -> Result<(), ScenarioError> {
    match when.keys().find(|key| key.text == "reading") {
        Some(key) => Err(source.error(&key.span, "cells cannot be excluded by a reading")),
        None => Ok(()),
    }
}

/// The file and line of a span.
pub(crate) fn place(source: &Source, span: &Range<usize>) -> Place {
    Place { file: source.file.clone(), line: source.position(span.start).0 }
}
