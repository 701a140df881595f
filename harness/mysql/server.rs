//! The server's side: greeting, TLS, login, authentication, the checks behind it, and commands.
//!
//! ```text
//!   Start ─▶ ExpectFirst ─▶ ExpectTls ─▶ ExpectLogin ─▶ ExpectAuthData ─▶ ExpectCommand ─▶ Ended
//!                 └───────────────────────▲    └────────────────▲                │
//!                     without TLS                without switch │  COM_CHANGE_USER
//!                                                               └────────────────┘
//! ```
//!
//! A client that breaks the protocol is answered as mysqld answers it (1043, 1153, 1156) and that is the outcome; it never
//! is an [`Error`]. The order of checks is that of mysqld's `acl_authenticate`.

use crate::handshake::deviation::misprinted;
use crate::handshake::{
    ChannelFacts, Context, Direction, Error, EventName, Handshake, Input, Outcome, Reader, Side, Step, TlsFacts,
    TlsOffer, Writer,
};
use crate::mysql::account::{Account, Credentials};
use crate::mysql::admission::{self, Denial};
use crate::mysql::auth::exchange::{Exchange, Progress, Proof, Scene, decoy_account};
use crate::mysql::auth::kerberos::{ServiceName, TokenKind, token_kind};
use crate::mysql::auth::sha2_password::FAST_AUTH_SUCCESS;
use crate::mysql::auth::{ClientPlugin, Nonce, ServerPlugin};
use crate::mysql::capability::Capabilities;
use crate::mysql::charset::Charset;
use crate::mysql::command::{Command, Session};
use crate::mysql::condition::Condition;
use crate::mysql::deviation::Deviation;
use crate::mysql::greeting::{Greeting, draw_nonce};
use crate::mysql::login::{self, HEADER_LENGTH, Header, Login};
use crate::mysql::packet::{FrameError, PacketReader, Sequence, write};
use crate::mysql::reply::{AUTH_MORE_DATA, AuthSwitch, ErrPacket, STATUS_AUTOCOMMIT, STATUS_IN_TRANS};
use crate::mysql::settings::ServerSettings;
use crate::mysql::spoil;
use std::borrow::Cow;
use std::sync::Arc;

/// The server's side of one connection.
#[derive(Debug)]
pub struct ServerHandshake {
    settings: Arc<ServerSettings>,
    state: State,
    reader: PacketReader,
    sequence: Sequence,
    nonce: Nonce,
    session: Session,
    outcome: Option<Outcome>,
}

#[derive(Debug)]
enum State {
    /// Nothing has been sent.
    Start,
    /// The greeting has been sent.
    ExpectFirst,
    /// An SSLRequest has come.
    ExpectTls { charset: Option<u8> },
    /// TLS is up.
    ExpectLogin { charset: Option<u8> },
    /// The client was asked for the account's plugin.
    ExpectAuthData(Box<Candidate>),
    /// Logged in.
    ExpectCommand,
    /// An outcome has been returned.
    Ended,
}

/// Somebody who wants to log in.
#[derive(Debug)]
struct Candidate {
    login: Login,
    user: String,
    account: Account,
    is_known: bool,
    exchange: Exchange,
    used_password: bool,
}

impl ServerHandshake {
    /// A server that has not said anything yet. The client is called `127.0.0.1` in texts, until [`Self::from_host`].
    #[must_use]
    pub fn new(settings: Arc<ServerSettings>, connection_id: u32) -> Self {
        Self {
            session: Session::new(Arc::clone(&settings), connection_id),
            reader: PacketReader::of_server(Condition::max_allowed_packet(settings.condition)),
            settings,
            state: State::Start,
            sequence: Sequence::default(),
            nonce: Nonce::default(),
            outcome: None,
        }
    }

    /// With the client's address as error texts and `USER()` show it.
    #[must_use]
    pub fn from_host(mut self, client_host: impl Into<String>) -> Self {
        self.session.client_host = client_host.into();
        self
    }

    /// The connect attributes of the last login, as far as they could be read.
    #[must_use]
    pub fn attributes(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.session.attributes
    }

    fn greet(&mut self, cx: &mut Context<'_>) {
        self.nonce = draw_nonce(cx.random);
        let mut auth_data = self.nonce.to_vec();
        auth_data.push(0);
        let greeting = Greeting {
            version: self.settings.version.clone(),
            connection_id: self.session.connection_id,
            auth_data,
            capabilities: self.offered(),
            charset: self.settings.charset,
            status: STATUS_AUTOCOMMIT,
            plugin: Some(self.settings.default_plugin.client_plugin().name().into()),
        };
        self.note(Direction::ToClient, EventName::Greeting, None, cx);
        write(cx.out, &mut self.sequence, |writer| greeting.encode(writer));
        self.state = State::ExpectFirst;
    }

    /// mysqld sets both SSL bits together, and only if it has a usable TLS context.
    fn offered(&self) -> Capabilities {
        let tls = Capabilities::SSL | Capabilities::SSL_VERIFY_SERVER_CERT;
        if self.settings.tls && !self.settings.deviates(Deviation::NoSslBit) {
            self.settings.capabilities | tls
        } else {
            self.settings.capabilities.without(tls)
        }
    }

    /// Takes packets out of `reader` until something other than more octets is wanted.
    fn packets(&mut self, reader: &mut PacketReader, cx: &mut Context<'_>) -> Result<Step, Error> {
        loop {
            if matches!(self.state, State::ExpectCommand) {
                self.sequence = Sequence::default();
            }
            let step = match reader.next(&mut self.sequence) {
                Ok(None) => return Ok(Step::Receive),
                Ok(Some(payload)) => self.packet(payload, cx)?,
                Err(error) => return Ok(self.refuse(frame_denial(error), cx)),
            };
            if !matches!(step, Step::Receive) {
                return Ok(step);
            }
        }
    }

    fn packet(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Result<Step, Error> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::ExpectFirst => Ok(self.first(payload, cx)),
            State::ExpectLogin { charset } => Ok(self.login_behind_tls(payload, charset, cx)),
            State::ExpectAuthData(candidate) => Ok(self.auth_data(candidate, payload, cx)),
            State::ExpectCommand => Ok(self.command(payload, cx)),
            State::Start | State::ExpectTls { .. } | State::Ended => Err(Error::Misuse("octets when none are awaited")),
        }
    }

    /// An SSLRequest, or the login itself. The SSL bit alone decides, as in mysqld.
    fn first(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Step {
        let mut reader = Reader::new("login", payload);
        let header = match Header::decode(&mut reader) {
            Ok(header) => header,
            // Somebody from before 4.1 knows no SQLSTATE either.
            Err(Error::Unsupported(cause)) => {
                let error = ErrPacket { state: None, ..unsupported_authentication() };
                return self.refuse(Denial { error, cause }, cx);
            }
            Err(error) => {
                let mut denial = bad_handshake(&error);
                if payload.get(1).is_some_and(|octet| octet & PROTOCOL_41_OCTET == 0) {
                    denial.error.state = None;
                }
                return self.refuse(denial, cx);
            }
        };
        self.session.capabilities = header.capabilities;
        self.session.charset = Charset::by_number(header.charset, self.settings.charset);
        if !header.capabilities.has(Capabilities::SSL) {
            return self.login(reader, cx);
        }
        self.note(Direction::FromClient, EventName::TlsRequest, None, cx);
        if !self.offered().has(Capabilities::SSL) {
            return self.refuse(bad_handshake(&Error::peer("tls was not offered")), cx);
        }
        let charset = (payload.len() >= HEADER_LENGTH).then_some(header.charset);
        self.state = State::ExpectTls { charset };
        Step::StartTls(TlsOffer::default())
    }

    /// mysqld skips the capabilities of the second packet (MariaDB Connector/J clears the SSL bit there), but its character
    /// set has to be that of the first.
    fn login_behind_tls(&mut self, payload: &[u8], charset: Option<u8>, cx: &mut Context<'_>) -> Step {
        let mut reader = Reader::new("login", payload);
        let header = reader.take("header", HEADER_LENGTH).map(|header| header[8]);
        match header {
            Ok(second) if charset.is_none_or(|first| first == second) => self.login(reader, cx),
            Ok(_) => self.refuse(bad_handshake(&Error::peer("another charset than in the SSLRequest")), cx),
            Err(error) => self.refuse(bad_handshake(&error), cx),
        }
    }

    fn login(&mut self, mut reader: Reader<'_>, cx: &mut Context<'_>) -> Step {
        match Login::decode(&mut reader, self.session.capabilities) {
            Ok(login) => {
                let attributes = login.attributes.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
                match login::library(attributes).filter(|_| self.outcome.is_none()) {
                    Some(library) => cx.trace.push_with(cx.now, Direction::FromClient, EventName::Login, library),
                    None => self.note(Direction::FromClient, EventName::Login, None, cx),
                }
                if self.settings.deviates(Deviation::WrongSequenceId) {
                    self.sequence.0 = self.sequence.0.wrapping_add(1);
                }
                self.authenticate(login, Entry::Login, cx)
            }
            Err(error) => self.refuse(bad_handshake(&error), cx),
        }
    }

    /// Finds the account and starts its plugin. Decides whether the login's own data count or the client is asked again:
    ///
    /// * The account's plugin is the greeting's: the data count if the client ran that plugin.
    /// * It is another one: a plugin that speaks first (all but cleartext) asks always; one that only listens takes the data
    ///   if the client ran the right plugin already.
    fn authenticate(&mut self, login: Login, entry: Entry, cx: &mut Context<'_>) -> Step {
        let user = String::from_utf8_lossy(&login.user).into_owned();
        let known = self.settings.account(&user, &self.session.client_host).cloned();
        let is_known = known.is_some();
        let account = known.unwrap_or_else(|| decoy_account(&self.settings, &user, cx.random));
        self.session.attributes.clone_from(&login.attributes);
        let mut candidate = Box::new(Candidate {
            used_password: shows_a_password(account.credentials.plugin(), &login.auth_response),
            login,
            user,
            account,
            is_known,
            exchange: Exchange::ExpectFirst,
        });
        let plugin = candidate.account.credentials.plugin();
        let is_usable = plugin != ServerPlugin::Kerberos || self.settings.kerberos.is_some();
        if !self.settings.plugins.contains(&plugin) || !is_usable {
            let error = ErrPacket::new(1524, b"HY000", format!("Plugin '{plugin}' is not loaded"));
            return self.refuse(Denial { error, cause: "plugin not loaded".into() }, cx);
        }
        let wanted = plugin.client_plugin();
        let has_wanted = match &candidate.login.plugin {
            Some(name) => ClientPlugin::by_name(name) == Some(wanted),
            None => wanted == ClientPlugin::NativePassword,
        };
        let speaks_first = wanted != ClientPlugin::ClearPassword;
        let needs_switch = match entry {
            _ if self.settings.deviates(Deviation::AsksForCleartext) => true,
            Entry::Login if plugin == self.settings.default_plugin && plugin != ServerPlugin::Kerberos => !has_wanted,
            Entry::Login => speaks_first || !has_wanted,
            Entry::ChangeUser => speaks_first || !has_wanted,
        };
        if needs_switch {
            return self.switch(candidate, cx);
        }
        let data = std::mem::take(&mut candidate.login.auth_response);
        self.exchange(candidate, &data, cx)
    }

    fn switch(&mut self, candidate: Box<Candidate>, cx: &mut Context<'_>) -> Step {
        if !self.session.capabilities.has(Capabilities::PLUGIN_AUTH) {
            let error = unsupported_authentication();
            return self.refuse(Denial { error, cause: "client without plugins".into() }, cx);
        }
        let mut plugin = candidate.account.credentials.plugin().client_plugin();
        let mut data = Vec::new();
        match &candidate.account.credentials {
            _ if self.settings.deviates(Deviation::AsksForCleartext) => plugin = ClientPlugin::ClearPassword,
            Credentials::NativePassword(_) => data.extend_from_slice(&self.nonce),
            Credentials::CachingSha2Password(_) | Credentials::Sha256Password(_) => {
                // These draw a new nonce for each exchange, the native plugin does not.
                self.nonce = draw_nonce(cx.random);
                data.extend_from_slice(&self.nonce);
            }
            Credentials::Kerberos { realm } => {
                let service_principal = self
                    .settings
                    .kerberos
                    .as_ref()
                    .map(|service| service.service_principal.clone())
                    .unwrap_or_default();
                let names = ServiceName { service_principal, realm: realm.clone() };
                names.encode(&mut Writer::new(&mut data));
            }
            Credentials::Pam(_) | Credentials::Iam(_) => {}
        }
        if data.len() == self.nonce.len() && !self.settings.deviates(Deviation::NonceWithoutNul) {
            data.push(0);
        }
        self.note(Direction::ToClient, EventName::AuthSwitch, Some(plugin.name()), cx);
        let switch = AuthSwitch { plugin: plugin.name().as_bytes(), data: &data };
        write(cx.out, &mut self.sequence, |writer| switch.encode(writer));
        self.state = State::ExpectAuthData(candidate);
        Step::Receive
    }

    fn auth_data(&mut self, mut candidate: Box<Candidate>, data: &[u8], cx: &mut Context<'_>) -> Step {
        let event = match token_kind(data) {
            TokenKind::ApReq => EventName::ApReq,
            _ => EventName::AuthData,
        };
        self.note(Direction::FromClient, event, None, cx);
        // The first answer to the account's own plugin decides, not what the client sent for another one.
        if candidate.exchange == Exchange::ExpectFirst {
            candidate.used_password = shows_a_password(candidate.account.credentials.plugin(), data);
        }
        self.exchange(candidate, data, cx)
    }

    fn exchange(&mut self, mut candidate: Box<Candidate>, data: &[u8], cx: &mut Context<'_>) -> Step {
        let scene = Scene {
            settings: &self.settings,
            user: &candidate.user,
            credentials: &candidate.account.credentials,
            nonce: &self.nonce,
            secure: self.session.tls.is_some(),
            now: cx.now,
        };
        let progress = match candidate.exchange.data(data, &scene, cx.random) {
            // A decoy has no right password.
            Progress::Unreadable(problem) => return self.refuse(bad_handshake(&Error::peer(problem)), cx),
            Progress::Accepted(_) | Progress::Refused(_) | Progress::RefusedBy(..) if !candidate.is_known => {
                Progress::Refused("unknown user".into())
            }
            Progress::Refused(_) | Progress::RefusedBy(..) if self.settings.deviates(Deviation::AcceptsWrongSecret) => {
                Progress::Accepted(Proof::Plain)
            }
            Progress::Accepted(_) if self.settings.deviates(Deviation::RefusesRightSecret) => {
                Progress::Refused("deviation refuses-right-secret".into())
            }
            Progress::RefusedBy(token, cause) => {
                let event = match token_kind(&token) {
                    TokenKind::KrbError => EventName::KrbError,
                    _ => EventName::AuthData, // SPNEGO's word that it is rejected
                };
                self.more_data(&token, event, None, cx);
                Progress::Refused(cause)
            }
            progress => progress,
        };
        match progress {
            Progress::Unreadable(problem) => self.refuse(bad_handshake(&Error::peer(problem)), cx),
            Progress::Ask(more, what) => {
                self.more_data(&more, EventName::AuthData, Some(what), cx);
                self.state = State::ExpectAuthData(candidate);
                Step::Receive
            }
            Progress::Refused(cause) | Progress::RefusedBy(_, cause) => {
                let mut denial = admission::access_denied(
                    &candidate.user,
                    &self.session.client_host,
                    candidate.used_password,
                    cause,
                );
                if self.settings.deviates(Deviation::WrongErrorCode) {
                    (denial.error.code, denial.error.state) = (1044, Some(*b"42000"));
                }
                self.refuse(denial, cx)
            }
            Progress::Accepted(proof) => {
                match proof {
                    Proof::FastAuthSuccess => {
                        self.more_data(&[FAST_AUTH_SUCCESS], EventName::AuthData, Some("fast"), cx);
                    }
                    Proof::Reply(token) if !self.settings.deviates(Deviation::NoApRep) => {
                        let event = match token_kind(&token) {
                            TokenKind::ApRep => EventName::ApRep,
                            _ => EventName::AuthData, // SPNEGO's word that it is complete
                        };
                        self.more_data(&token, event, None, cx);
                    }
                    Proof::Plain | Proof::Reply(_) => {}
                }
                self.admit(&candidate, cx)
            }
        }
    }

    fn more_data(&mut self, data: &[u8], event: EventName, detail: Option<&'static str>, cx: &mut Context<'_>) {
        self.note(Direction::ToClient, event, detail, cx);
        write(cx.out, &mut self.sequence, |writer| _ = writer.u8(AUTH_MORE_DATA).bytes(data));
    }

    /// Records an event of the first login. Later ones (COM_CHANGE_USER) can be repeated without end, the trace cannot grow so.
    fn note(&self, direction: Direction, name: EventName, detail: Option<&'static str>, cx: &mut Context<'_>) {
        match detail {
            _ if self.outcome.is_some() => {}
            Some(detail) => cx.trace.push_with(cx.now, direction, name, detail),
            None => cx.trace.push(cx.now, direction, name),
        }
    }

    /// The checks behind the plugin's, then OK.
    fn admit(&mut self, candidate: &Candidate, cx: &mut Context<'_>) -> Step {
        let database = candidate.login.database.as_deref().map(String::from_utf8_lossy);
        let visitor = admission::Visitor {
            user: &candidate.user,
            host: &self.session.client_host,
            used_password: candidate.used_password,
            secure: self.session.tls.is_some(),
            database: database.as_deref(),
        };
        if let Err(denial) = admission::check(&self.settings, &candidate.account, &visitor) {
            return self.refuse(denial, cx);
        }
        let changes = self.session.log_in(&candidate.user, &candidate.account, database.as_deref());
        self.note(Direction::ToClient, EventName::AuthOk, None, cx);
        self.note(Direction::ToClient, EventName::Ready, None, cx);
        let departure = if self.settings.deviates(Deviation::StatusFlag) { STATUS_IN_TRANS } else { 0 };
        write(cx.out, &mut self.sequence, |writer| self.session.put_ok(&changes, departure, writer));
        let outcome = Outcome::established(candidate.account.credentials.plugin().method());
        self.outcome.get_or_insert(with_tls(outcome, self.session.tls.as_ref()));
        self.state = State::ExpectCommand;
        Step::Receive
    }

    fn command(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Step {
        self.state = State::ExpectCommand;
        match Command::decode(payload, self.session.capabilities) {
            Ok(Command::Quit) => self.end(),
            Ok(Command::ChangeUser(login)) => self.authenticate(login, Entry::ChangeUser, cx),
            Ok(command) => {
                self.session.run(command, cx.out, &mut self.sequence);
                Step::Receive
            }
            Err(_) => {
                let error = ErrPacket::new(1835, b"HY000", "Malformed communication packet.");
                write(cx.out, &mut self.sequence, |writer| error.encode(writer));
                Step::Receive
            }
        }
    }

    /// Sends the error and ends the connection. Whoever was logged in before stays so in the outcome.
    fn refuse(&mut self, mut denial: Denial, cx: &mut Context<'_>) -> Step {
        if self.settings.deviates(Deviation::NoSqlState) {
            denial.error.state = None;
        }
        if self.settings.deviates(Deviation::ErrorMessageByte) {
            denial.error.message = misprinted(&denial.error.message).into();
        }
        let code = denial.error.outcome_code();
        cx.trace.push_with(cx.now, Direction::ToClient, EventName::Error, code.clone());
        write(cx.out, &mut self.sequence, |writer| denial.error.encode(writer));
        let outcome =
            Outcome::refused(Side::Server, code).because(denial.cause).saying(denial.error.message.into_owned());
        self.outcome.get_or_insert(with_tls(outcome, self.session.tls.as_ref()));
        self.end()
    }

    fn end(&mut self) -> Step {
        self.state = State::Ended;
        Step::Finish(self.outcome.clone().expect("nothing ends before it is decided"))
    }

    fn closed(&mut self) -> Step {
        let outcome = with_tls(Outcome::refused(Side::Client, "eof"), self.session.tls.as_ref());
        self.outcome.get_or_insert(outcome);
        self.end()
    }
}

impl Handshake for ServerHandshake {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        let (said, events) = (cx.out.len(), cx.trace.events().len());
        let step = self.respond(input, cx);
        for deviation in &self.settings.deviations {
            spoil::by_server(*deviation, cx.out, said, &cx.trace.events()[events..]);
        }
        step
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    fn take_unread(&mut self) -> Vec<u8> {
        self.reader.take_unread()
    }
}

impl ServerHandshake {
    fn respond(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        match (input, &self.state) {
            (_, State::Ended) => Err(Error::Misuse("the connection has ended")),
            (Input::Start, State::Start) => {
                let condition = self.settings.condition;
                if let Some(mut denial) =
                    condition.and_then(|condition| condition.before_greeting(&self.session.client_host))
                {
                    if self.settings.deviates(Deviation::SqlStateBeforeGreeting) {
                        denial.error.state = Some(*b"08004");
                    }
                    return Ok(self.refuse(denial, cx));
                }
                self.greet(cx);
                Ok(Step::Receive)
            }
            (Input::Closed, _) => Ok(self.closed()),
            (Input::Secured(ChannelFacts::Tls(facts)), State::ExpectTls { charset }) => {
                self.state = State::ExpectLogin { charset: *charset };
                self.session.tls = Some(facts.clone());
                Ok(Step::Receive)
            }
            (Input::Bytes(octets), _) => {
                let mut reader = std::mem::take(&mut self.reader);
                reader.feed(octets);
                let step = self.packets(&mut reader, cx);
                self.reader = reader;
                step
            }
            (Input::Start | Input::Secured(_) | Input::Ticket(_), _) => Err(Error::Misuse("input out of order")),
        }
    }
}

/// PROTOCOL_41 in the second octet of a login, which is there in the shortest one too.
const PROTOCOL_41_OCTET: u8 = 0x02;

/// How somebody came to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Login,
    ChangeUser,
}

/// Whether what a client first says to a plugin counts as a password: for the SHA-2 plugins a NUL is none.
fn shows_a_password(plugin: ServerPlugin, data: &[u8]) -> bool {
    let is_sha2 = matches!(plugin, ServerPlugin::CachingSha2Password | ServerPlugin::Sha256Password);
    match data {
        [] => false,
        [0] => !is_sha2,
        _ => true,
    }
}

fn unsupported_authentication() -> ErrPacket {
    let text = "Client does not support authentication protocol requested by server; consider upgrading MySQL client";
    ErrPacket::new(1251, b"08004", text)
}

fn bad_handshake(error: &Error) -> Denial {
    Denial { error: ErrPacket::new(1043, b"08S01", "Bad handshake"), cause: error.to_string().into() }
}

fn frame_denial(error: FrameError) -> Denial {
    let packet = match error {
        FrameError::OutOfOrder { .. } => ErrPacket::new(1156, b"08S01", "Got packets out of order"),
        FrameError::TooLong { .. } => {
            ErrPacket::new(1153, b"08S01", "Got a packet bigger than 'max_allowed_packet' bytes")
        }
    };
    Denial { error: packet, cause: Cow::from(error.to_string()) }
}

/// The outcome with what TLS agreed on.
pub(crate) fn with_tls(outcome: Outcome, tls: Option<&TlsFacts>) -> Outcome {
    match tls {
        Some(facts) => outcome.over(facts.version, facts.suite.clone()),
        None => outcome,
    }
}
