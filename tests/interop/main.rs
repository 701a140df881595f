//! Our code against other implementations, started from what is installed on this machine.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test by panicking")]

mod containers;
mod endpoint;
mod iam;
mod kdc_death;
mod kdc_likeness;
mod kerberos_client;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
#[path = "../cli/left.rs"]
mod left;
mod mysql_tickets;
mod openssl;
mod peer;
mod process;
mod process_mysql;
mod program;
mod proxies;
mod real_clients;
mod real_kdc;
mod real_servers;
mod twins;
mod wireshark;
