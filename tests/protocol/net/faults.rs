//! Faults of the network: every fault at every point, in memory on virtual time; and each once over the loopback address.

use super::connections::{NoRandom, WORLD, client, server};
use super::toy::{ToyClient, ToyServer};
use shakedown::handshake::{Handshake, Side};
use shakedown::net::{
    Around, Clock, Connection, Deadlines, FaultKind, Line, NetworkFault, Party, Report, ServeLimits, dial, listen, meet,
};
use shakedown::tls::{ClientSettings, ServerSettings};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CLIENT: Duration = Duration::from_secs(3);
const SERVER: Duration = Duration::from_secs(7);

fn fault(word: &str, at: &str) -> NetworkFault {
    NetworkFault { at: at.parse().unwrap(), kind: word.parse().unwrap() }
}

fn line(fault: Option<NetworkFault>) -> Line {
    fault.map_or(Line::sound(), Line::with)
}

fn toy_client(fault: Option<NetworkFault>) -> Connection {
    let machine = Box::new(ToyClient::new(true, "open"));
    Connection::new(Side::Client, machine, client(&ClientSettings::default(), Some("db.test"))).over(line(fault))
}

fn toy_server(fault: Option<NetworkFault>) -> Connection {
    let machine: Box<dyn Handshake> = Box::new(ToyServer::default());
    Connection::new(Side::Server, machine, server(&ServerSettings::new(WORLD.certificate.clone()))).over(line(fault))
}

fn in_memory(of_client: Option<NetworkFault>, of_server: Option<NetworkFault>) -> (Report, Option<Report>) {
    let clock = Clock::start();
    let (mut near, mut far) = (NoRandom, NoRandom);
    let unreachable = of_server.map(|fault| fault.kind).filter(|kind| kind.is_unreachable());
    let client =
        Party { connection: toy_client(of_client), random: &mut near, clock, deadlines: Deadlines::all(CLIENT) };
    let server =
        Party { connection: toy_server(of_server), random: &mut far, clock, deadlines: Deadlines::all(SERVER) };
    meet(client, server, unreachable).unwrap()
}

/// Between the last thing that happened and the outcome, to the millisecond.
fn waited_ms(report: &Report) -> u128 {
    let last = report.trace.events().iter().rev().map(|event| event.at).find(|at| *at < report.ended);
    report.ended.since(last.unwrap_or(report.began)).as_millis()
}

/// What comes of a fault on the server's way, and on the client's.
fn check(word: &str, at: &str, of_server: bool, expected: [&str; 2]) {
    let planned = Some(fault(word, at));
    let (client, server) = if of_server { in_memory(None, planned) } else { in_memory(planned, None) };
    let server = server.unwrap();
    assert_eq!([client.outcome.to_string(), server.outcome.to_string()], expected, "{word} {at}");
    let struck = if of_server { server.spared } else { client.spared };
    assert_eq!(struck, None, "{word} {at} strikes");
}

const LOGIN: &str = "established TLS1.2 ECDHE-RSA-AES256-GCM-SHA384 by password";

#[test]
fn octets_that_come_late_or_one_by_one_change_nothing() {
    for word in ["delay", "one-byte-writes"] {
        for at in ["after connect", "during tls-request", "during tls", "after server-hello", "before login"] {
            check(word, at, false, [LOGIN, LOGIN]);
        }
        for at in ["after tls-request", "during tls", "after tls", "after login", "during auth-ok"] {
            check(word, at, true, [LOGIN, LOGIN]);
        }
    }
}

#[test]
fn a_deadline_is_kept_to_the_millisecond_in_each_phase() {
    let began = Instant::now();
    for (of_server, at, client_phase, server_phase) in [
        (true, "after tls-request", "tls", "tls"),
        (true, "during tls", "tls", "tls"),
        (true, "after tls", "auth", "auth"),
        (true, "after login", "auth", ""),
        (false, "after connect", "tls", "auth"),
        (false, "during tls", "tls", "tls"),
        (false, "before login", "auth", "auth"),
    ] {
        let planned = Some(fault("stall", at));
        let (client, server) = if of_server { in_memory(None, planned) } else { in_memory(planned, None) };
        let server = server.unwrap();
        assert_eq!(client.outcome.to_string(), format!("timed out in {client_phase}"), "{at}");
        // A deadline is that of a phase, and a phase may have begun some virtual instants before the last event.
        assert!(client.ended.since(client.began) >= CLIENT && waited_ms(&client) <= CLIENT.as_millis(), "{at}");
        if !server_phase.is_empty() {
            assert_eq!(server.outcome.to_string(), format!("timed out in {server_phase}"), "{at}");
            assert!(server.ended.since(server.began) >= SERVER, "{at}");
            assert!(server.ended.since(server.began) <= SERVER + Duration::from_millis(20), "{at}");
        }
        assert!(client.ended.since(client.began) <= CLIENT + Duration::from_millis(20), "{at}");
    }
    assert!(began.elapsed() < CLIENT, "nobody waits for a deadline");
}

#[test]
fn a_reset_and_an_end_are_told_with_their_phase() {
    check("reset", "during tls", true, ["refused by server: reset in tls", "refused by client: reset in tls"]);
    check("reset", "before login", false, ["refused by server: reset in auth", "refused by client: reset in auth"]);
    check("half-close", "during tls", true, ["refused by server: eof in tls", "refused by client: eof in tls"]);
    check("half-close", "before login", false, ["refused by server: eof in auth", "refused by client: eof in auth"]);
}

#[test]
fn a_server_that_is_not_there_is_told_apart_from_one_that_does_not_answer() {
    let (closed, nobody) = in_memory(None, Some(fault("refused", "before connect")));
    assert_eq!((closed.outcome.to_string().as_str(), nobody), ("refused by server: tcp refused", None));
    let (silent, nobody) = in_memory(None, Some(fault("unanswered", "before connect")));
    assert_eq!((silent.outcome.to_string().as_str(), nobody), ("timed out in tcp", None));
    assert_eq!(silent.ended.since(silent.began).as_millis(), CLIENT.as_millis());
}

#[test]
fn a_fault_whose_point_is_not_reached_says_so() {
    let never = fault("stall", "after auth-switch");
    let (client, server) = in_memory(Some(never), None);
    assert_eq!((client.outcome.to_string().as_str(), client.spared), (LOGIN, Some(never)));
    assert_eq!(server.unwrap().spared, None);
}

/// Each fault once over a socket, with deadlines that are waited for.
#[tokio::test]
async fn over_sockets_the_same_faults_do_the_same() {
    let brief = Deadlines::all(Duration::from_millis(300));
    for (word, at, expected) in [
        ("one-byte-writes", "during tls", LOGIN),
        ("stall", "after login", "timed out in auth"),
        ("reset", "during tls", "refused by server: reset in tls"),
        ("half-close", "after login", "refused by server: eof in auth"),
    ] {
        let factory = move |_: SocketAddr| (toy_server(Some(fault(word, at))), Box::new(NoRandom) as _);
        let limits = ServeLimits { deadlines: brief, ..ServeLimits::default() };
        let mock = listen("127.0.0.1:0".parse().unwrap(), Clock::start(), limits, Arc::new(factory)).await.unwrap();
        let mut around = Around { clock: Clock::start(), random: &mut NoRandom, deadlines: brief, tickets: None };
        let (report, _) = dial(mock.address(), toy_client(None), &mut around).await.unwrap();
        assert_eq!(report.outcome.to_string(), expected, "{word} {at}");
        mock.stop().await;
    }
    let length = Duration::from_millis(50);
    let late = NetworkFault { kind: FaultKind::Delay(length), ..fault("delay", "before login") };
    let factory = |_: SocketAddr| (toy_server(None), Box::new(NoRandom) as _);
    let mock = listen("127.0.0.1:0".parse().unwrap(), Clock::start(), ServeLimits::default(), Arc::new(factory))
        .await
        .unwrap();
    let mut around =
        Around { clock: Clock::start(), random: &mut NoRandom, deadlines: Deadlines::default(), tickets: None };
    let (report, _) = dial(mock.address(), toy_client(Some(late)), &mut around).await.unwrap();
    assert_eq!(report.outcome.to_string(), LOGIN);
    assert!(report.ended.since(report.began) >= length);
    mock.stop().await;
}

/// A listener whose queue is full drops what asks for a connection, as a firewall does.
#[tokio::test]
async fn a_full_accept_queue_does_not_answer() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let brief = Deadlines::all(Duration::from_millis(200));
    let mut waiting = Vec::new();
    // Linux takes one more than it was told to; whoever does not get in within a moment is outside.
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(stream);
        assert!(waiting.len() < 16, "the queue has no end");
    }
    let mut around = Around { clock: Clock::start(), random: &mut NoRandom, deadlines: brief, tickets: None };
    let (report, own) = dial(address, toy_client(None), &mut around).await.unwrap();
    assert_eq!((report.outcome.to_string().as_str(), own), ("timed out in tcp", None));
    drop(listener);
}
