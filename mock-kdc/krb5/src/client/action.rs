//! What an exchange wants done.

use crate::Credential;
use crate::framing::frame;

/// The next thing to do in an exchange.
#[derive(Debug)]
pub enum Action {
    /// Send a message to a KDC and come back with its reply.
    Send(Request),
    /// Nothing more: this is the ticket.
    Done(Credential),
}

/// A message for a KDC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The bare message; over TCP [`crate::framing::frame`] puts its length before it.
    pub message: Vec<u8>,
    /// Of which realm a KDC is to be asked.
    pub realm: Vec<u8>,
    /// Over which transport.
    pub transport: Transport,
    /// Over which else where no KDC answers there; none after KRB_ERR_RESPONSE_TOO_BIG.
    pub fallback: Option<Transport>,
    /// The length that is announced over TCP in place of the message's own, where a deviation says so: RFC 4120 §7.2.2 allows
    /// none but that.
    pub announced: Option<u32>,
}

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A datagram of its own.
    Udp,
    /// A stream, with a length before it.
    Tcp,
}

/// libkrb5's default for `udp_preference_limit` (krb5.conf), in octets.
pub(super) const UDP_PREFERENCE_LIMIT: usize = 1465;

impl Request {
    /// UDP first for requests of at most `udp_preference_limit` octets, for others last.
    pub(super) const fn new(message: Vec<u8>, realm: Vec<u8>, udp_preference_limit: usize) -> Self {
        let (transport, fallback) = if message.len() > udp_preference_limit {
            (Transport::Tcp, Transport::Udp)
        } else {
            (Transport::Udp, Transport::Tcp)
        };
        Self { message, realm, transport, fallback: Some(fallback), announced: None }
    }

    /// The same octets over TCP, which is what libkrb5 sends after KRB_ERR_RESPONSE_TOO_BIG.
    pub(super) fn over_tcp(self) -> Self {
        Self { transport: Transport::Tcp, fallback: None, ..self }
    }

    /// What goes over a stream: the message with its length before it, or with the one that is announced in its place.
    #[must_use]
    pub fn framed(&self) -> Vec<u8> {
        let mut framed = Vec::with_capacity(self.message.len() + 4);
        frame(&self.message, &mut framed);
        if let (Some(announced), Some(length)) = (self.announced, framed.first_chunk_mut()) {
            *length = announced.to_be_bytes();
        }
        framed
    }
}
