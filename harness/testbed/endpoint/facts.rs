//! What stands there, with nothing left to look up, and why a case cannot be played there.

use super::accounts::{self, Facts};
use super::costs::{Allowance, Costs, Watched, costs};
use super::file::{self, File, filled};
use super::{cleartext, greeting, secrets};
use crate::error::Error;
use crate::handshake::Kind;
use crate::scenario::party::{ClientKind, Server, ServerTls};
use crate::scenario::plan::{Case, KinitSecret, Step, Verb};
use crate::scenario::profile::{Effect, Protocol};
use crate::scenario::source::Source;
use crate::scenario::written::Text;
use crate::scenario::{Filter, Library};
use crate::testbed::abilities::{self, Abilities, Adjustable, Parameters};
use crate::testbed::endpoint::Tickets;
use crate::testbed::needs::{self, Needs};
use shakedown_krb5::Principal;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What stands there, with nothing left to look up. `Debug` prints no secret.
pub struct Endpoint {
    /// The profiles that it stands for, as scenarios write engines, or patterns of them.
    pub plays: Vec<String>,
    /// The name that is dialled.
    pub host: String,
    /// Where it is.
    pub address: SocketAddr,
    /// What signs its certificate, in PEM.
    pub ca: Option<String>,
    /// The region of its IAM tokens.
    pub region: Option<String>,
    /// KDCs by the name of the realm.
    pub realms: BTreeMap<String, SocketAddr>,
    /// What stands in place of a kinit with a password.
    pub tickets: Option<Arc<Tickets>>,
    parameters: BTreeMap<String, String>,
    /// All that it has; `None` if they are as scenarios have them.
    accounts: Option<BTreeMap<String, Facts>>,
    /// Whether a secret may go over a connection in the clear.
    cleartext_allowed: bool,
    asks_version: bool,
    secrets: BTreeMap<String, Zeroizing<String>>,
    allowance: Arc<Allowance>,
}

impl Endpoint {
    /// Reads a file and fills the environment's variables in.
    ///
    /// # Errors
    /// The file is not of that shape, names a variable that is not set, or its addresses lead nowhere.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let (source, file) = file::read(path)?;
        Self::understood(&source, file, &|name| std::env::var(name).ok())
    }

    /// What the environment alone describes: `SHAKEDOWN_ENDPOINT_PLAYS`, `SHAKEDOWN_ENDPOINT_HOST` and so on for each key of the
    /// file. Engines are separated by commas; a table is written as in TOML, in braces.
    ///
    /// # Errors
    /// As of [`Endpoint::read`], or there is no such variable.
    pub fn from_environment() -> Result<Self, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        let (source, file) = file::from_variables(&variable)?;
        Self::understood(&source, file, &variable)
    }

    fn understood(source: &Source, file: File, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let File {
            plays,
            host,
            address,
            port,
            ca,
            region,
            keytab,
            ccache,
            cleartext,
            ask,
            secrets,
            realms,
            parameters,
            accounts,
            allow,
        } = file;
        let fill = |written: &str| {
            let problem = |problem| Error::Usage(format!("{}: {problem}", source.file.display()));
            filled(written, variable).map_err(problem)
        };
        let text = |written: &Option<Text>| written.as_ref().map(|written| fill(&written.text)).transpose();
        let word = |written: &Option<Text>, words: [&str; 2]| match written {
            Some(written) if !words.contains(&written.text.as_str()) => {
                Err(source.error(&written.span, "unknown word").writing(&written.text).allowing(words.join(", ")))
            }
            written => Ok(written.as_ref().is_some_and(|written| written.text == words[0])),
        };
        let cleartext_allowed = word(&cleartext, ["allowed", "refused"])?;
        let asks_version = !word(&ask, ["nothing", "version"])?;
        let Played { engines: plays, protocols, parameters: known } = played(&plays.items, source, &fill)?;
        if let Some((name, value)) = parameters.iter().find(|(name, _)| !known.contains(*name)) {
            let known: Vec<_> = known.into_iter().collect();
            let error = source.error(&value.span, "what it plays has no parameter").writing(name);
            return Err(error.allowing(known.join(", ")).into());
        }
        let host = fill(&host.text)?;
        let addresses = {
            let default = match protocols.as_slice() {
                [Protocol::Mysql] => Some("3306".to_owned()),
                [Protocol::Postgres] => Some("5432".to_owned()),
                _ => None,
            };
            resolved(&joined(text(&address)?.unwrap_or_else(|| host.clone()), text(&port)?, default)?)?
        };
        let tickets = match (text(&keytab)?, text(&ccache)?) {
            (Some(_), Some(_)) => {
                let span = ccache.map_or(0..0, |ccache| ccache.span);
                return Err(source.error(&span, "'keytab' and 'ccache' exclude each other").into());
            }
            (Some(keytab), None) => Some(Arc::new(Tickets::keytab(&keytab)?)),
            (None, Some(ccache)) => Some(Arc::new(Tickets::cache(&ccache)?)),
            (None, None) => None,
        };
        let kdc = |(realm, kdc): (String, Text)| {
            let address = resolved(&joined(fill(&kdc.text)?, None, Some("88".to_owned()))?)?;
            Ok((realm, address.first().copied().ok_or_else(|| nowhere(&kdc.text))?))
        };
        Ok(Self {
            plays,
            host,
            address: addresses.first().copied().ok_or_else(|| nowhere("host"))?,
            ca: text(&ca)?.as_deref().map(authority).transpose()?,
            region: text(&region)?,
            realms: realms.into_iter().map(kdc).collect::<Result<_, Error>>()?,
            tickets,
            parameters: parameters
                .into_iter()
                .map(|(name, value)| Ok((name, fill(&value.text)?)))
                .collect::<Result<_, Error>>()?,
            accounts: accounts.map(|accounts| accounts::understood(accounts, source)).transpose()?,
            cleartext_allowed: cleartext_allowed || cleartext::is_loopback(&addresses),
            asks_version: asks_version && protocols == [Protocol::Mysql],
            secrets: secrets
                .iter()
                .map(|(name, value)| Ok((name.clone(), Zeroizing::new(fill(value)?))))
                .collect::<Result<_, Error>>()?,
            allowance: Arc::new(Allowance::new(allow)),
        })
    }

    /// The values of the secrets that scenarios name.
    #[must_use]
    pub fn secrets(&self) -> BTreeMap<String, Zeroizing<String>> {
        self.secrets.clone()
    }

    /// The version that it says it has, if it is asked and answers: a MySQL server whose file allows an aborted handshake.
    /// PostgreSQL tells only those who have logged in.
    pub async fn says(&self) -> Option<String> {
        let costs = Costs { aborted_handshakes: 1, ..Costs::default() };
        if !self.asks_version || self.allowance.charge(costs).is_err() {
            return None;
        }
        greeting::version(self.address).await
    }

    /// Watches over a case that is played, for refusals that it was not charged for.
    #[must_use]
    pub fn watched(&self, case: &Case) -> Option<Watched> {
        Watched::new(case, &self.allowance)
    }

    /// Why a case cannot be played here, if so. A case that costs something uses up what the file allows.
    #[must_use]
    pub fn lacks(&self, case: &Case) -> Option<String> {
        if self.allowance.is_overdrawn() {
            return Some(
                "the endpoint refuses logins that it should not, and its file allows no more failed ones".to_owned(),
            );
        }
        let of_server = match case.servers.values().collect::<Vec<_>>()[..] {
            // Only KDCs are asked.
            [] => None,
            [server] if case.proxies.is_empty() => self.lacks_of_server(case, server),
            _ => Some("an endpoint file describes one server".to_owned()),
        };
        of_server
            .or_else(|| self.accounts.as_ref().and_then(|accounts| accounts::difference(case, accounts)))
            .or_else(|| self.lacks_realms(case))
            .or_else(|| {
                let unclear = case.steps.iter().any(|step| asks_a_program_who_refused(case, step));
                unclear.then(|| "a program does not tell who refused it, and an endpoint does not either".to_owned())
            })
            .or_else(|| self.lacks_secrets(case))
            .or_else(|| {
                let what = self.allowance.charge(costs(case)).err()?;
                Some(format!("costs {what}, and the endpoint file allows no more of them"))
            })
    }

    fn lacks_of_server(&self, case: &Case, server: &Server) -> Option<String> {
        let mut needs = Needs::of(case, server);
        if self.agrees_as_planned(case, server) {
            needs.parameters.retain(|name, _| !is_about_tls(server, name));
        }
        if !self.plays.iter().any(|played| plays(played, &needs.engine)) {
            return Some(format!("backend plays {}", self.plays.join(", ")));
        }
        abilities::lacks(&needs, &self.abilities(&needs))
    }

    /// What of it is not promised by the profile that it plays, but set once and for all.
    fn abilities(&self, needs: &Needs) -> Abilities {
        let adjusts = match self.accounts {
            // What they are is compared one by one.
            Some(_) => vec![Adjustable::RequireSsl, Adjustable::Databases],
            None => Vec::new(),
        };
        Abilities {
            plays: vec![needs.engine.clone()],
            methods: needs.methods.iter().cloned().collect(),
            gss_encryption: true,
            parameters: Parameters::Fixed(self.parameters.clone()),
            adjusts,
            ..Abilities::of_our_own("the endpoint", &[])
        }
    }

    /// Whether its parameters, as far as they are known, leave each client of a case the TLS version and the suites that the
    /// case's own would leave it. Then it does not matter which they are.
    fn agrees_as_planned(&self, case: &Case, server: &Server) -> bool {
        let Some(planned) = &server.tls else { return false };
        let known = self.parameters.iter().filter(|(name, _)| server.profile.parameters.contains_key(*name));
        let Ok(settings) = server.profile.settings(&known.map(|(n, v)| (n.clone(), v.clone())).collect()) else {
            return false;
        };
        let actual = ServerTls { versions: settings.tls, suites: settings.suites, ..planned.clone() };
        needs::agreements(case, server, &actual) == needs::agreements(case, server, planned)
    }

    /// KDCs that are not known, or not to be so.
    fn lacks_realms(&self, case: &Case) -> Option<String> {
        for realm in case.realms.values() {
            let name = &realm.realm;
            if !self.realms.contains_key(name) {
                return Some(format!("the endpoint file names no KDC of {name}"));
            }
            if !realm.deviations.is_empty() {
                return Some(format!(
                    "the KDC of {name} makes no deviation on demand: {}",
                    realm.deviations.join(", ")
                ));
            }
            if !realm.etypes.is_empty() {
                return Some(format!("the KDC of {name} is not known to have these encryption types alone"));
            }
        }
        None
    }

    fn lacks_secrets(&self, case: &Case) -> Option<String> {
        if let Some(secret) =
            secrets::needed(case, self.tickets.is_some()).find(|name| !self.secrets.contains_key(*name))
        {
            return Some(format!("the endpoint file has no secret {secret}"));
        }
        if let Some(tickets) = &self.tickets
            && let Some(reason) = kinits(case).find_map(|principal| tickets.lacks(&principal))
        {
            return Some(reason);
        }
        let is_supplied = |name: &str| self.secrets.contains_key(name);
        if !self.cleartext_allowed && cleartext::might_be_sent(case, &is_supplied) {
            let to = self.address.ip();
            return Some(format!(
                "might send a secret in the clear to {to}, and the endpoint file does not say cleartext = \"allowed\""
            ));
        }
        None
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("plays", &self.plays).field("address", &self.address).finish_non_exhaustive()
    }
}

/// Whether a parameter says nothing but what a handshake of TLS comes to.
fn is_about_tls(server: &Server, parameter: &str) -> bool {
    server.profile.parameters.get(parameter).is_some_and(|parameter| match parameter.effect {
        Effect::TlsMinimum | Effect::TlsMaximum | Effect::Suites | Effect::CipherList => true,
        Effect::SecureTransport | Effect::DefaultPlugin | Effect::Nothing => false,
    })
}

/// Whether the expectation is of a refusal by somebody in particular, and the client a program, which only tells that it was
/// refused. A mock would say the rest.
fn asks_a_program_who_refused(case: &Case, step: &Step) -> bool {
    let Verb::Connect { from, .. } = &step.verb else { return false };
    let is_program = case.clients.get(from).is_some_and(|client| matches!(client.kind, ClientKind::Command { .. }));
    let expected = step.expectation.as_ref().map(|expectation| &expectation.client);
    is_program && expected.is_some_and(|expected| expected.kind == Kind::Refused && expected.by.is_some())
}

/// Who gets a ticket by the right password.
fn kinits(case: &Case) -> impl Iterator<Item = Principal> {
    case.steps.iter().filter_map(|step| {
        let Verb::Kinit { user, realm, secret: KinitSecret::Typed(password), .. } = &step.verb else { return None };
        let realm = case.realms.get(realm)?;
        let known = realm.users.get(user)?;
        (known.password == *password).then(|| Principal::new(&[user], &realm.realm))
    })
}

/// What is played.
struct Played {
    engines: Vec<String>,
    /// Each once.
    protocols: Vec<Protocol>,
    /// The names of all parameters that one of the engines has.
    parameters: BTreeSet<String>,
}

fn played(written: &[Text], source: &Source, fill: &dyn Fn(&str) -> Result<String, Error>) -> Result<Played, Error> {
    let profiles = Library::built_in()?.profiles;
    let (mut engines, mut protocols, mut parameters) = (Vec::new(), Vec::new(), BTreeSet::new());
    for text in written {
        let engine = fill(&text.text)?;
        let meant: Vec<_> = match profiles.get(&engine, &BTreeMap::new()) {
            Ok(profile) => vec![profile],
            Err(known) => {
                let all = profiles.engines().into_iter().filter(|known| plays(&engine, known));
                let meant: Vec<_> = all.filter_map(|known| profiles.get(&known, &BTreeMap::new()).ok()).collect();
                if meant.is_empty() {
                    let error = source.error(&text.span, "plays the unknown engine").writing(engine);
                    return Err(error.allowing(known).into());
                }
                meant
            }
        };
        protocols.extend(meant.iter().map(|profile| profile.protocol));
        parameters.extend(meant.iter().flat_map(|profile| profile.parameters.keys().cloned()));
        engines.push(match meant.as_slice() {
            [one] => one.to_string(),
            _ => engine,
        });
    }
    if engines.is_empty() {
        return Err(source.error(&(0..0), "'plays' names no engine").into());
    }
    protocols.sort_by_key(|protocol| protocol.word());
    protocols.dedup();
    Ok(Played { engines, protocols, parameters })
}

fn plays(pattern: &str, engine: &str) -> bool {
    Filter::new(pattern).is_ok_and(|pattern| pattern.matches(engine))
}

fn authority(file: &str) -> Result<String, Error> {
    let cannot = |problem: &dyn fmt::Display| Error::Environment(format!("cannot read {file}: {problem}"));
    let pem = std::fs::read_to_string(file).map_err(|problem| cannot(&problem))?;
    if pem.contains("-----BEGIN CERTIFICATE-----") { Ok(pem) } else { Err(cannot(&"it holds no certificate")) }
}

/// An address with its port: the one that it has, the one that is given, or the usual one.
fn joined(address: String, port: Option<String>, default: Option<String>) -> Result<String, Error> {
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&address);
    let is_v6 = bare.parse::<std::net::Ipv6Addr>().is_ok();
    let has_port = !is_v6 && address.contains(':');
    match (has_port, port.or(default.filter(|_| !has_port))) {
        (true, None) => Ok(address),
        (true, Some(_)) => Err(Error::Usage(format!("a port in the address '{address}' and another one beside it"))),
        (false, None) => Err(Error::Usage(format!("no port for '{address}', which plays engines of both protocols"))),
        (false, Some(port)) if is_v6 => Ok(format!("[{bare}]:{port}")),
        (false, Some(port)) => Ok(format!("{address}:{port}")),
    }
}

/// All that an address leads to.
fn resolved(address: &str) -> Result<Vec<SocketAddr>, Error> {
    let found: Vec<SocketAddr> = address.to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    if found.is_empty() { Err(nowhere(address)) } else { Ok(found) }
}

fn nowhere(address: &str) -> Error {
    Error::Environment(format!("'{address}' is no address and port that can be found"))
}

#[cfg(test)]
mod tests;
