//! The shapes of values in scenario files: a text with its place, one text or a list, an axis.
//!
//! Serde's own way to let a value have several shapes, `untagged`, forgets where and why it failed. So each shape is
//! visited by hand.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// What varies: values, or the name of a set of them.
#[derive(Debug, Clone)]
pub(crate) enum Axis {
    Values(Vec<Spanned<AxisValue>>),
    Set(SetName),
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetName {
    pub set: Text,
}

/// A value of an axis: its name, or a table of its name and fields.
#[derive(Debug, Clone)]
pub(crate) enum AxisValue {
    Name(String),
    Table(BTreeMap<Text, List>),
}

/// A text and where it stands. Booleans and numbers are taken as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub text: String,
    pub span: Range<usize>,
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Scalar>::deserialize(deserializer)?;
        Ok(Self { span: spanned.span(), text: spanned.into_inner().0 })
    }
}

/// One text or a list of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    pub items: Vec<Text>,
    pub span: Range<usize>,
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = spanned.span();
        let items = match spanned.into_inner() {
            OneOrMany::One(text) => vec![Text { text, span: span.clone() }],
            OneOrMany::Many(items) => items,
        };
        Ok(Self { items, span })
    }
}

struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ShapeVisitor { expecting: "a string" })? {
            Shape::One(text) => Ok(Self(text)),
            Shape::Many(_) => Err(D::Error::custom("invalid type: array, expected a string")),
            Shape::Table(_) => Err(D::Error::custom("invalid type: table, expected a string")),
        }
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Text>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ShapeVisitor { expecting: "a string or a list of strings" })? {
            Shape::One(text) => Ok(Self::One(text)),
            Shape::Many(items) => Ok(Self::Many(items)),
            Shape::Table(_) => Err(D::Error::custom("invalid type: table, expected a string or a list of strings")),
        }
    }
}

impl<'de> Deserialize<'de> for AxisValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ShapeVisitor { expecting: "a string or a table with 'name'" })? {
            Shape::One(text) => Ok(Self::Name(text)),
            Shape::Many(_) => Err(D::Error::custom("invalid type: array, expected a string or a table with 'name'")),
            Shape::Table(fields) => Ok(Self::Table(fields)),
        }
    }
}

/// The shapes that a value may have where more than one is allowed.
enum Shape {
    One(String),
    Many(Vec<Text>),
    Table(BTreeMap<Text, List>),
}

struct ShapeVisitor {
    expecting: &'static str,
}

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::One(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Shape, E> {
        Ok(Shape::One(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Shape, E> {
        Ok(Shape::One(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Shape::Many(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Shape, A::Error> {
        let mut all = BTreeMap::new();
        while let Some((key, value)) = fields.next_entry()? {
            all.insert(key, value);
        }
        Ok(Shape::Table(all))
    }
}

impl<'de> Deserialize<'de> for Axis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AxisVisitor;

        impl<'de> Visitor<'de> for AxisVisitor {
            type Value = Axis;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of values or { set = NAME }")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Axis, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = items.next_element()? {
                    values.push(value);
                }
                Ok(Axis::Values(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Axis, A::Error> {
                SetName::deserialize(MapAccessDeserializer::new(fields)).map(Axis::Set)
            }
        }

        deserializer.deserialize_any(AxisVisitor)
    }
}
