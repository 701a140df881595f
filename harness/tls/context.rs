//! What is made once from settings and shared by all connections: certificates parsed, suites chosen, trust loaded.

use crate::handshake::{TlsOffer, TlsVersion};
use crate::tls::client_hello::Probe;
use crate::tls::openssl::{self, OpenSslSession, server_end_point};
use crate::tls::record::{RecordTap, Seen, Speaker};
use crate::tls::rustls::{self, RustlsSession};
use crate::tls::{ClientSettings, Provider, ServerSettings, TlsError, TlsSession, Trust};
use ::openssl::rand::rand_bytes;
use ::openssl::ssl::SslContext;
use ::rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;

/// A client's TLS, ready to make sessions. Share it in an `Arc`.
#[derive(Debug)]
pub struct ClientContext {
    settings: ClientSettings,
    library: ClientLibrary,
}

enum ClientLibrary {
    OpenSsl(SslContext),
    Rustls(Arc<ClientConfig>),
    /// No library would offer these suites at this version; we ask by hand.
    ByHand(TlsVersion),
}

impl std::fmt::Debug for ClientLibrary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OpenSsl(_) => "OpenSsl",
            Self::Rustls(_) => "Rustls",
            Self::ByHand(_) => "ByHand",
        })
    }
}

impl ClientContext {
    /// Makes the library's context.
    ///
    /// # Errors
    /// No versions, a version that the library does not have, or a trust anchor that is no PEM certificate.
    pub fn new(settings: &ClientSettings) -> Result<Self, TlsError> {
        if settings.versions.is_empty() {
            return Err(TlsError::Unsupported("no versions".to_owned()));
        }
        let library = match settings.provider {
            // What this build of the library was made without, it would not even take into its list.
            Provider::OpenSsl if !openssl::has_any(&settings.suites) => by_hand(settings)?,
            Provider::OpenSsl => {
                let context = openssl::client_context(settings)?;
                if would_say_hello(OpenSslSession::client(&context, settings, &TlsOffer::default(), None)?) {
                    ClientLibrary::OpenSsl(context)
                } else {
                    by_hand(settings)?
                }
            }
            Provider::Rustls if !settings.deviations.is_empty() || matches!(settings.trust, Trust::CommonName(_)) => {
                let problem = "rustls checks what it is given, by alternative names";
                return Err(TlsError::Unsupported(problem.to_owned()));
            }
            Provider::Rustls => match rustls::client_config(settings)? {
                Some(config) => ClientLibrary::Rustls(config),
                None => by_hand(settings)?,
            },
        };
        Ok(Self { settings: settings.clone(), library })
    }

    /// Whether sessions ask by hand, since the library would not offer what is set.
    #[must_use]
    pub fn asks_by_hand(&self) -> bool {
        matches!(self.library, ClientLibrary::ByHand(_))
    }

    /// A session to a server that was dialled as `server_name` (a name or an address).
    ///
    /// # Errors
    /// [`Trust::Identity`](crate::tls::Trust::Identity) without a server name, or the library refuses.
    pub fn session(&self, offer: &TlsOffer, server_name: Option<&str>) -> Result<Box<dyn TlsSession>, TlsError> {
        if let (Trust::Identity(_) | Trust::CommonName(_), None) = (&self.settings.trust, server_name) {
            return Err(TlsError::Unsupported("an identity check without a server name".to_owned()));
        }
        match &self.library {
            ClientLibrary::OpenSsl(context) => {
                Ok(Box::new(OpenSslSession::client(context, &self.settings, offer, server_name)?))
            }
            ClientLibrary::Rustls(config) => Ok(Box::new(RustlsSession::client(config, offer, server_name)?)),
            ClientLibrary::ByHand(version) => {
                let mut random = [0; 32];
                rand_bytes(&mut random)
                    .map_err(|error| TlsError::Library { what: "drawing a random number", text: error.to_string() })?;
                let name = server_name.filter(|_| self.settings.server_name_indication);
                Ok(Box::new(Probe::new(*version, &self.settings.suites, name, offer, random)))
            }
        }
    }
}

/// Asks a library whether it says hello at all with these settings, by letting it.
fn would_say_hello(mut session: impl TlsSession) -> bool {
    let (mut wire, mut seen) = (Vec::new(), Vec::new());
    session.take_wire(&mut wire);
    RecordTap::default().read(Speaker::Client, &wire, &mut seen);
    seen.iter().any(|seen| matches!(seen, Seen::ClientHello(_)))
}

fn by_hand(settings: &ClientSettings) -> Result<ClientLibrary, TlsError> {
    match settings.versions.iter().max() {
        Some(&version) if version <= TlsVersion::Tls1_2 && !settings.suites.is_empty() => {
            Ok(ClientLibrary::ByHand(version))
        }
        _ => Err(TlsError::Unsupported("the library has none of these versions and suites".to_owned())),
    }
}

/// A server's TLS, ready to make sessions. Share it in an `Arc`.
#[derive(Debug)]
pub struct ServerContext {
    library: ServerLibrary,
    server_end_point: Option<Vec<u8>>,
}

enum ServerLibrary {
    OpenSsl(SslContext),
    Rustls(Arc<ServerConfig>),
}

impl std::fmt::Debug for ServerLibrary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OpenSsl(_) => "OpenSsl",
            Self::Rustls(_) => "Rustls",
        })
    }
}

impl ServerContext {
    /// Makes the library's context.
    ///
    /// # Errors
    /// No versions, nothing that the library has, or a key that does not fit its certificate.
    pub fn new(settings: &ServerSettings) -> Result<Self, TlsError> {
        if settings.versions.is_empty() {
            return Err(TlsError::Unsupported("no versions".to_owned()));
        }
        let library = match settings.provider {
            Provider::OpenSsl => ServerLibrary::OpenSsl(openssl::server_context(settings)?),
            Provider::Rustls => ServerLibrary::Rustls(rustls::server_config(settings)?),
        };
        let server_end_point = settings.certificate.chain().first().and_then(|leaf| server_end_point(leaf));
        Ok(Self { library, server_end_point })
    }

    /// A session for a client that has just come.
    ///
    /// # Errors
    /// The library refuses.
    pub fn session(&self, offer: &TlsOffer) -> Result<Box<dyn TlsSession>, TlsError> {
        match &self.library {
            ServerLibrary::OpenSsl(context) => {
                Ok(Box::new(OpenSslSession::server(context, offer, self.server_end_point.clone())?))
            }
            ServerLibrary::Rustls(config) => {
                Ok(Box::new(RustlsSession::server(config, offer, self.server_end_point.clone())?))
            }
        }
    }
}
