//! A server that stands: a mock of ours on a loopback port, or somebody's endpoint.

use crate::error::Error;
use crate::handshake::{Outcome, Side};
use crate::net::{self, Connection, Listening, Record, Security, ServeLimits};
use crate::scenario::party;
use crate::scenario::profile::Protocol;
use crate::testbed::attempt::is_broken;
use crate::testbed::container::Container;
use crate::testbed::materials::Materials;
use crate::testbed::process::Lease;
use crate::testbed::random::Generator;
use crate::testbed::{mysql, postgres};
use shakedown_krb5::gss::Acceptor;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

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
    mock: Option<Listening>,
    process: Option<Lease>,
    container: Option<Arc<Container>>,
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
        address: Option<SocketAddr>,
    ) -> Result<Self, Error> {
        let security = match &planned.tls {
            Some(tls) => Security::Server(materials.server_context(tls)?),
            None => Security::ClearOnly,
        };
        let is_recorded = materials.is_recorded();
        let connect = move |machine| -> (Connection, Box<dyn crate::handshake::Random>) {
            let connection = Connection::new(Side::Server, machine, security.clone());
            let connection = if is_recorded { connection.recorded() } else { connection };
            (connection, Box::new(Generator::from_system()))
        };
        let factory: net::listen::Factory = match planned.protocol() {
            Protocol::Mysql => {
                let mock = mysql::Mock::new(planned, acceptor, materials)?;
                Arc::new(move |peer| connect(mock.machine(peer)))
            }
            Protocol::Postgres => {
                let mock = postgres::Mock::new(planned, acceptor, materials)?;
                Arc::new(move |peer| connect(mock.machine(peer)))
            }
        };
        let address = address.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let clock = materials.clock().shifted(planned.clock_seconds);
        let mock = net::listen(address, clock, ServeLimits::default(), factory)
            .await
            .map_err(|problem| Error::Environment(format!("cannot listen on {address}: {problem}")))?;
        Ok(Self {
            planned: Arc::clone(planned),
            host: planned.host.clone(),
            address: mock.address(),
            mock: Some(mock),
            process: None,
            container: None,
        })
    }

    /// A server that somebody else runs: nothing of what it sees can be observed.
    #[must_use]
    pub fn endpoint(planned: &Arc<party::Server>, address: SocketAddr, host: String) -> Self {
        Self { planned: Arc::clone(planned), host, address, mock: None, process: None, container: None }
    }

    /// A real server of ours: what it sees cannot be observed, but whether it still stands can.
    #[must_use]
    pub fn process(planned: &Arc<party::Server>, lease: Lease) -> Self {
        let host = planned.host.clone();
        Self {
            planned: Arc::clone(planned),
            host,
            address: lease.address,
            mock: None,
            process: Some(lease),
            container: None,
        }
    }

    /// A real server in a container of ours, of which the same is known.
    #[must_use]
    pub fn container(planned: &Arc<party::Server>, lease: Arc<Container>) -> Self {
        let (host, address) = (planned.host.clone(), lease.address());
        Self { planned: Arc::clone(planned), host, address, mock: None, process: None, container: Some(lease) }
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
        let Some(mock) = &self.mock else { return Ok(None) };
        match mock.record(client, RECORD_PATIENCE).await {
            Some(record) => Ok(Some(record)),
            None => Err(Error::Internal(format!("the mock has no record of the connection from {client}"))),
        }
    }

    /// What the mock saw of all connections since the last call, once none is left; empty for an endpoint.
    pub async fn records(&self) -> Vec<Record> {
        match &self.mock {
            Some(mock) => mock.settled_records(RECORD_PATIENCE).await,
            None => Vec::new(),
        }
    }

    /// What the mock saw of all connections since the last look, none included, when everybody who made one is gone; `None` for
    /// what is no mock.
    ///
    /// # Errors
    /// The mock has not ended a connection although its client has: a mistake of ours.
    pub async fn records_so_far(&self) -> Result<Option<Vec<Record>>, Error> {
        let Some(mock) = &self.mock else { return Ok(None) };
        match mock.records_so_far(RECORD_PATIENCE).await {
            Some(records) => Ok(Some(records)),
            None => Err(Error::Internal("the mock has not ended a connection that nobody holds any more".to_owned())),
        }
    }

    /// Ends the mock and returns when its port is free.
    pub async fn stop(self) {
        if let Some(mock) = self.mock {
            mock.stop().await;
        }
    }
}
