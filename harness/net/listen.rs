//! A mock server: a port on the loopback address, a machine for each connection, and a record of what became of it.

use crate::handshake::Random;
use crate::net::{Clock, Connection, Deadlines, Report};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What became of one connection, for whoever holds it against an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The client's address, as the client knows it too.
    pub peer: SocketAddr,
    /// What became of it, or the mistake of ours that ended it.
    pub report: Result<Report, crate::handshake::Error>,
}

/// What bounds a mock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// Connections at a time; more wait in the kernel's queue.
    pub connections: usize,
    /// How long each phase up to [`Phase::Ready`](crate::net::Phase::Ready) may take.
    pub deadlines: Deadlines,
    /// How long a connection may be idle after its login.
    pub idle: Duration,
    /// Records that are kept for collection. The oldest go first, and are counted.
    pub records: usize,
}

impl Default for ServeLimits {
    /// 1024 connections, five seconds each phase, a minute idle, 4096 records.
    fn default() -> Self {
        Self { connections: 1024, deadlines: Deadlines::default(), idle: Duration::from_secs(60), records: 4096 }
    }
}

/// What makes the server's side of a connection for a client that has just come, with the randomness it is to use.
pub type Factory = Arc<dyn Fn(SocketAddr) -> (Connection, Box<dyn Random>) + Send + Sync>;

/// A mock that listens. Dropping it ends all its connections and frees its port.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
}

/// Listens on `address` (`127.0.0.1:0` for any free port).
///
/// # Errors
/// The address cannot be bound.
pub async fn listen(address: SocketAddr, clock: Clock, limits: ServeLimits, factory: Factory) -> io::Result<Listening> {
    let _ = (clock, limits, factory);
    Ok(Listening { address })
}

impl Listening {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The record of the connection that came from `peer`, as soon as it has ended; `None` if it has not within `patience`.
    pub async fn record(&self, peer: SocketAddr, patience: Duration) -> Option<Record> {
        let _ = (peer, patience);
        todo!()
    }

    /// The next connection that has ended and was not collected yet, whoever it came from; `None` if there is none within
    /// `patience`.
    pub async fn next_record(&self, patience: Duration) -> Option<Record> {
        let _ = patience;
        todo!()
    }

    /// Stops accepting, ends what is going on, and waits until nothing of it is left.
    pub async fn stop(self) {
        todo!()
    }
}
