//! The loop over real sockets of the loopback address.

use super::connections::{NoRandom, WORLD, client, server};
use super::toy::{ToyClient, ToyServer};
use shakedown::handshake::{Context, Error, Handshake, Input, Outcome, Side, Step};
use shakedown::net::{
    Around, Clock, Connection, Deadlines, Listening, Report, Security, ServeLimits, dial, drive, listen,
};
use shakedown::tls::{ClientSettings, ServerSettings, Trust};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

async fn mock(limits: ServeLimits, machine: fn() -> ToyServer) -> Listening {
    let tls = server(&ServerSettings::new(WORLD.certificate.clone()));
    let factory = move |_: SocketAddr| {
        let machine: Box<dyn Handshake> = Box::new(machine());
        (Connection::new(Side::Server, machine, tls.clone()), Box::new(NoRandom) as _)
    };
    listen("127.0.0.1:0".parse().unwrap(), Clock::start(), limits, Arc::new(factory)).await.unwrap()
}

async fn connect(
    address: SocketAddr,
    machine: ToyClient,
    settings: &ClientSettings,
    deadlines: Deadlines,
) -> (Report, Option<SocketAddr>) {
    let connection = Connection::new(Side::Client, Box::new(machine), client(settings, Some("db.test")));
    let mut around = Around { clock: Clock::start(), random: &mut NoRandom, deadlines, tickets: None };
    dial(address, connection, &mut around).await.unwrap()
}

#[tokio::test]
async fn both_sides_report_the_same_connection() {
    let mock = mock(ServeLimits::default(), ToyServer::default).await;
    for (tls, secret, expected) in [
        (true, "open", "established TLS1.2 ECDHE-RSA-AES256-GCM-SHA384 by password"),
        (false, "open", "established by password"),
        (true, "wrong", "refused by server: denied"),
        (false, "wrong", "refused by server: denied"),
    ] {
        let machine = ToyClient::new(tls, secret);
        let (report, own) = connect(mock.address(), machine, &ClientSettings::default(), Deadlines::default()).await;
        assert_eq!(report.outcome.to_string(), expected);
        let record = mock.record(own.unwrap(), PATIENCE).await.unwrap();
        let served = record.report.unwrap();
        assert_eq!(served.outcome, report.outcome);
        assert_eq!(served.trace.to_string(), report.trace.to_string());
        assert_eq!(report.phases.tls.is_some(), tls);
    }
    mock.stop().await;
}

#[tokio::test]
async fn a_refusing_client_is_seen_by_the_server_as_the_one_that_sent_the_alert() {
    let mock = mock(ServeLimits::default(), ToyServer::default).await;
    let settings = ClientSettings { trust: Trust::Authority(WORLD.other.pem()), ..ClientSettings::default() };
    let (report, own) = connect(mock.address(), ToyClient::new(true, "open"), &settings, Deadlines::default()).await;
    assert!(report.outcome.to_string().starts_with("refused by client: alert unknown_ca"));
    let record = mock.record(own.unwrap(), PATIENCE).await.unwrap();
    assert_eq!(record.report.unwrap().outcome.to_string(), "refused by client: alert unknown_ca");
}

#[tokio::test]
async fn each_phase_has_a_deadline_on_both_sides() {
    let brief = Deadlines::all(Duration::from_millis(50));
    let mute = || ToyServer { mute: true, ..ToyServer::default() };
    let served = mock(ServeLimits::default(), mute).await;
    let (report, _) = connect(served.address(), ToyClient::new(false, "open"), &ClientSettings::default(), brief).await;
    assert_eq!(report.outcome.to_string(), "timed out in auth");

    let impatient = mock(ServeLimits { deadlines: brief, ..ServeLimits::default() }, ToyServer::default).await;
    let stream = tokio::net::TcpStream::connect(impatient.address()).await.unwrap();
    let record = impatient.record(stream.local_addr().unwrap(), PATIENCE).await.unwrap();
    assert_eq!(record.report.unwrap().outcome.to_string(), "timed out in auth");

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let (report, _) = connect(address, ToyClient::new(true, "open"), &ClientSettings::default(), brief).await;
    assert_eq!(report.outcome.to_string(), "timed out in tls");
}

#[tokio::test]
async fn a_client_that_stays_after_its_login_has_been_logged_in() {
    let deadlines = Deadlines { idle: Duration::from_millis(50), ..Deadlines::default() };
    let mock = mock(ServeLimits { deadlines, ..ServeLimits::default() }, ToyServer::default).await;
    let machine = ToyClient { linger: true, ..ToyClient::new(true, "open") };
    let (report, own) = connect(mock.address(), machine, &ClientSettings::default(), Deadlines::default()).await;
    assert!(report.outcome.is_established(), "{}", report.outcome);
    let record = mock.record(own.unwrap(), PATIENCE).await.unwrap();
    assert!(record.report.unwrap().outcome.is_established());
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses() {
    let gone = mock(ServeLimits::default(), ToyServer::default).await;
    let address = gone.address();
    gone.stop().await;
    let (report, own) =
        connect(address, ToyClient::new(false, "open"), &ClientSettings::default(), Deadlines::default()).await;
    assert_eq!(report.outcome.to_string(), "refused by server: tcp refused");
    assert_eq!((report.trace.to_string(), own), (String::new(), None));
}

#[tokio::test]
async fn a_mock_that_is_dropped_leaves_nothing_behind() {
    let mock = mock(ServeLimits::default(), ToyServer::default).await;
    let address = mock.address();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    drop(mock);
    let mut rest = Vec::new();
    // The end of the stream or a reset, but an end.
    let _ = tokio::time::timeout(PATIENCE, tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest)).await.unwrap();
    let freed = async {
        while tokio::net::TcpListener::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.unwrap();
}

#[tokio::test]
async fn the_last_words_of_a_peer_that_resets_are_heard() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let rude = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"denied\n").await.unwrap();
        // Dropped with unread bytes in it: the kernel sends a reset behind the answer.
    };
    let machine = ToyClient::new(false, "wrong");
    let settings = ClientSettings::default();
    let ((), (report, _)) = tokio::join!(rude, connect(address, machine, &settings, Deadlines::default()));
    assert_eq!(report.outcome.to_string(), "refused by server: denied");
}

#[tokio::test]
async fn a_reset_without_a_word_is_told_apart_from_an_orderly_end() {
    for (linger, expected) in [(true, "refused by server: reset in auth"), (false, "refused by server: eof in auth")] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ends = async {
            let (stream, _) = listener.accept().await.unwrap();
            stream.readable().await.unwrap();
            let mut unread = [0; 64];
            if !linger {
                stream.try_read(&mut unread).unwrap();
            }
        };
        let machine = ToyClient::new(false, "open");
        let settings = ClientSettings::default();
        let ((), (report, _)) = tokio::join!(ends, connect(address, machine, &settings, Deadlines::default()));
        assert_eq!(report.outcome.to_string(), expected);
    }
}

#[tokio::test]
async fn records_that_nobody_collects_are_bounded_and_counted() {
    let mock = mock(ServeLimits { records: 2, ..ServeLimits::default() }, ToyServer::default).await;
    for _ in 0..3 {
        let machine = ToyClient::new(false, "open");
        connect(mock.address(), machine, &ClientSettings::default(), Deadlines::default()).await;
    }
    // A client has its report before the mock has its record.
    let pushed_out = async {
        while mock.lost_records() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, pushed_out).await.unwrap();
    assert_eq!(mock.lost_records(), 1);
    let kept = [mock.next_record(PATIENCE).await, mock.next_record(PATIENCE).await];
    assert!(kept.iter().all(Option::is_some));
    assert_eq!(mock.next_record(Duration::from_millis(1)).await, None);
}

#[tokio::test]
async fn a_full_mock_lets_the_next_wait_until_a_place_is_free() {
    let mock = mock(ServeLimits { connections: 1, ..ServeLimits::default() }, ToyServer::default).await;
    let first = tokio::net::TcpStream::connect(mock.address()).await.unwrap();
    let settings = ClientSettings::default();
    let waiting = connect(mock.address(), ToyClient::new(false, "open"), &settings, Deadlines::default());
    let mut waiting = std::pin::pin!(waiting);
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("two were served at a time"),
        record = mock.record(first.local_addr().unwrap(), Duration::from_millis(50)) => assert_eq!(record, None),
    }
    drop(first);
    assert!(waiting.await.0.outcome.is_established());
}

/// Says everything back tenfold.
struct Loud;

impl Handshake for Loud {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        if let Input::Bytes(bytes) = input {
            cx.out.extend_from_slice(&bytes.repeat(10));
        }
        Ok(Step::Receive)
    }

    fn outcome(&self) -> Option<&Outcome> {
        None
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_not_read_from() {
    let (mut ours, mut theirs) = tokio::io::duplex(1024);
    let mut connection = Connection::new(Side::Server, Box::new(Loud), Security::ClearOnly);
    let deadlines = Deadlines::all(Duration::from_millis(100));
    let mut around = Around { clock: Clock::start(), random: &mut NoRandom, deadlines, tickets: None };
    let mut written = 0;
    let asking = async {
        loop {
            written += tokio::io::AsyncWriteExt::write(&mut theirs, &[0; 1024]).await.unwrap();
        }
    };
    tokio::select! {
        () = asking => {}
        driven = drive(&mut ours, &mut connection, &mut around) => driven.unwrap(),
    }
    assert_eq!(connection.outcome().unwrap().to_string(), "timed out in auth");
    assert!(written < 100_000, "{written}");
}

#[tokio::test]
async fn the_records_so_far_are_those_of_all_connections_made_before_and_none_is_an_answer() {
    let mock = mock(ServeLimits::default(), ToyServer::default).await;
    assert_eq!(mock.records_so_far(PATIENCE).await, Some(Vec::new()));
    // Made, and left again, before the mock has had a chance to see any of them.
    let mut own = Vec::new();
    for _ in 0..5 {
        own.push(std::net::TcpStream::connect(mock.address()).unwrap().local_addr().unwrap());
    }
    let peers =
        |records: Vec<shakedown::net::Record>| records.into_iter().map(|record| record.peer).collect::<Vec<_>>();
    let mut seen = peers(mock.records_so_far(PATIENCE).await.unwrap());
    own.sort();
    seen.sort();
    assert_eq!(seen, own);
    assert_eq!(mock.records_so_far(PATIENCE).await, Some(Vec::new()), "they are given out once");

    let open = tokio::net::TcpStream::connect(mock.address()).await.unwrap();
    assert_eq!(mock.records_so_far(Duration::from_millis(50)).await, None, "one is still open");
    let left = open.local_addr().unwrap();
    drop(open);
    assert_eq!(peers(mock.records_so_far(PATIENCE).await.unwrap()), [left]);
    mock.stop().await;
}
