//! The KDC on a port: UDP and TCP under one number, both bound before anybody is told (RFC 4120 §7.2).

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shakedown_krb5::Timestamp;
use shakedown_krb5::framing::{TcpFraming, TooLong, frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::arrival::Arrival;
use crate::batch::Batch;
use crate::event::Transport;
use crate::fault::{self, Afterwards, Sending};
use crate::kdc::Kdc;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::responder::Responder;
use crate::worker::Worker;

/// How many batches of datagrams are answered before anything else of the runtime gets its turn.
const BATCHES_IN_A_ROW: usize = 8;
/// How many datagrams may wait to be sent, for each of the tasks; more are lost.
const MAX_WAITING: usize = 4096;
/// How often a port is looked for that is free for both transports.
const BIND_ATTEMPTS: u32 = 32;

/// What connections may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections there may be at a time; more wait until one ends. 256 by default.
    pub connections: usize,
    /// How long a connection may be idle, a request be under way, or a reply wait for a reader. 10 s by default.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, idle: Duration::from_secs(10) }
    }
}

/// A port that is bound, for UDP and TCP, and not served yet.
#[derive(Debug)]
pub struct Listener {
    datagrams: UdpSocket,
    connections: TcpListener,
    address: SocketAddr,
}

/// A KDC that is being served. Dropping it ends all of its tasks and frees the port.
#[derive(Debug)]
pub struct Handle {
    responder: Arc<Responder>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Listener {
    /// Binds an unused port of the loopback interface.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn bind_loopback() -> io::Result<Self> {
        Self::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).await
    }

    /// Binds an address; with port 0 one that is free for both transports.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let connections = TcpListener::bind(address).await?;
            let bound = connections.local_addr()?;
            match UdpSocket::bind(bound).await {
                Ok(datagrams) => return Ok(Self { datagrams, connections, address: bound }),
                // Somebody else has this number for UDP: take another.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse && address.port() == 0 && attempt < BIND_ATTEMPTS => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `kdc` until the handle is dropped. Needs a Tokio runtime.
    #[must_use]
    pub fn serve(self, kdc: Arc<Kdc>) -> Handle {
        self.serve_within(Limits::default(), kdc)
    }

    /// The same with other limits.
    #[must_use]
    pub fn serve_within(self, limits: Limits, kdc: Arc<Kdc>) -> Handle {
        let (stop, stopped) = watch::channel(false);
        let responder = Arc::new(Responder::new(kdc));
        let service = Service { responder: Arc::clone(&responder), address: self.address, limits, stopped };
        let mut tasks = JoinSet::new();
        let datagrams = Arc::new(self.datagrams);
        // Two workers share the socket: while one computes, the other receives. On one core they would only wake each
        // other up.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        for _ in 0..cores.min(2) {
            tasks.spawn(service.clone().serve_datagrams(Arc::clone(&datagrams)));
        }
        tasks.spawn(service.serve_connections(self.connections));
        Handle { responder, address: self.address, stop, tasks }
    }
}

impl Handle {
    /// Where the KDC listens, UDP and TCP.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The KDC with its log and counters, which can be shared with whoever watches them.
    #[must_use]
    pub const fn responder(&self) -> &Arc<Responder> {
        &self.responder
    }

    /// The KDC, to move its clock or rotate its keys.
    #[must_use]
    pub fn kdc(&self) -> &Arc<Kdc> {
        self.responder.kdc()
    }

    /// What was asked and answered.
    #[must_use]
    pub fn log(&self) -> &Log {
        self.responder.log()
    }

    /// Counters of the same.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.responder.metrics()
    }

    /// Ends all tasks, lets answers that are under way go out, and returns when the port is free again.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What each task has at hand.
#[derive(Debug, Clone)]
struct Service {
    responder: Arc<Responder>,
    address: SocketAddr,
    limits: Limits,
    stopped: watch::Receiver<bool>,
}

impl Service {
    async fn serve_datagrams(mut self, socket: Arc<UdpSocket>) {
        let mut worker = Worker::from_system();
        let mut batch = Batch::new();
        // Answers that a rule delays. They go with this task.
        let mut waiting = JoinSet::new();
        loop {
            tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return,
                _ = socket.readable() => {}
            }
            // All that has come is answered before anything is awaited again.
            for _ in 0..BATCHES_IN_A_ROW {
                let there_is_more = batch.receive(&socket);
                for datagram in batch.received() {
                    let arrival = self.arrival(Transport::Udp, datagram.peer);
                    let answered = self.responder.datagram(datagram.request(), &arrival, &mut worker).is_some();
                    if answered && worker.desk.sending.is_normal() {
                        datagram.reply.extend_from_slice(worker.reply().unwrap_or_default());
                    } else if answered {
                        self.send_otherwise(&socket, datagram.peer, &worker, &mut waiting).await;
                    }
                }
                batch.send(&socket).await;
                if !there_is_more {
                    break;
                }
            }
        }
    }

    /// Sends a datagram as a rule says, without anybody waiting for it.
    async fn send_otherwise(
        &self,
        socket: &Arc<UdpSocket>,
        peer: SocketAddr,
        worker: &Worker,
        waiting: &mut JoinSet<()>,
    ) {
        let (Some(reply), sending, place) = (worker.reply(), &worker.desk.sending, worker.desk.waiting) else { return };
        while waiting.try_join_next().is_some() {}
        if sending.delay.is_zero() {
            return fault::send_datagram(socket, peer, reply, &sending.delivery).await;
        }
        if waiting.len() == MAX_WAITING {
            return;
        }
        let responder = Arc::clone(&self.responder);
        let (socket, reply, sending) = (Arc::clone(socket), reply.to_vec(), sending.clone());
        waiting.spawn(async move {
            tokio::time::sleep(sending.delay).await;
            if let Some(place) = place {
                responder.release(place);
            }
            fault::send_datagram(&socket, peer, &reply, &sending.delivery).await;
        });
    }

    async fn serve_connections(mut self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut connections = JoinSet::new();
        loop {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            let accepted = tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => break,
                accepted = listener.accept() => accepted,
            };
            while connections.try_join_next().is_some() {}
            // An error concerns one connection that went away before it was accepted, or a shortage that passes.
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let service = self.clone();
            connections.spawn(async move {
                service.serve_connection(stream, peer).await;
                drop(place);
            });
        }
        while connections.join_next().await.is_some() {}
    }

    /// Request after request, until the client ends, says nothing for too long, or sends what cannot be answered.
    async fn serve_connection(mut self, mut stream: TcpStream, peer: SocketAddr) {
        let mut worker = Worker::from_system();
        let mut framing = TcpFraming::new();
        loop {
            let read = tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return,
                read = timeout(self.limits.idle, read_request(&mut stream, &mut framing)) => read,
            };
            let Ok(Ok(read)) = read else { return };
            let arrival = self.arrival(Transport::Tcp, peer);
            let last = matches!(read, Read::TooLong);
            match read {
                Read::Request(request) => self.responder.message(&request, &arrival, &mut worker),
                Read::TooLong => self.responder.too_long(&arrival, &mut worker),
                Read::End => return,
            };
            // MIT's KDC closes a connection where it has no answer, so that the client need not wait.
            let Some(reply) = worker.reply() else { return };
            let sending = &worker.desk.sending;
            let goes_on = if sending.is_normal() {
                matches!(timeout(self.limits.idle, write_reply(&mut stream, reply)).await, Ok(Ok(())))
            } else {
                let stopped = self.stopped.wait_for(|stopped| *stopped);
                write_otherwise(&mut stream, reply, sending, stopped).await
            };
            if last || !goes_on {
                return;
            }
        }
    }

    fn arrival(&self, transport: Transport, peer: SocketAddr) -> Arrival {
        Arrival { now: now(), transport: Some(transport), peer: Some(peer), local: Some(self.address) }
    }
}

/// What came on a connection.
enum Read {
    Request(Vec<u8>),
    /// A length beyond what is read, or with the bit that RFC 5021 reserves.
    TooLong,
    End,
}

/// Grows with what arrives: an announced length alone reserves nothing.
async fn read_request(stream: &mut TcpStream, framing: &mut TcpFraming) -> io::Result<Read> {
    let mut chunk = [0; 4096];
    loop {
        match framing.next_message() {
            Ok(Some(request)) => return Ok(Read::Request(request)),
            Ok(None) => {}
            Err(TooLong(_)) => return Ok(Read::TooLong),
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(Read::End),
            length => framing.push(&chunk[..length]),
        }
    }
}

async fn write_reply(stream: &mut TcpStream, reply: &[u8]) -> io::Result<()> {
    let mut framed = Vec::with_capacity(4 + reply.len());
    frame(reply, &mut framed);
    stream.write_all(&framed).await
}

/// Writes an answer as a rule says; whether the connection goes on. Nothing of it happens once the KDC is `stopped`.
async fn write_otherwise(
    stream: &mut TcpStream,
    reply: &[u8],
    sending: &Sending,
    stopped: impl Future<Output = impl Sized>,
) -> bool {
    // Pieces are to arrive as pieces; where that cannot be had, they arrive together.
    let _ = stream.set_nodelay(true);
    let writing = async {
        tokio::time::sleep(sending.delay).await;
        timeout(fault::MAX_WRITING, fault::write_message(stream, reply, &sending.delivery)).await
    };
    tokio::select! {
        _ = stopped => false,
        written = writing => matches!(written, Ok(Ok(Afterwards::GoOn))),
    }
}

/// The machine's clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
