//! The client's side.

use crate::handshake::{Context, Error, Handshake, Input, Outcome, Step};
use crate::mysql::settings::ClientSettings;
use std::sync::Arc;

/// The client's side of one connection.
#[derive(Debug)]
pub struct ClientHandshake {
    settings: Arc<ClientSettings>,
}

impl ClientHandshake {
    /// A client that has not seen anything yet.
    #[must_use]
    pub fn new(settings: impl Into<Arc<ClientSettings>>) -> Self {
        Self { settings: settings.into() }
    }
}

impl Handshake for ClientHandshake {
    fn handle(&mut self, _input: Input<'_>, _cx: &mut Context<'_>) -> Result<Step, Error> {
        Err(Error::Misuse("not written yet"))
    }

    fn outcome(&self) -> Option<&Outcome> {
        None
    }
}
