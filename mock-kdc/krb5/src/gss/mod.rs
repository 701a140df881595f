//! GSS-API's krb5 mechanism (RFC 1964, RFC 4121): the tokens that set up a context, and those of an established one.
//!
//! ```text
//!   Initiator                                             Acceptor
//!     start ── 60 … 01 00 AP-REQ ─────────────────────▶ accept
//!     reply ◀── 60 … 02 00 AP-REP ───────────────────── (with mutual authentication only)
//!           ◀── 60 … 03 00 KRB-ERROR ────────────────── (refused; with mutual authentication only)
//!   Context ◀──── 05 04 … Wrap, 04 04 … MIC ──────────▶ Context       (60 … 02 01 …, 60 … 01 01 … with RC4)
//! ```
//!
//! Either side also speaks SPNEGO (RFC 4178), as Windows does: [`SpnegoInitiator`] and [`Acceptance`], which takes tokens
//! with and without it.
//!
//! The acceptor behaves as MIT krb5's with default credentials does. Not here: delegated credentials (read over, not
//! kept), DCE style, user-to-user, Wrap tokens without confidentiality (refused, as PostgreSQL does), and transited realms
//! (every path is accepted).

mod accept_failure;
mod acceptor;
mod checksum;
mod context;
mod error;
mod etype_negotiation;
mod flags;
mod frame;
mod initiator;
mod lenience;
mod replay;
mod rfc1964;
mod sequence;
mod service_keys;
mod spnego;

pub use accept_failure::{AcceptFailure, Cause};
pub use acceptor::{Accepted, Acceptor};
pub use context::Context;
pub use error::GssError;
pub use flags::Flags;
pub use initiator::{Initiator, InitiatorSettings};
pub use lenience::Lenience;
pub use spnego::{Acceptance, Mechanism, Progress, SpnegoInitiator, SpnegoStep};

#[cfg(test)]
mod tests;
