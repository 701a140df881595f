//! Expected and actual trace side by side, with the lines marked where they differ.
//!
//! ```text
//!     expected        actual
//!     connect         connect
//!     …               tls-request>
//!                     client-hello>
//!   ! tls-ready       alert<(handshake_failure)
//! ```
//!
//! This shows, it does not judge: which lines are put beside each other is the alignment with the fewest marks, whatever the
//! verdict was.

use crate::handshake::trace::{Event, EventName, Trace};

/// `…` of an expected trace: any number of events of one connection.
const ANY: &str = "…";
/// Separates the connections of one attempt.
const NEXT_CONNECTION: &str = "|";
/// Lines of one trace that are compared. A peer can make a trace long, but not this table.
const EVENTS_MAX: usize = 200;

/// One line of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// The expected event, empty where there is none.
    pub expected: String,
    /// The event that was seen, empty where there is none.
    pub actual: String,
    /// Whether the two differ.
    pub differs: bool,
}

/// Puts the expected trace (as a scenario writes it; `None` leaves everything open) beside the traces of the connections.
#[must_use]
pub fn compare(expected: Option<&str>, connections: &[Trace]) -> Vec<Line> {
    let open = vec![ANY; connections.len().max(1)].join(" | ");
    let mut expected = expected.map_or_else(|| words(&open), words);
    // As in a trace pattern.
    let names_again = expected.iter().any(|word| word.starts_with(EventName::Again.word()));
    let counts = |event: &&Event| names_again || event.name != EventName::Again;
    let mut actual = Vec::new();
    for (index, trace) in connections.iter().enumerate() {
        if index > 0 {
            actual.push(Actual::NextConnection);
        }
        actual.extend(trace.events().iter().filter(counts).map(Actual::Event));
    }
    expected.truncate(EVENTS_MAX);
    let left_out = actual.len().saturating_sub(EVENTS_MAX);
    actual.truncate(EVENTS_MAX);

    let mut lines = align(&expected, &actual);
    if left_out > 0 {
        lines.push(Line { actual: format!("({left_out} more)"), ..Line::default() });
    }
    lines
}

/// The words of an expected trace. An argument may have spaces in it: `error<(1045 28000)`.
fn words(trace: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let ends = move |character: char| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && character.is_whitespace()
    };
    trace.split(ends).filter(|word| !word.is_empty()).collect()
}

#[derive(Clone, Copy)]
enum Actual<'a> {
    Event(&'a Event),
    NextConnection,
}

impl Actual<'_> {
    fn text(self) -> String {
        match self {
            Self::Event(event) => event.to_string(),
            Self::NextConnection => NEXT_CONNECTION.to_owned(),
        }
    }

    /// Whether an expected word, which may leave direction and argument out, is met.
    fn meets(self, word: &str) -> bool {
        let Self::Event(event) = self else { return word == NEXT_CONNECTION };
        let (word, detail) = match word.split_once('(') {
            Some((word, detail)) => (word, Some(detail.strip_suffix(')').unwrap_or(detail))),
            None => (word, None),
        };
        let name = word.trim_end_matches(['<', '>']);
        let mark = &word[name.len()..];
        name == event.name.word()
            && (mark.is_empty() || mark == event.direction.mark())
            && detail.is_none_or(|detail| event.detail.as_deref() == Some(detail))
    }
}

/// The cheapest way through the table of both sequences, where a line that differs costs one.
fn align(expected: &[&str], actual: &[Actual<'_>]) -> Vec<Line> {
    // cost[e][a]: the marks needed for expected[e..] beside actual[a..].
    let mut cost = vec![vec![0_usize; actual.len() + 1]; expected.len() + 1];
    for e in (0..=expected.len()).rev() {
        for a in (0..=actual.len()).rev() {
            cost[e][a] = moves(expected, actual, e, a)
                .map(|step| step.marks() + cost[e + step.left()][a + step.right()])
                .min()
                .unwrap_or(0);
        }
    }

    let (mut e, mut a) = (0, 0);
    let mut lines = Vec::new();
    let mut any_is_shown = false;
    while let Some(step) =
        moves(expected, actual, e, a).find(|step| step.marks() + cost[e + step.left()][a + step.right()] == cost[e][a])
    {
        let left = if step.left() == 1 || step == Move::Absorb { expected[e] } else { "" };
        let right = if step.right() == 1 { actual[a].text() } else { String::new() };
        match step {
            // `…` stands beside the first event that it takes; where it took one, its own line is not needed any more.
            Move::Absorb => {
                let expected = if any_is_shown { String::new() } else { left.to_owned() };
                lines.push(Line { expected, actual: right, differs: false });
            }
            Move::EndAny if any_is_shown => {}
            _ => lines.push(Line { expected: left.to_owned(), actual: right, differs: step.marks() > 0 }),
        }
        any_is_shown = step == Move::Absorb || step == Move::Extra && any_is_shown;
        (e, a) = (e + step.left(), a + step.right());
    }
    lines
}

/// The possible next lines, the more telling one first where both are as cheap.
fn moves<'a>(
    expected: &'a [&'a str],
    actual: &'a [Actual<'a>],
    e: usize,
    a: usize,
) -> impl Iterator<Item = Move> + use<'a> {
    let (word, event) = (expected.get(e), actual.get(a));
    let any = word == Some(&ANY);
    let meets = matches!((word, event), (Some(word), Some(event)) if event.meets(word));
    [
        (meets, Move::Same),
        (any, Move::EndAny),
        (any && matches!(event, Some(Actual::Event(_))), Move::Absorb),
        (!any && word.is_some() && event.is_some() && !meets, Move::Different),
        (!any && word.is_some(), Move::Missing),
        (event.is_some(), Move::Extra),
    ]
    .into_iter()
    .filter_map(|(possible, step)| possible.then_some(step))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// Expected and seen.
    Same,
    /// `…` takes one event.
    Absorb,
    /// `…` takes no more.
    EndAny,
    /// One was expected, another was seen.
    Different,
    /// Expected, not seen.
    Missing,
    /// Seen, not expected.
    Extra,
}

impl Move {
    const fn left(self) -> usize {
        match self {
            Self::Same | Self::EndAny | Self::Different | Self::Missing => 1,
            Self::Absorb | Self::Extra => 0,
        }
    }

    const fn right(self) -> usize {
        match self {
            Self::Same | Self::Absorb | Self::Different | Self::Extra => 1,
            Self::EndAny | Self::Missing => 0,
        }
    }

    const fn marks(self) -> usize {
        match self {
            Self::Different | Self::Missing | Self::Extra => 1,
            Self::Same | Self::Absorb | Self::EndAny => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Timestamp;
    use crate::handshake::trace::{Direction, EventName};

    /// `lines`: `mark expected / actual`, one a line.
    fn check(expected: Option<&str>, actual: &str, lines: &[&str]) {
        let connections: Vec<Trace> = actual.split('|').map(trace).collect();
        let found: Vec<String> = compare(expected, &connections)
            .iter()
            .map(|line| format!("{} {} / {}", if line.differs { '!' } else { ' ' }, line.expected, line.actual))
            .collect();
        assert_eq!(found, lines);
    }

    fn trace(words: &str) -> Trace {
        let mut trace = Trace::new();
        for word in super::words(words) {
            let (word, detail) =
                word.split_once('(').map_or((word, None), |(word, detail)| (word, detail.strip_suffix(')')));
            let name = word.trim_end_matches(['<', '>']);
            let direction = Direction::ToClient;
            let direction = [Direction::FromClient, Direction::Local]
                .into_iter()
                .find(|direction| direction.mark() == &word[name.len()..])
                .unwrap_or(direction);
            let name: EventName = name.parse().unwrap();
            match detail {
                Some(detail) => trace.push_with(Timestamp::EPOCH, direction, name, detail.to_owned()),
                None => trace.push(Timestamp::EPOCH, direction, name),
            }
        }
        trace
    }

    #[test]
    fn equal_traces_have_no_mark() {
        check(
            Some("connect login> auth-ok"),
            "connect login> auth-ok<",
            &["  connect / connect", "  login> / login>", "  auth-ok / auth-ok<"],
        );
    }

    #[test]
    fn the_line_that_differs_is_marked() {
        check(
            Some("connect tls-ready ready"),
            "connect alert<(handshake_failure) ready<",
            &["  connect / connect", "! tls-ready / alert<(handshake_failure)", "  ready / ready<"],
        );
    }

    #[test]
    fn what_is_missing_or_too_much_stands_alone() {
        check(Some("connect login close"), "connect close", &["  connect / connect", "! login / ", "  close / close"]);
        check(
            Some("connect close"),
            "connect login> close",
            &["  connect / connect", "!  / login>", "  close / close"],
        );
    }

    #[test]
    fn an_ellipsis_takes_any_events_and_none() {
        check(
            Some("… ap-req … ready"),
            "connect login> ap-req> ready<",
            &["  … / connect", "   / login>", "  ap-req / ap-req>", "  … / ", "  ready / ready<"],
        );
        check(None, "connect login>", &["  … / connect", "   / login>"]);
    }

    #[test]
    fn direction_and_argument_count_where_they_are_written() {
        check(Some("alert>"), "alert<(bad_record_mac)", &["! alert> / alert<(bad_record_mac)"]);
        check(Some("alert<(unknown_ca)"), "alert<(bad_record_mac)", &["! alert<(unknown_ca) / alert<(bad_record_mac)"]);
        check(
            Some("alert(bad_record_mac)"),
            "alert<(bad_record_mac)",
            &["  alert(bad_record_mac) / alert<(bad_record_mac)"],
        );
    }

    #[test]
    fn an_argument_may_have_spaces() {
        check(
            Some("… error<(1045 28000) …"),
            "error<(1045 28000)",
            &["  … / ", "  error<(1045 28000) / error<(1045 28000)", "  … / "],
        );
        check(Some("error<(3159 HY000)"), "error<(1045 28000)", &["! error<(3159 HY000) / error<(1045 28000)"]);
    }

    #[test]
    fn connections_are_separated() {
        check(
            Some("connect | connect login"),
            "connect|connect login>",
            &["  connect / connect", "  | / |", "  connect / connect", "  login / login>"],
        );
        check(Some("connect"), "connect|connect", &["  connect / connect", "!  / |", "!  / connect"]);
        check(Some("…"), "connect|connect", &["  … / connect", "!  / |", "   / connect"]);
        check(None, "connect|connect", &["  … / connect", "  | / |", "  … / connect"]);
    }

    #[test]
    fn a_very_long_trace_is_cut() {
        let lines = compare(None, &[trace(&"parameter< ".repeat(EVENTS_MAX + 7))]);
        assert_eq!(lines.len(), EVENTS_MAX + 1);
        assert_eq!(lines[EVENTS_MAX].actual, "(7 more)");
    }
}
