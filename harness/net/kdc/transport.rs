//! One message to a realm's KDCs and the reply: UDP with repetition, from one KDC to the next, and TCP.
//!
//! As libkrb5 does (RFC 4120 §7.2): datagrams to each KDC in turn, a second each; then TCP to each; and again from the start
//! until the deadline. A KDC that cannot be reached is passed over at once.

use shakedown_krb5::client::{KerberosFailure, Request, Transport};
use shakedown_krb5::framing::{TcpFraming, frame};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout, timeout_at};

/// How long one KDC may take to answer before the next is asked.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The largest datagram.
const DATAGRAM: usize = 64 * 1024;

/// A reply, and how it came.
pub(super) struct Answer {
    pub(super) reply: Vec<u8>,
    pub(super) transport: Transport,
    /// The client's and the KDC's.
    pub(super) addresses: Option<(SocketAddr, SocketAddr)>,
}

/// Sends `request` to `kdcs` until one replies. `sending` is called each time that it goes out.
pub(super) async fn ask(
    kdcs: &[SocketAddr],
    request: &Request,
    deadline: Instant,
    mut sending: impl FnMut(),
) -> Result<Answer, KerberosFailure> {
    let transports: &[Transport] = match request.transport {
        Transport::Udp => &[Transport::Udp, Transport::Tcp],
        Transport::Tcp => &[Transport::Tcp],
    };
    loop {
        let mut anyone_listens = false;
        for &transport in transports {
            for &kdc in kdcs {
                sending();
                let turn = deadline.min(Instant::now() + PATIENCE);
                match timeout_at(turn, once(transport, kdc, &request.message)).await {
                    Ok(Ok((reply, own))) => {
                        return Ok(Answer { reply, transport, addresses: own.map(|own| (own, kdc)) });
                    }
                    Ok(Err(_)) => {}
                    Err(_) if turn == deadline => return Err(KerberosFailure::TimedOut),
                    Err(_) => anyone_listens = true,
                }
            }
        }
        if !anyone_listens {
            return Err(KerberosFailure::Unreachable);
        }
    }
}

/// The reply, and the address that was asked from.
async fn once(transport: Transport, kdc: SocketAddr, message: &[u8]) -> io::Result<(Vec<u8>, Option<SocketAddr>)> {
    match transport {
        Transport::Udp => by_udp(kdc, message).await,
        Transport::Tcp => by_tcp(kdc, message).await,
    }
}

async fn by_udp(kdc: SocketAddr, message: &[u8]) -> io::Result<(Vec<u8>, Option<SocketAddr>)> {
    let any: IpAddr = if kdc.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected, so that nobody else's datagrams come in and a closed port shows.
    socket.connect(kdc).await?;
    socket.send(message).await?;
    let mut reply = vec![0; DATAGRAM];
    let length = socket.recv(&mut reply).await?;
    reply.truncate(length);
    Ok((reply, socket.local_addr().ok()))
}

async fn by_tcp(kdc: SocketAddr, message: &[u8]) -> io::Result<(Vec<u8>, Option<SocketAddr>)> {
    let mut stream = TcpStream::connect(kdc).await?;
    stream.set_nodelay(true)?;
    let own = stream.local_addr().ok();
    let mut framed = Vec::with_capacity(message.len() + 4);
    frame(message, &mut framed);
    stream.write_all(&framed).await?;
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
            // It is read to its end: there is nothing that a reset could take away.
            let _ = timeout(PATIENCE, stream.shutdown()).await;
            return Ok((reply, own));
        }
    }
}
