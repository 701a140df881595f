//! MySQL.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod commands;
mod conversation;
mod deviations;
mod golden;
mod kerberos;
mod limits;
mod logins;
mod oracle;
mod transcripts;
