//! The server machine.

mod session;
mod settings;

pub use settings::{
    Account, Databases, PasswordEncryption, ServerSettings, TokenCheck, Unavailable, UnknownEncryption, Verifier,
};

use crate::handshake::{Context, Error, Handshake, Input, Outcome, Step};
use std::sync::Arc;

/// One connection of a server.
#[derive(Debug)]
pub struct ServerHandshake {
    settings: Arc<ServerSettings>,
    peer: String,
    outcome: Option<Outcome>,
}

impl ServerHandshake {
    /// Over a fresh connection from `peer`, the client's address as texts show it (`127.0.0.1`).
    #[must_use]
    pub fn new(settings: Arc<ServerSettings>, peer: impl Into<String>) -> Self {
        Self { settings, peer: peer.into(), outcome: None }
    }
}

impl Handshake for ServerHandshake {
    fn handle(&mut self, _input: Input<'_>, _cx: &mut Context<'_>) -> Result<Step, Error> {
        let _ = (&self.settings, &self.peer);
        Err(Error::Unsupported("not yet".into()))
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }
}
