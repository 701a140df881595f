//! The accounts that an endpoint has, and how they differ from those that a case asks for.

use crate::error::ScenarioError;
use crate::scenario::party::{Account, Proof, Server};
use crate::scenario::plan::{Case, Verb};
use crate::scenario::profile::Protocol;
use crate::scenario::source::Source;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;

/// An account as written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountFile {
    pub plugin: Option<Text>,
    pub method: Option<Text>,
    #[serde(default)]
    pub require_ssl: bool,
    #[serde(default)]
    pub databases: List,
}

/// An account that the endpoint has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// Its plugin (MySQL) or the method that it is asked for (PostgreSQL).
    pub method: String,
    pub require_ssl: bool,
    /// Those that it may use; empty: all.
    pub databases: Vec<String>,
}

/// What `plugin` may say.
const PLUGINS: [&str; 5] = [
    "mysql_native_password",
    "caching_sha2_password",
    "sha256_password",
    "authentication_kerberos",
    "AWSAuthenticationPlugin",
];

/// What `method` may say.
const METHODS: [&str; 6] = ["trust", "password", "md5", "scram-sha-256", "gss", "pam"];

/// All accounts of a file.
///
/// # Errors
/// One has neither plugin nor method, or both, or one that there is not.
pub(super) fn understood(
    written: BTreeMap<String, AccountFile>,
    source: &Source,
) -> Result<BTreeMap<String, Facts>, ScenarioError> {
    let understood = |(name, account): (String, AccountFile)| {
        let AccountFile { plugin, method, require_ssl, databases } = account;
        let method = match (plugin, method) {
            (Some(plugin), None) => known(plugin, "plugin", &PLUGINS, source)?,
            (None, Some(method)) => known(method, "method", &METHODS, source)?,
            (Some(one), Some(_)) => return Err(source.error(&one.span, "'plugin' and 'method' exclude each other")),
            (None, None) => {
                return Err(source.error(&(0..0), format!("neither 'plugin' nor 'method' for the account {name}")));
            }
        };
        let databases = databases.items.into_iter().map(|database| database.text).collect();
        Ok((name, Facts { method, require_ssl, databases }))
    };
    written.into_iter().map(understood).collect()
}

fn known(written: Text, what: &str, words: &[&str], source: &Source) -> Result<String, ScenarioError> {
    if words.contains(&written.text.as_str()) {
        return Ok(written.text);
    }
    Err(source.error(&written.span, format!("unknown {what}")).writing(&written.text).allowing(words.join(", ")))
}

/// The first account of a login that the endpoint has not, or has otherwise.
pub(super) fn difference(case: &Case, accounts: &BTreeMap<String, Facts>) -> Option<String> {
    case.steps.iter().find_map(|step| {
        let Verb::Connect { from, to, .. } = &step.verb else { return None };
        let (client, server) = (case.clients.get(from)?, case.servers.get(to)?);
        let login = &client.login;
        match (server.accounts.get(login), accounts.get(login)) {
            (None, None) => None,
            (Some(_), None) => Some(format!("the endpoint has no account {login}")),
            (None, Some(_)) => Some(format!("the endpoint has an account {login}, and the case is of none")),
            (Some(planned), Some(facts)) => differs(login, planned, server, facts),
        }
    })
}

fn differs(login: &str, planned: &Account, server: &Server, facts: &Facts) -> Option<String> {
    let said = |what: String| Some(format!("the endpoint's account {login} {what}"));
    let wanted: Vec<&str> = planned.proofs.iter().map(|proof| word(proof, server.protocol())).collect();
    if !wanted.contains(&facts.method.as_str()) {
        return said(format!("has {}, not {}", facts.method, wanted.join(" and ")));
    }
    match (facts.require_ssl, planned.require_ssl) {
        (true, false) => return said("requires SSL".to_owned()),
        (false, true) => return said("does not REQUIRE SSL".to_owned()),
        _ => {}
    }
    if facts.databases != planned.databases {
        let shown = |databases: &[String]| {
            if databases.is_empty() { "all databases".to_owned() } else { databases.join(", ") }
        };
        return said(format!("may use {}, not {}", shown(&facts.databases), shown(&planned.databases)));
    }
    None
}

const fn word(proof: &Proof, protocol: Protocol) -> &'static str {
    match (proof, protocol) {
        (Proof::Trust, _) => "trust",
        (Proof::Password { scheme, .. }, _) => scheme.word(),
        (Proof::Kerberos { .. }, Protocol::Mysql) => "authentication_kerberos",
        (Proof::Kerberos { .. }, Protocol::Postgres) => "gss",
        (Proof::Iam, Protocol::Mysql) => "AWSAuthenticationPlugin",
        (Proof::Iam, Protocol::Postgres) => "pam",
    }
}
