//! MariaDB and MySQL.
//!
//! What a plan is to their option file and their accounts is pure, texts out of plans, and serves whoever starts a server of it:
//! [`option_file`], [`statements`]. `Mysql` starts one that is installed.

mod abilities;
mod installed;
mod option_file;
#[cfg(test)]
mod plans;
mod server;
mod statements;

pub use abilities::{abilities, lacks};
pub use installed::{Brand, Installed};
pub use option_file::{Place, option_file};
pub(super) use server::Mysql;
pub(in crate::testbed) use server::{fill_caches, is_set_up, remembers_logins};
pub use statements::{Passwords, SETUP_ACCOUNT, Statements, statements};
