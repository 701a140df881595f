//! Runs on real servers that are interrupted or killed: nothing of theirs is left.

use crate::left;
use crate::peer::open_folder;
use crate::process::{POSTGRES, has_postgres};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SCENARIO: &str = r#"title  = "A program logs in"
source = "a test"
name   = "{turn}"
shows  = ["S3-02"]

[server.db]
engine   = "aurora-postgresql 15"
accounts = { alice = { method = "scram-sha-256", secret = "alice" } }

[client.program]
kind  = "command"
argv  = ["sh", "-c", 'SCRIPT']
login = "alice"
secret = "alice"

[client.app]
login  = "alice"
secret = "alice"

[axes]
turn = ["first", "second"]

[[step]]
when    = { turn = "first" }
connect = { from = "program", to = "db" }
then    = "established"

[[step]]
connect = { from = "app", to = "db" }
then    = "established by password"
"#;

/// A run that has begun, with a temporary folder of its own. PostgreSQL may run under another name and must be let through.
struct Playing {
    child: Child,
    temporary: TempDir,
    scenario: TempDir,
}

impl Playing {
    fn start(script: &str) -> Self {
        let (temporary, scenario) = (open_folder(), tempfile::tempdir().unwrap());
        let file = scenario.path().join("killed.toml");
        std::fs::write(&file, SCENARIO.replace("SCRIPT", script)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
        command.args(["run", "--jobs", "1", "--backend", POSTGRES]).arg(file).env("TMPDIR", temporary.path());
        command.env("READY", scenario.path().join("ready"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let child = command.spawn().unwrap();
        Self { child, temporary, scenario }
    }

    /// One whose first program stands before its server and does not go on.
    fn standing() -> Self {
        let playing =
            Self::start("sleep 600 & echo $SHAKEDOWN_PASSWORD > \"$READY.new\"; mv \"$READY.new\" \"$READY\"; wait");
        let ready = playing.ready();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !ready.exists() {
            assert!(Instant::now() < deadline, "the program was never started");
            std::thread::sleep(Duration::from_millis(10)); // the pace of the question, not the wait
        }
        let there = left::processes(playing.temporary());
        for program in ["sleep 600", "postgres: checkpointer", "shakedown-guard"] {
            assert!(there.iter().any(|process| process.contains(program)), "{program} is not there: {there:#?}");
        }
        playing
    }

    fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Sends a signal to it, or to the group that a terminal would send it to.
    fn signal(&self, signal: &str, whom: &str) {
        let kill = Command::new("kill").args([signal, "--", &format!("{whom}{}", self.child.id())]).status().unwrap();
        assert!(kill.success());
    }

    /// A file for its first program, in the environment as `READY`.
    fn ready(&self) -> PathBuf {
        self.scenario.path().join("ready")
    }

    /// What it said, its temporary folder, and the folder of its scenario.
    fn end(self) -> (Output, TempDir, TempDir) {
        (self.child.wait_with_output().unwrap(), self.temporary, self.scenario)
    }
}

#[test]
fn a_run_that_is_interrupted_or_terminated_leaves_nothing() {
    if !has_postgres() {
        return;
    }
    for (signal, whom) in [("-INT", "-"), ("-INT", ""), ("-TERM", "")] {
        let playing = Playing::standing();
        playing.signal(signal, whom);
        let (output, temporary, _) = playing.end();
        left::is_nothing(temporary.path());
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"), "{output:?}");
    }
}

#[test]
fn a_run_that_is_killed_leaves_nothing() {
    if !has_postgres() {
        return;
    }
    let mut playing = Playing::standing();
    playing.child.kill().unwrap();
    let (output, temporary, _) = {
        // Its pipes end with the last of those that it has started.
        playing.child.wait().unwrap();
        playing.end()
    };
    assert_eq!(output.status.code(), None);
    left::becomes_nothing(temporary.path());
}

#[test]
fn a_server_that_is_killed_is_no_refusal_and_is_replaced() {
    if !has_postgres() {
        return;
    }
    let kills =
        "head -n 1 \"$TMPDIR\"/shakedown-postgres-*/data/postmaster.pid > \"$READY\"; kill -9 $(cat \"$READY\")";
    let playing = Playing::start(kills);
    let ready = playing.ready();
    let (output, temporary, _scenario) = playing.end();
    let killed = std::fs::read_to_string(ready).unwrap();
    left::is_nothing(temporary.path());
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{printed}");
    assert!(printed.contains("postgres 15."), "{printed}");
    assert!(printed.contains("was ended by signal 9 (SIGKILL): "), "{printed}");
    assert!(printed.contains("database system is ready to accept connections"), "{printed}");
    assert!(printed.contains("2 cases: 1 pass, 1 error"), "{printed}");
    // Who made each segment stands in the fifth column.
    let shared = std::fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    let is_its_own = |line: &str| line.split_whitespace().nth(4) == Some(killed.trim());
    assert!(!killed.is_empty() && !shared.lines().any(is_its_own), "{killed}: {shared}");
}

#[test]
fn a_part_of_a_server_that_is_killed_is_the_end_of_it() {
    if !has_postgres() {
        return;
    }
    let children =
        "grep -l \"^PPid:.$(head -n 1 \"$TMPDIR\"/shakedown-postgres-*/data/postmaster.pid)$\" /proc/[0-9]*/status";
    let kills = format!("kill -9 $({children} | head -n 1 | cut -d/ -f3)");
    let (output, temporary, _) = Playing::start(&kills).end();
    left::is_nothing(temporary.path());
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{printed}");
    assert!(printed.contains("postgres 15.") && printed.contains("ended with exit code 1"), "{printed}");
    assert!(printed.contains("was terminated by signal 9"), "{printed}");
}

#[test]
fn nobody_else_can_read_a_secret_of_a_run() {
    if !has_postgres() {
        return;
    }
    let playing = Playing::standing();
    let secret = std::fs::read_to_string(playing.ready()).unwrap();
    let secret = secret.trim();
    assert_eq!(secret.len(), 24, "otherwise this shows nothing");
    for process in left::processes(playing.temporary()) {
        assert!(!process.contains(secret), "it is among the arguments of a process");
    }
    for name in left::files(playing.temporary()) {
        let mode = playing.temporary().join(&name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is open for others");
    }
    playing.signal("-TERM", "");
    let (output, temporary, _) = playing.end();
    left::is_nothing(temporary.path());
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!printed.contains(secret));
}
