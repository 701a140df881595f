//! The control API as its users reach it: with curl as the documentation shows it, and with whatever else a peer may send.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mock_kdc::control::{self, ControlHandle, Controlled, Token};
use mock_kdc::{Handle, Kdc, Listener, Realm, Service, SystemRandom, User};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::keytab::Keytab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

struct World {
    kdc: Handle,
    control: ControlHandle,
    folder: tempfile::TempDir,
}

async fn world() -> World {
    let mut realm = Realm::new("CORP.EXAMPLE.COM");
    realm.etypes = vec![Etype::Aes256Sha1];
    realm.users.push(User::new("alice", "correct horse"));
    realm.services.push(Service::new("postgres/db.test"));
    let kdc = Arc::new(Kdc::new(&realm, &mut SystemRandom).unwrap());
    let kdc = Listener::bind_loopback().await.unwrap().serve(kdc);
    let folder = tempfile::tempdir().unwrap();
    let token = Token::random(&mut SystemRandom);
    token.write_to(&folder.path().join("token")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    World { control: control::serve(listener, Controlled::from(&kdc), token).unwrap(), kdc, folder }
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.path("token")).unwrap().trim_end().to_owned()
    }

    /// Status, headers and body of a request with these lines before its body.
    async fn send(&self, start: &str, lines: &str, body: &str) -> (u16, String, Vec<u8>) {
        let text = format!(
            "{start} HTTP/1.1\r\nHost: kdc\r\nConnection: close\r\n{lines}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        raw(self.control.address(), text.as_bytes()).await
    }

    /// The same with the token; the body of the answer is text.
    async fn ask(&self, start: &str, body: &str) -> (u16, String) {
        let (status, _, body) = self.send(start, &format!("Authorization: Bearer {}\r\n", self.token()), body).await;
        (status, String::from_utf8(body).unwrap())
    }

    async fn json(&self, start: &str, body: &str) -> serde_json::Value {
        let (status, text) = self.ask(start, body).await;
        assert!((200..300).contains(&status), "{start}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

async fn raw(address: SocketAddr, octets: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has heard enough may close before all is written.
    let _ = stream.write_all(octets).await;
    let mut heard = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut heard)).await.unwrap();
    let end = heard.windows(4).position(|four| four == b"\r\n\r\n").map_or(heard.len(), |at| at + 4);
    let head = String::from_utf8_lossy(&heard[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, head, heard[end..].to_vec())
}

#[tokio::test]
async fn nobody_without_the_token_is_told_anything_but_that_it_lives() {
    let world = world().await;
    for path in ["/principals", "/metrics", "/log", "/keytab/alice", "/no/such/path", "/health/"] {
        let wrong = format!("Authorization: Bearer {}\r\n", "0".repeat(64));
        for lines in ["", "Authorization: Bearer\r\n", "Authorization: Basic YTpi\r\n", &wrong] {
            let (status, head, body) = world.send(&format!("GET {path}"), lines, "").await;
            assert_eq!(status, 401, "{path} {lines}");
            assert!(head.to_lowercase().contains("www-authenticate: bearer"), "{head}");
            assert!(String::from_utf8(body).unwrap().contains("expected the header 'Authorization: Bearer TOKEN'"));
        }
    }
    assert_eq!(world.send("GET /health", "", "").await.0, 200);
    assert_eq!(world.ask("GET /principals", "").await.0, 200);
}

#[tokio::test]
async fn principals_come_change_and_go() {
    let world = world().await;
    let made = world
        .json("POST /principals", r#"{"name": "bob", "password": "battery staple", "preauth": "not-required"}"#)
        .await;
    assert_eq!((&made["name"], &made["preauth"]), (&"bob@CORP.EXAMPLE.COM".into(), &"not-required".into()));
    world.json("POST /principals", r#"{"name": "mysql/db.test", "kvno": 3}"#).await;
    let all = world.json("GET /principals", "").await;
    let names: Vec<_> = all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let expected = ["krbtgt/CORP.EXAMPLE.COM", "postgres/db.test", "alice", "bob", "mysql/db.test"];
    assert_eq!(names, expected.map(|name| format!("{name}@CORP.EXAMPLE.COM")));
    let changed = world.json("PATCH /principals/bob", r#"{"disabled": true, "expires": 2000000000}"#).await;
    assert_eq!((&changed["disabled"], &changed["expires"]), (&true.into(), &2_000_000_000.into()));
    let changed = world.json("PATCH /principals/bob", r#"{"expires": null}"#).await;
    assert_eq!((&changed["disabled"], &changed["expires"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(world.ask("DELETE /principals/mysql/db.test", "").await.0, 204);
    assert_eq!(world.ask("DELETE /principals/mysql/db.test", "").await.0, 404);
    assert_eq!(world.json("GET /principals", "").await.as_array().unwrap().len(), 4);
    // The name is free again.
    world.json("POST /principals", r#"{"name": "mysql/db.test"}"#).await;
    let (status, text) = world.ask("POST /principals", r#"{"name": "bob", "password": "x"}"#).await;
    assert!(status == 400 && text.contains("principal bob@CORP.EXAMPLE.COM is there twice"), "{text}");
}

#[tokio::test]
async fn keys_are_rotated_and_written_as_a_keytab() {
    let world = world().await;
    let rotate = async |rotation: &str| world.json("POST /keys/postgres/db.test", rotation).await["kvno"].clone();
    assert_eq!(rotate(r#"{"rotation": "keep-old"}"#).await, 2);
    assert_eq!(rotate(r#"{"rotation": "same-kvno"}"#).await, 2);
    let told = world.json("GET /principals/postgres/db.test", "").await;
    assert_eq!(told["keys"].as_array().unwrap().iter().map(|key| &key["kvno"]).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(rotate(r#"{"rotation": "drop-old"}"#).await, 3);
    let (_, head, octets) =
        world.send("GET /keytab/postgres/db.test", &format!("Authorization: Bearer {}\r\n", world.token()), "").await;
    assert!(head.contains("application/octet-stream") && head.contains("no-store"), "{head}");
    assert_eq!(Keytab::read(&octets).unwrap().entries.iter().map(|entry| entry.kvno).collect::<Vec<_>>(), [3]);
    let change = r#"{"rotation": "drop-old", "password": "another horse"}"#;
    assert_eq!(world.json("POST /keys/alice", change).await["kvno"], 2);
    let expected = Kdc::new(
        &{
            let mut realm = Realm::new("CORP.EXAMPLE.COM");
            realm.etypes = vec![Etype::Aes256Sha1];
            realm.users.push(User::new("alice", "another horse"));
            realm
        },
        &mut SystemRandom,
    );
    let key = |kdc: &Kdc| kdc.keytab("alice", 0).unwrap().entries[0].key.clone();
    assert!(key(world.kdc.kdc()).octets() == key(&expected.unwrap()).octets());
}

#[tokio::test]
async fn rules_the_clock_and_deviations_are_set_and_told() {
    let world = world().await;
    assert_eq!(world.json("PUT /clock", r#"{"offset_seconds": -301}"#).await["offset_seconds"], -301);
    assert_eq!(
        (world.kdc.kdc().clock_offset(), world.json("GET /clock", "").await["offset_seconds"].clone()),
        (-301, (-301).into())
    );
    let rule = r#"{"when": {"message": "as-req", "nth": 2}, "then": {"error": 29}}"#;
    assert_eq!(world.json("POST /rules", rule).await["number"], 1);
    assert_eq!(world.json("POST /rules", r#"{"then": {"drop": true}}"#).await["number"], 2);
    let told = world.json("GET /rules", "").await;
    assert_eq!(told[0]["rule"], serde_json::from_str::<serde_json::Value>(rule).unwrap());
    assert_eq!((&told[0]["seen"], &told[1]["number"]), (&0.into(), &2.into()));
    assert_eq!(world.ask("DELETE /rules/1", "").await.0, 204);
    assert_eq!(world.ask("DELETE /rules/1", "").await.0, 404);
    assert_eq!(world.json("PUT /rules", &format!("[{rule}]")).await[0]["number"], 3);
    assert_eq!(world.ask("DELETE /rules", "").await.0, 204);
    assert!(world.kdc.kdc().rules().is_empty());
    world.json("PUT /deviations", r#"{"deviations": ["wrong-nonce"]}"#).await;
    let told = world.json("GET /deviations", "").await;
    assert_eq!(told["deviations"], serde_json::json!(["wrong-nonce"]));
    assert_eq!(told["known"][0]["clause"], "RFC 4120 §3.1.5");
}

#[tokio::test]
async fn the_log_and_the_metrics_tell_what_was_asked() {
    let world = world().await;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for octets in [b"one", b"two"] {
        socket.send_to(octets, world.kdc.address()).await.unwrap();
    }
    let until = std::time::Instant::now() + PATIENCE;
    while world.kdc.log().count() < 2 {
        assert!(std::time::Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let told = world.json("GET /log?since=1", "").await;
    assert_eq!((&told["next"], &told["events"][0]["number"]), (&2.into(), &1.into()));
    assert!(told["events"][0]["outcome"].as_str().unwrap().starts_with("no answer: malformed"));
    assert_eq!(world.json("GET /log?since=2", "").await, serde_json::json!({"next": 2, "events": []}));
    let told = world.json("GET /log?limit=1", "").await;
    assert_eq!((&told["next"], told["events"].as_array().unwrap().len()), (&1.into(), 1));
    let (_, text) = world.ask("GET /metrics", "").await;
    let line = r#"mock_kdc_requests_total{realm="CORP.EXAMPLE.COM",exchange="unreadable",transport="udp",answer="none",code=""} 2"#;
    assert!(text.lines().any(|found| found == line), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("mock_kdc_") && value.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_what_is_allowed() {
    let world = world().await;
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(300_000));
    for (start, body, status, expected) in [
        ("GET /nowhere", "", 404, "no such path, expected one of /health, /principals, "),
        ("POST /clock", "{}", 405, "/clock has no method POST"),
        ("PUT /clock", r#"{"offset": 1}"#, 400, "unknown field `offset`, expected `offset_seconds`"),
        ("PUT /clock", r#"{"offset_seconds": "1"}"#, 400, "invalid type: string"),
        ("PUT /clock", "", 400, "EOF while parsing"),
        ("POST /rules", r#"{"then": {"dorp": true}}"#, 400, "unknown field `dorp`, expected one of `error`, `text`, "),
        ("POST /rules", r#"{"then": {"split": [1]}}"#, 400, "then.split is for tcp alone, expected when.transport"),
        ("PUT /rules", r#"{"then": {"drop": true}}"#, 400, "invalid type: map, expected a sequence"),
        ("DELETE /rules/x", "", 404, "no rule of number 'x'"),
        ("PUT /deviations", r#"{"deviations": ["x"]}"#, 400, "unknown deviation 'x', expected one of wrong-nonce, "),
        ("POST /principals", r#"{"nmae": "x"}"#, 400, "unknown field `nmae`, expected one of `name`, `password`, "),
        (
            "POST /principals",
            r#"{"name": "x", "upn": "x@y"}"#,
            400,
            "upn is for who has a password, which is not there",
        ),
        (
            "POST /principals",
            r#"{"name": "x", "etypes": ["rot13"]}"#,
            400,
            "unknown encryption type 'rot13', expected ",
        ),
        ("POST /principals", r#"{"name": "x", "password": "y", "kind": "z"}"#, 400, "unknown kind of account 'z'"),
        ("POST /principals", r#"{"name": "x@ELSEWHERE"}"#, 400, "is no principal of the realm"),
        ("POST /principals", &long, 413, "a body of more than 262144 octets"),
        ("PATCH /principals/alice", r#"{"locked": true}"#, 400, "unknown field `locked`, expected one of `preauth`, "),
        ("PATCH /principals/nobody", r#"{"disabled": true}"#, 404, "no principal 'nobody' in realm CORP.EXAMPLE.COM"),
        ("GET /principals/nobody", "", 404, "no principal 'nobody'"),
        ("GET /keytab/nobody", "", 404, "no principal 'nobody'"),
        ("POST /keys/alice", r#"{"rotation": "x"}"#, 400, "unknown rotation 'x', expected one of keep-old, drop-old, "),
        ("GET /log?sicne=1", "", 400, "unknown field `sicne`, expected one of `since`, `limit`"),
    ] {
        let (found, text) = world.ask(start, body).await;
        let problem = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default()["error"].clone();
        let problem = problem.as_str().unwrap_or_default();
        assert!(found == status && problem.contains(expected), "{start} {body:.80}: {found} {text}");
    }
}

#[tokio::test]
async fn no_answer_quotes_a_password() {
    let world = world().await;
    for written in ["4711", "[\"4711\"]", "{\"4711\": 1}", "\"4711", "47.11"] {
        for start in ["POST /principals", "POST /keys/alice"] {
            let body = format!(r#"{{"name": "x", "rotation": "drop-old", "password": {written}}}"#);
            let body = if start.contains("keys") {
                body.replace(r#""name": "x", "#, "")
            } else {
                body.replace(r#""rotation": "drop-old", "#, "")
            };
            let (status, text) = world.ask(start, &body).await;
            assert!(status == 400 && !text.contains("4711"), "{start} {written}: {status} {text}");
        }
    }
    let shown = format!("{:?}", world.control);
    assert!(!shown.contains(&world.token()), "{shown}");
}

#[tokio::test]
async fn whatever_comes_the_server_goes_on() {
    let world = world().await;
    let head = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(200_000));
    for octets in [&b"\r\n\r\n"[..], b"\xff\xfe\x00", b"GET / HTTP/9.9\r\n\r\n", head.as_bytes(), &[0x16, 3, 1, 2, 0]] {
        let mut stream = TcpStream::connect(world.control.address()).await.unwrap();
        let _ = stream.write_all(octets).await;
        drop(stream);
    }
    // As many that say nothing as there may be but one.
    let mut silent = Vec::new();
    for _ in 0..31 {
        silent.push(TcpStream::connect(world.control.address()).await.unwrap());
    }
    assert_eq!(world.ask("GET /principals", "").await.0, 200);
    drop(silent);
    timeout(PATIENCE, world.control.stop()).await.unwrap();
}

/// Runs the documentation's shell block as it stands.
#[tokio::test]
async fn the_examples_of_the_documentation_work() {
    if Command::new("curl").arg("-V").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_none_or(|v| v != "1"), "curl is required");
        eprintln!("skipped: curl is not installed");
        return;
    }
    let world = world().await;
    let readme = include_str!("../README.md");
    let block = readme.split("```sh\n").find(|block| block.starts_with("# the control API")).unwrap();
    let script = format!("set -eu\n{}", block.split("```").next().unwrap());
    let (folder, address) = (world.folder.path().to_owned(), world.control.address());
    let output = tokio::task::spawn_blocking(move || {
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(folder).env("CONTROL", format!("http://{address}"));
        command.output().unwrap()
    });
    let output = timeout(PATIENCE, output).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(world.kdc.kdc().clock_offset(), 600);
    assert_eq!(world.kdc.kdc().rules().len(), 1);
    assert!(world.kdc.kdc().keytab("mysql/db.test", 0).is_ok());
    assert_eq!(Keytab::read(&std::fs::read(world.path("service.keytab")).unwrap()).unwrap().entries.len(), 2);
}
