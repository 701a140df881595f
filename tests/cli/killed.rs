//! Programs with mocks that are killed: nothing of theirs is left.

use crate::left;
use crate::program::program;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Child;

/// Starts the program with a temporary folder of its own and waits for a line on standard output.
#[track_caller]
fn start(temporary: &Path, arguments: &[&str], line: &str) -> Child {
    let mut command = program();
    command.args(arguments).env("TMPDIR", temporary);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|said| said.unwrap() == line), "it ended before it said {line}");
    drop(lines);
    child
}

/// Kills it as nobody can be told.
#[track_caller]
fn kill(mut child: Child, temporary: &Path) {
    assert_eq!(left::files(temporary).len(), 1, "otherwise this shows nothing");
    child.kill().unwrap();
    child.wait().unwrap();
    left::becomes_nothing(temporary);
}

#[test]
fn an_exec_that_is_killed_leaves_neither_its_command_nor_its_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let script = "sleep 600 & echo up; wait";
    let child = start(temporary.path(), &["exec", "mysql/passwords", "--", "sh", "-c", script], "up");
    assert!(left::processes(temporary.path()).iter().any(|process| process.contains("sleep 600")));
    kill(child, temporary.path());
}

#[test]
fn a_serve_that_is_killed_leaves_no_folder() {
    let temporary = tempfile::tempdir().unwrap();
    kill(start(temporary.path(), &["serve", "postgres/passwords"], "ready"), temporary.path());
}
