//! Real servers in containers.

mod servers;

pub use servers::Servers;
