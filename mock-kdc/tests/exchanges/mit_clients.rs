//! MIT's kinit and kvno against the KDC on a port.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use mock_kdc::krb5_conf::krb5_conf;
use mock_kdc::{Handle, Listener};

use crate::request::REALM;
use crate::world::new_kdc;

/// A KDC that listens, and a folder with what a client of it needs.
pub(crate) struct Clients {
    pub(crate) handle: Handle,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

/// What a client says and how it ends.
pub(crate) struct Said {
    pub(crate) succeeded: bool,
    pub(crate) text: String,
}

impl Clients {
    /// `None` where they are not installed; a failure where peers are required.
    pub(crate) fn new(settings: &str) -> Option<Self> {
        let quiet = |name: &str| {
            Command::new(name).arg("-V").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
        };
        if let Some(missing) = ["kinit", "klist", "kvno"].into_iter().find(|name| quiet(name).is_err()) {
            assert!(std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{missing} is required");
            eprintln!("skipped: {missing} is not installed (Debian: krb5-user)");
            return None;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.block_on(async { Listener::bind_loopback().await.unwrap().serve(Arc::new(new_kdc())) });
        let folder = tempfile::tempdir().unwrap();
        let text = krb5_conf(REALM, handle.address(), &["db.test".to_owned()]);
        let text = text.replace("[libdefaults]\n", &format!("[libdefaults]\n{settings}\n"));
        std::fs::write(folder.path().join("krb5.conf"), text).unwrap();
        Some(Self { handle, runtime, folder })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program with this credential cache.
    pub(crate) fn run(&self, cache: &str, program: &str, arguments: &[&str], input: &str) -> Said {
        use std::io::Write as _;
        let mut child = Command::new(program)
            .args(arguments)
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", self.path(cache))
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A client that needs no password may be gone before it is given one.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        Said { succeeded: status.success(), text }
    }

    /// Until all tasks have ended.
    pub(crate) fn end(self) {
        self.runtime.block_on(self.handle.stop());
    }
}
