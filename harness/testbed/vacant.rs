//! A port at which nobody answers any more, and which nobody else gets.
//!
//! Whoever asks there is refused at once, as by a machine whose program has ended: a socket for datagrams that has a peer takes none
//! from others, and one for connections that does not listen accepts none. Were the port given back, the next KDC of another
//! case could be found there.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use tokio::net::TcpSocket;

/// Keeps UDP and TCP of one port until it is dropped.
#[derive(Debug)]
pub(super) struct Vacant {
    _datagrams: UdpSocket,
    _connections: TcpSocket,
}

impl Vacant {
    /// Takes a port that was just given back.
    ///
    /// # Errors
    /// Somebody else has it already.
    pub(super) fn hold(address: SocketAddr) -> io::Result<Self> {
        let datagrams = UdpSocket::bind(address)?;
        datagrams.connect(address)?;
        let connections = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // What was served there before may still have its connections in TIME_WAIT.
        connections.set_reuseaddr(true)?;
        connections.bind(address)?;
        Ok(Self { _datagrams: datagrams, _connections: connections })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind::{AddrInUse, ConnectionRefused};
    use std::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn who_asks_is_refused_at_once_and_nobody_else_gets_the_port() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let vacant = Vacant::hold(address).unwrap();
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ConnectionRefused);
        let asking = UdpSocket::bind("127.0.0.1:0").unwrap();
        asking.connect(address).unwrap();
        asking.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        asking.send(b"anybody there?").unwrap();
        assert_eq!(asking.recv(&mut [0; 8]).unwrap_err().kind(), ConnectionRefused);
        assert_eq!(UdpSocket::bind(address).unwrap_err().kind(), AddrInUse);
        drop(vacant);
        UdpSocket::bind(address).unwrap();
    }
}
