//! Both machines in one memory, with layers that are only facts.

use shakedown::handshake::{
    ChannelFacts, Context, Error, Handshake, Input, Outcome, Random, Step, Timestamp, TlsFacts, TlsVersion, Trace,
};
use shakedown::handshake::{GssFacts, GssRole};
use shakedown::postgres::{
    Account, ClientHandshake, ClientSettings, PasswordEncryption, ServerHandshake, ServerSettings,
};
use shakedown_krb5::Credential;
use shakedown_krb5::client::KerberosFailure;
use std::sync::Arc;

/// Counts up, so that a conversation is the same each time and no two values are equal.
pub(super) struct Counter(pub(super) u8);

impl Random for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(super) fn tls_facts() -> TlsFacts {
    TlsFacts {
        version: TlsVersion::Tls1_2,
        suite: "ECDHE-RSA-AES128-GCM-SHA256".to_owned(),
        alpn: None,
        server_end_point: Some(vec![0x11; 32]),
    }
}

/// A server with TLS, the role `alice` (SCRAM), the role `maria` (MD5), the role `kerberos` (no password), and `rules`.
pub(super) fn server(rules: &[&str]) -> ServerSettings {
    let mut settings = ServerSettings::new(&mut Counter(100));
    settings.tls = true;
    settings.rules = rules.iter().map(|rule| rule.parse().expect("a rule")).collect();
    let mut account = |user: &str, encryption| {
        let account = Account::with_password(user, b"wonderland", encryption, &mut Counter(0));
        settings.accounts.insert(user.to_owned(), account);
    };
    account("alice", PasswordEncryption::ScramSha256);
    account("maria", PasswordEncryption::Md5);
    settings.accounts.insert("kerberos".to_owned(), Account::without_password());
    settings
}

/// What came of a conversation.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) client: Result<Outcome, Error>,
    pub(super) server: Result<Outcome, Error>,
    pub(super) trace: String,
    pub(super) server_trace: String,
    /// Everything that each side said, inside and outside of layers.
    pub(super) from_client: Vec<u8>,
    pub(super) from_server: Vec<u8>,
}

impl Conversation {
    pub(super) fn hold(client: ClientSettings, server: ServerSettings) -> Self {
        Self::hold_in_pieces(client, server, usize::MAX)
    }

    /// With the answer that the client gets when it asks for a ticket.
    pub(super) fn hold_with(
        client: ClientSettings,
        server: ServerSettings,
        ticket: Result<Credential, KerberosFailure>,
    ) -> Self {
        Self::run(client, server, ticket, usize::MAX)
    }

    /// Every flight is cut into pieces of `piece` octets, except where what is behind would belong to a layer.
    pub(super) fn hold_in_pieces(client: ClientSettings, server: ServerSettings, piece: usize) -> Self {
        Self::run(client, server, Err(KerberosFailure::NoCredentials), piece)
    }

    fn run(
        client: ClientSettings,
        server: ServerSettings,
        ticket: Result<Credential, KerberosFailure>,
        piece: usize,
    ) -> Self {
        let mut client = Party::new(ClientHandshake::new(Arc::new(client)), 0, ticket);
        let nothing = Err(KerberosFailure::NoCredentials);
        let mut server = Party::new(ServerHandshake::new(Arc::new(server), "127.0.0.1"), 50, nothing);
        server.start();
        client.start();
        for _ in 0..100 {
            if client.end.is_some() && server.end.is_some() {
                break;
            }
            if client.layer.is_some() && server.layer.is_some() {
                let facts = raise(client.layer.take().expect("just seen"), server.layer.take().expect("just seen"));
                client.handle(Input::Secured(&facts));
                server.handle(Input::Secured(&facts));
                continue;
            }
            let moved = pass(&mut client, &mut server, piece) | pass(&mut server, &mut client, piece);
            if !moved {
                // Nobody has anything to say: whoever is done has closed.
                if client.end.is_some() {
                    server.handle(Input::Closed);
                } else if server.end.is_some() {
                    client.handle(Input::Closed);
                } else {
                    panic!("both sides wait: {} / {}", client.trace, server.trace);
                }
            }
        }
        Self {
            client: client.end.expect("the client has come to an end"),
            server: server.end.expect("the server has come to an end"),
            trace: client.trace.to_string(),
            server_trace: server.trace.to_string(),
            from_client: client.said,
            from_server: server.said,
        }
    }

    pub(super) fn client(&self) -> String {
        match &self.client {
            Ok(outcome) => outcome.to_string(),
            Err(error) => error.to_string(),
        }
    }

    pub(super) fn server(&self) -> String {
        match &self.server {
            Ok(outcome) => outcome.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

struct Party<H> {
    machine: H,
    random: Counter,
    out: Vec<u8>,
    said: Vec<u8>,
    trace: Trace,
    ticket: Result<Credential, KerberosFailure>,
    layer: Option<Layer>,
    end: Option<Result<Outcome, Error>>,
}

impl<H: Handshake> Party<H> {
    fn new(machine: H, seed: u8, ticket: Result<Credential, KerberosFailure>) -> Self {
        let (random, trace) = (Counter(seed), Trace::new());
        Self { machine, random, out: Vec::new(), said: Vec::new(), trace, ticket, layer: None, end: None }
    }

    fn start(&mut self) {
        self.handle(Input::Start);
    }

    fn handle(&mut self, input: Input<'_>) {
        let ticket = self.ticket.clone();
        let mut input = Some(input);
        while let Some(next) = input.take() {
            if self.end.is_some() {
                return;
            }
            let mut cx = Context { now: NOW, out: &mut self.out, trace: &mut self.trace, random: &mut self.random };
            match self.machine.handle(next, &mut cx) {
                Ok(Step::Receive) => {}
                Ok(Step::StartTls(_)) => self.layer = Some(Layer::Tls),
                Ok(Step::StartGss(role)) => self.layer = Some(Layer::Gss(role)),
                Ok(Step::NeedTicket(_)) => input = Some(Input::Ticket(ticket.as_ref().map_err(Clone::clone))),
                Ok(Step::Finish(outcome)) => self.end = Some(Ok(outcome)),
                Err(error) => self.end = Some(Err(error)),
            }
        }
    }
}

fn pass<A: Handshake, B: Handshake>(from: &mut Party<A>, to: &mut Party<B>, piece: usize) -> bool {
    let flight = std::mem::take(&mut from.out);
    from.said.extend_from_slice(&flight);
    for piece in flight.chunks(piece.min(flight.len().max(1))) {
        to.handle(Input::Bytes(piece));
    }
    !flight.is_empty()
}

enum Layer {
    Tls,
    Gss(GssRole),
}

fn raise(client: Layer, server: Layer) -> ChannelFacts {
    match (client, server) {
        (Layer::Gss(GssRole::Initiate { mut initiator, token }), Layer::Gss(GssRole::Accept(acceptor))) => {
            let accepted = acceptor.accept(&token, NOW, &mut Counter(7)).expect("the context is accepted");
            initiator.reply(&accepted.reply.expect("mutual authentication was asked for")).expect("the reply is right");
            ChannelFacts::Gss(GssFacts { client: accepted.client, service: accepted.service })
        }
        (Layer::Tls, Layer::Tls) => ChannelFacts::Tls(tls_facts()),
        _ => panic!("two different layers"),
    }
}
