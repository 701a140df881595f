//! Our code against other implementations, started from what is installed on this machine.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test by panicking")]

mod endpoint;
mod kdc_death;
mod kdc_likeness;
mod openssl;
mod peer;
mod program;
mod real_clients;
mod real_kdc;
mod real_servers;
