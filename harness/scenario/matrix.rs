//! Axes, their values, and the cells that they span.

use crate::error::ScenarioError;
use crate::scenario::sets::Sets;
use crate::scenario::source::Source;
use crate::scenario::written::{Axis, AxisValue, Text};
use std::collections::BTreeMap;
use toml::Spanned;

/// More cells than anybody wants to wait for; the product of a few axes gets there by accident.
const CELL_LIMIT: usize = 100_000;

/// What varies, in the order of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matrix {
    pub axes: Vec<ResolvedAxis>,
}

/// An axis with its values.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedAxis {
    pub name: String,
    pub values: Vec<Value>,
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub name: String,
    /// Fields of its own; a list is joined by spaces. `name` is not among them.
    pub fields: BTreeMap<String, String>,
}

/// For each axis, the index of a value.
pub(crate) type Cell = Vec<usize>;

impl Matrix {
    /// Takes the axes of a file apart and looks sets up.
    pub(crate) fn new(axes: BTreeMap<Text, Axis>, source: &Source, sets: &Sets) -> Result<Self, ScenarioError> {
        // The map is sorted by name; the cells are the product in the order written.
        let mut written: Vec<_> = axes.into_iter().collect();
        written.sort_by_key(|(name, _)| name.span.start);
        let mut axes = Vec::with_capacity(written.len());
        let mut cells = 1_usize;
        for (name, axis) in written {
            if name.text == "reading" || name.text.contains(['.', '{', '}']) {
                return Err(source.error(&name.span, "not allowed as the name of an axis").writing(name.text));
            }
            let values = match axis {
                Axis::Values(values) => resolve_values(values, source)?,
                Axis::Set(set) => sets.values(&set.set.text).map_err(|allowed| {
                    source.error(&set.set.span, "unknown set").writing(&set.set.text).allowing(allowed)
                })?,
            };
            if values.is_empty() {
                return Err(source.error(&name.span, "an axis without values").writing(name.text));
            }
            cells = cells.saturating_mul(values.len());
            if cells > CELL_LIMIT {
                return Err(source.error(&name.span, format!("more than {CELL_LIMIT} cells")));
            }
            axes.push(ResolvedAxis { name: name.text, values });
        }
        Ok(Self { axes })
    }

    /// All cells; the last axis changes fastest.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let mut cells = vec![Vec::with_capacity(self.axes.len())];
        for axis in &self.axes {
            cells = cells
                .into_iter()
                .flat_map(|cell| (0..axis.values.len()).map(move |index| cell.iter().copied().chain([index]).collect()))
                .collect();
        }
        cells
    }

    /// The index of an axis.
    pub(crate) fn axis(&self, name: &str) -> Option<usize> {
        self.axes.iter().position(|axis| axis.name == name)
    }

    /// What an axis is called, for error messages.
    pub(crate) fn names(&self) -> String {
        if self.axes.is_empty() {
            return "none, as there are no axes".to_owned();
        }
        self.axes.iter().map(|axis| axis.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The value of each axis in a cell.
    pub(crate) fn values<'a>(&'a self, cell: &'a [usize]) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.axes.iter().zip(cell).map(|(axis, &index)| (axis.name.as_str(), &axis.values[index]))
    }

    /// `engine=2.07.9 tls=1.0`, for error messages.
    pub(crate) fn describe(&self, cell: &[usize]) -> String {
        self.values(cell).map(|(axis, value)| format!("{axis}={}", value.name)).collect::<Vec<_>>().join(" ")
    }
}

/// Takes the values of an axis or a set apart.
pub(crate) fn resolve_values(values: Vec<Spanned<AxisValue>>, source: &Source) -> Result<Vec<Value>, ScenarioError> {
    let mut resolved: Vec<Value> = Vec::with_capacity(values.len());
    for value in values {
        let span = value.span();
        let value = match value.into_inner() {
            AxisValue::Name(name) => Value { name, fields: BTreeMap::new() },
            AxisValue::Table(written) => {
                let mut name = None;
                let mut fields = BTreeMap::new();
                for (key, list) in written {
                    let text = list.items.into_iter().map(|item| item.text).collect::<Vec<_>>().join(" ");
                    if key.text == "name" {
                        name = Some(text);
                    } else {
                        fields.insert(key.text, text);
                    }
                }
                let name = name.ok_or_else(|| source.error(&span, "missing key 'name' in the value of an axis"))?;
                Value { name, fields }
            }
        };
        if value.name.is_empty() {
            return Err(source.error(&span, "a value of an axis needs a name"));
        }
        if resolved.iter().any(|other| other.name == value.name) {
            return Err(source.error(&span, "value given twice").writing(value.name));
        }
        resolved.push(value);
    }
    Ok(resolved)
}
