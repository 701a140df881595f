//! One attempt of our own client: one connection, or as many as its modes make of it.

use crate::error::Error;
use crate::handshake::{Handshake, Kind, Outcome, Secret, Side, Trace};
use crate::net::kdc::KerberosClient;
use crate::net::{
    self, Around, Clock, Connection, Deadlines, Line, NetworkFault, Phase, Phases, Recording, Report, Security,
    TCP_FAILED, TCP_REFUSED, TicketSource,
};
use crate::scenario::party::{Client, TlsMode};
use crate::scenario::profile::Protocol;
use crate::testbed::materials::Materials;
use crate::testbed::random::Generator;
use crate::testbed::server::StandingServer;
use crate::testbed::{iam, mysql, postgres};
use shakedown_krb5::client::KerberosFailure;
use std::net::SocketAddr;
use std::time::Duration;

/// What came of a step, in the eyes of each party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How it ended for the client.
    pub client: Outcome,
    /// How it ended for the server.
    pub server: View,
    /// What the KDC answered last.
    pub kdc: View,
    /// What happened on the wire, a trace for each connection.
    pub connections: Vec<Trace>,
    /// How long each phase took, all connections together.
    pub phases: Vec<(Phase, Duration)>,
    /// What went over each connection, in the same order as their traces, if the run is recorded.
    pub recordings: Vec<Recording>,
}

impl Attempt {
    /// Whether the client's connection ended as it does when the program at its other end dies.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        is_broken(&self.client)
    }

    /// The attempt, if anybody was asked: what this machine did not let out, or a KDC that nobody can reach, is no refusal, and must
    /// not pass for one that was expected.
    ///
    /// # Errors
    /// Nobody was.
    pub fn that_reached_somebody(self) -> Result<Self, Error> {
        let code = self.client.code.as_deref().unwrap_or_default();
        let cause = self.client.cause.as_deref().unwrap_or(code);
        let is_unreached = code == TCP_FAILED || cause == KerberosFailure::Unreachable.to_string();
        if is_unreached { Err(Error::Environment(format!("the client reaches nobody: {cause}"))) } else { Ok(self) }
    }

    /// That of a step without a connection.
    #[must_use]
    pub const fn without_connection(client: Outcome) -> Self {
        Self {
            client,
            server: View::Nothing,
            kdc: View::Unobserved,
            connections: Vec::new(),
            phases: Vec::new(),
            recordings: Vec::new(),
        }
    }
}

/// What servers say while they end: PostgreSQL's `admin_shutdown`, `crash_shutdown` and `cannot_connect_now`, and MySQL's
/// `ER_SERVER_SHUTDOWN`.
const FAREWELLS: [&str; 4] = ["57P01", "57P02", "57P03", "1053 "];

/// Whether a connection ended as it does when the program at its other end dies.
pub(super) fn is_broken(outcome: &Outcome) -> bool {
    let code = outcome.code.as_deref().unwrap_or_default();
    outcome.kind == Kind::TimedOut
        || matches!(code, "eof" | "reset" | TCP_REFUSED)
        || FAREWELLS.iter().any(|farewell| code.starts_with(farewell))
}

/// What another party than the client saw of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// It is somebody else's and tells us nothing.
    Unobserved,
    /// It is ours, and nothing came to its eyes: nobody dialled it, or it did not get as far as an answer.
    Nothing,
    /// It is ours, and this is how it ended there.
    Seen(Outcome),
}

impl View {
    /// Of a party that can be observed.
    #[must_use]
    pub fn of(seen: Option<Outcome>) -> Self {
        seen.map_or(Self::Nothing, Self::Seen)
    }

    /// What was seen.
    #[must_use]
    pub const fn seen(&self) -> Option<&Outcome> {
        match self {
            Self::Seen(outcome) => Some(outcome),
            Self::Unobserved | Self::Nothing => None,
        }
    }
}

/// What a client brings to an attempt besides its plan.
pub struct Baggage<'a> {
    /// Where its tickets come from.
    pub tickets: Option<&'a mut KerberosClient>,
    /// Whether its credential cache holds one already.
    pub has_ticket: bool,
    /// Its randomness.
    pub random: &'a mut Generator,
    /// Its clock.
    pub clock: Clock,
    /// Whether what it says and hears is kept.
    pub recorded: bool,
}

/// Where a client connects to.
#[derive(Debug, Clone, Copy)]
pub struct Dialled<'a> {
    /// The name as it is dialled: for certificates and service principals.
    pub host: &'a str,
    /// Where that is: the server's address, or that of a proxy in front of it.
    pub address: SocketAddr,
}

/// The machine of the next connection, for either protocol.
enum Machines {
    Mysql(crate::mysql::ClientSettings),
    Postgres(crate::postgres::ClientSettings),
}

impl Machines {
    fn first(
        client: &Client,
        protocol: Protocol,
        host: &str,
        has_ticket: bool,
        token: Option<Secret>,
        materials: &Materials,
    ) -> Result<Self, Error> {
        Ok(match protocol {
            Protocol::Mysql => Self::Mysql(mysql::client(client, token, materials)?),
            Protocol::Postgres => Self::Postgres(postgres::client(client, token, host, has_ticket, materials)),
        })
    }

    fn machine(&self) -> Box<dyn Handshake> {
        match self {
            Self::Mysql(settings) => mysql::machine(settings.clone()),
            Self::Postgres(settings) => postgres::machine(settings.clone()),
        }
    }

    fn next(&self, report: &Report) -> Option<Self> {
        match self {
            Self::Mysql(_) => None,
            Self::Postgres(settings) => {
                postgres::next_connection(settings, &report.outcome, &report.trace).map(Self::Postgres)
            }
        }
    }
}

/// Lets our own client log in. What the server saw of it is known if nobody stands between.
///
/// # Errors
/// The plan asks for what the client does not have, or a mistake of ours.
pub async fn attempt(
    client: &Client,
    server: &StandingServer,
    dialled: Dialled<'_>,
    materials: &Materials,
    baggage: Baggage<'_>,
) -> Result<Attempt, Error> {
    let Dialled { host, address } = dialled;
    let Baggage { mut tickets, has_ticket, random, clock, recorded } = baggage;
    let is_weak = matches!(client.tls.mode, TlsMode::Disabled | TlsMode::Allowed | TlsMode::Preferred);
    if client.direct_tls && is_weak {
        // libpq 17 looks at its options before it connects to anybody.
        return Ok(Attempt::without_connection(Outcome::refused(Side::Client, "weak_sslmode")));
    }
    let wants_no_tls = client.tls.mode == TlsMode::Disabled;
    let security = if wants_no_tls {
        Security::ClearOnly
    } else {
        Security::Client { context: materials.client_context(&client.tls)?, server_name: Some(host.to_owned()) }
    };
    let token = client.offer.token.then(|| iam::token(client, dialled, clock.moment().party, materials));
    let protocol = server.planned.protocol();
    let mut machines = Some(Machines::first(client, protocol, host, has_ticket, token, materials)?);
    let mut connections = Vec::new();
    let mut recordings = Vec::new();
    let mut phases = Phases::default();
    let mut last = None;
    let deadlines = client.deadline.map_or_else(Deadlines::default, Deadlines::all);
    let is_in_memory = address == server.address && is_timed(client, server);
    // Nobody comes to a server that is unreachable.
    let is_reachable = |fault: NetworkFault| !fault.kind.is_unreachable();
    let mut struck = !client.network.into_iter().chain(server.planned.network).any(is_reachable);
    while let Some(current) = machines.take() {
        let connection = Connection::new(Side::Client, current.machine(), security.clone());
        let connection = if recorded { connection.recorded() } else { connection };
        let connection = connection.over(client.network.map_or(Line::sound(), Line::with));
        let (report, seen) = if is_in_memory {
            server.meet(net::Party { connection, random, clock, deadlines })?
        } else {
            let tickets = tickets.as_deref_mut().map(|tickets| tickets as &mut dyn TicketSource);
            let mut around = Around { clock, random, deadlines, tickets };
            let (report, local) = net::dial(address, connection, &mut around)
                .await
                .map_err(|problem| Error::Internal(format!("our client: {problem}")))?;
            let seen = match local {
                Some(local) if address == server.address => server.record(local).await?,
                _ => None,
            };
            let seen = seen.map(|record| record.report).transpose();
            (report, seen.map_err(|problem| Error::Internal(format!("the mock: {problem}")))?)
        };
        let faults = [Some(&report), seen.as_ref()].map(|report| report.map(|report| report.spared));
        struck |= [client.network, server.planned.network]
            .iter()
            .zip(&faults)
            .any(|(planned, spared)| planned.is_some() && *spared == Some(None));
        let seen = seen.map(|seen| seen.outcome);
        machines = current.next(&report);
        add(&mut phases, &report.phases);
        connections.push(report.trace);
        recordings.extend(report.recording.map(|recording| *recording));
        last = Some((report.outcome, seen));
    }
    if !struck {
        let faults: Vec<_> = client.network.iter().chain(&server.planned.network).map(ToString::to_string).collect();
        return Err(Error::Usage(format!("the network fault never strikes: {}", faults.join(", "))));
    }
    let server_is_ours = server.is_mock();
    let is_mysql = server.planned.protocol() == Protocol::Mysql;
    let (client, server) = last.ok_or_else(|| Error::Internal("an attempt without a connection".to_owned()))?;
    // What the library that most clients are made of would tell its user.
    let number = if is_mysql { crate::mysql::client_error(&client) } else { None };
    let client = match (number, &client.message) {
        (Some(number), None) => client.saying(format!("client error {number} (HY000)")),
        _ => client,
    };
    let server = if server_is_ours { View::of(server) } else { View::Unobserved };
    Ok(Attempt { client, server, kdc: View::Unobserved, connections, phases: listed(&phases), recordings })
}

/// Whether it is about faults and deadlines, and needs nobody but a mock: then both meet in memory, where time is virtual.
fn is_timed(client: &Client, server: &StandingServer) -> bool {
    let planned = &server.planned;
    let is_about_time = client.network.is_some()
        || planned.network.is_some()
        || client.deadline.is_some()
        || planned.deadline.is_some();
    is_about_time && server.is_mock() && planned.kerberos.is_none()
}

fn add(total: &mut Phases, more: &Phases) {
    let sum = |total: &mut Option<Duration>, more: Option<Duration>| {
        if let Some(more) = more {
            *total = Some(total.unwrap_or_default() + more);
        }
    };
    sum(&mut total.tcp, more.tcp);
    sum(&mut total.tls, more.tls);
    sum(&mut total.kdc_as, more.kdc_as);
    sum(&mut total.kdc_tgs, more.kdc_tgs);
    sum(&mut total.auth, more.auth);
    sum(&mut total.ready, more.ready);
}

fn listed(phases: &Phases) -> Vec<(Phase, Duration)> {
    let took = |phase| match phase {
        Phase::Tcp => phases.tcp,
        Phase::Tls => phases.tls,
        Phase::KdcAs => phases.kdc_as,
        Phase::KdcTgs => phases.kdc_tgs,
        Phase::Auth => phases.auth,
        Phase::Ready => phases.ready,
    };
    Phase::ALL.into_iter().filter_map(|phase| Some((phase, took(phase)?))).collect()
}
