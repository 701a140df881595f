//! Encryption types 17 to 20 and 23: encryption, checksums, string-to-key.
//!
//! | etype | name | specification |
//! | --- | --- | --- |
//! | 17, 18 | aes128-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96 | RFC 3961 (simplified profile), RFC 3962 |
//! | 19, 20 | aes128-cts-hmac-sha256-128, aes256-cts-hmac-sha384-192 | RFC 8009 |
//! | 23 | rc4-hmac | RFC 4757 |
//!
//! A [`Key`] is a base key; what RFC 3961 §5.3 derives from it for each [`KeyUsage`] (Ke, Ki, Kc) is
//! computed on first use and kept, as AES schedules and HMAC midstates, until the last clone goes.
//! All other encryption types are numbers to this crate: messages carry them as `i32`, and where people write them
//! the weak ones (DES, DES3, RC4 with 40 bits) are refused by name ([`EtypeRefused`]).
//!
//! [`prf_plus`] and [`cf2`] make keys of keys, as FAST does (RFC 6113 §5.1).
//!
//! Not here: DES, DES3 and Camellia.

mod cbc_cts;
mod cf2;
mod derive;
mod error;
mod etype;
mod key;
mod mac;
mod n_fold;
mod rc4;
mod sealing;
mod string_to_key;
pub mod usage;

pub use cf2::{cf2, prf_plus};
pub use error::CryptoError;
pub use etype::{Etype, EtypeRefused};
pub(crate) use key::CHECKSUM_LENGTH_MAX;
pub use key::Key;
pub use string_to_key::{MAX_ITERATIONS, default_salt, string_to_key};
pub use usage::KeyUsage;

#[cfg(test)]
mod mit_vectors;
#[cfg(test)]
pub(crate) mod octets;
#[cfg(test)]
mod rc4_vectors;
#[cfg(test)]
mod rfc3962_vectors;
#[cfg(test)]
mod rfc8009_vectors;
