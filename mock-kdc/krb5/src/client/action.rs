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
    /// UDP for requests of at most `udp_preference_limit` octets.
    pub(super) const fn new(message: Vec<u8>, realm: Vec<u8>, udp_preference_limit: usize) -> Self {
        let transport = if message.len() > udp_preference_limit { Transport::Tcp } else { Transport::Udp };
        Self { message, realm, transport }
    }

    /// The same octets over TCP, which is what libkrb5 sends after KRB_ERR_RESPONSE_TOO_BIG.
    pub(super) fn over_tcp(self) -> Self {
        Self { transport: Transport::Tcp, ..self }
    }
}
