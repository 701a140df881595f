//! Real servers in containers of a Docker daemon on this machine, by way of `testcontainers`.
//!
//! An image is named by the command line, by the scenario, or is the product's default. It has to keep the conventions of the
//! official images of PostgreSQL, MySQL and MariaDB. What a plan is to the server's own files is the same text that a server from
//! installed programs gets; it is copied in. A container is gone when it is dropped, when [`Servers::stop`] returns, and when
//! this program is killed.

#[expect(clippy::module_inception, reason = "a container is what it is")]
mod container;
mod daemon;
mod mysql;
mod postgres;
mod product;
mod servers;

pub use container::Container;
pub use servers::Servers;
