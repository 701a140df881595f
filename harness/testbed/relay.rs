//! A port in front of a KDC that is not ours: passes everything on as it is, and notes what was asked and answered.
//!
//! One KDC serves many cases at a time and its log says not which; each case has a relay of its own. What the KDC said is
//! taken from its messages, so that it is as exact as the mock's own account of itself.

use crate::handshake::EventName;
use crate::net::Clock;
use crate::testbed::kdc_view::{Answer, Exchange};
use crate::testbed::loopback;
use shakedown_krb5::framing::TcpFraming;
use shakedown_krb5::messages::{Codec, KrbError, MessageKind};
use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a reply is waited for: longer than any client does.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests and connections that are under way at a time; more wait.
const UNDER_WAY: usize = 256;

/// How often a port is looked for that is free for both transports.
const BIND_ATTEMPTS: u32 = 32;

/// The largest datagram.
const DATAGRAM: usize = 64 * 1024;

/// A port of loopback, UDP and TCP, that leads to a KDC. Dropping it ends all of its tasks.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    log: Log,
    tasks: JoinSet<()>,
}

impl Relay {
    /// Leads to `kdc`, on a free port.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn to(kdc: SocketAddr, clock: Clock) -> io::Result<Self> {
        let (datagrams, connections) = bind().await?;
        let address = datagrams.local_addr()?;
        let log = Log { clock, exchanges: Arc::default() };
        let mut tasks = JoinSet::new();
        tasks.spawn(pass_datagrams(Arc::new(datagrams), kdc, log.clone()));
        tasks.spawn(pass_connections(connections, kdc, log.clone()));
        Ok(Self { address, log, tasks })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests have come: the number of the next one.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.log.lock().len()).unwrap_or(u64::MAX)
    }

    /// Requests from number `from` on.
    #[must_use]
    pub fn since(&self, from: u64) -> Vec<Exchange> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        self.log.lock().iter().skip(from).cloned().collect()
    }

    /// Ends all tasks and returns when the port is free.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// A port that is free for both.
async fn bind() -> io::Result<(UdpSocket, TcpListener)> {
    let host = loopback::own();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let connections = TcpListener::bind((host, 0)).await?;
        match UdpSocket::bind(connections.local_addr()?).await {
            Ok(datagrams) => return Ok((datagrams, connections)),
            Err(problem) if problem.kind() == io::ErrorKind::AddrInUse && attempt < BIND_ATTEMPTS => {}
            Err(problem) => return Err(problem),
        }
    }
}

/// What passed, in the order of the requests. A case asks a few times: there is no bound but its deadline.
#[derive(Debug, Clone)]
struct Log {
    clock: Clock,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request, and returns its number for the answer.
    fn asked(&self, request: &[u8]) -> usize {
        let asked = match MessageKind::of(request) {
            Some(MessageKind::AsRequest) => Some(EventName::AsReq),
            Some(MessageKind::TgsRequest) => Some(EventName::TgsReq),
            _ => None,
        };
        let mut exchanges = self.lock();
        let answer = Answer::Nothing("the KDC is silent".to_owned());
        exchanges.push(Exchange { at: self.clock.base(), asked, answer });
        exchanges.len() - 1
    }

    fn answered(&self, number: usize, reply: &[u8]) {
        let answer = match MessageKind::of(reply) {
            Some(MessageKind::AsReply | MessageKind::TgsReply) => Answer::Ticket,
            Some(MessageKind::Error(code)) => {
                let text = KrbError::decode(reply).map(|error| error.text()).unwrap_or_default();
                Answer::Error { code, text }
            }
            _ => Answer::Nothing("the KDC's reply cannot be read".to_owned()),
        };
        if let Some(exchange) = self.lock().get_mut(number) {
            exchange.answer = answer;
        }
    }
}

async fn pass_datagrams(front: Arc<UdpSocket>, kdc: SocketAddr, log: Log) {
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let mut passing = JoinSet::new();
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        // An error is one of an earlier answer (nobody listened for it), not of the socket.
        let Ok((length, client)) = front.recv_from(&mut buffer).await else { continue };
        while passing.try_join_next().is_some() {}
        let request = buffer[..length].to_vec();
        let number = log.asked(&request);
        let (front, log) = (Arc::clone(&front), log.clone());
        passing.spawn(async move {
            // What is lost on the way is lost, as datagrams are: the client asks again.
            if let Ok(Ok(reply)) = timeout(PATIENCE, ask(kdc, &request)).await {
                log.answered(number, &reply);
                let _ = front.send_to(&reply, client).await;
            }
            drop(place);
        });
    }
}

async fn ask(kdc: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect(kdc).await?;
    socket.send(request).await?;
    let mut reply = vec![0; DATAGRAM];
    let length = socket.recv(&mut reply).await?;
    reply.truncate(length);
    Ok(reply)
}

async fn pass_connections(front: TcpListener, kdc: SocketAddr, log: Log) {
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let mut passing = JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        // An error concerns one connection that went away before it was accepted.
        let Ok((client, _)) = front.accept().await else { continue };
        while passing.try_join_next().is_some() {}
        let log = log.clone();
        passing.spawn(async move {
            // Who asks sees a connection that ends, as from a KDC that ends it.
            let _ = timeout(PATIENCE, pass_connection(client, kdc, &log)).await;
            drop(place);
        });
    }
}

/// Both directions, each until its end.
async fn pass_connection(client: TcpStream, kdc: SocketAddr, log: &Log) -> io::Result<()> {
    let server = TcpStream::connect(kdc).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let unanswered = Mutex::new(VecDeque::new());
    let waiting = || unanswered.lock().unwrap_or_else(PoisonError::into_inner);
    let (there, back) = tokio::join!(
        pass(from_client, to_server, |request| {
            let number = log.asked(request);
            waiting().push_back(number);
        }),
        pass(from_server, to_client, |reply| {
            let next = waiting().pop_front();
            if let Some(number) = next {
                log.answered(number, reply);
            }
        }),
    );
    there.and(back)
}

/// Every message is noted before it goes on, so that nobody knows of it earlier.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut note: impl FnMut(&[u8])) -> io::Result<()> {
    let mut framing = Some(TcpFraming::new());
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        if let Some(mut messages) = framing.take() {
            messages.push(&chunk[..length]);
            // After a length that no message has, nothing more can be told apart; it is passed on all the same, as one that
            // cannot be read: a KDC answers it.
            let is_readable = loop {
                match messages.next_message() {
                    Ok(Some(message)) => note(&message),
                    Ok(None) => break true,
                    Err(_) => {
                        note(&[]);
                        break false;
                    }
                }
            };
            framing = is_readable.then_some(messages);
        }
        to.write_all(&chunk[..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::{Outcome, Trace};
    use crate::net::Deadlines;
    use crate::net::kdc::{KdcDirectory, KerberosClient, KerberosSettings, kinit_outcome};
    use crate::net::ticket::Surroundings;
    use crate::testbed::random::Generator;
    use mock_kdc::{Kdc, Listener, Realm, SystemRandom, User};
    use shakedown_krb5::Principal;
    use shakedown_krb5::client::Secret;

    /// A mock KDC behind a relay, asked for a ticket with a password; over TCP only where the limit is 0.
    async fn asked(user: &str, password: &str, udp_limit: Option<usize>) -> (Outcome, Vec<Exchange>, Trace) {
        let mut realm = Realm::new("R.TEST");
        realm.users.push(User::new("alice", "right"));
        let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
        let handle = Listener::bind_loopback().await.unwrap().serve(Arc::new(kdc));
        let relay = Relay::to(handle.address(), Clock::start()).await.unwrap();
        let mut settings = KerberosSettings::new(Arc::new(KdcDirectory::of("R.TEST", relay.address())));
        settings.udp_preference_limit = udp_limit;
        let mut client = KerberosClient::new(settings);
        let mut trace = Trace::new();
        let mut around = Surroundings {
            clock: Clock::start(),
            deadlines: Deadlines::default(),
            random: &mut Generator::from_system(),
            trace: &mut trace,
            recordings: None,
        };
        let principal = Principal::new(&[user], "R.TEST");
        let result = client.kinit(&principal, Secret::password(password), &mut around).await;
        let exchanges = relay.since(0);
        assert_eq!(relay.count(), u64::try_from(exchanges.len()).unwrap());
        relay.stop().await;
        handle.stop().await;
        (kinit_outcome(&result), exchanges, trace)
    }

    #[tokio::test]
    async fn what_a_kdc_answers_passes_and_is_noted_over_udp_and_tcp() {
        for limit in [None, Some(0)] {
            for (user, password, expected, words) in [
                ("alice", "right", "established", "as-req> krb-error<(25) as-req> as-rep<"),
                ("alice", "wrong", "krb 24", "as-req> krb-error<(25) as-req> krb-error<(24)"),
                ("mallory", "any", "krb 6", "as-req> krb-error<(6)"),
            ] {
                let (outcome, exchanges, own) = asked(user, password, limit).await;
                let noted = Exchange::trace(&exchanges);
                assert_eq!((noted.to_string().as_str(), own.to_string().as_str()), (words, words), "{user} {limit:?}");
                let view = Exchange::view(exchanges).unwrap();
                assert_eq!((view.is_established(), &view.message), (outcome.is_established(), &outcome.message));
                assert!(
                    outcome.to_string().contains(expected) && view.to_string().contains(expected),
                    "{outcome} {view}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_silent_kdc_is_noted_as_one() {
        let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let relay = Relay::to(silent.local_addr().unwrap(), Clock::start()).await.unwrap();
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        client.send_to(&[0x6a, 0], relay.address()).await.unwrap();
        // It has come through as it was, and there is no answer to it.
        let mut buffer = [0; 16];
        let (length, _) = timeout(PATIENCE, silent.recv_from(&mut buffer)).await.unwrap().unwrap();
        assert_eq!(buffer[..length], [0x6a, 0]);
        let exchanges = relay.since(0);
        assert_eq!(Exchange::trace(&exchanges).to_string(), "as-req>");
        assert_eq!(Exchange::view(exchanges).unwrap().to_string(), "refused by kdc: no answer (the KDC is silent)");
        assert_eq!(Exchange::view(relay.since(1)), None);
    }

    #[tokio::test]
    async fn a_relay_that_is_dropped_listens_no_more() {
        let relay = Relay::to(SocketAddr::from((Ipv4Addr::LOCALHOST, 9)), Clock::start()).await.unwrap();
        let address = relay.address();
        assert!(TcpStream::connect(address).await.is_ok());
        relay.stop().await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}
