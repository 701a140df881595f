//! `shakedown exec`: mocks around one command.

use crate::arguments;
use crate::program::{Files, free_port, loopback, program, shakedown, to_its_end};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

const CASE: &str = "mysql/passwords/native/tls/right";

/// Runs a script with the mocks of `CASE` around it.
#[track_caller]
fn exec(script: &str) -> crate::program::Ran {
    shakedown(["exec", "mysql/passwords", "--case", CASE, "--", "sh", "-c", script])
}

#[test]
fn the_exit_code_of_the_command_is_passed_on() {
    for code in [0, 1, 2, 77, 124, 255] {
        let ran = exec(&format!("echo said; echo muttered >&2; exit {code}")).exits_with(code);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("said\n", "muttered\n"));
    }
}

#[test]
fn a_signal_that_ends_the_command_is_told_as_shells_do() {
    exec("kill -9 $$").exits_with(128 + 9);
    exec("kill -15 $$").exits_with(128 + 15);
}

#[test]
fn failures_of_our_own_are_125() {
    let ran = shakedown(["exec", "mysql/passwords", "--", "/nonexistent/client"]).exits_with(125);
    assert!(ran.err.contains("cannot run /nonexistent/client: "), "{}", ran.err);
    for arguments in [
        &["exec", "no/such", "--", "true"][..],
        &["exec", "kerberos/kinit", "--", "true"],
        &["exec", "mysql/passwords", "--listen", "x", "--", "true"],
        &["exec", "mysql/passwords"],
        &["exec", "--nonsense", "--", "true"],
        &["exec"],
    ] {
        let ran = shakedown(arguments).exits_with(125);
        assert!(!ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_command_finds_what_it_needs_and_nothing_of_it_is_left() {
    let listen = format!("db={}:0", loopback(1));
    let arguments = ["exec", "mysql/passwords", "--case", CASE, "--listen", &listen, "--", "sh", "-c"];
    let script = "test -r \"$SHAKEDOWN_CA\" && grep -q 'BEGIN CERTIFICATE' \"$SHAKEDOWN_CA\" || exit 9
         test ${#SHAKEDOWN_PASSWORD} = 24 || exit 8
         test \"$SHAKEDOWN_USER\" = alice || exit 7
         test \"$SHAKEDOWN_ENGINE $SHAKEDOWN_HOST $SHAKEDOWN_TLS_MODE\" = 'mysql db.test REQUIRED' || exit 6
         echo $SHAKEDOWN_CA; echo $SHAKEDOWN_HOSTADDR:$SHAKEDOWN_PORT";
    let ran = shakedown(arguments.into_iter().chain([script])).exits_with(0);
    let [ca, address] = ran.out.lines().collect::<Vec<_>>()[..] else { panic!("{ran:?}") };
    assert!(!Path::new(ca).exists() && !Path::new(ca).parent().unwrap().exists(), "{ca} is left");
    assert!(TcpStream::connect(address).is_err(), "somebody listens on {address} still");
}

#[test]
fn a_server_listens_where_it_is_told_to_and_the_command_can_reach_it() {
    let free = free_port(2);
    let listen = format!("db={free}");
    let script = "echo $SHAKEDOWN_HOSTADDR:$SHAKEDOWN_PORT";
    let ran = shakedown(["exec", "mysql/passwords", "--listen", &listen, "--", "sh", "-c", script]).exits_with(0);
    assert_eq!(ran.out.trim(), free);
}

#[test]
fn no_secret_is_printed_by_us() {
    let files = Files::new();
    let notes = files.path().join("notes");
    let ran = exec(&format!("echo $SHAKEDOWN_PASSWORD > {}; exit 3", notes.display())).exits_with(3);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    assert_eq!(std::fs::read_to_string(notes).unwrap().trim().len(), 24);
}

#[test]
fn two_runs_have_two_secrets() {
    let secret = || exec("echo $SHAKEDOWN_PASSWORD").exits_with(0).out;
    assert_ne!(secret(), secret());
}

/// Ctrl-C reaches the command too, and that decides what becomes of it.
#[test]
fn an_interrupt_is_left_to_the_command() {
    exec("kill -INT $PPID; exit 7").exits_with(7);
}

/// Told to end, it ends its command and leaves nothing.
#[test]
fn a_termination_ends_the_command_and_cleans_up() {
    let script = "echo $SHAKEDOWN_CA; echo $$; exec sleep 600";
    let mut child = program()
        .args(arguments!["exec", "mysql/passwords", "--case", CASE, "--", "sh", "-c", script])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ca = lines.next().unwrap().unwrap();
    let command = lines.next().unwrap().unwrap();
    assert!(Path::new(&ca).exists());
    let mut kill = Command::new("kill");
    kill.args(["-TERM", &child.id().to_string()]);
    to_its_end(kill).exits_with(0);
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(!Path::new(&ca).parent().unwrap().exists(), "{ca} is left");
    // The command's end of the pipe is closed, as it has ended.
    assert!(lines.next().is_none(), "{command} goes on");
}
