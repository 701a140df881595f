//! What differs between two attempts at the same step.
//!
//! | `at` | what is compared |
//! | --- | --- |
//! | `outcome` | the client's outcome as a scenario writes it; then `outcome.tls`, `outcome.suite`, `outcome.cause` where that does not show them |
//! | `server`, `kdc` | what that party saw, where it can be observed on both sides |
//! | `connections` | how many the attempt took |
//! | `trace` | runs of events that only one side has; `trace.EVENT` is an event's argument |
//! | `messages` | messages that only one side has |
//! | `NAME.FIELD`, `NAME[ITEM].FIELD` | a field of a message; `ITEM` tells apart messages that begin with a field `name` |
//! | `message` | the words of a refusal, where no field of a message has shown them already |
//!
//! Of fields, those that vary and those that are hidden are compared as such only. Words that people read are compared
//! [without what follows from where a server runs](super::wording).

use crate::engine::twins::Difference;
use crate::engine::twins::Explained;
use crate::engine::twins::alignment::{Pair, align};
use crate::engine::twins::wording::without_templates;
use crate::handshake::transcript::{Field, Message};
use crate::handshake::{Event, EventName, Kind, Outcome, Trace, Transcript};
use crate::testbed::{Attempt, View};
use std::collections::BTreeSet;

/// What came of comparing one step.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// What differs.
    pub differences: Vec<Difference>,
    /// What could not be compared.
    pub uncompared: BTreeSet<String>,
}

/// One side of a step.
#[derive(Debug)]
pub(super) struct SideOfStep<'a> {
    /// What came of it.
    pub attempt: &'a Attempt,
    /// What was said, a transcript for each connection.
    pub said: Vec<Transcript>,
}

/// Whose step it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether the client is a program, whose octets nobody keeps.
    pub is_of_program: bool,
    /// Whether there is a KDC that could be observed.
    pub has_kdc: bool,
}

/// Fields that people read.
const PROSE: [&str; 6] = ["M", "D", "H", "message", "text", "e-text"];

/// Holds both sides of a step against each other.
pub(super) fn compare(step: Step<'_>, left: &SideOfStep<'_>, right: &SideOfStep<'_>) -> Comparison {
    let mut comparer = Comparer { step, comparison: Comparison::default() };
    comparer.outcomes(&left.attempt.client, &right.attempt.client);
    comparer.views("server", &left.attempt.server, &right.attempt.server);
    if step.has_kdc {
        comparer.views("kdc", &left.attempt.kdc, &right.attempt.kdc);
    }
    comparer.traces(left.attempt, right.attempt);
    let shown = comparer.conversations(&left.said, &right.said);
    comparer.words(&left.attempt.client, &right.attempt.client, &shown);
    comparer.comparison
}

struct Comparer<'a> {
    step: Step<'a>,
    comparison: Comparison,
}

impl Comparer<'_> {
    fn differ(&mut self, at: impl Into<String>, left: Option<String>, right: Option<String>) {
        if left != right {
            let (step, at) = (self.step.name.to_owned(), at.into());
            let difference = Difference { step, at, left, right, explained: Explained::Not };
            // The same on every connection of an attempt is one difference.
            if !self.comparison.differences.contains(&difference) {
                self.comparison.differences.push(difference);
            }
        }
    }

    fn cannot(&mut self, what: &str) {
        self.comparison.uncompared.insert(what.to_owned());
    }

    fn outcomes(&mut self, left: &Outcome, right: &Outcome) {
        let text = |outcome: &Outcome| Outcome { cause: None, ..outcome.clone() }.to_string();
        if text(left) != text(right) {
            self.differ("outcome", Some(text(left)), Some(text(right)));
            return;
        }
        let version = |outcome: &Outcome| outcome.tls.map(|version| version.to_string());
        self.differ("outcome.tls", version(left), version(right));
        self.differ("outcome.suite", left.suite.clone(), right.suite.clone());
        let cause = |outcome: &Outcome| outcome.cause.as_deref().map(without_templates);
        self.differ("outcome.cause", cause(left), cause(right));
    }

    fn views(&mut self, party: &'static str, left: &View, right: &View) {
        let text = |view: &View| view.seen().map(ToString::to_string);
        match (left, right) {
            (View::Unobserved, _) | (_, View::Unobserved) => self.cannot(&format!("what the {party} saw")),
            (left, right) => self.differ(party, text(left), text(right)),
        }
    }

    fn traces(&mut self, left: &Attempt, right: &Attempt) {
        let sides = [&left.connections, &right.connections];
        if self.step.is_of_program && sides.iter().any(|connections| connections.is_empty()) {
            return self.cannot("the trace of a program");
        }
        let [of_left, of_right] = sides.map(Vec::len);
        self.differ("connections", Some(of_left.to_string()), Some(of_right.to_string()));
        for (ours, theirs) in left.connections.iter().zip(&right.connections) {
            self.events(ours, theirs, left.client.code == right.client.code);
        }
    }

    fn events(&mut self, left: &Trace, right: &Trace, same_code: bool) {
        let likeness = |left: &Event, right: &Event| {
            let is_same = (left.direction, left.name) == (right.direction, right.name);
            u32::from(is_same) * (2 + u32::from(left.detail == right.detail))
        };
        let mut only = [Vec::new(), Vec::new()];
        for pair in align(left.events(), right.events(), likeness) {
            match pair {
                Pair::Left(event) => only[0].push(event.to_string()),
                Pair::Right(event) => only[1].push(event.to_string()),
                Pair::Both(left, right) => {
                    self.run(&mut only);
                    // The code of an error is that of the outcome, and told there.
                    if left.name != EventName::Error || same_code {
                        let text = |event: &Event| event.detail.as_deref().map(str::to_owned);
                        self.differ(format!("trace.{}", left.name), text(left), text(right));
                    }
                }
            }
        }
        self.run(&mut only);
    }

    /// Events between two that both sides have.
    fn run(&mut self, only: &mut [Vec<String>; 2]) {
        let [left, right] = std::mem::take(only).map(|events| (!events.is_empty()).then(|| events.join(" ")));
        self.differ("trace", left, right);
    }

    /// What was said. Returns the pairs of texts that people read and that differ.
    fn conversations(&mut self, left: &[Transcript], right: &[Transcript]) -> BTreeSet<(String, String)> {
        let mut shown = BTreeSet::new();
        if left.is_empty() || right.is_empty() {
            self.cannot(if self.step.is_of_program { "what a program said" } else { "what was said" });
            return shown;
        }
        for (left, right) in left.iter().zip(right) {
            for pair in align(&left.messages, &right.messages, likeness) {
                match pair {
                    Pair::Left(message) => self.differ("messages", Some(told(message)), None),
                    Pair::Right(message) => self.differ("messages", None, Some(told(message))),
                    Pair::Both(left, right) => self.fields(left, right, &mut shown),
                }
            }
        }
        shown
    }

    fn fields(&mut self, left: &Message, right: &Message, shown: &mut BTreeSet<(String, String)>) {
        match left.name.as_ref() {
            "Unreadable" => self.cannot("a message that cannot be read"),
            "truncated" => self.cannot("what was said behind the part that is kept"),
            _ => {}
        }
        let names = left.fields.iter().map(|(name, _)| name);
        let others = right.fields.iter().map(|(name, _)| name).filter(|name| left.field(name).is_none());
        for name in names.chain(others) {
            let is_prose = PROSE.contains(&name.as_ref());
            let text = |message: &Message| message.field(name).map(|field| compared(field, is_prose));
            let (left_text, right_text) = (text(left), text(right));
            if let (true, Some(left), Some(right)) = (is_prose, &left_text, &right_text) {
                shown.insert((left.clone(), right.clone()));
            }
            self.differ(format!("{}.{name}", title(left)), left_text, right_text);
        }
    }

    /// The words that came with the outcome.
    fn words(&mut self, left: &Outcome, right: &Outcome, shown: &BTreeSet<(String, String)>) {
        let text = |outcome: &Outcome| outcome.message.as_deref().map(without_templates);
        let (left, right) = (text(left), text(right));
        let is_shown = matches!((&left, &right), (Some(l), Some(r)) if shown.contains(&(l.clone(), r.clone())));
        if !is_shown {
            self.differ("message", left, right);
        }
    }
}

/// Whether the outcomes are so far apart that what comes behind them has nothing to do with each other.
pub(super) fn are_apart(left: &Attempt, right: &Attempt) -> bool {
    let is_established = |attempt: &Attempt| attempt.client.kind == Kind::Established;
    is_established(left) != is_established(right)
}

/// How well two messages go together: those with different names, or about different things, do not at all.
fn likeness(left: &Message, right: &Message) -> u32 {
    let is_same = left.direction == right.direction && left.name == right.name && item(left) == item(right);
    u32::from(is_same) * (2 + u32::from(left.fields == right.fields))
}

/// What a message is about, if its first field says so: a ParameterStatus is about one parameter.
fn item(message: &Message) -> Option<&str> {
    match message.fields.first() {
        Some((name, Field::Fixed(item))) if name == "name" => Some(item),
        _ => None,
    }
}

fn title(message: &Message) -> String {
    match item(message) {
        Some(item) => format!("{}[{item}]", message.name),
        None => message.name.to_string(),
    }
}

/// A message with what is compared of it.
fn told(message: &Message) -> String {
    let fields = message.fields.iter().filter(|(_, field)| matches!(field, Field::Fixed(_))).cloned().collect();
    Message { fields, ..message.clone() }.to_string()
}

/// What of a field is compared.
fn compared(field: &Field, is_prose: bool) -> String {
    match field {
        Field::Fixed(text) if is_prose => without_templates(text),
        Field::Fixed(text) => text.clone(),
        Field::Varies(_) => "(varies)".to_owned(),
        Field::Hidden(_) => "(hidden)".to_owned(),
    }
}
