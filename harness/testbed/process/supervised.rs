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
        Ok(Self { name: name.to_owned(), child: Mutex::new(child), log, end_by, home: home.to_owned(), _watch: watch })
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
        self.ask_to_end();
        let deadline = Instant::now() + END_PATIENCE;
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
            // It is waited for below by what it has left; a failure here means that somebody else has waited.
            let _ = child.wait();
        }
        signal::clear(&self.home, END_PATIENCE);
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
