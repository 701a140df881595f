//! A realm whose KDC stands: a mock of ours on a loopback port, a real one that we started, or somebody's.

use crate::error::Error;
use crate::handshake::{Outcome, Side, Trace};
use crate::scenario::party::{self, Keytab, ServerKerberos};
use crate::testbed::command::Words;
use crate::testbed::kdc_view::Exchange;
use crate::testbed::materials::Materials;
use crate::testbed::random::Generator;
use crate::testbed::relay::Relay;
use mock_kdc::Kdc;
use mock_kdc::listen::{Handle, Listener};
use shakedown_krb5::Principal;
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::gss::Acceptor;
use shakedown_krb5::keytab::{Keyblock, Keytab as KeytabFile};
use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A KDC that can be asked.
#[derive(Debug)]
pub struct StandingRealm {
    /// What was planned.
    pub planned: Arc<party::Realm>,
    /// Where its KDC is, UDP and TCP.
    pub address: SocketAddr,
    kind: Kind,
}

/// What stands there.
#[derive(Debug)]
enum Kind {
    Mock(Handle),
    Real(Real),
    /// Somebody else's.
    Endpoint,
}

/// A real KDC of ours in the eyes of one case.
#[derive(Debug)]
struct Real {
    relay: Relay,
    /// The keys of all services, as the KDC has exported them.
    keys: Arc<KeytabFile>,
    /// Keeps the KDC running.
    lease: Box<dyn Lease>,
}

/// Whatever keeps a KDC running until it is dropped.
pub trait Lease: Debug + Send + Sync {
    /// By what the KDC has ended; `None` while it runs.
    fn cause_of_death(&self) -> Option<String>;
}

impl StandingRealm {
    /// A mock KDC on a free loopback port.
    ///
    /// # Errors
    /// The plan asks for what the KDC does not have, or no port is free.
    pub async fn mock(planned: &Arc<party::Realm>, materials: &Materials) -> Result<Self, Error> {
        let kdc = materials.kdc(planned)?;
        let listener = Listener::bind_loopback()
            .await
            .map_err(|problem| Error::Environment(format!("cannot listen for a KDC: {problem}")))?;
        let handle = listener.serve(kdc);
        Ok(Self { planned: Arc::clone(planned), address: handle.address(), kind: Kind::Mock(handle) })
    }

    /// A real KDC of ours: `relay` leads to it, `keys` are those of its services, and `lease` keeps it running.
    #[must_use]
    pub fn real(planned: &Arc<party::Realm>, relay: Relay, keys: Arc<KeytabFile>, lease: impl Lease + 'static) -> Self {
        let address = relay.address();
        let real = Real { relay, keys, lease: Box::new(lease) };
        Self { planned: Arc::clone(planned), address, kind: Kind::Real(real) }
    }

    /// A KDC that somebody else runs: nothing of what it sees can be observed.
    #[must_use]
    pub fn endpoint(planned: &Arc<party::Realm>, address: SocketAddr) -> Self {
        Self { planned: Arc::clone(planned), address, kind: Kind::Endpoint }
    }

    /// What a server of this realm accepts tickets with.
    ///
    /// # Errors
    /// The realm is not ours, or does not have the service.
    pub fn acceptor(&self, kerberos: &ServerKerberos) -> Result<Arc<Acceptor>, Error> {
        Ok(Arc::new(Acceptor::new(self.keys(kerberos)?)))
    }

    /// The keytab file of a server of this realm, for those who look from its side; `None` if it has none, if its keys are
    /// wrong on purpose, or if the realm is not ours.
    ///
    /// # Errors
    /// The realm does not have the service.
    pub fn keytab(&self, kerberos: &ServerKerberos) -> Result<Option<Vec<u8>>, Error> {
        let is_of_no_use = matches!(kerberos.keytab, Keytab::Absent | Keytab::WrongKey);
        if matches!(self.kind, Kind::Endpoint) || is_of_no_use { Ok(None) } else { self.server_keytab(kerberos) }
    }

    /// The keytab file of a real server of this realm; `None` if it has none.
    ///
    /// # Errors
    /// The realm is not ours, or does not have the service.
    pub fn server_keytab(&self, kerberos: &ServerKerberos) -> Result<Option<Vec<u8>>, Error> {
        if kerberos.keytab == Keytab::Absent {
            return Ok(None);
        }
        self.keys(kerberos)?.write().map(Some).map_err(|problem| Error::Internal(format!("keytab: {problem}")))
    }

    fn keys(&self, kerberos: &ServerKerberos) -> Result<KeytabFile, Error> {
        match kerberos.keytab {
            Keytab::Current => self.export(&kerberos.spn),
            Keytab::Absent => Ok(KeytabFile::default()),
            Keytab::OtherService => self.export(OTHER_SERVICE),
            Keytab::WrongKey => self.export(&kerberos.spn).map(with_other_keys),
        }
    }

    /// The keys of a service.
    fn export(&self, spn: &str) -> Result<KeytabFile, Error> {
        match &self.kind {
            Kind::Mock(mock) => mock.kdc().keytab(spn, 0).map_err(|problem| Error::Usage(problem.to_string())),
            Kind::Real(real) => {
                let service = Principal::new(&spn.split('/').collect::<Vec<_>>(), &self.planned.realm);
                let entries: Vec<_> = real.keys.entries_of(&service).cloned().collect();
                if entries.is_empty() {
                    return Err(Error::Usage(format!("realm {} has no service {spn}", self.planned.realm)));
                }
                Ok(KeytabFile { entries })
            }
            Kind::Endpoint => Err(Error::Internal("a server of ours in a realm that is not ours".to_owned())),
        }
    }

    /// Ends what stands for this case alone, and returns when its port is free.
    pub async fn stop(self) {
        match self.kind {
            Kind::Mock(mock) => mock.stop().await,
            Kind::Real(real) => real.relay.stop().await,
            Kind::Endpoint => {}
        }
    }

    /// Whether what its KDC answers can be observed.
    #[must_use]
    pub const fn is_observed(&self) -> bool {
        !matches!(self.kind, Kind::Endpoint)
    }

    /// By what a real KDC of ours has ended; `None` while it runs, and of all others.
    #[must_use]
    pub fn cause_of_death(&self) -> Option<String> {
        match &self.kind {
            Kind::Real(real) => real.lease.cause_of_death(),
            Kind::Mock(_) | Kind::Endpoint => None,
        }
    }

    /// Where the KDC's log stands: everything after it belongs to the next step.
    #[must_use]
    pub fn mark(&self) -> u64 {
        match &self.kind {
            Kind::Mock(mock) => mock.log().count(),
            Kind::Real(real) => real.relay.count(),
            Kind::Endpoint => 0,
        }
    }

    /// What the KDC was asked and answered since `mark`, as a trace; `None` if it is not ours. For clients that keep none.
    #[must_use]
    pub fn trace_since(&self, mark: u64) -> Option<Trace> {
        self.since(mark).map(|exchanges| Exchange::trace(&exchanges))
    }

    /// What the KDC answered last since `mark`; `None` if it was not asked or is not ours. A demand for pre-authentication
    /// is no answer but a question.
    #[must_use]
    pub fn view_since(&self, mark: u64) -> Option<Outcome> {
        self.since(mark).and_then(Exchange::view)
    }

    fn since(&self, mark: u64) -> Option<Vec<Exchange>> {
        match &self.kind {
            Kind::Mock(mock) => Some(mock.log().since(mark).into_iter().map(Exchange::from).collect()),
            Kind::Real(real) => Some(real.relay.since(mark)),
            Kind::Endpoint => None,
        }
    }
}

/// The same principals, key version numbers and encryption types with keys that nobody else has: the complements. Always
/// the same ones, so that cases can share a server that has them.
fn with_other_keys(mut keytab: KeytabFile) -> KeytabFile {
    for entry in &mut keytab.entries {
        let mut octets = Zeroizing::new(entry.key.octets().to_vec());
        octets.iter_mut().for_each(|octet| *octet = !*octet);
        entry.key = Keyblock::new(entry.key.etype, &octets);
    }
    keytab
}

/// A service that every realm of ours has, for keytabs that hold somebody else's keys.
pub(super) const OTHER_SERVICE: &str = "host/elsewhere.test";

/// The KDC of a realm, its keys derived.
///
/// # Errors
/// The plan asks for what the KDC does not have.
pub fn kdc(planned: &party::Realm, materials: &Materials) -> Result<Kdc, Error> {
    let mut realm = mock_kdc::Realm::new(&planned.realm);
    if !planned.etypes.is_empty() {
        realm.etypes = planned.etypes.iter().map(|&number| etype(number)).collect::<Result<_, _>>()?;
    }
    realm.ticket_lifetime = std::time::Duration::from_secs(planned.ticket_lifetime_seconds.into());
    realm.clock_offset_seconds = planned.clock_seconds;
    let users =
        planned.users.iter().map(|(name, user)| mock_kdc::User::new(name, &materials.secrets().value(&user.password)));
    realm.users = users.collect();
    realm.services = planned
        .services
        .iter()
        .map(String::as_str)
        .chain((!planned.services.contains(OTHER_SERVICE)).then_some(OTHER_SERVICE))
        .map(mock_kdc::Service::new)
        .collect();
    let wrong = |problem: String| Error::Usage(format!("realm {}: {problem}", planned.realm));
    let kdc = Kdc::new(&realm, &mut Generator::from_system()).map_err(|problem| wrong(problem.to_string()))?;
    let deviations: Vec<mock_kdc::Deviation> = planned
        .deviations
        .iter()
        .map(|word| word.parse().map_err(|problem: mock_kdc::deviation::UnknownDeviation| wrong(problem.to_string())))
        .collect::<Result<_, _>>()?;
    kdc.set_deviations(&deviations);
    Ok(kdc)
}

fn etype(number: i32) -> Result<Etype, Error> {
    Etype::from_number(number)
        .ok_or_else(|| Error::Usage(format!("unknown encryption type {number}, allowed are 17, 18, 19, 20")))
}

/// What libkrb5 and everything built on it needs to find the KDCs, and nothing that asks DNS.
#[must_use]
pub fn krb5_conf<'s>(realms: impl Iterator<Item = &'s StandingRealm>, hosts: impl Iterator<Item = &'s str>) -> String {
    let hosts: Vec<String> = hosts.map(str::to_owned).collect();
    // One realm is all that this format of ours can say so far; the first is the default.
    realms.take(1).map(|realm| mock_kdc::krb5_conf::krb5_conf(&realm.planned.realm, realm.address, &hosts)).collect()
}

/// What libkrb5 has to know to accept tickets as `host` of a realm: no KDC is asked for that.
#[must_use]
pub fn server_krb5_conf(realm: &str, host: &str) -> String {
    format!(
        "[libdefaults]\n    default_realm = {realm}\n    dns_lookup_kdc = false\n    dns_lookup_realm = false\n    rdns = false\n    \
         dns_canonicalize_hostname = false\n\n[domain_realm]\n    {host} = {realm}\n"
    )
}

/// The refusal that a program reports by its words: `krb 24: …` is the KDC's.
#[must_use]
pub fn refusal(words: &Words) -> Outcome {
    let text = words.error.clone().unwrap_or_default();
    let code = text.strip_prefix("krb ").and_then(|rest| rest.split([':', ' ']).next());
    let outcome = match code {
        Some(code) => Outcome::refused(Side::Kdc, format!("krb {code}")),
        None => Outcome::refused(Side::Client, "refused"),
    };
    outcome.saying(text)
}
