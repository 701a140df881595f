//! TLS handshakes by the libraries alone, with the settings that the harness gives them: one version, one suite, a full
//! handshake each time, the certificate's chain and name checked.

use crate::parties::{Certificates, HOST, Tls};
use openssl::pkey::PKey;
use openssl::ssl::{
    ErrorCode, Ssl, SslAcceptor, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSessionCacheMode, SslStream,
    SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS12;
use rustls::{CipherSuite, ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use shakedown::handshake::TlsVersion;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::Arc;

/// OpenSSL on both sides.
pub(crate) struct BareOpenSsl {
    client: SslContext,
    server: SslContext,
}

impl BareOpenSsl {
    pub(crate) fn new(certificates: &Certificates, tls: Tls) -> Self {
        let mut client = SslContextBuilder::new(SslMethod::tls()).unwrap();
        let mut store = X509StoreBuilder::new().unwrap();
        store.add_cert(X509::from_pem(certificates.authority.pem().as_bytes()).unwrap()).unwrap();
        client.set_cert_store(store.build());
        client.set_verify(SslVerifyMode::PEER);
        restrict(&mut client, tls);
        // For its group of finite-field Diffie-Hellman, which is ffdhe2048 too.
        let mut server = SslAcceptor::mozilla_intermediate(SslMethod::tls()).unwrap();
        server.set_certificate(&X509::from_pem(certificates.server.chain_pem().as_bytes()).unwrap()).unwrap();
        let key = certificates.server.key_pem().unwrap();
        server.set_private_key(&PKey::private_key_from_pem(key.as_bytes()).unwrap()).unwrap();
        server.clear_options(SslOptions::NO_TLSV1);
        restrict(&mut server, tls);
        Self { client: client.build(), server: server.build().into_context() }
    }

    pub(crate) fn handshake(&self) -> [SslStream<impl Read + Write + use<>>; 2] {
        let (there, back) = (Rc::default(), Rc::default());
        let mut client = Ssl::new(&self.client).unwrap();
        client.set_hostname(HOST).unwrap();
        client.param_mut().set_host(HOST).unwrap();
        client.set_connect_state();
        let mut server = Ssl::new(&self.server).unwrap();
        server.set_accept_state();
        let mut ends = [
            SslStream::new(client, End { from: Rc::clone(&back), to: Rc::clone(&there) }).unwrap(),
            SslStream::new(server, End { from: there, to: back }).unwrap(),
        ];
        let mut done = [false; 2];
        while done != [true; 2] {
            for (end, done) in ends.iter_mut().zip(&mut done) {
                if !*done {
                    *done = match end.do_handshake() {
                        Ok(()) => true,
                        Err(error) if error.code() == ErrorCode::WANT_READ => false,
                        Err(error) => panic!("{error}"),
                    };
                }
            }
        }
        ends
    }
}

fn restrict(builder: &mut SslContextBuilder, tls: Tls) {
    let version = match tls.version {
        TlsVersion::Tls1_0 => SslVersion::TLS1,
        TlsVersion::Tls1_1 => SslVersion::TLS1_1,
        TlsVersion::Tls1_2 => SslVersion::TLS1_2,
        TlsVersion::Tls1_3 => SslVersion::TLS1_3,
    };
    builder.set_security_level(0);
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
    builder.set_cipher_list(tls.suite).unwrap();
    builder.set_options(SslOptions::NO_TICKET);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
}

type Pipe = Rc<RefCell<VecDeque<u8>>>;

/// One end of a stream in memory.
#[derive(Debug)]
struct End {
    from: Pipe,
    to: Pipe,
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.from.borrow_mut().read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for End {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.to.borrow_mut().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// rustls with ring on both sides, TLS 1.2 and ECDHE-RSA-AES128-GCM-SHA256.
pub(crate) struct BareRustls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl BareRustls {
    pub(crate) fn new(certificates: &Certificates) -> Self {
        let mut provider = ring::default_provider();
        let wanted = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        provider.cipher_suites.retain(|suite| suite.suite() == wanted);
        let provider: Arc<CryptoProvider> = Arc::new(provider);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certificates.authority.pem().as_bytes()).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let client = client.with_protocol_versions(&[&TLS12]).unwrap();
        let mut client = client.with_root_certificates(roots).with_no_client_auth();
        client.resumption = Resumption::disabled();
        let chain = certificates.server.chain_pem();
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(certificates.server.key_pem().unwrap().as_bytes()).unwrap();
        let server = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS12]).unwrap();
        let mut server = server.with_no_client_auth().with_single_cert(chain, key).unwrap();
        server.session_storage = Arc::new(NoServerSessionStorage {});
        Self { client: Arc::new(client), server: Arc::new(server) }
    }

    pub(crate) fn handshake(&self) -> (ClientConnection, ServerConnection) {
        let name = ServerName::try_from(HOST).unwrap();
        let mut client = ClientConnection::new(Arc::clone(&self.client), name).unwrap();
        let mut server = ServerConnection::new(Arc::clone(&self.server)).unwrap();
        let mut wire = Vec::new();
        while client.is_handshaking() || server.is_handshaking() {
            wire.clear();
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            let mut unread = wire.as_slice();
            while !unread.is_empty() {
                server.read_tls(&mut unread).unwrap();
                server.process_new_packets().unwrap();
            }
            wire.clear();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            let mut unread = wire.as_slice();
            while !unread.is_empty() {
                client.read_tls(&mut unread).unwrap();
                client.process_new_packets().unwrap();
            }
        }
        (client, server)
    }
}
