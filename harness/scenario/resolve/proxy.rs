//! Proxies, and where they lead.

use super::client::{TRUSTED, suites_of};
use super::deviation;
use super::realm::{clock_seconds, password, texts};
use super::server::{host, resolve_certificate};
use crate::error::ScenarioError;
use crate::handshake::TlsVersion;
use crate::scenario::file;
use crate::scenario::party::{
    Ca, ClientTls, NameMatching, Password, PgBouncer, Proof, Proxy, ProxyAuth, ProxyKind, ProxyTls, Server, TlsMode,
    TlsProvider, TlsRange,
};
use crate::scenario::profile::Protocol;
use crate::scenario::template::Filling;
use crate::scenario::words::tls_range;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Towards clients: `None` is no TLS at all, else whether it is required.
const CLIENT_MODES: [(&str, Option<bool>); 4] =
    [("disable", None), ("allow", Some(false)), ("prefer", Some(false)), ("require", Some(true))];

/// Towards the server.
const SERVER_MODES: [(&str, TlsMode); 6] = [
    ("disable", TlsMode::Disabled),
    ("allow", TlsMode::Allowed),
    ("prefer", TlsMode::Preferred),
    ("require", TlsMode::Required),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyIdentity),
];

const AUTHS: [(&str, ProxyAuth); 4] = [
    ("trust", ProxyAuth::Trust),
    ("plain", ProxyAuth::Plain),
    ("md5", ProxyAuth::Md5),
    ("scram-sha-256", ProxyAuth::ScramSha256),
];

/// The server that each proxy leads to in the end, by the scenario's names.
///
/// # Errors
/// One leads to nobody or, through others, back to itself.
pub(super) fn ends(
    written: &BTreeMap<Text, file::Proxy>,
    servers: &BTreeMap<String, Arc<Server>>,
    filling: &Filling<'_>,
) -> Result<BTreeMap<String, String>, ScenarioError> {
    let mut ends = BTreeMap::new();
    for first in written.keys() {
        let mut way = vec![first.text.clone()];
        let mut at = first;
        while let Some((key, proxy)) = written.get_key_value(at) {
            let behind = filling.text(&proxy.to)?;
            if way.contains(&behind.text) {
                let circle = format!("{} → {}", way.join(" → "), behind.text);
                return Err(filling.error(&behind, format!("proxies in a circle, {circle}:")));
            }
            if servers.contains_key(&behind.text) {
                ends.insert(first.text.clone(), behind.text);
                break;
            }
            let Some((next, _)) = written.get_key_value(&behind) else {
                let known = servers.keys().map(String::as_str);
                let others = written.keys().filter(|other| *other != key).map(|other| other.text.as_str());
                let known: Vec<_> = known.chain(others).collect();
                let allowed = if known.is_empty() { "none is defined".to_owned() } else { known.join(", ") };
                return Err(filling.error(&behind, "unknown server or proxy").allowing(allowed));
            };
            way.push(behind.text);
            at = next;
        }
    }
    Ok(ends)
}

/// A proxy that leads to `server` in the end.
pub(super) fn resolve(
    name: &str,
    written: &file::Proxy,
    server: &Server,
    filling: &Filling<'_>,
) -> Result<Proxy, ScenarioError> {
    let file::Proxy { kind, to, host: written_host, tls, certificate, server_tls, auth, users, clock, deviations } =
        written;
    let host = host(name, written_host.as_ref(), filling)?;
    let kind = filling.text(kind)?;
    let kind = match kind.text.as_str() {
        "haproxy" => {
            let spans = [
                ("tls", tls.as_ref().map(toml::Spanned::span)),
                ("certificate", certificate.as_ref().map(toml::Spanned::span)),
                ("server_tls", server_tls.as_ref().map(toml::Spanned::span)),
                ("auth", auth.as_ref().map(|auth| auth.span.clone())),
                ("users", users.as_ref().map(toml::Spanned::span)),
            ];
            if let Some((key, span)) = spans.into_iter().find_map(|(key, span)| Some((key, span?))) {
                let problem = "haproxy hands octets over in TCP mode and has no";
                return Err(filling.source.error(&span, problem).writing(key));
            }
            ProxyKind::HaProxy
        }
        "pgbouncer" if server.protocol() != Protocol::Postgres => {
            return Err(filling.error(&kind, format!("'{name}' leads to a MySQL server, which is nothing for")));
        }
        "pgbouncer" => {
            let tls = resolve_tls(tls.as_ref().map(toml::Spanned::get_ref), filling)?;
            let certificate = resolve_certificate(certificate.as_ref().map(toml::Spanned::get_ref), &host, filling)?;
            ProxyKind::PgBouncer(PgBouncer {
                tls: tls.map(|(required, versions, suites)| ProxyTls { required, versions, suites, certificate }),
                server_tls: resolve_server_tls(server_tls.as_ref().map(toml::Spanned::get_ref), filling)?,
                auth: match filling.optional(auth.as_ref())? {
                    Some(auth) => filling.one_of(&auth, "auth", &AUTHS)?,
                    None => ProxyAuth::ScramSha256,
                },
                users: match users {
                    Some(users) => resolve_users(users.get_ref(), filling)?,
                    None => users_of(server),
                },
            })
        }
        _ => return Err(filling.error(&kind, "unknown kind of a proxy").allowing("haproxy, pgbouncer")),
    };
    deviation::of_nobody(deviations, filling)?;
    let clock_seconds = clock_seconds(clock.as_ref(), filling)?;
    Ok(Proxy { kind, to: filling.text(to)?.text, host, clock_seconds })
}

/// Whether clients have to have it, versions and suites; `None` if it is not offered.
fn resolve_tls(
    written: Option<&file::ProxyTls>,
    filling: &Filling<'_>,
) -> Result<Option<(bool, TlsRange, Vec<String>)>, ScenarioError> {
    let Some(file::ProxyTls { mode, versions, suites }) = written else { return Ok(None) };
    let mode = match filling.optional(mode.as_ref())? {
        Some(mode) => filling.one_of(&mode, "TLS mode", &CLIENT_MODES)?,
        None => Some(false),
    };
    let (versions, suites) = (range(versions.as_ref(), filling)?, suites_known(suites, filling)?);
    Ok(mode.map(|required| (required, versions, suites)))
}

fn resolve_server_tls(
    written: Option<&file::ProxyServerTls>,
    filling: &Filling<'_>,
) -> Result<ClientTls, ScenarioError> {
    let mut tls = ClientTls {
        mode: TlsMode::Disabled,
        versions: ALL_VERSIONS,
        suites: Vec::new(),
        provider: TlsProvider::OpenSsl,
        trust: Some(Ca::Own),
        matches: NameMatching::San,
        deviations: Vec::new(),
    };
    let Some(file::ProxyServerTls { mode, versions, suites, ca }) = written else { return Ok(tls) };
    tls.mode = match filling.optional(mode.as_ref())? {
        Some(mode) => filling.one_of(&mode, "TLS mode", &SERVER_MODES)?,
        None => TlsMode::Preferred,
    };
    (tls.versions, tls.suites) = (range(versions.as_ref(), filling)?, suites_known(suites, filling)?);
    if let Some(ca) = filling.optional(ca.as_ref())? {
        tls.trust = filling.one_of(&ca, "authority", &TRUSTED)?;
        if tls.trust.is_none() && matches!(tls.mode, TlsMode::VerifyCa | TlsMode::VerifyIdentity) {
            return Err(filling.error(&ca, "a proxy that verifies needs an authority, not").allowing("own, other"));
        }
    }
    Ok(tls)
}

const ALL_VERSIONS: TlsRange = TlsRange { min: TlsVersion::Tls1_0, max: TlsVersion::Tls1_3 };

fn range(written: Option<&Text>, filling: &Filling<'_>) -> Result<TlsRange, ScenarioError> {
    match filling.optional(written)? {
        Some(versions) => tls_range(&versions.text).map_err(|problem| filling.error(&versions, problem)),
        None => Ok(ALL_VERSIONS),
    }
}

/// They go into a configuration file as they are.
fn suites_known(list: &List, filling: &Filling<'_>) -> Result<Vec<String>, ScenarioError> {
    let suites = suites_of(list, filling)?;
    if let Some(wrong) = suites.iter().find(|suite| crate::tls::Suite::by_name(&suite.text).is_none()) {
        return Err(filling.error(wrong, "unknown cipher suite"));
    }
    Ok(texts(suites))
}

fn resolve_users(
    written: &BTreeMap<Text, file::ProxyUser>,
    filling: &Filling<'_>,
) -> Result<BTreeMap<String, Password>, ScenarioError> {
    let mut users = BTreeMap::new();
    for (name, file::ProxyUser { secret }) in written {
        let name = filling.text(name)?;
        // Each is a line between quotes in PgBouncer's file of users.
        if name.text.is_empty() || name.text.contains(|c: char| c.is_control() || c == '"') {
            return Err(filling.error(&name, "no name of a user"));
        }
        users.insert(name.text, password(&filling.text(secret)?));
    }
    Ok(users)
}

/// The accounts of the server that have a password.
fn users_of(server: &Server) -> BTreeMap<String, Password> {
    let password = |proof: &Proof| match proof {
        Proof::Password { password, .. } => Some(password.clone()),
        Proof::Trust | Proof::Kerberos { .. } | Proof::Iam => None,
    };
    let accounts = server.accounts.iter();
    accounts.filter_map(|(name, account)| Some((name.clone(), account.proofs.iter().find_map(password)?))).collect()
}
