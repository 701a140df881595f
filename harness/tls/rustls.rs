//! rustls with ring behind [`TlsSession`]: the second, independent TLS for the suites that it has.
//!
//! Of TLS 1.2 that is ECDHE with an AEAD, of the twelve suites of the Aurora guide two. No resumption, so that every handshake
//! is a full one.

use crate::handshake::{TlsFacts, TlsOffer, TlsVersion};
use crate::tls::openssl::server_end_point;
use crate::tls::{
    Certified, ClientSettings, FailureKind, ServerSettings, Suite, TlsError, TlsFailure, TlsSession, TlsState, Trust,
    suite,
};
use ::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use ::rustls::client::{Resumption, WebPkiServerVerifier};
use ::rustls::crypto::{CryptoProvider, ring};
use ::rustls::pki_types::pem::PemObject;
use ::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use ::rustls::server::NoServerSessionStorage;
use ::rustls::version::{TLS12, TLS13};
use ::rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Connection, DigitallySignedStruct, Error,
    ProtocolVersion, RootCertStore, ServerConfig, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};
use openssl::x509::X509;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// A client's configuration; `None` if rustls has none of the versions and suites.
pub(in crate::tls) fn client_config(settings: &ClientSettings) -> Result<Option<Arc<ClientConfig>>, TlsError> {
    let provider = provider(&settings.suites);
    let verifier = Verifier::new(&settings.trust, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider);
    let Ok(builder) = builder.with_protocol_versions(&versions(&settings.versions)) else { return Ok(None) };
    let mut config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
    config.resumption = Resumption::disabled();
    config.enable_sni = settings.server_name_indication;
    if let Some(key_log) = settings.key_log.clone() {
        config.key_log = Arc::new(key_log);
    }
    Ok(Some(Arc::new(config)))
}

/// A server's configuration.
pub(in crate::tls) fn server_config(settings: &ServerSettings) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider(&settings.suites));
    let builder = builder
        .with_protocol_versions(&versions(&settings.versions))
        .map_err(|_| TlsError::Unsupported("rustls has none of these versions and suites".to_owned()))?;
    let (chain, key) = certificate(&settings.certificate)?;
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| library("taking the server's certificate", &error))?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.ignore_client_order = true;
    if let Some(key_log) = settings.key_log.clone() {
        config.key_log = Arc::new(key_log);
    }
    Ok(Arc::new(config))
}

/// The suites that were set and that rustls has, in the order in which they were set.
fn provider(suites: &[&'static Suite]) -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    if !suites.is_empty() {
        let all = std::mem::take(&mut provider.cipher_suites);
        let find = |wanted: &&'static Suite| all.iter().find(|suite| u16::from(suite.suite()) == wanted.id).copied();
        provider.cipher_suites = suites.iter().filter_map(find).collect();
    }
    Arc::new(provider)
}

fn versions(wanted: &[TlsVersion]) -> Vec<&'static SupportedProtocolVersion> {
    [(TlsVersion::Tls1_3, &TLS13), (TlsVersion::Tls1_2, &TLS12)]
        .into_iter()
        .filter(|(version, _)| wanted.contains(version))
        .map(|(_, supported)| supported)
        .collect()
}

fn certificate(certified: &Certified) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let failed = |error: openssl::error::ErrorStack| library("writing a certificate", &error);
    let chain = certified.chain().iter().map(|certificate| certificate.to_der().map(CertificateDer::from));
    let key = certified.key().inner().private_key_to_pkcs8().map_err(failed)?;
    Ok((chain.collect::<Result<_, _>>().map_err(failed)?, PrivatePkcs8KeyDer::from(key).into()))
}

/// What a client asks of the server's certificate.
#[derive(Debug)]
struct Verifier {
    /// The chain is checked by this, if at all.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// Whether the name counts too.
    identity: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let (pem, identity) = match trust {
            Trust::Anyone => return Ok(Self { chain: None, identity: false, provider: Arc::clone(provider) }),
            Trust::Authority(pem) => (pem, false),
            Trust::Identity(pem) | Trust::CommonName(pem) => (pem, true),
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| library("reading the authority's certificate", &error))?;
            roots.add(certificate).map_err(|error| library("reading the authority's certificate", &error))?;
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| library("reading the authority's certificate", &error))?;
        Ok(Self { chain: Some(chain), identity, provider: Arc::clone(provider) })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last: the chain was good.
            Err(error) if is_name_mismatch(&error) && !self.identity => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        ::rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        ::rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_name_mismatch(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
    )
}

/// One connection's TLS by rustls.
#[derive(Debug)]
pub(in crate::tls) struct RustlsSession {
    connection: Connection,
    own_end_point: Option<Vec<u8>>,
    plaintext: Vec<u8>,
    progress: Progress,
    peer_closed: bool,
}

#[derive(Debug)]
enum Progress {
    Handshaking,
    Ready(TlsFacts),
    Failed(TlsFailure),
}

impl RustlsSession {
    /// Begins as a client: the ClientHello is there to be taken.
    pub(in crate::tls) fn client(
        config: &Arc<ClientConfig>,
        offer: &TlsOffer,
        server_name: Option<&str>,
    ) -> Result<Self, TlsError> {
        // rustls wants a name for each session. An address is not sent, so it stands for none where none is checked.
        let name = match server_name {
            Some(name) => {
                ServerName::try_from(name.to_owned()).map_err(|error| library("reading the server's name", &error))?
            }
            None => ServerName::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST).into()),
        };
        let protocols = offer.alpn.map(<[u8]>::to_vec).into_iter().collect();
        let connection = ClientConnection::new_with_alpn(Arc::clone(config), name, protocols)
            .map_err(|error| library("beginning TLS as a client", &error))?;
        Ok(Self::begin(connection.into(), None))
    }

    /// Begins as a server.
    pub(in crate::tls) fn server(
        config: &Arc<ServerConfig>,
        offer: &TlsOffer,
        own_end_point: Option<Vec<u8>>,
    ) -> Result<Self, TlsError> {
        let mut config = Arc::clone(config);
        if let Some(protocol) = offer.alpn {
            Arc::make_mut(&mut config).alpn_protocols = vec![protocol.to_vec()];
        }
        let connection = ServerConnection::new(config).map_err(|error| library("beginning TLS as a server", &error))?;
        Ok(Self::begin(connection.into(), own_end_point))
    }

    fn begin(mut connection: Connection, own_end_point: Option<Vec<u8>>) -> Self {
        // What is written is taken at once; a limit would only lose some of it.
        connection.set_buffer_limit(None);
        let progress = Progress::Handshaking;
        Self { connection, own_end_point, plaintext: Vec::new(), progress, peer_closed: false }
    }

    fn fail(&mut self, kind: FailureKind, text: String) {
        if !matches!(self.progress, Progress::Failed(_)) {
            self.progress = Progress::Failed(TlsFailure { kind, text });
        }
    }

    /// Works through the records that are complete.
    fn process(&mut self) -> Result<(), Error> {
        let state = self.connection.process_new_packets()?;
        self.peer_closed = state.peer_has_closed();
        let start = self.plaintext.len();
        let waiting = state.plaintext_bytes_to_read();
        self.plaintext.resize(start + waiting, 0);
        let opened = self.connection.reader().read_exact(&mut self.plaintext[start..]);
        opened.map_err(|error| Error::General(error.to_string()))?;
        if let Progress::Handshaking = self.progress
            && !self.connection.is_handshaking()
        {
            self.progress = Progress::Ready(self.facts().map_err(Error::General)?);
        }
        Ok(())
    }

    fn facts(&self) -> Result<TlsFacts, String> {
        let version = match self.connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => TlsVersion::Tls1_2,
            Some(ProtocolVersion::TLSv1_3) => TlsVersion::Tls1_3,
            other => return Err(format!("unknown version {other:?}")),
        };
        let suite = self.connection.negotiated_cipher_suite().ok_or("a finished handshake without a suite")?;
        let peer =
            || self.connection.peer_certificates().and_then(<[_]>::first).and_then(|der| X509::from_der(der).ok());
        Ok(TlsFacts {
            version,
            suite: suite::name_of(u16::from(suite.suite())),
            alpn: self.connection.alpn_protocol().map(<[u8]>::to_vec),
            server_end_point: match &self.own_end_point {
                Some(hash) => Some(hash.clone()),
                None => peer().and_then(|certificate| server_end_point(&certificate)),
            },
        })
    }
}

impl TlsSession for RustlsSession {
    fn receive(&mut self, mut wire: &[u8]) {
        while !wire.is_empty() && !matches!(self.progress, Progress::Failed(_)) {
            match self.connection.read_tls(&mut wire) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => return self.fail(FailureKind::Library, error.to_string()),
            }
            if let Err(error) = self.process() {
                let kind = match &error {
                    Error::AlertReceived(alert) => FailureKind::AlertReceived(u8::from(*alert)),
                    error if is_name_mismatch(error) => FailureKind::CertificateName,
                    Error::InvalidCertificate(problem) => {
                        FailureKind::AlertSent(u8::from(AlertDescription::from(problem.clone())))
                    }
                    _ => FailureKind::Library,
                };
                self.fail(kind, error.to_string());
            }
        }
    }

    fn receive_end(&mut self) {
        if !self.peer_closed {
            self.fail(FailureKind::Eof, "the stream ended inside TLS".to_owned());
        }
    }

    fn take_wire(&mut self, wire: &mut Vec<u8>) {
        while self.connection.wants_write() {
            self.connection.write_tls(wire).expect("a vector takes everything");
        }
    }

    fn write(&mut self, plaintext: &[u8]) {
        if let Progress::Ready(_) = self.progress {
            self.connection.writer().write_all(plaintext).expect("the buffer has no limit");
        }
    }

    fn take_plaintext(&mut self, plaintext: &mut Vec<u8>) {
        plaintext.append(&mut self.plaintext);
    }

    fn state(&self) -> TlsState<'_> {
        match &self.progress {
            Progress::Handshaking => TlsState::Handshaking,
            Progress::Ready(facts) => TlsState::Ready(facts),
            Progress::Failed(failure) => TlsState::Failed(failure),
        }
    }

    fn peer_closed(&self) -> bool {
        self.peer_closed
    }

    fn close(&mut self) {
        if let Progress::Ready(_) = self.progress {
            self.connection.send_close_notify();
        }
    }
}

fn library(what: &'static str, error: &impl std::fmt::Display) -> TlsError {
    TlsError::Library { what, text: error.to_string() }
}
