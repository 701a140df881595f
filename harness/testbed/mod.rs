//! Starts and stops what a case needs; judges nothing.
//!
//! [`Materials`] are made once for a run, a [`World`] once for a case. What a plan says is turned into settings of the
//! machines in `mysql` and `postgres`; nothing of a case's expectation is looked at here.

pub mod attempt;
pub mod command;
pub mod environment;
pub mod materials;
pub mod mysql;
pub mod postgres;
pub mod random;
pub mod secrets;
pub mod server;
pub mod world;

pub use attempt::Attempt;
pub use materials::Materials;
pub use world::World;
