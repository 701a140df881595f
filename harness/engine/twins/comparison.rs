//! What differs between two attempts at the same step.
//!
//! | `at` | what is compared |
//! | --- | --- |
//! | `outcome` | the client's outcome as a scenario writes it, without TLS; then `outcome.tls`, `outcome.suite`, `outcome.cause` |
//! | `server`, `kdc` | what that party saw, where it can be observed on both sides |
//! | `connections` | how many the attempt took |
//! | `trace` | runs of events that only one side has; `trace.EVENT` is an event's argument |
//! | `messages` | messages that only one side has |
//! | `NAME.FIELD`, `NAME[ITEM].FIELD` | a field of a message; `ITEM` tells apart messages that begin with a field `name` |
//! | `message` | the words of a refusal, where no field of a message has shown them already |
//!
//! Of fields, those that vary and those that are hidden are compared as such only. Words that people read are compared
//! [without what follows from where a server runs](super::wording), sequence numbers as steps from the message before, so that
//! one message more does not make all that follow differ. Of flags (`A|B|C`), those that only one side has are told.
//!
//! Where the outcomes differ, the rest of the step follows from that: what the others saw, the code of the error, and everything
//! from the first event or message on that only one side has are not compared.

use crate::engine::twins::Difference;
use crate::engine::twins::Explained;
use crate::engine::twins::alignment::{Pair, align};
use crate::engine::twins::message::{SEQUENCE, Sequence, compared, flags, likeness, told};
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

/// Fields of errors that the code of an outcome is made of.
const CODES: [(&str, &str); 5] =
    [("ERR", "code"), ("ERR", "state"), ("ErrorResponse", "C"), ("KRB-ERROR", "code"), ("KRB-ERROR", "name")];

/// Holds both sides of a step against each other.
pub(super) fn compare(step: Step<'_>, left: &SideOfStep<'_>, right: &SideOfStep<'_>) -> Comparison {
    let mut comparer = Comparer::new(step);
    comparer.outcomes(&left.attempt.client, &right.attempt.client);
    if comparer.is_apart {
        comparer.cannot("what follows from another outcome");
    } else {
        comparer.views("server", &left.attempt.server, &right.attempt.server);
        if step.has_kdc {
            comparer.views("kdc", &left.attempt.kdc, &right.attempt.kdc);
        }
    }
    comparer.traces(left.attempt, right.attempt);
    let shown = comparer.conversations(&left.said, &right.said);
    comparer.words(&left.attempt.client, &right.attempt.client, &shown);
    comparer.comparison
}

/// Holds what was said against each other, and nothing else.
pub(super) fn said(step: &str, left: &[Transcript], right: &[Transcript]) -> Vec<Difference> {
    let step = Step { name: step, is_of_program: false, has_kdc: false };
    let mut comparer = Comparer::new(step);
    let transcripts = |said: &[Transcript]| Some(said.len().to_string());
    comparer.differ("connections", transcripts(left), transcripts(right));
    comparer.conversations(left, right);
    comparer.comparison.differences
}

struct Comparer<'a> {
    step: Step<'a>,
    comparison: Comparison,
    /// Whether the outcomes differ.
    is_apart: bool,
    /// Whether the outcomes show that TLS agreed on something else.
    has_another_suite: bool,
}

impl<'a> Comparer<'a> {
    fn new(step: Step<'a>) -> Self {
        Self { step, comparison: Comparison::default(), is_apart: false, has_another_suite: false }
    }

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
        let text = |outcome: &Outcome| Outcome { cause: None, tls: None, suite: None, ..outcome.clone() }.to_string();
        if text(left) != text(right) {
            self.is_apart = true;
            self.differ("outcome", Some(text(left)), Some(text(right)));
            return;
        }
        let version = |outcome: &Outcome| outcome.tls.map(|version| version.to_string());
        self.differ("outcome.tls", version(left), version(right));
        self.differ("outcome.suite", left.suite.clone(), right.suite.clone());
        self.has_another_suite = (left.tls, &left.suite) != (right.tls, &right.suite);
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
        if !self.is_apart {
            let [of_left, of_right] = sides.map(|connections| Some(connections.len().to_string()));
            self.differ("connections", of_left, of_right);
        }
        for (left, right) in left.connections.iter().zip(&right.connections) {
            self.events(left, right);
        }
    }

    fn events(&mut self, left: &Trace, right: &Trace) {
        let likeness = |left: &Event, right: &Event| {
            let is_same = (left.direction, left.name) == (right.direction, right.name);
            u32::from(is_same) * (2 + u32::from(left.detail == right.detail))
        };
        let mut only = [Vec::new(), Vec::new()];
        // How often a client has to ask is a matter of time, not of what it asks.
        let [left, right] = [left, right].map(|trace| {
            let events = trace.events().iter().filter(|event| event.name != EventName::Again);
            let mut events: Vec<_> = events.cloned().collect();
            // Nor whether the other's last words over TLS still come before the stream ends.
            let is_farewell =
                |event: &Event| event.name == EventName::Alert && event.detail.as_deref() == Some("encrypted");
            events.pop_if(|event| is_farewell(event));
            events
        });
        for pair in align(&left, &right, likeness) {
            match pair {
                Pair::Left(_) | Pair::Right(_) if self.is_apart => return,
                Pair::Left(event) => only[0].push(event.to_string()),
                Pair::Right(event) => only[1].push(event.to_string()),
                Pair::Both(left, right) => {
                    self.run(&mut only);
                    let is_told = match left.name {
                        EventName::Error => self.is_apart,
                        EventName::ServerHello => self.has_another_suite,
                        _ => false,
                    };
                    if !is_told {
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
            let mut sequences = [Sequence::default(), Sequence::default()];
            let mut only = [Vec::new(), Vec::new()];
            for pair in align(&left.messages, &right.messages, likeness) {
                match pair {
                    Pair::Left(_) | Pair::Right(_) if self.is_apart => break,
                    Pair::Left(message) => {
                        sequences[0].step(message);
                        only[0].push(message);
                    }
                    Pair::Right(message) => {
                        sequences[1].step(message);
                        only[1].push(message);
                    }
                    Pair::Both(left, right) => {
                        let steps = [sequences[0].step(left), sequences[1].step(right)];
                        self.differ(format!("{}.{SEQUENCE}", left.title()), steps[0].clone(), steps[1].clone());
                        self.fields(left, right, &mut shown);
                    }
                }
            }
            self.alone(only);
        }
        shown
    }

    /// Messages that only one side has. Where an error comes while the client is still speaking, because it speaks out of turn,
    /// is a matter of time: one that the other side has in another place is no difference.
    fn alone(&mut self, [left, mut right]: [Vec<&Message>; 2]) {
        for message in left {
            let is_moved = |other: &&Message| other.name == "ErrorResponse" && told(other) == told(message);
            match right.iter().position(is_moved) {
                Some(at) => drop(right.remove(at)),
                None => self.differ("messages", Some(told(message)), None),
            }
        }
        for message in right {
            self.differ("messages", None, Some(told(message)));
        }
    }

    fn fields(&mut self, left: &Message, right: &Message, shown: &mut BTreeSet<(String, String)>) {
        match left.name.as_ref() {
            "Unreadable" => self.cannot("a message that cannot be read"),
            "truncated" => self.cannot("what was said behind the part that is kept"),
            _ => {}
        }
        let names = left.fields.iter().map(|(name, _)| name);
        let others = right.fields.iter().map(|(name, _)| name).filter(|name| left.field(name).is_none());
        for name in names.chain(others).filter(|name| *name != SEQUENCE) {
            if self.is_apart && CODES.contains(&(left.name.as_ref(), name.as_ref())) {
                continue;
            }
            let is_prose = PROSE.contains(&name.as_ref());
            let text = |message: &Message| message.field(name).map(|field| compared(field, is_prose));
            let (left_text, right_text) = match (left.field(name), right.field(name)) {
                (Some(Field::Varies(left_octets)), Some(Field::Varies(right_octets)))
                    if left.name == "Unreadable" && !are_alike(left_octets, right_octets) =>
                {
                    (Some(left_octets.clone()), Some(right_octets.clone()))
                }
                _ => (text(left), text(right)),
            };
            if let (true, Some(left), Some(right)) = (is_prose, &left_text, &right_text) {
                shown.insert((left.clone(), right.clone()));
            }
            let (left_text, right_text) = match (left_text, right_text) {
                (Some(left), Some(right)) if !is_prose => flags(left, right),
                texts => texts,
            };
            self.differ(format!("{}.{name}", left.title()), left_text, right_text);
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

/// Whether two lengths in DER can be those of one message. In one of a KDC that stands in the clear, `susec` and `cusec` of a
/// KRB-ERROR take one to three octets each, and by that the lengths of the two structures around them one octet more; in an
/// encrypted part it is the nonce, of three or four.
fn are_alike(left: &str, right: &str) -> bool {
    const MOST: usize = 2 * 2 + 2;
    let octets = |text: &str| text.parse::<usize>().ok();
    octets(left).zip(octets(right)).is_some_and(|(left, right)| left.abs_diff(right) <= MOST)
}

/// Whether the outcomes are so far apart that what comes behind them has nothing to do with each other.
pub(super) fn are_apart(left: &Attempt, right: &Attempt) -> bool {
    let is_established = |attempt: &Attempt| attempt.client.kind == Kind::Established;
    is_established(left) != is_established(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::{Direction, Side, Timestamp};

    fn trace(words: &str) -> Trace {
        let mut trace = Trace::new();
        for word in words.split_whitespace() {
            let (name, detail) = word.split_once('=').map_or((word, None), |(name, detail)| (name, Some(detail)));
            let name: EventName = name.parse().unwrap();
            match detail {
                Some(detail) => trace.push_with(Timestamp::EPOCH, Direction::ToClient, name, detail.to_owned()),
                None => trace.push(Timestamp::EPOCH, Direction::ToClient, name),
            }
        }
        trace
    }

    fn to_client(name: &'static str) -> Message {
        Message::new(Direction::ToClient, name)
    }

    fn parameter(name: &str, value: &str) -> Message {
        to_client("ParameterStatus").with("name", name).with("value", value)
    }

    fn side() -> (Attempt, Vec<Transcript>) {
        let refused = Outcome::refused(Side::Server, "28P01").saying("wrong password on localhost");
        let attempt = Attempt {
            server: View::Seen(refused.clone()),
            connections: vec![trace("connect greeting error=28P01")],
            ..Attempt::without_connection(refused)
        };
        let messages = vec![
            to_client("Greeting").with("seq", 0).with("version", "8.0").varying("nonce", "abc").hiding("key", 8),
            parameter("a", "1"),
            parameter("b", "2"),
            to_client("ErrorResponse").with("seq", 2).with("C", "28P01").with("M", "wrong password on localhost"),
        ];
        (attempt, vec![Transcript { messages }])
    }

    /// What a change of the right side makes differ: `at: left | right`.
    fn check(change: impl FnOnce(&mut Attempt, &mut Vec<Message>), expected: &[&str]) -> BTreeSet<String> {
        let (left, said) = side();
        let left = SideOfStep { attempt: &left, said };
        let (mut attempt, mut said) = side();
        change(&mut attempt, &mut said[0].messages);
        let right = SideOfStep { attempt: &attempt, said };
        let step = Step { name: "connect", is_of_program: false, has_kdc: false };
        let compared = compare(step, &left, &right);
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let differences: Vec<_> =
            compared.differences.iter().map(|d| format!("{}: {} | {}", d.at, text(&d.left), text(&d.right))).collect();
        assert_eq!(differences, expected);
        compared.uncompared
    }

    #[test]
    fn what_is_equal_or_never_compared_makes_no_difference() {
        assert!(check(|_, _| {}, &[]).is_empty());
        let others = |_: &mut Attempt, messages: &mut Vec<Message>| {
            messages[0] =
                to_client("Greeting").with("seq", 0).with("version", "8.0").varying("nonce", "xyz").hiding("key", 16);
        };
        check(others, &[]);
        let elsewhere = |attempt: &mut Attempt, messages: &mut Vec<Message>| {
            let words = "wrong password on 127.0.0.1";
            attempt.client.message = Some(words.to_owned());
            messages[3] = to_client("ErrorResponse").with("seq", 2).with("C", "28P01").with("M", words);
        };
        check(elsewhere, &[]);
    }

    #[test]
    fn one_message_more_is_one_difference() {
        let more = |_: &mut Attempt, messages: &mut Vec<Message>| messages.insert(2, parameter("aa", "3"));
        check(more, &["messages: - | < ParameterStatus name=aa value=3"]);
        let less = |_: &mut Attempt, messages: &mut Vec<Message>| _ = messages.remove(1);
        check(less, &["messages: < ParameterStatus name=a value=1 | -"]);
        let counted = |_: &mut Attempt, messages: &mut Vec<Message>| {
            messages.insert(3, to_client("Note").with("seq", 2));
            messages[4] =
                to_client("ErrorResponse").with("seq", 3).with("C", "28P01").with("M", "wrong password on localhost");
        };
        // What is behind counts on from the message before it, on either side.
        check(counted, &["ErrorResponse.seq: +2 | +1", "messages: - | < Note"]);
    }

    #[test]
    fn a_field_is_named_with_what_its_message_is_about() {
        let values = |_: &mut Attempt, messages: &mut Vec<Message>| {
            messages[2] = parameter("b", "3");
            messages[0] =
                to_client("Greeting").with("seq", 0).with("version", "8.1").with("nonce", "abc").with("new", "x");
        };
        check(
            values,
            &[
                "Greeting.version: 8.0 | 8.1",
                "Greeting.nonce: (varies) | abc",
                "Greeting.key: (hidden) | -",
                "Greeting.new: - | x",
                "ParameterStatus[b].value: 2 | 3",
            ],
        );
    }

    #[test]
    fn another_suite_is_told_once_and_what_follows_is_compared() {
        let suite = |attempt: &mut Attempt, messages: &mut Vec<Message>| {
            attempt.client.suite = Some("B".to_owned());
            messages[2] = parameter("b", "3");
        };
        check(suite, &["outcome.suite: - | B", "ParameterStatus[b].value: 2 | 3"]);
    }

    #[test]
    fn words_that_a_message_has_shown_are_told_once() {
        let octet = |attempt: &mut Attempt, messages: &mut Vec<Message>| {
            let words = "Wrong password on localhost";
            attempt.client.message = Some(words.to_owned());
            messages[3] = to_client("ErrorResponse").with("seq", 2).with("C", "28P01").with("M", words);
        };
        check(octet, &["ErrorResponse.M: wrong password on HOST | Wrong password on HOST"]);
        let unsaid = |attempt: &mut Attempt, _: &mut Vec<Message>| attempt.client.message = None;
        check(unsaid, &["message: wrong password on HOST | -"]);
    }

    #[test]
    fn what_follows_from_another_outcome_is_not_told() {
        let other = |attempt: &mut Attempt, messages: &mut Vec<Message>| {
            attempt.client = Outcome::refused(Side::Server, "28000").saying("wrong password on localhost");
            attempt.server = View::Nothing;
            attempt.connections = vec![trace("connect greeting error=28000 close")];
            messages[0] =
                to_client("Greeting").with("seq", 0).with("version", "8.1").varying("nonce", "abc").hiding("key", 8);
            messages[3] =
                to_client("ErrorResponse").with("seq", 2).with("C", "28000").with("M", "wrong password on localhost");
            messages.push(to_client("Further"));
        };
        let outcome = "outcome: refused by server: 28P01 | refused by server: 28000";
        let uncompared = check(other, &[outcome, "Greeting.version: 8.0 | 8.1"]);
        assert_eq!(uncompared, BTreeSet::from(["what follows from another outcome".to_owned()]));
    }

    #[test]
    fn events_that_one_side_has_are_told_together_and_arguments_by_their_event() {
        let longer = |attempt: &mut Attempt, _: &mut Vec<Message>| {
            attempt.connections = vec![trace("connect tls-request tls-accept greeting error=28000 close")];
        };
        check(longer, &["trace: - | tls-request< tls-accept<", "trace.error: 28P01 | 28000", "trace: - | close<"]);
        let twice = |attempt: &mut Attempt, _: &mut Vec<Message>| attempt.connections.push(trace("connect"));
        check(twice, &["connections: 1 | 2"]);
    }

    /// What is told of two messages that cannot be read.
    fn told_of(left: Message, right: Message) -> Vec<String> {
        let (attempt, _) = side();
        let of = |message| SideOfStep { attempt: &attempt, said: vec![Transcript { messages: vec![message] }] };
        let step = Step { name: "connect", is_of_program: false, has_kdc: false };
        let told = compare(step, &of(left), &of(right)).differences;
        let text = |text: Option<String>| text.unwrap_or_default();
        told.into_iter().map(|told| format!("{}: {} | {}", told.at, text(told.left), text(told.right))).collect()
    }

    #[test]
    fn lengths_that_cannot_be_read_are_compared_but_for_integers_of_der() {
        let plain = |octets| Message::unreadable(Direction::ToClient, octets, "why");
        let der = |octets| Message::unreadable_der(Direction::ToClient, octets, "why");
        assert_eq!(told_of(plain(120), plain(120)), [""; 0]);
        assert_eq!(told_of(plain(120), plain(121)), ["Unreadable.octets: 120 | 121"]);
        for near in [114, 120, 126] {
            assert_eq!(told_of(der(120), der(near)), [""; 0], "{near}");
        }
        for far in [0, 113, 127] {
            assert_eq!(told_of(der(120), der(far)), [format!("Unreadable.octets: 120 | {far}")]);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let blind = |attempt: &mut Attempt, _: &mut Vec<Message>| attempt.server = View::Unobserved;
        assert_eq!(check(blind, &[]), BTreeSet::from(["what the server saw".to_owned()]));
        let garbled = |_: &mut Attempt, messages: &mut Vec<Message>| {
            messages.push(Message::unreadable(Direction::ToClient, 7, "why"));
        };
        check(garbled, &["messages: - | < Unreadable problem=why octets=7"]);
        let (left, said) = side();
        let step = Step { name: "connect", is_of_program: false, has_kdc: false };
        let silent =
            compare(step, &SideOfStep { attempt: &left, said }, &SideOfStep { attempt: &left, said: Vec::new() });
        assert!(silent.uncompared.contains("what was said"), "{silent:?}");
    }
}
