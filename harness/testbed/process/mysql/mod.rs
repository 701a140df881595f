//! MariaDB and MySQL: what a plan is to their option file and their accounts.
//!
//! Everything here is pure: texts out of plans. What starts a server of it stands beside this folder.

mod abilities;
mod installed;
mod option_file;
#[cfg(test)]
mod plans;
mod statements;

pub use abilities::lacks;
pub use installed::{Brand, Installed};
pub use option_file::{Place, option_file};
pub use statements::{Passwords, SETUP_ACCOUNT, Statements, statements};
