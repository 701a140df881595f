//! What one run makes once and all its cases share: secrets, keys, certificates, TLS contexts.
//!
//! A certificate costs an RSA key (50 ms, 200 ms at worst) and a context 125 µs: neither belongs into a case.

use crate::error::Error;
use crate::handshake::TlsVersion;
use crate::mysql::RsaKey;
use crate::net::Clock;
use crate::scenario::party;
use crate::scenario::party::{
    Ca, Certificate, CertificateKey, ClientTls, NameMatching, ProxyKind, Realm, ServerTls, TlsMode, TlsProvider,
    TlsRange,
};
use crate::scenario::plan::Case;
use crate::testbed::mock_realm;
use crate::testbed::secrets::Secrets;
use crate::tls::{self, Authority, Certified, Key, KeyKind, Leaf, Suite, Trust, Validity};
use mock_kdc::Kdc;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// Shared by all cases of a run.
#[derive(Debug)]
pub struct Materials {
    clock: Clock,
    secrets: Secrets,
    keys: Keys,
    authorities: Shared<Ca, Authority>,
    supplied_ca: Option<String>,
    certificates: Shared<Certificate, Arc<Certified>>,
    server_contexts: Shared<ServerTls, Arc<tls::ServerContext>>,
    client_contexts: Shared<ClientTls, Arc<tls::ClientContext>>,
    password_key: Shared<(), RsaKey>,
    kdcs: Shared<Arc<Realm>, Arc<Kdc>>,
    recorded: bool,
    key_log: tls::KeyLog,
}

/// Private keys, made in parallel before the first case.
#[derive(Debug)]
struct Keys {
    made: Vec<(Use, Key)>,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    OwnAuthority,
    OtherAuthority,
    Leaf(CertificateKey),
}

impl Use {
    const fn kind(self) -> KeyKind {
        match self {
            Self::OwnAuthority | Self::OtherAuthority | Self::Leaf(CertificateKey::Rsa2048) => KeyKind::Rsa2048,
            Self::Leaf(CertificateKey::Rsa4096) => KeyKind::Rsa4096,
            Self::Leaf(CertificateKey::EcdsaP384) => KeyKind::P384,
        }
    }
}

impl Materials {
    /// Makes the keys that the cases need, all at once, and nothing else.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn prepare<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Result<Self, Error> {
        let uses: Vec<Use> = cases.into_iter().flat_map(uses).collect::<BTreeSet<_>>().into_iter().collect();
        let kinds: Vec<_> = uses.iter().map(|wanted| wanted.kind()).collect();
        let keys = Key::generate_all(&kinds).map_err(|problem| Error::Environment(problem.to_string()))?;
        Ok(Self {
            clock: Clock::start(),
            secrets: Secrets::new(BTreeMap::new()),
            keys: Keys { made: uses.into_iter().zip(keys).collect() },
            authorities: Shared::default(),
            supplied_ca: None,
            certificates: Shared::default(),
            server_contexts: Shared::default(),
            client_contexts: Shared::default(),
            password_key: Shared::default(),
            kdcs: Shared::default(),
            recorded: false,
            key_log: tls::KeyLog::default(),
        })
    }

    /// With secrets and an authority that somebody supplied, for servers that are not ours.
    #[must_use]
    pub fn supplied(self, secrets: BTreeMap<String, Zeroizing<String>>, authority_pem: Option<String>) -> Self {
        Self { secrets: Secrets::new(secrets), supplied_ca: authority_pem, ..self }
    }

    /// With everything that our clients say and hear kept in each attempt.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self { recorded: true, ..self }
    }

    /// Whether attempts keep what went over the wire.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// What it takes to read the TLS sessions that began with one of these, in lines of a key log, which are forgotten by it. There
    /// is nothing unless the run is recorded.
    #[must_use]
    pub fn take_keys<'r>(&self, client_randoms: impl IntoIterator<Item = &'r tls::ClientRandom>) -> String {
        client_randoms.into_iter().map(|random| self.key_log.take(random)).collect()
    }

    fn key_log(&self) -> Option<tls::KeyLog> {
        self.recorded.then(|| self.key_log.clone())
    }

    /// The base clock of the run.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The values of the run's secrets.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The certificate of an authority in PEM, for those who are to trust it.
    ///
    /// # Errors
    /// The library refuses.
    pub fn authority_pem(&self, ca: Ca) -> Result<String, Error> {
        match (ca, &self.supplied_ca) {
            (Ca::Own, Some(pem)) => Ok(pem.clone()),
            _ => self.authority(ca).map(|authority| authority.pem()),
        }
    }

    /// The TLS of a server.
    ///
    /// # Errors
    /// Settings that the provider does not have.
    pub fn server_context(&self, wanted: &ServerTls) -> Result<Arc<tls::ServerContext>, Error> {
        self.server_contexts.of(wanted, || {
            let settings = tls::ServerSettings {
                provider: provider(wanted.provider),
                versions: versions(wanted.versions),
                suites: server_suites(&wanted.suites)?,
                certificate: (*self.certificate(&wanted.certificate)?).clone(),
                key_log: self.key_log(),
            };
            tls::ServerContext::new(&settings).map(Arc::new).map_err(environment)
        })
    }

    /// The TLS of a client.
    ///
    /// # Errors
    /// Settings that the provider does not have.
    pub fn client_context(&self, wanted: &ClientTls) -> Result<Arc<tls::ClientContext>, Error> {
        self.client_contexts.of(wanted, || {
            let anchor = || self.authority_pem(wanted.trust.unwrap_or(Ca::Own));
            let settings = tls::ClientSettings {
                provider: provider(wanted.provider),
                versions: versions(wanted.versions),
                suites: suites(&wanted.suites)?,
                trust: match wanted.mode {
                    TlsMode::VerifyCa => Trust::Authority(anchor()?),
                    TlsMode::VerifyIdentity if wanted.matches == NameMatching::CommonName => {
                        Trust::CommonName(anchor()?)
                    }
                    TlsMode::VerifyIdentity => Trust::Identity(anchor()?),
                    TlsMode::Disabled | TlsMode::Allowed | TlsMode::Preferred | TlsMode::Required => Trust::Anyone,
                },
                server_name_indication: true,
                deviations: wanted.deviations.clone(),
                key_log: self.key_log(),
            };
            tls::ClientContext::new(&settings).map(Arc::new).map_err(environment)
        })
    }

    /// The key by which clients encrypt passwords where there is no TLS (`caching_sha2_password`, `sha256_password`).
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn password_key(&self) -> Result<RsaKey, Error> {
        self.password_key.of(&(), || RsaKey::generate().map_err(|problem| Error::Environment(problem.to_string())))
    }

    /// The KDC of a realm with all keys derived, which takes up to 50 ms for each user. Cases that change nothing in it share it.
    ///
    /// # Errors
    /// The plan asks for what the KDC does not have.
    pub fn kdc(&self, planned: &Arc<Realm>) -> Result<Arc<Kdc>, Error> {
        self.kdcs.of(planned, || mock_realm::kdc(planned, self).map(Arc::new))
    }

    /// The certificate of a server with its key.
    ///
    /// # Errors
    /// The library refuses.
    pub fn certificate(&self, wanted: &Certificate) -> Result<Arc<Certified>, Error> {
        self.certificates.of(wanted, || {
            let now = self.clock.base();
            let leaf = Leaf {
                common_name: wanted.common_name.clone().unwrap_or_default(),
                names: wanted.names.clone(),
                addresses: Vec::new(),
                validity: match wanted.validity {
                    party::Validity::Now => Validity::around(now),
                    party::Validity::Expired => Validity::ended_before(now),
                    party::Validity::NotYet => Validity::beginning_after(now),
                },
            };
            let key = self.key(Use::Leaf(wanted.key))?;
            let certified = match wanted.ca {
                Ca::SelfSigned => leaf.self_signed(key),
                Ca::Own | Ca::Other => self.authority(wanted.ca)?.issue(&leaf, key),
            };
            certified.map(Arc::new).map_err(environment)
        })
    }

    fn authority(&self, ca: Ca) -> Result<Authority, Error> {
        let (used, name) = match ca {
            Ca::Own | Ca::SelfSigned => (Use::OwnAuthority, "Shakedown Test Root"),
            Ca::Other => (Use::OtherAuthority, "Somebody Else's Test Root"),
        };
        self.authorities
            .of(&ca, || Authority::new(name, self.key(used)?, Validity::around(self.clock.base())).map_err(environment))
    }

    /// A key that was made beforehand; one that the plan did not foresee is made now.
    fn key(&self, wanted: Use) -> Result<Key, Error> {
        match self.keys.made.iter().find(|(made_for, _)| *made_for == wanted) {
            Some((_, key)) => Ok(key.clone()),
            None => Key::generate(wanted.kind()).map_err(environment),
        }
    }
}

/// The keys that a case needs.
fn uses(case: &Case) -> Vec<Use> {
    let mut uses = Vec::new();
    let bouncers = case.proxies.values().filter_map(|proxy| match &proxy.kind {
        ProxyKind::PgBouncer(settings) => Some(settings),
        ProxyKind::HaProxy => None,
    });
    let of_servers = case.servers.values().filter_map(|server| server.tls.as_ref()).map(|tls| &tls.certificate);
    let of_proxies = bouncers.clone().filter_map(|settings| settings.tls.as_ref()).map(|tls| &tls.certificate);
    for certificate in of_servers.chain(of_proxies) {
        uses.push(Use::Leaf(certificate.key));
        match certificate.ca {
            Ca::Own => uses.push(Use::OwnAuthority),
            Ca::Other => uses.push(Use::OtherAuthority),
            Ca::SelfSigned => {}
        }
    }
    let verifies = |tls: &ClientTls| matches!(tls.mode, TlsMode::VerifyCa | TlsMode::VerifyIdentity);
    let of_clients = case.clients.values().map(|client| &client.tls);
    for tls in of_clients.chain(bouncers.map(|settings| &settings.server_tls)).filter(|tls| verifies(tls)) {
        uses.push(if tls.trust == Some(Ca::Other) { Use::OtherAuthority } else { Use::OwnAuthority });
    }
    uses
}

fn provider(provider: TlsProvider) -> tls::Provider {
    match provider {
        TlsProvider::OpenSsl => tls::Provider::OpenSsl,
        TlsProvider::Rustls => tls::Provider::Rustls,
    }
}

fn versions(range: TlsRange) -> Vec<TlsVersion> {
    TlsVersion::ALL.into_iter().filter(|version| range.contains(*version)).collect()
}

/// A server whose parameters leave it without a suite refuses every handshake. For the library an empty list means its own,
/// so such a server has one suite for a kind of certificate that it does not have.
fn server_suites(names: &[String]) -> Result<Vec<&'static Suite>, Error> {
    if names.is_empty() { suites(&["ECDHE-ECDSA-AES128-SHA".to_owned()]) } else { suites(names) }
}

fn suites(names: &[String]) -> Result<Vec<&'static Suite>, Error> {
    names
        .iter()
        .map(|name| Suite::by_name(name).ok_or_else(|| Error::Usage(format!("unknown cipher suite '{name}'"))))
        .collect()
}

fn environment(problem: tls::TlsError) -> Error {
    Error::Environment(problem.to_string())
}

/// Values that are made once for each key: whoever asks while one is being made waits for it. A failure is not kept.
#[derive(Debug)]
struct Shared<K, V>(Mutex<HashMap<K, Arc<Mutex<Option<V>>>>>);

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Shared<K, V> {
    fn of(&self, key: &K, make: impl FnOnce() -> Result<V, Error>) -> Result<V, Error> {
        let place = {
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(key.clone()).or_default())
        };
        let mut value = place.lock().unwrap_or_else(PoisonError::into_inner);
        match &*value {
            Some(made) => Ok(made.clone()),
            None => Ok(value.insert(make()?).clone()),
        }
    }
}
