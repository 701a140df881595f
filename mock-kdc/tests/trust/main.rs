//! Realms that trust each other: ours with ours, ours with MIT's in both roles, and both asked the same.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

mod beside_mit;
mod between_realms;
mod forged;
mod mit;
mod programs;
mod realms;
