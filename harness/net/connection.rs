//! One connection without I/O: a machine, the layer that carries it, the record tap and the trace.
//!
//! ```text
//!   wire ──▶ receive ──▶ layer ──plaintext──▶ machine ──Step──▶ Progress
//!   wire ◀── wire()  ◀── layer ◀─plaintext───┘   StartTls / StartGss put a layer in place of the clear one
//! ```
//!
//! A connection is finished once: by its machine, by its layer (a TLS alert), or from outside (a deadline). What the machine
//! had decided before that stays: a server's client that goes away after its login has been logged in.

use crate::handshake::{
    Context, Direction, Error, EventName, GssFacts, GssRole, Handshake, Input, Outcome, Random, Side, Step,
    TicketRequest, Timestamp, TlsOffer, Trace,
};
use crate::net::fault::{Gate, Line};
use crate::net::gss::{Call, GssChannel, Opened};
use crate::net::layer::{Layer, TlsLayer};
use crate::net::phase::{Phase, Phases, Report};
use crate::net::recording::{Protection, Recording};
use crate::net::refusal;
use crate::tls::{ClientContext, ServerContext};
use shakedown_krb5::Credential;
use shakedown_krb5::client::KerberosFailure;
use std::fmt;
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
    /// A service ticket: answer with [`Connection::ticket`]. No bytes may be given before.
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
    layer: Layer,
    wire: Vec<u8>,
    plaintext: Vec<u8>,
    trace: Trace,
    /// The names in the last ticket, which a GSS context made from it will have.
    ticket_names: Option<GssFacts>,
    peer_ended: bool,
    outcome: Option<Outcome>,
    /// When the outcome was decided.
    ended: Timestamp,
    recording: Option<Box<Recording>>,
    line: Line,
    /// How many events and unsent octets the line has been told of.
    told: (usize, usize),
}

impl Connection {
    /// A connection that has not begun. `side` is the machine's.
    #[must_use]
    pub fn new(side: Side, machine: Box<dyn Handshake>, security: Security) -> Self {
        Self {
            side,
            machine,
            security,
            layer: Layer::Clear,
            wire: Vec::new(),
            plaintext: Vec::new(),
            trace: Trace::new(),
            ticket_names: None,
            peer_ended: false,
            outcome: None,
            ended: Timestamp::EPOCH,
            recording: None,
            line: Line::sound(),
            told: (0, 0),
        }
    }

    /// The same over another line.
    #[must_use]
    pub fn over(self, line: Line) -> Self {
        Self { line, ..self }
    }

    /// The line that its octets go over.
    #[must_use]
    pub const fn line(&self) -> &Line {
        &self.line
    }

    /// What of [`Connection::wire`] may go now.
    #[must_use]
    pub fn gate(&self, now: Moment) -> Gate {
        self.line.gate(now.base)
    }

    /// So many octets of [`Connection::wire`] have been sent.
    pub fn sent(&mut self, octets: usize, now: Moment) {
        self.wire.drain(..octets);
        self.line.sent(octets, now.base);
    }

    /// The same, and everything that goes over it is kept for its report.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self { recording: Some(Box::default()), ..self }
    }

    /// Whether everything that goes over it is kept.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.recording.is_some()
    }

    /// Where whoever moves octets writes what went over the wire, if that was asked for.
    pub fn recording_mut(&mut self) -> Option<&mut Recording> {
        self.recording.as_deref_mut()
    }

    /// The way of what this side says.
    #[must_use]
    pub fn own_direction(&self) -> Direction {
        match self.peer_direction() {
            Direction::FromClient => Direction::ToClient,
            _ => Direction::FromClient,
        }
    }

    /// The stream stands: `connect` in the trace, and the machine starts.
    ///
    /// # Errors
    /// The machine was misused: a mistake of ours. What the peer does wrong is an outcome.
    pub fn start(&mut self, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        self.told = (self.trace.events().len(), self.wire.len());
        self.trace.push(now.base, Direction::Local, EventName::Connect);
        self.tell_line(now);
        self.tell(Input::Start, now, random)
    }

    /// Bytes from the wire, in pieces of any size.
    ///
    /// # Errors
    /// As [`Connection::start`].
    pub fn receive(&mut self, wire: &[u8], now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        if self.outcome.is_some() || self.peer_ended {
            return Ok(self.rest());
        }
        if self.line.gate(now.base) == Gate::Dead {
            return Ok(Progress::NeedBytes);
        }
        self.told = (self.trace.events().len(), self.wire.len());
        match &mut self.layer {
            Layer::Clear => self.tell(Input::Bytes(wire), now, random),
            Layer::Tls(tls) => {
                tls.receive(wire, now.base, &mut self.trace);
                self.advance(now, random)
            }
            Layer::Gss(gss) => {
                gss.receive(wire);
                self.advance(now, random)
            }
        }
    }

    /// The peer's direction has ended.
    ///
    /// # Errors
    /// As [`Connection::start`].
    pub fn end(&mut self, how: Ending, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        if self.outcome.is_some() || self.peer_ended {
            return Ok(self.rest());
        }
        self.told = (self.trace.events().len(), self.wire.len());
        if how == Ending::Reset {
            self.trace.push(now.base, self.peer_direction(), EventName::Reset);
            self.finish(Outcome::refused(refusal::peer_of(self.side), "reset"), now);
            return Ok(Progress::Finished);
        }
        let direction = self.peer_direction();
        if let Layer::Tls(tls) = &mut self.layer
            && tls.facts().is_none()
        {
            self.trace.push(now.base, direction, EventName::Close);
            tls.receive_end();
            return self.advance(now, random);
        }
        self.peer_closed(now, random)
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
        self.told = (self.trace.events().len(), self.wire.len());
        if let Ok(credential) = ticket {
            self.ticket_names =
                Some(GssFacts { client: credential.client.clone(), service: credential.server.clone() });
        }
        match self.tell(Input::Ticket(ticket), now, random)? {
            Progress::NeedBytes => self.advance(now, random),
            progress => Ok(progress),
        }
    }

    /// Ends it from outside: a deadline passed, or the stream never stood. An outcome that the machine has already decided
    /// (a server whose client idles after its login) stays.
    pub fn abandon(&mut self, outcome: Outcome, now: Moment) {
        if self.outcome.is_none() {
            self.finish(outcome, now);
        }
    }

    /// Bytes to send. Whoever sends takes them out.
    pub fn wire(&mut self) -> &mut Vec<u8> {
        &mut self.wire
    }

    /// In which phase it is, for the deadline; `None` once the outcome is decided, and what is left is idling and goodbye.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        if self.outcome().is_some() { None } else { Some(self.stage()) }
    }

    /// The phase, whether or not the outcome is decided.
    fn stage(&self) -> Phase {
        let handshaking = match &self.layer {
            Layer::Tls(tls) => tls.facts().is_none(),
            Layer::Clear => self.trace.contains(EventName::TlsRequest) && !self.trace.contains(EventName::TlsRefuse),
            Layer::Gss(_) => false,
        };
        if !self.trace.contains(EventName::Connect) {
            Phase::Tcp
        } else if handshaking {
            Phase::Tls
        } else if self.trace.contains(EventName::AuthOk) {
            Phase::Ready
        } else {
            Phase::Auth
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Where whoever fetches tickets writes its exchanges: the trace, and the recording if there is one.
    pub fn exchanges_mut(&mut self) -> (&mut Trace, Option<&mut Vec<Recording>>) {
        (&mut self.trace, self.recording.as_deref_mut().map(|recording| &mut recording.exchanges))
    }

    /// How it ended, or what its machine has decided so far.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref().or_else(|| self.machine.outcome())
    }

    /// What became of it. `began` is when the attempt began, before the stream stood.
    ///
    /// # Errors
    /// It has no outcome: it was dropped half-way by us.
    pub fn into_report(self, began: Timestamp) -> Result<Report, Error> {
        let outcome = self.outcome.ok_or(Error::Misuse("a connection was left before it had an outcome"))?;
        let phases = Phases::measure(&self.trace, began);
        let spared = self.line.spared();
        Ok(Report { outcome, trace: self.trace, phases, began, ended: self.ended, recording: self.recording, spared })
    }

    /// Calls the machine, sends what it says, and does what it asks for.
    fn tell(&mut self, input: Input<'_>, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        if self.outcome.is_some() {
            return Ok(Progress::Finished);
        }
        let first_event = self.trace.events().len();
        if let Input::Bytes(heard) = input {
            self.record_plain(self.peer_direction(), heard, now);
        }
        let mut said = std::mem::take(&mut self.plaintext);
        said.clear();
        let mut context = Context { now: now.party, out: &mut said, trace: &mut self.trace, random };
        let step = self.machine.handle(input, &mut context);
        self.trace.stamp(first_event, now.base);
        self.record_plain(self.own_direction(), &said, now);
        self.send(&said, now, random);
        self.plaintext = said;
        self.tell_line(now);
        match step {
            Ok(Step::Receive) => Ok(Progress::NeedBytes),
            Ok(Step::NeedTicket(request)) => Ok(Progress::NeedTicket(request)),
            Ok(Step::StartTls(offer)) => self.start_tls(&offer, now, random),
            Ok(Step::StartGss(role)) => self.start_gss(role, now, random),
            Ok(Step::Finish(outcome)) => {
                self.conclude(outcome, now);
                Ok(Progress::Finished)
            }
            Err(error) => {
                let outcome = refusal::of_machine(self.side, error)?;
                match self.side {
                    // A client that cannot go on has not got what it came for, even behind a successful login.
                    Side::Client => self.conclude(outcome, now),
                    // A server has let its client in all the same, whatever that sends later.
                    Side::Server | Side::Proxy | Side::Kdc => self.finish(outcome, now),
                }
                Ok(Progress::Finished)
            }
        }
    }

    /// Tells the line what has happened since it was told last: one flight.
    fn tell_line(&mut self, now: Moment) {
        let (events, octets) = self.told;
        self.told = (self.trace.events().len(), self.wire.len());
        let own = self.own_direction();
        let events = self.trace.events().get(events..).unwrap_or_default();
        let octets = octets.min(self.wire.len())..self.wire.len();
        if let Some(wrong) = self.line.flight(events, &octets, own, now.base) {
            self.wire[wrong] ^= 0x01;
        }
    }

    fn record_plain(&mut self, direction: Direction, bytes: &[u8], now: Moment) {
        let protection = match self.layer {
            Layer::Clear => Protection::None,
            Layer::Tls(_) => Protection::Tls,
            Layer::Gss(_) => Protection::Gss,
        };
        if let Some(recording) = &mut self.recording {
            recording.plain(now.base, direction, protection, bytes);
        }
    }

    fn send(&mut self, said: &[u8], now: Moment, random: &mut dyn Random) {
        if said.is_empty() {
            return;
        }
        match &mut self.layer {
            Layer::Clear => self.wire.extend_from_slice(said),
            Layer::Tls(tls) => {
                tls.write(said);
                tls.flush(&mut self.wire, now.base, &mut self.trace);
            }
            Layer::Gss(gss) => gss.write(said, random, &mut self.wire),
        }
    }

    fn start_tls(&mut self, offer: &TlsOffer, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        let Layer::Clear = self.layer else { return Err(Error::Misuse("TLS was asked for on a layer")) };
        let unread = self.machine.take_unread();
        let mut tls = TlsLayer::begin(self.side, &self.security, offer)?;
        if !unread.is_empty() {
            tls.receive(&unread, now.base, &mut self.trace);
        }
        self.layer = Layer::Tls(Box::new(tls));
        self.advance(now, random)
    }

    fn start_gss(&mut self, role: GssRole, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        let Layer::Clear = self.layer else { return Err(Error::Misuse("GSS encryption was asked for on a layer")) };
        let unread = self.machine.take_unread();
        let mut channel = match role {
            GssRole::Initiate { initiator, token } => {
                let facts = self.ticket_names.clone();
                let facts = facts.ok_or(Error::Misuse("a GSS context was initiated without a ticket asked for"))?;
                let mut call = Call { now, random: &mut *random, wire: &mut self.wire, trace: &mut self.trace };
                GssChannel::initiate(initiator, &token, facts, &mut call)
            }
            GssRole::Accept(acceptor) => GssChannel::accept(acceptor),
        };
        channel.receive(&unread);
        self.layer = Layer::Gss(channel);
        self.advance(now, random)
    }

    /// Goes on with what the layer has taken: tells the machine that it is up, gives it what was opened, or fails.
    fn advance(&mut self, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        match &self.layer {
            Layer::Clear => Ok(Progress::NeedBytes),
            Layer::Tls(_) => self.advance_tls(now, random),
            Layer::Gss(_) => self.advance_gss(now, random),
        }
    }

    fn advance_tls(&mut self, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        let Layer::Tls(tls) = &mut self.layer else { return Ok(Progress::NeedBytes) };
        tls.flush(&mut self.wire, now.base, &mut self.trace);
        let announced = tls.announce()?;
        self.tell_line(now);
        let mut progress = Progress::NeedBytes;
        if let Some(facts) = announced {
            self.trace.push(now.base, Direction::Local, EventName::TlsReady);
            self.tell_line(now);
            progress = self.tell(Input::Secured(&facts), now, random)?;
        }
        let Layer::Tls(tls) = &mut self.layer else { return Ok(progress) };
        let mut opened = Vec::new();
        tls.take_plaintext(&mut opened);
        if !opened.is_empty() {
            if let Progress::NeedTicket(_) = progress {
                return Err(Error::Misuse("bytes came while a ticket was awaited"));
            }
            progress = self.tell(Input::Bytes(&opened), now, random)?;
        }
        let Layer::Tls(tls) = &self.layer else { return Ok(progress) };
        if progress == Progress::NeedBytes
            && let Some((failure, records)) = tls.failure()
        {
            let outcome = refusal::of_tls(self.side, failure, records);
            self.finish(outcome, now);
            return Ok(Progress::Finished);
        }
        if progress == Progress::NeedBytes && tls.peer_closed() {
            return self.peer_closed(now, random);
        }
        Ok(progress)
    }

    fn advance_gss(&mut self, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        let mut progress = Progress::NeedBytes;
        while let (Layer::Gss(gss), Progress::NeedBytes) = (&mut self.layer, &progress) {
            let mut opened = Vec::new();
            let mut call = Call { now, random: &mut *random, wire: &mut self.wire, trace: &mut self.trace };
            let report = gss.advance(&mut opened, &mut call);
            self.tell_line(now);
            if !opened.is_empty() {
                progress = self.tell(Input::Bytes(&opened), now, random)?;
            }
            match report {
                Opened::More => break,
                Opened::Ready(facts) => progress = self.tell(Input::Secured(&facts), now, random)?,
                Opened::Refused(outcome) => {
                    self.finish(outcome, now);
                    return Ok(Progress::Finished);
                }
            }
        }
        Ok(progress)
    }

    /// The peer has said goodbye: `close_notify`, or the end of the stream on a layer that is up.
    fn peer_closed(&mut self, now: Moment, random: &mut dyn Random) -> Result<Progress, Error> {
        self.peer_ended = true;
        self.trace.push(now.base, self.peer_direction(), EventName::Close);
        match &self.layer {
            // The machine has not been told of this layer; that it never came up is the layer's affair.
            Layer::Gss(gss) if !gss.is_open() => {
                self.finish(Outcome::refused(refusal::peer_of(self.side), "eof"), now);
                return Ok(Progress::Finished);
            }
            _ => {}
        }
        let progress = self.tell(Input::Closed, now, random)?;
        if progress != Progress::Finished {
            self.finish(Outcome::refused(refusal::peer_of(self.side), "eof"), now);
        }
        Ok(Progress::Finished)
    }

    /// Ends it by something that the machine did not decide. What the machine had decided before stays.
    fn finish(&mut self, outcome: Outcome, now: Moment) {
        let outcome = self.machine.outcome().cloned().unwrap_or(outcome);
        self.conclude(outcome, now);
    }

    fn conclude(&mut self, mut outcome: Outcome, now: Moment) {
        if let Layer::Tls(tls) = &mut self.layer {
            if let Some(facts) = tls.facts() {
                outcome.tls = outcome.tls.or(Some(facts.version));
                outcome.suite = outcome.suite.or_else(|| Some(facts.suite.clone()));
            }
            tls.close();
            tls.flush(&mut self.wire, now.base, &mut self.trace);
        }
        if outcome.is_end_of_stream() && outcome.phase.is_none() {
            outcome.phase = Some(self.stage().word().into());
        }
        self.outcome = Some(outcome);
        self.ended = now.base;
    }

    fn rest(&self) -> Progress {
        if self.outcome.is_some() { Progress::Finished } else { Progress::NeedBytes }
    }

    /// The way of what the peer says.
    #[must_use]
    pub fn peer_direction(&self) -> Direction {
        match refusal::peer_of(self.side) {
            Side::Client => Direction::FromClient,
            _ => Direction::ToClient,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("side", &self.side)
            .field("layer", &self.layer)
            .field("trace", &self.trace.to_string())
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
