//! Where one packet ends: untyped packets at the start, typed messages from then on.
//!
//! A length counts itself and is bounded before anything is kept for it. Too few octets are "not yet".

use crate::handshake::{Error, Writer};
use std::ops::RangeInclusive;

/// Lengths of untyped packets, the length word included, that a server reads (`MAX_STARTUP_PACKET_LENGTH`).
pub const STARTUP_LENGTHS: RangeInclusive<u32> = 8..=10_004;

/// The largest length word of a message in an authentication exchange (`PG_MAX_AUTH_TOKEN_LENGTH`).
pub const AUTHENTICATION_LIMIT: u32 = 65_535;

/// The largest length word of a message of a SASL exchange that a server reads (`PG_MAX_SASL_MESSAGE_LENGTH`).
pub const SASL_LIMIT: u32 = 1024;

/// The largest length word of messages that carry no text (`PQ_SMALL_MESSAGE_LIMIT`).
pub const SMALL_LIMIT: u32 = 10_000;

/// The largest length word of any other message that we read. The real server's bound is a gigabyte; ours keeps a
/// connection small, and nothing of a set-up comes near it.
pub const LARGE_LIMIT: u32 = 1 << 16;

/// What has come in and is not read yet.
#[derive(Debug, Default)]
pub struct Inbox {
    octets: Vec<u8>,
    start: usize,
}

impl Inbox {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: Vec::new(), start: 0 }
    }

    /// Adds what came from the peer.
    pub fn push(&mut self, octets: &[u8]) {
        if self.start == self.octets.len() {
            self.clear();
        } else if self.start >= 4096 {
            self.octets.drain(..self.start);
            self.start = 0;
        }
        self.octets.extend_from_slice(octets);
    }

    /// Octets that are not read yet.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.octets[self.start..]
    }

    /// Forgets what is not read yet and keeps the memory.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.start = 0;
    }

    /// One octet, as the answers to SSLRequest and GSSENCRequest are.
    pub fn octet(&mut self) -> Option<u8> {
        let octet = self.unread().first().copied();
        self.start += usize::from(octet.is_some());
        octet
    }

    /// An untyped packet behind its length word.
    ///
    /// # Errors
    /// The length is out of bounds.
    pub fn packet(&mut self) -> Result<Option<&[u8]>, Error> {
        let Some(length) = self.length_at(0) else { return Ok(None) };
        if !STARTUP_LENGTHS.contains(&length) {
            return Err(Error::Malformed {
                message: "startup packet",
                field: "length",
                offset: 0,
                problem: format!("{length}, allowed are 8 to 10004").into(),
            });
        }
        Ok(self.take(0, length))
    }

    /// The type of the next message, before the message is complete. Whether a type is allowed at all decides before its
    /// length does.
    #[must_use]
    pub fn kind(&self) -> Option<u8> {
        self.unread().first().copied()
    }

    /// A typed message whose length word may be up to `limit`.
    ///
    /// # Errors
    /// The length is out of bounds.
    pub fn message(&mut self, limit: u32) -> Result<Option<Message<'_>>, Error> {
        let (Some(kind), Some(length)) = (self.kind(), self.length_at(1)) else { return Ok(None) };
        if !(4..=limit).contains(&length) {
            return Err(Error::Malformed {
                message: "message",
                field: "length",
                offset: 1,
                problem: format!("{length} for type '{}', allowed are 4 to {limit}", kind.escape_ascii()).into(),
            });
        }
        Ok(self.take(1, length).map(|body| Message { kind, body }))
    }

    fn length_at(&self, offset: usize) -> Option<u32> {
        let octets = self.unread().get(offset..offset + 4)?;
        Some(u32::from_be_bytes(octets.try_into().expect("the range has four octets")))
    }

    fn take(&mut self, prefix: usize, length: u32) -> Option<&[u8]> {
        let from = self.start + prefix + 4;
        let to = self.start + prefix + usize::try_from(length).ok()?;
        if to > self.octets.len() {
            return None;
        }
        self.start = to;
        Some(&self.octets[from..to])
    }
}

/// A typed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its type octet.
    pub kind: u8,
    /// What is behind the length word.
    pub body: &'a [u8],
}

/// Appends a typed message; `body` writes what is behind the length word.
pub fn message(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Writer<'_>)) {
    out.push(kind);
    packet(out, body);
}

/// Appends an untyped packet; `body` writes what is behind the length word.
pub fn packet(out: &mut Vec<u8>, body: impl FnOnce(&mut Writer<'_>)) {
    let mut writer = Writer::new(out);
    let start = writer.position();
    writer.u32_be(0);
    body(&mut writer);
    let length = writer.position() - start;
    let length = u32::try_from(length).expect("a packet of ours is far below 4 GiB");
    writer.patch(start, &length.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pushed(octets: &[u8]) -> Inbox {
        let mut inbox = Inbox::new();
        inbox.push(octets);
        inbox
    }

    #[test]
    fn the_bounds_of_an_untyped_packet_are_8_and_10004() {
        let check = |length: u32, allowed| {
            assert_eq!(pushed(&length.to_be_bytes()).packet().is_ok(), allowed, "{length}");
        };
        check(7, false);
        check(8, true);
        check(10_004, true);
        check(10_005, false);
        check(u32::MAX, false);
    }

    #[test]
    fn the_bounds_of_a_message_are_4_and_the_limit() {
        let check = |length: u32, allowed| {
            let mut octets = vec![b'p'];
            octets.extend_from_slice(&length.to_be_bytes());
            assert_eq!(pushed(&octets).message(AUTHENTICATION_LIMIT).is_ok(), allowed, "{length}");
        };
        check(3, false);
        check(4, true);
        check(65_535, true);
        check(65_536, false);
        check(u32::MAX, false);
    }

    #[test]
    fn read_octets_are_given_back_to_memory() {
        let mut inbox = Inbox::new();
        let mut sent = Vec::new();
        message(&mut sent, b'S', |writer| {
            writer.zeros(1000);
        });
        for _ in 0..10_000 {
            inbox.push(&sent);
            assert!(inbox.message(SMALL_LIMIT).unwrap().is_some());
        }
        assert!(inbox.octets.capacity() < 16_384);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_messages(
            bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6),
            cuts in proptest::collection::vec(1usize..30, 0..40),
        ) {
            let mut sent = Vec::new();
            for body in &bodies {
                message(&mut sent, b'd', |writer| { writer.bytes(body); });
            }
            let (mut inbox, mut rest, mut found) = (Inbox::new(), sent.as_slice(), Vec::new());
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                rest = behind;
                inbox.push(piece);
                while let Some(message) = inbox.message(SMALL_LIMIT).unwrap() {
                    found.push(message.body.to_vec());
                }
            }
            prop_assert_eq!(found, bodies);
        }

        #[test]
        fn arbitrary_octets_do_not_panic(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut inbox = pushed(&octets);
            while let Ok(Some(_)) = inbox.message(SMALL_LIMIT) {}
            let mut inbox = pushed(&octets);
            while let Ok(Some(_)) = inbox.packet() {}
        }
    }
}
