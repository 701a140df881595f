//! PostgreSQL: client and server machines against each other, against captures and against postgres-protocol.

mod conversation;
mod logins;

use conversation::{Conversation, server};
