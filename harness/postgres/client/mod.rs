//! The client machine.

mod settings;

pub use settings::{
    ChannelBinding, Cleartext, ClientSettings, GssEncMode, KerberosSettings, SslMode, Transport, UnknownWord,
};

use crate::handshake::{Context, Error, Handshake, Input, Outcome, Step};
use std::sync::Arc;

/// One connection of a client.
#[derive(Debug)]
pub struct ClientHandshake {
    settings: Arc<ClientSettings>,
    outcome: Option<Outcome>,
}

impl ClientHandshake {
    /// Over a fresh connection.
    #[must_use]
    pub fn new(settings: Arc<ClientSettings>) -> Self {
        Self { settings, outcome: None }
    }

    /// What the connection runs over so far: after a failure, what [`ClientSettings::after_failure_over`] wants to know.
    #[must_use]
    pub fn transport(&self) -> Transport {
        let _ = &self.settings;
        Transport::Clear
    }
}

impl Handshake for ClientHandshake {
    fn handle(&mut self, _input: Input<'_>, _cx: &mut Context<'_>) -> Result<Step, Error> {
        Err(Error::Unsupported("not yet".into()))
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }
}
