//! What a case needs of one of its servers, read off the plan. Nothing of a backend is known here.
//!
//! A need is what must be so for the case to mean anything: a server that cannot carry TLS 1.0 says nothing about whether
//! TLS 1.0 is refused for its suite. What a case expects to be refused is no need.

use crate::handshake::{Kind, TlsVersion};
use crate::net::{FaultKind, NetworkFault};
use crate::scenario::party::{
    Account, Ca, Certificate, CertificateKey, Client, ClientTls, GssMode, HbaMethod, Keytab, PasswordScheme, Proof,
    Server, ServerTls, TlsMode, TlsProvider, TlsRange, Validity,
};
use crate::scenario::plan::{Case, Step, Verb};
use crate::scenario::profile::Protocol;
use crate::tls::Suite;
use std::collections::{BTreeMap, BTreeSet};

/// What a case needs of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The profile that it stands for: `aurora-mysql 3.04.0`.
    pub engine: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// The handshakes that are tried with it, once each; empty if none is.
    pub tls: Vec<TlsNeed>,
    /// Whether a client asks for TLS and is to be told that there is none.
    pub tls_off: bool,
    /// What carries TLS out there.
    pub provider: TlsProvider,
    /// Plugins (MySQL) or methods (PostgreSQL) that logins come to.
    pub methods: BTreeSet<String>,
    /// Methods of accounts that log in which are to be switched off.
    pub methods_off: BTreeSet<String>,
    /// Whether a client may encrypt with GSS-API and the server has a key for it.
    pub gss_encryption: bool,
    /// Whether a client may encrypt with GSS-API and is to be told that the server does not.
    pub gss_encryption_off: bool,
    /// What its keytab is to hold, if a login comes to Kerberos.
    pub keytab: Option<Keytab>,
    /// Every parameter of its profile.
    pub parameters: BTreeMap<String, ParameterNeed>,
    /// Accounts that log in and are to `REQUIRE SSL`.
    pub require_ssl: Vec<String>,
    /// Accounts that log in and are kept to some databases.
    pub kept_to_databases: Vec<String>,
    /// Accounts of `caching_sha2_password` whose way in, by the hash in the server's cache or without it, is to be seen.
    pub cached: Vec<String>,
    /// A certificate that is not of the server's own name and authority, where a client verifies it.
    pub certificate: Option<CertificateNeed>,
    /// The offset of its clock to the base. Only differences between parties mean anything, so that this alone is never
    /// lacking; who knows all parties judges it.
    pub clock_seconds: i64,
    /// Whether accounts are for clients from somewhere.
    pub host_accounts: bool,
    /// Departures from the protocol.
    pub deviations: Vec<String>,
    /// Conditions of the server and faults of the network that only mocks, or only virtual time, can play.
    pub network_faults: Vec<String>,
    /// What steps change about it, in their words: `rotate`, `restart`.
    pub verbs: BTreeSet<String>,
}

/// One TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TlsNeed {
    /// The oldest and the newest version that the server is to accept.
    pub accepted: (TlsVersion, TlsVersion),
    /// What both sides would agree on; `None` if they have no version in common, and a refusal is to be seen.
    pub version: Option<TlsVersion>,
    /// One of these must be there; if there is none, it does not matter.
    pub suites: Vec<String>,
}

/// What a parameter is to be set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterNeed {
    /// Its value; empty if it is unset.
    pub value: String,
    /// The value of the profile where nobody sets it; empty if it is unset.
    pub default: String,
}

/// A certificate out of the ordinary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateNeed {
    /// The names in it.
    pub names: Vec<String>,
    /// Who signs it.
    pub ca: Ca,
    /// When it is good.
    pub validity: Validity,
    /// Its key.
    pub key: CertificateKey,
}

impl Needs {
    /// What `case` needs of `server`, which is one of its own.
    #[must_use]
    pub fn of(case: &Case, server: &Server) -> Self {
        let logins: Vec<Login<'_>> = logins(case, server).collect();
        let accounts = || logins.iter().filter_map(|login| Some((&login.client.login, login.account?)));
        let named = |wanted: fn(&Account) -> bool| -> Vec<String> {
            let names: BTreeSet<_> = accounts().filter(|(_, account)| wanted(account)).map(|(name, _)| name).collect();
            names.into_iter().cloned().collect()
        };
        let methods = methods(server, &logins);
        let joined = server.kerberos.as_ref().filter(|_| server.enabled.kerberos);
        let gss_encryption =
            joined.is_some() && logins.iter().any(|login| login.client.gssencmode != GssMode::Disabled);
        // libpq asks for it by itself only where it has a ticket.
        let asks_for_gss = |login: &Login<'_>| match login.client.gssencmode {
            GssMode::Disabled => false,
            GssMode::Preferred => login.client.offer.ticket,
            GssMode::Required => true,
        };
        let gss_encryption_off = joined.is_none() && logins.iter().any(asks_for_gss);
        let by_ticket = gss_encryption || methods.on.iter().any(|method| KERBEROS.contains(&method.as_str()));
        let tls: BTreeSet<TlsNeed> = logins.iter().filter_map(|login| login.handshake(server.tls.as_ref()?)).collect();
        Self {
            engine: server.profile.to_string(),
            protocol: server.protocol(),
            tls: tls.into_iter().collect(),
            tls_off: server.tls.is_none() && logins.iter().any(Login::asks_for_tls),
            provider: server.tls.as_ref().map_or(TlsProvider::OpenSsl, |tls| tls.provider),
            methods: methods.on,
            methods_off: methods.off,
            gss_encryption,
            gss_encryption_off,
            keytab: joined.filter(|_| by_ticket).map(|kerberos| kerberos.keytab),
            parameters: parameters(server),
            require_ssl: named(|account| account.require_ssl),
            kept_to_databases: named(|account| !account.databases.is_empty()),
            cached: cached(&logins),
            certificate: certificate(server, &logins),
            clock_seconds: server.clock_seconds,
            host_accounts: !server.host_accounts.is_empty(),
            deviations: server.deviations.clone(),
            network_faults: network_faults(server, &logins),
            verbs: verbs(case, server).collect(),
        }
    }
}

/// The words for Kerberos among plugins and methods.
const KERBEROS: [&str; 2] = ["authentication_kerberos", "gss"];

/// The words for IAM tokens among them.
const IAM: [&str; 2] = ["AWSAuthenticationPlugin", "pam"];

/// A client that logs in, and the account that its name means.
struct Login<'c> {
    client: &'c Client,
    account: Option<&'c Account>,
    step: &'c Step,
}

fn logins<'c>(case: &'c Case, server: &'c Server) -> impl Iterator<Item = Login<'c>> {
    case.steps.iter().filter_map(move |step| {
        let Verb::Connect { from, to, .. } = &step.verb else { return None };
        let client = case.clients.get(from)?;
        let reaches = case.server_behind(to).is_some_and(|reached| **reached == *server);
        reaches.then(|| Login { client, account: server.accounts.get(&client.login), step })
    })
}

impl Login<'_> {
    fn asks_for_tls(&self) -> bool {
        self.client.tls.mode != TlsMode::Disabled
    }

    /// What the handshake with a server of this TLS needs.
    fn handshake(&self, server: &ServerTls) -> Option<TlsNeed> {
        if !self.asks_for_tls() {
            return None;
        }
        let expected = self.step.expectation.as_ref().map(|expectation| &expectation.client);
        let expected = expected.filter(|expected| expected.kind == Kind::Established);
        let agreed = agreement(&self.client.tls, server);
        let version = expected.and_then(|expected| expected.tls).or(agreed.version);
        let suites = match expected.and_then(|expected| expected.suite.clone()) {
            Some(suite) => vec![suite],
            // An offer that is to be refused: by a server that has others.
            None if agreed.suites.is_empty() => suites_in(version, server).cloned().collect(),
            None => agreed.suites,
        };
        let TlsRange { min, max } = server.versions;
        Some(TlsNeed { accepted: (min, max), version, suites })
    }
}

/// What a client and a server would agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agreement {
    /// The newest version that both have.
    version: Option<TlsVersion>,
    /// The suites that both have in that version.
    suites: Vec<String>,
}

/// What the logins of a case would agree on with `server`, if its TLS were this.
pub(super) fn agreements(case: &Case, server: &Server, tls: &ServerTls) -> Vec<Agreement> {
    logins(case, server).filter(Login::asks_for_tls).map(|login| agreement(&login.client.tls, tls)).collect()
}

fn agreement(client: &ClientTls, server: &ServerTls) -> Agreement {
    let in_common = |version: &TlsVersion| server.versions.contains(*version) && client.versions.contains(*version);
    let version = TlsVersion::ALL.into_iter().rfind(in_common);
    // A client that names none has them all.
    let is_offered = |suite: &&String| client.suites.is_empty() || client.suites.contains(suite);
    Agreement { version, suites: suites_in(version, server).filter(is_offered).cloned().collect() }
}

fn suites_in(version: Option<TlsVersion>, server: &ServerTls) -> impl Iterator<Item = &String> {
    server.suites.iter().filter(move |name| match (Suite::by_name(name), version) {
        (Some(suite), Some(version)) => suite.exists_in(version),
        _ => true,
    })
}

/// What is on the server's own line; and what of a client's takes time, which before a real server is the machine's.
fn network_faults(server: &Server, logins: &[Login<'_>]) -> Vec<String> {
    let takes_time = |fault: &&NetworkFault| matches!(fault.kind, FaultKind::Delay(_) | FaultKind::Stall);
    let of_clients = logins.iter().filter_map(|login| login.client.network.as_ref()).filter(takes_time);
    let condition = server.condition.map(|condition| format!("{condition:?}"));
    condition.into_iter().chain(server.network.iter().chain(of_clients).map(ToString::to_string)).collect()
}

struct Methods {
    on: BTreeSet<String>,
    off: BTreeSet<String>,
}

/// The plugins or methods that logins come to. An account whose method is switched off comes to a refusal without it.
fn methods(server: &Server, logins: &[Login<'_>]) -> Methods {
    let mut methods = Methods { on: BTreeSet::new(), off: BTreeSet::new() };
    let index = usize::from(server.protocol() == Protocol::Postgres);
    for login in logins {
        for proof in login.account.iter().flat_map(|account| &account.proofs) {
            let (word, is_on) = match proof {
                Proof::Trust => ("trust", true),
                Proof::Password { scheme, .. } => (scheme.word(), true),
                Proof::Kerberos { .. } => (KERBEROS[index], server.enabled.kerberos),
                Proof::Iam => (IAM[index], server.enabled.iam),
            };
            if is_on { &mut methods.on } else { &mut methods.off }.insert(word.to_owned());
        }
        if login.account.is_none() {
            methods.on.extend(of_nobody(server));
        }
    }
    methods
}

/// What a login without an account is asked for.
fn of_nobody(server: &Server) -> Option<String> {
    match server.protocol() {
        Protocol::Mysql => server.default_plugin.clone(),
        Protocol::Postgres => {
            let last = server.hba.iter().find(|line| line.user.is_none())?;
            Some(hba_word(last.method)?.to_owned())
        }
    }
}

/// The word of a method in pg_hba.conf; a rejection needs nothing.
const fn hba_word(method: HbaMethod) -> Option<&'static str> {
    match method {
        HbaMethod::Reject => None,
        HbaMethod::Trust => Some("trust"),
        HbaMethod::ScramSha256 => Some("scram-sha-256"),
        HbaMethod::Md5 => Some("md5"),
        HbaMethod::Password => Some("password"),
        HbaMethod::Gss { .. } => Some("gss"),
        HbaMethod::Pam => Some("pam"),
    }
}

fn parameters(server: &Server) -> BTreeMap<String, ParameterNeed> {
    let of_profile = server.profile.parameters.iter();
    of_profile
        .map(|(name, parameter)| {
            let value = server.parameters.get(name).cloned().unwrap_or_default();
            (name.clone(), ParameterNeed { value, default: parameter.default.clone() })
        })
        .collect()
}

/// Only a trace shows whether the server had the hash.
fn cached(logins: &[Login<'_>]) -> Vec<String> {
    let is_shown =
        |login: &&Login<'_>| login.step.expectation.as_ref().is_some_and(|expected| expected.trace.is_some());
    let is_cached = |login: &&Login<'_>| {
        let mut proofs = login.account.into_iter().flat_map(|account| &account.proofs);
        let own = login.client.password.as_ref();
        proofs.any(|proof| {
            let Proof::Password { scheme: PasswordScheme::CachingSha2Password, password, .. } = proof else {
                return false;
            };
            own == Some(password)
        })
    };
    let names: BTreeSet<_> =
        logins.iter().filter(is_shown).filter(is_cached).map(|login| &login.client.login).collect();
    names.into_iter().cloned().collect()
}

fn certificate(server: &Server, logins: &[Login<'_>]) -> Option<CertificateNeed> {
    let shown = &server.tls.as_ref()?.certificate;
    let verifies = |login: &Login<'_>| matches!(login.client.tls.mode, TlsMode::VerifyCa | TlsMode::VerifyIdentity);
    let is_seen = shown.key != CertificateKey::Rsa2048 && logins.iter().any(Login::asks_for_tls);
    let is_ordinary = *shown == Certificate::of_host(&server.host);
    let names = if shown.names.is_empty() { shown.common_name.iter().cloned().collect() } else { shown.names.clone() };
    let (ca, validity, key) = (shown.ca, shown.validity, shown.key);
    (is_seen || (!is_ordinary && logins.iter().any(verifies))).then_some(CertificateNeed { names, ca, validity, key })
}

/// What steps change about a server.
fn verbs<'c>(case: &'c Case, server: &'c Server) -> impl Iterator<Item = String> + 'c {
    let changes = |step: &&Step| {
        let named = step.verb.changed_server().and_then(|name| case.servers.get(name));
        named.is_some_and(|named| **named == *server)
    };
    case.steps.iter().filter(changes).map(|step| step.verb.word().to_owned())
}
