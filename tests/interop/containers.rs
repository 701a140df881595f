//! Our client before real servers, PostgreSQL and MariaDB, in containers, of a Docker daemon that the test has started itself.
//!
//! The daemon is started once for all that is shown here. What it takes and why images are made for it is in
//! `tests/support/README.md`.

use crate::peer::Server;
use crate::program::Run;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn servers_in_containers_answer_as_aurora_does_and_nothing_is_left_of_them() {
    let Some(daemon) = Server::start("docker", &[]) else { return };
    let docker = Docker { daemon: &daemon };
    every_case_of_postgres_15_is_played(&docker);
    a_scenario_names_its_image_and_a_wrong_expectation_fails(&docker);
    an_image_that_cannot_be_had_is_named(&docker);
    an_image_that_is_something_else_is_refused(&docker);
    a_container_that_ends_says_why(&docker);
    for signal in ["KILL", "INT", "TERM"] {
        a_run_that_is_ended_leaves_nothing(&docker, &docker.postgres(), "postgres/**", signal);
    }
    cases_of_mariadb_are_played(&docker);
    a_scenario_names_the_image_of_mariadb_and_a_wrong_expectation_fails(&docker);
    a_run_that_is_ended_leaves_nothing(&docker, &docker.mariadb(), "mysql/require-ssl/**", "KILL");
}

#[test]
fn without_a_daemon_the_cases_are_skipped() {
    let nowhere = BTreeMap::from([("DOCKER_HOST".to_owned(), "unix:///nowhere/docker.sock".to_owned())]);
    let run = Run::play(&["--backend", "postgres=container", "--filter", "postgres/passwords/scram/**"], &nowhere);
    assert_eq!((run.count("skipped"), run.code), (6, Some(4)), "{}", run.printed);
    let reason = "no Docker daemon answers at unix:///nowhere/docker.sock: ";
    assert!(run.reasons().iter().all(|said| said.starts_with(reason)), "{:?}", run.reasons());
}

fn every_case_of_postgres_15_is_played(docker: &Docker<'_>) {
    let run = docker.play(&["--backend", &docker.postgres(), "--filter", "postgres/**"]);
    assert_eq!(run.code, Some(0), "{}", run.printed);
    for (pattern, cases) in [("postgres/tls/**", 36), ("postgres/passwords/**", 27), ("postgres/kerberos-login/**", 12)]
    {
        assert_eq!(run.count_of(pattern, "pass"), cases, "{pattern}: {}", run.printed);
    }
    docker.is_empty();
}

fn a_scenario_names_its_image_and_a_wrong_expectation_fails(docker: &Docker<'_>) {
    let server =
        "engine = 'aurora-postgresql 15'\naccounts = { alice = { method = 'scram-sha-256', secret = 'alice' } }";
    let run = docker.play_own(docker.image(), server);
    assert_eq!((run.count("pass"), run.count("fail"), run.code), (1, 1, Some(1)), "{}", run.printed);
    assert!(run.printed.contains("28P01"), "{}", run.printed);
    docker.is_empty();
}

/// Not all that `mysql=process` plays: each plan is a container, and its first start takes seconds. Of a server that lets nobody in
/// without TLS, it is TLS that shows it is set up.
fn cases_of_mariadb_are_played(docker: &Docker<'_>) {
    let backend = docker.mariadb();
    let patterns = [
        ("mysql/passwords/native/**", 12),
        ("mysql/require-ssl/**", 8),
        ("mysql/require-secure-transport/3.04.0/**", 11),
    ];
    let filters = patterns.iter().flat_map(|(pattern, _)| ["--filter", pattern]);
    let run = docker.play(&["--backend", &backend].into_iter().chain(filters).collect::<Vec<_>>());
    for (pattern, cases) in patterns {
        assert_eq!(run.count_of(pattern, "pass"), cases, "{pattern}: {}", run.printed);
    }
    // Explained: it has a code of its own for require_secure_transport.
    assert_eq!(run.names("known"), ["mysql/require-secure-transport/3.04.0/ON/clear/right"], "{}", run.printed);
    assert_eq!((run.code, run.count("skipped")), (Some(0), 0), "{}", run.printed);
    docker.is_empty();
}

fn a_scenario_names_the_image_of_mariadb_and_a_wrong_expectation_fails(docker: &Docker<'_>) {
    let server = "engine = 'aurora-mysql 3.04.0'\nparameters = { require_secure_transport = 'ON' }\n\
                  accounts = { alice = { plugin = 'mysql_native_password', secret = 'alice' } }";
    let run = docker.play_own(docker.daemon.value("SHAKEDOWN_MARIADB_IMAGE"), server);
    assert_eq!((run.count("pass"), run.count("fail"), run.code), (1, 1, Some(1)), "{}", run.printed);
    assert!(run.printed.contains("1045 28000"), "{}", run.printed);
    docker.is_empty();
}

fn an_image_that_cannot_be_had_is_named(docker: &Docker<'_>) {
    let run = docker.play(&["--backend", "postgres=container:registry.invalid/nothing:1", ONE]);
    assert_eq!((run.count("error"), run.code), (1, Some(3)), "{}", run.printed);
    let said = "the image registry.invalid/nothing:1 is not there and cannot be pulled: ";
    assert!(run.printed.contains(said), "{}", run.printed);
}

fn an_image_that_is_something_else_is_refused(docker: &Docker<'_>) {
    for image in ["SHAKEDOWN_ROOT_IMAGE", "SHAKEDOWN_MARIADB_IMAGE"].map(|name| docker.daemon.value(name)) {
        let run = docker.play(&["--backend", &format!("postgres=container:{image}"), ONE]);
        assert_eq!((run.count("error"), run.code), (1, Some(3)), "{}", run.printed);
        assert!(run.printed.contains(&format!("the image {image} is no server of postgres")), "{}", run.printed);
    }
}

fn a_container_that_ends_says_why(docker: &Docker<'_>) {
    let file = format!("FROM {}\nENTRYPOINT [\"sh\", \"-c\", \"echo the disk is full >&2; exit 1\"]\n", docker.image());
    let mut build = docker.command(&["build", "--quiet", "--tag", "broken:1", "-"]);
    let mut build = build
        .env("DOCKER_BUILDKIT", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    build.stdin.take().unwrap().write_all(file.as_bytes()).unwrap();
    assert!(build.wait().unwrap().success());
    let run = docker.play(&["--backend", "postgres=container:broken:1", ONE]);
    assert_eq!((run.count("error"), run.code), (1, Some(3)), "{}", run.printed);
    let said = "postgres 15 in a container of broken:1 has ended: the disk is full";
    assert!(run.printed.contains(said), "{}", run.printed);
    docker.is_empty();
}

fn a_run_that_is_ended_leaves_nothing(docker: &Docker<'_>, backend: &str, cases: &str, signal: &str) {
    let mut harness = Harness::start(docker, &["--backend", backend, "--filter", cases]);
    until("a container runs", || {
        assert!(harness.runs(), "the run has ended before a container of it was seen");
        !docker.list(&["--filter", "label=shakedown.run", "--quiet"]).is_empty()
    });
    let ports = docker.list(&["--format", "{{.Ports}}"]);
    assert!(ports.lines().all(|port| port.starts_with("127.0.0.1:")), "published elsewhere than on loopback: {ports}");
    harness.signal(signal);
    until("the run has ended", || !harness.runs());
    // What it does itself is done when it has ended; after a kill the container sees to it.
    if signal == "KILL" {
        until("no container is left", || docker.list(&["--all", "--quiet"]).is_empty());
    }
    docker.is_empty();
}

/// One case.
const ONE: &str = "--filter=postgres/passwords/scram/clear/right";

/// The daemon's client.
struct Docker<'d> {
    daemon: &'d Server,
}

impl Docker<'_> {
    fn image(&self) -> &str {
        self.daemon.value("SHAKEDOWN_POSTGRES_IMAGE")
    }

    fn postgres(&self) -> String {
        format!("postgres=container:{}", self.image())
    }

    fn mariadb(&self) -> String {
        format!("mysql=container:{}", self.daemon.value("SHAKEDOWN_MARIADB_IMAGE"))
    }

    /// A scenario that names the image, of a login with the right password and one with another, which expects that both get in.
    fn play_own(&self, image: &str, server: &str) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        let text = format!(
            r#"
title  = "An image of its own"
source = "none"
[server.db]
image = "{image}"
{server}
[client.app]
login     = "alice"
secret    = "{{who}}"
transport = "tls"
[axes]
who = ["alice", "mistyped"]
[[step]]
connect = {{ from = "app", to = "db" }}
then    = "established by password"
"#
        );
        std::fs::write(&file, text).unwrap();
        self.play(&[file.to_str().unwrap(), "--backend", "container"])
    }

    fn play(&self, arguments: &[&str]) -> Run {
        Run::play(arguments, &self.daemon.environment)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["--host", self.daemon.value("DOCKER_HOST")]).args(arguments).stdin(Stdio::null());
        command
    }

    fn list(&self, arguments: &[&str]) -> String {
        let listed = self.command(&["ps"]).args(arguments).output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
        String::from_utf8(listed.stdout).unwrap()
    }

    /// No container is left, whatever it does.
    #[track_caller]
    fn is_empty(&self) {
        let left = self.list(&["--all"]);
        assert_eq!(left.lines().count(), 1, "{left}");
    }
}

/// A run that is going on. Dropping it ends it.
struct Harness(Child);

impl Harness {
    fn start(docker: &Docker<'_>, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
        command.arg("run").args(arguments).envs(&docker.daemon.environment).current_dir(env!("CARGO_MANIFEST_DIR"));
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for a condition, 30 s at most.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
