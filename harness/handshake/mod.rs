//! What every protocol machine of this crate has in common: bytes and time in, steps out.
//!
//! A machine ([`Handshake`]) is one side of one connection. It sees plaintext only; TLS records, GSS framing, sockets,
//! clocks and random numbers are outside and come in as arguments:
//!
//! ```text
//!            Input::Start | Bytes | Secured | Ticket | Closed
//!   driver ────────────────────────────────────────────────────▶ machine
//!          ◀────────────────────────────────────────────────────
//!            Step::Receive | StartTls | StartGss | NeedTicket | Finish,  Context::out (plaintext), Context::trace
//! ```
//!
//! A refusal by the peer is an [`Outcome`], not an error. An [`Error`] says that bytes could not be understood, that the
//! peer broke the protocol, or that we are at fault ourselves.

pub mod channel;
pub(crate) mod deviation;
mod error;
pub mod outcome;
pub mod reader;
pub mod secret;
pub mod trace;
pub mod transcript;
pub mod writer;

pub use channel::{ChannelFacts, GssFacts, TlsFacts, TlsVersion};
pub use deviation::UnknownDeviation;
pub use error::Error;
pub use outcome::{Kind, Outcome, Side};
pub use reader::Reader;
pub use secret::Secret;
pub use shakedown_krb5::{Random, Timestamp};
pub use trace::{Direction, Event, EventName, Trace};
pub use transcript::{Bystander, Transcript};
pub use writer::Writer;

use shakedown_krb5::client::KerberosFailure;
use shakedown_krb5::gss::{Acceptor, Initiator};
use shakedown_krb5::{Credential, Principal};
use std::sync::Arc;

/// One side of one connection, from its first byte to its outcome.
pub trait Handshake: Send {
    /// Takes one input and says what to do next. Whatever was put into [`Context::out`] is to be sent before that.
    ///
    /// # Errors
    /// The peer's bytes cannot be read or break the protocol, or the machine was used wrongly. A machine that failed is
    /// not to be called again. A server machine that has something to say about it puts that into `out` before it fails.
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error>;

    /// What this side makes of the connection so far, if it is decided: a server knows that a login succeeded long
    /// before the connection ends. `None` while the login is going on.
    fn outcome(&self) -> Option<&Outcome>;

    /// Hands back what came in behind the request for a layer and belongs to that layer. Asked for once, right after
    /// [`Step::StartTls`] or [`Step::StartGss`]; the driver gives it to the layer as the peer's first bytes.
    ///
    /// MySQL's client sends its ClientHello behind the SSLRequest without waiting for an answer, so both may come in one
    /// piece; what is behind the SSLRequest is TLS. Where the peer has to wait for an answer (PostgreSQL), bytes before that
    /// answer were smuggled in, and the machine refuses them instead of handing them on.
    fn take_unread(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// What surrounds one call of a machine.
pub struct Context<'a> {
    /// The time of this party (its own clock, which a scenario may have moved).
    pub now: Timestamp,
    /// Plaintext to send. Machines only append.
    pub out: &'a mut Vec<u8>,
    /// What happened on the wire, in order.
    pub trace: &'a mut Trace,
    /// Nonces, salts, confounders.
    pub random: &'a mut dyn Random,
}

/// What a machine is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// The connection stands. Comes once, first.
    Start,
    /// Plaintext from the peer, in pieces of any size.
    Bytes(&'a [u8]),
    /// The layer that was asked for by [`Step::StartTls`] or [`Step::StartGss`] is up.
    Secured(&'a ChannelFacts),
    /// The answer to [`Step::NeedTicket`].
    Ticket(Result<&'a Credential, KerberosFailure>),
    /// The peer has ended the stream.
    Closed,
}

/// What a machine wants next.
#[derive(Debug)]
pub enum Step {
    /// More bytes from the peer.
    Receive,
    /// TLS from here on. What [`Handshake::take_unread`] returns is read as TLS; the machine keeps nothing of it.
    StartTls(TlsOffer),
    /// GSS-API encryption (PostgreSQL) from here on.
    StartGss(GssRole),
    /// A service ticket. Answered by [`Input::Ticket`].
    NeedTicket(TicketRequest),
    /// Nothing more: send what is in `out`, then close.
    Finish(Outcome),
}

/// What the protocol adds to a TLS handshake. Versions, suites and trust are the driver's settings, not the protocol's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOffer {
    /// ALPN protocol to offer or to select, without a length octet (`postgresql`, RFC 7301).
    pub alpn: Option<&'static [u8]>,
}

/// Which part this side takes in setting up a GSS-API security context.
#[derive(Debug)]
pub enum GssRole {
    /// The client: its first token (to be sent at once) and what reads the acceptor's answer.
    Initiate {
        /// The half-open context.
        initiator: Box<Initiator>,
        /// The framed AP-REQ.
        token: Vec<u8>,
    },
    /// The server.
    Accept(Arc<Acceptor>),
}

/// A service ticket that a client machine needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRequest {
    /// Whose ticket; `None` for the default principal of the credential cache.
    pub client: Option<Principal>,
    /// For which service. An empty realm means that the client's configuration decides.
    pub service: Principal,
}
