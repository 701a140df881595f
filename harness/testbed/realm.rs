//! A realm whose KDC stands: a mock of ours on a loopback port, or somebody's.

use crate::error::Error;
use crate::handshake::{Direction, EventName, Outcome, Side, Trace};
use crate::scenario::party::{self, Keytab, ServerKerberos};
use crate::testbed::command::Words;
use crate::testbed::materials::Materials;
use crate::testbed::random::Generator;
use mock_kdc::Kdc;
use mock_kdc::listen::{Handle, Listener};
use shakedown_krb5::gss::Acceptor;
use std::net::SocketAddr;
use std::sync::Arc;

/// A KDC that can be asked.
#[derive(Debug)]
pub struct StandingRealm {
    /// What was planned.
    pub planned: Arc<party::Realm>,
    /// Where its KDC is, UDP and TCP.
    pub address: SocketAddr,
    mock: Option<Handle>,
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
        Ok(Self { planned: Arc::clone(planned), address: handle.address(), mock: Some(handle) })
    }

    /// A KDC that somebody else runs: nothing of what it sees can be observed.
    #[must_use]
    pub fn endpoint(planned: &Arc<party::Realm>, address: SocketAddr) -> Self {
        Self { planned: Arc::clone(planned), address, mock: None }
    }

    /// What a server of this realm accepts tickets with.
    ///
    /// # Errors
    /// The realm is not ours, or does not have the service.
    pub fn acceptor(&self, kerberos: &ServerKerberos) -> Result<Arc<Acceptor>, Error> {
        Ok(Arc::new(Acceptor::new(self.keys(kerberos)?)))
    }

    /// The keytab file of a server of this realm; `None` if it has none, if its keys are made up to be wrong (each time
    /// others), or if the realm is not ours.
    ///
    /// # Errors
    /// The realm does not have the service.
    pub fn keytab(&self, kerberos: &ServerKerberos) -> Result<Option<Vec<u8>>, Error> {
        if self.mock.is_none() || matches!(kerberos.keytab, Keytab::Absent | Keytab::WrongKey) {
            return Ok(None);
        }
        self.keys(kerberos)?.write().map(Some).map_err(|problem| Error::Internal(format!("keytab: {problem}")))
    }

    /// The keytab file of a real server of this realm; `None` if it has none. Keys that are wrong on purpose are others each time.
    ///
    /// # Errors
    /// The realm is not ours, or does not have the service.
    pub fn server_keytab(&self, kerberos: &ServerKerberos) -> Result<Option<Vec<u8>>, Error> {
        if kerberos.keytab == Keytab::Absent {
            return Ok(None);
        }
        self.keys(kerberos)?.write().map(Some).map_err(|problem| Error::Internal(format!("keytab: {problem}")))
    }

    fn keys(&self, kerberos: &ServerKerberos) -> Result<shakedown_krb5::keytab::Keytab, Error> {
        let kdc =
            self.mock.as_ref().ok_or_else(|| Error::Internal("a mock server in a realm that is not ours".into()))?;
        match kerberos.keytab {
            Keytab::Current => export(kdc.kdc(), &kerberos.spn),
            Keytab::Absent => Ok(shakedown_krb5::keytab::Keytab::default()),
            Keytab::OtherService => export(kdc.kdc(), OTHER_SERVICE),
            Keytab::WrongKey => export(&*unrelated(&self.planned)?, &kerberos.spn),
        }
    }

    /// Ends the mock and returns when its port is free.
    pub async fn stop(self) {
        if let Some(mock) = self.mock {
            mock.stop().await;
        }
    }

    /// Whether what its KDC answers can be observed.
    #[must_use]
    pub const fn is_mock(&self) -> bool {
        self.mock.is_some()
    }

    /// Where the KDC's log stands: everything after it belongs to the next step.
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.mock.as_ref().map_or(0, |mock| mock.log().count())
    }

    /// What the KDC was asked and answered since `mark`, as a trace; `None` if it is not ours. For clients that keep none.
    #[must_use]
    pub fn trace_since(&self, mark: u64) -> Option<Trace> {
        let mut trace = Trace::new();
        for event in self.mock.as_ref()?.log().since(mark) {
            for (direction, name) in event.trace().into_iter().filter_map(event_of) {
                match &event.outcome {
                    mock_kdc::Outcome::Refused { code, .. } if name == EventName::KrbError => {
                        trace.push_with(event.at, direction, name, code.to_string());
                    }
                    _ => trace.push(event.at, direction, name),
                }
            }
        }
        Some(trace)
    }

    /// What the KDC answered last since `mark`; `None` if it was not asked or is not ours. A demand for pre-authentication
    /// is no answer but a question.
    #[must_use]
    pub fn view_since(&self, mark: u64) -> Option<Outcome> {
        let events = self.mock.as_ref()?.log().since(mark);
        let asks_for_more = |outcome: &mock_kdc::event::Outcome| matches!(outcome, mock_kdc::event::Outcome::Refused { code, .. } if *code == PREAUTH_REQUIRED || *code == TOO_BIG);
        let last = events.into_iter().rfind(|event| !asks_for_more(&event.outcome))?;
        Some(match last.outcome {
            mock_kdc::event::Outcome::Issued { .. } => Outcome::established("kerberos"),
            mock_kdc::event::Outcome::Refused { code, text } => {
                Outcome::refused(Side::Kdc, format!("krb {code}")).saying(text)
            }
            mock_kdc::event::Outcome::Dropped { reason } => Outcome::refused(Side::Kdc, "no answer").because(reason),
        })
    }
}

/// The name and the way of an event that a KDC's log has by its word.
fn event_of(word: &str) -> Option<(Direction, EventName)> {
    let name: EventName = word.parse().ok()?;
    let direction =
        if matches!(name, EventName::AsReq | EventName::TgsReq) { Direction::FromClient } else { Direction::ToClient };
    Some((direction, name))
}

/// A service that every mock realm has, for keytabs that hold somebody else's keys.
const OTHER_SERVICE: &str = "host/elsewhere.test";

/// `KDC_ERR_PREAUTH_REQUIRED` (RFC 4120 §7.5.9).
const PREAUTH_REQUIRED: i32 = 25;

/// `KRB_ERR_RESPONSE_TOO_BIG`: the same again over TCP.
const TOO_BIG: i32 = 52;

/// The KDC of a realm, its keys derived.
///
/// # Errors
/// The plan asks for what the KDC does not have.
pub fn kdc(planned: &party::Realm, materials: &Materials) -> Result<Kdc, Error> {
    let password = |user: &party::RealmUser| materials.secrets().value(&user.password);
    make(planned, |user| password(user).as_str().to_owned())
}

/// The same realm with other keys.
fn unrelated(planned: &party::Realm) -> Result<Box<Kdc>, Error> {
    make(&party::Realm { users: Default::default(), ..planned.clone() }, |_| String::new()).map(Box::new)
}

fn make(planned: &party::Realm, password: impl Fn(&party::RealmUser) -> String) -> Result<Kdc, Error> {
    let mut realm = mock_kdc::Realm::new(&planned.realm);
    if !planned.etypes.is_empty() {
        realm.etypes = planned.etypes.iter().map(|&number| etype(number)).collect::<Result<_, _>>()?;
    }
    realm.max_ticket_life = std::time::Duration::from_secs(planned.ticket_lifetime_seconds.into());
    realm.clock_offset_seconds = planned.clock_seconds;
    realm.users = planned.users.iter().map(|(name, user)| mock_kdc::User::new(name, &password(user))).collect();
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

fn etype(number: i32) -> Result<shakedown_krb5::crypto::Etype, Error> {
    shakedown_krb5::crypto::Etype::from_number(number)
        .ok_or_else(|| Error::Usage(format!("unknown encryption type {number}, allowed are 17, 18, 19, 20")))
}

fn export(kdc: &Kdc, spn: &str) -> Result<shakedown_krb5::keytab::Keytab, Error> {
    kdc.keytab(spn, 0).map_err(|problem| Error::Usage(problem.to_string()))
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
