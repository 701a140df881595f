//! Scenario files: the format, its errors, and the built-in scenarios against literal lists, without running them; then played,
//! as they are and with one thing made wrong. One binary, so that the library is linked once.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test by panicking")]

mod built_in;
mod cipher_suites;
mod client_settings;
mod clocks;
mod counter_checks;
mod data;
mod default_matrix;
mod deviations;
mod errors;
mod established;
mod format;
mod golden;
mod iam;
mod kerberos_errors;
mod kerberos_requirements;
mod parties;
mod play;
mod requirements;
mod steps;
mod survey;
mod twins;
