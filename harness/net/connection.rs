//! One connection without I/O: a machine, the layer that carries it, the record tap and the trace.

use crate::handshake::{Error, Handshake, Outcome, Random, Side, TicketRequest, Timestamp, Trace};
use crate::net::{Phase, Report};
use crate::tls::{ClientContext, ServerContext};
use shakedown_krb5::Credential;
use shakedown_krb5::client::KerberosFailure;
use std::sync::Arc;

/// The time on the base clock of the run (for traces) and on the party's own (for its machine).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The base clock.
    pub base: Timestamp,
    /// The party's clock, which a scenario may have moved.
    pub party: Timestamp,
}

/// What a connection does when its machine asks for TLS.
#[derive(Debug, Clone)]
pub enum Security {
    /// The machine never asks; if it does, that is our own mistake.
    ClearOnly,
    /// TLS as a client.
    Client {
        /// Versions, suites, trust.
        context: Arc<ClientContext>,
        /// The name or address that was dialled: for server name indication and for the identity check.
        server_name: Option<String>,
    },
    /// TLS as a server.
    Server(Arc<ServerContext>),
}

/// What a connection waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Bytes from the peer. Send what is in [`Connection::wire`] first.
    NeedBytes,
    /// A service ticket: answer with [`Connection::ticket`].
    NeedTicket(TicketRequest),
    /// Nothing. Send what is in [`Connection::wire`], then close.
    Finished,
}

/// How the peer's direction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// In order (FIN).
    Closed,
    /// By a reset.
    Reset,
}

/// A machine on its layer: wire bytes in, wire bytes out.
pub struct Connection {
    side: Side,
    machine: Box<dyn Handshake>,
    security: Security,
    wire: Vec<u8>,
    trace: Trace,
}

impl Connection {
    /// A connection that has not begun. `side` is the machine's.
    #[must_use]
    pub fn new(side: Side, machine: Box<dyn Handshake>, security: Security) -> Self {
        Self { side, machine, security, wire: Vec::new(), trace: Trace::new() }
    }

    /// The stream stands: `connect` in the trace, and the machine starts.
    ///
    /// # Errors
    /// The machine was misused: a mistake of ours. What the peer does wrong is an outcome.
    pub fn start(&mut self, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        let _ = (self.side, &self.machine, &self.security, now, random);
        todo!()
    }

    /// Bytes from the wire, in pieces of any size.
    ///
    /// # Errors
    /// As [`Connection::start`].
    pub fn receive(&mut self, wire: &[u8], now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        let _ = (wire, now, random);
        todo!()
    }

    /// The peer's direction has ended.
    ///
    /// # Errors
    /// As [`Connection::start`].
    pub fn end(&mut self, how: Ending, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        let _ = (how, now, random);
        todo!()
    }

    /// The answer to [`Progress::NeedTicket`].
    ///
    /// # Errors
    /// As [`Connection::start`].
    pub fn ticket(
        &mut self,
        ticket: Result<&Credential, KerberosFailure>,
        now: Moment,
        random: &mut dyn Random,
    ) -> Result<Progress, Error> {
        let _ = (ticket, now, random);
        todo!()
    }

    /// Ends it from outside: a deadline passed, or the stream never stood. An outcome that the machine has already decided
    /// (a server whose client idles after its login) stays.
    pub fn abandon(&mut self, outcome: Outcome) {
        let _ = outcome;
        todo!()
    }

    /// Bytes to send. Whoever sends takes them out.
    pub fn wire(&mut self) -> &mut Vec<u8> {
        &mut self.wire
    }

    /// In which phase it is, for the deadline.
    #[must_use]
    pub fn phase(&self) -> Phase {
        todo!()
    }

    /// What happened so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Where whoever fetches tickets writes its exchanges.
    pub fn trace_mut(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// How it ended, or how far it is decided.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        todo!()
    }

    /// What became of it. `began` is when the attempt began, before the stream stood.
    ///
    /// # Errors
    /// It has no outcome: it was dropped half-way by us.
    pub fn into_report(self, began: Timestamp) -> Result<Report, Error> {
        let _ = began;
        todo!()
    }
}
