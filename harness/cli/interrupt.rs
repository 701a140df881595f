//! Waiting for somebody to end the program.

use crate::error::Error;

/// Returns when the program is asked to end: SIGINT or SIGTERM, or Ctrl-C where there are no signals.
///
/// # Errors
/// The system does not let us wait for that.
pub(super) async fn interrupted() -> Result<(), Error> {
    let cannot = |problem: std::io::Error| Error::Environment(format!("cannot wait for signals: {problem}"));
    #[cfg(unix)]
    {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).map_err(cannot)?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(cannot),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(cannot)
}
