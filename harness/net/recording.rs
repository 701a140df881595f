//! What went over a connection, octet by octet, for whoever wants to keep it or to read it message by message.
//!
//! It holds secrets (a password in the clear is in it as it was sent), so that `Debug` prints sizes only.

use crate::handshake::{Direction, Timestamp};
use std::fmt;
use std::net::SocketAddr;

/// Both directions of one connection, or of one exchange with a KDC. As much as fits into [`Recording::MOST`] is kept.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// The client's address and the server's, where there is a socket.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// Whether these are datagrams, each chunk of [`Recording::wire`] one of them.
    pub datagrams: bool,
    /// What went over the wire, TLS and GSS-API records included.
    pub wire: Vec<Chunk>,
    /// What the two sides said to each other underneath TLS or GSS-API.
    pub plain: Vec<Chunk>,
    /// What was asked of KDCs on the way, a recording for each request and its reply.
    pub exchanges: Vec<Recording>,
    /// Whether something was left out.
    pub truncated: bool,
}

/// Some octets.
#[derive(Clone, PartialEq, Eq)]
pub struct Chunk {
    /// When they passed, on the base clock.
    pub at: Timestamp,
    /// Where they went.
    pub direction: Direction,
    /// What protected them; on the wire always [`Protection::None`].
    pub protection: Protection,
    /// The octets.
    pub bytes: Vec<u8>,
}

/// What protected some plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Nothing.
    None,
    /// TLS.
    Tls,
    /// GSS-API encryption.
    Gss,
}

impl Recording {
    /// Octets that one recording keeps, wire and plaintext each.
    pub const MOST: usize = 1 << 20;

    /// Adds what went over the wire.
    pub fn wire(&mut self, at: Timestamp, direction: Direction, bytes: &[u8]) {
        Self::keep(
            &mut self.wire,
            Chunk { at, direction, protection: Protection::None, bytes: bytes.to_vec() },
            &mut self.truncated,
        );
    }

    /// Adds what was said.
    pub fn plain(&mut self, at: Timestamp, direction: Direction, protection: Protection, bytes: &[u8]) {
        Self::keep(&mut self.plain, Chunk { at, direction, protection, bytes: bytes.to_vec() }, &mut self.truncated);
    }

    fn keep(chunks: &mut Vec<Chunk>, mut chunk: Chunk, truncated: &mut bool) {
        let kept: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        let room = Self::MOST.saturating_sub(kept);
        *truncated |= chunk.bytes.len() > room;
        chunk.bytes.truncate(room);
        if !chunk.bytes.is_empty() {
            chunks.push(chunk);
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("addresses", &self.addresses)
            .field("wire", &self.wire)
            .field("plain", &self.plain)
            .field("exchanges", &self.exchanges)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} octets", self.direction, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_bounded_and_says_so() {
        let mut recording = Recording::default();
        let at = Timestamp::from_micros(0);
        recording.wire(at, Direction::FromClient, &[0; Recording::MOST - 1]);
        assert!(!recording.truncated);
        recording.wire(at, Direction::ToClient, b"hunter2");
        recording.wire(at, Direction::ToClient, b"more");
        let kept: usize = recording.wire.iter().map(|chunk| chunk.bytes.len()).sum();
        assert_eq!((recording.truncated, kept, recording.wire.len()), (true, Recording::MOST, 2));
    }

    #[test]
    fn what_it_holds_is_not_printed() {
        let mut recording = Recording::default();
        recording.plain(Timestamp::from_micros(0), Direction::FromClient, Protection::None, b"hunter2");
        assert!(!format!("{recording:?}").contains("hunter2"));
    }
}
