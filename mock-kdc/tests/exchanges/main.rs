//! The KDC's answers, in memory and beside MIT's.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

mod accounts_like_mit;
mod active_directory;
mod against_mit;
mod anything;
mod as_codes;
mod deviations;
mod fast;
mod mit;
mod mit_clients;
mod pac;
mod replies_like_mit;
mod request;
mod rules;
mod tgs_codes;
mod verdicts;
mod world;
