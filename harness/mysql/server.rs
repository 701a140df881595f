//! The server's side.

use crate::handshake::{Context, Error, Handshake, Input, Outcome, Step};
use crate::mysql::settings::ServerSettings;
use std::sync::Arc;

/// The server's side of one connection.
#[derive(Debug)]
pub struct ServerHandshake {
    settings: Arc<ServerSettings>,
    connection_id: u32,
    client_host: String,
}

impl ServerHandshake {
    /// A server that has not said anything yet. The client is called `127.0.0.1` in texts, until [`Self::from_host`].
    #[must_use]
    pub fn new(settings: Arc<ServerSettings>, connection_id: u32) -> Self {
        Self { settings, connection_id, client_host: "127.0.0.1".to_owned() }
    }

    /// With the client's address as error texts and `USER()` show it.
    #[must_use]
    pub fn from_host(self, client_host: impl Into<String>) -> Self {
        Self { client_host: client_host.into(), ..self }
    }
}

impl Handshake for ServerHandshake {
    fn handle(&mut self, _input: Input<'_>, _cx: &mut Context<'_>) -> Result<Step, Error> {
        Err(Error::Misuse("not written yet"))
    }

    fn outcome(&self) -> Option<&Outcome> {
        None
    }
}
