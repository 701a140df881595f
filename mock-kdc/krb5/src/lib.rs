//! Kerberos 5 without input or output: messages, cryptography, GSS-API tokens,
//! keytabs, credential caches and krb5.conf.
//!
//! Nothing in this crate opens a socket, reads a clock or draws a random number by
//! itself: bytes, [`Timestamp`]s and [`Random`] come in as arguments. That is what
//! makes tickets expire in tests without sleeping and the same seed give the same bytes.

pub mod random;
pub mod time;

pub use random::Random;
pub use time::Timestamp;

pub mod ccache;
pub mod client;
pub mod credential;
pub mod crypto;
pub mod der;
pub mod fast;
pub mod framing;
pub mod gss;
pub mod keytab;
pub mod krb5_conf;
pub mod messages;
pub mod pac;
pub mod principal;
pub mod transited;

mod file;
mod keyblock;
pub use credential::Credential;
pub use keyblock::Keyblock;
pub use principal::Principal;
