//! IAM as it is written: of a server, and the token of a client.

use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;

/// What a cluster and AWS know.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Iam {
    pub region: Text,
    pub account: Option<Text>,
    pub resource: Option<Text>,
    pub endpoints: Option<List>,
    #[serde(default)]
    pub keys: BTreeMap<Text, IamKey>,
    pub throttle: Option<IamThrottle>,
}

/// An access key.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IamKey {
    pub of: Option<Text>,
    #[serde(default)]
    pub allow: List,
    #[serde(default)]
    pub deny: List,
    pub ends: Option<Text>,
}

/// How many logins by token are taken.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IamThrottle {
    pub logins: Text,
    pub within: Text,
}

/// What a client's token says otherwise than a right one.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub key: Option<Text>,
    pub host: Option<Text>,
    pub port: Option<Text>,
    pub region: Option<Text>,
    pub service: Option<Text>,
    pub user: Option<Text>,
    pub made: Option<Text>,
    pub expires: Option<Text>,
    pub form: Option<Text>,
}
