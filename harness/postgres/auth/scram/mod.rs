//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), as PostgreSQL speaks it.
//!
//! ```text
//! client-first   n,,n=,r=CNONCE            (y,, — could bind, not offered; p=tls-server-end-point,, — binds)
//! server-first   r=CNONCE SNONCE,s=SALT,i=ITERATIONS
//! client-final   c=base64(gs2 header, end point),r=CNONCE SNONCE,p=PROOF
//! server-final   v=SIGNATURE
//! ```
//!
//! Written by hand on both sides, because nonces are arguments here and libraries draw their own. The user name inside
//! is empty and ignored: the role is the one of the startup packet.

mod client;
mod server;
mod verifier;

pub use client::{Binding, ScramClient};
pub use server::ScramServer;
pub use verifier::ScramVerifier;

/// The mechanism without channel binding.
pub const SCRAM_SHA_256: &str = "SCRAM-SHA-256";
/// The mechanism with channel binding.
pub const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// Octets of a nonce before base64, PostgreSQL's choice on both sides.
pub const NONCE_OCTETS: usize = 18;
