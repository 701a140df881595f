//! TLS without I/O: wire bytes in, wire bytes out, by two providers with one face.
//!
//! * [`settings`] says what a side wants; [`ClientContext`] and [`ServerContext`] are made from it once and shared.
//! * [`TlsSession`] is one connection's TLS: OpenSSL's, rustls's, or [`client_hello`] where the library would not say
//!   what the scenario wants said.
//! * [`record`] reads both directions passively. Who sent which alert, and what the hellos agreed on, is taken from there for
//!   all providers; the provider's own answer has to agree.
//! * [`authority`] makes throw-away certificates, [`suite`] is the table of cipher suites.
//!
//! Nothing here knows a database protocol. Of the machines' side only the plain data types of TLS are used
//! ([`TlsVersion`](crate::handshake::TlsVersion), [`TlsFacts`](crate::handshake::TlsFacts),
//! [`TlsOffer`](crate::handshake::TlsOffer)).

pub mod alert;
pub mod authority;
pub mod client_hello;
pub mod deviation;
pub mod hello;
pub mod key_log;
pub mod record;
pub mod settings;
pub mod suite;

mod context;
mod openssl;
mod rustls;
mod session;

pub use authority::{Authority, Certified, Key, KeyKind, Leaf, Validity};
pub use context::{ClientContext, ServerContext};
pub use deviation::Deviation;
pub use key_log::{ClientRandom, KeyLog};
pub use record::{Alert, RecordFacts, RecordTap, Seen, Speaker};
pub use session::{FailureKind, TlsFailure, TlsSession, TlsState};
pub use settings::{ClientSettings, Provider, ServerSettings, Trust};
pub use suite::Suite;

/// Settings, keys or certificates of ours that cannot be used. Never the peer's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// What was asked for does not exist with this provider.
    #[error("unsupported TLS settings: {0}")]
    Unsupported(String),
    /// The library refused.
    #[error("{what}: {text}")]
    Library {
        /// What was being done.
        what: &'static str,
        /// The library's own text.
        text: String,
    },
}
