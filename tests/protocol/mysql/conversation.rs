//! Lets a client machine and a server machine talk to each other in memory.
//!
//! TLS is only said to be up: the machines never see more of it than that. Every octet goes through the buffers of both, in
//! pieces of the length asked for.

use shakedown::handshake::{
    ChannelFacts, Context, Error, Handshake, Input, Outcome, Step, TicketRequest, Timestamp, TlsFacts, TlsVersion,
    Trace,
};
use shakedown::mysql::{ClientHandshake, ClientSettings, ServerHandshake, ServerSettings};
use shakedown_krb5::client::KerberosFailure;
use shakedown_krb5::{Credential, Random};
use std::sync::Arc;

/// Octets that look random and are the same each time.
pub(crate) struct Steady(pub(crate) u64);

impl Random for Steady {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[0];
        }
    }
}

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub(crate) fn tls_facts() -> ChannelFacts {
    ChannelFacts::Tls(TlsFacts {
        version: TlsVersion::Tls1_2,
        suite: "ECDHE-RSA-AES128-GCM-SHA256".to_owned(),
        alpn: None,
        server_end_point: None,
    })
}

/// One machine with what surrounds it.
pub(crate) struct Party<H> {
    pub(crate) machine: H,
    pub(crate) trace: Trace,
    pub(crate) sent: Vec<u8>,
    random: Steady,
}

impl<H: Handshake> Party<H> {
    pub(crate) fn new(machine: H, seed: u64) -> Self {
        Self { machine, trace: Trace::new(), sent: Vec::new(), random: Steady(seed) }
    }

    /// Gives an input; returns the step and the octets that it caused.
    pub(crate) fn give(&mut self, input: Input<'_>) -> (Result<Step, Error>, Vec<u8>) {
        let mut out = Vec::new();
        let mut cx = Context { now: NOW, out: &mut out, trace: &mut self.trace, random: &mut self.random };
        let step = self.machine.handle(input, &mut cx);
        self.sent.extend_from_slice(&out);
        (step, out)
    }
}

/// How a conversation ended.
pub(crate) struct Ended {
    pub(crate) client: Result<Outcome, Error>,
    pub(crate) server: Outcome,
    pub(crate) client_trace: String,
    pub(crate) server_trace: String,
    pub(crate) from_client: Vec<u8>,
    pub(crate) from_server: Vec<u8>,
    pub(crate) asked_for: Vec<TicketRequest>,
}

impl Ended {
    /// The client's outcome as scenarios write it, or its error.
    pub(crate) fn client_says(&self) -> String {
        match &self.client {
            Ok(outcome) => outcome.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

/// Plays both to the end in pieces of `piece` octets, for a client without tickets.
pub(crate) fn converse_in_pieces(client: &ClientSettings, server: &Arc<ServerSettings>, piece: usize) -> Ended {
    converse_with(client, server, piece, &Err(KerberosFailure::NoCredentials))
}

/// Plays both to the end in pieces of `piece` octets, for a client that gets this whenever it asks for a ticket.
pub(crate) fn converse_with(
    client: &ClientSettings,
    server: &Arc<ServerSettings>,
    piece: usize,
    ticket: &Result<Credential, KerberosFailure>,
) -> Ended {
    let mut client = Party::new(ClientHandshake::new(client.clone()), 1);
    let mut server = Party::new(ServerHandshake::new(Arc::clone(server), 42), 2);
    let (step, mut to_client) = server.give(Input::Start);
    assert!(matches!(step, Ok(Step::Receive)));
    let (step, mut to_server) = client.give(Input::Start);
    assert!(matches!(step, Ok(Step::Receive)));
    let mut asked_for = Vec::new();
    let (mut client_end, mut server_end) = (None, None);
    let (mut client_wants_tls, mut server_wants_tls) = (false, false);
    for _ in 0..100_000 {
        if client_wants_tls && server_wants_tls {
            (client_wants_tls, server_wants_tls) = (false, false);
            assert_eq!(server.machine.take_unread(), b"", "nothing was sent behind the SSLRequest");
            let (step, out) = server.give(Input::Secured(&tls_facts()));
            assert!(matches!(step, Ok(Step::Receive)) && out.is_empty());
            let (step, out) = client.give(Input::Secured(&tls_facts()));
            to_server.extend(out);
            settle(step, &mut client_end, &mut client_wants_tls);
        } else if client_end.is_none() && !client_wants_tls && !to_client.is_empty() {
            let octets: Vec<u8> = to_client.drain(..piece.min(to_client.len())).collect();
            let (step, out) = client.give(Input::Bytes(&octets));
            to_server.extend(out);
            if let Ok(Step::NeedTicket(request)) = step {
                asked_for.push(request);
                let (step, out) = client.give(Input::Ticket(ticket.as_ref().map_err(Clone::clone)));
                to_server.extend(out);
                settle(step, &mut client_end, &mut client_wants_tls);
            } else {
                settle(step, &mut client_end, &mut client_wants_tls);
            }
        } else if server_end.is_none() && !server_wants_tls && !to_server.is_empty() {
            let octets: Vec<u8> = to_server.drain(..piece.min(to_server.len())).collect();
            let (step, out) = server.give(Input::Bytes(&octets));
            to_client.extend(out);
            settle(step, &mut server_end, &mut server_wants_tls);
        } else if client_end.is_some() && server_end.is_none() {
            settle(server.give(Input::Closed).0, &mut server_end, &mut server_wants_tls);
        } else if server_end.is_some() && client_end.is_none() {
            settle(client.give(Input::Closed).0, &mut client_end, &mut client_wants_tls);
        } else if let (Some(client_end), Some(server_end)) = (&client_end, &server_end) {
            return Ended {
                client: client_end.clone(),
                server: server_end.clone().expect("a server answers and never fails"),
                client_trace: client.trace.to_string(),
                server_trace: server.trace.to_string(),
                from_client: client.sent,
                from_server: server.sent,
                asked_for,
            };
        } else {
            panic!("both wait: {} | {}", client.trace, server.trace);
        }
    }
    panic!("no end: {} | {}", client.trace, server.trace);
}

/// Plays both to the end, checks that both saw the same, and that pieces of one octet come to the same.
pub(crate) fn converse(client: &ClientSettings, server: &Arc<ServerSettings>) -> Ended {
    let whole = converse_in_pieces(client, server, usize::MAX);
    assert_eq!(whole.client_trace, whole.server_trace, "both sides see the same events");
    whole
}

fn settle(step: Result<Step, Error>, end: &mut Option<Result<Outcome, Error>>, wants_tls: &mut bool) {
    match step {
        Ok(Step::Receive) => {}
        Ok(Step::StartTls(_)) => *wants_tls = true,
        Ok(Step::Finish(outcome)) => *end = Some(Ok(outcome)),
        Ok(other) => panic!("unexpected step {other:?}"),
        Err(error) => *end = Some(Err(error)),
    }
}
