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
//! An acceptor also takes the first token within SPNEGO (RFC 4178), as Windows sends it, if Kerberos is the first
//! mechanism that it offers; it then answers within SPNEGO.
//!
//! The acceptor behaves as MIT krb5's with default credentials does. Not here: delegated credentials (read over, not
//! kept), DCE style, user-to-user, Wrap tokens without confidentiality (refused, as PostgreSQL does), transited realms
//! (every path is accepted), and SPNEGO where another mechanism than Kerberos comes first.

mod accept_failure;
mod acceptor;
mod checksum;
mod context;
mod error;
mod etype_negotiation;
mod flags;
mod frame;
mod initiator;
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

#[cfg(test)]
mod tests;
