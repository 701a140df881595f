//! A server that somebody else runs, described by a file.
//!
//! ```toml
//! plays   = "aurora-postgresql 15"          # the profile that it stands for; cases of other engines are skipped
//! host    = "localhost"                     # the name that is dialled: for certificates and service principals
//! address = "127.0.0.1:${PORT}"             # where it is; any value may name variables of the environment
//! ca      = "${HOME}/ca.pem"                # what signs its certificate
//!
//! [secrets]                                 # values of the secrets that scenarios name
//! alice = "${ALICE_PASSWORD}"
//!
//! [realms]                                  # KDCs by the name of the realm
//! "CORP.EXAMPLE.COM" = "127.0.0.1:${KDC_PORT}"
//!
//! [allow]                                   # what may be done to it that costs it something
//! failed-login = 100
//! aborted-handshake = 200
//! ```

use crate::error::Error;
use crate::handshake::{Kind, Side};
use crate::scenario::Library;
use crate::scenario::party::{ClientKind, GssMode, Password, Proof, TlsMode};
use crate::scenario::plan::{Case, Step, Verb};
use crate::scenario::profile::Protocol;
use crate::scenario::source::Source;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use zeroize::Zeroizing;

/// What stands there, with nothing left to look up. `Debug` prints no secret.
pub struct Endpoint {
    /// The profile that it stands for, as scenarios write engines.
    pub plays: String,
    /// The name that is dialled.
    pub host: String,
    /// Where it is.
    pub address: SocketAddr,
    /// What signs its certificate, in PEM.
    pub ca: Option<String>,
    /// KDCs by the name of the realm.
    pub realms: BTreeMap<String, SocketAddr>,
    secrets: BTreeMap<String, Zeroizing<String>>,
    failed_logins: AtomicU32,
    aborted_handshakes: AtomicU32,
}

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plays: String,
    host: String,
    address: String,
    ca: Option<String>,
    #[serde(default, deserialize_with = "secrets")]
    secrets: BTreeMap<String, Zeroizing<String>>,
    #[serde(default)]
    realms: BTreeMap<String, String>,
    #[serde(default)]
    allow: Allow,
}

/// Secrets as written. What is wrong with one is said without it, whatever has been written in its place.
fn secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Zeroizing<String>>, D::Error> {
    let all = match toml::Value::deserialize(deserializer)? {
        toml::Value::Table(all) => all,
        _ => return Err(D::Error::custom("no table of secrets, expected name = \"value\"")),
    };
    all.into_iter()
        .map(|(name, value)| match value {
            toml::Value::String(value) => Ok((name, Zeroizing::new(value))),
            _ => Err(D::Error::custom(format!("the secret {name} is no string, expected one in quotes"))),
        })
        .collect()
}

/// How often something may be done that costs the other side something.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Allow {
    #[serde(default)]
    failed_login: u32,
    #[serde(default)]
    aborted_handshake: u32,
}

impl Endpoint {
    /// Reads a file and fills the environment's variables in.
    ///
    /// # Errors
    /// The file is not of that shape, names a variable that is not set, or its addresses lead nowhere.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let source = Source::read(path)?;
        let File { plays, host, address, ca, secrets, realms, allow } = source.parse()?;
        let fill = |text: &str| filled(text, &|name| std::env::var(name).ok()).map_err(|problem| usage(path, &problem));
        let ca = ca.as_deref().map(fill).transpose()?.map(|file| {
            let cannot = |problem: &dyn fmt::Display| Error::Environment(format!("cannot read {file}: {problem}"));
            let pem = std::fs::read_to_string(&file).map_err(|problem| cannot(&problem))?;
            if pem.contains("-----BEGIN CERTIFICATE-----") { Ok(pem) } else { Err(cannot(&"it holds no certificate")) }
        });
        let plays = fill(&plays)?;
        let profile = Library::built_in()?.profiles.get(&plays, &BTreeMap::new());
        let profile =
            profile.map_err(|known| usage(path, &format!("plays the unknown engine '{plays}', allowed: {known}")))?;
        Ok(Self {
            plays: profile.to_string(),
            host: fill(&host)?,
            address: resolved(&fill(&address)?)?,
            ca: ca.transpose()?,
            realms: realms
                .iter()
                .map(|(realm, kdc)| Ok((realm.clone(), resolved(&fill(kdc)?)?)))
                .collect::<Result<_, Error>>()?,
            secrets: secrets
                .iter()
                .map(|(name, value)| Ok((name.clone(), Zeroizing::new(fill(value)?))))
                .collect::<Result<_, Error>>()?,
            failed_logins: AtomicU32::new(allow.failed_login),
            aborted_handshakes: AtomicU32::new(allow.aborted_handshake),
        })
    }

    /// The values of the secrets that scenarios name.
    #[must_use]
    pub fn secrets(&self) -> BTreeMap<String, Zeroizing<String>> {
        self.secrets.clone()
    }

    /// Why a case cannot be played here, if so. A case that costs something uses up what the file allows.
    #[must_use]
    pub fn lacks(&self, case: &Case) -> Option<String> {
        if case.servers.len() != 1 || !case.proxies.is_empty() {
            return Some("an endpoint file describes one server".to_owned());
        }
        let engine = case.servers.values().next().map(|server| server.profile.to_string()).unwrap_or_default();
        if engine != self.plays {
            return Some(format!("backend plays {}", self.plays));
        }
        if let Some(server) = case.servers.values().find(|server| !server.deviations.is_empty()) {
            return Some(format!("an endpoint makes no deviation on demand: {}", server.deviations.join(", ")));
        }
        if let Some(step) = case.steps.iter().find(|step| matches!(step.verb, Verb::Later { .. })) {
            return Some(format!("an endpoint has no verb '{}'", step.verb.word()));
        }
        if case.steps.iter().any(|step| asks_a_program_who_refused(case, step)) {
            return Some("a program does not tell who refused it, and an endpoint does not either".to_owned());
        }
        for realm in case.realms.values() {
            if !self.realms.contains_key(&realm.realm) {
                return Some(format!("the endpoint file names no KDC of {}", realm.realm));
            }
        }
        if let Some(secret) = needed_secrets(case).find(|name| !self.secrets.contains_key(*name)) {
            return Some(format!("the endpoint file has no secret {secret}"));
        }
        let (logins, handshakes) = costs(case);
        let allowed = |left: &AtomicU32, cost: u32| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
        };
        if !allowed(&self.aborted_handshakes, handshakes) {
            return Some("costs an aborted handshake, and the endpoint file allows no more of them".to_owned());
        }
        if !allowed(&self.failed_logins, logins) {
            return Some("costs a failed login, and the endpoint file allows no more of them".to_owned());
        }
        None
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("plays", &self.plays).field("address", &self.address).finish_non_exhaustive()
    }
}

/// Whether the expectation is of a refusal by somebody in particular, and the client a program, which only tells that it was
/// refused. A mock would say the rest.
fn asks_a_program_who_refused(case: &Case, step: &Step) -> bool {
    let Verb::Connect { from, .. } = &step.verb else { return false };
    let is_program = case.clients.get(from).is_some_and(|client| matches!(client.kind, ClientKind::Command { .. }));
    let expected = step.expectation.as_ref().map(|expectation| &expectation.client);
    is_program && expected.is_some_and(|expected| expected.kind == Kind::Refused && expected.by.is_some())
}

/// The secrets that a case needs the true value of: those by which a client proves who it is. A password that is wrong on purpose
/// may be any, but with a made-up one in place of a right one the case would only cost failed logins.
fn needed_secrets(case: &Case) -> impl Iterator<Item = &str> {
    case.steps.iter().filter_map(|step| match &step.verb {
        Verb::Connect { from, to, .. } => {
            let client = case.clients.get(from)?;
            let mut proofs = case.servers.get(to)?.accounts.get(&client.login)?.proofs.iter();
            let own = client.password.as_ref().filter(|_| client.offer.password)?;
            let is_right = proofs.any(|proof| match proof {
                Proof::Password { password, .. } => password == own,
                Proof::Kerberos { realm, .. } => {
                    realm.users.get(&client.login).is_some_and(|user| user.password == *own)
                }
                _ => false,
            });
            is_right.then(|| named(own)).flatten()
        }
        Verb::Kinit { user, realm, password, .. } => {
            let user = case.realms.get(realm)?.users.get(user)?;
            (user.password == *password).then(|| named(password)).flatten()
        }
        Verb::Later { .. } => None,
    })
}

fn named(password: &Password) -> Option<&str> {
    match password {
        Password::Named(name) => Some(name),
        Password::Empty => None,
    }
}

/// How many connections an attempt may be: a client of PostgreSQL that prefers one transport tries the other after a refusal.
fn connections(case: &Case, from: &str, to: &str) -> u32 {
    let (Some(client), Some(server)) = (case.clients.get(from), case.servers.get(to)) else { return 1 };
    if server.protocol() != Protocol::Postgres {
        return 1;
    }
    let tries_both = matches!(client.tls.mode, TlsMode::Preferred | TlsMode::Allowed);
    1 + u32::from(tries_both) + u32::from(client.gssencmode == GssMode::Preferred)
}

/// How many failed logins and aborted handshakes a case means for the server, by what it is meant to show. What an expectation
/// leaves open may be either.
fn costs(case: &Case) -> (u32, u32) {
    let (mut logins, mut handshakes) = (0, 0);
    for step in &case.steps {
        let Some(expectation) = &step.expectation else { continue };
        let expected = &expectation.client;
        let Verb::Connect { from, to, .. } = &step.verb else { continue };
        if expected.kind == Kind::Established {
            continue;
        }
        let times = connections(case, from, to);
        let alert = expected.code.as_deref().is_some_and(|code| code.starts_with("alert"));
        let is_open = expected.kind == Kind::Refused && expected.by.is_none();
        let is_login = expected.by == Some(Side::Server) && !alert;
        if is_open || is_login {
            logins += times;
        }
        if is_open || !is_login {
            handshakes += times;
        }
    }
    (logins, handshakes)
}

/// `${NAME}` replaced by the variable's value. The text of the error holds names only.
fn filled(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, after) = behind.split_once('}').ok_or("'${' without '}'")?;
        filled.push_str(before);
        filled.push_str(&variable(name).ok_or_else(|| format!("the environment has no variable {name}"))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn resolved(address: &str) -> Result<SocketAddr, Error> {
    address
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| Error::Environment(format!("'{address}' is no address and port that can be found")))
}

fn usage(path: &Path, problem: &str) -> Error {
    Error::Usage(format!("{}: {problem}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_missing_ones_are_named() {
        let variable = |name: &str| (name == "PORT").then(|| "3306".to_owned());
        assert_eq!(filled("127.0.0.1:${PORT}", &variable), Ok("127.0.0.1:3306".to_owned()));
        assert_eq!(filled("plain", &variable), Ok("plain".to_owned()));
        assert_eq!(filled("${HOST}", &variable), Err("the environment has no variable HOST".to_owned()));
        assert!(filled("${PORT", &variable).is_err());
    }

    #[test]
    fn an_endpoint_is_printed_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        let text =
            "plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '127.0.0.1:1'\n[secrets]\nalice = 'hunter2'\n";
        std::fs::write(&file, text).unwrap();
        let endpoint = Endpoint::read(&file).unwrap();
        assert!(!format!("{endpoint:?}").contains("hunter2"));
        assert_eq!(endpoint.secrets()["alice"].as_str(), "hunter2");
    }

    /// What is said about a file with these lines in place of the usual ones.
    fn problem(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        std::fs::write(&file, text).unwrap();
        Endpoint::read(&file).unwrap_err().to_string()
    }

    #[test]
    fn a_secret_that_is_no_string_is_not_told() {
        for secrets in [
            "secrets = 'hunter2'",
            "[secrets]\nalice = 4711",
            "[secrets]\nalice = ['hunter2']",
            "[secrets]\nalice = hunter2",
        ] {
            let text =
                problem(&format!("plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '127.0.0.1:1'\n{secrets}\n"));
            assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
            assert!(text.contains("quote") || text.contains("no table of secrets"), "{text}");
        }
    }

    #[test]
    fn an_engine_that_no_profile_describes_is_refused_and_not_skipped() {
        let text = problem("plays = 'aurora-postgresql 99'\nhost = 'h'\naddress = '127.0.0.1:1'\n");
        assert!(text.contains("unknown engine 'aurora-postgresql 99', allowed: aurora-postgresql 1"), "{text}");
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let ca = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let head = "plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '127.0.0.1:1'";
        let text = problem(&format!("{head}\nca = '{ca}'\n"));
        assert_eq!(text, format!("cannot read {ca}: it holds no certificate"));
    }

    const SCENARIO: &str = r#"
title  = "x"
source = "x"
[server.db]
engine   = "aurora-postgresql 15"
accounts = { alice = { method = "md5", secret = "alice" } }
[client.app]
login  = "alice"
secret = "SECRET"
tls    = { mode = "MODE" }
[axes]
one = ["x"]
[[step]]
connect = { from = "app", to = "db" }
then    = "THEN"
"#;

    fn case(secret: &str, mode: &str, then: &str) -> Case {
        let text = SCENARIO.replace("SECRET", secret).replace("MODE", mode).replace("THEN", then);
        let plan =
            crate::scenario::make_plan(&[Source::new("x", text)], &Library::built_in().unwrap(), &BTreeMap::new());
        plan.unwrap().cases.remove(0)
    }

    fn endpoint(more: &str) -> Endpoint {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        let text = format!("plays = 'aurora-postgresql 15'\nhost = 'h'\naddress = '127.0.0.1:1'\n{more}");
        std::fs::write(&file, text).unwrap();
        Endpoint::read(&file).unwrap()
    }

    #[test]
    fn a_right_password_is_never_made_up_and_a_wrong_one_may_be() {
        let right = case("alice", "require", "established");
        let wrong = case("mistyped", "require", "refused by server: 28P01");
        let without = endpoint("[allow]\nfailed-login = 9\n");
        assert_eq!(without.lacks(&right).as_deref(), Some("the endpoint file has no secret alice"));
        assert_eq!(without.lacks(&wrong), None);
        assert_eq!(endpoint("[secrets]\nalice = 'x'\n").lacks(&right), None);
    }

    #[test]
    fn a_program_is_not_asked_who_refused_it() {
        let of_program = |then| {
            let mut case = case("mistyped", "require", then);
            let mut client = (*case.clients["app"]).clone();
            client.kind = ClientKind::Command { argv: vec!["true".to_owned()] };
            case.clients.insert("app".to_owned(), client.into());
            endpoint("[allow]\nfailed-login = 9\naborted-handshake = 9\n").lacks(&case)
        };
        assert!(of_program("refused by server: 28P01").is_some_and(|reason| reason.contains("who refused it")));
        assert_eq!(of_program("refused"), None);
    }

    #[test]
    fn a_client_that_tries_again_in_the_clear_costs_two_logins() {
        assert_eq!(costs(&case("mistyped", "require", "refused by server: 28P01")), (1, 0));
        assert_eq!(costs(&case("mistyped", "prefer", "refused by server: 28P01")), (2, 0));
        assert_eq!(costs(&case("mistyped", "require", "refused")), (1, 1), "left open, it may be either");
        assert_eq!(costs(&case("mistyped", "require", "refused by server: alert protocol_version")), (0, 1));
        assert_eq!(costs(&case("alice", "require", "established")), (0, 0));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        std::fs::write(&file, "plays = 'aurora-postgresql 15'\nhost = 'h'\naddres = '127.0.0.1:1'\n").unwrap();
        let problem = Endpoint::read(&file).unwrap_err().to_string();
        assert!(problem.contains("addres"), "{problem}");
    }
}
