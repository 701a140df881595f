//! A server that stands: a mock of ours on a loopback port, or somebody's endpoint.

use crate::error::Error;
use crate::handshake::{Outcome, Side};
use crate::iam::Verifier;
use crate::net::{
    self, Clock, Connection, Deadlines, Line, Listening, NetworkFault, Record, Report, Security, ServeLimits,
};
use crate::scenario::party;
use crate::scenario::profile::Protocol;
use crate::testbed::attempt::is_broken;
use crate::testbed::container::Container;
use crate::testbed::materials::Materials;
use crate::testbed::process::{Lease, product};
use crate::testbed::random::Generator;
use crate::testbed::{iam, mysql, postgres};
use shakedown_krb5::gss::Acceptor;
use shakedown_krb5::keytab::Keytab;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a mock may take to record a connection that its client has left.
const RECORD_PATIENCE: Duration = Duration::from_secs(5);

/// How long a program may be seen to run after its connections broke because it ends.
const DEATH_PATIENCE: Duration = Duration::from_millis(500);

/// A server that can be dialled.
#[derive(Debug)]
pub struct StandingServer {
    /// What was planned.
    pub planned: Arc<party::Server>,
    /// The name by which it is dialled, unless a step says otherwise.
    pub host: String,
    /// Where it is.
    pub address: SocketAddr,
    /// Where it was before it changed its port.
    pub former: Option<SocketAddr>,
    mock: Option<Mock>,
    process: Option<Lease>,
    container: Option<Arc<Container>>,
}

/// A mock that can become another one while it stands.
#[derive(Debug)]
struct Mock {
    /// `None` once it has ended.
    listening: Option<Listening>,
    playing: Arc<RwLock<Playing>>,
    limits: ServeLimits,
    acceptor: Option<Arc<Acceptor>>,
    tokens: Option<Arc<Verifier>>,
}

/// What meets the next connection.
#[derive(Debug)]
struct Playing {
    security: Security,
    machines: Machines,
    network: Option<NetworkFault>,
}

#[derive(Debug)]
enum Machines {
    Mysql(mysql::Mock),
    Postgres(postgres::Mock),
}

impl Playing {
    fn new(
        planned: &party::Server,
        acceptor: Option<Arc<Acceptor>>,
        tokens: Option<Arc<Verifier>>,
        materials: &Materials,
    ) -> Result<Self, Error> {
        let security = match &planned.tls {
            Some(tls) => Security::Server(materials.server_context(tls)?),
            None => Security::ClearOnly,
        };
        let machines = match planned.protocol() {
            Protocol::Mysql => Machines::Mysql(mysql::Mock::new(planned, acceptor, tokens, materials)?),
            Protocol::Postgres => Machines::Postgres(postgres::Mock::new(planned, acceptor, tokens, materials)?),
        };
        Ok(Self { security, machines, network: planned.network })
    }

    fn connection(&self, peer: SocketAddr) -> Connection {
        let machine = match &self.machines {
            Machines::Mysql(mock) => mock.machine(peer),
            Machines::Postgres(mock) => mock.machine(peer),
        };
        let line = self.network.map_or(Line::sound(), Line::with);
        Connection::new(Side::Server, machine, self.security.clone()).over(line)
    }
}

impl StandingServer {
    /// A mock on a free loopback port, or on `address`.
    ///
    /// # Errors
    /// The plan asks for what a mock does not have, or the port cannot be bound.
    pub async fn mock(
        planned: &Arc<party::Server>,
        acceptor: Option<Arc<Acceptor>>,
        materials: &Materials,
        address: SocketAddr,
    ) -> Result<Self, Error> {
        let tokens = iam::verifier(planned, materials).map(Arc::new);
        let playing = Playing::new(planned, acceptor.clone(), tokens.clone(), materials)?;
        let playing = Arc::new(RwLock::new(playing));
        let clock = materials.clock().shifted(planned.clock_seconds);
        let usual = ServeLimits::default();
        let deadlines = planned.deadline.map_or(usual.deadlines, Deadlines::all);
        let limits = ServeLimits { deadlines, ..usual };
        let listening = listen(address, clock, limits, &playing, materials).await?;
        if let Some(tokens) = &tokens {
            tokens.listen_on(listening.address().port());
        }
        Ok(Self {
            planned: Arc::clone(planned),
            host: planned.host.clone(),
            address: listening.address(),
            former: None,
            mock: Some(Mock { listening: Some(listening), playing, limits, acceptor, tokens }),
            process: None,
            container: None,
        })
    }

    /// Ends: its connections break, and nobody answers at its address any more, which no other case has.
    ///
    /// # Errors
    /// It is no mock.
    pub async fn end(&mut self) -> Result<(), Error> {
        let Some(mock) = &mut self.mock else { return Err(cannot("be ended")) };
        if let Some(listening) = mock.listening.take() {
            listening.stop().await;
        }
        Ok(())
    }

    /// Begins again as another server, on its own port or on another one, whether or not it has ended.
    ///
    /// # Errors
    /// It is no mock, the plan asks for what a mock does not have, or its port was taken.
    pub async fn begin_again(
        &mut self,
        changed: &Arc<party::Server>,
        moves: bool,
        materials: &Materials,
    ) -> Result<(), Error> {
        self.become_another(changed, materials)?;
        let has_ended = self.listening().is_none();
        if !moves && !has_ended {
            return Ok(());
        }
        self.end().await?;
        if moves {
            self.former = Some(self.address);
            self.address.set_port(0);
        }
        let Some(mock) = &mut self.mock else { return Err(cannot("begin again")) };
        let clock = materials.clock().shifted(self.planned.clock_seconds);
        let listening = listen(self.address, clock, mock.limits, &mock.playing, materials).await?;
        self.address = listening.address();
        if let Some(tokens) = &mock.tokens {
            tokens.listen_on(self.address.port());
        }
        mock.listening = Some(listening);
        Ok(())
    }

    fn listening(&self) -> Option<&Listening> {
        self.mock.as_ref()?.listening.as_ref()
    }

    /// Lets a client meet the mock in memory, in virtual time, and says what each made of it; `None` for a mock that cannot be
    /// reached.
    ///
    /// # Errors
    /// It is no mock, or a mistake of ours.
    pub fn meet(&self, client: net::Party<'_>) -> Result<(Report, Option<Report>), Error> {
        let Some(mock) = &self.mock else { return Err(cannot("be met in memory")) };
        let playing = mock.playing.read().unwrap_or_else(PoisonError::into_inner);
        let connection = playing.connection(self.address);
        let connection = if client.connection.is_recorded() { connection.recorded() } else { connection };
        let unreachable = playing.network.map(|fault| fault.kind).filter(|kind| kind.is_unreachable());
        drop(playing);
        let clock = client.clock.shifted(self.planned.clock_seconds).going();
        let mut random = Generator::from_system();
        let server = net::Party { connection, random: &mut random, clock, deadlines: mock.limits.deadlines };
        // A runtime whose time is virtual cannot be entered from within another one.
        let met = std::thread::scope(|scope| scope.spawn(|| net::meet(client, server, unreachable)).join());
        let met = met.map_err(|_| Error::Internal("a meeting in memory panicked".to_owned()))?;
        met.map_err(|problem| Error::Internal(format!("a meeting in memory: {problem}")))
    }

    /// Goes on with the same port as another server.
    ///
    /// # Errors
    /// It is no mock, or the plan asks for what a mock does not have.
    pub fn become_another(&mut self, changed: &Arc<party::Server>, materials: &Materials) -> Result<(), Error> {
        let Some(mock) = &self.mock else { return Err(cannot("be set up anew")) };
        let playing = Playing::new(changed, mock.acceptor.clone(), mock.tokens.clone(), materials)?;
        *mock.playing.write().unwrap_or_else(PoisonError::into_inner) = playing;
        // Its clock and its keytab are as steps have set them.
        let clock_seconds = self.planned.clock_seconds;
        self.planned = Arc::new(party::Server { clock_seconds, ..(**changed).clone() });
        Ok(())
    }

    /// Goes on with another keytab from its next connection on, without an entry for one that is empty.
    ///
    /// # Errors
    /// It is not ours, is joined to no realm, or its file cannot be written.
    pub fn replace_keytab(&self, keytab: Keytab) -> Result<(), Error> {
        if let Some(mock) = &self.mock {
            let acceptor = mock.acceptor.as_ref().ok_or_else(|| cannot("have a keytab"))?;
            acceptor.replace_keytab(keytab);
            return Ok(());
        }
        let Some(lease) = &self.process else { return Err(cannot("be given a keytab")) };
        if keytab.entries.is_empty() {
            return lease.folder.remove(product::KEYTAB);
        }
        let octets = keytab.write().map_err(|problem| Error::Internal(format!("keytab: {problem}")))?;
        // In one step: a connection that comes meanwhile finds the old file or the new one.
        lease.folder.write(product::KEYTAB, &Zeroizing::new(octets)).map(drop)
    }

    /// Sets the clock for connections that come from now on, as seconds to the base.
    ///
    /// # Errors
    /// It is no mock.
    pub fn set_clock(&mut self, seconds: i64, materials: &Materials) -> Result<(), Error> {
        let Some(mock) = &self.mock else { return Err(cannot("have another clock than this machine")) };
        let Some(listening) = &mock.listening else { return Err(cannot("have a clock")) };
        listening.set_clock(materials.clock().shifted(seconds));
        self.planned = Arc::new(party::Server { clock_seconds: seconds, ..(*self.planned).clone() });
        Ok(())
    }

    /// A server that somebody else runs: nothing of what it sees can be observed.
    #[must_use]
    pub fn endpoint(planned: &Arc<party::Server>, address: SocketAddr, host: String) -> Self {
        Self { planned: Arc::clone(planned), host, address, former: None, mock: None, process: None, container: None }
    }

    /// A real server of ours: what it sees cannot be observed, but whether it still stands can.
    #[must_use]
    pub fn process(planned: &Arc<party::Server>, lease: Lease) -> Self {
        let host = planned.host.clone();
        Self {
            planned: Arc::clone(planned),
            host,
            address: lease.address,
            former: None,
            mock: None,
            process: Some(lease),
            container: None,
        }
    }

    /// A real server in a container of ours, of which the same is known.
    #[must_use]
    pub fn container(planned: &Arc<party::Server>, lease: Arc<Container>) -> Self {
        let (host, address) = (planned.host.clone(), lease.address());
        Self {
            planned: Arc::clone(planned),
            host,
            address,
            former: None,
            mock: None,
            process: None,
            container: Some(lease),
        }
    }

    /// By what a real server of ours has ended, with the last lines of its log, if it has: then an attempt that came out so says
    /// nothing about it.
    pub async fn cause_of_death(&self, outcome: &Outcome) -> Option<String> {
        let patience = if is_broken(outcome) { DEATH_PATIENCE } else { Duration::ZERO };
        match (&self.process, &self.container) {
            (Some(lease), _) => lease.program.cause_of_death_within(patience).await,
            (None, Some(container)) => container.cause_of_death_within(patience).await,
            (None, None) => None,
        }
    }

    /// Whether what it sees can be observed.
    #[must_use]
    pub const fn is_mock(&self) -> bool {
        self.mock.is_some()
    }

    /// What the mock saw of the connection that came from `client`; `None` for an endpoint.
    ///
    /// # Errors
    /// The mock has not ended the connection although its client has: a mistake of ours.
    pub async fn record(&self, client: SocketAddr) -> Result<Option<Record>, Error> {
        let Some(listening) = self.listening() else { return Ok(None) };
        match listening.record(client, RECORD_PATIENCE).await {
            Some(record) => Ok(Some(record)),
            None => Err(Error::Internal(format!("the mock has no record of the connection from {client}"))),
        }
    }

    /// What the mock saw of all connections since the last call, once none is left; empty for an endpoint.
    pub async fn records(&self) -> Vec<Record> {
        match self.listening() {
            Some(listening) => listening.settled_records(RECORD_PATIENCE).await,
            None => Vec::new(),
        }
    }

    /// What the mock saw of all connections since the last look, none included, when everybody who made one is gone; `None` for
    /// what is no mock.
    ///
    /// # Errors
    /// The mock has not ended a connection although its client has: a mistake of ours.
    pub async fn records_so_far(&self) -> Result<Option<Vec<Record>>, Error> {
        let Some(listening) = self.listening() else { return Ok(None) };
        match listening.records_so_far(RECORD_PATIENCE).await {
            Some(records) => Ok(Some(records)),
            None => Err(Error::Internal("the mock has not ended a connection that nobody holds any more".to_owned())),
        }
    }

    /// Ends the mock and returns when its port is free.
    pub async fn stop(self) {
        if let Some(Mock { listening: Some(listening), .. }) = self.mock {
            listening.stop().await;
        }
    }
}

async fn listen(
    address: SocketAddr,
    clock: Clock,
    limits: ServeLimits,
    playing: &Arc<RwLock<Playing>>,
    materials: &Materials,
) -> Result<Listening, Error> {
    let is_recorded = materials.is_recorded();
    let met = Arc::clone(playing);
    let factory: net::listen::Factory = Arc::new(move |peer| {
        let connection = met.read().unwrap_or_else(PoisonError::into_inner).connection(peer);
        let connection = if is_recorded { connection.recorded() } else { connection };
        (connection, Box::new(Generator::from_system()))
    });
    net::listen(address, clock, limits, factory)
        .await
        .map_err(|problem| Error::Environment(format!("cannot listen on {address}: {problem}")))
}

fn cannot(what: &str) -> Error {
    Error::Internal(format!("a server that cannot {what} was to do so"))
}
