//! PostgreSQL: client and server machines against each other, against captures and against postgres-protocol.

mod conversation;
mod deviations;
mod kerberos;
mod logins;
mod packets;
mod scram;
mod session;
mod splits;
mod spnego;

use conversation::{Conversation, server};
