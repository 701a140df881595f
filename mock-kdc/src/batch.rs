//! Datagrams that are received together, and answers that are sent together: what the processor's caches hold of the
//! kernel, and then of the KDC, serves several of them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::UdpSocket;

/// The longest datagram there is.
const MAX_DATAGRAM: usize = 65_535;

/// How many are received before the first of them is answered. With more, who waits for the first answer waits longer, and
/// others have nothing to do meanwhile.
const AT_ONCE: usize = 8;

/// Some datagrams and their answers, in memory that is used again.
#[derive(Debug)]
pub(crate) struct Batch {
    datagrams: Vec<Datagram>,
    received: usize,
}

/// A datagram and its answer.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub(crate) peer: SocketAddr,
    buffer: Vec<u8>,
    length: usize,
    /// Empty: none is sent.
    pub(crate) reply: Vec<u8>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self { datagrams: (0..AT_ONCE).map(|_| Datagram::new()).collect(), received: 0 }
    }

    /// Takes what has come, as many as there is room for; whether there may be more.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> bool {
        self.received = 0;
        // As often as there is room: each attempt is a datagram or an error, and errors have an end as well.
        for _ in 0..AT_ONCE {
            let datagram = &mut self.datagrams[self.received];
            match socket.try_recv_from(&mut datagram.buffer) {
                Ok((length, peer)) => {
                    (datagram.length, datagram.peer) = (length, peer);
                    datagram.reply.clear();
                    self.received += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // The error is one of an earlier answer (nobody listened for it), not of the socket.
                Err(_) => {}
            }
        }
        true
    }

    /// What has come, in its order.
    pub(crate) fn received(&mut self) -> impl Iterator<Item = &mut Datagram> {
        self.datagrams[..self.received].iter_mut()
    }

    /// Sends the answers, in the same order.
    pub(crate) async fn send(&self, socket: &UdpSocket) {
        for Datagram { peer, reply, .. } in &self.datagrams[..self.received] {
            if reply.is_empty() {
                continue;
            }
            // A reply that cannot be sent is lost, as datagrams are; but one that has to wait does wait.
            if matches!(socket.try_send_to(reply, *peer), Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
                let _ = socket.send_to(reply, *peer).await;
            }
        }
    }
}

impl Datagram {
    fn new() -> Self {
        let nobody = (Ipv4Addr::UNSPECIFIED, 0).into();
        Self { peer: nobody, buffer: vec![0; MAX_DATAGRAM], length: 0, reply: Vec::new() }
    }

    pub(crate) fn request(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of ten datagrams but the fourth is answered by itself.
    #[tokio::test]
    async fn answers_go_back_in_order_and_none_where_there_is_none() {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        client.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        client.connect(socket.local_addr().unwrap()).unwrap();
        (0..10_u8).for_each(|number| assert_eq!(client.send(&[number]).unwrap(), 1));
        let mut batch = Batch::new();
        let mut sizes = Vec::new();
        while sizes.iter().sum::<usize>() < 10 {
            socket.readable().await.unwrap();
            let there_is_more = batch.receive(&socket);
            assert_eq!(there_is_more, batch.received().count() == AT_ONCE);
            for datagram in batch.received() {
                assert_eq!((datagram.peer, datagram.reply.len()), (client.local_addr().unwrap(), 0));
                if datagram.request() != [3] {
                    datagram.reply = datagram.request().to_vec();
                }
            }
            batch.send(&socket).await;
            sizes.push(batch.received().count());
        }
        assert_eq!(sizes, [8, 2]);
        let mut buffer = [0; 9];
        for number in (0..10_u8).filter(|number| *number != 3) {
            assert_eq!((client.recv(&mut buffer).unwrap(), buffer[0]), (1, number));
        }
    }
}
