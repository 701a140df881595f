//! One connection's TLS, as whoever carries its bytes sees it.

use crate::handshake::TlsFacts;
use std::fmt;

/// TLS on one connection. Wire bytes and plaintext in and out; nothing waits.
///
/// After each call there may be wire bytes to take, also (and above all) after a failure: the alert that says why.
pub trait TlsSession: Send + fmt::Debug {
    /// Takes bytes from the peer, in pieces of any size, and goes on as far as they reach.
    fn receive(&mut self, wire: &[u8]);

    /// The peer has ended the stream.
    fn receive_end(&mut self);

    /// Moves what is to be sent to the end of `wire`.
    fn take_wire(&mut self, wire: &mut Vec<u8>);

    /// Seals plaintext. Only while [`TlsState::Ready`]; otherwise nothing happens.
    fn write(&mut self, plaintext: &[u8]);

    /// Moves what was opened to the end of `plaintext`.
    fn take_plaintext(&mut self, plaintext: &mut Vec<u8>);

    /// How far it is.
    fn state(&self) -> TlsState<'_>;

    /// Whether the peer has ended its direction in order (`close_notify`).
    fn peer_closed(&self) -> bool;

    /// Says `close_notify`.
    fn close(&mut self);
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsState<'a> {
    /// The handshake is going on.
    Handshaking,
    /// The handshake is complete on this side.
    Ready(&'a TlsFacts),
    /// It cannot go on. There may be an alert to send.
    Failed(&'a TlsFailure),
}

/// Why a session cannot go on, in the eyes of its library. Who sent which alert is read from the records instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFailure {
    /// What kind.
    pub kind: FailureKind,
    /// The library's text. Not to be matched: it changes with the library's version.
    pub text: String,
}

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The peer sent this alert. Counts only where the record was encrypted and could not be read.
    AlertReceived(u8),
    /// This side refused the peer's certificate with this alert. Counts only where the record was encrypted (TLS 1.3).
    AlertSent(u8),
    /// The chain is good, but the certificate is for another name.
    CertificateName,
    /// The peer ended the stream inside the handshake, or without `close_notify` after it.
    Eof,
    /// A hand-made ClientHello was answered by a ServerHello: the peer would have gone on.
    ProbeAccepted,
    /// Anything else: an alert of our own, a local failure, bytes that are no TLS.
    Library,
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
