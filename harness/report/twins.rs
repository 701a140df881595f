//! Two backends side by side, for whoever reads the output of `shakedown diff`.
//!
//! ```text
//! postgres/tls
//!   different  tls1.2/* (12)  connect  ParameterStatus[server_encoding].value
//!       left   "SQL_ASCII"
//!       right  "UTF8"
//!   explained  * (36)  connect  ParameterStatus[server_version].value: a Debian package names itself
//!
//! scenario      compared  equal  explained  different  skipped  error
//! postgres/tls        36      0         24         12        0      0
//! total               36      0         24         12        0      0
//! ```
//!
//! A difference that many cells have alike is one line, with a pattern of their names and how many there are.

use crate::engine::event::Event;
use crate::engine::twins::{Difference, Explained, Likeness, Tally, TwinCase, Twins};
use crate::report::progress::Progress;
use crate::report::text::printable;
use crate::report::{Error, Record, Report};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The text report of a comparison.
pub struct TwinsText {
    out: Box<dyn Write + Send>,
    progress: Progress,
    record: Record,
}

impl TwinsText {
    /// Writes to standard output, and how far it is to standard error.
    #[must_use]
    pub fn to_standard_output() -> Self {
        Self { out: Box::new(io::stdout()), progress: Progress::to_standard_error(), record: Record::default() }
    }
}

impl Report for TwinsText {
    fn handle(&mut self, event: &Event) -> Result<(), Error> {
        self.record.fold(event);
        self.progress.handle(event).map_err(|source| Error::Stream { stream: "standard error", source })?;
        if !matches!(event, Event::RunFinished { .. }) {
            return Ok(());
        }
        write_record(&self.record, &mut self.out)
            .and_then(|()| self.out.flush())
            .map_err(|source| Error::Stream { stream: "standard output", source })
    }
}

/// The whole comparison: what differs by scenario, what explains nothing any more, and how many cases compare in which way.
///
/// # Errors
/// `out` does not take it.
pub fn write_record(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let Some(twins) = &record.twins else { return Ok(()) };
    for (side, twin) in [("left ", &twins.left), ("right", &twins.right)] {
        let products =
            if twin.products.is_empty() { String::new() } else { format!(" ({})", twin.products.join(", ")) };
        writeln!(out, "{side}  {}{products}", twin.backend)?;
    }
    for (scenario, cases) in scenarios(twins) {
        write_scenario(scenario, &cases, out)?;
    }
    for stale in twins.explanations.iter().filter(|explanation| explanation.is_stale) {
        writeln!(out, "\nfixed  {}: no case that it names differs in {} any more: remove it", stale.place, stale.at)?;
    }
    for (question, reading) in &record.started.readings {
        writeln!(out, "\nreading {question}={reading}")?;
    }
    writeln!(out)?;
    for row in table(twins) {
        writeln!(out, "{row}")?;
    }
    Ok(())
}

/// The cases of each scenario, by name.
pub(super) fn scenarios(twins: &Twins) -> BTreeMap<&str, Vec<&TwinCase>> {
    let mut scenarios = BTreeMap::<&str, Vec<&TwinCase>>::new();
    for case in &twins.cases {
        scenarios.entry(&case.scenario).or_default().push(case);
    }
    scenarios
}

/// What many cases have alike, and the names of those, without the scenario's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folded<'t, T> {
    pub what: &'t T,
    /// A pattern of the names.
    pub names: String,
    pub cases: usize,
}

/// Differences that are equal, once each.
pub(super) fn folded<'t>(scenario: &str, cases: &[&'t TwinCase]) -> Vec<Folded<'t, Difference>> {
    fold(scenario, cases, |case| case.differences.iter().collect())
}

/// Things that cases have, once each, in the order in which they come up.
fn fold<'t, T: PartialEq>(
    scenario: &str,
    cases: &[&'t TwinCase],
    things: impl Fn(&'t TwinCase) -> Vec<&'t T>,
) -> Vec<Folded<'t, T>> {
    let mut found: Vec<(&T, Vec<&str>)> = Vec::new();
    for case in cases {
        let name = case.name.strip_prefix(scenario).map_or(case.name.as_str(), |name| name.trim_start_matches('/'));
        for thing in things(case) {
            match found.iter_mut().find(|(known, _)| *known == thing) {
                Some((_, names)) if names.last() == Some(&name) => {}
                Some((_, names)) => names.push(name),
                None => found.push((thing, vec![name])),
            }
        }
    }
    let folded = |(what, names): (_, Vec<&str>)| Folded { what, names: pattern(&names), cases: names.len() };
    found.into_iter().map(folded).collect()
}

/// A pattern that matches all names: a part in which all agree, or `*`; `**` if they have not the same number of parts.
fn pattern(names: &[&str]) -> String {
    let parts: Vec<Vec<&str>> = names.iter().map(|name| name.split('/').collect()).collect();
    let Some((first, others)) = parts.split_first() else { return String::new() };
    if others.iter().any(|other| other.len() != first.len()) {
        return "**".to_owned();
    }
    let part = |(index, part): (usize, &&str)| {
        if others.iter().all(|other| other[index] == *part) { (*part).to_owned() } else { "*".to_owned() }
    };
    first.iter().enumerate().map(part).collect::<Vec<_>>().join("/")
}

fn write_scenario(scenario: &str, cases: &[&TwinCase], out: &mut dyn Write) -> io::Result<()> {
    let differences = folded(scenario, cases);
    let reasons = [Likeness::Error, Likeness::Skipped].map(|likeness| {
        let of_these: Vec<_> = cases.iter().copied().filter(|case| case.likeness == likeness).collect();
        (likeness, fold(scenario, &of_these, |case| case.reason.iter().collect()))
    });
    let uncompared = fold(scenario, cases, |case| case.uncompared.iter().collect());
    if differences.is_empty() && uncompared.is_empty() && reasons.iter().all(|(_, reasons)| reasons.is_empty()) {
        return Ok(());
    }
    writeln!(out, "\n{scenario}")?;
    let is_explained = |folded: &&Folded<'_, Difference>| matches!(folded.what.explained, Explained::By { .. });
    for folded in differences.iter().filter(|folded| !is_explained(folded)) {
        write_different(folded, out)?;
    }
    for Folded { what, names, cases } in differences.iter().filter(is_explained) {
        if let Explained::By { reason, place, .. } = &what.explained {
            let (step, at) = (printable(&what.step), printable(&what.at));
            writeln!(out, "  explained  {names} ({cases})  {step}  {at}: {} [{place}]", printable(reason))?;
        }
    }
    for (likeness, reasons) in reasons {
        for Folded { what, names, cases } in reasons {
            writeln!(out, "  {:<9}  {names} ({cases})  {}", likeness.word(), printable(what))?;
        }
    }
    for Folded { what, names, cases } in uncompared {
        writeln!(out, "  not compared  {names} ({cases})  {}", printable(what))?;
    }
    Ok(())
}

fn write_different(folded: &Folded<'_, Difference>, out: &mut dyn Write) -> io::Result<()> {
    let Folded { what, names, cases } = folded;
    let Difference { step, at, left, right, explained } = what;
    writeln!(out, "  different  {names} ({cases})  {}  {}", printable(step), printable(at))?;
    for (side, text) in [("left ", left), ("right", right)] {
        writeln!(out, "      {side}  {}", shown(text.as_deref()))?;
    }
    if let Explained::Otherwise { place } = explained {
        writeln!(out, "      explained otherwise at {place}")?;
    }
    Ok(())
}

/// A text as it can be written into a file of explanations, on one line.
pub(super) fn shown(text: Option<&str>) -> String {
    text.map_or_else(|| "nothing".to_owned(), |text| format!("{text:?}"))
}

/// A row for each scenario, and the sum of all.
fn table(twins: &Twins) -> Vec<String> {
    let mut rows =
        vec![["scenario", "compared", "equal", "explained", "different", "skipped", "error"].map(str::to_owned)];
    let row = |name: &str, tally: Tally| {
        let counts = [tally.compared(), tally.equal, tally.explained, tally.different, tally.skipped, tally.error];
        let [compared, equal, explained, different, skipped, error] = counts.map(|count| count.to_string());
        [name.to_owned(), compared, equal, explained, different, skipped, error]
    };
    for (scenario, cases) in scenarios(twins) {
        rows.push(row(scenario, cases.iter().copied().collect()));
    }
    rows.push(row("total", twins.cases.iter().collect()));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let mut line = format!("{:width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            line.push_str(&format!("  {cell:>width$}"));
        }
        line
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(at: &str, explained: Explained) -> Difference {
        Difference {
            step: "connect".to_owned(),
            at: at.to_owned(),
            left: Some("a \"b\"".to_owned()),
            right: None,
            explained,
        }
    }

    fn case(name: &str, likeness: Likeness, differences: Vec<Difference>) -> TwinCase {
        TwinCase {
            name: name.to_owned(),
            scenario: "x/y".to_owned(),
            likeness,
            reason: (!likeness.is_compared()).then(|| "right: no such plugin".to_owned()),
            differences,
            uncompared: [(likeness.is_compared()).then(|| "what the server saw".to_owned())]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    #[test]
    fn what_many_cells_have_alike_is_one_line() {
        let otherwise = Explained::Otherwise { place: "x.toml:3".to_owned() };
        let by =
            Explained::By { reason: "so it is".to_owned(), source: "a page".to_owned(), place: "x.toml:9".to_owned() };
        let twins = Twins {
            cases: vec![
                case("x/y/tls/a", Likeness::Different, vec![difference("message", Explained::Not)]),
                case(
                    "x/y/tls/b",
                    Likeness::Different,
                    vec![difference("message", Explained::Not), difference("trace", otherwise)],
                ),
                case("x/y/tls/c", Likeness::Explained, vec![difference("A.b", by)]),
                case("x/y/clear/c", Likeness::Skipped, vec![]),
                case("x/y/clear/d", Likeness::Equal, vec![]),
            ],
            ..Twins::default()
        };
        let mut text = Vec::new();
        write_scenario("x/y", &twins.cases.iter().collect::<Vec<_>>(), &mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            r#"
x/y
  different  tls/* (2)  connect  message
      left   "a \"b\""
      right  nothing
  different  tls/b (1)  connect  trace
      left   "a \"b\""
      right  nothing
      explained otherwise at x.toml:3
  explained  tls/c (1)  connect  A.b: so it is [x.toml:9]
  skipped    clear/c (1)  right: no such plugin
  not compared  */* (4)  what the server saw
"#
        );
        assert_eq!(
            table(&twins),
            [
                "scenario  compared  equal  explained  different  skipped  error",
                "x/y              4      1          1          2        1      0",
                "total            4      1          1          2        1      0",
            ]
        );
    }

    #[test]
    fn a_pattern_keeps_what_all_names_have() {
        for (names, expected) in
            [(&["a/b/c"][..], "a/b/c"), (&["a/b/c", "a/x/c"], "a/*/c"), (&["a/b", "a/b/c"], "**"), (&[""], "")]
        {
            assert_eq!(pattern(names), expected);
        }
    }
}
