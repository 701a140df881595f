//! OpenSSL behind [`TlsSession`]: an `SslStream` over memory.
//!
//! Security level 0, so that the old versions and suites are there at all; no tickets and no session cache, so that every
//! handshake is a full one.

use crate::handshake::{TlsFacts, TlsOffer, TlsVersion};
use crate::tls::{
    Certified, ClientSettings, Deviation, FailureKind, KeyLog, ServerSettings, Suite, TlsError, TlsFailure, TlsSession,
    TlsState, Trust, suite,
};
use openssl::bn::BigNum;
use openssl::dh::Dh;
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::Params;
use openssl::ssl::{
    AlpnError, ErrorCode, NameType, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions,
    SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509CheckFlags;
use openssl::x509::{X509, X509Ref};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::sync::OnceLock;

/// A prime of 2048 bits for finite-field Diffie-Hellman: ffdhe2048, RFC 7919 appendix A.1. Its generator is 2.
const FFDHE2048_PRIME: &str = "\
    FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF9\
    7D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED0856365553DED1AF3B557135E7F57C935\
    984F0C70E0E68B77E2A689DAF3EFE8721DF158A136ADE73530ACCA4F483A797ABC0AB182B324FB61D108A94BB2C8E3FB\
    B96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB190B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F61\
    9172FE9CE98583FF8E4F1232EEF28183C3FE3B1B4C6FAD733BB5FCBC2EC22005C58EF1837D1683B2C6F34A26C1B2EFFA\
    886B423861285C97FFFFFFFFFFFFFFFF";

/// An alert that was received becomes an error whose reason is this and the alert's number (`SSL_AD_REASON_OFFSET`, ssl.h).
const ALERT_REASON_OFFSET: i32 = 1000;

/// `X509_V_ERR_HOSTNAME_MISMATCH` and `X509_V_ERR_IP_ADDRESS_MISMATCH` (x509_vfy.h).
const NAME_MISMATCHES: [i32; 2] = [62, 64];

/// `X509_V_ERR_CERT_NOT_YET_VALID` and `X509_V_ERR_CERT_HAS_EXPIRED` (x509_vfy.h).
const OUTSIDE_VALIDITY: [i32; 2] = [9, 10];

/// Alerts that OpenSSL sends for what is wrong with a chain (`ssl_x509err2alert`): not yet valid, expired, and the several
/// ways not to end at an authority that is known.
const CHAIN_ALERTS: [(i32, u8); 7] = [(9, 42), (10, 45), (2, 48), (18, 48), (19, 48), (20, 48), (21, 48)];

pub(in crate::tls) fn client_context(settings: &ClientSettings) -> Result<SslContext, TlsError> {
    let mut builder = builder(&settings.versions, &settings.suites)?;
    match &settings.trust {
        Trust::Anyone => builder.set_verify(SslVerifyMode::NONE),
        Trust::Authority(pem) | Trust::Identity(pem) | Trust::CommonName(pem) => {
            trust(&mut builder, pem).map_err(|error| library("reading the authority's certificate", &error))?;
            verify(&mut builder, settings);
        }
    }
    log_keys(&mut builder, settings.key_log.as_ref());
    Ok(builder.build())
}

/// Checks the chain, but for what the client is asked not to look at.
fn verify(builder: &mut SslContextBuilder, settings: &ClientSettings) {
    let any_chain = settings.deviates(Deviation::AcceptsAnyChain);
    let any_time = settings.deviates(Deviation::AcceptsExpired);
    if !any_chain && !any_time {
        return builder.set_verify(SslVerifyMode::PEER);
    }
    builder.set_verify_callback(SslVerifyMode::PEER, move |is_good, chain| {
        let problem = chain.error().as_raw();
        let overlooked = (any_time && OUTSIDE_VALIDITY.contains(&problem))
            || (any_chain && !OUTSIDE_VALIDITY.contains(&problem) && !NAME_MISMATCHES.contains(&problem));
        is_good || overlooked
    });
}

pub(in crate::tls) fn server_context(settings: &ServerSettings) -> Result<SslContext, TlsError> {
    let mut builder = builder(&settings.versions, &settings.suites)?;
    builder.set_options(SslOptions::CIPHER_SERVER_PREFERENCE);
    builder.set_alpn_select_callback(|ssl, offered| match ssl.ex_data(*server_alpn()) {
        Some(wanted) => find_protocol(offered, wanted).ok_or(AlpnError::ALERT_FATAL),
        None => Err(AlpnError::NOACK),
    });
    serve(&mut builder, &settings.certificate).map_err(|error| library("taking the server's certificate", &error))?;
    log_keys(&mut builder, settings.key_log.as_ref());
    Ok(builder.build())
}

fn log_keys(builder: &mut SslContextBuilder, key_log: Option<&KeyLog>) {
    if let Some(key_log) = key_log.cloned() {
        builder.set_keylog_callback(move |_, line| key_log.add(line));
    }
}

fn builder(versions: &[TlsVersion], suites: &[&'static Suite]) -> Result<SslContextBuilder, TlsError> {
    configured(versions, suites).map_err(|error| library("making a TLS context", &error))
}

fn configured(versions: &[TlsVersion], suites: &[&'static Suite]) -> Result<SslContextBuilder, ErrorStack> {
    let mut builder = SslContextBuilder::new(SslMethod::tls())?;
    builder.set_security_level(0);
    builder.set_min_proto_version(versions.iter().min().copied().map(ssl_version))?;
    builder.set_max_proto_version(versions.iter().max().copied().map(ssl_version))?;
    builder.set_options(SslOptions::NO_TICKET);
    for (version, without) in [
        (TlsVersion::Tls1_0, SslOptions::NO_TLSV1),
        (TlsVersion::Tls1_1, SslOptions::NO_TLSV1_1),
        (TlsVersion::Tls1_2, SslOptions::NO_TLSV1_2),
        (TlsVersion::Tls1_3, SslOptions::NO_TLSV1_3),
    ] {
        if !versions.contains(&version) {
            builder.set_options(without);
        }
    }
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_num_tickets(0)?;
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    if !suites.is_empty() {
        let list = |of_1_3: bool| {
            let names: Vec<_> = suites
                .iter()
                .filter(|suite| (suite.since == TlsVersion::Tls1_3) == of_1_3)
                .map(|suite| suite.name)
                .collect();
            names.join(":")
        };
        builder.set_ciphersuites(&list(true))?;
        // OpenSSL takes no empty list: with suites of TLS 1.3 alone, TLS 1.3 is all that can be spoken.
        match list(false) {
            list if list.is_empty() => builder.set_min_proto_version(Some(SslVersion::TLS1_3))?,
            list => builder.set_cipher_list(&list)?,
        }
    }
    Ok(builder)
}

/// Whether the library has one of these suites at all; none means its own.
pub(in crate::tls) fn has_any(suites: &[&'static Suite]) -> bool {
    let is_taken = |suite: &&'static Suite| {
        let builder = SslContextBuilder::new(SslMethod::tls());
        suite.since == TlsVersion::Tls1_3
            || builder.is_ok_and(|mut builder| builder.set_cipher_list(suite.name).is_ok())
    };
    suites.is_empty() || suites.iter().any(is_taken)
}

fn trust(builder: &mut SslContextBuilder, pem: &str) -> Result<(), ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    for certificate in X509::stack_from_pem(pem.as_bytes())? {
        store.add_cert(certificate)?;
    }
    builder.set_cert_store(store.build());
    Ok(())
}

fn serve(builder: &mut SslContextBuilder, certificate: &Certified) -> Result<(), ErrorStack> {
    if let Some((leaf, others)) = certificate.chain().split_first() {
        builder.set_certificate(leaf)?;
        for other in others {
            builder.add_extra_chain_cert(other.clone())?;
        }
    }
    builder.set_private_key(certificate.key().inner())?;
    builder.check_private_key()?;
    builder.set_tmp_dh(&*ffdhe2048()?)
}

fn ffdhe2048() -> Result<Dh<Params>, ErrorStack> {
    Dh::from_pqg(BigNum::from_hex_str(FFDHE2048_PRIME)?, None, BigNum::from_u32(2)?)
}

/// Where a server session keeps the protocol that ALPN is to select.
fn server_alpn() -> &'static Index<Ssl, &'static [u8]> {
    static INDEX: OnceLock<Index<Ssl, &'static [u8]>> = OnceLock::new();
    INDEX.get_or_init(|| Ssl::new_ex_index().expect("the library has room for one more index"))
}

/// `wanted` in a client's list of length-prefixed names (RFC 7301 §3.1).
fn find_protocol<'a>(mut offered: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    while let Some((&length, rest)) = offered.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(length))?;
        if name == wanted {
            return Some(name);
        }
        offered = rest;
    }
    None
}

const fn ssl_version(version: TlsVersion) -> SslVersion {
    match version {
        TlsVersion::Tls1_0 => SslVersion::TLS1,
        TlsVersion::Tls1_1 => SslVersion::TLS1_1,
        TlsVersion::Tls1_2 => SslVersion::TLS1_2,
        TlsVersion::Tls1_3 => SslVersion::TLS1_3,
    }
}

fn tls_version(version: SslVersion) -> Option<TlsVersion> {
    TlsVersion::ALL.into_iter().find(|&ours| ssl_version(ours) == version)
}

/// One connection's TLS by OpenSSL.
pub(in crate::tls) struct OpenSslSession {
    stream: SslStream<Memory>,
    /// The certificate whose hash is `tls-server-end-point`, on the server's side; the client has the peer's.
    own_end_point: Option<Vec<u8>>,
    /// What the peer's common name has to be, for a client that looks at nothing else.
    common_name: Option<String>,
    plaintext: Vec<u8>,
    progress: Progress,
    peer_closed: bool,
}

enum Progress {
    Handshaking,
    Ready(TlsFacts),
    Failed(TlsFailure),
}

impl OpenSslSession {
    /// Begins as a client: the ClientHello is there to be taken.
    pub(in crate::tls) fn client(
        context: &SslContext,
        settings: &ClientSettings,
        offer: &TlsOffer,
        server_name: Option<&str>,
    ) -> Result<Self, TlsError> {
        let ssl = client_ssl(context, settings, offer, server_name)
            .map_err(|error| library("beginning TLS as a client", &error))?;
        let by_common_name =
            matches!(settings.trust, Trust::CommonName(_)) && !settings.deviates(Deviation::SkipsNameCheck);
        let common_name = server_name.filter(|_| by_common_name).map(str::to_owned);
        Self::begin(ssl, None, common_name)
    }

    /// Begins as a server.
    pub(in crate::tls) fn server(
        context: &SslContext,
        offer: &TlsOffer,
        own_end_point: Option<Vec<u8>>,
    ) -> Result<Self, TlsError> {
        let mut ssl = Ssl::new(context).map_err(|error| library("beginning TLS as a server", &error))?;
        if let Some(protocol) = offer.alpn {
            ssl.set_ex_data(*server_alpn(), protocol);
        }
        ssl.set_accept_state();
        Self::begin(ssl, own_end_point, None)
    }

    fn begin(ssl: Ssl, own_end_point: Option<Vec<u8>>, common_name: Option<String>) -> Result<Self, TlsError> {
        let stream = SslStream::new(ssl, Memory::default()).map_err(|error| library("beginning TLS", &error))?;
        let progress = Progress::Handshaking;
        let plaintext = Vec::new();
        let mut session = Self { stream, own_end_point, common_name, plaintext, progress, peer_closed: false };
        session.advance();
        Ok(session)
    }

    fn advance(&mut self) {
        if let Progress::Handshaking = self.progress {
            match self.stream.do_handshake() {
                Ok(()) if !self.has_wanted_name() => {
                    let text = "the certificate's common name is another one".to_owned();
                    self.progress = Progress::Failed(TlsFailure { kind: FailureKind::CertificateName, text });
                }
                Ok(()) => match self.facts() {
                    Ok(facts) => self.progress = Progress::Ready(facts),
                    Err(text) => self.progress = Progress::Failed(TlsFailure { kind: FailureKind::Library, text }),
                },
                Err(error) => self.stop(&error),
            }
        }
        if let Progress::Ready(_) = self.progress {
            self.open();
        }
    }

    /// Whether the peer's common name is the one that was dialled, where that is looked at.
    fn has_wanted_name(&self) -> bool {
        let Some(wanted) = &self.common_name else { return true };
        let certificate = self.stream.ssl().peer_certificate();
        let subject = certificate.as_deref().map(X509Ref::subject_name);
        let mut names = subject.into_iter().flat_map(|subject| subject.entries_by_nid(Nid::COMMONNAME));
        names.any(|name| name.data().as_slice() == wanted.as_bytes())
    }

    /// Opens all complete records that are there.
    fn open(&mut self) {
        let mut chunk = [0; 16 * 1024];
        loop {
            match self.stream.ssl_read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => self.plaintext.extend_from_slice(&chunk[..count]),
                Err(error) if error.code() == ErrorCode::ZERO_RETURN => {
                    self.peer_closed = true;
                    return;
                }
                Err(error) => return self.stop(&error),
            }
        }
    }

    fn stop(&mut self, error: &openssl::ssl::Error) {
        if error.code() == ErrorCode::WANT_READ || error.code() == ErrorCode::WANT_WRITE {
            return;
        }
        let verified = self.stream.ssl().verify_result().as_raw();
        let verifies = self.stream.ssl().verify_mode().contains(SslVerifyMode::PEER);
        let sent = CHAIN_ALERTS.iter().find(|(problem, _)| verifies && *problem == verified);
        let received = error.ssl_error().and_then(alert_received);
        let kind = if NAME_MISMATCHES.contains(&verified) {
            FailureKind::CertificateName
        } else if let Some(alert) = received {
            FailureKind::AlertReceived(alert)
        } else if let Some(&(_, alert)) = sent {
            FailureKind::AlertSent(alert)
        } else if self.stream.get_ref().met_end {
            FailureKind::Eof
        } else {
            FailureKind::Library
        };
        self.progress = Progress::Failed(TlsFailure { kind, text: error.to_string() });
    }

    fn facts(&self) -> Result<TlsFacts, String> {
        let ssl = self.stream.ssl();
        let version =
            ssl.version2().and_then(tls_version).ok_or_else(|| format!("unknown version {}", ssl.version_str()))?;
        let cipher = ssl.current_cipher().ok_or("a finished handshake without a suite")?;
        Ok(TlsFacts {
            version,
            suite: suite::name_of(u16::from_be_bytes(cipher.protocol_id())),
            alpn: ssl.selected_alpn_protocol().map(<[u8]>::to_vec),
            server_end_point: match &self.own_end_point {
                Some(hash) => Some(hash.clone()),
                None => ssl.peer_certificate().as_deref().and_then(server_end_point),
            },
        })
    }
}

fn client_ssl(
    context: &SslContext,
    settings: &ClientSettings,
    offer: &TlsOffer,
    server_name: Option<&str>,
) -> Result<Ssl, ErrorStack> {
    let mut ssl = Ssl::new(context)?;
    if let Some(name) = server_name {
        let address = name.parse::<IpAddr>().ok();
        if settings.server_name_indication && address.is_none() && !name.contains('\0') {
            ssl.set_hostname(name)?;
        }
        if matches!(settings.trust, Trust::Identity(_)) && !settings.deviates(Deviation::SkipsNameCheck) {
            let beside = settings.deviates(Deviation::CommonNameBesideSan);
            let common_name = if beside { X509CheckFlags::ALWAYS_CHECK_SUBJECT } else { X509CheckFlags::empty() };
            let parameters = ssl.param_mut();
            parameters.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | common_name);
            match address {
                Some(address) => parameters.set_ip(address)?,
                None => parameters.set_host(name)?,
            }
        }
    }
    if let Some(protocol) = offer.alpn {
        let length = u8::try_from(protocol.len()).expect("a protocol's name is at most 255 octets (RFC 7301 §3.1)");
        ssl.set_alpn_protos(&[&[length], protocol].concat())?;
    }
    ssl.set_connect_state();
    Ok(ssl)
}

/// The alert that an error was made from, if the peer sent one.
fn alert_received(stack: &ErrorStack) -> Option<u8> {
    stack
        .errors()
        .iter()
        .map(|error| error.reason_code() - ALERT_REASON_OFFSET)
        .find_map(|alert| u8::try_from(alert).ok())
}

/// `tls-server-end-point` (RFC 5929 §4.1): the certificate's hash by the hash of its signature; SHA-256 for MD5 and SHA-1.
pub(in crate::tls) fn server_end_point(certificate: &X509Ref) -> Option<Vec<u8>> {
    let signature = certificate.signature_algorithm().object().nid();
    let digest = signature.signature_algorithms().and_then(|algorithms| MessageDigest::from_nid(algorithms.digest))?;
    let digest = if digest == MessageDigest::md5() || digest == MessageDigest::sha1() {
        MessageDigest::sha256()
    } else {
        digest
    };
    certificate.digest(digest).ok().map(|hash| hash.to_vec())
}

impl TlsSession for OpenSslSession {
    fn receive(&mut self, wire: &[u8]) {
        if !matches!(self.progress, Progress::Failed(_)) {
            self.stream.get_mut().incoming.extend_from_slice(wire);
            self.advance();
        }
    }

    fn receive_end(&mut self) {
        self.stream.get_mut().ended = true;
        if !self.peer_closed {
            self.advance();
        }
    }

    fn take_wire(&mut self, wire: &mut Vec<u8>) {
        wire.append(&mut self.stream.get_mut().outgoing);
    }

    fn write(&mut self, plaintext: &[u8]) {
        let mut rest = plaintext;
        while let (Progress::Ready(_), false) = (&self.progress, rest.is_empty()) {
            match self.stream.ssl_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) => {
                    self.stop(&error);
                    return;
                }
            }
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
            // Whether the peer's own close_notify is there already makes no difference: ours is in the outgoing bytes.
            let _ = self.stream.shutdown();
        }
    }
}

impl fmt::Debug for OpenSslSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.stream.ssl().servername(NameType::HOST_NAME);
        f.debug_struct("OpenSslSession")
            .field("server_name", &name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// The wire, in memory.
#[derive(Debug, Default)]
struct Memory {
    incoming: Vec<u8>,
    position: usize,
    ended: bool,
    /// The library has been told of the end.
    met_end: bool,
    outgoing: Vec<u8>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.incoming[self.position..];
        if rest.is_empty() {
            if self.ended {
                self.met_end = true;
                return Ok(0);
            }
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        if self.position == self.incoming.len() {
            self.incoming.clear();
            self.position = 0;
        }
        Ok(count)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn library(what: &'static str, error: &ErrorStack) -> TlsError {
    TlsError::Library { what, text: error.to_string() }
}
