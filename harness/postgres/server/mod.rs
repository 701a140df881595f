//! The server machine, as PostgreSQL 15 goes about it.
//!
//! ```text
//! ExpectPacket ─SSLRequest─▶ S ▶ TLS ─┐      (N: ExpectPacket again, the other request may still come)
//!      │      ─GSSENCRequest▶ G ▶ GSS ┤
//!      │StartupMessage                │
//!      ▼                              ▼
//! pg_hba ─▶ ExpectAnswer (password, md5, SASL, GSS) ─▶ AuthenticationOk ─▶ role, database, settings ─▶ Session
//! ```

mod extended;
mod login;
mod parameter;
mod session;
mod settings;
mod statement;

pub use settings::{
    Account, Databases, PasswordEncryption, ServerSettings, TokenCheck, Unavailable, UnknownEncryption, Verifier,
};

use self::login::Exchange;
use self::session::Session;
use crate::handshake::deviation::misprinted;
use crate::handshake::{
    ChannelFacts, Context, Direction, Error, EventName, GssFacts, GssRole, Handshake, Input, Outcome, Side, Step,
    TlsFacts, TlsOffer,
};
use crate::postgres::deviation::Deviation;
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame::{self, Inbox};
use crate::postgres::hba::Encryption;
use crate::postgres::reply;
use crate::postgres::spoil;
use crate::postgres::startup::{Packet, Startup};
use std::sync::Arc;

/// The only version there is here; PostgreSQL 18 has 3.2 as well.
const PROTOCOL: u32 = 0x0003_0000;

/// One connection of a server.
#[derive(Debug)]
pub struct ServerHandshake {
    settings: Arc<ServerSettings>,
    peer: String,
    state: State,
    inbox: Inbox,
    tls: Option<TlsFacts>,
    gss: Option<GssFacts>,
    /// Whether a request for a layer may still come: not twice, and not inside a layer.
    tls_asked: bool,
    gss_asked: bool,
    /// Whether octets came behind a request before its layer was up; told once the layer is up, as the real server does.
    smuggled: Option<&'static str>,
    /// Where TLS began without a request: the octets by which it did, until the layer has them.
    direct: Option<Vec<u8>>,
    startup: Startup,
    outcome: Option<Outcome>,
}

/// The first octet of a TLS record that holds a handshake (RFC 8446 §5.1): no StartupMessage is as long as one that begins so.
const TLS_HANDSHAKE: u8 = 0x16;

#[derive(Debug)]
enum State {
    Fresh,
    ExpectPacket,
    ExpectLayer,
    ExpectAnswer(Box<Exchange>),
    Session(Box<Session>),
    Done,
}

impl ServerHandshake {
    /// Over a fresh connection from `peer`, the client's address as texts show it (`127.0.0.1`).
    #[must_use]
    pub fn new(settings: Arc<ServerSettings>, peer: impl Into<String>) -> Self {
        Self {
            settings,
            peer: peer.into(),
            state: State::Fresh,
            inbox: Inbox::new(),
            tls: None,
            gss: None,
            tls_asked: false,
            gss_asked: false,
            smuggled: None,
            direct: None,
            startup: Startup::default(),
            outcome: None,
        }
    }

    fn encryption(&self) -> Encryption {
        if self.tls.is_some() {
            Encryption::Tls
        } else if self.gss.is_some() {
            Encryption::Gss
        } else {
            Encryption::Clear
        }
    }

    /// Everything complete that is there.
    fn read(&mut self, cx: &mut Context<'_>) -> Result<Step, Error> {
        let mut inbox = std::mem::take(&mut self.inbox);
        let step = loop {
            let step = match self.state {
                State::ExpectPacket => self.read_packet(&mut inbox, cx),
                State::ExpectAnswer(_) => self.read_answer(&mut inbox, cx),
                State::Session(_) => self.read_message(&mut inbox, cx),
                State::Fresh | State::ExpectLayer | State::Done => Err(Error::Misuse("octets while none are awaited")),
            };
            match step {
                Ok(Some(Step::Receive)) => {}
                Ok(Some(step)) => break Ok(step),
                Ok(None) => break Ok(Step::Receive),
                Err(error) => break Err(error),
            }
        };
        self.inbox = inbox;
        step
    }

    fn read_packet(&mut self, inbox: &mut Inbox, cx: &mut Context<'_>) -> Result<Option<Step>, Error> {
        let may_be_direct = self.settings.tls && self.settings.direct_tls && !self.tls_asked && !self.gss_asked;
        if may_be_direct && inbox.kind() == Some(TLS_HANDSHAKE) {
            self.tls_asked = true;
            self.direct = Some(inbox.unread().to_vec());
            inbox.clear();
            self.state = State::ExpectLayer;
            return Ok(Some(Step::StartTls(TlsOffer { alpn: Some(b"postgresql") })));
        }
        let Some(packet) = inbox.packet()? else { return Ok(None) };
        match Packet::decode(packet)? {
            Packet::SslRequest if !self.tls_asked => {
                self.tls_asked = true;
                cx.trace.push(cx.now, Direction::FromClient, EventName::TlsRequest);
                if !self.settings.tls || self.settings.deviates(Deviation::RefuseTls) {
                    cx.out.push(b'N');
                    cx.trace.push(cx.now, Direction::ToClient, EventName::TlsRefuse);
                    return Ok(Some(self.behind_request(inbox, "SSL request", Step::Receive, cx)));
                }
                cx.out.push(b'S');
                cx.trace.push(cx.now, Direction::ToClient, EventName::TlsAccept);
                if self.settings.deviates(Deviation::BytesBehindTlsAccept) {
                    reply::error(cx.out, &ErrorFields::fatal("57P03", "the database system is starting up"));
                }
                let alpn = self.settings.alpn.then_some(&b"postgresql"[..]);
                Ok(Some(self.behind_request(inbox, "SSL request", Step::StartTls(TlsOffer { alpn }), cx)))
            }
            Packet::GssEncRequest if !self.gss_asked => {
                self.gss_asked = true;
                cx.trace.push(cx.now, Direction::FromClient, EventName::GssencRequest);
                let step = match &self.settings.acceptor {
                    Some(acceptor) if self.settings.gss_encryption => {
                        cx.out.push(b'G');
                        cx.trace.push(cx.now, Direction::ToClient, EventName::GssencAccept);
                        Step::StartGss(GssRole::Accept(acceptor.clone()))
                    }
                    _ => {
                        cx.out.push(b'N');
                        cx.trace.push(cx.now, Direction::ToClient, EventName::GssencRefuse);
                        Step::Receive
                    }
                };
                Ok(Some(self.behind_request(inbox, "GSSAPI encryption request", step, cx)))
            }
            Packet::SslRequest => Ok(Some(self.unsupported_protocol(crate::postgres::startup::SSL_REQUEST, cx))),
            Packet::GssEncRequest => Ok(Some(self.unsupported_protocol(crate::postgres::startup::GSSENC_REQUEST, cx))),
            // Never answered, whatever the key: nothing is running here that could be cancelled.
            Packet::Cancel => Ok(Some(self.finish(Outcome::refused(Side::Server, "eof").because("cancel request")))),
            Packet::Startup { protocol, body } => Ok(Some(self.start_up(protocol, &body, cx))),
        }
    }

    /// The peer has to wait for the answer to its request; what is behind the request was smuggled in (CVE-2021-23214).
    /// The real server notices once the layer is up, or at once where there is none.
    fn behind_request(&mut self, inbox: &mut Inbox, request: &'static str, step: Step, cx: &mut Context<'_>) -> Step {
        let smuggled = !inbox.unread().is_empty();
        inbox.clear();
        match step {
            Step::Receive if smuggled => self.smuggling(request, cx),
            Step::Receive => Step::Receive,
            layer => {
                self.smuggled = smuggled.then_some(request);
                self.state = State::ExpectLayer;
                layer
            }
        }
    }

    fn smuggling(&mut self, request: &'static str, cx: &mut Context<'_>) -> Step {
        let fields = ErrorFields::fatal("08P01", format!("received unencrypted data after {request}"))
            .detail("This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.")
            .at("postmaster.c", 2134, "ProcessStartupPacket");
        self.refuse(&fields, None, cx)
    }

    fn secured(&mut self, facts: &ChannelFacts, cx: &mut Context<'_>) -> Result<Step, Error> {
        if !matches!(self.state, State::ExpectLayer) {
            return Err(Error::Misuse("a layer that was not asked for"));
        }
        // Neither layer inside the other, nor again.
        (self.tls_asked, self.gss_asked) = (true, true);
        match facts {
            ChannelFacts::Tls(facts) => {
                // `ProcessSSLStartup`: whoever does not say what it wants to speak might speak anything.
                if self.direct.is_some() && facts.alpn.is_none() {
                    let outcome = Outcome::refused(Side::Server, "eof").because("direct TLS without ALPN");
                    return Ok(self.finish(outcome));
                }
                self.tls = Some(facts.clone());
            }
            ChannelFacts::Gss(facts) => self.gss = Some(facts.clone()),
        }
        self.state = State::ExpectPacket;
        Ok(match self.smuggled {
            Some(request) => self.smuggling(request, cx),
            None => Step::Receive,
        })
    }

    /// `ProcessStartupPacket`, from the version on.
    fn start_up(&mut self, protocol: u32, body: &[u8], cx: &mut Context<'_>) -> Step {
        if protocol >> 16 != 3 {
            return self.unsupported_protocol(protocol, cx);
        }
        cx.trace.push(cx.now, Direction::FromClient, EventName::Startup);
        self.startup = match Startup::read(body) {
            Ok(startup) => startup,
            Err(fields) => return self.refuse(&fields, None, cx),
        };
        if protocol > PROTOCOL || !self.startup.protocol_options.is_empty() {
            let minor_only = self.settings.deviates(Deviation::MinorOnlyVersion);
            let version = if minor_only { PROTOCOL & 0xffff } else { PROTOCOL };
            reply::negotiate_protocol_version(cx.out, version, &self.startup.protocol_options);
        }
        if self.startup.user.is_empty() {
            let fields = ErrorFields::fatal("28000", "no PostgreSQL user name specified in startup packet");
            return self.refuse(&fields.at("postmaster.c", 2349, "ProcessStartupPacket"), None, cx);
        }
        if let Some(unavailable) = self.settings.unavailable {
            let (code, message) = unavailable.report();
            return self.refuse(&ErrorFields::fatal(code, message), None, cx);
        }
        self.decide_method(cx)
    }

    /// Anything that is no StartupMessage of protocol 3, a second SSLRequest included.
    fn unsupported_protocol(&mut self, protocol: u32, cx: &mut Context<'_>) -> Step {
        let (major, minor) = (protocol >> 16, protocol & 0xffff);
        let message = format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0");
        if major < 3 {
            // A client of that age knows no fields.
            cx.out.extend_from_slice(format!("EFATAL:  {message}\n\0").as_bytes());
            cx.trace.push_with(cx.now, Direction::ToClient, EventName::Error, "0A000");
            return self.finish(Outcome::refused(Side::Server, "0A000").saying(message));
        }
        let fields = ErrorFields::fatal("0A000", message).at("postmaster.c", 2220, "ProcessStartupPacket");
        self.refuse(&fields, None, cx)
    }

    fn read_message(&mut self, inbox: &mut Inbox, cx: &mut Context<'_>) -> Result<Option<Step>, Error> {
        let State::Session(session) = &mut self.state else { return Err(Error::Misuse("no session")) };
        let Some(kind) = inbox.kind() else { return Ok(None) };
        let limit = match kind {
            b'Q' | b'P' | b'B' | b'F' | b'd' => frame::LARGE_LIMIT,
            b'X' | b'C' | b'D' | b'E' | b'H' | b'S' | b'c' | b'f' => frame::SMALL_LIMIT,
            other => {
                let fields = ErrorFields::fatal("08P01", format!("invalid frontend message type {other}"));
                return Ok(Some(self.refuse(&fields.at("postgres.c", 446, "SocketBackend"), None, cx)));
            }
        };
        let Some(message) = inbox.message(limit)? else { return Ok(None) };
        match kind {
            b'X' => {
                let outcome = self.outcome.clone().expect("a session has begun with an established outcome");
                return Ok(Some(self.finish(outcome)));
            }
            b'S' => session.sync(cx.out),
            // Everything is sent at once; COPY's messages mean nothing here and are dropped, as the real server does.
            b'H' | b'd' | b'c' | b'f' => {}
            b'Q' if !session.is_skipping() => session.query(message.body, cx.out),
            b'F' if !session.is_skipping() => {
                session.fail();
                reply::error(cx.out, &ErrorFields::error("0A000", "function calls are not supported"));
                reply::ready_for_query(cx.out, session.transaction);
            }
            b'Q' | b'F' => {}
            _ => session.extended(kind, message.body, cx.out),
        }
        Ok(Some(Step::Receive))
    }

    /// An ErrorResponse, made FATAL as every error before the first ReadyForQuery is, and the end.
    fn refuse(&mut self, fields: &ErrorFields, cause: Option<String>, cx: &mut Context<'_>) -> Step {
        let mut fields = ErrorFields { severity: "FATAL".into(), ..fields.clone() };
        if self.settings.deviates(Deviation::ErrorMessageByte) {
            fields.message = misprinted(&fields.message).into();
        }
        reply::error(cx.out, &fields);
        cx.trace.push_with(cx.now, Direction::ToClient, EventName::Error, fields.code.clone());
        let outcome = Outcome::refused(Side::Server, fields.code).saying(fields.message);
        let outcome = match cause {
            Some(cause) => outcome.because(cause),
            None => outcome,
        };
        self.finish(outcome)
    }

    fn finish(&mut self, outcome: Outcome) -> Step {
        let outcome = self.over(outcome);
        self.state = State::Done;
        self.outcome = Some(outcome.clone());
        Step::Finish(outcome)
    }

    fn over(&self, outcome: Outcome) -> Outcome {
        match &self.tls {
            Some(tls) => outcome.over(tls.version, tls.suite.clone()),
            None => outcome,
        }
    }
}

impl Unavailable {
    const fn report(self) -> (&'static str, &'static str) {
        match self {
            Self::TooManyClients => ("53300", "sorry, too many clients already"),
            Self::StartingUp => ("57P03", "the database system is starting up"),
            Self::ShuttingDown => ("57P03", "the database system is shutting down"),
            Self::Recovering => ("57P03", "the database system is in recovery mode"),
        }
    }
}

impl Handshake for ServerHandshake {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        let (said, events) = (cx.out.len(), cx.trace.events().len());
        let step = self.respond(input, cx);
        if let Some(deviation) = self.settings.deviation {
            spoil::by_server(deviation, cx.out, said, &cx.trace.events()[events..]);
        }
        step
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    fn take_unread(&mut self) -> Vec<u8> {
        self.direct.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

impl ServerHandshake {
    fn respond(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        match input {
            Input::Start if matches!(self.state, State::Fresh) => {
                self.state = State::ExpectPacket;
                Ok(Step::Receive)
            }
            Input::Start => Err(Error::Misuse("a machine is started once")),
            Input::Bytes(octets) => {
                self.inbox.push(octets);
                self.read(cx)
            }
            Input::Secured(facts) => self.secured(facts, cx),
            Input::Ticket(_) => Err(Error::Misuse("a server asks for no ticket")),
            Input::Closed => match (&self.state, &self.outcome) {
                (State::Done, _) => Err(Error::Misuse("the machine has finished")),
                (State::Session(_), Some(outcome)) => {
                    let outcome = outcome.clone();
                    Ok(self.finish(outcome))
                }
                _ => Ok(self.finish(Outcome::refused(Side::Client, "eof"))),
            },
        }
    }
}
