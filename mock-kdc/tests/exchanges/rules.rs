//! Rules decide about answers: which, what is in them, and how they are sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_kdc::{Handle, Kdc, Listener, Rule};
use shakedown_krb5::messages::{Codec as _, KrbError};
use shakedown_krb5::{Random, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::request::{AsRequest, Proof, TgsRequest};
use crate::world::{NOW, alice_tgt, kdc, new_kdc};

const PATIENCE: Duration = Duration::from_secs(5);
/// How long it takes to believe that nothing comes.
const SILENCE: Duration = Duration::from_millis(150);

fn rules(text: &str) -> Vec<Rule> {
    #[derive(serde::Deserialize)]
    struct File {
        rules: Vec<Rule>,
    }
    toml::from_str::<File>(text).unwrap().rules
}

fn with_rules(text: &str) -> Kdc {
    let kdc = new_kdc();
    kdc.set_rules(rules(text));
    kdc
}

/// The same octets for the same seed.
struct Seeded(u64);

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (self.0 >> 56) as u8;
        }
    }
}

fn without_proof() -> Vec<u8> {
    AsRequest { proof: Proof::Missing, ..AsRequest::good(NOW) }.octets()
}

/// The code of an error; 0 for a ticket, -1 for anything else.
fn code(octets: &[u8]) -> i32 {
    match octets.first() {
        Some(0x7e) => KrbError::decode(octets).unwrap().error_code,
        Some(0x6b | 0x6d) => 0,
        _ => -1,
    }
}

#[test]
fn rules_tell_requests_apart() {
    let kdc = with_rules(
        "[[rules]]
        when = { message = 'tgs-req', service = 'postgres/*' }
        then = { error = 29, text = 'BUSY' }
        [[rules]]
        when = { message = 'as-req', client = 'al*', preauthenticated = true, nth = 2 }
        then = { error = 60 }
        [[rules]]
        when = { client = 'bob', times = 1 }
        then = { truncate = 3 }
        ",
    );
    let tgt = alice_tgt(&kdc, NOW);
    let ask = |octets: &[u8]| kdc.answer(octets, NOW, &mut Seeded(1)).octets.unwrap();
    let tgs = |server| TgsRequest { server: Some(server), ..TgsRequest::good(&tgt, NOW) }.octets();
    assert_eq!((code(&ask(&tgs("postgres/db.test"))), code(&ask(&tgs("mysql/db.test")))), (29, 0));
    // The login above was the first of alice that proves anything.
    assert_eq!(code(&ask(&without_proof())), 25);
    let good = AsRequest::good(NOW).octets();
    assert_eq!([code(&ask(&good)), code(&ask(&good))], [60, 0]);
    let bob = AsRequest { client: Some("bob"), ..AsRequest::good(NOW) }.octets();
    assert_eq!([ask(&bob).len(), ask(&bob).len().min(4)], [3, 4]);
    let counted: Vec<_> = kdc.rules().iter().map(|state| (state.seen, state.applied)).collect();
    assert_eq!(counted, [(1, 1), (3, 1), (2, 1)]);
    let log = kdc.answer(&tgs("postgres/db.test"), NOW, &mut Seeded(1)).event;
    assert_eq!(log.outcome.to_string(), "krb 29");
}

#[test]
fn a_fork_has_the_rules_and_counts_anew() {
    let kdc = with_rules("[[rules]]\nwhen = { nth = 1 }\nthen = { error = 29 }");
    let ask = |kdc: &Kdc| code(&kdc.answer(&without_proof(), NOW, &mut Seeded(1)).octets.unwrap());
    assert_eq!((ask(&kdc), ask(&kdc)), (29, 25));
    let fork = kdc.fork();
    assert_eq!((ask(&fork), ask(&kdc)), (29, 25));
}

#[test]
fn the_same_seed_and_requests_give_the_same_octets() {
    const RULES: &str = "[[rules]]
        when = { nth = 2 }
        then = { garbage = 40 }
        [[rules]]
        when = { nth = 4 }
        then = { deviation = ['ticket-invalid', 'wrong-nonce', 'non-minimal-lengths'] }";
    // Making a request draws random numbers as well: one is made for all.
    let requests = [without_proof(), AsRequest::good(NOW).octets()];
    let play = |seed| {
        let (kdc, mut random) = (with_rules(RULES), Seeded(seed));
        let requests = requests.iter().cycle().take(6);
        requests.map(|octets| kdc.answer(octets, NOW, &mut random).octets).collect::<Vec<_>>()
    };
    assert_eq!(play(1), play(1));
    assert_ne!(play(1), play(2));
}

/// A KDC on a port, with these rules.
async fn serve(text: &str) -> Handle {
    Listener::bind_loopback().await.unwrap().serve(Arc::new(with_rules(text)))
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// Requests that are no retransmissions of each other.
fn request(number: i64) -> Vec<u8> {
    let till = now().offset_seconds(3600 + number);
    AsRequest { till, proof: Proof::Missing, ..AsRequest::good(now()) }.octets()
}

async fn client(address: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // A connected socket hears only the port that it asked.
    socket.connect(address).await.unwrap();
    socket
}

async fn hear(socket: &UdpSocket, patience: Duration) -> Option<i32> {
    let mut buffer = vec![0; 65_535];
    let length = timeout(patience, socket.recv(&mut buffer)).await.ok()?.unwrap();
    Some(code(&buffer[..length]))
}

#[tokio::test]
async fn a_reply_that_is_lost_comes_with_the_retransmission() {
    let handle = serve("[[rules]]\nwhen = { transport = 'udp', nth = 1 }\nthen = { drop = true }").await;
    let socket = client(handle.address()).await;
    let first = request(0);
    socket.send(&first).await.unwrap();
    assert_eq!(hear(&socket, SILENCE).await, None);
    socket.send(&first).await.unwrap();
    assert_eq!(hear(&socket, PATIENCE).await, Some(25));
    assert_eq!(handle.kdc().rules()[0].seen, 1);
    assert_eq!(handle.log().since(0).iter().map(|event| event.repeated).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn retransmissions_have_rules_of_their_own() {
    let handle = serve(
        "[[rules]]\nwhen = { repeat = 2 }\nthen = { error = 29 }
        [[rules]]\nwhen = { nth = 2 }\nthen = { error = 60 }",
    )
    .await;
    let socket = client(handle.address()).await;
    let (first, second) = (request(0), request(1));
    let mut heard = Vec::new();
    for octets in [&first, &first, &first, &first, &second] {
        socket.send(octets).await.unwrap();
        heard.push(hear(&socket, PATIENCE).await);
    }
    assert_eq!(heard, [Some(25), Some(25), Some(29), Some(25), Some(60)]);
}

#[tokio::test]
async fn a_delayed_reply_holds_up_nobody_else() {
    let handle = serve("[[rules]]\nwhen = { nth = 1 }\nthen = { delay = '400ms' }").await;
    let (slow, quick) = (client(handle.address()).await, client(handle.address()).await);
    let start = Instant::now();
    slow.send(&request(0)).await.unwrap();
    for number in 1..20 {
        quick.send(&request(number)).await.unwrap();
        assert_eq!(hear(&quick, PATIENCE).await, Some(25));
    }
    assert!(start.elapsed() < Duration::from_millis(400), "the others waited");
    assert_eq!(hear(&slow, PATIENCE).await, Some(25));
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_retransmission_of_a_request_whose_reply_waits_is_not_answered() {
    let handle = serve("[[rules]]\nwhen = { nth = 1 }\nthen = { delay = '300ms' }").await;
    let socket = client(handle.address()).await;
    let first = request(0);
    socket.send(&first).await.unwrap();
    socket.send(&first).await.unwrap();
    assert_eq!(hear(&socket, Duration::from_millis(100)).await, None);
    assert_eq!(hear(&socket, PATIENCE).await, Some(25));
    assert_eq!(hear(&socket, SILENCE).await, None);
    socket.send(&first).await.unwrap();
    assert_eq!(hear(&socket, PATIENCE).await, Some(25));
}

#[tokio::test]
async fn a_datagram_comes_twice_or_from_elsewhere() {
    let handle = serve(
        "[[rules]]\nwhen = { nth = 1 }\nthen = { duplicate = true }
        [[rules]]\nwhen = { transport = 'udp', nth = 2 }\nthen = { other_port = true }",
    )
    .await;
    let socket = client(handle.address()).await;
    socket.send(&request(0)).await.unwrap();
    assert_eq!((hear(&socket, PATIENCE).await, hear(&socket, PATIENCE).await), (Some(25), Some(25)));
    assert_eq!(hear(&socket, SILENCE).await, None);
    // Who takes what comes hears the reply from the other port.
    let open = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    open.send_to(&request(1), handle.address()).await.unwrap();
    let mut buffer = [0; 2048];
    let (length, from) = timeout(PATIENCE, open.recv_from(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(code(&buffer[..length]), 25);
    assert!(from.ip() == handle.address().ip() && from != handle.address(), "{from}");
}

/// What comes on a connection until it is closed, or nothing comes any more; and whether it was closed.
async fn read(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut heard = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        match timeout(SILENCE, stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return (heard, true),
            Ok(Ok(length)) => heard.extend_from_slice(&buffer[..length]),
            Err(_) => return (heard, false),
        }
    }
}

async fn ask(handle: &Handle, number: i64) -> (Vec<u8>, bool) {
    let mut stream = TcpStream::connect(handle.address()).await.unwrap();
    let octets = request(number);
    stream.write_all(&u32::try_from(octets.len()).unwrap().to_be_bytes()).await.unwrap();
    stream.write_all(&octets).await.unwrap();
    read(&mut stream).await
}

#[tokio::test]
async fn a_connection_carries_replies_in_pieces_twice_in_part_or_not_at_all() {
    let handle = serve(
        "[[rules]]\nwhen = { transport = 'tcp', nth = 1 }\nthen = { split = [4, 1], pause = '1ms' }
        [[rules]]\nwhen = { transport = 'tcp', nth = 2 }\nthen = { duplicate = true }
        [[rules]]\nwhen = { transport = 'tcp', nth = 3 }\nthen = { close = 5 }
        [[rules]]\nwhen = { transport = 'tcp', nth = 4 }\nthen = { close = 0 }
        [[rules]]\nwhen = { transport = 'tcp', nth = 5 }\nthen = { drop = true }
        [[rules]]\nwhen = { transport = 'tcp', nth = 6 }\nthen = { delay = '50ms' }",
    )
    .await;
    let is_whole = |heard: &[u8]| {
        let length = heard.first_chunk().map_or(0, |length| u32::from_be_bytes(*length) as usize);
        heard.len() == 4 + length && code(&heard[4..]) == 25
    };
    let (pieces, closed) = ask(&handle, 0).await;
    assert!(is_whole(&pieces) && !closed);
    let (twice, closed) = ask(&handle, 1).await;
    let (first, second) = twice.split_at(twice.len() / 2);
    assert!(is_whole(first) && first == second && !closed);
    let (part, closed) = ask(&handle, 2).await;
    assert!(part.len() == 5 && closed);
    assert_eq!(ask(&handle, 3).await, (Vec::new(), true));
    assert_eq!(ask(&handle, 4).await, (Vec::new(), false));
    assert!(is_whole(&ask(&handle, 5).await.0));
    assert!(is_whole(&ask(&handle, 6).await.0));
}

#[tokio::test]
async fn the_port_is_free_at_once_although_replies_wait() {
    let handle = serve("[[rules]]\nthen = { delay = '600s' }").await;
    let socket = client(handle.address()).await;
    socket.send(&request(0)).await.unwrap();
    let mut stream = TcpStream::connect(handle.address()).await.unwrap();
    let octets = request(1);
    stream.write_all(&u32::try_from(octets.len()).unwrap().to_be_bytes()).await.unwrap();
    stream.write_all(&octets).await.unwrap();
    while handle.kdc().rules()[0].applied < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    timeout(PATIENCE, handle.stop()).await.unwrap();
    assert!(kdc().rules().is_empty());
}

#[test]
fn an_event_names_the_rule_that_decided() {
    let kdc = with_rules(
        "rules = [{ when = { client = 'nobody' }, then = { error = 29 } }, { when = { nth = 2 }, then = { error = 29 } }]",
    );
    let answer = || kdc.answer(&without_proof(), NOW, &mut Seeded(1)).event;
    let told: Vec<_> = (0..3).map(|_| answer()).map(|event| (event.outcome.to_string(), event.rule)).collect();
    let expected = [("krb 25", None), ("krb 29", Some(2)), ("krb 25", None)];
    assert_eq!(told, expected.map(|(outcome, rule)| (outcome.to_owned(), rule)));
}
