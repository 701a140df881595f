//! One message to a realm's KDCs and the reply, sent as libkrb5 sends it (`k5_sendto`, RFC 4120 §7.2).
//!
//! ```text
//! first pass     to each KDC over the preferred transport, waiting 1 s after each; then to each over the other one, 1 s
//!                after each; then 2 s more
//! second pass    the same datagram to each KDC again, 1 s after each; then 4 s more
//! third pass     once more; then 8 s
//! ```
//! The first reply from anywhere ends it: all sockets stay open, so that a late one counts. A KDC that refuses (ICMP, TCP reset)
//! is out, and nothing is waited for once all are. One that answers 29 (KDC_ERR_SVC_UNAVAILABLE) is passed over. A stream that
//! stands is waited for, for 10 s. Datagrams from elsewhere do not come in, as sockets are connected; whatever comes from the KDC
//! is the reply, and it is the exchange that makes sense of it.

use shakedown_krb5::client::{KerberosFailure, Request, Transport};
use shakedown_krb5::der::Codec;
use shakedown_krb5::framing::TcpFraming;
use shakedown_krb5::messages::{KrbError, error_code};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

/// How long KDCs are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// After each request.
    pub reply: Duration,
    /// At the end of the first pass; twice as long at the end of each further one.
    pub pass: Duration,
    /// How often all KDCs are asked.
    pub passes: u32,
    /// For a stream that has been set up.
    pub stream: Duration,
}

impl Default for Patience {
    /// libkrb5's (1.20): 1 s, 2 s, three passes, 10 s.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { reply: seconds(1), pass: seconds(2), passes: 3, stream: seconds(10) }
    }
}

/// The largest datagram.
const DATAGRAM: usize = 64 * 1024;

/// A KDC, and the one transport that it is asked over; `None` for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) only: Option<Transport>,
}

/// A reply, and how it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) reply: Vec<u8>,
    pub(super) transport: Transport,
    /// The KDC's address.
    pub(super) server: SocketAddr,
    /// The address that was asked from.
    pub(super) own: Option<SocketAddr>,
}

/// What happens on the way to an answer.
pub(super) enum Happening<'a> {
    /// The request went out: `again` where one that went out before may still be answered.
    Sent { again: bool },
    /// A KDC's reply made room for the next KDC.
    PassedOver(&'a [u8]),
}

/// Sends `request` to `servers` until one replies.
pub(super) async fn ask(
    servers: &[Server],
    request: &Request,
    patience: Patience,
    deadline: Instant,
    observe: impl FnMut(Happening<'_>) + Send,
) -> Result<Answer, KerberosFailure> {
    let (events, coming) = mpsc::unbounded_channel();
    let lines = lines(servers, request.transport, request.fallback);
    let (message, framed) = (Arc::from(&*request.message), Arc::from(request.framed()));
    let tasks = JoinSet::new();
    Asking { lines, message, framed, patience, deadline, events, coming, tasks, unavailable: None, observe }.run().await
}

/// A way to a KDC. The number of ways is that of KDCs and transports, so that the channel needs no bound.
struct Line {
    server: SocketAddr,
    transport: Transport,
    /// Used only after all that are not.
    is_fallback: bool,
    state: State,
}

enum State {
    New,
    Datagrams(Arc<UdpSocket>),
    Stream {
        /// Until when it is waited for, once it is set up.
        until: Option<Instant>,
    },
    Failed,
}

enum Event {
    Connected(usize),
    Reply(usize, Vec<u8>, Option<SocketAddr>),
    Failed(usize),
}

fn lines(servers: &[Server], preferred: Transport, fallback: Option<Transport>) -> Vec<Line> {
    let transports = std::iter::once((preferred, false)).chain(fallback.map(|transport| (transport, true)));
    let transports: Vec<_> = transports.collect();
    let line = |server: &Server, (transport, is_fallback)| {
        let fits = server.only.is_none_or(|only| only == transport);
        fits.then_some(Line { server: server.address, transport, is_fallback, state: State::New })
    };
    servers.iter().flat_map(|server| transports.iter().filter_map(move |way| line(server, *way))).collect()
}

struct Asking<F> {
    lines: Vec<Line>,
    message: Arc<[u8]>,
    /// What goes over a stream.
    framed: Arc<[u8]>,
    patience: Patience,
    deadline: Instant,
    events: mpsc::UnboundedSender<Event>,
    coming: mpsc::UnboundedReceiver<Event>,
    /// Ended with the asking, and their sockets with them.
    tasks: JoinSet<()>,
    /// The last answer of a KDC that was passed over.
    unavailable: Option<Answer>,
    observe: F,
}

impl<F: FnMut(Happening<'_>) + Send> Asking<F> {
    async fn run(mut self) -> Result<Answer, KerberosFailure> {
        let mut wait = self.patience.pass;
        for pass in 0..self.patience.passes {
            for fallback in [false, true] {
                for index in 0..self.lines.len() {
                    // From the second pass on, the order is that of the KDCs.
                    let is_due = if pass == 0 { self.lines[index].is_fallback == fallback } else { !fallback };
                    if is_due
                        && self.send(index).await
                        && let Some(answer) = self.wait(self.patience.reply).await?
                    {
                        return Ok(answer);
                    }
                }
            }
            if let Some(answer) = self.wait(wait).await? {
                return Ok(answer);
            }
            if self.open() == 0 {
                break;
            }
            wait *= 2;
        }
        let silent = self.open() > 0;
        self.unavailable.ok_or(if silent { KerberosFailure::TimedOut } else { KerberosFailure::Unreachable })
    }

    fn open(&self) -> usize {
        let is_open = |line: &&Line| matches!(line.state, State::Datagrams(_) | State::Stream { .. });
        self.lines.iter().filter(is_open).count()
    }

    /// Whether there is something to wait for: a stream is written to once.
    async fn send(&mut self, index: usize) -> bool {
        let again = self.open() > 0;
        let line = &mut self.lines[index];
        let sent = match (&line.state, line.transport) {
            (State::New, Transport::Udp) => match datagrams(line.server, &self.message).await {
                Ok(socket) => {
                    let socket = Arc::new(socket);
                    line.state = State::Datagrams(Arc::clone(&socket));
                    self.tasks.spawn(receive(index, socket, self.events.clone()));
                    true
                }
                Err(_) => {
                    line.state = State::Failed;
                    false
                }
            },
            (State::New, Transport::Tcp) => {
                line.state = State::Stream { until: None };
                self.tasks.spawn(stream(index, line.server, Arc::clone(&self.framed), self.events.clone()));
                true
            }
            (State::Datagrams(socket), _) => socket.send(&self.message).await.is_ok(),
            (State::Stream { .. } | State::Failed, _) => false,
        };
        if sent {
            (self.observe)(Happening::Sent { again });
        }
        sent
    }

    /// The first reply within `interval`, or later from a stream that stands; `None` once no line is open.
    async fn wait(&mut self, interval: Duration) -> Result<Option<Answer>, KerberosFailure> {
        let interval_ends = Instant::now() + interval;
        while self.open() > 0 {
            let streams = self.lines.iter().filter_map(|line| match line.state {
                State::Stream { until } => until,
                _ => None,
            });
            let end = streams.fold(interval_ends, Instant::max).min(self.deadline);
            let Ok(event) = timeout_at(end, self.coming.recv()).await else {
                return if end == self.deadline { Err(KerberosFailure::TimedOut) } else { Ok(None) };
            };
            match event.expect("the asking itself holds a sender") {
                Event::Connected(index) => {
                    self.lines[index].state = State::Stream { until: Some(Instant::now() + self.patience.stream) };
                }
                Event::Failed(index) => self.lines[index].state = State::Failed,
                Event::Reply(index, reply, own) => {
                    let Line { server, transport, .. } = self.lines[index];
                    let answer = Answer { reply, transport, server, own };
                    if !is_unavailable(&answer.reply) {
                        return Ok(Some(answer));
                    }
                    self.lines[index].state = State::Failed;
                    (self.observe)(Happening::PassedOver(&answer.reply));
                    self.unavailable = Some(answer);
                }
            }
        }
        Ok(None)
    }
}

fn is_unavailable(reply: &[u8]) -> bool {
    KrbError::decode(reply).is_ok_and(|error| error.error_code == error_code::SVC_UNAVAILABLE)
}

async fn datagrams(kdc: SocketAddr, message: &[u8]) -> io::Result<UdpSocket> {
    let any: IpAddr = if kdc.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected, so that nobody else's datagrams come in and a closed port shows.
    socket.connect(kdc).await?;
    socket.send(message).await?;
    Ok(socket)
}

async fn receive(index: usize, socket: Arc<UdpSocket>, events: mpsc::UnboundedSender<Event>) {
    let mut reply = vec![0; DATAGRAM];
    let event = match socket.recv(&mut reply).await {
        Ok(length) => {
            reply.truncate(length);
            Event::Reply(index, reply, socket.local_addr().ok())
        }
        Err(_) => Event::Failed(index),
    };
    // Nobody listens any more once there is a reply from elsewhere.
    let _ = events.send(event);
}

async fn stream(index: usize, kdc: SocketAddr, framed: Arc<[u8]>, events: mpsc::UnboundedSender<Event>) {
    let exchange = async {
        let mut stream = TcpStream::connect(kdc).await?;
        let _ = events.send(Event::Connected(index));
        let reply = by_stream(&mut stream, &framed).await?;
        let own = stream.local_addr().ok();
        let _ = events.send(Event::Reply(index, reply, own));
        // The reply is read to its end: there is nothing that a reset could take away.
        let _ = timeout(Duration::from_secs(1), stream.shutdown()).await;
        io::Result::Ok(())
    };
    if exchange.await.is_err() {
        let _ = events.send(Event::Failed(index));
    }
}

async fn by_stream(stream: &mut TcpStream, framed: &[u8]) -> io::Result<Vec<u8>> {
    stream.set_nodelay(true)?;
    stream.write_all(framed).await?;
    let mut framing = TcpFraming::new();
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let length = stream.read(&mut chunk).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        framing.push(&chunk[..length]);
        let next = framing.next_message().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if let Some(reply) = next {
            return Ok(reply);
        }
    }
}
