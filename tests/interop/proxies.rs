//! Scenarios through HAProxy and PgBouncer: in front of mocks, in front of PostgreSQL, and what must not pass.

use crate::peer::skip;
use crate::program::Run;
use shakedown::scenario::{Library, Source, make_plan};
use shakedown::testbed::{Materials, Performed, World};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

const PROXIES: &[&str] = &["haproxy", "pgbouncer"];

/// Whether programs are there; says so if not.
fn are_installed(programs: &[&str]) -> bool {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
    programs.iter().all(|program| {
        let found = path.split(':').any(|folder| Path::new(folder).join(program).is_file());
        if !found {
            skip(&format!("{program} is not installed"));
        }
        found
    })
}

/// Plays scenarios and gives what came out.
fn play(arguments: &[&str]) -> Run {
    Run::play(arguments, &BTreeMap::new())
}

#[test]
fn every_case_through_a_proxy_passes_in_front_of_mocks() {
    if are_installed(PROXIES) {
        play(&["scenarios/proxy"]).all_pass(142);
    }
}

#[test]
fn the_same_cases_pass_in_front_of_real_servers() {
    if !are_installed(&["haproxy", "pgbouncer", "mariadbd"]) {
        return;
    }
    if !Path::new("/usr/lib/postgresql").is_dir() {
        return skip("postgres is not installed");
    }
    let run = play(&["--backend", "mysql=process,postgres=process", "scenarios/proxy"]);
    // No server that is freely available has MySQL's own Kerberos plugin.
    let skipped = (run.count("skipped"), run.count_of("proxy/haproxy-kerberos/mysql/**", "skipped"));
    assert_eq!((run.count("pass"), skipped, run.code), (138, (4, 4), Some(0)), "{}", run.printed);
}

/// A scenario of `scenarios/proxy` with some of its words replaced.
fn changed(name: &str, changes: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let mut text = std::fs::read_to_string(Path::new("scenarios/proxy").join(name)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{name}: {from}");
        text = text.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    (folder, file.to_str().unwrap().to_owned())
}

#[test]
fn what_is_not_so_is_found_through_a_proxy_too() {
    if !are_installed(PROXIES) {
        return;
    }
    for (name, from, to, failing) in [
        // Who refused.
        ("pgbouncer.toml", "refused by proxy: 08P01", "refused by server: 08P01", 9),
        ("chains.toml", "refused by {chain.by}:", "refused by proxy:", 2),
        // What the server saw, which is not what the client saw.
        ("pgbouncer.toml", "server = \"established TLS{back}", "server = \"established TLS{front}", 6),
        ("haproxy-mysql.toml", "server = \"alert handshake_failure\"", "server = \"alert protocol_version\"", 4),
        // Whose certificate it is.
        ("haproxy-names.toml", "host = \"{dials.host}\"", "host = \"elsewhere.test\"", 4),
        // What PgBouncer is told.
        ("pgbouncer-servers.toml", "server_tls = { mode = \"{onward}\" }", "server_tls = { mode = \"disable\" }", 5),
        ("pgbouncer-passwords.toml", "auth  = \"{auth}\"", "auth  = \"scram-sha-256\"", 4),
    ] {
        let (_folder, file) = changed(name, &[(from, to)]);
        let run = play(&[&file]);
        assert_eq!((run.count("fail"), run.count("error"), run.code), (failing, 0, Some(1)), "{name}: {}", run.printed);
    }
}

/// The world of a case of a scenario file, and what its client is to do.
async fn world(file: &str, name: &str) -> (World, shakedown::scenario::plan::Verb) {
    let source = Source::from_paths(&[PathBuf::from(file)]).unwrap();
    let cases = make_plan(&source, &Library::built_in().unwrap(), &BTreeMap::new()).unwrap().cases;
    let case = cases.into_iter().find(|case| case.name.ends_with(name)).unwrap();
    let materials = Arc::new(Materials::prepare([&case]).unwrap());
    let verb = case.steps.last().unwrap().verb.clone();
    (World::of_mocks(&case, &materials, &BTreeMap::new()).await.unwrap(), verb)
}

fn kill(process: u32) {
    assert!(Command::new("kill").args(["-9", &process.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn a_proxy_that_was_killed_has_refused_nobody() {
    if !are_installed(PROXIES) {
        return;
    }
    for (file, case, party, program) in [
        ("scenarios/proxy/haproxy-postgres.toml", "tls1.2/ECDHE-RSA-AES128-SHA/right", "front", "haproxy"),
        ("scenarios/proxy/pgbouncer-servers.toml", "tls-optional/prefer", "pool", "pgbouncer"),
    ] {
        let (mut world, verb) = world(file, case).await;
        let process = world.proxies().find(|(name, _)| *name == party).unwrap().1.process().unwrap();
        kill(process);
        let problem = world.perform(&verb).await.unwrap_err().to_string();
        let expected = format!("proxy {party}: {program} was ended by signal 9");
        assert!(problem.starts_with(&expected), "{problem}");
        world.stop().await;
    }
}

#[tokio::test]
async fn a_proxy_that_is_killed_while_its_client_waits_has_refused_nobody() {
    if !are_installed(PROXIES) {
        return;
    }
    // PgBouncer does not get what it wants from the server, and lets the client wait.
    let (mut world, verb) = world("scenarios/proxy/pgbouncer-servers.toml", "without-tls/require").await;
    let (process, address) = {
        let (_, pool) = world.proxies().next().unwrap();
        (pool.process().unwrap(), pool.address)
    };
    let killer = async {
        let deadline = Instant::now() + PATIENCE;
        while !has_a_client(address) {
            assert!(Instant::now() < deadline, "nobody has connected to {address}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        kill(process);
    };
    let (performed, ()) = tokio::join!(world.perform(&verb), killer);
    let problem = performed.unwrap_err().to_string();
    assert!(problem.starts_with("proxy pool: pgbouncer was ended by signal 9"), "{problem}");
    world.stop().await;
}

/// Whether a connection to a port of loopback is established, by `/proc/net/tcp`.
fn has_a_client(address: SocketAddr) -> bool {
    let port = format!(":{:04X}", address.port());
    let connections = std::fs::read_to_string("/proc/net/tcp").unwrap();
    connections.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.len() > 3 && fields[2].ends_with(&port) && fields[3] == "01"
    })
}

#[tokio::test]
async fn a_proxy_stands_at_the_same_place_for_the_next_login() {
    if !are_installed(PROXIES) {
        return;
    }
    let (mut world, verb) = world("scenarios/proxy/pgbouncer.toml", "client-tls1.0/server-tls1.2/right").await;
    let address = world.address("pool").unwrap();
    for _ in 0..3 {
        let Performed::Attempt(attempt) = world.perform(&verb).await.unwrap() else { panic!("it can be played") };
        assert_eq!(attempt.client.to_string(), "established TLS1.0 ECDHE-RSA-AES256-SHA by password");
        assert_eq!(attempt.server.seen().unwrap().tls.unwrap().number(), "1.2");
    }
    world.stop().await;
    assert!(TcpStream::connect(address).is_err(), "nothing is left");
}

/// `shakedown serve` until it is ready.
fn serve(file: &str) -> (Child, Vec<SocketAddr>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shakedown"))
        .args(["serve", file, "--case", "proxy/chains/haproxy-pgbouncer-haproxy/right"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut proxies = Vec::new();
    for line in BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap) {
        if line.starts_with("proxy ") {
            proxies.push(line.rsplit(' ').next().unwrap().parse().unwrap());
        }
        if line == "ready" {
            break;
        }
    }
    (child, proxies)
}

#[test]
fn no_proxy_outlives_the_harness_whichever_way_that_ends() {
    if !are_installed(PROXIES) {
        return;
    }
    for signal in ["-INT", "-TERM", "-KILL"] {
        let (mut child, proxies) = serve("scenarios/proxy/chains.toml");
        assert_eq!(proxies.len(), 3);
        let homes = homes_of(child.id());
        assert!(homes.len() >= 3, "{homes:?}");
        for proxy in &proxies {
            TcpStream::connect(proxy).unwrap();
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap();
        let deadline = Instant::now() + PATIENCE;
        let is_left =
            || proxies.iter().any(|proxy| TcpStream::connect(proxy).is_ok()) || homes.iter().any(|home| home.exists());
        while is_left() {
            assert!(Instant::now() < deadline, "{signal}: of {proxies:?} and {homes:?} something is left");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The folders that the children of a process work in, itself aside.
fn homes_of(parent: u32) -> Vec<PathBuf> {
    let children = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let process = entry.ok()?.path();
        let stat = std::fs::read_to_string(process.join("stat")).ok()?;
        let of_parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)? == parent.to_string();
        of_parent.then(|| std::fs::read_link(process.join("cwd")).ok()).flatten()
    });
    children.filter(|home| home.to_string_lossy().contains("shakedown-")).collect()
}
