//! Starts and stops what a case needs; judges nothing.
//!
//! [`Materials`] are made once for a run, a [`World`] once for a case. What a plan says is turned into settings of the
//! machines in `mysql` and `postgres`; nothing of a case's expectation is looked at here.

pub mod abilities;
pub mod attempt;
pub mod backend;
pub mod choice;
mod client;
pub mod clocks;
pub mod command;
pub mod container;
pub mod conversation;
pub mod endpoint;
pub mod environment;
mod iam;
pub mod kdc_change;
pub mod kdc_view;
mod krb5_conf;
mod loopback;
pub mod materials;
mod mock_realm;
pub mod mysql;
pub mod needs;
pub mod postgres;
pub mod process;
pub mod process_group;
pub mod proxy;
pub mod random;
pub mod realm;
pub mod relay;
mod rotation;
pub mod secrets;
pub mod server;
pub mod world;

pub use abilities::{Abilities, lacks};
pub use attempt::{Attempt, View};
pub use backend::Backend;
pub use choice::one_case;
pub use endpoint::Endpoint;
pub use materials::Materials;
pub use needs::Needs;
pub use world::{Performed, World};
