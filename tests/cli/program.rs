//! Runs the program, and the small scenario that most tests play.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

/// No invocation takes so long, on a busy machine either.
const DEADLINE: Duration = Duration::from_secs(120);

/// Two logins, one of which is refused.
pub(crate) const SMALL: &str = r#"title  = "The right password logs in"
source = "a test"
name   = "{who}"
shows  = ["S3-02"]

[server.db]
engine   = "aurora-mysql 3.04.0"
accounts = { alice = { plugin = "mysql_native_password", secret = "alice" } }

[client.app]
login     = "alice"
secret    = "{who.secret}"
transport = "clear"

[axes]
who = [{ name = "right", secret = "alice" }, { name = "wrong", secret = "mistyped" }]

[[step]]
connect = { from = "app", to = "db" }
expect  = [
  { cells = 1, when = { who = "right" }, then = "established by password" },
  { cells = 1,                           then = "refused by server: 1045 28000", trace = "… login … error<(1045 28000) …" },
]
"#;

/// The same, and the wrong password is expected to log in.
pub(crate) fn failing() -> String {
    SMALL.replace("refused by server: 1045 28000", "established by password")
}

/// What an invocation left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// The program, not started yet.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
#[track_caller]
pub(crate) fn shakedown<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    let mut command = program();
    command.args(arguments);
    to_its_end(command)
}

/// Runs a command to its end; one that hangs fails the test.
#[track_caller]
pub(crate) fn to_its_end(mut command: Command) -> Ran {
    let child = command.spawn().unwrap();
    let (sender, ended) = mpsc::channel();
    // The test is over if nobody listens any more.
    std::thread::spawn(move || drop(sender.send(child.wait_with_output())));
    match ended.recv_timeout(DEADLINE) {
        Ok(output) => output.unwrap().into(),
        Err(_) => panic!("{command:?} did not end within {} s", DEADLINE.as_secs()),
    }
}

/// A folder with scenario files, by their path below `scenarios`.
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("scenarios")).unwrap();
        Self { folder }
    }

    /// With one scenario called `small`.
    pub(crate) fn small(text: impl AsRef<[u8]>) -> (Self, PathBuf) {
        let files = Self::new();
        let path = files.write("scenarios/small.toml", text);
        (files, path)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// An address that only one test binds to, so that nobody takes its ports between two looks at them. Elsewhere than on Linux there
/// is but one loopback address without further ado.
pub(crate) fn loopback(number: u8) -> String {
    if cfg!(target_os = "linux") { format!("127.77.0.{number}") } else { "127.0.0.1".to_owned() }
}

/// A port on such an address that is free.
pub(crate) fn free_port(number: u8) -> String {
    std::net::TcpListener::bind((loopback(number), 0)).unwrap().local_addr().unwrap().to_string()
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Arguments of any kind as text.
#[macro_export]
macro_rules! arguments {
    ($($argument:expr),* $(,)?) => { [$(std::ffi::OsString::from($argument)),*] };
}
