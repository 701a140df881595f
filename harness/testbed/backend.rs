//! What stands behind the scenarios of a run: mocks, real servers of our own, or somebody's.
//!
//! Databases of either protocol and KDCs are chosen one by one, so that a real server can stand before a mock KDC and the
//! other way round:
//!
//! ```text
//! mock                              everything is a mock (the default)
//! process                           real servers, started from installed programs
//! mysql=mock,postgres=process,kdc=process   each for itself; what is not named is a mock
//! postgres=process:/usr/lib/postgresql/17/bin   a program that is not the installed one
//! mysql=mock:status-flag            a mock that makes this deviation, whatever the scenario asks for
//! ```

use crate::error::Error;
use crate::handshake::UnknownDeviation;
use crate::scenario::party;
use crate::scenario::plan::Case;
use crate::scenario::profile::Protocol;
use crate::testbed::clocks::{self, Party};
use crate::testbed::container;
use crate::testbed::endpoint::Endpoint;
use crate::testbed::loopback;
use crate::testbed::materials::Materials;
use crate::testbed::process;
use crate::testbed::proxy::{self, Proxies};
use crate::testbed::realm::{Ports, StandingRealm};
use crate::testbed::server::StandingServer;
use crate::testbed::world::World;
use crate::{iam, mysql, postgres};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What stands behind the scenarios of a run. A clone is the same one: real servers are shared by all cases that want them
/// equal, and end with [`Backend::stop`] or the last clone.
#[derive(Debug, Clone)]
pub struct Backend {
    word: String,
    mysql: Databases,
    postgres: Databases,
    realms: Realms,
}

/// What plays the databases of one protocol.
#[derive(Debug, Clone)]
enum Databases {
    /// With deviations that it makes besides those that a scenario asks for.
    Mock(Vec<String>),
    Process(Arc<process::Servers>),
    Container(Arc<container::Servers>),
    Endpoint(Arc<Endpoint>),
}

/// What plays the KDCs.
#[derive(Debug, Clone)]
enum Realms {
    /// With deviations, as above.
    Mock(Vec<String>),
    Process(Arc<process::Kdcs>),
    /// Those that the endpoint's file names.
    Endpoint,
}

impl Backend {
    /// Mock servers and mock KDCs in this process.
    #[must_use]
    pub fn mock() -> Self {
        let mock = || Databases::Mock(Vec::new());
        Self { word: "mock".to_owned(), mysql: mock(), postgres: mock(), realms: Realms::Mock(Vec::new()) }
    }

    /// The endpoint that a file describes, or the environment alone.
    ///
    /// # Errors
    /// What is described cannot be understood.
    pub fn endpoint(file: Option<&Path>) -> Result<Self, Error> {
        let endpoint = Arc::new(file.map_or_else(Endpoint::from_environment, Endpoint::read)?);
        Ok(Self {
            word: "endpoint".to_owned(),
            mysql: Databases::Endpoint(Arc::clone(&endpoint)),
            postgres: Databases::Endpoint(endpoint),
            realms: Realms::Endpoint,
        })
    }

    /// The backend of a command line. `endpoint` is the file for the word `endpoint`.
    ///
    /// # Errors
    /// It is no such word, a program is missing, or the endpoint's file cannot be understood.
    pub fn parse(text: &str, endpoint: Option<&Path>) -> Result<Self, Error> {
        match (text, endpoint) {
            ("endpoint", file) => return Self::endpoint(file),
            (_, Some(_)) => return Err(Error::Usage("--endpoint is for the backend 'endpoint'".to_owned())),
            (_, None) => {}
        }
        let mut backend = Self { word: text.to_owned(), ..Self::mock() };
        if !text.contains('=') {
            let word = Word::read(text, WHOLE)?;
            backend.mysql = word.databases(Protocol::Mysql)?;
            backend.postgres = word.databases(Protocol::Postgres)?;
            backend.realms = word.realms()?;
            return Ok(backend);
        }
        let mut named = BTreeSet::new();
        for part in text.split(',') {
            let (name, word) = part.split_once('=').ok_or_else(|| wrong(part, "PART=KIND, as in kdc=process"))?;
            if !named.insert(name) {
                return Err(Error::Usage(format!("the backend names '{name}' twice")));
            }
            match name {
                "mysql" => backend.mysql = Word::read(word, DATABASES)?.databases(Protocol::Mysql)?,
                "postgres" => backend.postgres = Word::read(word, DATABASES)?.databases(Protocol::Postgres)?,
                "kdc" => backend.realms = Word::read(word, KDCS)?.realms()?,
                _ => return Err(wrong(name, "mysql, postgres, kdc")),
            }
        }
        Ok(backend)
    }

    /// The word in reports: what was asked for.
    #[must_use]
    pub fn word(&self) -> &str {
        &self.word
    }

    /// The real products that stand behind it, each with its version: `mariadb 10.11.14`, `mit-krb5 1.20.1`. None for mocks; for
    /// an endpoint the profile that it plays.
    #[must_use]
    pub fn products(&self) -> Vec<String> {
        let of_databases = |databases: &Databases| match databases {
            Databases::Mock(_) => Vec::new(),
            Databases::Process(servers) => servers.product().into_iter().collect(),
            Databases::Container(servers) => servers.product().into_iter().collect(),
            Databases::Endpoint(endpoint) => endpoint.plays.clone(),
        };
        let of_realms = match &self.realms {
            Realms::Process(kdcs) => kdcs.product(),
            Realms::Mock(_) | Realms::Endpoint => None,
        };
        let mut products: Vec<_> = [of_databases(&self.mysql), of_databases(&self.postgres)].concat();
        products.extend(of_realms);
        products.dedup();
        products
    }

    /// What stands there says of itself, for the reader: asked over the wire, so before the first case.
    pub async fn says(&self) -> Option<String> {
        match &self.mysql {
            Databases::Endpoint(endpoint) => Some(format!("the endpoint says {}", endpoint.says().await?)),
            Databases::Mock(_) | Databases::Process(_) | Databases::Container(_) => None,
        }
    }

    /// Why a case cannot be played here, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case) -> Option<String> {
        let case = match clocks::rebased(case, |party| self.runs_on_machine_time(party)) {
            Ok(case) => case,
            Err(reason) => return Some(reason),
        };
        let case = case.as_ref();
        if let Databases::Endpoint(endpoint) = &self.mysql {
            if let Some(step) = case.steps.iter().find(|step| step.verb.changed_realm().is_some()) {
                return Some(format!("somebody else's KDC has no verb '{}'", step.verb.word()));
            }
            return endpoint.lacks(case);
        }
        if let Some(reason) = proxy::lacks(case) {
            return Some(reason);
        }
        let of_servers = case.servers.values().find_map(|server| match self.databases(server.protocol()) {
            Databases::Mock(_) => None,
            Databases::Process(servers) => servers.lacks(case, server),
            Databases::Container(servers) => servers.lacks(case, server),
            Databases::Endpoint(endpoint) => endpoint.lacks(case),
        });
        of_servers.or_else(|| match &self.realms {
            Realms::Process(kdcs) => case.realms.values().find_map(|realm| kdcs.lacks(case, realm)),
            Realms::Mock(_) | Realms::Endpoint => None,
        })
    }

    /// What the cases of a run share.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn materials<'c>(&self, cases: impl IntoIterator<Item = &'c Case>) -> Result<Materials, Error> {
        let materials = Materials::prepare(cases)?;
        Ok(match &self.mysql {
            Databases::Endpoint(endpoint) => materials.supplied(endpoint.secrets(), endpoint.ca.clone()),
            _ => materials,
        })
    }

    /// The world of a case.
    ///
    /// # Errors
    /// The plan asks for what is not to be had, or the machine does not give it.
    pub async fn world(&self, case: &Case, materials: &Arc<Materials>) -> Result<World, Error> {
        let case = clocks::rebased(case, |party| self.runs_on_machine_time(party)).map_err(Error::Internal)?;
        let case = case.as_ref();
        if let Databases::Endpoint(endpoint) = &self.mysql {
            return Ok(World::of_endpoint(case, materials, endpoint));
        }
        let host = loopback::own();
        let mut realms = BTreeMap::new();
        for (name, planned) in &case.realms {
            let realm = match &self.realms {
                Realms::Mock(deviations) => {
                    StandingRealm::mock(
                        &deviating(planned, deviations, |realm| &mut realm.deviations),
                        Ports::of(case, name),
                        host,
                        materials,
                    )
                    .await?
                }
                Realms::Process(kdcs) => kdcs.realm(planned, name, case, materials).await?,
                Realms::Endpoint => return Err(Error::Internal("an endpoint's KDC without its server".to_owned())),
            };
            realms.insert(name.clone(), realm);
        }
        let mut servers = BTreeMap::new();
        for (name, planned) in &case.servers {
            let is_changed = case.steps.iter().any(|step| step.verb.changed_server() == Some(name));
            servers.insert(name.clone(), self.server(planned, &realms, is_changed, host, materials).await?);
        }
        let proxies = Proxies::start(case, &servers, materials).await?;
        Ok(World::of(case, materials, realms, servers, proxies))
    }

    async fn server(
        &self,
        planned: &Arc<party::Server>,
        realms: &BTreeMap<String, StandingRealm>,
        is_changed: bool,
        host: IpAddr,
        materials: &Arc<Materials>,
    ) -> Result<StandingServer, Error> {
        let realm = planned.kerberos.as_ref().map(|kerberos| realm_of(realms, &kerberos.realm.realm)).transpose()?;
        match self.databases(planned.protocol()) {
            Databases::Mock(deviations) => {
                let acceptor = match (realm, &planned.kerberos) {
                    (Some(realm), Some(kerberos)) => Some(realm.acceptor(kerberos)?),
                    _ => None,
                };
                let planned = deviating(planned, deviations, |server| &mut server.deviations);
                // A certificate can name an address: then that is where its server is.
                let named =
                    planned.tls.iter().flat_map(|tls| &tls.certificate.names).find_map(|name| name.parse().ok());
                let host = named.filter(IpAddr::is_loopback).unwrap_or(host);
                StandingServer::mock(&planned, acceptor, materials, SocketAddr::new(host, 0)).await
            }
            Databases::Process(servers) => servers.server(planned, realm, is_changed, materials).await,
            Databases::Container(servers) => servers.server(planned, realm, materials).await,
            Databases::Endpoint(_) => Err(Error::Internal("an endpoint among other servers".to_owned())),
        }
    }

    /// Ends all that was started for this backend and returns when nothing is left.
    pub async fn stop(self) {
        for databases in [&self.mysql, &self.postgres] {
            match databases {
                Databases::Process(servers) => servers.stop().await,
                Databases::Container(servers) => servers.stop().await,
                Databases::Mock(_) | Databases::Endpoint(_) => {}
            }
        }
        if let Realms::Process(kdcs) = &self.realms {
            kdcs.stop().await;
        }
    }

    /// Whether a party has the machine's clock, whatever is planned: real servers and programs have, mocks, our own client and
    /// MIT's KDC have not.
    fn runs_on_machine_time(&self, party: Party<'_>) -> bool {
        match party {
            Party::Realm(_) => matches!(self.realms, Realms::Endpoint),
            Party::Server(server) => !matches!(self.databases(server.protocol()), Databases::Mock(_)),
            Party::Client(client) => matches!(client.kind, party::ClientKind::Command { .. }),
        }
    }

    const fn databases(&self, protocol: Protocol) -> &Databases {
        match protocol {
            Protocol::Mysql => &self.mysql,
            Protocol::Postgres => &self.postgres,
        }
    }
}

/// `endpoint` is read before.
const WHOLE: &[&str] = &["mock", "process", "container", "endpoint"];
const DATABASES: &[&str] = &["mock", "mock:DEVIATION", "process", "process:PATH", "container", "container:IMAGE"];
const KDCS: &[&str] = &["mock", "mock:DEVIATION", "process"];

/// `process`, `process:/usr/lib/postgresql/17/bin`.
struct Word<'t> {
    kind: &'t str,
    detail: Option<&'t str>,
}

impl<'t> Word<'t> {
    fn read(text: &'t str, allowed: &[&str]) -> Result<Self, Error> {
        let (kind, detail) = match text.split_once(':') {
            Some((kind, detail)) => (kind, Some(detail)),
            None => (text, None),
        };
        let is_allowed = allowed.iter().any(|word| match word.split_once(':') {
            Some((with, _)) => with == kind && detail.is_some_and(|detail| !detail.is_empty()),
            None => *word == text,
        });
        if is_allowed { Ok(Self { kind, detail }) } else { Err(wrong(text, &allowed.join(", "))) }
    }

    fn databases(&self, protocol: Protocol) -> Result<Databases, Error> {
        Ok(match self.kind {
            "process" => {
                Databases::Process(Arc::new(process::Servers::find(protocol, self.detail.map(PathBuf::from))?))
            }
            "container" => Databases::Container(Arc::new(container::Servers::new(protocol, self.detail)?)),
            _ => Databases::Mock(self.deviation(match protocol {
                Protocol::Mysql => |word| or_of_iam(word.parse::<mysql::Deviation>().map(drop)),
                Protocol::Postgres => |word| or_of_iam(word.parse::<postgres::Deviation>().map(drop)),
            })?),
        })
    }

    fn realms(&self) -> Result<Realms, Error> {
        Ok(match self.kind {
            "process" => Realms::Process(Arc::new(process::Kdcs::find()?)),
            _ => Realms::Mock(self.deviation(|word| {
                word.parse::<mock_kdc::Deviation>().map(drop).map_err(|problem| problem.to_string())
            })?),
        })
    }

    /// The deviation of a mock, if it is one of its own.
    fn deviation(&self, check: fn(&str) -> Result<(), String>) -> Result<Vec<String>, Error> {
        let Some(word) = self.detail else { return Ok(Vec::new()) };
        check(word).map_err(Error::Usage)?;
        Ok(vec![word.to_owned()])
    }
}

/// A deviation of the protocol's or, failing that, one about IAM tokens.
fn or_of_iam(of_protocol: Result<(), UnknownDeviation>) -> Result<(), String> {
    let of_iam = |UnknownDeviation { protocol, word, allowed }| {
        word.parse::<iam::Deviation>().map(drop).map_err(|unknown| {
            let allowed = format!("{allowed}, {}", unknown.allowed);
            UnknownDeviation { protocol, word: word.clone(), allowed }.to_string()
        })
    };
    of_protocol.or_else(of_iam)
}

/// A plan of a mock that makes further deviations.
fn deviating<P: Clone>(planned: &Arc<P>, further: &[String], deviations: fn(&mut P) -> &mut Vec<String>) -> Arc<P> {
    if further.is_empty() {
        return Arc::clone(planned);
    }
    let mut planned = P::clone(planned);
    deviations(&mut planned).extend_from_slice(further);
    Arc::new(planned)
}

fn wrong(text: &str, allowed: &str) -> Error {
    Error::Usage(format!("unknown backend '{text}', allowed: {allowed}"))
}

/// The realm of that name that stands.
///
/// # Errors
/// None does: a mistake of ours.
pub(super) fn realm_of<'r>(
    realms: &'r BTreeMap<String, StandingRealm>,
    name: &str,
) -> Result<&'r StandingRealm, Error> {
    realms
        .values()
        .find(|realm| realm.planned.realm == name)
        .ok_or_else(|| Error::Internal(format!("the plan names the realm '{name}', which does not stand")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_backend_is_refused_with_what_is_allowed() {
        let problem = |text: &str| Backend::parse(text, None).unwrap_err().to_string();
        assert_eq!(problem("mok"), "unknown backend 'mok', allowed: mock, process, container, endpoint");
        assert_eq!(problem("mysql=mock,mysql=process"), "the backend names 'mysql' twice");
        assert_eq!(problem("mysql=mock,kdc"), "unknown backend 'kdc', allowed: PART=KIND, as in kdc=process");
        assert_eq!(problem("kdcs=mock"), "unknown backend 'kdcs', allowed: mysql, postgres, kdc");
        assert_eq!(problem("kdc=container"), "unknown backend 'container', allowed: mock, mock:DEVIATION, process");
        assert!(
            problem("mysql=mock:no-ssl").starts_with("unknown MySQL deviation 'no-ssl', allowed are wrong-error-code")
        );
        assert!(problem("kdc=mock:status-flag").contains("status-flag"));
        assert!(problem("mysql=process:").contains("process:PATH"));
        assert!(problem("endpoint").contains("--endpoint FILE"));
    }

    #[test]
    fn parts_that_are_not_named_are_mocks() {
        let backend = Backend::parse("mysql=mock", None).unwrap();
        assert!(matches!(
            (&backend.mysql, &backend.postgres, &backend.realms),
            (Databases::Mock(_), Databases::Mock(_), Realms::Mock(_))
        ));
        assert_eq!(backend.word(), "mysql=mock");
    }
}
