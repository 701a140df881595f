//! MySQL.

mod conversation;
mod logins;
