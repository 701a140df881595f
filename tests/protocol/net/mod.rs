//! Connections, TLS and the driver, with a toy protocol in place of a database's.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod connections;
mod driver;
mod gss;
mod kdc;
mod records;
mod toy;
