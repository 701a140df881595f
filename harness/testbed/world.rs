//! The world of one case: every party that it names stands, and its verbs can be performed.
//!
//! Dropping a world ends all of it: ports, tasks, processes and files.

use crate::error::Error;
use crate::scenario::party::{Client, ClientKind};
use crate::scenario::plan::{Case, Verb};
use crate::testbed::attempt::{self, Attempt, Baggage};
use crate::testbed::materials::Materials;
use crate::testbed::random::Generator;
use crate::testbed::server::StandingServer;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// All parties of one case.
#[derive(Debug)]
pub struct World {
    materials: Arc<Materials>,
    servers: BTreeMap<String, StandingServer>,
    clients: BTreeMap<String, StandingClient>,
}

/// A client with what it keeps from step to step.
#[derive(Debug)]
struct StandingClient {
    planned: Arc<Client>,
    random: Generator,
}

impl World {
    /// Brings the mocks of a case up, each on a free loopback port.
    ///
    /// # Errors
    /// The plan asks for what no mock has, or the machine does not give a port.
    pub async fn of_mocks(case: &Case, materials: &Arc<Materials>) -> Result<Self, Error> {
        let mut servers = BTreeMap::new();
        for (name, planned) in &case.servers {
            servers.insert(name.clone(), StandingServer::mock(planned, None, materials, None).await?);
        }
        let clients = case
            .clients
            .iter()
            .map(|(name, planned)| {
                let client = StandingClient { planned: Arc::clone(planned), random: Generator::from_system() };
                (name.clone(), client)
            })
            .collect();
        Ok(Self { materials: Arc::clone(materials), servers, clients })
    }

    /// Where a server listens.
    #[must_use]
    pub fn address(&self, server: &str) -> Option<SocketAddr> {
        self.servers.get(server).map(|server| server.address)
    }

    /// Performs a step.
    ///
    /// # Errors
    /// The step cannot be performed: the environment's fault or our own. How it comes out is no error.
    pub async fn perform(&mut self, verb: &Verb) -> Result<Attempt, Error> {
        match verb {
            Verb::Connect { from, to, host } => self.connect(from, to, host.as_deref()).await,
            Verb::Kinit { .. } | Verb::Later { .. } => {
                Err(Error::Internal(format!("no backend has the verb '{}'", verb.word())))
            }
        }
    }

    async fn connect(&mut self, from: &str, to: &str, host: Option<&str>) -> Result<Attempt, Error> {
        let server = self.servers.get(to).ok_or_else(|| unknown("server", to))?;
        let client = self.clients.get_mut(from).ok_or_else(|| unknown("client", from))?;
        let host = host.unwrap_or(&server.planned.host);
        match &client.planned.kind {
            ClientKind::BuiltIn => {
                let baggage = Baggage { tickets: None, realm: None, random: &mut client.random };
                attempt::attempt(&client.planned, server, host, &self.materials, baggage).await
            }
            ClientKind::Profile(name) => Err(Error::Internal(format!("no client profile '{name}'"))),
            ClientKind::Command { .. } => Err(Error::Internal("no command clients yet".to_owned())),
        }
    }
}

fn unknown(kind: &str, name: &str) -> Error {
    Error::Internal(format!("the plan names the {kind} '{name}', which does not stand"))
}
