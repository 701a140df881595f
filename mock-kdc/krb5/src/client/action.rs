//! What an exchange wants done.

use crate::Credential;

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
        Self { message, realm, transport, fallback: Some(fallback) }
    }

    /// The same octets over TCP, which is what libkrb5 sends after KRB_ERR_RESPONSE_TOO_BIG.
    pub(super) fn over_tcp(self) -> Self {
        Self { transport: Transport::Tcp, fallback: None, ..self }
    }
}
