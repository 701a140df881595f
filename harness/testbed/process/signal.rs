//! Signals, groups and who works where: what is known about Unix here. Elsewhere a program can only be killed.

use crate::testbed::process::guard;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// How a program is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `SIGTERM`.
    Terminate,
    /// `SIGINT`.
    Interrupt,
    /// `SIGQUIT`.
    Quit,
    /// `SIGUSR1`.
    User1,
}

/// Makes a command the first of a group of its own, where the terminal's signals do not reach it.
pub(super) fn lead_a_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Asks a process. It must be one of ours that nobody has waited for, so that the number is still its own.
pub(super) fn send(process: u32, signal: Signal) {
    #[cfg(unix)]
    if let Some(process) = pid(process) {
        use rustix::process::{Signal as S, kill_process};
        let signal = match signal {
            Signal::Terminate => S::TERM,
            Signal::Interrupt => S::INT,
            Signal::Quit => S::QUIT,
            Signal::User1 => S::USR1,
        };
        // One that ended in this moment needs no signal.
        let _ = kill_process(process, signal);
    }
    #[cfg(not(unix))]
    let _ = (process, signal);
}

/// Ends a group whose leader nobody has waited for.
pub(super) fn kill_group(leader: u32) {
    #[cfg(unix)]
    if let Some(leader) = pid(leader) {
        // One that ended in this moment needs no end.
        let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// Ends whoever still works in a folder of ours and waits until nobody does: children of a server may lead sessions of their own,
/// where the end of its group does not reach them.
pub(super) fn clear(home: &Path, patience: Duration) {
    let deadline = Instant::now() + patience;
    loop {
        let inhabitants = inhabitants(home);
        if inhabitants.is_empty() || Instant::now() >= deadline {
            return;
        }
        #[cfg(unix)]
        for process in inhabitants.into_iter().filter_map(pid) {
            // It may have ended between the look and this.
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The processes that work in a folder and carry our marker or have no terminal: nobody's shell is ended for having been there.
pub(super) fn inhabitants(home: &Path) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|process: &u32| {
            let of_process = Path::new("/proc").join(process.to_string());
            std::fs::read_link(of_process.join("cwd")).is_ok_and(|at| at.starts_with(home))
                && (std::fs::read_to_string(of_process.join("stat")).is_ok_and(|stat| is_without_terminal(&stat))
                    || std::fs::read(of_process.join("environ")).is_ok_and(|environment| is_marked(&environment)))
        })
        .collect()
}

fn is_marked(environment: &[u8]) -> bool {
    let ours = format!("{}={}", guard::MARKER, guard::marker());
    environment.split(|&byte| byte == 0).any(|variable| variable == ours.as_bytes())
}

/// By `/proc/PID/stat`: behind the name in brackets come state, parent, group, session, terminal.
fn is_without_terminal(stat: &str) -> bool {
    stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(4)) == Some("0")
}

/// How a process has ended, in words.
pub(super) fn cause(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(number) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by {}", name(number));
    }
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "ended".to_owned(),
    }
}

#[cfg(unix)]
fn name(signal: i32) -> String {
    // Those that POSIX numbers, and the two of them that machines agree on without it.
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        6 => "SIGABRT",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

#[cfg(unix)]
fn pid(process: u32) -> Option<rustix::process::Pid> {
    i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_found_behind_any_name() {
        assert!(is_without_terminal("7 (a) S 1 2 3) S 1 7 7 0 -1 4194560"));
        assert!(!is_without_terminal("7 (bash) S 1 7 7 34816 7 4194560"));
        assert!(!is_without_terminal(""));
    }
}
