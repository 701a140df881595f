//! What is made once from settings and shared by all connections: certificates parsed, suites chosen, trust loaded.

use crate::handshake::TlsOffer;
use crate::tls::{ClientSettings, ServerSettings, TlsError, TlsSession};

/// A client's TLS, ready to make sessions. Share it in an `Arc`.
#[derive(Debug)]
pub struct ClientContext {
    settings: ClientSettings,
}

impl ClientContext {
    /// Makes the library's context.
    ///
    /// # Errors
    /// No versions, a version that the library does not have, or a trust anchor that is no PEM certificate.
    pub fn new(settings: &ClientSettings) -> Result<Self, TlsError> {
        Ok(Self { settings: settings.clone() })
    }

    /// A session to a server that was dialled as `server_name` (a name or an address).
    ///
    /// # Errors
    /// [`Trust::Identity`](crate::tls::Trust::Identity) without a server name, or the library refuses.
    pub fn session(&self, offer: &TlsOffer, server_name: Option<&str>) -> Result<Box<dyn TlsSession>, TlsError> {
        let _ = (&self.settings, offer, server_name);
        todo!()
    }
}

/// A server's TLS, ready to make sessions. Share it in an `Arc`.
#[derive(Debug)]
pub struct ServerContext {
    settings: ServerSettings,
}

impl ServerContext {
    /// Makes the library's context.
    ///
    /// # Errors
    /// No versions, nothing that the library has, or a key that does not fit its certificate.
    pub fn new(settings: &ServerSettings) -> Result<Self, TlsError> {
        Ok(Self { settings: settings.clone() })
    }

    /// A session for a client that has just come.
    ///
    /// # Errors
    /// The library refuses.
    pub fn session(&self, offer: &TlsOffer) -> Result<Box<dyn TlsSession>, TlsError> {
        let _ = (&self.settings, offer);
        todo!()
    }
}
