//! Scenario files as they are written. Nothing is decided here, and an unknown key is refused.
//!
//! Any text may be a template (`{axis}`, `{axis.field}`), so that even booleans and numbers are kept as text until a
//! cell is known. Every text knows where it stands.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// A scenario.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub title: Text,
    pub source: Text,
    pub name: Option<Text>,
    #[serde(default)]
    pub shows: List,
    #[serde(default)]
    pub exclude: Vec<Spanned<Exclude>>,
    #[serde(default)]
    pub axes: BTreeMap<Text, Axis>,
    #[serde(default)]
    pub reading: BTreeMap<Text, Reading>,
    #[serde(default)]
    pub realm: BTreeMap<Text, Realm>,
    #[serde(default)]
    pub server: BTreeMap<Text, Server>,
    #[serde(default)]
    pub client: BTreeMap<Text, Client>,
    #[serde(default)]
    pub proxy: BTreeMap<Text, Proxy>,
    #[serde(default)]
    pub step: Vec<Spanned<Step>>,
    /// Steps under load. Found, so that a file may have them, and not looked into before `load` plays them.
    #[serde(default)]
    pub during: Vec<Spanned<toml::Table>>,
}

/// Cells that cannot exist.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exclude {
    pub cells: Spanned<u64>,
    pub when: When,
    pub why: Text,
}

/// A selector: for each axis, `axis.field` or `reading` a list of which any may match.
pub(crate) type When = BTreeMap<Text, List>;

/// An open question.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    pub default: Text,
    pub or: List,
}

/// A KDC.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Realm {
    pub realm: Text,
    #[serde(default)]
    pub users: BTreeMap<Text, RealmUser>,
    #[serde(default)]
    pub services: List,
    #[serde(default)]
    pub etypes: List,
    pub ticket_lifetime: Option<Text>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealmUser {
    pub secret: Text,
}

/// A database server.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub engine: Text,
    pub host: Option<Text>,
    #[serde(default)]
    pub accounts: BTreeMap<Text, Account>,
    #[serde(default)]
    pub parameters: BTreeMap<Text, Text>,
    pub certificate: Option<Certificate>,
    pub tls: Option<ServerTls>,
    pub kerberos: Option<Kerberos>,
    pub iam: Option<Iam>,
    pub enabled: Option<Text>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub plugin: Option<Text>,
    pub method: Option<Text>,
    pub by: Option<Text>,
    pub secret: Option<Text>,
    pub realm: Option<Text>,
    pub include_realm: Option<Text>,
    pub require_ssl: Option<Text>,
    pub cached: Option<Text>,
    #[serde(default)]
    pub databases: List,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificate {
    #[serde(default)]
    pub names: List,
    pub ca: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerTls {
    pub offered: Option<Text>,
    pub provider: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kerberos {
    pub realm: Text,
    pub spn: Option<Text>,
    pub keytab: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Iam {
    pub region: Text,
}

/// A database client.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    pub kind: Option<Text>,
    #[serde(default)]
    pub argv: List,
    pub login: Text,
    pub secret: Option<Text>,
    pub database: Option<Text>,
    pub tls: Option<ClientTls>,
    pub gssencmode: Option<Text>,
    pub transport: Option<Text>,
    pub offer: Option<Text>,
    pub allow_cleartext: Option<Text>,
    pub mutual: Option<Text>,
    pub channel_binding: Option<Text>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTls {
    pub mode: Option<Text>,
    pub versions: Option<Text>,
    #[serde(default)]
    pub suites: List,
    pub provider: Option<Text>,
    pub ca: Option<Text>,
}

/// Something that stands between.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxy {
    pub to: Text,
    pub host: Option<Text>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
}

/// One thing that happens. Each verb is a key of its own.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub name: Option<Text>,
    #[serde(default)]
    pub when: When,
    pub connect: Option<Spanned<Connect>>,
    pub kinit: Option<Spanned<Kinit>>,
    pub renew: Option<LaterVerb>,
    pub destroy_tickets: Option<LaterVerb>,
    pub rotate: Option<LaterVerb>,
    pub clock: Option<LaterVerb>,
    pub account: Option<LaterVerb>,
    pub parameter: Option<LaterVerb>,
    pub restart: Option<LaterVerb>,
    pub failover: Option<LaterVerb>,
    pub fault: Option<LaterVerb>,
    pub then: Option<Text>,
    pub server: Option<Text>,
    pub kdc: Option<Text>,
    pub trace: Option<Text>,
    #[serde(default)]
    pub within: BTreeMap<Text, Text>,
    #[serde(default)]
    pub shows: List,
    #[serde(default)]
    pub expect: Vec<Spanned<Rule>>,
}

/// The arguments of a verb that no backend has yet.
pub(crate) type LaterVerb = Spanned<BTreeMap<Text, Text>>;

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connect {
    pub from: Text,
    pub to: Text,
    pub host: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kinit {
    pub by: Text,
    pub user: Text,
    pub realm: Text,
    pub secret: Option<Text>,
    pub cache: Option<Text>,
}

/// One row of a list of expectations.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub cells: Option<Spanned<u64>>,
    #[serde(default)]
    pub when: When,
    pub then: Text,
    pub server: Option<Text>,
    pub kdc: Option<Text>,
    pub trace: Option<Text>,
    #[serde(default)]
    pub within: BTreeMap<Text, Text>,
    #[serde(default)]
    pub shows: List,
}

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
