//! Our TLS against the `openssl` program of the system: another build, and other code that drives it.

use crate::peer::skip;
use shakedown::handshake::{
    Context, Error, Handshake, Input, Outcome, Random, Side, Step, Timestamp, TlsOffer, TlsVersion,
};
use shakedown::net::{Around, Clock, Connection, Deadlines, Listening, Report, Security, ServeLimits, dial, listen};
use shakedown::tls::{
    Certified, ClientContext, ClientSettings, Key, KeyKind, Leaf, Provider, ServerContext, ServerSettings, Suite,
    Validity,
};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

const TWELVE: [&str; 12] = [
    "DHE-RSA-AES128-SHA",
    "DHE-RSA-AES128-SHA256",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA",
    "DHE-RSA-AES256-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];

/// The suites that exist before TLS 1.2.
const OLD: [&str; 4] = ["DHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA"];

const VERSIONS: [TlsVersion; 3] = [TlsVersion::Tls1_0, TlsVersion::Tls1_1, TlsVersion::Tls1_2];

static CERTIFICATE: LazyLock<Certified> = LazyLock::new(|| {
    let now = Timestamp::EPOCH + UNIX_EPOCH.elapsed().unwrap();
    let key = Key::generate(KeyKind::Rsa2048).unwrap();
    Leaf::for_name("db.test", Validity::around(now)).self_signed(key).unwrap()
});

/// TLS from the first octet, and nothing in it.
struct TlsAlone;

impl Handshake for TlsAlone {
    fn handle(&mut self, input: Input<'_>, _cx: &mut Context<'_>) -> Result<Step, Error> {
        match input {
            Input::Start => Ok(Step::StartTls(TlsOffer::default())),
            Input::Secured(_) => Ok(Step::Finish(Outcome::established("trust"))),
            _ => Err(Error::Misuse("there is nothing to say")),
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        None
    }
}

struct NoRandom;

impl Random for NoRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// `openssl s_server` with all suites and versions, ended when it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    _files: tempfile::TempDir,
}

impl Server {
    fn start(ciphers: &str) -> Self {
        Self::start_with(&["-max_protocol", "TLSv1.2", "-cipher", &format!("{ciphers}:@SECLEVEL=0")])
    }

    fn start_with(arguments: &[&str]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join("server.pem");
        std::fs::write(&path, CERTIFICATE.chain_pem() + &CERTIFICATE.key_pem().unwrap()).unwrap();
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-min_protocol", "TLSv1", "-serverpref"])
            .args(arguments)
            .args(["-naccept", "1000", "-cert"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the openssl program is here");
        // It prints `ACCEPT 127.0.0.1:PORT` once it listens.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(|address| address.trim().parse().unwrap()))
            .expect("s_server says where it listens");
        // The rest of what it prints is read, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, _files: files }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the program is installed. Where the peers are required, it has to be.
fn is_here() -> bool {
    let here = Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_ok();
    if !here {
        skip("the openssl program is not installed");
    }
    here
}

fn suites(names: &[&str]) -> Vec<&'static Suite> {
    names.iter().map(|name| Suite::by_name(name).unwrap()).collect()
}

async fn connect(address: SocketAddr, version: TlsVersion, suite: &str) -> Report {
    let settings = ClientSettings { versions: vec![version], suites: suites(&[suite]), ..ClientSettings::default() };
    connect_with(address, settings).await
}

async fn connect_with(address: SocketAddr, settings: ClientSettings) -> Report {
    let context = Arc::new(ClientContext::new(&settings).unwrap());
    let security = Security::Client { context, server_name: Some("db.test".to_owned()) };
    let connection = Connection::new(Side::Client, Box::new(TlsAlone), security);
    let mut around =
        Around { clock: Clock::start(), random: &mut NoRandom, deadlines: Deadlines::default(), tickets: None };
    dial(address, connection, &mut around).await.unwrap().0
}

#[tokio::test]
async fn s_server_establishes_twenty_cells_and_refuses_sixteen_with_alert_40() {
    if !is_here() {
        return;
    }
    let server = Server::start("ALL");
    let mut established = 0;
    for version in VERSIONS {
        for suite in TWELVE {
            let report = connect(server.address, version, suite).await;
            if version == TlsVersion::Tls1_2 || OLD.contains(&suite) {
                assert_eq!(report.outcome.to_string(), format!("established {version} {suite} by trust"));
                established += 1;
            } else {
                assert_eq!(
                    report.outcome.to_string(),
                    "refused by server: alert handshake_failure",
                    "{version} {suite}"
                );
                assert_eq!(report.trace.to_string(), "connect client-hello> alert<(handshake_failure)");
            }
        }
    }
    assert_eq!(established, 20);
}

#[tokio::test]
async fn s_server_refuses_a_suite_that_it_was_not_given() {
    if !is_here() {
        return;
    }
    let server = Server::start("ECDHE-RSA-AES128-SHA");
    let report = connect(server.address, TlsVersion::Tls1_2, "ECDHE-RSA-AES256-SHA").await;
    assert_eq!(report.outcome.to_string(), "refused by server: alert handshake_failure");
    let report = connect(server.address, TlsVersion::Tls1_0, "ECDHE-RSA-AES128-SHA").await;
    assert_eq!(report.outcome.to_string(), "established TLS1.0 ECDHE-RSA-AES128-SHA by trust");
}

#[tokio::test]
async fn s_server_asks_for_another_key_share_and_is_understood() {
    if !is_here() {
        return;
    }
    // PostgreSQL does so on TLS 1.3: P-256 is all that it takes by default.
    let server = Server::start_with(&["-groups", "P-256"]);
    for provider in [Provider::OpenSsl, Provider::Rustls] {
        let versions = vec![TlsVersion::Tls1_2, TlsVersion::Tls1_3];
        let settings = ClientSettings { provider, versions, ..ClientSettings::default() };
        let report = connect_with(server.address, settings).await;
        assert_eq!(report.outcome.to_string(), "established TLS1.3 TLS_AES_256_GCM_SHA384 by trust");
        let trace = "connect client-hello> client-hello> server-hello<(TLS1.3 TLS_AES_256_GCM_SHA384) tls-ready";
        assert_eq!(report.trace.to_string(), trace);
    }
}

async fn mock(names: &[&str]) -> Listening {
    let settings = ServerSettings { suites: suites(names), ..ServerSettings::new(CERTIFICATE.clone()) };
    let context = Arc::new(ServerContext::new(&settings).unwrap());
    let factory = move |_: SocketAddr| {
        let security = Security::Server(Arc::clone(&context));
        (Connection::new(Side::Server, Box::new(TlsAlone), security), Box::new(NoRandom) as _)
    };
    listen("127.0.0.1:0".parse().unwrap(), Clock::start(), ServeLimits::default(), Arc::new(factory)).await.unwrap()
}

/// Plays `openssl s_client` and says what it printed and what the mock saw.
async fn s_client(mock: &Listening, version: &str, suite: &str) -> (String, Report) {
    let arguments = ["s_client", "-connect", &mock.address().to_string(), version].map(str::to_owned);
    let cipher = format!("{suite}:@SECLEVEL=0");
    let output = tokio::task::spawn_blocking(move || {
        let mut child = Command::new("openssl")
            .args(arguments)
            .args(["-cipher", &cipher])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the openssl program is here");
        // It may be gone already: then there is nobody to say goodbye to.
        let _ = child.stdin.take().unwrap().write_all(b"Q\n");
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap();
    let record = mock.next_record(Duration::from_secs(5)).await.expect("s_client has connected");
    (String::from_utf8_lossy(&output.stdout).into_owned(), record.report.unwrap())
}

#[tokio::test]
async fn s_client_establishes_what_it_can_ask_for() {
    if !is_here() {
        return;
    }
    let mock = mock(&TWELVE).await;
    for (flag, version, names) in
        [("-tls1", "1.0", &OLD[..]), ("-tls1_1", "1.1", &OLD[..]), ("-tls1_2", "1.2", &TWELVE[..])]
    {
        for suite in names {
            let (printed, report) = s_client(&mock, flag, suite).await;
            assert_eq!(report.outcome.to_string(), format!("established TLS{version} {suite} by trust"));
            assert!(printed.contains(&format!("Cipher is {suite}")), "{printed}");
        }
    }
    mock.stop().await;
}

#[tokio::test]
async fn s_client_is_refused_what_the_mock_lacks() {
    if !is_here() {
        return;
    }
    let mock = mock(&["ECDHE-RSA-AES128-SHA"]).await;
    let (printed, report) = s_client(&mock, "-tls1_2", "AES256-SHA").await;
    assert!(report.outcome.to_string().starts_with("refused by server: alert handshake_failure"));
    assert!(printed.contains("Cipher is (NONE)"), "{printed}");
    let (_, report) = s_client(&mock, "-tls1_3", "ALL").await;
    assert!(report.outcome.to_string().starts_with("refused by server: alert protocol_version"), "{}", report.outcome);
    mock.stop().await;
}
