//! Lists of axis values that several scenarios share: `scenarios/sets.toml`.

use crate::error::ScenarioError;
use crate::scenario::matrix::{Value, resolve_values};
use crate::scenario::source::Source;
use crate::scenario::written::{AxisValue, Text};
use std::collections::BTreeMap;
use toml::Spanned;

/// Named lists of axis values.
#[derive(Debug, Clone, Default)]
pub struct Sets {
    sets: BTreeMap<String, Vec<Value>>,
}

impl Sets {
    /// Reads a file of sets.
    ///
    /// # Errors
    /// It is not of that shape.
    pub fn parse(source: &Source) -> Result<Self, ScenarioError> {
        let written: BTreeMap<Text, Vec<Spanned<AxisValue>>> = source.parse()?;
        let mut sets = BTreeMap::new();
        for (name, values) in written {
            sets.insert(name.text, resolve_values(values, source)?);
        }
        Ok(Self { sets })
    }

    /// The values of a set, or the names of those that there are.
    pub(crate) fn values(&self, name: &str) -> Result<Vec<Value>, String> {
        self.sets.get(name).cloned().ok_or_else(|| self.sets.keys().cloned().collect::<Vec<_>>().join(", "))
    }
}
