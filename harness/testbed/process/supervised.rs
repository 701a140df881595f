//! A program that stands until it is ended: its log, its readiness, its end.

use crate::error::Error;
use crate::testbed::process::guard::{self, Watch};
use crate::testbed::process::log::Log;
use crate::testbed::process::signal::{self, Signal};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a program may take to end in order.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// The pace of questions whether something has happened; no wait is that long.
const PACE: Duration = Duration::from_millis(5);

/// A program that was started, in a group of its own. Dropping it ends it, and waits for that.
pub struct Supervised {
    name: String,
    child: Mutex<Child>,
    log: Log,
    end_by: Signal,
    home: PathBuf,
    afterwards: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    _watch: Watch,
}

impl Supervised {
    /// Starts a program that works in `home`, where everything that it starts works too. `name` is for messages: `postgres 15.20`.
    /// `end_by` is how it is asked to end.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(name: &str, mut command: Command, home: &Path, end_by: Signal) -> Result<Self, Error> {
        let cannot = |problem: &dyn fmt::Display| Error::Environment(format!("{name} cannot be started: {problem}"));
        let watch = guard::watch()?;
        let (log, writer) = Log::open().map_err(|problem| cannot(&problem))?;
        let second = writer.try_clone().map_err(|problem| cannot(&problem))?;
        command.env(guard::MARKER, guard::marker());
        command.stdin(Stdio::null()).stdout(writer).stderr(second);
        signal::lead_a_group(&mut command);
        let child = command.spawn().map_err(|problem| cannot(&problem))?;
        Ok(Self {
            name: name.to_owned(),
            child: Mutex::new(child),
            log,
            end_by,
            home: home.to_owned(),
            afterwards: Mutex::new(None),
            _watch: watch,
        })
    }

    /// With something to be done once it and all that it started are gone, for what lies elsewhere than in its folder.
    #[must_use]
    pub fn afterwards(mut self, task: impl FnOnce() + Send + 'static) -> Self {
        self.afterwards = Mutex::new(Some(Box::new(task)));
        self
    }

    /// Waits until `probe` says yes: an answer in the program's own protocol.
    ///
    /// # Errors
    /// The program ends, or does not answer in time; with the last lines of its log.
    pub async fn await_ready<F>(&self, within: Duration, mut probe: impl FnMut() -> F) -> Result<(), Error>
    where
        F: Future<Output = bool>,
    {
        let deadline = Instant::now() + within;
        loop {
            if let Some(cause) = self.cause_of_death() {
                return Err(Error::Environment(cause));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if matches!(tokio::time::timeout(left, probe()).await, Ok(true)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let log = self.log.last_lines();
                let problem = format!("{} does not answer within {} s{log}", self.name, within.as_secs());
                return Err(Error::Environment(problem));
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.status().is_none()
    }

    /// By what it has ended, with the last lines of its log; `None` while it runs.
    #[must_use]
    pub fn cause_of_death(&self) -> Option<String> {
        let status = self.status()?;
        self.log.settle();
        Some(format!("{} {}{}", self.name, signal::cause(status), self.log.last_lines()))
    }

    /// The same, of a program that may be about to end: a broken connection is seen before the end of who held it.
    pub async fn cause_of_death_within(&self, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        while self.is_alive() && Instant::now() < deadline {
            tokio::time::sleep(PACE).await;
        }
        self.cause_of_death()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// What it has said so far, as far as it is kept.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Ends it in order, or not in order after ten seconds, and waits until nothing that it started is left.
    pub async fn end(&self) {
        self.end_within(END_PATIENCE).await;
    }

    async fn end_within(&self, patience: Duration) {
        self.ask_to_end();
        let deadline = Instant::now() + patience;
        while self.is_alive() && Instant::now() < deadline {
            tokio::time::sleep(PACE).await;
        }
        // What is left takes no time any more.
        self.end_now();
    }

    fn ask_to_end(&self) {
        let mut child = self.child();
        // One that has not been waited for keeps its number.
        if matches!(child.try_wait(), Ok(None)) {
            signal::send(child.id(), self.end_by);
        }
    }

    fn end_now(&self) {
        let mut child = self.child();
        if matches!(child.try_wait(), Ok(None)) {
            signal::kill_group(child.id());
            // A failure means that somebody else has waited for it.
            let _ = child.wait();
        }
        signal::clear(&self.home, END_PATIENCE);
        let task = self.afterwards.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task();
        }
    }

    fn status(&self) -> Option<ExitStatus> {
        self.child().try_wait().ok().flatten()
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if self.is_alive() {
            self.ask_to_end();
            let deadline = Instant::now() + END_PATIENCE;
            while self.is_alive() && Instant::now() < deadline {
                std::thread::sleep(PACE);
            }
        }
        self.end_now();
    }
}

impl fmt::Debug for Supervised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervised").field("name", &self.name).field("id", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(all(test, target_os = "linux"))]
#[expect(clippy::unwrap_used, reason = "a helper of a test fails the test by panicking")]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A shell that stands as `sh 1`, in a folder of its own.
    fn shell(script: &str) -> (tempfile::TempDir, Supervised) {
        let home = tempfile::tempdir().unwrap();
        let path = std::fs::canonicalize(home.path()).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(&path);
        let shell = Supervised::start("sh 1", command, &path, Signal::Terminate).unwrap();
        (home, shell)
    }

    /// Waits until the shell has made the file `ready`.
    async fn ready(home: &tempfile::TempDir, shell: &Supervised) {
        let file = home.path().join("ready");
        shell.await_ready(PATIENCE, || std::future::ready(file.exists())).await.unwrap();
    }

    #[tokio::test]
    async fn one_that_ends_before_it_is_ready_says_how_and_its_last_words() {
        let (_home, shell) = shell("echo hello; echo no room >&2; exit 7");
        let problem = shell.await_ready(PATIENCE, || std::future::ready(false)).await.unwrap_err();
        assert_eq!(problem.to_string(), "sh 1 ended with exit code 7: hello | no room");
    }

    #[tokio::test]
    async fn one_that_never_answers_is_given_up_with_what_it_said() {
        let (home, shell) = shell("echo waiting; touch ready; exec sleep 600");
        ready(&home, &shell).await;
        let problem = shell.await_ready(Duration::ZERO, std::future::pending).await.unwrap_err();
        assert!(problem.to_string().starts_with("sh 1 does not answer within 0 s"), "{problem}");
        assert_eq!(shell.cause_of_death(), None);
    }

    #[tokio::test]
    async fn the_signal_that_ended_it_is_named() {
        let (_home, shell) = shell("echo oops; kill -9 $$");
        let cause = shell.cause_of_death_within(PATIENCE).await;
        assert_eq!(cause.as_deref(), Some("sh 1 was ended by signal 9 (SIGKILL): oops"));
    }

    #[tokio::test]
    async fn one_that_does_not_listen_is_ended_all_the_same_and_so_is_what_has_left_its_group() {
        let (home, shell) = shell("trap '' TERM; setsid sleep 600 & touch ready; sleep 600");
        ready(&home, &shell).await;
        let path = std::fs::canonicalize(home.path()).unwrap();
        while signal::inhabitants(&path).len() < 3 {
            tokio::time::sleep(PACE).await;
        }
        shell.end_within(Duration::from_millis(50)).await;
        assert!(shell.cause_of_death().unwrap().starts_with("sh 1 was ended by signal 9"));
        assert!(signal::inhabitants(&path).is_empty());
    }

    #[tokio::test]
    async fn it_ends_when_it_is_dropped() {
        let (home, shell) = shell("sleep 600 & touch ready; wait");
        ready(&home, &shell).await;
        let path = std::fs::canonicalize(home.path()).unwrap();
        assert!(!signal::inhabitants(&path).is_empty(), "otherwise this shows nothing");
        drop(shell);
        assert!(signal::inhabitants(&path).is_empty());
    }
}
