//! Steps: one verb each, in which cells it happens, and what must come out.

use super::realm::password;
use crate::error::ScenarioError;
use crate::scenario::file::{self, LaterVerb};
use crate::scenario::library::Library;
use crate::scenario::matrix::{Cell, Matrix};
use crate::scenario::party::{Password, Realm};
use crate::scenario::plan::{Place, Step, Verb};
use crate::scenario::reading::Readings;
use crate::scenario::rules::{Answer, Rules, place};
use crate::scenario::selector::Selector;
use crate::scenario::source::Source;
use crate::scenario::template::Filling;
use crate::scenario::written::Text;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;

/// A step of a scenario, before a cell is known.
#[derive(Debug)]
pub(super) struct CompiledStep {
    pub name: String,
    span: Range<usize>,
    when: Selector,
    verb: WrittenVerb,
    rules: Option<Rules>,
}

#[derive(Debug)]
enum WrittenVerb {
    Connect(file::Connect),
    Kinit(file::Kinit),
    Later(&'static str, BTreeMap<Text, Text>),
}

impl WrittenVerb {
    const fn word(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Kinit(_) => "kinit",
            Self::Later(word, _) => word,
        }
    }
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
            within,
            shows,
            expect,
        } = written.into_inner();
        let later: [(&'static str, Option<LaterVerb>); 9] = [
            ("renew", renew),
            ("destroy_tickets", destroy_tickets),
            ("rotate", rotate),
            ("clock", clock),
            ("account", account),
            ("parameter", parameter),
            ("restart", restart),
            ("failover", failover),
            ("fault", fault),
        ];
        let mut verbs = Vec::new();
        verbs.extend(connect.map(|connect| (connect.span(), WrittenVerb::Connect(connect.into_inner()))));
        verbs.extend(kinit.map(|kinit| (kinit.span(), WrittenVerb::Kinit(kinit.into_inner()))));
        for (word, arguments) in later {
            verbs.extend(arguments.map(|a| (a.span(), WrittenVerb::Later(word, a.into_inner()))));
        }
        verbs.sort_by_key(|(span, _)| span.start);
        if let Some((second, verb)) = verbs.get(1) {
            return Err(source.error(second, "a second verb in one step").writing(verb.word()));
        }
        let Some((verb_span, verb)) = verbs.pop() else {
            return Err(source.error(&span, "a step without a verb").allowing(VERBS));
        };
        let when = Selector::new(&when, source, matrix, readings)?;
        let rules = match then {
            Some(then) if expect.is_empty() => {
                let answer = Answer { then, server, kdc, trace, within, shows: vec![shows] };
                Some(Rules::single(answer, span.clone()))
            }
            Some(then) => return Err(source.error(&then.span, "'then' and 'expect' exclude each other")),
            None => {
                let loose = [server, kdc, trace].into_iter().flatten().next().or(within.into_keys().next());
                if let Some(loose) = loose {
                    return Err(source.error(&loose.span, "without 'then' this belongs to the rules of 'expect'"));
                }
                let is_judged = matches!(verb, WrittenVerb::Connect(_) | WrittenVerb::Kinit(_));
                if expect.is_empty() && is_judged {
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
        Ok(Self { name, span, when, verb, rules })
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

    /// The step in a cell, if it happens there.
    pub(super) fn resolve(
        &self,
        filling: &Filling<'_>,
        readings: &BTreeMap<String, String>,
        realms: &BTreeMap<String, Arc<Realm>>,
        library: &Library,
    ) -> Result<Option<Step>, ScenarioError> {
        if !self.when.matches(filling.cell, readings) {
            return Ok(None);
        }
        let verb = match &self.verb {
            WrittenVerb::Connect(file::Connect { from, to, host }) => Verb::Connect {
                from: filling.text(from)?.text,
                to: filling.text(to)?.text,
                host: filling.optional(host.as_ref())?.map(|host| host.text),
            },
            WrittenVerb::Kinit(kinit) => resolve_kinit(kinit, filling, realms)?,
            WrittenVerb::Later(word, written) => {
                let mut arguments = BTreeMap::new();
                for (key, value) in written {
                    arguments.insert(key.text.clone(), filling.text(value)?.text);
                }
                Verb::Later { verb: (*word).to_owned(), arguments }
            }
        };
        let expectation = match &self.rules {
            Some(rules) => {
                let expectation = rules.expectation(filling, readings)?;
                // An expectation of somebody who is not there could not fail.
                let absent = if expectation.kdc.is_some() && realms.is_empty() {
                    Some("'kdc' in a scenario without a [realm]")
                } else if expectation.server.is_some() && matches!(verb, Verb::Kinit { .. }) {
                    Some("'server' for a kinit, which asks no server")
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

fn resolve_kinit(
    written: &file::Kinit,
    filling: &Filling<'_>,
    realms: &BTreeMap<String, Arc<Realm>>,
) -> Result<Verb, ScenarioError> {
    let file::Kinit { by, user, realm, secret, cache } = written;
    let (by, user, realm) = (filling.text(by)?.text, filling.text(user)?.text, filling.text(realm)?.text);
    let of_realm = realms.get(&realm).and_then(|realm| realm.users.get(&user));
    let typed = filling.optional(secret.as_ref())?.map(|secret| password(&secret));
    // A user that the realm does not know has some password too: that it is not asked for is the KDC's doing.
    let known = || of_realm.map_or_else(|| Password::Named(user.clone()), |user| user.password.clone());
    let fresh_cache = match filling.optional(cache.as_ref())? {
        Some(cache) => filling.one_of(&cache, "cache", &[("new", true), ("same", false)])?,
        None => false,
    };
    let password = typed.unwrap_or_else(known);
    Ok(Verb::Kinit { by, user, realm, password, fresh_cache })
}
