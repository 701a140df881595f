//! Steps: one verb each, in which cells it happens, and what must come out.

use super::verb::{Standing, WrittenVerb};
use crate::error::ScenarioError;
use crate::scenario::file;
use crate::scenario::matrix::{Cell, Matrix};
use crate::scenario::plan::{Place, Step, Verb};
use crate::scenario::reading::Readings;
use crate::scenario::rules::{Answer, Rules, place};
use crate::scenario::selector::Selector;
use crate::scenario::source::Source;
use crate::scenario::template::Filling;
use crate::scenario::written::Text;
use std::ops::Range;
use toml::Spanned;

/// A step of a scenario, before a cell is known.
#[derive(Debug)]
pub(super) struct CompiledStep {
    pub name: String,
    span: Range<usize>,
    when: Selector,
    verb: WrittenVerb,
    verb_span: Range<usize>,
    rules: Option<Rules>,
}

impl CompiledStep {
    pub(super) fn new(
        written: Spanned<file::Step>,
        source: &Source,
        matrix: &Matrix,
        readings: &Readings,
    ) -> Result<Self, ScenarioError> {
        let span = written.span();
        let file::Step {
            name,
            when,
            connect,
            kinit,
            renew,
            destroy_tickets,
            rotate,
            clock,
            account,
            parameter,
            restart,
            failover,
            fault,
            then,
            server,
            kdc,
            trace,
            says,
            within,
            shows,
            expect,
        } = written.into_inner();
        let mut verbs = Vec::new();
        verbs.extend(connect.map(|verb| (verb.span(), WrittenVerb::Connect(verb.into_inner()))));
        verbs.extend(kinit.map(|verb| (verb.span(), WrittenVerb::Kinit(verb.into_inner()))));
        verbs.extend(renew.map(|verb| (verb.span(), WrittenVerb::Renew(verb.into_inner()))));
        verbs.extend(destroy_tickets.map(|verb| (verb.span(), WrittenVerb::DestroyTickets(verb.into_inner()))));
        verbs.extend(rotate.map(|verb| (verb.span(), WrittenVerb::Rotate(verb.into_inner()))));
        verbs.extend(clock.map(|verb| (verb.span(), WrittenVerb::Clock(verb.into_inner()))));
        verbs.extend(account.map(|verb| (verb.span(), WrittenVerb::Account(verb.into_inner()))));
        verbs.extend(parameter.map(|verb| (verb.span(), WrittenVerb::Parameter(verb.into_inner()))));
        verbs.extend(restart.map(|verb| (verb.span(), WrittenVerb::Restart(verb.into_inner()))));
        verbs.extend(failover.map(|verb| (verb.span(), WrittenVerb::Failover(verb.into_inner()))));
        verbs.extend(fault.map(|verb| (verb.span(), WrittenVerb::Fault(verb.into_inner()))));
        verbs.sort_by_key(|(span, _)| span.start);
        if let Some((second, verb)) = verbs.get(1) {
            return Err(source.error(second, "a second verb in one step").writing(verb.word()));
        }
        let Some((verb_span, verb)) = verbs.pop() else {
            return Err(source.error(&span, "a step without a verb").allowing(VERBS));
        };
        if !verb.is_judged() && (then.is_some() || !expect.is_empty()) {
            let problem = format!("'{}' only changes something: nothing comes out that could be expected", verb.word());
            return Err(source.error(&verb_span, problem));
        }
        let when = Selector::new(&when, source, matrix, readings)?;
        let rules = match then {
            Some(then) if expect.is_empty() => {
                let answer = Answer { then, server, kdc, trace, says, within, shows: vec![shows] };
                Some(Rules::single(answer, span.clone()))
            }
            Some(then) => return Err(source.error(&then.span, "'then' and 'expect' exclude each other")),
            None => {
                let loose = [server, kdc, trace]
                    .into_iter()
                    .flatten()
                    .next()
                    .or(says.into_keys().next())
                    .or(within.into_keys().next());
                if let Some(loose) = loose {
                    return Err(source.error(&loose.span, "without 'then' this belongs to the rules of 'expect'"));
                }
                if expect.is_empty() && verb.is_judged() {
                    let problem = format!("neither 'then' nor 'expect' for '{}'", verb.word());
                    return Err(source.error(&verb_span, problem));
                }
                if expect.is_empty() {
                    None
                } else {
                    Some(Rules::new(expect, &shows, span.clone(), source, matrix, readings)?)
                }
            }
        };
        let name = name.map_or_else(|| verb.word().to_owned(), |name| name.text);
        Ok(Self { name, span, when, verb, verb_span, rules })
    }

    /// Where it stands.
    pub(super) const fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// Holds the counts of the rules against what is written and gives them back with their places.
    pub(super) fn count(
        &self,
        cells: &[Cell],
        source: &Source,
        matrix: &Matrix,
        readings: &Readings,
    ) -> Result<Vec<(Place, usize)>, ScenarioError> {
        let Some(rules) = &self.rules else { return Ok(Vec::new()) };
        let defaults = readings.defaults();
        let played: Vec<_> = cells.iter().filter(|cell| self.when.matches(cell, &defaults)).cloned().collect();
        let counts = rules.check(&played, source, matrix, readings)?;
        Ok(rules.places(source).into_iter().zip(counts).collect())
    }

    /// Who connects to whom in a cell.
    pub(super) fn connects(&self, filling: &Filling<'_>) -> Result<Option<(Text, Text)>, ScenarioError> {
        match &self.verb {
            WrittenVerb::Connect(file::Connect { from, to, .. }) => Ok(Some((filling.text(from)?, filling.text(to)?))),
            _ => Ok(None),
        }
    }

    /// Who gets a ticket from which realm in a cell.
    pub(super) fn authenticates(&self, filling: &Filling<'_>) -> Result<Option<(Text, Text)>, ScenarioError> {
        match &self.verb {
            WrittenVerb::Kinit(file::Kinit { by, realm, .. }) => Ok(Some((filling.text(by)?, filling.text(realm)?))),
            _ => Ok(None),
        }
    }

    /// The step in a cell, if it happens there. It may leave parties behind that are not as they were.
    pub(super) fn resolve(&self, standing: &mut Standing<'_>) -> Result<Option<Step>, ScenarioError> {
        let Standing { filling, readings, realms, library, .. } = *standing;
        if !self.when.matches(filling.cell, readings) {
            return Ok(None);
        }
        let verb = self.verb.resolve(&self.verb_span, standing)?;
        let expectation = match &self.rules {
            Some(rules) => {
                let expectation = rules.expectation(filling, readings)?;
                // An expectation of somebody who is not there could not fail.
                let absent = if expectation.kdc.is_some() && realms.is_empty() {
                    Some("'kdc' in a scenario without a [realm]")
                } else if expectation.server.is_some() && !matches!(verb, Verb::Connect { .. }) {
                    Some("'server' for a step that asks no server")
                } else {
                    None
                };
                if let Some(problem) = absent {
                    return Err(filling.source.error(&self.span, problem));
                }
                for id in &expectation.requirements {
                    library.catalogue.check(&Text { text: id.clone(), span: self.span.clone() }, filling.source)?;
                }
                Some(expectation)
            }
            None => None,
        };
        Ok(Some(Step { name: self.name.clone(), verb, expectation, place: place(filling.source, &self.span) }))
    }
}

const VERBS: &str =
    "connect, kinit, renew, destroy_tickets, rotate, clock, account, parameter, restart, failover, fault";
