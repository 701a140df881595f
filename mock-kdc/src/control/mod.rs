//! The control API: a running KDC is looked at and changed over HTTP, in JSON.
//!
//! Every request but `GET /health` needs the bearer token that was made at start, also `GET /metrics`: it tells who asks
//! for what, and Prometheus reads tokens from files. What is asked for wrongly is told with what is allowed. The paths and
//! bodies are in the crate's documentation.
//!
//! The server is bounded: connections, time and sizes each have a limit, and a handler that would panic takes its
//! connection along, not the server.

mod entries;
mod events;
mod principals;
mod prometheus;
mod refusal;
mod routes;
mod server;
mod token;

pub use server::{ControlHandle, serve};
pub use token::Token;

use std::sync::Arc;

use crate::kdc::Kdc;
use crate::listen::Handle;
use crate::responder::Responder;

/// What is controlled.
#[derive(Debug, Clone)]
pub struct Controlled {
    /// The KDC with its log and its counters.
    pub responder: Arc<Responder>,
}

impl Controlled {
    fn kdc(&self) -> &Arc<Kdc> {
        self.responder.kdc()
    }
}

impl From<&Handle> for Controlled {
    fn from(handle: &Handle) -> Self {
        Self { responder: Arc::clone(handle.responder()) }
    }
}
