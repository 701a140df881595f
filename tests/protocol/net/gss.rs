//! PostgreSQL's GSS encryption: two connections back to back, with tickets of the mock KDC in memory.

use mock_kdc::{Kdc, Realm, Rotation, Service, SystemRandom, User};
use proptest::prelude::*;
use shakedown::handshake::{
    ChannelFacts, Context, Error, GssRole, Handshake, Input, Outcome, Side, Step, TicketRequest, Timestamp,
};
use shakedown::net::{Connection, Ending, Moment, Progress, Report, Security};
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::gss::{Acceptor, Flags, Initiator};
use shakedown_krb5::{Credential, Principal};
use std::sync::{Arc, LazyLock};

/// As PostgreSQL's client asks.
const FLAGS: Flags = Flags(Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG);

/// More than two packets of data hold.
const MESSAGE: usize = 40_000;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// Sends a long message as soon as encryption stands, and wants it back.
struct Asks(Vec<u8>);

impl Handshake for Asks {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        match input {
            Input::Start => {
                let service = Principal::new(&["postgres", "db.test"], "");
                Ok(Step::NeedTicket(TicketRequest { client: None, service }))
            }
            Input::Ticket(Ok(credential)) => {
                let (initiator, token) = Initiator::start(credential, FLAGS, cx.now, cx.random);
                Ok(Step::StartGss(GssRole::Initiate { initiator: Box::new(initiator), token }))
            }
            Input::Secured(ChannelFacts::Gss(facts)) => {
                assert_eq!(facts.client.to_string(), "alice@R.TEST");
                cx.out.extend((0..MESSAGE).map(|at| (at % 251) as u8));
                Ok(Step::Receive)
            }
            Input::Bytes(bytes) => {
                self.0.extend_from_slice(bytes);
                let echoed = self.0.len() == MESSAGE && self.0.iter().enumerate().all(|(at, o)| *o == (at % 251) as u8);
                Ok(if echoed { Step::Finish(Outcome::established("kerberos")) } else { Step::Receive })
            }
            Input::Closed => Ok(Step::Finish(Outcome::refused(Side::Server, "eof"))),
            _ => Err(Error::Misuse("out of order")),
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        None
    }
}

/// Echoes.
struct Echoes(Arc<Acceptor>, usize);

impl Handshake for Echoes {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        match input {
            Input::Start => Ok(Step::StartGss(GssRole::Accept(Arc::clone(&self.0)))),
            Input::Secured(ChannelFacts::Gss(facts)) => {
                assert_eq!(facts.client.to_string(), "alice@R.TEST");
                assert_eq!(facts.service.to_string(), "postgres/db.test@R.TEST");
                Ok(Step::Receive)
            }
            Input::Bytes(bytes) => {
                self.1 += bytes.len();
                cx.out.extend_from_slice(bytes);
                Ok(if self.1 == MESSAGE { Step::Finish(Outcome::established("kerberos")) } else { Step::Receive })
            }
            Input::Closed => Ok(Step::Finish(Outcome::refused(Side::Client, "eof"))),
            _ => Err(Error::Misuse("out of order")),
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        None
    }
}

/// A KDC and a ticket of it.
static WORLD: LazyLock<(Kdc, Credential)> = LazyLock::new(|| {
    let mut realm = Realm::new("R.TEST");
    realm.users.push(User::new("alice", "correct horse"));
    realm.services.push(Service::new("postgres/db.test"));
    let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
    let answer = |action: Action| match action {
        Action::Send(request) => Err(kdc.answer(&request.message, NOW, &mut SystemRandom).octets.unwrap()),
        Action::Done(credential) => Ok(credential),
    };
    let alice = Principal::new(&["alice"], "R.TEST");
    let mut initial = AsExchange::new(AsSettings::new(alice, Secret::password("correct horse")));
    let mut reply = None;
    let tgt = loop {
        match answer(initial.next(reply.as_deref(), NOW, &mut SystemRandom).unwrap()) {
            Ok(tgt) => break tgt,
            Err(octets) => reply = Some(octets),
        }
    };
    let mut exchange = TgsExchange::new(TgsSettings::new(tgt, Principal::new(&["postgres", "db.test"], "R.TEST")));
    let mut reply = None;
    let ticket = loop {
        match answer(exchange.next(reply.as_deref(), NOW, &mut SystemRandom).unwrap()) {
            Ok(ticket) => break ticket,
            Err(octets) => reply = Some(octets),
        }
    };
    (kdc, ticket)
});

fn acceptor() -> Arc<Acceptor> {
    Arc::new(Acceptor::new(WORLD.0.keytab("postgres/db.test", 0).unwrap()))
}

const CLIENT_NOW: Moment = Moment { base: NOW, party: NOW };

fn begin(acceptor: Arc<Acceptor>, server_now: Moment) -> [Connection; 2] {
    let mut client = Connection::new(Side::Client, Box::new(Asks(Vec::new())), Security::ClearOnly);
    let progress = client.start(CLIENT_NOW, &mut SystemRandom).unwrap();
    assert!(matches!(progress, Progress::NeedTicket(_)));
    client.ticket(Ok(&WORLD.1), CLIENT_NOW, &mut SystemRandom).unwrap();
    let mut server = Connection::new(Side::Server, Box::new(Echoes(acceptor, 0)), Security::ClearOnly);
    server.start(server_now, &mut SystemRandom).unwrap();
    [client, server]
}

/// Carries bytes until both have finished, and says how long the longest packet was.
fn converse(acceptor: Arc<Acceptor>, server_now: Moment, piece: usize) -> (Report, Report, usize) {
    let mut ends = begin(acceptor, server_now);
    let mut longest = 0;
    let mut done = [false; 2];
    while done != [true; 2] {
        let mut moved = false;
        for from in 0..2 {
            let now = [server_now, CLIENT_NOW][from];
            let wire = std::mem::take(ends[from].wire());
            moved |= !wire.is_empty();
            let mut rest = &wire[..];
            while let Some((length, behind)) = rest.split_first_chunk() {
                let length = u32::from_be_bytes(*length) as usize;
                longest = longest.max(4 + length);
                rest = &behind[length..];
            }
            for part in wire.chunks(piece) {
                done[1 - from] |= ends[1 - from].receive(part, now, &mut SystemRandom).unwrap() == Progress::Finished;
            }
            if done[from] && ends[from].wire().is_empty() && !done[1 - from] {
                ends[1 - from].end(Ending::Closed, now, &mut SystemRandom).unwrap();
                (done[1 - from], moved) = (true, true);
            }
        }
        assert!(moved, "both wait: {ends:?}");
    }
    let [client, server] = ends.map(|end| end.into_report(NOW).unwrap());
    (client, server, longest)
}

#[test]
fn a_long_message_goes_both_ways_in_packets_that_the_protocol_allows() {
    for piece in [usize::MAX, 1, 3, 1000, 16_384] {
        let (client, server, longest) = converse(acceptor(), CLIENT_NOW, piece);
        assert_eq!(client.outcome.to_string(), "established by kerberos");
        assert_eq!(server.outcome.to_string(), "established by kerberos");
        assert_eq!(
            (client.trace.to_string(), server.trace.to_string()),
            ("connect ap-req> ap-rep<".to_owned(), "connect ap-req> ap-rep<".to_owned(),)
        );
        assert!(longest <= 16_384 && longest > 16_000, "{longest}");
    }
}

#[test]
fn a_server_that_refuses_a_ticket_closes_without_a_word() {
    let check = |acceptor, server_now, cause: &str| {
        let (client, server, _) = converse(acceptor, server_now, usize::MAX);
        assert_eq!(client.outcome.to_string(), "refused by server: eof in auth");
        assert_eq!(client.trace.to_string(), "connect ap-req> close<");
        assert_eq!(server.outcome.to_string(), format!("refused by server: eof in auth ({cause})"));
    };
    let mut realm = Realm::new("R.TEST");
    realm.services.push(Service::new("postgres/db.test"));
    let other = Kdc::new(&realm, &mut SystemRandom).unwrap();
    other.rotate_service_key("postgres/db.test", Rotation::DropOld, &mut SystemRandom).unwrap();
    let rotated = Acceptor::new(other.keytab("postgres/db.test", 0).unwrap());
    check(Arc::new(rotated), CLIENT_NOW, "krb 44");
    check(Arc::new(Acceptor::new(shakedown_krb5::keytab::Keytab::default())), CLIENT_NOW, "no keytab");
    check(acceptor(), Moment { base: NOW, party: NOW.offset_seconds(301) }, "krb 37");
}

#[test]
fn the_longest_packet_is_read_and_the_next_longer_refused() {
    // The negotiation allows 65536 octets with the length word (PQ_GSS_AUTH_BUFFER_SIZE), in either direction.
    let [client, server] = begin(acceptor(), CLIENT_NOW);
    for (mut end, code) in [(client, "refused by client: malformed"), (server, "refused by server: eof")] {
        assert_eq!(end.receive(&65_532_u32.to_be_bytes(), CLIENT_NOW, &mut SystemRandom), Ok(Progress::NeedBytes));
        assert_eq!(end.receive(&[0; 65_531], CLIENT_NOW, &mut SystemRandom), Ok(Progress::NeedBytes));
        assert_eq!(end.receive(&[0], CLIENT_NOW, &mut SystemRandom), Ok(Progress::Finished));
        let outcome = end.into_report(NOW).unwrap().outcome;
        assert!(outcome.to_string().starts_with(code), "{outcome}");
    }
    for mut end in begin(acceptor(), CLIENT_NOW) {
        assert_eq!(end.receive(&65_533_u32.to_be_bytes(), CLIENT_NOW, &mut SystemRandom), Ok(Progress::Finished));
        let outcome = end.into_report(NOW).unwrap().outcome;
        assert_eq!(outcome.cause.as_deref(), Some("a GSS packet of 65533 octets, 65532 are allowed"));
    }
}

#[test]
fn data_is_bounded_more_tightly_than_the_negotiation() {
    let [mut client, mut server] = begin(acceptor(), CLIENT_NOW);
    let request = std::mem::take(client.wire());
    server.receive(&request, CLIENT_NOW, &mut SystemRandom).unwrap();
    let answer = std::mem::take(server.wire());
    client.receive(&answer, CLIENT_NOW, &mut SystemRandom).unwrap();
    assert_eq!(server.receive(&16_380_u32.to_be_bytes(), CLIENT_NOW, &mut SystemRandom), Ok(Progress::NeedBytes));
    assert_eq!(client.receive(&16_381_u32.to_be_bytes(), CLIENT_NOW, &mut SystemRandom), Ok(Progress::Finished));
}

proptest! {
    #[test]
    fn nonsense_in_place_of_tokens_never_panics_and_never_establishes(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        length in 0u32..300,
    ) {
        for mut end in begin(acceptor(), CLIENT_NOW) {
            end.receive(&length.to_be_bytes(), CLIENT_NOW, &mut SystemRandom).unwrap();
            end.receive(&bytes, CLIENT_NOW, &mut SystemRandom).unwrap();
            end.end(Ending::Closed, CLIENT_NOW, &mut SystemRandom).unwrap();
            prop_assert!(!end.into_report(NOW).unwrap().outcome.is_established());
        }
    }
}
