//! Protocol machines and codecs in memory: golden bytes, properties, and both sides against each other.
//! One binary, so that the library is linked once.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test by panicking")]

mod iam;
mod mysql;
mod net;
mod postgres;
