//! A cluster as AWS sees it, and the access keys that it hears of.

use super::SERVICE;
use super::credentials::Credentials;
use super::policy::Policy;
use crate::handshake::Timestamp;

/// The cluster that tokens are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cluster {
    /// Its region.
    pub region: String,
    /// The account that it belongs to.
    pub account: String,
    /// Its resource identifier, which is in policies and not in tokens: `cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ`.
    pub resource: String,
    /// The names of its endpoints. Aliases of these and custom endpoints are none.
    pub hosts: Vec<String>,
}

impl Cluster {
    /// What a policy calls a database user of it.
    #[must_use]
    pub fn arn(&self, user: &str) -> String {
        let Self { region, account, resource, .. } = self;
        format!("arn:aws:{SERVICE}:{region}:{account}:dbuser:{resource}/{user}")
    }
}

/// An access key that AWS knows, and what its owner may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Identifier, secret, and the session token of a temporary key.
    pub credentials: Credentials,
    /// When a temporary key ends.
    pub ends: Option<Timestamp>,
    /// What its owner may.
    pub policy: Policy,
}
