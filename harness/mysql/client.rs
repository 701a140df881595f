//! The client's side: as libmysqlclient does it, where drivers differ.
//!
//! ```text
//!   ExpectGreeting ─▶ ExpectTls ─▶ ExpectTicket ─▶ ExpectReply ─▶ ExpectResult ─▶ Ended
//!         │              without TLS ▲  without     ▲    │         only with SELECT 1
//!         └──────────────────────────┴──────────────┘    └─▶ ExpectTicket, once more after an AuthSwitchRequest
//! ```
//!
//! A client that cannot or will not go on ends the connection without a packet.

use crate::handshake::{
    ChannelFacts, Context, Direction, Error, EventName, Handshake, Input, Outcome, Side, Step, TlsFacts, TlsOffer,
};
use crate::mysql::auth::answer::{Answer, Answerer, Begin};
use crate::mysql::auth::{ClientPlugin, kerberos};
use crate::mysql::capability::Capabilities;
use crate::mysql::client_deviation::Deviation;
use crate::mysql::client_deviation::Deviation as ClientDeviation;
use crate::mysql::command::{COM_QUERY, COM_QUIT};
use crate::mysql::greeting::Greeting;
use crate::mysql::login::{self, Header, Login};
use crate::mysql::packet::{PacketReader, Sequence, write};
use crate::mysql::reply::{ERR, ErrPacket, Reply};
use crate::mysql::result_set::{QueryResult, ResultSetReader};
use crate::mysql::settings::{AfterLogin, ClientSettings, TlsMode, WithoutPlugin};
use crate::mysql::spoil;
use shakedown_krb5::Credential;
use shakedown_krb5::client::KerberosFailure;
use std::borrow::Cow;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The longest packet that we announce to take, in octets; what libmysqlclient announces.
const MAX_PACKET: u32 = 16 * 1024 * 1024;

/// The client's side of one connection.
#[derive(Debug)]
pub struct ClientHandshake {
    settings: Arc<ClientSettings>,
    state: State,
    reader: PacketReader,
    sequence: Sequence,
    capabilities: Capabilities,
    tls: Option<TlsFacts>,
    outcome: Option<Outcome>,
}

#[derive(Debug)]
enum State {
    /// Nothing has happened.
    Start,
    /// Connected.
    ExpectGreeting,
    /// The SSLRequest is out.
    ExpectTls(Box<Greeting>),
    /// The KDC is being asked, for the login packet or for the answer to an AuthSwitchRequest.
    ExpectTicket(Place),
    /// The login, or data of a plugin, is out.
    ExpectReply(Answerer),
    /// `SELECT 1` is out.
    ExpectResult(ResultSetReader),
    /// An outcome has been returned.
    Ended,
}

/// Where a plugin's first data go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Login(ClientPlugin),
    Switch,
}

impl ClientHandshake {
    /// A client that has not seen anything yet.
    #[must_use]
    pub fn new(settings: impl Into<Arc<ClientSettings>>) -> Self {
        Self {
            settings: settings.into(),
            state: State::Start,
            reader: PacketReader::default(),
            sequence: Sequence::default(),
            capabilities: Capabilities::NONE,
            tls: None,
            outcome: None,
        }
    }

    fn octets(&mut self, octets: &[u8], cx: &mut Context<'_>) -> Result<Step, Error> {
        let mut reader = std::mem::take(&mut self.reader);
        reader.feed(octets);
        let step = self.packets(&mut reader, cx);
        self.reader = reader;
        step
    }

    /// Takes packets out of `reader` until something other than more octets is wanted.
    fn packets(&mut self, reader: &mut PacketReader, cx: &mut Context<'_>) -> Result<Step, Error> {
        while let Some(payload) = {
            self.forgive_sequence(reader);
            reader.next(&mut self.sequence)?
        } {
            let step = self.packet(payload, cx)?;
            if matches!(step, Step::StartTls(_)) && !reader.unread().is_empty() {
                // Nobody may speak between the greeting and the ServerHello: these would be taken for what came under TLS.
                return Err(Error::peer("octets in clear behind the greeting, before TLS"));
            }
            if !matches!(step, Step::Receive) {
                return Ok(step);
            }
        }
        Ok(Step::Receive)
    }

    /// Takes the number of the next packet for the right one, if this client is asked not to look.
    fn forgive_sequence(&mut self, reader: &PacketReader) {
        if self.settings.deviates(Deviation::IgnoresSequence)
            && let Some(number) = reader.unread().get(3)
        {
            self.sequence = Sequence(*number);
        }
    }

    fn packet(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Result<Step, Error> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::ExpectGreeting => self.greeting(payload, cx),
            State::ExpectReply(answerer) => self.reply(payload, answerer, cx),
            State::ExpectResult(reader) => self.result(payload, reader, cx),
            State::ExpectTicket(_) => Err(Error::peer("packet while the client had to speak")),
            State::Start | State::ExpectTls(_) | State::Ended => Err(Error::Misuse("octets when none are awaited")),
        }
    }

    fn greeting(&mut self, payload: &[u8], cx: &mut Context<'_>) -> Result<Step, Error> {
        if payload.first() == Some(&ERR) {
            return Ok(self.refused(ErrPacket::decode(payload)?, cx));
        }
        let greeting = Greeting::decode(payload)?;
        cx.trace.push(cx.now, Direction::ToClient, EventName::Greeting);
        if !greeting.capabilities.has(Capabilities::PROTOCOL_41 | Capabilities::SECURE_CONNECTION) {
            return Err(Error::Unsupported("server of the protocol before 4.1".into()));
        }
        self.capabilities = self.negotiated(greeting.capabilities);
        if self.capabilities.has(Capabilities::SSL) {
            cx.trace.push(cx.now, Direction::FromClient, EventName::TlsRequest);
            let header = self.header();
            write(cx.out, &mut self.sequence, |writer| header.encode(writer));
            self.state = State::ExpectTls(Box::new(greeting));
            return Ok(Step::StartTls(TlsOffer::default()));
        }
        if self.settings.tls.is_mandatory() {
            return Ok(self.give_up("tls_refused", "the server offers no tls"));
        }
        self.begin_login(&greeting, cx)
    }

    /// What this client wants, as far as the server can.
    fn negotiated(&self, offered: Capabilities) -> Capabilities {
        let mut wanted = Capabilities::LONG_PASSWORD
            | Capabilities::LONG_FLAG
            | Capabilities::PROTOCOL_41
            | Capabilities::TRANSACTIONS
            | Capabilities::SECURE_CONNECTION
            | Capabilities::MULTI_RESULTS
            | Capabilities::PLUGIN_AUTH
            | Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA
            | Capabilities::CONNECT_ATTRS
            | Capabilities::DEPRECATE_EOF;
        if self.settings.database.is_some() {
            wanted = wanted | Capabilities::CONNECT_WITH_DB;
        }
        if self.settings.tls != TlsMode::Disabled {
            wanted = wanted | Capabilities::SSL;
        }
        if self.settings.deviates(ClientDeviation::WithoutPluginAuth) {
            wanted = wanted.without(Capabilities::PLUGIN_AUTH);
        }
        let tls_anyway =
            if self.settings.deviates(ClientDeviation::TlsNotOffered) { Capabilities::SSL } else { Capabilities::NONE };
        // MariaDB clears LONG_PASSWORD to tell its clients from MySQL's; it means nothing else any more.
        wanted & (offered | Capabilities::LONG_PASSWORD | tls_anyway)
    }

    const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    fn header(&self) -> Header {
        Header { capabilities: self.capabilities, max_packet: MAX_PACKET, charset: self.settings.charset }
    }

    /// Chooses the plugin. One that is not the greeting's has nothing to start from and sends nothing, and the server will
    /// ask again; but for the cleartext plugin, which needs nothing to start from.
    fn begin_login(&mut self, greeting: &Greeting, cx: &mut Context<'_>) -> Result<Step, Error> {
        let offered = match &greeting.plugin {
            Some(name) => ClientPlugin::by_name(name).filter(|plugin| self.settings.plugins.contains(plugin)),
            None => Some(ClientPlugin::NativePassword),
        };
        let chosen = self.settings.default_plugin.or(offered).unwrap_or(ClientPlugin::CachingSha2Password);
        if offered != Some(chosen) && chosen != ClientPlugin::ClearPassword {
            self.send_login(chosen, Zeroizing::default(), cx);
            self.state = State::ExpectReply(Answerer::without_data(chosen));
            return Ok(Step::Receive);
        }
        self.begin_plugin(chosen, &greeting.auth_data, Place::Login(chosen), cx)
    }

    /// Starts a plugin with the server's first data.
    fn begin_plugin(
        &mut self,
        plugin: ClientPlugin,
        data: &[u8],
        place: Place,
        cx: &mut Context<'_>,
    ) -> Result<Step, Error> {
        match Answerer::begin(plugin, data, &self.settings, self.is_secure())? {
            Begin::Answer(answerer, mut first) => {
                if self.settings.deviates(Deviation::WrongScramble)
                    && let Some(octet) = first.first_mut()
                {
                    *octet ^= 1;
                }
                self.send_first(place, first, EventName::AuthData, cx);
                self.state = State::ExpectReply(placed(answerer, place));
                Ok(Step::Receive)
            }
            Begin::NeedTicket(request) => {
                self.state = State::ExpectTicket(place);
                Ok(Step::NeedTicket(request))
            }
            Begin::GiveUp { code, cause } => Ok(self.give_up(code, cause)),
        }
    }

    fn send_first(&mut self, place: Place, mut data: Zeroizing<Vec<u8>>, event: EventName, cx: &mut Context<'_>) {
        if self.settings.deviates(ClientDeviation::ShortScramble) && event == EventName::AuthData {
            data.pop();
        }
        match place {
            Place::Login(plugin) => {
                self.send_login(plugin, data, cx);
                if event == EventName::ApReq {
                    cx.trace.push(cx.now, Direction::FromClient, event);
                }
            }
            Place::Switch => self.send_data(&data, event, cx),
        }
    }

    fn send_login(&mut self, plugin: ClientPlugin, auth_response: Zeroizing<Vec<u8>>, cx: &mut Context<'_>) {
        let attributes = self.settings.attributes.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes()));
        match login::library(attributes) {
            Some(library) => cx.trace.push_with(cx.now, Direction::FromClient, EventName::Login, library),
            None => cx.trace.push(cx.now, Direction::FromClient, EventName::Login),
        }
        let login = Login {
            user: self.settings.user.as_bytes().to_vec(),
            auth_response,
            database: self.settings.database.as_ref().map(|name| name.as_bytes().to_vec()),
            plugin: self.capabilities.has(Capabilities::PLUGIN_AUTH).then(|| plugin.name().into()),
            attributes: self
                .settings
                .attributes
                .iter()
                .map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect(),
        };
        let header = self.header();
        if self.settings.deviates(Deviation::WrongSequence) {
            self.sequence.advance();
        }
        write(cx.out, &mut self.sequence, |writer| {
            header.encode(writer);
            login.encode(writer, header.capabilities);
        });
    }

    fn send_data(&mut self, data: &[u8], event: EventName, cx: &mut Context<'_>) {
        cx.trace.push(cx.now, Direction::FromClient, event);
        write(cx.out, &mut self.sequence, |writer| _ = writer.bytes(data));
        if self.settings.deviates(Deviation::AnswersTwice) {
            write(cx.out, &mut self.sequence, |writer| _ = writer.bytes(data));
        }
    }

    fn reply(&mut self, payload: &[u8], answerer: Answerer, cx: &mut Context<'_>) -> Result<Step, Error> {
        match Reply::decode(payload)? {
            Reply::Ok(_) => {
                if !self.settings.deviates(Deviation::TakesEarlyOk) {
                    answerer.finish()?;
                }
                cx.trace.push(cx.now, Direction::ToClient, EventName::AuthOk);
                cx.trace.push(cx.now, Direction::ToClient, EventName::Ready);
                Ok(self.logged_in(answerer.method(&self.settings), cx))
            }
            Reply::Err(error) => Ok(self.refused(error, cx)),
            Reply::AuthSwitch(switch) => {
                let name = String::from_utf8_lossy(switch.plugin).into_owned();
                let plugin = ClientPlugin::by_name(switch.plugin).filter(|known| self.settings.plugins.contains(known));
                cx.trace.push_with(cx.now, Direction::ToClient, EventName::AuthSwitch, name.clone());
                if self.settings.deviates(Deviation::LeavesAtSwitch) {
                    return Ok(self.give_up("no_plugin", format!("authentication plugin '{name}' is not wanted")));
                }
                if answerer.was_switched() {
                    return Err(Error::peer("a second AuthSwitchRequest"));
                }
                match plugin {
                    Some(plugin) => self.begin_plugin(plugin, switch.data, Place::Switch, cx),
                    None if self.settings.without_plugin == WithoutPlugin::EmptyPacket => {
                        self.send_data(&[], EventName::AuthData, cx);
                        self.state = State::ExpectReply(answerer.without_plugin());
                        Ok(Step::Receive)
                    }
                    None => Ok(self.give_up("no_plugin", format!("authentication plugin '{name}' cannot be loaded"))),
                }
            }
            Reply::AuthMoreData(data) => self.more_data(data, answerer, cx),
        }
    }

    fn more_data(&mut self, data: &[u8], mut answerer: Answerer, cx: &mut Context<'_>) -> Result<Step, Error> {
        let (event, detail) = answerer.name_of(data);
        match detail {
            Some(detail) => cx.trace.push_with(cx.now, Direction::ToClient, event, detail),
            None => cx.trace.push(cx.now, Direction::ToClient, event),
        }
        match answerer.more_data(data, &self.settings, self.is_secure(), cx)? {
            Answer::Wait => {}
            Answer::Send(data) => self.send_data(&data, EventName::AuthData, cx),
            Answer::GiveUp { code, cause } => return Ok(self.give_up(code, cause)),
        }
        self.state = State::ExpectReply(answerer);
        Ok(Step::Receive)
    }

    fn ticket(&mut self, ticket: Result<&Credential, KerberosFailure>, place: Place, cx: &mut Context<'_>) -> Step {
        let credential = match ticket {
            Ok(credential) => credential,
            Err(failure) => return self.give_up("no_ticket", failure.to_string()),
        };
        let (begun, token) = kerberos::initiate(credential, self.settings.kerberos, cx);
        self.send_first(place, Zeroizing::new(token), EventName::ApReq, cx);
        self.state = State::ExpectReply(placed(Answerer::kerberos(begun), place));
        Step::Receive
    }

    fn logged_in(&mut self, method: &'static str, cx: &mut Context<'_>) -> Step {
        let outcome = self.with_tls(Outcome::established(method));
        self.outcome = Some(outcome);
        match self.settings.after_login {
            AfterLogin::Quit => self.quit(cx),
            AfterLogin::SelectOne => {
                self.command(COM_QUERY, b"SELECT 1", cx);
                self.state = State::ExpectResult(ResultSetReader::new(self.capabilities));
                Step::Receive
            }
        }
    }

    fn result(&mut self, payload: &[u8], mut reader: ResultSetReader, cx: &mut Context<'_>) -> Result<Step, Error> {
        match reader.packet(payload)? {
            None => {
                self.state = State::ExpectResult(reader);
                Ok(Step::Receive)
            }
            Some(QueryResult::Rows(rows)) if rows == [[Some(b"1".to_vec())]] => Ok(self.quit(cx)),
            Some(QueryResult::Rows(_) | QueryResult::Done) => Err(Error::peer("SELECT 1 did not give 1")),
            Some(QueryResult::Refused(error)) => {
                Err(Error::peer(format!("SELECT 1 was refused with {}: {}", error.outcome_code(), error.message)))
            }
        }
    }

    fn quit(&mut self, cx: &mut Context<'_>) -> Step {
        self.command(COM_QUIT, b"", cx);
        self.end()
    }

    fn command(&mut self, command: u8, text: &[u8], cx: &mut Context<'_>) {
        self.sequence = Sequence::default();
        write(cx.out, &mut self.sequence, |writer| _ = writer.u8(command).bytes(text));
    }

    fn refused(&mut self, error: ErrPacket, cx: &mut Context<'_>) -> Step {
        let code = error.outcome_code();
        cx.trace.push_with(cx.now, Direction::ToClient, EventName::Error, code.clone());
        let outcome = Outcome::refused(Side::Server, code).saying(error.message.into_owned());
        self.outcome = Some(self.with_tls(outcome));
        self.end()
    }

    fn give_up(&mut self, code: &'static str, cause: impl Into<Cow<'static, str>>) -> Step {
        self.outcome = Some(self.with_tls(Outcome::refused(Side::Client, code).because(cause)));
        self.end()
    }

    fn closed(&mut self) -> Step {
        if self.outcome.is_none() {
            self.outcome = Some(self.with_tls(Outcome::refused(Side::Server, "eof")));
        }
        self.end()
    }

    fn end(&mut self) -> Step {
        self.state = State::Ended;
        Step::Finish(self.outcome.clone().expect("nothing ends before it is decided"))
    }

    fn with_tls(&self, outcome: Outcome) -> Outcome {
        match &self.tls {
            Some(facts) => outcome.over(facts.version, facts.suite.clone()),
            None => outcome,
        }
    }
}

impl Handshake for ClientHandshake {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        let (said, events) = (cx.out.len(), cx.trace.events().len());
        let step = self.respond(input, cx);
        for deviation in &self.settings.deviations {
            spoil::by_client(*deviation, cx.out, said, &cx.trace.events()[events..]);
        }
        step
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }
}

impl ClientHandshake {
    fn respond(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        match (input, std::mem::replace(&mut self.state, State::Ended)) {
            (_, State::Ended) => Err(Error::Misuse("the connection has ended")),
            (Input::Start, State::Start) => {
                self.state = State::ExpectGreeting;
                Ok(Step::Receive)
            }
            (Input::Closed, _) => Ok(self.closed()),
            (Input::Secured(ChannelFacts::Tls(facts)), State::ExpectTls(greeting)) => {
                self.tls = Some(facts.clone());
                self.begin_login(&greeting, cx)
            }
            (Input::Ticket(ticket), State::ExpectTicket(place)) => match self.ticket(ticket, place, cx) {
                // What came while the KDC was asked.
                Step::Receive => self.octets(&[], cx),
                step => Ok(step),
            },
            (Input::Bytes(octets), state) => {
                self.state = state;
                self.octets(octets, cx)
            }
            (Input::Start | Input::Secured(_) | Input::Ticket(_), _) => Err(Error::Misuse("input out of order")),
        }
    }
}

fn placed(answerer: Answerer, place: Place) -> Answerer {
    match place {
        Place::Login(_) => answerer,
        Place::Switch => answerer.switched(),
    }
}
