//! The MySQL client/server protocol up to the first command: both sides, without input or output.
//!
//! ```text
//!  client                                  server
//!    │ ◀───────────── HandshakeV10 (greeting) │
//!    │ SSLRequest ──────────────────────────▶ │   only if both can; TLS from here on
//!    │ HandshakeResponse41 (login) ─────────▶ │
//!    │ ◀──────────────── AuthSwitchRequest    │   if the account's plugin is another
//!    │ data ──────────────────────────────▶   │
//!    │ ◀──────────────────── AuthMoreData     │   none, one or several, by plugin
//!    │ data ──────────────────────────────▶   │
//!    │ ◀──────────────────────── OK or ERR    │
//!    │ COM_QUERY, COM_PING … COM_QUIT ──────▶ │
//! ```
//!
//! [`ClientHandshake`] and [`ServerHandshake`] are the two sides, [`ClientSettings`] and [`ServerSettings`] what they
//! are told beforehand, [`Deviation`] the ways in which a server can be asked to break the protocol. TLS itself,
//! sockets and the KDC are elsewhere.
//!
//! Sources: MySQL Source Code Documentation, "Client/Server Protocol", and what mysqld 8.0, libmysqlclient and MariaDB
//! 10.11 put on the wire where the documentation is silent.

pub mod account;
pub mod admission;
pub mod auth;
pub mod capability;
pub mod charset;
pub mod client;
pub mod client_deviation;
mod client_error;
pub mod command;
mod condition;
pub mod deviation;
pub mod greeting;
pub mod host;
pub mod login;
pub mod packet;
pub mod query;
pub mod reply;
pub mod result_set;
pub mod server;
pub mod session_state;
pub mod settings;
mod spoil;
pub mod transcript;
mod variables;

pub use crate::handshake::Secret;
pub use account::{Account, Credentials, DatabaseAccess, TokenVerifier};
pub use auth::{ClientPlugin, ProvenAccounts, RsaKey, ServerPlugin};
pub use capability::Capabilities;
pub use client::ClientHandshake;
pub use client_deviation::Deviation as ClientDeviation;
pub use client_error::client_error;
pub use condition::Condition;
pub use deviation::Deviation;
pub use host::{HostAccount, HostPattern};
pub use server::ServerHandshake;
pub use settings::{
    AfterLogin, Cleartext, ClientSettings, KerberosClient, KerberosService, PrincipalRule, ServerSettings, TlsMode,
    TokenForm, WithoutPlugin,
};
