//! Rules by which a KDC fails, in a cell. What they may say is the KDC's affair.

use crate::error::ScenarioError;
use crate::scenario::template::Filling;
use crate::scenario::written::{List, Text};
use mock_kdc::fault::Rule;
use std::collections::BTreeMap;
use std::ops::Range;

/// A rule with its templates filled in; `span` is where it stands.
pub(super) fn rule(
    when: &BTreeMap<Text, List>,
    then: &BTreeMap<Text, List>,
    span: &Range<usize>,
    filling: &Filling<'_>,
) -> Result<Rule, ScenarioError> {
    let (when, then) = (texts(when, filling)?, texts(then, filling)?);
    Rule::from_texts(&when, &then).map_err(|invalid| filling.source.error(span, invalid.to_string()))
}

fn texts<'k>(
    table: &'k BTreeMap<Text, List>,
    filling: &Filling<'_>,
) -> Result<Vec<(&'k str, Vec<String>)>, ScenarioError> {
    let filled = |list: &List| Ok(filling.list(list)?.into_iter().map(|text| text.text).collect());
    table.iter().map(|(key, list)| Ok((key.text.as_str(), filled(list)?))).collect()
}
