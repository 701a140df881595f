//! Real servers as `tests/support/servers` starts them, and the rule for machines that do not have them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whether a missing peer is a failure (`SHAKEDOWN_REQUIRE_PEERS=1`, as `tests/run` sets it) and not a reason to skip.
pub(crate) fn required() -> bool {
    std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_some_and(|value| value == "1")
}

/// Says why something is not tested; panics where it must be.
pub(crate) fn skip(reason: &str) {
    assert!(!required(), "{reason}, but SHAKEDOWN_REQUIRE_PEERS=1");
    eprintln!("skipped: {reason}");
}

/// One server that runs, with a folder of its own. Dropping it ends it, in a test that fails too.
#[derive(Debug)]
pub(crate) struct Server {
    script: PathBuf,
    /// What it printed: where it is, its authority, the secrets of its accounts.
    pub(crate) environment: BTreeMap<String, String>,
    folder: tempfile::TempDir,
}

impl Server {
    /// `None`, with the reason printed, where it is not installed.
    pub(crate) fn start(name: &str, settings: &[(&str, &str)]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/servers").join(name);
        // Root starts PostgreSQL under another name, which must be let through.
        let folder = open_folder();
        let mut server = Self { script, environment: BTreeMap::new(), folder };
        let started = server.command("start").envs(settings.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&started.stderr).into_owned();
        if !started.status.success() {
            let is_missing = ["is not installed", "cannot be had here"].iter().any(|words| said.contains(words));
            assert!(is_missing, "{name} does not start: {said}");
            skip(said.trim_end());
            return None;
        }
        let printed = String::from_utf8(started.stdout).unwrap();
        let pairs = printed.lines().filter_map(|line| line.split_once('='));
        server.environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(server)
    }

    /// One value that it printed.
    pub(crate) fn value(&self, name: &str) -> &str {
        &self.environment[name]
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.script);
        command.arg(verb).arg(self.folder.path()).stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A second panic would end the process before the other servers are stopped.
        match self.command("stop").output() {
            Ok(stopped) if stopped.status.success() => {}
            stopped => eprintln!("{} stop: {stopped:?}", self.script.display()),
        }
    }
}

/// An authority that none of the servers has a certificate of, as `ca.pem`.
pub(crate) fn another_authority() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/servers/certificates");
    let made = Command::new(script).arg(folder.path()).stdin(Stdio::null()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

/// A temporary folder through which other users may pass, and no more.
pub(crate) fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

#[test]
fn a_server_ends_with_the_test_that_fails_before_it() {
    let (tell, told) = std::sync::mpsc::channel();
    let failing = std::thread::spawn(move || {
        let Some(server) = Server::start("postgres", &[]) else { return };
        let address =
            format!("{}:{}", server.value("SHAKEDOWN_POSTGRES_ADDRESS"), server.value("SHAKEDOWN_POSTGRES_PORT"));
        std::net::TcpStream::connect(&address).unwrap();
        tell.send(address).unwrap();
        panic!("as a test that fails would");
    });
    let panicked = failing.join().is_err();
    // Nothing was told where the server is not installed.
    if let Ok(address) = told.recv() {
        assert!(panicked);
        assert!(std::net::TcpStream::connect(&address).is_err(), "{address} still listens");
    }
}
