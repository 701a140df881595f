//! MIT's kinit, kvno and klist against the KDC, in each flavor of realm.
//!
//! Without the tools these tests say so and pass; with `SHAKEDOWN_REQUIRE_PEERS=1` their absence is a failure.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

mod accounts;
mod etypes;
mod fast;
mod logins;
mod names;
mod tickets;
mod transport;
mod world;
