//! The arguments of each verb as they are written.

use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connect {
    pub from: Text,
    pub to: Text,
    pub host: Option<Text>,
    pub replay: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kinit {
    pub by: Text,
    pub user: Text,
    pub realm: Text,
    pub enterprise: Option<Text>,
    pub secret: Option<Text>,
    pub cache: Option<Text>,
    pub keytab: Option<Text>,
    pub lifetime: Option<Text>,
    pub renewable: Option<Text>,
    pub postdate: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renew {
    pub by: Text,
    pub validate: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DestroyTickets {
    pub by: Text,
}

/// New keys: of a server's service, of a user, of a realm's ticket-granting service, or of what it shares with another.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotate {
    pub service: Option<Text>,
    pub keytab: Option<Text>,
    pub kdc: Option<Text>,
    pub user: Option<Text>,
    pub realm: Option<Text>,
    pub trust: Option<Text>,
    pub secret: Option<Text>,
    pub history: Option<Text>,
    pub keys: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clock {
    pub of: List,
    pub to: Text,
}

/// A change of an account: of a realm, or of a server.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedAccount {
    pub realm: Option<Text>,
    pub of: Option<Text>,
    pub user: Text,
    pub disabled: Option<Text>,
    pub locked_out: Option<Text>,
    pub must_change_password: Option<Text>,
    pub secret: Option<Text>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    pub of: Text,
    pub name: Text,
    pub value: Text,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restart {
    pub party: Text,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failover {
    pub realm: Text,
}

/// A rule of a KDC from then on.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub realm: Text,
    #[serde(default)]
    pub when: BTreeMap<Text, List>,
    pub then: BTreeMap<Text, List>,
}

/// A rule of a KDC from the start.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultRule {
    #[serde(default)]
    pub when: BTreeMap<Text, List>,
    pub then: BTreeMap<Text, List>,
}
