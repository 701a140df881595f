//! Sockets for the exchanges: what a driver does, in its shortest form.

use shakedown_krb5::client::{
    Action, AsExchange, AsSettings, KerberosFailure, Request, Secret, TgsExchange, Transport,
};
use shakedown_krb5::framing::{TcpFraming, frame};
use shakedown_krb5::messages::MessageKind;
use shakedown_krb5::{Credential, Principal, Random, Timestamp};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

/// From the system: a real KDC remembers requests, and these must differ from each other.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        std::fs::File::open("/dev/urandom").unwrap().read_exact(bytes).unwrap();
    }
}

pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap())
}

/// How an exchange went: its result, and each message with its transport as `udp as-req`.
pub(crate) struct Played {
    pub(crate) result: Result<Credential, KerberosFailure>,
    pub(crate) trace: Vec<String>,
}

pub(crate) fn play_as(port: u16, exchange: &mut AsExchange, clock: impl Fn() -> Timestamp) -> Played {
    play(port, |reply| exchange.next(reply, clock(), &mut SystemRandom))
}

pub(crate) fn play_tgs(port: u16, exchange: &mut TgsExchange, clock: impl Fn() -> Timestamp) -> Played {
    play(port, |reply| exchange.next(reply, clock(), &mut SystemRandom))
}

fn play(port: u16, mut next: impl FnMut(Option<&[u8]>) -> Result<Action, KerberosFailure>) -> Played {
    let mut trace = Vec::new();
    let mut reply = None;
    loop {
        match next(reply.as_deref()) {
            Err(failure) => return Played { result: Err(failure), trace },
            Ok(Action::Done(credential)) => return Played { result: Ok(credential), trace },
            Ok(Action::Send(request)) => {
                let transport = if request.transport == Transport::Udp { "udp" } else { "tcp" };
                let mut note =
                    |message: &[u8]| trace.push(format!("{transport} {}", MessageKind::of(message).unwrap()));
                note(&request.message);
                let answer = send(port, &request, Duration::from_secs(10)).expect("the KDC answers within 10 s");
                note(&answer);
                reply = Some(answer);
            }
        }
    }
}

/// Whether both transports answer an AS-REQ, with whatever.
pub(crate) fn probe(port: u16, patience: Duration) -> bool {
    let client = Principal::new(&["nobody"], super::realm::REALM);
    let mut exchange = AsExchange::new(AsSettings::new(client, Secret::password("")));
    let Ok(Action::Send(request)) = exchange.next(None, now(), &mut SystemRandom) else { panic!("begins by sending") };
    let over_tcp = Request { transport: Transport::Tcp, ..request.clone() };
    send(port, &request, patience).is_some() && send(port, &over_tcp, patience).is_some()
}

fn send(port: u16, request: &Request, patience: Duration) -> Option<Vec<u8>> {
    match request.transport {
        Transport::Udp => over_udp(port, &request.message, patience),
        Transport::Tcp => over_tcp(port, &request.message, patience),
    }
}

fn over_udp(port: u16, message: &[u8], patience: Duration) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.send(message).ok()?;
    let mut reply = vec![0; 65536];
    let length = socket.recv(&mut reply).ok()?;
    reply.truncate(length);
    Some(reply)
}

fn over_tcp(port: u16, message: &[u8], patience: Duration) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(patience)).unwrap();
    let mut framed = Vec::new();
    frame(message, &mut framed);
    stream.write_all(&framed).ok()?;
    let (mut framing, mut buffer, give_up) = (TcpFraming::new(), [0; 512], Instant::now() + patience);
    while Instant::now() < give_up {
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(length) => framing.push(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
        if let Some(reply) = framing.next_message().unwrap() {
            return Some(reply);
        }
    }
    None
}
