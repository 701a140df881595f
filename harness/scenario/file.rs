//! Scenario files as they are written. Nothing is decided here, and an unknown key is refused.
//!
//! Any text may be a template (`{axis}`, `{axis.field}`), so that even booleans and numbers are kept as text until a
//! cell is known. Every text knows where it stands.

mod iam;
mod realm;
mod verb;

pub(crate) use iam::{Iam, IamKey, IamThrottle, Token};
pub(crate) use realm::{Realm, RealmService, RealmUser, Services};
pub(crate) use verb::{
    ChangedAccount, Clock, Connect, DestroyTickets, Failover, Fault, FaultRule, Kinit, Parameter, Renew, Restart,
    Rotate,
};

use crate::scenario::written::{Axis, List, Text};
use std::collections::BTreeMap;
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
    pub cluster: BTreeMap<Text, Cluster>,
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
    pub image: Option<Text>,
    pub condition: Option<Text>,
    pub network: Option<Spanned<Network>>,
    pub deadline: Option<Text>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
    #[serde(skip)]
    pub of_cluster: Option<OfCluster>,
}

/// What a server is by being an instance of a cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfCluster {
    pub is_reader: bool,
    /// Whether what is enabled counts from its next restart on.
    pub waits_for_reboot: bool,
    pub keeps_kerberos: bool,
    pub port_changed: bool,
}

/// A writer and its readers.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    pub engine: Text,
    pub readers: Option<Text>,
    pub domain: Option<Text>,
    #[serde(default)]
    pub custom: BTreeMap<Text, List>,
    #[serde(default)]
    pub accounts: BTreeMap<Text, Account>,
    #[serde(default)]
    pub parameters: BTreeMap<Text, Text>,
    pub certificate: Option<Certificate>,
    pub tls: Option<ServerTls>,
    pub kerberos: Option<Kerberos>,
    pub iam: Option<Iam>,
    pub enabled: Option<Text>,
    #[serde(default)]
    pub pending_reboot: List,
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

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificate {
    pub cn: Option<Text>,
    pub names: Option<List>,
    pub ca: Option<Text>,
    pub valid: Option<Text>,
    pub key: Option<Text>,
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
    pub replay_cache: Option<Text>,
}

/// What the network does to a party.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    pub at: Text,
    pub fault: Text,
    #[serde(rename = "for")]
    pub length: Option<Text>,
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
    pub target_session_attrs: Option<Text>,
    pub sslnegotiation: Option<Text>,
    pub transport: Option<Text>,
    pub offer: Option<Text>,
    pub token: Option<Token>,
    pub allow_cleartext: Option<Text>,
    pub mutual: Option<Text>,
    pub channel_binding: Option<Text>,
    pub protocol: Option<Text>,
    pub kdc_timesync: Option<Text>,
    pub destroy_tickets: Option<Text>,
    pub network: Option<Spanned<Network>>,
    pub deadline: Option<Text>,
    pub krb5: Option<ClientKrb5>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
}

/// `[libdefaults]` of a client.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientKrb5 {
    #[serde(default)]
    pub etypes: List,
    pub clockskew: Option<Text>,
    pub udp_preference_limit: Option<Text>,
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
    pub matches: Option<Text>,
}

/// Something that stands between.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxy {
    pub kind: Text,
    pub to: Text,
    pub host: Option<Text>,
    pub tls: Option<Spanned<ProxyTls>>,
    pub certificate: Option<Spanned<Certificate>>,
    pub server_tls: Option<Spanned<ProxyServerTls>>,
    pub auth: Option<Text>,
    pub users: Option<Spanned<BTreeMap<Text, ProxyUser>>>,
    pub clock: Option<Text>,
    #[serde(default)]
    pub deviations: List,
}

/// Somebody whom a proxy lets in.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyUser {
    pub secret: Text,
}

/// TLS of a proxy towards its clients.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyTls {
    pub mode: Option<Text>,
    pub versions: Option<Text>,
    #[serde(default)]
    pub suites: List,
}

/// TLS of a proxy towards the server.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProxyServerTls {
    pub mode: Option<Text>,
    pub versions: Option<Text>,
    #[serde(default)]
    pub suites: List,
    pub ca: Option<Text>,
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
    pub renew: Option<Spanned<Renew>>,
    pub destroy_tickets: Option<Spanned<DestroyTickets>>,
    pub rotate: Option<Spanned<Rotate>>,
    pub clock: Option<Spanned<Clock>>,
    pub account: Option<Spanned<ChangedAccount>>,
    pub parameter: Option<Spanned<Parameter>>,
    pub restart: Option<Spanned<Restart>>,
    pub failover: Option<Spanned<Failover>>,
    pub fault: Option<Spanned<Fault>>,
    pub then: Option<Text>,
    pub server: Option<Text>,
    pub kdc: Option<Text>,
    pub trace: Option<Text>,
    #[serde(default)]
    pub says: BTreeMap<Text, Text>,
    #[serde(default)]
    pub within: BTreeMap<Text, Text>,
    #[serde(default)]
    pub shows: List,
    #[serde(default)]
    pub expect: Vec<Spanned<Rule>>,
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
    pub says: BTreeMap<Text, Text>,
    #[serde(default)]
    pub within: BTreeMap<Text, Text>,
    #[serde(default)]
    pub shows: List,
}
