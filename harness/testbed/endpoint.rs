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
use crate::scenario::plan::{Case, Verb};
use crate::scenario::source::Source;
use serde::Deserialize;
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
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    #[serde(default)]
    realms: BTreeMap<String, String>,
    #[serde(default)]
    allow: Allow,
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
            std::fs::read_to_string(&file)
                .map_err(|problem| Error::Environment(format!("cannot read {file}: {problem}")))
        });
        Ok(Self {
            plays: fill(&plays)?,
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
        for realm in case.realms.values() {
            if !self.realms.contains_key(&realm.realm) {
                return Some(format!("the endpoint file names no KDC of {}", realm.realm));
            }
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

/// How many failed logins and aborted handshakes a case means for the server, by what it is meant to show.
fn costs(case: &Case) -> (u32, u32) {
    let (mut logins, mut handshakes) = (0, 0);
    for step in &case.steps {
        let Some(expectation) = &step.expectation else { continue };
        let expected = &expectation.client;
        if !matches!(step.verb, Verb::Connect { .. }) || expected.kind == Kind::Established {
            continue;
        }
        let alert = expected.code.as_deref().is_some_and(|code| code.starts_with("alert"));
        if expected.by == Some(Side::Server) && !alert {
            logins += 1;
        } else {
            handshakes += 1;
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
        let text = "plays = 'x 1'\nhost = 'h'\naddress = '127.0.0.1:1'\n[secrets]\nalice = 'hunter2'\n";
        std::fs::write(&file, text).unwrap();
        let endpoint = Endpoint::read(&file).unwrap();
        assert!(!format!("{endpoint:?}").contains("hunter2"));
        assert_eq!(endpoint.secrets()["alice"].as_str(), "hunter2");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("endpoint.toml");
        std::fs::write(&file, "plays = 'x 1'\nhost = 'h'\naddres = '127.0.0.1:1'\n").unwrap();
        let problem = Endpoint::read(&file).unwrap_err().to_string();
        assert!(problem.contains("addres"), "{problem}");
    }
}
