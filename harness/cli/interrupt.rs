//! Somebody asks the program to end: SIGINT and SIGTERM, or Ctrl-C where there are no signals.

use crate::error::Error;

/// How the program is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// From the terminal, which tells the programs that we started as well.
    Interrupt,
    /// From another program, which told us alone.
    Terminate,
}

/// What asks us to end, from the moment on when this was made: nothing ends the program without its clean-up any more.
#[derive(Debug)]
pub(super) struct Interruptions {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interruptions {
    /// Listens, on a runtime.
    ///
    /// # Errors
    /// The system does not let us.
    #[cfg(unix)]
    pub(super) fn listen() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let cannot = |problem: std::io::Error| Error::Environment(format!("cannot wait for signals: {problem}"));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(cannot)?,
            terminate: signal(SignalKind::terminate()).map_err(cannot)?,
        })
    }

    /// Listens; without signals there is nothing to prepare.
    #[cfg(not(unix))]
    pub(super) fn listen() -> Result<Self, Error> {
        Ok(Self {})
    }

    /// Waits for the next one.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) -> Interruption {
        tokio::select! {
            _ = self.interrupt.recv() => Interruption::Interrupt,
            _ = self.terminate.recv() => Interruption::Terminate,
        }
    }

    /// Waits for the next one. If that is not possible, nobody can ask.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) -> Interruption {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Interruption::Interrupt
    }
}
