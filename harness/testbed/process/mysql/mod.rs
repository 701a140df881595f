//! MariaDB and MySQL: what a plan is to their option file and their accounts.
//!
//! Everything here is pure: texts out of plans. What starts a server of it stands beside this folder.

mod abilities;
mod option_file;
mod product;
mod statements;

pub use abilities::lacks;
pub use option_file::{Place, option_file};
pub use product::{Brand, Product};
pub use statements::{SETUP_ACCOUNT, Statements, statements};
