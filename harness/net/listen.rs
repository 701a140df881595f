//! A mock server: a port on the loopback address, a machine for each connection, and a record of what became of it.

use crate::handshake::{Error, Random};
use crate::net::dial::tear;
use crate::net::{Around, Clock, Connection, Deadlines, Report, drive};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// What became of one connection, for whoever holds it against an expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The client's address, as the client knows it too.
    pub peer: SocketAddr,
    /// What became of it, or the mistake of ours that ended it.
    pub report: Result<Report, Error>,
}

/// What bounds a mock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeLimits {
    /// Connections at a time; more wait in the kernel's queue.
    pub connections: usize,
    /// How long each phase may take, and how long a connection may idle after its login.
    pub deadlines: Deadlines,
    /// Records that are kept for collection. The oldest go first, and are counted.
    pub records: usize,
}

impl Default for ServeLimits {
    /// 1024 connections, ten seconds each phase, a minute idle, 4096 records.
    fn default() -> Self {
        let deadlines = Deadlines { idle: Duration::from_secs(60), ..Deadlines::all(Duration::from_secs(10)) };
        Self { connections: 1024, deadlines, records: 4096 }
    }
}

/// What makes the server's side of a connection for a client that has just come, with the randomness it is to use.
pub type Factory = Arc<dyn Fn(SocketAddr) -> (Connection, Box<dyn Random>) + Send + Sync>;

/// A mock that listens. Dropping it ends all its connections and frees its port.
pub struct Listening {
    address: SocketAddr,
    clock: Arc<Mutex<Clock>>,
    records: Arc<Records>,
    accepting: JoinHandle<()>,
    stop: Arc<Notify>,
}

/// Listens on `address` (`127.0.0.1:0` for any free port).
///
/// # Errors
/// The address cannot be bound.
pub async fn listen(address: SocketAddr, clock: Clock, limits: ServeLimits, factory: Factory) -> io::Result<Listening> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let records = Arc::new(Records::new(limits.records));
    let stop = Arc::new(Notify::new());
    let clock = Arc::new(Mutex::new(clock));
    let serving = Serving { clock: Arc::clone(&clock), limits, factory, records: Arc::clone(&records) };
    let accepting = tokio::spawn(serving.accept(listener, Arc::clone(&stop)));
    Ok(Listening { address, clock, records, accepting, stop })
}

impl Listening {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the clock for connections that come from now on.
    pub fn set_clock(&self, clock: Clock) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = clock;
    }

    /// The record of the connection that came from `peer`, as soon as it has ended; `None` if it has not within `patience`.
    pub async fn record(&self, peer: SocketAddr, patience: Duration) -> Option<Record> {
        self.records.take(patience, |record| record.peer == peer).await
    }

    /// The next connection that has ended and was not collected yet, whoever it came from; `None` if there is none within
    /// `patience`.
    pub async fn next_record(&self, patience: Duration) -> Option<Record> {
        self.records.take(patience, |_| true).await
    }

    /// The records of all connections since the last collection, once at least one has ended and none is open; those that there
    /// are if that has not come about within `patience`. For clients whose addresses nobody knows.
    pub async fn settled_records(&self, patience: Duration) -> Vec<Record> {
        self.records.settled(patience).await
    }

    /// The records of all connections that were made before this call, once they have ended: none is an answer too. For clients
    /// that may or may not have come, and that are gone now. `None` if one of them is still open after `patience`, or the mock is
    /// out of reach.
    ///
    /// The kernel hands connections over in the order in which they were made, so that a connection of our own that has come
    /// through, and that nobody serves, says that no earlier one waits.
    pub async fn records_so_far(&self, patience: Duration) -> Option<Vec<Record>> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.ok()?;
        socket.bind(SocketAddr::new(self.address.ip(), 0)).ok()?;
        let own = socket.local_addr().ok()?;
        self.records.shelf().awaited.push(own);
        let connected = timeout(patience, socket.connect(self.address)).await;
        if !matches!(connected, Ok(Ok(_))) {
            self.records.shelf().awaited.retain(|address| *address != own);
            return None;
        }
        self.records.after(own, patience).await
    }

    /// How many records were dropped because nobody collected them.
    #[must_use]
    pub fn lost_records(&self) -> usize {
        self.records.shelf().lost
    }

    /// Stops accepting, ends what is going on, and waits until nothing of it is left.
    pub async fn stop(mut self) {
        self.stop.notify_one();
        // It ends by itself, or was ended by a panic in a factory; there is nothing left either way.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What every connection of a mock shares.
#[derive(Clone)]
struct Serving {
    clock: Arc<Mutex<Clock>>,
    limits: ServeLimits,
    factory: Factory,
    records: Arc<Records>,
}

impl Serving {
    /// The accept loop. The connections live in its set and end with it.
    async fn accept(self, listener: TcpListener, stop: Arc<Notify>) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut connections = JoinSet::new();
        let accepting = async {
            loop {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                while connections.try_join_next().is_some() {}
                match listener.accept().await {
                    Ok((stream, peer)) => {
                        if self.records.has_awaited(peer) {
                            continue;
                        }
                        self.records.shelf().open += 1;
                        let serving = self.clone();
                        connections.spawn(async move {
                            serving.serve(stream, peer).await;
                            drop(place);
                        });
                    }
                    // No file handles left, or a client that went away before it was accepted: neither may end the mock or
                    // keep a core busy.
                    Err(_) => sleep_until(Instant::now() + Duration::from_millis(10)).await,
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            () = stop.notified() => {}
        }
        drop(listener);
        connections.shutdown().await;
    }

    async fn serve(&self, mut stream: TcpStream, peer: SocketAddr) {
        let clock = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let began = clock.base();
        let _ = stream.set_nodelay(true);
        let (mut connection, mut random) = (self.factory)(peer);
        if let Some(recording) = connection.recording_mut() {
            recording.addresses = stream.local_addr().ok().map(|own| (peer, own));
        }
        let mut around = Around { clock, random: &mut *random, deadlines: self.limits.deadlines, tickets: None };
        let driven = drive(&mut stream, &mut connection, &mut around).await;
        tear(&stream, &connection, clock);
        let report = driven.and_then(|()| connection.into_report(began));
        self.records.put(Record { peer, report });
    }
}

/// Records that wait for collection.
struct Records {
    shelf: Mutex<Shelf>,
    limit: usize,
    added: Notify,
}

#[derive(Default)]
struct Shelf {
    waiting: VecDeque<Record>,
    lost: usize,
    /// Connections that were accepted and have not ended.
    open: usize,
    /// Connections of our own that tell by their coming that all earlier ones have come.
    awaited: Vec<SocketAddr>,
}

impl Records {
    fn new(limit: usize) -> Self {
        Self { shelf: Mutex::default(), limit, added: Notify::new() }
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        // Nothing that holds the lock can leave the shelf half-changed.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, record: Record) {
        let mut shelf = self.shelf();
        if shelf.waiting.len() >= self.limit {
            shelf.waiting.pop_front();
            shelf.lost += 1;
        }
        shelf.waiting.push_back(record);
        shelf.open -= 1;
        drop(shelf);
        self.added.notify_waiters();
    }

    async fn settled(&self, patience: Duration) -> Vec<Record> {
        let deadline = Instant::now() + patience;
        loop {
            let added = self.added.notified();
            tokio::pin!(added);
            added.as_mut().enable();
            {
                let mut shelf = self.shelf();
                if shelf.open == 0 && !shelf.waiting.is_empty() {
                    return shelf.waiting.drain(..).collect();
                }
            }
            if timeout_at(deadline, added).await.is_err() {
                return self.shelf().waiting.drain(..).collect();
            }
        }
    }

    /// Whether a connection is one of our own. It is awaited no longer.
    fn has_awaited(&self, peer: SocketAddr) -> bool {
        let mut shelf = self.shelf();
        let Some(index) = shelf.awaited.iter().position(|awaited| *awaited == peer) else { return false };
        shelf.awaited.swap_remove(index);
        drop(shelf);
        self.added.notify_waiters();
        true
    }

    async fn after(&self, own: SocketAddr, patience: Duration) -> Option<Vec<Record>> {
        let deadline = Instant::now() + patience;
        loop {
            let added = self.added.notified();
            tokio::pin!(added);
            added.as_mut().enable();
            {
                let mut shelf = self.shelf();
                if shelf.open == 0 && !shelf.awaited.contains(&own) {
                    return Some(shelf.waiting.drain(..).collect());
                }
            }
            if timeout_at(deadline, added).await.is_err() {
                self.shelf().awaited.retain(|address| *address != own);
                return None;
            }
        }
    }

    async fn take(&self, patience: Duration, wanted: impl Fn(&Record) -> bool) -> Option<Record> {
        let deadline = Instant::now() + patience;
        loop {
            let added = self.added.notified();
            tokio::pin!(added);
            // Registered before the look, so that what is added in between wakes it.
            added.as_mut().enable();
            {
                let mut shelf = self.shelf();
                if let Some(index) = shelf.waiting.iter().position(&wanted) {
                    return shelf.waiting.remove(index);
                }
            }
            timeout_at(deadline, added).await.ok()?;
        }
    }
}
