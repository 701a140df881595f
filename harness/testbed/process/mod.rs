//! Real servers of our own: started from installed programs, on free ports of loopback, in folders of their own.

mod kdcs;
pub mod mysql;
mod servers;

pub use kdcs::Kdcs;
pub use servers::Servers;
