//! The program as its users meet it: real invocations of the binary, held against exit codes, both streams and the files that
//! are left. One binary, so that nothing is linked twice.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test by panicking")]

mod capture;
mod catalogue;
mod check;
mod diff;
mod endpoint;
#[cfg(unix)]
mod exec;
mod exit_codes;
mod files;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
mod left;
mod program;
mod report;
mod run;
#[cfg(unix)]
mod serve;
mod token;
