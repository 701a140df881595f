//! The KDC on a port: UDP and TCP under one number, both bound before anybody is told (RFC 4120 §7.2).

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use shakedown_krb5::Timestamp;
use shakedown_krb5::framing::{TcpFraming, TooLong};
use shakedown_krb5::messages::error_code;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::event::{Event, Log, Outcome, Transport};
use crate::fault::{self, Afterwards, Delivery, Sending};
use crate::kdc::{Answer, Kdc};
use crate::look_aside::{Known, LookAside};
use crate::random::SystemRandom;

/// The longest datagram there is.
const MAX_DATAGRAM: usize = 65_535;
/// How many events the log keeps.
const LOG_CAPACITY: usize = 16_384;
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
    kdc: Arc<Kdc>,
    log: Arc<Log>,
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
        let log = Arc::new(Log::new(LOG_CAPACITY));
        let service =
            Service { kdc: Arc::clone(&kdc), log: Arc::clone(&log), look_aside: Arc::default(), limits, stopped };
        let mut tasks = JoinSet::new();
        let datagrams = Arc::new(self.datagrams);
        // Two workers share the socket: while one computes, the other receives.
        for _ in 0..2 {
            tasks.spawn(service.clone().serve_datagrams(Arc::clone(&datagrams)));
        }
        tasks.spawn(service.serve_connections(self.connections));
        Handle { kdc, log, address: self.address, stop, tasks }
    }
}

impl Handle {
    /// Where the KDC listens, UDP and TCP.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The KDC, to move its clock or rotate its keys.
    #[must_use]
    pub const fn kdc(&self) -> &Arc<Kdc> {
        &self.kdc
    }

    /// What was asked and answered.
    #[must_use]
    pub const fn log(&self) -> &Arc<Log> {
        &self.log
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
    kdc: Arc<Kdc>,
    log: Arc<Log>,
    look_aside: Arc<Mutex<LookAside>>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
}

impl Service {
    async fn serve_datagrams(mut self, socket: Arc<UdpSocket>) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        // Answers that a rule delays. They go with this task.
        let mut waiting = JoinSet::new();
        loop {
            let received = tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return,
                received = socket.recv_from(&mut buffer) => received,
            };
            // An error is one of an earlier answer (nobody listened for it), not of the socket.
            let Ok((length, peer)) = received else { continue };
            while waiting.try_join_next().is_some() {}
            let Some((reply, sending)) = self.answer_datagram(&buffer[..length]) else { continue };
            if sending.delay.is_zero() {
                fault::send_datagram(&socket, peer, &reply, &sending.delivery).await;
            } else if waiting.len() < MAX_WAITING {
                let (service, socket, request) = (self.clone(), Arc::clone(&socket), buffer[..length].to_vec());
                waiting.spawn(async move {
                    tokio::time::sleep(sending.delay).await;
                    // From now on a retransmission is answered at once.
                    service.look_aside().release(&request);
                    fault::send_datagram(&socket, peer, &reply, &sending.delivery).await;
                });
            }
        }
    }

    fn answer_datagram(&self, request: &[u8]) -> Option<(Vec<u8>, Sending)> {
        let now = now();
        let known = self.look_aside().look_up(request, now);
        match known {
            Known::InProgress => None,
            Known::Answered { octets, event, repeat } => {
                let event = Event { repeated: true, ..*event };
                let known = Answer { octets, event, sending: Sending::default() };
                let again = self.kdc.answer_again(known.clone(), request, repeat, &mut SystemRandom);
                let Answer { octets, event, sending } = again.unwrap_or(known);
                self.note(event);
                octets.map(|octets| (octets, sending))
            }
            Known::New => {
                let answer = self.kdc.answer_over(Some(Transport::Udp), request, now, &mut SystemRandom);
                let Answer { mut octets, mut event, sending } = answer;
                let most = self.kdc.realm().max_datagram_reply_octets;
                if octets.as_ref().is_some_and(|octets| octets.len() > most) {
                    let code = error_code::RESPONSE_TOO_BIG;
                    octets = Some(self.kdc.refuse_transport(code, now));
                    event.outcome = Outcome::Refused { code, text: "RESPONSE_TOO_BIG".to_owned() };
                }
                // What is lost on the way was answered all the same.
                let is_waiting = !sending.delay.is_zero() && sending.delivery != Delivery::Drop;
                self.look_aside().answered(request, octets.clone(), &event, is_waiting);
                self.note(event);
                octets.map(|octets| (octets, sending))
            }
        }
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
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let service = self.clone();
            connections.spawn(async move {
                service.serve_connection(stream).await;
                drop(place);
            });
        }
        while connections.join_next().await.is_some() {}
    }

    /// Request after request, until the client ends, says nothing for too long, or sends what cannot be answered.
    async fn serve_connection(mut self, mut stream: TcpStream) {
        let mut framing = TcpFraming::new();
        loop {
            let read = tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return,
                read = timeout(self.limits.idle, read_request(&mut stream, &mut framing)) => read,
            };
            let Ok(Ok(read)) = read else { return };
            let (reply, last) = match read {
                Read::Request(request) => (self.answer_request(&request), false),
                Read::TooLong => (Some((self.refuse_length(), Sending::default())), true),
                Read::End => return,
            };
            // MIT's KDC closes a connection where it has no answer, so that the client need not wait.
            let Some((reply, sending)) = reply else { return };
            if !sending.delay.is_zero() {
                tokio::select! {
                    _ = self.stopped.wait_for(|stopped| *stopped) => return,
                    () = tokio::time::sleep(sending.delay) => {}
                }
            }
            // Pauses that a rule asked for take their time; a client that does not read has less.
            let patience = if sending.is_normal() { self.limits.idle } else { fault::MAX_WRITING };
            let written = tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped), if !sending.is_normal() => return,
                written = timeout(patience, fault::write_message(&mut stream, &reply, &sending.delivery)) => written,
            };
            if last || !matches!(written, Ok(Ok(Afterwards::GoOn))) {
                return;
            }
        }
    }

    fn answer_request(&self, request: &[u8]) -> Option<(Vec<u8>, Sending)> {
        let answer = self.kdc.answer_over(Some(Transport::Tcp), request, now(), &mut SystemRandom);
        let Answer { octets, event, sending } = answer;
        self.note(event);
        octets.map(|octets| (octets, sending))
    }

    fn refuse_length(&self) -> Vec<u8> {
        let (code, now) = (error_code::FIELD_TOOLONG, now());
        self.note(Event {
            at: now.offset_seconds(self.kdc.clock_offset()),
            transport: Some(Transport::Tcp),
            exchange: None,
            client: None,
            service: None,
            etypes: Vec::new(),
            outcome: Outcome::Refused { code, text: "FIELD_TOOLONG".to_owned() },
            repeated: false,
        });
        self.kdc.refuse_transport(code, now)
    }

    fn note(&self, event: Event) {
        let Event { client, service, etypes, outcome, repeated, .. } = &event;
        let transport = if event.transport == Some(Transport::Tcp) { "tcp" } else { "udp" };
        tracing::info!(transport, trace = event.trace().join(" "), client, service, ?etypes, %outcome, repeated);
        self.log.record(event);
    }

    fn look_aside(&self) -> std::sync::MutexGuard<'_, LookAside> {
        self.look_aside.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The machine's clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
