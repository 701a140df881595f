//! The KDC on its port: datagrams, connections, and everything that a client can do wrong with them.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mock_kdc::{Handle, Kdc, Limits, Listener, Outcome, Realm, Service, SystemRandom, Transport, User};
use shakedown_krb5::Timestamp;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret, Transport as Via};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::framing::{TcpFraming, frame};
use shakedown_krb5::messages::{Codec as _, KrbError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(5);

fn realm() -> Realm {
    let mut realm = Realm::new("CORP.EXAMPLE.COM");
    realm.etypes = vec![Etype::Aes256Sha1];
    realm.users.push(User::new("alice", "correct horse"));
    realm.services.push(Service::new("postgres/db.test"));
    realm
}

async fn serve(realm: &Realm, limits: Limits) -> Handle {
    let kdc = Arc::new(Kdc::new(realm, &mut SystemRandom).unwrap());
    Listener::bind_loopback().await.unwrap().serve_within(limits, kdc)
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

fn exchange() -> AsExchange {
    AsExchange::new(AsSettings::new("alice@CORP.EXAMPLE.COM".parse().unwrap(), Secret::password("correct horse")))
}

/// The first request of alice: the answer is error 25.
fn first_request() -> Vec<u8> {
    match exchange().next(None, now(), &mut SystemRandom).unwrap() {
        Action::Send(request) => request.message,
        Action::Done(_) => panic!("no ticket without asking"),
    }
}

fn error_code(reply: &[u8]) -> i32 {
    KrbError::decode(reply).unwrap().error_code
}

async fn over_udp(kdc: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(kdc).await.unwrap();
    socket.send(request).await.unwrap();
    receive(&socket, PATIENCE).await
}

async fn receive(socket: &UdpSocket, patience: Duration) -> Option<Vec<u8>> {
    let mut reply = vec![0; 65_535];
    let length = timeout(patience, socket.recv(&mut reply)).await.ok()?.unwrap();
    reply.truncate(length);
    Some(reply)
}

/// The next message; nothing at the end of the stream.
async fn read_message(stream: &mut TcpStream, framing: &mut TcpFraming) -> Option<Vec<u8>> {
    let mut chunk = [0; 1024];
    loop {
        if let Some(message) = framing.next_message().unwrap() {
            return Some(message);
        }
        // A connection that was reset has ended as well.
        match timeout(PATIENCE, stream.read(&mut chunk)).await.expect("the KDC answers or ends in time") {
            Ok(0) | Err(_) => return None,
            Ok(length) => framing.push(&chunk[..length]),
        }
    }
}

fn framed(request: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    frame(request, &mut octets);
    octets
}

async fn over_tcp(kdc: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(kdc).await.unwrap();
    stream.write_all(&framed(request)).await.unwrap();
    read_message(&mut stream, &mut TcpFraming::new()).await
}

/// Logs alice in and returns the transports that were used.
async fn login(kdc: SocketAddr, mut exchange: AsExchange) -> Vec<Via> {
    let (mut used, mut reply) = (Vec::new(), None);
    loop {
        match exchange.next(reply.as_deref(), now(), &mut SystemRandom).unwrap() {
            Action::Done(_) => return used,
            Action::Send(request) => {
                used.push(request.transport);
                reply = match request.transport {
                    Via::Udp => over_udp(kdc, &request.message).await,
                    Via::Tcp => over_tcp(kdc, &request.message).await,
                };
                assert!(reply.is_some(), "no answer over {:?}", request.transport);
            }
        }
    }
}

#[tokio::test]
async fn both_transports_answer_on_one_port_and_the_log_tells_them_apart() {
    let handle = serve(&realm(), Limits::default()).await;
    assert!(handle.address().ip().is_loopback());
    assert_eq!(login(handle.address(), exchange()).await, [Via::Udp, Via::Udp]);
    let mut settings = AsSettings::new("alice@CORP.EXAMPLE.COM".parse().unwrap(), Secret::password("correct horse"));
    settings.udp_preference_limit = 0;
    assert_eq!(login(handle.address(), AsExchange::new(settings)).await, [Via::Tcp, Via::Tcp]);

    let log = handle.log().since(0);
    let seen: Vec<_> = log.iter().map(|event| (event.transport.unwrap(), event.trace().join(" "))).collect();
    let (refused, issued) = ("as-req krb-error".to_owned(), "as-req as-rep".to_owned());
    let expected = [Transport::Udp, Transport::Tcp]
        .into_iter()
        .flat_map(|transport| [(transport, refused.clone()), (transport, issued.clone())]);
    assert_eq!(seen, expected.collect::<Vec<_>>());
    assert_eq!(log[0].client.as_deref(), Some("alice@CORP.EXAMPLE.COM"));
    assert_eq!(log[0].service.as_deref(), Some("krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM"));
    assert_eq!(log[0].outcome.to_string(), "krb 25");
    assert_eq!(log[1].outcome, Outcome::Issued { ticket_etype: 18, session_etype: 18, kvno: 1 });
}

#[tokio::test]
async fn one_connection_takes_several_requests_however_they_are_split() {
    let handle = serve(&realm(), Limits::default()).await;
    let mut stream = TcpStream::connect(handle.address()).await.unwrap();
    let mut framing = TcpFraming::new();
    let request = framed(&first_request());
    // Two at once, then one octet by octet.
    stream.write_all(&[&request[..], &request[..]].concat()).await.unwrap();
    for octet in &request {
        stream.write_all(&[*octet]).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(error_code(&read_message(&mut stream, &mut framing).await.unwrap()), 25);
    }
}

#[tokio::test]
async fn a_length_that_is_too_large_or_reserved_is_refused_with_61_and_the_connection_ends() {
    let handle = serve(&realm(), Limits::default()).await;
    for length in [0x0010_0001_u32, 0x8000_0010, u32::MAX] {
        let mut stream = TcpStream::connect(handle.address()).await.unwrap();
        stream.write_all(&length.to_be_bytes()).await.unwrap();
        let mut framing = TcpFraming::new();
        let reply = read_message(&mut stream, &mut framing).await.unwrap();
        assert_eq!(error_code(&reply), 61, "length {length:#x}");
        assert_eq!(read_message(&mut stream, &mut framing).await, None);
    }
    assert!(handle.log().since(0).iter().all(|event| event.outcome.to_string() == "krb 61"));
}

#[tokio::test]
async fn what_cannot_be_read_gets_no_answer() {
    let handle = serve(&realm(), Limits::default()).await;
    assert_eq!(over_tcp(handle.address(), b"GET / HTTP/1.1\r\n\r\n").await, None);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(handle.address()).await.unwrap();
    socket.send(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    // The answer to what follows is the first that comes.
    socket.send(&first_request()).await.unwrap();
    assert_eq!(error_code(&receive(&socket, PATIENCE).await.unwrap()), 25);
    let outcomes: Vec<_> = handle.log().since(0).iter().map(|event| event.outcome.to_string()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.starts_with("no answer: malformed: KDC-REQ")).count(), 2);
}

#[tokio::test]
async fn a_datagram_that_is_sent_again_gets_the_same_octets_again() {
    let handle = serve(&realm(), Limits::default()).await;
    let mut exchange = exchange();
    let Action::Send(first) = exchange.next(None, now(), &mut SystemRandom).unwrap() else { panic!() };
    let reply = over_udp(handle.address(), &first.message).await;
    let Action::Send(second) = exchange.next(reply.as_deref(), now(), &mut SystemRandom).unwrap() else { panic!() };
    let once = over_udp(handle.address(), &second.message).await.unwrap();
    let twice = over_udp(handle.address(), &second.message).await.unwrap();
    assert_eq!(once[0], 0x6b, "an AS-REP, with a session key of its own");
    assert_eq!(once, twice);
    let repeated: Vec<_> = handle.log().since(0).iter().map(|event| event.repeated).collect();
    assert_eq!(repeated, [false, false, true]);
    // On a connection nothing is lost, so nothing is repeated: it is answered anew.
    assert_ne!(over_tcp(handle.address(), &second.message).await.unwrap(), once);
}

#[tokio::test]
async fn a_reply_that_is_too_long_for_a_datagram_is_fetched_over_tcp() {
    let mut realm = realm();
    realm.max_datagram_reply_octets = 400;
    let handle = serve(&realm, Limits::default()).await;
    assert_eq!(login(handle.address(), exchange()).await, [Via::Udp, Via::Udp, Via::Tcp]);
    let outcomes: Vec<_> = handle.log().since(0).iter().map(|event| event.outcome.to_string()).collect();
    assert_eq!(outcomes, ["krb 25", "krb 52", "established"]);
}

#[tokio::test]
async fn an_idle_connection_is_ended() {
    let handle = serve(&realm(), Limits { idle: Duration::from_millis(50), ..Limits::default() }).await;
    for sent in [&b""[..], b"\x00\x00", b"\x00\x00\x00\x10half"] {
        let mut stream = TcpStream::connect(handle.address()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        assert_eq!(read_message(&mut stream, &mut TcpFraming::new()).await, None);
    }
}

#[tokio::test]
async fn a_connection_too_many_waits_until_one_ends() {
    let handle = serve(&realm(), Limits { connections: 2, ..Limits::default() }).await;
    let request = framed(&first_request());
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(handle.address()).await.unwrap();
        stream.write_all(&request).await.unwrap();
        assert!(read_message(&mut stream, &mut TcpFraming::new()).await.is_some());
        held.push(stream);
    }
    let mut third = TcpStream::connect(handle.address()).await.unwrap();
    third.write_all(&request).await.unwrap();
    let mut octet = [0];
    assert!(timeout(Duration::from_millis(100), third.peek(&mut octet)).await.is_err(), "it waits");
    held.pop();
    assert!(read_message(&mut third, &mut TcpFraming::new()).await.is_some());
}

#[tokio::test]
async fn a_kdc_that_is_stopped_frees_its_port_and_ends_its_connections() {
    let handle = serve(&realm(), Limits::default()).await;
    let address = handle.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    timeout(PATIENCE, handle.stop()).await.expect("it stops in time");
    assert_eq!(read_message(&mut idle, &mut TcpFraming::new()).await, None);
    assert!(TcpStream::connect(address).await.is_err());
    Listener::bind(address).await.expect("the port is free");
}

#[tokio::test]
async fn a_handle_that_is_dropped_ends_the_kdc() {
    let handle = serve(&realm(), Limits::default()).await;
    let address = handle.address();
    drop(handle);
    let freed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, freed).await.expect("it ends in time");
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let handle = serve(&realm(), Limits::default()).await;
    assert!(Listener::bind(handle.address()).await.is_err());
}
