//! The world of one case: every party that it names stands, and its verbs can be performed.
//!
//! Dropping a world ends all of it: ports, tasks, processes and files. Somebody else's test can have one too:
//!
//! ```
//! use shakedown::testbed::World;
//! use tokio::net::TcpStream;
//!
//! # async fn a_driver_connects() -> Result<(), Box<dyn std::error::Error>> {
//! // In a test of yours: #[tokio::test] async fn a_driver_connects() { … }
//! let world = World::open("mysql/passwords", None).await?;
//! let address = world.address("db").expect("the scenario names its server db");
//! let ca = world.ca_pem()?; // what signs the server's certificate
//! assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
//! TcpStream::connect(address).await?; // here your driver logs in
//!
//! world.stop().await; // or drop it: then it ends a moment later
//! assert!(TcpStream::connect(address).await.is_err(), "nothing is left");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(a_driver_connects()).unwrap();
//! ```

mod change;
mod kinit;

use crate::error::Error;
use crate::handshake::{Outcome, Side};
use crate::net::TCP_REFUSED;
use crate::scenario::party::{self, Ca, ClientKind, Proof};
use crate::scenario::plan::{Case, KinitSecret, Verb};
use crate::scenario::profile::Protocol;
use crate::testbed::attempt::{self, Attempt, View};
use crate::testbed::backend::realm_of;
use crate::testbed::choice::one_case;
use crate::testbed::client::{Login, StandingClient};
use crate::testbed::clocks::{self, Party};
use crate::testbed::command::{self, Said};
use crate::testbed::endpoint::{Endpoint, Tickets, Watched};
use crate::testbed::environment::{self, Folder, Variables};
use crate::testbed::krb5_conf;
use crate::testbed::materials::Materials;
use crate::testbed::proxy::{self, Proxies, StandingProxy, Way};
use crate::testbed::realm::{Ports, StandingRealm};
use crate::testbed::server::StandingServer;
use mock_kdc::control::Controlled;
use shakedown_krb5::Principal;
use shakedown_krb5::client::Secret;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// All parties of one case.
#[derive(Debug)]
pub struct World {
    materials: Arc<Materials>,
    realms: BTreeMap<String, StandingRealm>,
    servers: BTreeMap<String, StandingServer>,
    proxies: Proxies,
    clients: BTreeMap<String, StandingClient>,
    scenario_folder: PathBuf,
    folder: OnceLock<Folder>,
    /// What stands in place of a kinit with the right password.
    tickets: Option<Arc<Tickets>>,
    /// What logins are if none says otherwise.
    login: Login,
    watched: Option<Watched>,
}

impl World {
    /// The mocks of one case: of a scenario file, or of a scenario that is built in (`mysql/passwords`). Without a case's name
    /// it is the scenario's first.
    ///
    /// # Errors
    /// There is no such scenario or case, or the machine does not give a port.
    pub async fn open(scenario: &str, case: Option<&str>) -> Result<Self, Error> {
        let case = one_case(scenario, case)?;
        let materials = Arc::new(Materials::prepare([&case])?);
        Self::of_mocks(&case, &materials, &BTreeMap::new()).await
    }

    /// Ends everything and returns when nothing is left: no port, no task, no file.
    pub async fn stop(self) {
        self.proxies.stop().await;
        for server in self.servers.into_values() {
            server.stop().await;
        }
        for realm in self.realms.into_values() {
            realm.stop().await;
        }
    }

    /// Brings the mocks of a case up, on the addresses given, else each on a free loopback port. Whoever logs in from outside
    /// has the machine's clock: if the case wants its clients at another time, all others are moved.
    ///
    /// # Errors
    /// The clocks of two clients differ, the plan asks for what no mock has, the machine does not give a port, or an address is for a server that is not there.
    pub async fn of_mocks(
        case: &Case,
        materials: &Arc<Materials>,
        addresses: &BTreeMap<String, SocketAddr>,
    ) -> Result<Self, Error> {
        let case = clocks::rebased(case, |party| matches!(party, Party::Client(_))).map_err(Error::Usage)?;
        let case = case.as_ref();
        if let Some(name) = addresses.keys().find(|name| !case.servers.contains_key(*name)) {
            let names: Vec<_> = case.servers.keys().map(String::as_str).collect();
            return Err(Error::Usage(format!("no server '{name}' in this case, allowed are {}", names.join(", "))));
        }
        let usual = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut realms = BTreeMap::new();
        for (name, planned) in &case.realms {
            realms.insert(name.clone(), StandingRealm::mock(planned, Ports::of(case, name), usual, materials).await?);
        }
        let mut servers = BTreeMap::new();
        for (name, planned) in &case.servers {
            let acceptor = match &planned.kerberos {
                Some(kerberos) => Some(realm_of(&realms, &kerberos.realm.realm)?.acceptor(kerberos)?),
                None => None,
            };
            let address = addresses.get(name).copied().unwrap_or(SocketAddr::new(usual, 0));
            servers.insert(name.clone(), StandingServer::mock(planned, acceptor, materials, address).await?);
        }
        if let Some(reason) = proxy::lacks(case) {
            return Err(Error::Environment(reason));
        }
        let proxies = Proxies::start(case, &servers, materials).await?;
        Ok(Self::of(case, materials, realms, servers, proxies))
    }

    /// Stands before a server that somebody else runs, and the KDCs that its file names.
    #[must_use]
    pub fn of_endpoint(case: &Case, materials: &Arc<Materials>, endpoint: &Endpoint) -> Self {
        let realms = case.realms.iter().filter_map(|(name, planned)| {
            let kdc = endpoint.realms.get(&planned.realm)?;
            Some((name.clone(), StandingRealm::endpoint(planned, *kdc)))
        });
        let servers = case.servers.iter().map(|(name, planned)| {
            (name.clone(), StandingServer::endpoint(planned, endpoint.address, endpoint.host.clone()))
        });
        let world = Self::of(case, materials, realms.collect(), servers.collect(), Proxies::default());
        Self { tickets: endpoint.tickets.clone(), watched: endpoint.watched(case), ..world }
    }

    /// From parties that stand.
    pub(super) fn of(
        case: &Case,
        materials: &Arc<Materials>,
        realms: BTreeMap<String, StandingRealm>,
        servers: BTreeMap<String, StandingServer>,
        proxies: Proxies,
    ) -> Self {
        let mut expectations = case.steps.iter().filter_map(|step| step.expectation.as_ref());
        let is_looked_into = expectations.any(|expectation| !expectation.says.is_empty());
        let clients = case
            .clients
            .iter()
            .map(|(name, planned)| {
                let mut client = StandingClient::new(planned, &realms, &servers, &proxies);
                if is_looked_into {
                    client.record();
                }
                (name.clone(), client)
            })
            .collect();
        let is_replayed = case.steps.iter().any(|step| matches!(step.verb, Verb::Connect { replay: true, .. }));
        let scenario_folder = case.scenario.place.file.parent().map(Path::to_owned).unwrap_or_default();
        Self {
            materials: Arc::clone(materials),
            realms,
            servers,
            proxies,
            clients,
            scenario_folder,
            folder: OnceLock::new(),
            tickets: None,
            login: if is_replayed { Login::Replayable } else { Login::Fresh },
            watched: None,
        }
    }

    /// The servers by the scenario's names.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &StandingServer)> {
        self.servers.iter().map(|(name, server)| (name.as_str(), server))
    }

    /// The realms by the scenario's names, with the addresses of their KDCs.
    pub fn realms(&self) -> impl Iterator<Item = (&str, SocketAddr)> {
        self.realms.iter().map(|(name, realm)| (name.as_str(), realm.address))
    }

    /// What control APIs of the realms look at and change, by the scenario's names; only mocks have one.
    pub fn controlled(&self) -> impl Iterator<Item = (&str, Controlled)> {
        self.realms.iter().filter_map(|(name, realm)| Some((name.as_str(), realm.controlled()?)))
    }

    /// The proxies by the scenario's names.
    pub fn proxies(&self) -> impl Iterator<Item = (&str, &StandingProxy)> {
        self.proxies.iter()
    }

    /// Where a server or proxy listens.
    #[must_use]
    pub fn address(&self, party: &str) -> Option<SocketAddr> {
        let of_server = self.servers.get(party).map(|server| server.address);
        of_server.or_else(|| self.proxies.get(party).map(|proxy| proxy.address))
    }

    /// The certificate of the authority that clients of this world trust, in PEM.
    ///
    /// # Errors
    /// The library refuses.
    pub fn ca_pem(&self) -> Result<String, Error> {
        self.materials.authority_pem(Ca::Own)
    }

    /// The environment of a program that is to log in as a client of the scenario; what it names lies in `folder`.
    ///
    /// # Errors
    /// A party that is not there, or a file that cannot be written.
    pub fn variables(&self, client: &str, to: &str, host: Option<&str>, folder: &Folder) -> Result<Variables, Error> {
        self.variables_of(client, &self.proxies.way(to), host, folder)
    }

    fn variables_of(&self, client: &str, way: &Way, host: Option<&str>, folder: &Folder) -> Result<Variables, Error> {
        let server = self.servers.get(&way.server).ok_or_else(|| unknown("server", &way.server))?;
        let client = self.clients.get(client).ok_or_else(|| unknown("client", client))?;
        let dialled = self.proxies.dialled(way, server, host);
        let mut variables = environment::of_login(
            &client.planned,
            &server.planned,
            dialled,
            self.proxies.offers_tls(way, server),
            &self.materials,
            folder,
        )?;
        self.kerberos_variables(&mut variables, &client.planned, folder)?;
        Ok(variables)
    }

    /// Does what a client does before its first login, and leaves in `folder` what that takes: its credential cache, and the
    /// keytabs of the servers for those who look from their side.
    ///
    /// # Errors
    /// A step before the login does not come out, or a file cannot be written.
    pub async fn arrive(&mut self, case: &Case, client: &str, folder: &Folder) -> Result<(), Error> {
        for step in case.steps.iter().take_while(|step| !matches!(step.verb, Verb::Connect { .. })) {
            // What changes before that changes for everybody.
            if !step.verb.is_judged() {
                self.change(&step.verb).await?;
                continue;
            }
            let Verb::Kinit { by, user, enterprise, realm, secret: KinitSecret::Typed(password), .. } = &step.verb
            else {
                continue;
            };
            if by != client {
                continue;
            }
            let standing = self.realms.get(realm).ok_or_else(|| unknown("realm", realm))?;
            let principal = kinit::principal(user, *enterprise, &standing.planned.realm);
            let password = self.materials.secrets().value(password);
            let standing = self.clients.get_mut(client).ok_or_else(|| unknown("client", client))?;
            let attempt = standing.kinit(&principal, Secret::password(&password), &self.materials).await;
            if !attempt.client.is_established() {
                return Err(Error::Environment(format!("{}: {}", step.name, attempt.client)));
            }
        }
        let standing = self.clients.get(client).ok_or_else(|| unknown("client", client))?;
        if let Some(cache) = standing.credential_cache()? {
            folder.write(CCACHE, &cache)?;
        }
        for (name, server) in &self.servers {
            if let Some(kerberos) = &server.planned.kerberos
                && let Some(keytab) = realm_of(&self.realms, &kerberos.realm.realm)?.keytab(kerberos)?
            {
                folder.write(&format!("{name}.keytab"), &keytab)?;
            }
        }
        Ok(())
    }

    fn kerberos_variables(
        &self,
        variables: &mut Variables,
        client: &party::Client,
        folder: &Folder,
    ) -> Result<(), Error> {
        if self.realms.is_empty() {
            return Ok(());
        }
        let hosts = self.servers.iter().flat_map(|(name, server)| {
            let realm = server.planned.kerberos.as_ref().map(|kerberos| kerberos.realm.realm.as_str());
            let hosts = std::iter::once(server.host.as_str()).chain(self.proxies.hosts_of(name));
            hosts.map(move |host| (host, realm))
        });
        let conf = krb5_conf::krb5_conf(self.realms.values(), hosts, client);
        variables.set("KRB5_CONFIG", environment::text(&folder.write("krb5.conf", conf.as_bytes())?));
        variables.set("KRB5CCNAME", format!("FILE:{}", environment::text(&folder.path().join(CCACHE))));
        Ok(())
    }

    /// Performs a step.
    ///
    /// # Errors
    /// The step cannot be performed: the environment's fault or our own. How it comes out is no error.
    pub async fn perform(&mut self, verb: &Verb) -> Result<Performed, Error> {
        let marks: Vec<u64> = self.realms.values().map(StandingRealm::mark).collect();
        let mut performed = match verb {
            Verb::Connect { from, to, host, replay } => {
                let login = if *replay { Login::Replayed } else { self.login };
                self.connect(from, to, host.as_deref(), login).await?
            }
            Verb::Kinit { by, user, enterprise, realm, secret, fresh_cache, times } => {
                let client = self.clients.get_mut(by).ok_or_else(|| unknown("client", by))?;
                client.ask_for(*times);
                self.kinit(by, (user, *enterprise), realm, secret, *fresh_cache).await?
            }
            Verb::Renew { by, validate } => self.renew(by, *validate).await?,
            _ => self.change(verb).await?,
        };
        if let Performed::Attempt(attempt) = &mut performed {
            if let Some(watched) = &self.watched {
                watched.note(&attempt.client);
            }
            if !attempt.client.is_established()
                && let Some(cause) = self.realms.values().find_map(StandingRealm::cause_of_death)
            {
                return Err(Error::Environment(cause));
            }
            let answers = self.realms.values().zip(marks).filter_map(|(realm, mark)| realm.view_since(mark));
            // Of several realms, the one that was asked last has the word.
            let last = answers.max_by_key(|(at, _)| *at).map(|(_, answer)| answer);
            attempt.kdc = match last {
                Some(answer) => View::Seen(answer),
                None if self.realms.values().any(StandingRealm::is_observed) => View::Nothing,
                None => View::Unobserved,
            };
        }
        Ok(performed)
    }

    async fn connect(&mut self, from: &str, to: &str, host: Option<&str>, login: Login) -> Result<Performed, Error> {
        let client = self.clients.get(from).ok_or_else(|| unknown("client", from))?;
        let planned = Arc::clone(&client.planned);
        let way = self.proxies.way(to);
        self.proxies.stand(&way).await?;
        match &planned.kind {
            ClientKind::BuiltIn | ClientKind::Profile(_) => self.log_in(from, &way, host, login).await,
            ClientKind::Command { .. } if login == Login::Replayed => {
                Ok(Performed::CannotPlay("a program does not log in a second time as before".to_owned()))
            }
            ClientKind::Command { argv } => self.run(argv, from, &way, host).await,
        }
    }

    /// Lets our own client log in.
    async fn log_in(&mut self, from: &str, way: &Way, host: Option<&str>, login: Login) -> Result<Performed, Error> {
        let server = self.servers.get(&way.server).ok_or_else(|| unknown("server", &way.server))?;
        let client = self.clients.get_mut(from).ok_or_else(|| unknown("client", from))?;
        let planned = Arc::clone(&client.planned);
        let has_session_tickets = planned.kind.has_session_tickets();
        if has_session_tickets && planned.password.is_some() && is_kerberos(&server.planned, &planned.login) {
            return Ok(Performed::CannotPlay(
                "what Windows makes of a password for Kerberos is not modelled".to_owned(),
            ));
        }
        let dialled = self.proxies.dialled(way, server, host);
        let address = dialled.address;
        if let (Protocol::Mysql, Some(realm), false) =
            (server.planned.protocol(), users_realm(&server.planned, &planned.login), has_session_tickets)
        {
            client.know_password(&Principal::new(&[&planned.login], realm), &self.materials);
        }
        let baggage = client.baggage(login, &self.materials);
        let mut attempt = attempt::attempt(&planned, server, dialled, &self.materials, baggage).await?;
        if !way.proxies.is_empty() {
            self.proxies.end(way, attempt.is_broken()).await?;
            self.proxies.complete(way, server, &mut attempt).await?;
        }
        if !attempt.client.is_established()
            && let Some(cause) = server.cause_of_death(&attempt.client).await
        {
            return Err(Error::Environment(cause));
        }
        let attempt = attempt.that_reached_somebody()?;
        // A party that is to be judged has to be there: that nobody listens is no answer of its.
        let is_mock = server.is_mock() && way.proxies.is_empty();
        if !is_mock && attempt.client.code.as_deref() == Some(TCP_REFUSED) {
            return Err(Error::Environment(format!("nobody listens on {address}")));
        }
        Ok(Performed::Attempt(Box::new(attempt)))
    }

    /// Lets a program log in.
    async fn run(&mut self, argv: &[String], from: &str, way: &Way, host: Option<&str>) -> Result<Performed, Error> {
        let variables = self.variables_of(from, way, host, self.folder()?)?;
        let (logged_in, words) = match command::run(argv, &self.scenario_folder, &variables).await? {
            Said::LoggedIn(words) => (true, words),
            Said::Refused(words) => (false, words),
            Said::CannotPlay(reason) => return Ok(Performed::CannotPlay(reason)),
        };
        let server = self.servers.get(&way.server).ok_or_else(|| unknown("server", &way.server))?;
        if !logged_in && let Some(cause) = server.cause_of_death(&Outcome::refused(Side::Client, "refused")).await {
            return Err(Error::Environment(cause));
        }
        let records = if way.proxies.is_empty() {
            server.records().await
        } else {
            self.proxies.end(way, !logged_in).await?;
            server.records_so_far().await?.unwrap_or_default()
        };
        let (mut connections, mut recordings) = (Vec::new(), Vec::new());
        let mut seen: Option<Outcome> = None;
        for record in records {
            let report = record.report.map_err(|problem| Error::Internal(format!("the mock: {problem}")))?;
            connections.push(report.trace);
            recordings.extend(report.recording.map(|recording| *recording));
            // The last connection decides, but a login that stood is not undone by what the program did next to it.
            if !(logged_in && seen.as_ref().is_some_and(Outcome::is_established)) {
                seen = Some(report.outcome);
            }
        }
        if server.is_mock() && logged_in && seen.is_none() {
            let program = argv.first().map(String::as_str).unwrap_or_default();
            let problem = "says that it is logged in, but never connected to the server";
            return Err(Error::Environment(format!("client {program}: {problem}")));
        }
        let client = if self.proxies.has_pgbouncer(way) {
            // What the server saw were connections of PgBouncer's.
            connections.clear();
            recordings.clear();
            proxy::outcome_of_program(logged_in, &words)
        } else {
            command::outcome(logged_in, &words, seen.as_ref())
        };
        let server = if server.is_mock() { View::of(seen) } else { View::Unobserved };
        let attempt = Attempt { client, server, kdc: View::Unobserved, connections, phases: Vec::new(), recordings };
        Ok(Performed::Attempt(Box::new(attempt)))
    }

    /// The folder of this world, made when it is needed first.
    fn folder(&self) -> Result<&Folder, Error> {
        if let Some(folder) = self.folder.get() {
            return Ok(folder);
        }
        let folder = Folder::create()?;
        Ok(self.folder.get_or_init(|| folder))
    }
}

/// The credential cache of a client that is a program, in the world's folder.
const CCACHE: &str = "ccache";

/// What became of a step.
#[derive(Debug)]
pub enum Performed {
    /// It was tried.
    Attempt(Box<Attempt>),
    /// Something is otherwise from now on.
    Changed,
    /// It cannot be played here, for this reason.
    CannotPlay(String),
}

/// The realm of a user of a server: that of the account, which the server tells its client, or else the server's own.
fn users_realm<'s>(server: &'s party::Server, login: &str) -> Option<&'s str> {
    let proofs = server.accounts.get(login).into_iter().flat_map(|account| &account.proofs);
    let of_account = proofs.filter_map(|proof| match proof {
        Proof::Kerberos { realm, .. } => Some(&*realm.realm),
        _ => None,
    });
    let of_server = server.kerberos.as_ref().map(|kerberos| &*kerberos.realm.realm);
    of_account.chain(of_server).next()
}

/// Whether a user of a server logs in by Kerberos.
fn is_kerberos(server: &party::Server, login: &str) -> bool {
    let mut proofs = server.accounts.get(login).into_iter().flat_map(|account| &account.proofs);
    proofs.any(|proof| matches!(proof, Proof::Kerberos { .. }))
}

fn unknown(kind: &str, name: &str) -> Error {
    Error::Internal(format!("the plan names the {kind} '{name}', which does not stand"))
}
