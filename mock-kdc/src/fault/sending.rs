//! Sending answers late, in pieces, twice, from elsewhere, or not at all.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use shakedown_krb5::framing::frame;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::UdpSocket;

use super::rule::Delivery;

/// How and when an answer is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sending {
    /// How long it waits.
    pub delay: Duration,
    /// How it is sent then.
    pub delivery: Delivery,
}

impl Sending {
    /// At once and as usual.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        *self == Self::default()
    }
}

/// The longest that an answer may take to go out over TCP, in pieces and with pauses.
pub(crate) const MAX_WRITING: Duration = Duration::from_secs(120);

/// Sends a datagram, as `delivery` says. A datagram that cannot be sent is lost, as datagrams are.
pub(crate) async fn send_datagram(socket: &UdpSocket, peer: SocketAddr, octets: &[u8], delivery: &Delivery) {
    // Whether it arrives is nobody's concern here.
    let _ = match delivery {
        Delivery::Drop => Ok(0),
        Delivery::Duplicate => match socket.send_to(octets, peer).await {
            Ok(_) => socket.send_to(octets, peer).await,
            failed => failed,
        },
        Delivery::OtherPort => send_from_elsewhere(socket, peer, octets).await,
        // Rules of these kinds are for TCP alone.
        Delivery::Normal | Delivery::Split { .. } | Delivery::Close { .. } => socket.send_to(octets, peer).await,
    };
}

async fn send_from_elsewhere(socket: &UdpSocket, peer: SocketAddr, octets: &[u8]) -> io::Result<usize> {
    let elsewhere = UdpSocket::bind(SocketAddr::new(socket.local_addr()?.ip(), 0)).await?;
    elsewhere.send_to(octets, peer).await
}

/// What is to be done with a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// The next request is read.
    GoOn,
    /// It is closed.
    Close,
}

/// Writes an answer with its length before it, as `delivery` says. Takes at most [`MAX_WRITING`] if the caller sees to
/// that.
pub(crate) async fn write_message(
    stream: &mut (impl AsyncWrite + Unpin),
    octets: &[u8],
    delivery: &Delivery,
) -> io::Result<Afterwards> {
    let mut framed = Vec::with_capacity(4 + octets.len());
    frame(octets, &mut framed);
    match delivery {
        Delivery::Drop => {}
        Delivery::Duplicate => {
            stream.write_all(&framed).await?;
            stream.write_all(&framed).await?;
        }
        Delivery::Split { sizes, pause } => write_pieces(stream, &framed, sizes, *pause).await?,
        Delivery::Close { after } => {
            stream.write_all(&framed[..framed.len().min(*after)]).await?;
            stream.flush().await?;
            return Ok(Afterwards::Close);
        }
        // Other ports are for UDP alone.
        Delivery::Normal | Delivery::OtherPort => stream.write_all(&framed).await?,
    }
    stream.flush().await?;
    Ok(Afterwards::GoOn)
}

/// Pieces of these sizes, the last of which goes on to the end.
async fn write_pieces(
    stream: &mut (impl AsyncWrite + Unpin),
    octets: &[u8],
    sizes: &[usize],
    pause: Duration,
) -> io::Result<()> {
    let last = sizes.last().copied().unwrap_or(usize::MAX);
    let mut sizes = sizes.iter().copied().chain(std::iter::repeat(last));
    let mut rest = octets;
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(last).clamp(1, rest.len());
        let (piece, left) = rest.split_at(size);
        stream.write_all(piece).await?;
        stream.flush().await?;
        rest = left;
        if !rest.is_empty() {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(delivery: &Delivery) -> (Vec<u8>, Afterwards) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut out = Vec::new();
        let afterwards = runtime.block_on(write_message(&mut out, b"abc", delivery)).unwrap();
        (out, afterwards)
    }

    #[test]
    fn what_is_written_is_what_the_rule_says() {
        const ONCE: &[u8] = b"\0\0\0\x03abc";
        assert_eq!(written(&Delivery::Normal), (ONCE.to_vec(), Afterwards::GoOn));
        assert_eq!(written(&Delivery::Drop), (Vec::new(), Afterwards::GoOn));
        assert_eq!(written(&Delivery::Duplicate), ([ONCE, ONCE].concat(), Afterwards::GoOn));
        let split = Delivery::Split { sizes: vec![4, 1], pause: Duration::ZERO };
        assert_eq!(written(&split), (ONCE.to_vec(), Afterwards::GoOn));
        assert_eq!(written(&Delivery::Close { after: 0 }), (Vec::new(), Afterwards::Close));
        assert_eq!(written(&Delivery::Close { after: 5 }), (ONCE[..5].to_vec(), Afterwards::Close));
        assert_eq!(written(&Delivery::Close { after: 500 }), (ONCE.to_vec(), Afterwards::Close));
    }
}
