//! PostgreSQL's frontend/backend protocol from the first byte to `ReadyForQuery`, as two machines without I/O.
//!
//! ```text
//! client                                                            server
//!   GSSENCRequest ──▶                                  ◀── G | N
//!   SSLRequest ──▶                                     ◀── S | N
//!   StartupMessage ──▶                                 ◀── NegotiateProtocolVersion (3.2 asked, `_pq_.` options)
//!                                                      ◀── Authentication (password, MD5, SASL, GSS)
//!   PasswordMessage | SASLResponse | GSSResponse ──▶   ◀── …
//!                                                      ◀── AuthenticationOk, ParameterStatus…, BackendKeyData, ReadyForQuery
//!   Query | Parse Bind Describe Execute Sync ──▶       ◀── …
//!   Terminate ──▶
//! ```
//!
//! Not here: SQL (a handful of statements that drivers send on connecting is answered), COPY, replication, Unix sockets.
//! Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol"; texts and orders as PostgreSQL 15 has them.

pub mod auth;
pub mod client;
pub mod client_deviation;
pub mod deviation;
pub mod error_fields;
pub mod frame;
pub mod hba;
pub mod reply;
pub mod server;
mod spoil;
pub mod startup;
pub mod transcript;

pub use crate::handshake::Secret;
pub use client::{
    ChannelBinding, Cleartext, ClientHandshake, ClientSettings, GssEncMode, KerberosSettings, SessionWanted, SslMode,
    Transport,
};
pub use client_deviation::Deviation as ClientDeviation;
pub use deviation::Deviation;
pub use hba::{GssOptions, Method, Rule};
pub use server::{
    Account, Databases, PasswordEncryption, ServerHandshake, ServerSettings, TokenCheck, Unavailable, Verifier,
};
