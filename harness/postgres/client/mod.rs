//! The client machine, in the order of libpq: GSS encryption, TLS, startup, authentication, ready.
//!
//! ```text
//! ExpectGssAnswer ─G─▶ ticket ▶ GSS ─┐
//!        │N                          │
//! ExpectTlsAnswer ─S─▶ TLS ──────────┤
//!        │N                          ▼
//!        └───────────────────▶ ExpectAuthentication ─Ok─▶ ExpectReady ─Z─▶ (ExpectResult) ─▶ Terminate
//! ```
//!
//! It stays on one connection: `N` falls back on it, a failure ends it. What libpq tries on a second connection is
//! [`ClientSettings::after_failure_over`].

mod login;
mod negotiation;
mod settings;

use crate::postgres::client_deviation::Deviation as ClientDeviation;
pub use settings::{
    ChannelBinding, Cleartext, ClientSettings, GssEncMode, KerberosSettings, SessionWanted, SslMode, Transport,
    UnknownWord,
};

use self::login::Login;
use crate::handshake::{
    ChannelFacts, Context, Direction, Error, EventName, GssRole, Handshake, Input, Outcome, Side, Step, TicketRequest,
    TlsFacts,
};
use crate::postgres::client_deviation::Deviation;
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame::{self, Inbox};
use crate::postgres::reply::{Authentication, Reply};
use crate::postgres::spoil;
use crate::postgres::startup::Startup;
use shakedown_krb5::Credential;
use shakedown_krb5::client::KerberosFailure;
use shakedown_krb5::gss::{Flags, Initiator};
use std::sync::Arc;

/// What libpq asks of a context that encrypts.
const ENCRYPTION_FLAGS: u32 = Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG;

/// One connection of a client.
#[derive(Debug)]
pub struct ClientHandshake {
    settings: Arc<ClientSettings>,
    state: State,
    inbox: Inbox,
    transport: Transport,
    tls: Option<TlsFacts>,
    /// The version in force: what was asked for until the server says less.
    protocol: u32,
    /// What the server says of itself: whether it is a standby.
    is_standby: bool,
    /// Whether it has answered a request for authentication.
    has_answered: bool,
    outcome: Option<Outcome>,
}

#[derive(Debug)]
enum State {
    Fresh,
    ExpectGssAnswer,
    ExpectEncryptionTicket,
    ExpectGss,
    ExpectTlsAnswer,
    ExpectTls,
    ExpectAuthentication { login: Login, negotiated: bool },
    ExpectLoginTicket,
    ExpectReady { in_parameters: bool },
    ExpectResult,
    Done,
}

impl ClientHandshake {
    /// Over a fresh connection.
    #[must_use]
    pub fn new(settings: Arc<ClientSettings>) -> Self {
        let protocol = settings.protocol;
        Self {
            settings,
            state: State::Fresh,
            inbox: Inbox::new(),
            transport: Transport::Clear,
            tls: None,
            protocol,
            is_standby: false,
            has_answered: false,
            outcome: None,
        }
    }

    /// What the connection runs over so far: after a failure, what [`ClientSettings::after_failure_over`] wants to know.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    fn send_startup(&mut self, cx: &mut Context<'_>) -> Step {
        let settings = &self.settings;
        let database = settings.database.as_deref().map(|database| ("database", database));
        let further = settings.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let parameters = [("user", settings.user.as_str())].into_iter().chain(database).chain(further);
        Startup::write(cx.out, settings.protocol, parameters);
        cx.trace.push(cx.now, Direction::FromClient, EventName::Startup);
        self.state = State::ExpectAuthentication { login: Login::Unasked, negotiated: false };
        Step::Receive
    }

    fn need_ticket(&mut self) -> Result<Step, Error> {
        let kerberos = self.settings.kerberos.as_ref().ok_or(Error::Misuse("a ticket without Kerberos settings"))?;
        Ok(Step::NeedTicket(TicketRequest { client: kerberos.client.clone(), service: kerberos.principal() }))
    }

    fn ticket(&mut self, ticket: Result<&Credential, KerberosFailure>, cx: &mut Context<'_>) -> Result<Step, Error> {
        let encryption = match self.state {
            State::ExpectEncryptionTicket => true,
            State::ExpectLoginTicket => false,
            _ => return Err(Error::Misuse("a ticket that was not asked for")),
        };
        let credential = match ticket {
            Ok(credential) => credential,
            Err(failure) => return Ok(self.without_ticket(&failure)),
        };
        let mutual = self.settings.kerberos.as_ref().is_some_and(|kerberos| kerberos.mutual);
        let flags = match (encryption, mutual) {
            (true, _) => ENCRYPTION_FLAGS,
            // MIT's library adds the last two to whatever its caller asks for.
            (false, true) => Flags::MUTUAL | Flags::CONF | Flags::INTEG,
            (false, false) => Flags::CONF | Flags::INTEG,
        };
        let (initiator, token) = Initiator::start(credential, Flags(flags), cx.now, cx.random);
        if encryption {
            self.state = State::ExpectGss;
            return Ok(Step::StartGss(GssRole::Initiate { initiator: Box::new(initiator), token }));
        }
        cx.trace.push(cx.now, Direction::FromClient, EventName::ApReq);
        frame::message(cx.out, b'p', |writer| {
            writer.bytes(&token);
        });
        self.state = State::ExpectAuthentication { login: Login::Gss(Box::new(initiator)), negotiated: true };
        self.messages(cx)
    }

    /// libpq closes without a word; a KDC's refusal is told as what it is.
    fn without_ticket(&mut self, failure: &KerberosFailure) -> Step {
        match failure {
            KerberosFailure::Kdc { code, text } => {
                let outcome = Outcome::refused(Side::Kdc, format!("krb {code}")).saying(text.clone());
                self.finish(outcome)
            }
            other => self.refuse("no_ticket", Some(other.to_string())),
        }
    }

    fn secured(&mut self, facts: &ChannelFacts, cx: &mut Context<'_>) -> Result<Step, Error> {
        match (&self.state, facts) {
            (State::ExpectTls, ChannelFacts::Tls(tls)) => {
                if self.settings.direct_tls && tls.alpn.as_deref() != Some(b"postgresql") {
                    return Err(Error::peer("direct TLS without ALPN 'postgresql'"));
                }
                self.tls = Some(tls.clone());
            }
            // Its tokens are in the trace already: the layer carried them.
            (State::ExpectGss, ChannelFacts::Gss(_)) => {}
            _ => return Err(Error::Misuse("a layer that was not asked for")),
        }
        Ok(self.send_startup(cx))
    }

    /// All complete messages that are there.
    fn messages(&mut self, cx: &mut Context<'_>) -> Result<Step, Error> {
        let mut inbox = std::mem::take(&mut self.inbox);
        let step = loop {
            let Some(kind) = inbox.kind() else { break Ok(Step::Receive) };
            let Some(limit) = Reply::limit(kind) else {
                break Err(Error::peer(format!("message type '{}' from a server", kind.escape_ascii())));
            };
            match inbox.message(limit).and_then(|message| message.map(Reply::decode).transpose()) {
                Ok(None) => break Ok(Step::Receive),
                Ok(Some(reply)) => match self.reply(reply, cx) {
                    Ok(Step::Receive) => {}
                    end => break end,
                },
                Err(error) => break Err(error),
            }
        };
        self.inbox = inbox;
        step
    }

    fn reply(&mut self, reply: Reply<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        if let Reply::Notice(_) = reply {
            return Ok(Step::Receive);
        }
        match std::mem::replace(&mut self.state, State::Done) {
            State::ExpectAuthentication { login, negotiated } => match reply {
                Reply::Authentication(Authentication::Ok) => self.authenticated(login, cx),
                Reply::Authentication(request) => {
                    let login = self.authenticate(login, request, cx)?;
                    Ok(self.continue_login(login, true))
                }
                Reply::NegotiateProtocolVersion { version, options } if !negotiated => {
                    self.negotiate(version, &options)?;
                    Ok(self.continue_login(Progress::Waiting(login), true))
                }
                Reply::Error(fields) => {
                    let cause = login.refusal();
                    Ok(self.refused_by_server(&fields, cause, cx))
                }
                other => Err(out_of_place(&other, "authentication")),
            },
            State::ExpectReady { in_parameters } => match reply {
                Reply::ParameterStatus { name, value } => {
                    if name == "in_hot_standby" {
                        self.is_standby = value == "on";
                    }
                    if !in_parameters {
                        cx.trace.push(cx.now, Direction::ToClient, EventName::Parameter);
                    }
                    self.state = State::ExpectReady { in_parameters: true };
                    Ok(Step::Receive)
                }
                Reply::BackendKeyData { key, .. } => {
                    self.check_key(key)?;
                    self.state = State::ExpectReady { in_parameters: false };
                    Ok(Step::Receive)
                }
                Reply::ReadyForQuery(_) => Ok(self.ready(cx)),
                Reply::Error(fields) => {
                    self.outcome = None;
                    Ok(self.refused_by_server(&fields, None, cx))
                }
                other => Err(out_of_place(&other, "ReadyForQuery")),
            },
            State::ExpectResult => match reply {
                Reply::ReadyForQuery(_) => Ok(self.terminate(cx)),
                Reply::Error(fields) => Ok(self.refused_by_server(&fields, None, cx)),
                Reply::Data(_) | Reply::CommandComplete(_) | Reply::ParameterStatus { .. } => {
                    self.state = State::ExpectResult;
                    Ok(Step::Receive)
                }
                other => Err(out_of_place(&other, "a result")),
            },
            _ => Err(Error::Misuse("octets while none are awaited")),
        }
    }

    fn continue_login(&mut self, progress: Progress, negotiated: bool) -> Step {
        match progress {
            Progress::Waiting(login) => {
                self.state = State::ExpectAuthentication { login, negotiated };
                Step::Receive
            }
            Progress::Ticket(request) => {
                self.state = State::ExpectLoginTicket;
                Step::NeedTicket(request)
            }
            Progress::Refused(code) => self.refuse(code, None),
        }
    }

    /// libpq 18's rules for the `v` message.
    fn negotiate(&mut self, version: u32, options: &[std::borrow::Cow<'_, str>]) -> Result<(), Error> {
        if self.settings.deviates(Deviation::TakesAnyVersion) {
            return Ok(());
        }
        let shown = |version: u32| format!("{}.{}", version >> 16, version & 0xffff);
        if version > self.settings.protocol {
            return Err(Error::peer(format!(
                "NegotiateProtocolVersion names {}, which is newer than asked for",
                shown(version)
            )));
        }
        if version < ClientSettings::PROTOCOL_3_0 || version == ClientSettings::PROTOCOL_3_0 + 1 {
            return Err(Error::peer(format!(
                "NegotiateProtocolVersion names {}, which is no version (the full version number belongs here)",
                shown(version)
            )));
        }
        if version == self.settings.protocol && options.is_empty() {
            return Err(Error::peer("NegotiateProtocolVersion asks for no change"));
        }
        for option in options {
            if !option.starts_with("_pq_.") || !self.settings.parameters.iter().any(|(name, _)| name == option) {
                return Err(Error::peer("NegotiateProtocolVersion refuses an option that was not sent"));
            }
        }
        self.protocol = version;
        Ok(())
    }

    fn check_key(&self, key: &[u8]) -> Result<(), Error> {
        let allowed = if self.protocol == ClientSettings::PROTOCOL_3_0 { 4..=4 } else { 4..=256 };
        if allowed.contains(&key.len()) || self.settings.deviates(Deviation::TakesLongKey) {
            return Ok(());
        }
        Err(Error::peer(format!(
            "BackendKeyData has a key of {} octets, allowed are {} to {}",
            key.len(),
            allowed.start(),
            allowed.end()
        )))
    }

    fn authenticated(&mut self, login: Login, cx: &mut Context<'_>) -> Result<Step, Error> {
        let method = self.conclude(login)?;
        cx.trace.push(cx.now, Direction::ToClient, EventName::AuthOk);
        match method {
            Some(method) => {
                self.outcome = Some(self.over(Outcome::established(method)));
                self.state = State::ExpectReady { in_parameters: false };
                Ok(Step::Receive)
            }
            None => Ok(self.refuse("channel_binding", None)),
        }
    }

    fn ready(&mut self, cx: &mut Context<'_>) -> Step {
        cx.trace.push(cx.now, Direction::ToClient, EventName::Ready);
        match (self.settings.session, self.is_standby) {
            (SessionWanted::ReadWrite, true) => return self.refuse("session_read_only", None),
            (SessionWanted::ReadOnly, false) => return self.refuse("session_read_write", None),
            _ => {}
        }
        match &self.settings.query {
            Some(query) => {
                frame::message(cx.out, b'Q', |writer| {
                    writer.nul_terminated(query.as_bytes());
                });
                self.state = State::ExpectResult;
                Step::Receive
            }
            None => self.terminate(cx),
        }
    }

    fn terminate(&mut self, cx: &mut Context<'_>) -> Step {
        frame::message(cx.out, b'X', |_| {});
        let outcome =
            self.outcome.clone().expect("AuthenticationOk, which decides the outcome, came before ReadyForQuery");
        self.finish(outcome)
    }

    fn refused_by_server(&mut self, fields: &ErrorFields, cause: Option<String>, cx: &mut Context<'_>) -> Step {
        cx.trace.push_with(cx.now, Direction::ToClient, EventName::Error, fields.code.clone());
        let outcome = Outcome::refused(Side::Server, fields.code.clone()).saying(fields.message.clone());
        let outcome = match cause {
            Some(cause) => outcome.because(cause),
            None => outcome,
        };
        let outcome = self.over(outcome);
        self.finish(outcome)
    }

    fn refuse(&mut self, code: &'static str, cause: Option<String>) -> Step {
        let outcome = Outcome::refused(Side::Client, code);
        let outcome = match cause {
            Some(cause) => outcome.because(cause),
            None => outcome,
        };
        let outcome = self.over(outcome);
        self.finish(outcome)
    }

    fn over(&self, outcome: Outcome) -> Outcome {
        match &self.tls {
            Some(tls) => outcome.over(tls.version, tls.suite.clone()),
            None => outcome,
        }
    }

    fn finish(&mut self, outcome: Outcome) -> Step {
        self.state = State::Done;
        self.outcome = Some(outcome.clone());
        Step::Finish(outcome)
    }
}

/// What came of an authentication request.
#[derive(Debug)]
enum Progress {
    Waiting(Login),
    Ticket(TicketRequest),
    Refused(&'static str),
}

fn out_of_place(reply: &Reply<'_>, awaited: &str) -> Error {
    let name = match reply {
        Reply::Authentication(_) => "Authentication",
        Reply::NegotiateProtocolVersion { .. } => "NegotiateProtocolVersion",
        Reply::ParameterStatus { .. } => "ParameterStatus",
        Reply::BackendKeyData { .. } => "BackendKeyData",
        Reply::ReadyForQuery(_) => "ReadyForQuery",
        Reply::Error(_) => "ErrorResponse",
        Reply::Notice(_) => "NoticeResponse",
        Reply::CommandComplete(_) => "CommandComplete",
        Reply::Data(_) => "part of a result",
    };
    Error::peer(format!("{name} while {awaited} is awaited"))
}

impl Handshake for ClientHandshake {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        let (said, events) = (cx.out.len(), cx.trace.events().len());
        let step = self.respond(input, cx);
        let flight = &cx.trace.events()[events..];
        for deviation in &self.settings.deviations {
            spoil::by_client(*deviation, cx.out, said, flight, !self.has_answered);
        }
        self.has_answered |=
            flight.iter().any(|event| event.name == EventName::AuthData && event.direction == Direction::FromClient);
        step
    }

    fn outcome(&self) -> Option<&Outcome> {
        match self.state {
            State::Done | State::ExpectResult => self.outcome.as_ref(),
            _ => None,
        }
    }
}

impl ClientHandshake {
    fn respond(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        match input {
            Input::Start if matches!(self.state, State::Fresh) => self.start(cx),
            Input::Start => Err(Error::Misuse("a machine is started once")),
            Input::Bytes(octets) => {
                self.inbox.push(octets);
                match self.state {
                    State::ExpectGssAnswer => self.gss_answer(cx),
                    State::ExpectTlsAnswer => self.tls_answer(cx),
                    // Kept until the ticket is there.
                    State::ExpectLoginTicket => Ok(Step::Receive),
                    State::ExpectEncryptionTicket => {
                        self.nothing_behind("G")?;
                        Ok(Step::Receive)
                    }
                    _ => self.messages(cx),
                }
            }
            Input::Secured(facts) => self.secured(facts, cx),
            Input::Ticket(ticket) => self.ticket(ticket, cx),
            Input::Closed => match &self.state {
                State::Done => Err(Error::Misuse("the machine has finished")),
                _ => {
                    let outcome = self.over(Outcome::refused(Side::Server, "eof"));
                    Ok(self.finish(outcome))
                }
            },
        }
    }
}
