//! A realm whose KDC stands: a mock of ours on a loopback port, a real one that we started, or somebody's.

use crate::error::Error;
use crate::handshake::{Outcome, Side, Timestamp, Trace};
use crate::scenario::party::{self, Keytab, ServerKerberos};
use crate::scenario::plan::{AccountState, Case, Keys, RotatedKeytab, Verb};
use crate::testbed::command::Words;
use crate::testbed::kdc_change::KdcChange;
use crate::testbed::kdc_view::Exchange;
use crate::testbed::loopback;
use crate::testbed::materials::Materials;
use crate::testbed::mock_realm;
use crate::testbed::random::Generator;
use crate::testbed::relay::Relay;
use crate::testbed::rotation;
use mock_kdc::control::Controlled;
use mock_kdc::listen::{Handle, Listener};
use mock_kdc::{Alteration, Kdc, Rotation};
use shakedown_krb5::Principal;
use shakedown_krb5::client::Secret;
use shakedown_krb5::gss::Acceptor;
use shakedown_krb5::keytab::{Entry, Keyblock, Keytab as KeytabFile};
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A KDC that can be asked.
#[derive(Debug)]
pub struct StandingRealm {
    /// What was planned.
    pub planned: Arc<party::Realm>,
    /// Where its KDC is, UDP and TCP.
    pub address: SocketAddr,
    /// The keys that users had when it came up.
    users: KeytabFile,
    kind: Kind,
    /// Where the first of two KDCs was that has ended.
    ended: Option<SocketAddr>,
}

/// What stands there.
#[derive(Debug)]
enum Kind {
    Mock(Mock),
    Real(Real),
    /// Somebody else's.
    Endpoint,
}

/// A mock KDC.
#[derive(Debug)]
struct Mock {
    front: Handle,
    /// The second of two ports, for a case in which the first closes.
    spare: Option<Handle>,
}

/// A real KDC of ours in the eyes of one case.
#[derive(Debug)]
struct Real {
    relay: Relay,
    /// The second of two ports, for a case in which the first closes.
    spare: Option<Relay>,
    /// The keys of all principals, as the KDC has exported them.
    keys: Arc<KeytabFile>,
    /// Keeps the KDC running.
    lease: Box<dyn Lease>,
}

/// Whatever keeps a KDC running until it is dropped.
pub trait Lease: Debug + Send + Sync {
    /// By what the KDC has ended; `None` while it runs.
    fn cause_of_death(&self) -> Option<String>;

    /// Changes the realm; gives the keys that are new.
    fn change<'a>(&'a self, change: &'a KdcChange<'a>) -> Changing<'a>;
}

/// A change of a realm under way.
pub type Changing<'a> = Pin<Box<dyn Future<Output = Result<KeytabFile, Error>> + Send + 'a>>;

impl StandingRealm {
    /// A mock KDC on a free port of `host`.
    ///
    /// # Errors
    /// The plan asks for what the KDC does not have, or no port is free.
    pub async fn mock(
        planned: &Arc<party::Realm>,
        ports: Ports,
        host: IpAddr,
        materials: &Materials,
    ) -> Result<Self, Error> {
        // Its clock, keys and accounts are this case's own.
        let kdc = Arc::new(materials.kdc(planned)?.fork());
        mock_realm::date(&kdc, planned, materials.clock().base())?;
        let users = planned.users.keys().filter_map(|user| kdc.keytab(user, 0).ok()).flat_map(|keytab| keytab.entries);
        let users = KeytabFile { entries: users.collect() };
        let front = listen(&kdc, host).await?;
        let spare = if ports == Ports::Two { Some(listen(&kdc, loopback::own()).await?) } else { None };
        let address = front.address();
        Ok(Self { planned: Arc::clone(planned), address, users, kind: Kind::Mock(Mock { front, spare }), ended: None })
    }

    /// A real KDC of ours: `relay` leads to it, and so does `spare`; `keys` are those of its principals, and `lease` keeps it
    /// running.
    #[must_use]
    pub fn real(
        planned: &Arc<party::Realm>,
        relay: Relay,
        spare: Option<Relay>,
        keys: Arc<KeytabFile>,
        lease: impl Lease + 'static,
    ) -> Self {
        let address = relay.address();
        let is_user =
            |name: &Principal| planned.users.keys().any(|user| *name == Principal::new(&[user], &planned.realm));
        let users = keys.entries.iter().filter(|entry| is_user(&entry.principal)).cloned().collect();
        let real = Real { relay, spare, keys, lease: Box::new(lease) };
        Self {
            planned: Arc::clone(planned),
            address,
            users: KeytabFile { entries: users },
            kind: Kind::Real(real),
            ended: None,
        }
    }

    /// A KDC that somebody else runs: nothing of what it sees can be observed.
    #[must_use]
    pub fn endpoint(planned: &Arc<party::Realm>, address: SocketAddr) -> Self {
        Self { planned: Arc::clone(planned), address, users: KeytabFile::default(), kind: Kind::Endpoint, ended: None }
    }

    /// Where its KDCs are, in the order in which they are to be asked. One that has ended is still there: nobody has told the
    /// clients.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let spare = match &self.kind {
            Kind::Mock(mock) => mock.spare.as_ref().map(Handle::address),
            Kind::Real(real) => real.spare.as_ref().map(Relay::address),
            Kind::Endpoint => None,
        };
        self.ended.into_iter().chain([self.address]).chain(spare).collect()
    }

    /// The keys that a user had when the case began.
    ///
    /// # Errors
    /// The realm is not ours, or does not have the user.
    pub fn user_keys(&self, user: &Principal) -> Result<Secret, Error> {
        let missing = || Error::Usage(format!("there are no keys of {user}, for a keytab"));
        Secret::from_keytab(&self.users, user).ok_or_else(missing)
    }

    /// Changes the realm while it stands.
    ///
    /// # Errors
    /// The realm is not ours, or does not have whom the change is about.
    pub async fn change(&mut self, change: &KdcChange<'_>) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Mock(mock) => change_mock(mock.front.kdc(), &self.planned.realm, change)?,
            Kind::Real(real) => {
                let new = real.lease.change(change).await?;
                let is_old = |entry: &&Entry| new.entries_of(&entry.principal).next().is_none();
                let old: Vec<_> = real.keys.entries.iter().filter(is_old).cloned().collect();
                real.keys = Arc::new(KeytabFile { entries: old.into_iter().chain(new.entries).collect() });
            }
            Kind::Endpoint => return Err(Error::Internal("a change of a realm that is not ours".to_owned())),
        }
        if let KdcChange::Clock(seconds) = change {
            self.planned = Arc::new(party::Realm { clock_seconds: *seconds, ..(*self.planned).clone() });
        }
        Ok(())
    }

    /// What its control API looks at and changes; `None` if it is no mock.
    #[must_use]
    pub fn controlled(&self) -> Option<Controlled> {
        match &self.kind {
            Kind::Mock(mock) => Some(Controlled::from(&mock.front)),
            Kind::Real(_) | Kind::Endpoint => None,
        }
    }

    /// Adds a rule by which the KDC fails from now on.
    ///
    /// # Errors
    /// It is no mock.
    pub fn fail_by(&self, rule: &mock_kdc::Rule) -> Result<(), Error> {
        match &self.kind {
            Kind::Mock(mock) => {
                mock.front.kdc().add_rule(rule.clone());
                Ok(())
            }
            Kind::Real(_) | Kind::Endpoint => Err(Error::Internal("a rule for a KDC that is no mock".to_owned())),
        }
    }

    /// Replaces the keys of a service; gives what its server's keytab holds from then on, unless that stays as it is.
    ///
    /// # Errors
    /// As those of [`Self::change`].
    pub async fn rotate(
        &mut self,
        spn: &str,
        keytab: RotatedKeytab,
        kdc_stays_behind: bool,
    ) -> Result<Option<KeytabFile>, Error> {
        let same_kvno = keytab == RotatedKeytab::SameKvno;
        let after = if kdc_stays_behind {
            rotation::ahead(&self.export(spn)?, same_kvno)
        } else {
            self.change(&KdcChange::Service { spn, same_kvno }).await?;
            self.export(spn)?
        };
        Ok(rotation::keytab(keytab, &after, &self.export(OTHER_SERVICE)?))
    }

    /// Ends the first of its two KDCs.
    ///
    /// # Errors
    /// It has only one.
    pub async fn fail_over(&mut self) -> Result<(), Error> {
        let missing = || Error::Internal("a realm with one KDC was to lose its first".to_owned());
        let standing = match &mut self.kind {
            Kind::Mock(mock) => {
                let spare = mock.spare.take().ok_or_else(missing)?;
                std::mem::replace(&mut mock.front, spare).stop().await;
                mock.front.address()
            }
            Kind::Real(real) => {
                let spare = real.spare.take().ok_or_else(missing)?;
                std::mem::replace(&mut real.relay, spare).stop().await;
                real.relay.address()
            }
            Kind::Endpoint => return Err(missing()),
        };
        self.ended = Some(std::mem::replace(&mut self.address, standing));
        Ok(())
    }

    /// What a server of this realm accepts tickets with.
    ///
    /// # Errors
    /// The realm is not ours, or does not have the service.
    pub fn acceptor(&self, kerberos: &ServerKerberos) -> Result<Arc<Acceptor>, Error> {
        let acceptor = Acceptor::new(self.keys(kerberos)?);
        let acceptor = if kerberos.replay_cache { acceptor } else { acceptor.without_replay_cache() };
        Ok(Arc::new(match kerberos.lenient {
            Some(lenience) => acceptor.lenient(lenience),
            None => acceptor,
        }))
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
            Kind::Mock(mock) => mock.front.kdc().keytab(spn, 0).map_err(|problem| Error::Usage(problem.to_string())),
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
            Kind::Mock(Mock { front, spare }) => {
                front.stop().await;
                if let Some(spare) = spare {
                    spare.stop().await;
                }
            }
            Kind::Real(Real { relay, spare, .. }) => {
                relay.stop().await;
                if let Some(spare) = spare {
                    spare.stop().await;
                }
            }
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
            Kind::Mock(mock) => mock.front.log().count(),
            Kind::Real(real) => real.relay.count(),
            Kind::Endpoint => 0,
        }
    }

    /// What the KDC was asked and answered since `mark`, as a trace; `None` if it is not ours. For clients that keep none.
    #[must_use]
    pub fn trace_since(&self, mark: u64) -> Option<Trace> {
        self.since(mark).map(|exchanges| Exchange::trace(&exchanges))
    }

    /// What the KDC answered last since `mark`, and when on the base clock; `None` if it was not asked or is not ours. A demand
    /// for pre-authentication is no answer but a question.
    #[must_use]
    pub fn view_since(&self, mark: u64) -> Option<(Timestamp, Outcome)> {
        // A mock notes its own time.
        let ahead = if matches!(self.kind, Kind::Mock(_)) { self.planned.clock_seconds } else { 0 };
        let last = self.since(mark).and_then(Exchange::last)?;
        Some((last.at.offset_seconds(-ahead), last.outcome()))
    }

    fn since(&self, mark: u64) -> Option<Vec<Exchange>> {
        match &self.kind {
            Kind::Mock(mock) => Some(mock.front.log().since(mark).into_iter().map(Exchange::from).collect()),
            Kind::Real(real) => Some(real.relay.since(mark)),
            Kind::Endpoint => None,
        }
    }
}

/// How many ports a realm has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// One KDC.
    One,
    /// Two, in the eyes of clients, which know the same.
    Two,
}

impl Ports {
    /// As many as a case needs of the realm that it calls so.
    #[must_use]
    pub fn of(case: &Case, realm: &str) -> Self {
        let fails = case.steps.iter().any(|step| matches!(&step.verb, Verb::Failover { realm: of } if of == realm));
        if fails { Self::Two } else { Self::One }
    }
}

async fn listen(kdc: &Arc<Kdc>, host: IpAddr) -> Result<Handle, Error> {
    let listener = Listener::bind(SocketAddr::new(host, 0)).await;
    let listener = listener.map_err(|problem| Error::Environment(format!("cannot listen for a KDC: {problem}")))?;
    Ok(listener.serve(Arc::clone(kdc)))
}

fn change_mock(kdc: &Kdc, realm: &str, change: &KdcChange<'_>) -> Result<(), Error> {
    let mut random = Generator::from_system();
    let kept = |old_keys| match old_keys {
        Keys::Kept => Rotation::KeepOld,
        Keys::Dropped => Rotation::DropOld,
    };
    let changed = match change {
        KdcChange::Service { spn, same_kvno: true } => {
            kdc.rotate_service_key(spn, Rotation::SameKvno, &mut random).map(drop)
        }
        KdcChange::Service { spn, same_kvno: false } => {
            kdc.rotate_service_key(spn, Rotation::KeepOld, &mut random).map(drop)
        }
        KdcChange::Password { user, password, old_keys } => {
            kdc.set_password(user, &mock_kdc::Password::new(password), kept(*old_keys)).map(drop)
        }
        KdcChange::Trust { principals, password, old_keys } => principals.iter().try_for_each(|principal| {
            kdc.set_password(principal, &mock_kdc::Password::new(password), kept(*old_keys)).map(drop)
        }),
        KdcChange::Krbtgt(old_keys) => {
            kdc.rotate_service_key(&format!("krbtgt/{realm}"), kept(*old_keys), &mut random).map(drop)
        }
        KdcChange::Account { user, state } => kdc.alter(
            user,
            match *state {
                AccountState::Disabled(disabled) => Alteration::Disabled(disabled),
                AccountState::LockedOut(locked) => Alteration::LockedOut(locked),
                AccountState::MustChangePassword(must) => Alteration::MustChangePassword(must),
            },
        ),
        KdcChange::Clock(seconds) => {
            kdc.set_clock_offset(*seconds);
            Ok(())
        }
    };
    changed.map_err(|problem| Error::Usage(problem.to_string()))
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
