//! `[realm.NAME]` as it is written.

use crate::scenario::file::FaultRule;
use crate::scenario::written::{List, Text};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

/// A KDC.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Realm {
    pub realm: Text,
    #[serde(default)]
    pub users: BTreeMap<Text, RealmUser>,
    #[serde(default)]
    pub services: Services,
    #[serde(default)]
    pub etypes: List,
    pub ticket_lifetime: Option<Text>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
    #[serde(default)]
    pub trusts: List,
    pub trust_secret: Option<Text>,
    #[serde(default)]
    pub rules: Vec<Spanned<FaultRule>>,
    pub flavor: Option<Text>,
    pub preauth: Option<Text>,
    pub case_insensitive: Option<Text>,
    pub canonicalize: Option<Text>,
    pub enterprise_names: Option<Text>,
    #[serde(default)]
    pub upn_suffixes: List,
    pub pac: Option<Text>,
    pub fast: Option<Text>,
    pub renewable_lifetime: Option<Text>,
    pub clock_skew: Option<Text>,
    pub max_datagram_reply_octets: Option<Text>,
    pub lockout: Option<Text>,
    pub lockout_window: Option<Text>,
    pub lockout_duration: Option<Text>,
    pub anonymous: Option<Text>,
    pub postdated: Option<Text>,
    pub user_to_user: Option<Text>,
    #[serde(default)]
    pub refused_flags: List,
    pub error_data: Option<Text>,
    pub account_checks: Option<Text>,
    pub bad_path: Option<Text>,
    #[serde(default)]
    pub users_elsewhere: BTreeMap<Text, Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealmUser {
    pub secret: Text,
    pub kind: Option<Text>,
    pub upn: Option<Text>,
    #[serde(default)]
    pub aliases: List,
    pub salt: Option<Text>,
    #[serde(default)]
    pub etypes: List,
    pub preauth: Option<Text>,
    pub disabled: Option<Text>,
    pub locked_out: Option<Text>,
    pub valid_from: Option<Text>,
    pub expires: Option<Text>,
    pub password_expires: Option<Text>,
    pub must_change_password: Option<Text>,
    pub password_history: Option<Text>,
    pub ticket_lifetime: Option<Text>,
    pub renewable_lifetime: Option<Text>,
    #[serde(default)]
    pub refused_flags: List,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RealmService {
    #[serde(default)]
    pub aliases: List,
    #[serde(default)]
    pub etypes: List,
    #[serde(default)]
    pub session_etypes: List,
    pub keyless: Option<Text>,
    pub user_to_user_only: Option<Text>,
    pub disabled: Option<Text>,
    pub valid_from: Option<Text>,
    pub expires: Option<Text>,
    pub ticket_lifetime: Option<Text>,
    pub renewable_lifetime: Option<Text>,
    #[serde(default)]
    pub refused_flags: List,
}

/// Service principals: a list of names, or a table where some have settings.
#[derive(Debug, Clone)]
pub(crate) enum Services {
    Names(Vec<Text>),
    Table(BTreeMap<Text, RealmService>),
}

impl Default for Services {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

impl<'de> Deserialize<'de> for Services {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shape;

        impl<'de> Visitor<'de> for Shape {
            type Value = Services;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of services or a table of them")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Services, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(names)).map(Services::Names)
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Services, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(table)).map(Services::Table)
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Services, E> {
                Err(E::custom("invalid type: string, expected a list of services or a table of them"))
            }
        }

        deserializer.deserialize_any(Shape)
    }
}
