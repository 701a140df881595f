//! `when = { axis = S, … }`: which cells a rule, an exclusion or a step is about.
//!
//! | written | matches |
//! | --- | --- |
//! | `"1.2"` | that value |
//! | `"DHE-*"` | by name, `*` for any run of characters |
//! | `"< 2.11"`, `">= 3.01"` | versions, number by number |
//! | `"2.10.2+"` | that version or later in its own line |

use crate::error::ScenarioError;
use crate::scenario::file::When;
use crate::scenario::matrix::{Matrix, Value};
use crate::scenario::reading::Readings;
use crate::scenario::source::Source;
use crate::scenario::version::Version;
use crate::scenario::written::Text;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Which cells, under which readings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    /// For an axis, whether each of its values matches. An axis may stand here more than once (`db` and `db.engine`).
    axes: Vec<(usize, Vec<bool>)>,
    /// Question and answer, of which any may hold. Empty: all do.
    readings: Vec<(String, String)>,
}

impl Selector {
    /// Understands a selector.
    pub(crate) fn new(
        when: &When,
        source: &Source,
        matrix: &Matrix,
        readings: &Readings,
    ) -> Result<Self, ScenarioError> {
        let mut selector = Self::default();
        for (key, list) in when {
            if list.items.is_empty() {
                return Err(source.error(&list.span, "a selector without values matches nothing"));
            }
            if key.text == "reading" {
                for item in &list.items {
                    selector.readings.push(readings.choice(item, source)?);
                }
                continue;
            }
            let (name, field) = match key.text.split_once('.') {
                Some((name, field)) => (name, Some(field)),
                None => (key.text.as_str(), None),
            };
            let index = matrix.axis(name).ok_or_else(|| {
                let allowed = format!("{}, reading", matrix.names());
                source.error(&key.span, "unknown axis in a selector").writing(&key.text).allowing(allowed)
            })?;
            let values = texts(&matrix.axes[index].values, field, key, source)?;
            let mut matching = vec![false; values.len()];
            for item in &list.items {
                mark(item, key, &values, source, &mut matching)?;
            }
            selector.axes.push((index, matching));
        }
        Ok(selector)
    }

    /// Whether it is about a cell, under readings.
    pub(crate) fn matches(&self, cell: &[usize], readings: &BTreeMap<String, String>) -> bool {
        let reads = |(question, answer): &(String, String)| readings.get(question) == Some(answer);
        self.axes.iter().all(|(axis, matching)| matching[cell[*axis]])
            && (self.readings.is_empty() || self.readings.iter().any(reads))
    }

    /// The first reading that it names.
    pub(crate) fn reading(&self) -> Option<&(String, String)> {
        self.readings.first()
    }
}

/// What a selector sees of each value: its name or a field. A value that has no such field is never matched.
fn texts<'a>(
    values: &'a [Value],
    field: Option<&str>,
    key: &Text,
    source: &Source,
) -> Result<Vec<Option<&'a str>>, ScenarioError> {
    let Some(field) = field.filter(|field| *field != "name") else {
        return Ok(values.iter().map(|value| Some(value.name.as_str())).collect());
    };
    let texts: Vec<_> = values.iter().map(|value| value.fields.get(field).map(String::as_str)).collect();
    if texts.iter().all(Option::is_none) {
        return Err(source.error(&key.span, "no value of the axis has the field of").writing(&key.text));
    }
    Ok(texts)
}

/// Marks the values that one selector matches.
fn mark(
    item: &Text,
    key: &Text,
    values: &[Option<&str>],
    source: &Source,
    matching: &mut [bool],
) -> Result<(), ScenarioError> {
    // A value is always matched by itself, whatever characters it has.
    let test = if values.contains(&Some(item.text.as_str())) {
        Test::Exactly(&item.text)
    } else {
        Test::new(&item.text).map_err(|problem| source.error(&item.span, problem).writing(&item.text))?
    };
    let mut any = false;
    for (value, matches) in values.iter().zip(matching) {
        let Some(value) = value else { continue };
        let matched = test.matches(value).map_err(|no_version| {
            let problem = format!("'{no_version}' of '{}' is no version and cannot be compared with", key.text);
            source.error(&item.span, problem).writing(&item.text)
        })?;
        any |= matched;
        *matches |= matched;
    }
    if any {
        return Ok(());
    }
    let mut allowed: Vec<_> = values.iter().flatten().copied().collect();
    allowed.dedup();
    let problem = format!("matches no value of '{}':", key.text);
    Err(source.error(&item.span, problem).writing(&item.text).allowing(allowed.join(", ")))
}

enum Test<'a> {
    Exactly(&'a str),
    Glob(&'a str),
    Compare(&'static [Ordering], Version),
    InLine(Version),
}

impl<'a> Test<'a> {
    fn new(text: &'a str) -> Result<Self, &'static str> {
        const COMPARISONS: [(&str, &[Ordering]); 4] = [
            ("<=", &[Ordering::Less, Ordering::Equal]),
            (">=", &[Ordering::Greater, Ordering::Equal]),
            ("<", &[Ordering::Less]),
            (">", &[Ordering::Greater]),
        ];
        for (sign, orderings) in COMPARISONS {
            if let Some(version) = text.strip_prefix(sign) {
                let version = version.parse().map_err(|_| "no version to compare with in")?;
                return Ok(Self::Compare(orderings, version));
            }
        }
        if let Some(version) = text.strip_suffix('+') {
            return version.parse().map(Self::InLine).map_err(|_| "no version in front of '+' in");
        }
        Ok(if text.contains('*') { Self::Glob(text) } else { Self::Exactly(text) })
    }

    /// Whether a value matches, or that value if it is no version and ought to be.
    fn matches<'v>(&self, value: &'v str) -> Result<bool, &'v str> {
        let version = || value.parse::<Version>().map_err(|_| value);
        Ok(match self {
            Self::Exactly(text) => *text == value,
            Self::Glob(pattern) => glob(pattern, value),
            Self::Compare(orderings, floor) => orderings.contains(&version()?.cmp(floor)),
            Self::InLine(floor) => version()?.is_later_in_line_of(floor),
        })
    }
}

/// Whether `text` is `pattern`, where `*` stands for any run of characters.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        // The earliest place is the best: what is left behind it can only be longer.
        match rest.find(part) {
            Some(start) => rest = &rest[start + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::matrix::ResolvedAxis;
    use crate::scenario::written::List;

    const ENGINES: [&str; 8] = ["2.07.9", "2.09.2", "2.09.3", "2.10.1", "2.10.2", "2.11.0", "3.01.0", "3.04.0"];

    fn select(values: &[&str], item: &str) -> Result<Vec<String>, String> {
        let source = Source::new("x", item);
        let text = Text { text: item.to_owned(), span: 0..item.len() };
        let key = Text { text: "axis".to_owned(), span: 0..0 };
        let fields = BTreeMap::from([("even".to_owned(), "yes".to_owned())]);
        let value = |(index, name): (usize, &&str)| Value {
            name: (*name).to_owned(),
            fields: if index % 2 == 0 { fields.clone() } else { BTreeMap::new() },
        };
        let values: Vec<_> = values.iter().enumerate().map(value).collect();
        let matrix = Matrix { axes: vec![ResolvedAxis { name: "axis".to_owned(), values: values.clone() }] };
        let (key, item) = match item.split_once(" of ") {
            Some((item, field)) => {
                let key = Text { text: format!("axis.{field}"), ..key };
                (key, Text { text: item.to_owned(), ..text })
            }
            None => (key, text),
        };
        let when = BTreeMap::from([(key, List { items: vec![item], span: 0..0 })]);
        let selector =
            Selector::new(&when, &source, &matrix, &Readings::default()).map_err(|error| error.to_string())?;
        let matches = |index: &usize| selector.matches(&[*index], &BTreeMap::new());
        Ok((0..values.len()).filter(matches).map(|index| values[index].name.clone()).collect())
    }

    #[test]
    fn each_form_matches_on_its_side_of_the_boundary_only() {
        let check = |item: &str, expected: &[&str]| assert_eq!(select(&ENGINES, item).unwrap(), expected, "{item}");
        check("2.11.0", &["2.11.0"]);
        check("< 2.11", &["2.07.9", "2.09.2", "2.09.3", "2.10.1", "2.10.2"]);
        check("<= 2.11", &["2.07.9", "2.09.2", "2.09.3", "2.10.1", "2.10.2", "2.11.0"]);
        check("> 2.11", &["3.01.0", "3.04.0"]);
        check(">= 2.11", &["2.11.0", "3.01.0", "3.04.0"]);
        check(">=3.1", &["3.01.0", "3.04.0"]);
        check("2.09.3+", &["2.09.3"]);
        check("2.10.1+", &["2.10.1", "2.10.2"]);
        check("3.00+", &["3.01.0", "3.04.0"]);
        check("2.*", &["2.07.9", "2.09.2", "2.09.3", "2.10.1", "2.10.2", "2.11.0"]);
        check("*.0", &["2.11.0", "3.01.0", "3.04.0"]);
        check("2.*.2", &["2.09.2", "2.10.2"]);
        check("yes of even", &["2.07.9", "2.09.3", "2.10.2", "3.01.0"]);
        check("2.11.0 of name", &["2.11.0"]);
    }

    #[test]
    fn a_selector_that_matches_nothing_is_an_error() {
        let check = |values: &[&str], item: &str, expected: &str| {
            assert_eq!(select(values, item).unwrap_err(), format!("scenarios/x.toml:1:1: {expected}"), "{item}");
        };
        check(&["a", "b"], "c", "matches no value of 'axis': 'c', allowed: a, b");
        check(&["a", "b"], "c*", "matches no value of 'axis': 'c*', allowed: a, b");
        check(&["1", "2"], "< 1", "matches no value of 'axis': '< 1', allowed: 1, 2");
        check(&["1", "2"], "1.1+", "matches no value of 'axis': '1.1+', allowed: 1, 2");
        check(&["1", "b"], "< 2", "'b' of 'axis' is no version and cannot be compared with '< 2'");
        check(&["1", "2"], "< x", "no version to compare with in '< x'");
        check(&["1", "2"], "x+", "no version in front of '+' in 'x+'");
        check(&["a", "b"], "no of even", "matches no value of 'axis.even': 'no', allowed: yes");
        check(&["a", "b"], "yes of odd", "no value of the axis has the field of 'axis.odd'");
    }

    #[test]
    fn a_value_is_matched_by_itself_whatever_it_looks_like() {
        assert_eq!(select(&["<1", "a+", "*"], "a+").unwrap(), ["a+"]);
        assert_eq!(select(&["<1", "a+", "*"], "*").unwrap(), ["*"]);
    }

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*", "a", true),
            ("a*b", "ab", true),
            ("a*b", "a", false),
            ("*-SHA", "DHE-SHA", true),
            ("*-SHA", "DHE-SHA256", false),
            ("DHE-*", "ECDHE-RSA", false),
            ("a*a", "a", false),
            ("*a*a*", "aba", true),
            ("a**b", "axb", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
