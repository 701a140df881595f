//! Real servers of our own: started from installed programs, on free ports of loopback, in folders of their own.
//!
//! Whatever is started or made here is gone when it is dropped, when [`Servers::stop`] returns, and when this program is killed
//! ([`guard`]).

pub mod folder;
pub mod guard;
mod kdcs;
pub(in crate::testbed) mod log;
mod mit_kdc;
pub mod mysql;
pub mod owner;
pub mod pool;
pub mod ports;
pub(in crate::testbed) mod postgres;
pub mod product;
mod servers;
pub mod setup;
pub mod signal;
pub mod supervised;

pub use folder::Folder;
pub use kdcs::Kdcs;
pub use owner::Owner;
pub use pool::Pool;
pub use product::{Lease, Order, Product, Running};
pub use servers::{Servers, beyond_any};
pub use signal::Signal;
pub use supervised::Supervised;
