//! The KDC as one object: octets and time in, octets out.

use std::sync::{PoisonError, RwLock};

use shakedown_krb5::keytab::Keytab;
use shakedown_krb5::messages::{Codec, Exchange, KdcRequest, error_code};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::administration::Alteration;
use crate::clock::Clock;
use crate::database::{self, Account, Database};
use crate::deviation::{Circumstances, Deviation, Seals};
use crate::event::{Event, Outcome, Transport};
use crate::fault::{self, Rules, Sending, Subject, Then};
use crate::realm::{InvalidRealm, Realm, Rotation};
use crate::refusal::Refusal;
use crate::reply::{Issued, Parties};
use crate::{as_exchange, tgs_exchange};

/// A realm with its keys. All methods take `&self`: it is shared between the tasks that listen and whoever
/// turns its clock or rotates its keys meanwhile. `Debug` shows no key.
#[derive(Debug)]
pub struct Kdc {
    realm: Realm,
    clock: Clock,
    database: RwLock<Database>,
    deviations: RwLock<Vec<Deviation>>,
    pub(crate) rules: Rules,
}

/// What is to be sent back, and what to note about it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The reply or error; none where the KDC stays silent.
    pub octets: Option<Vec<u8>>,
    /// For the log.
    pub event: Event,
    /// How and when it is to be sent.
    pub sending: Sending,
}

/// A name that the realm does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no principal '{name}' in realm {realm}")]
pub struct UnknownPrincipal {
    /// As it was given.
    pub name: String,
    /// The realm's name.
    pub realm: String,
}

/// What an exchange may look at.
pub(crate) struct View<'a> {
    pub(crate) realm: &'a Realm,
    pub(crate) database: &'a Database,
    /// The KDC's own time.
    pub(crate) now: Timestamp,
}

impl Kdc {
    /// Makes all keys of a realm; nothing is derived later.
    ///
    /// # Errors
    /// [`InvalidRealm`] says which name or setting cannot be.
    pub fn new(realm: &Realm, random: &mut dyn Random) -> Result<Self, InvalidRealm> {
        let database = Database::new(realm, random)?;
        let mut realm = realm.clone();
        // The passwords have become keys; nothing needs them any more.
        realm.users.clear();
        realm.services.clear();
        Ok(Self {
            clock: Clock::new(realm.clock_offset_seconds),
            database: RwLock::new(database),
            deviations: RwLock::default(),
            rules: Rules::default(),
            realm,
        })
    }

    /// Another KDC with the same keys and settings: its clock, keys and deviations change on their own from here on.
    /// Making keys costs; a test run makes them once and gives each of its cases a KDC of its own.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            realm: self.realm.clone(),
            clock: Clock::new(self.clock.offset()),
            database: RwLock::new(self.database.read().unwrap_or_else(PoisonError::into_inner).clone()),
            deviations: RwLock::new(self.deviations.read().unwrap_or_else(PoisonError::into_inner).clone()),
            rules: self.rules.fork(),
        }
    }

    /// Answers one message. `now` is the caller's time, to which the KDC's own offset is added.
    pub fn answer(&self, request: &[u8], now: Timestamp, random: &mut dyn Random) -> Answer {
        self.answer_over(None, request, now, random)
    }

    /// The same for a request that came over a network.
    pub(crate) fn answer_over(
        &self,
        transport: Option<Transport>,
        request: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Answer {
        let now = self.clock.at(now);
        let decoded = match KdcRequest::decode(request) {
            Ok(decoded) => decoded,
            Err(error) => {
                let answer = Answer::dropped(now, None, format!("malformed: {error}"));
                return self.fault(answer.over(transport), None, None, random);
            }
        };
        let (answer, seals) = if decoded.body().sname.is_none() {
            (Answer::dropped(now, Some(&decoded), "no service named".to_owned()), None)
        } else {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            let view = View { realm: &self.realm, database: &database, now };
            let issued = match decoded.exchange {
                Exchange::As => as_exchange::answer(&view, &decoded, request, random),
                Exchange::Tgs => tgs_exchange::answer(&view, &decoded, random),
            };
            match issued {
                Ok(mut issued) => {
                    let seals = issued.seals.take();
                    (Answer::issued(now, &decoded, issued), seals)
                }
                Err(refusal) => (self.refused(now, &decoded, &refusal), None),
            }
        };
        self.fault(answer.over(transport), Some(&decoded), seals.as_ref(), random)
    }

    /// Departures from the protocol and rules.
    fn fault(
        &self,
        answer: Answer,
        request: Option<&KdcRequest>,
        seals: Option<&Seals>,
        random: &mut dyn Random,
    ) -> Answer {
        let mut answer = answer;
        let deviations = self.deviations.read().unwrap_or_else(PoisonError::into_inner).clone();
        if !deviations.is_empty() {
            let always = Then { deviations, ..Then::default() };
            answer = self.apply(&always, answer, request, seals, random);
        }
        match self.rules.decide(&subject(&answer.event, request, 0)) {
            Some(decision) => self.apply(decision.then(), answer, request, seals, random),
            None => answer,
        }
    }

    /// The answer to a datagram that has come `repeat` times before, where a rule is for those: made from the answer that
    /// it had. `None` where no rule is.
    pub(crate) fn answer_again(
        &self,
        answer: Answer,
        request: &[u8],
        repeat: u32,
        random: &mut dyn Random,
    ) -> Option<Answer> {
        if !self.rules.any() {
            return None;
        }
        let request = KdcRequest::decode(request).ok();
        let decision = self.rules.decide(&subject(&answer.event, request.as_ref(), repeat))?;
        Some(self.apply(decision.then(), answer, request.as_ref(), None, random))
    }

    fn apply(
        &self,
        then: &Then,
        answer: Answer,
        request: Option<&KdcRequest>,
        seals: Option<&Seals>,
        random: &mut dyn Random,
    ) -> Answer {
        let Answer { octets, mut event, .. } = answer;
        let around = Circumstances { now: event.at, exchange: event.exchange, seals };
        let client = request.and_then(|request| request.body().client());
        let server = request.and_then(|request| request.body().server()).unwrap_or_else(|| self.krbtgt());
        let applied = fault::apply(then, octets, client.as_ref(), &server, &around, random);
        if let Some((code, text)) = applied.refused {
            event.outcome = Outcome::Refused { code, text };
        }
        Answer { octets: applied.octets, event, sending: applied.sending }
    }

    /// The error that takes the place of a reply which does not fit a datagram (52), or of a request that is too long
    /// to be read (61).
    #[must_use]
    pub fn refuse_transport(&self, code: i32, now: Timestamp) -> Vec<u8> {
        let text = if code == error_code::RESPONSE_TOO_BIG { "RESPONSE_TOO_BIG" } else { "FIELD_TOOLONG" };
        Refusal::new(code, text).to_octets(&self.realm, None, self.krbtgt(), self.clock.at(now))
    }

    /// The realm's settings; users and services are not listed there.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Sets the KDC's clock to the caller's time plus this.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.clock.set_offset(seconds);
    }

    /// How far the KDC's clock is ahead, in seconds.
    #[must_use]
    pub fn clock_offset(&self) -> i64 {
        self.clock.offset()
    }

    /// Switches departures from the protocol on (and all others off).
    pub fn set_deviations(&self, deviations: &[Deviation]) {
        *self.deviations.write().unwrap_or_else(PoisonError::into_inner) = deviations.to_vec();
    }

    /// The departures that are switched on.
    #[must_use]
    pub fn deviations(&self) -> Vec<Deviation> {
        self.deviations.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the keys of a service (or of `krbtgt/REALM`) by random ones; returns their kvno.
    ///
    /// # Errors
    /// The realm has no such principal.
    pub fn rotate_service_key(
        &self,
        service: &str,
        rotation: Rotation,
        random: &mut dyn Random,
    ) -> Result<u32, UnknownPrincipal> {
        self.change(service, |account| account.rotate(rotation, random))
    }

    /// All keys that the KDC has of a principal, the newest first, as a keytab. `timestamp` is seconds since 1970.
    ///
    /// # Errors
    /// The realm has no such principal.
    pub fn keytab(&self, principal: &str, timestamp: u32) -> Result<Keytab, UnknownPrincipal> {
        let name = self.principal(principal)?;
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let account = database.find(&name).ok_or_else(|| self.unknown(principal))?;
        Ok(account.keytab(timestamp))
    }

    /// Locks or unlocks a principal: error 18 for a client, 7 for a service.
    ///
    /// # Errors
    /// The realm has no such principal.
    pub fn set_locked(&self, principal: &str, locked: bool) -> Result<(), UnknownPrincipal> {
        self.alter(principal, Alteration::Disabled(locked))
    }

    /// Changes the account of a principal.
    pub(crate) fn change<T>(
        &self,
        principal: &str,
        change: impl FnOnce(&mut Account) -> T,
    ) -> Result<T, UnknownPrincipal> {
        let name = self.principal(principal)?;
        self.write_database(|database| database.find_mut(&name).map(change).ok_or_else(|| self.unknown(principal)))
    }

    /// Changes anything about the accounts.
    pub(crate) fn write_database<T>(&self, change: impl FnOnce(&mut Database) -> T) -> T {
        change(&mut self.database.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the accounts.
    pub(crate) fn read_database<T>(&self, look: impl FnOnce(&Database) -> T) -> T {
        look(&self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn principal(&self, name: &str) -> Result<Principal, UnknownPrincipal> {
        database::principal(&self.realm, name).map_err(|_| self.unknown(name))
    }

    pub(crate) fn unknown(&self, name: &str) -> UnknownPrincipal {
        UnknownPrincipal { name: name.to_owned(), realm: self.realm.name.clone() }
    }

    fn krbtgt(&self) -> Principal {
        Principal::krbtgt(self.realm.name.as_bytes())
    }

    fn refused(&self, now: Timestamp, request: &KdcRequest, refusal: &Refusal) -> Answer {
        let named = if request.exchange == Exchange::As { request.body().client() } else { None };
        let server = request.body().server().unwrap_or_else(|| self.krbtgt());
        let octets = refusal.to_octets(&self.realm, named.as_ref(), server, now);
        let outcome = Outcome::Refused { code: refusal.code, text: refusal.text.to_owned() };
        let mut event = event(now, Some(request), outcome);
        if let Some(client) = &refusal.client {
            event.client = Some(client.to_string());
        }
        Answer { octets: Some(octets), event, sending: Sending::default() }
    }
}

impl Answer {
    fn issued(now: Timestamp, request: &KdcRequest, issued: Issued) -> Self {
        let Issued { octets, parties: Parties { client, service }, ticket_etype, session_etype, kvno, .. } = issued;
        let outcome = Outcome::Issued { ticket_etype, session_etype, kvno };
        let event = Event {
            client: Some(client.to_string()),
            service: Some(service.to_string()),
            ..event(now, Some(request), outcome)
        };
        Self { octets: Some(octets), event, sending: Sending::default() }
    }

    fn dropped(now: Timestamp, request: Option<&KdcRequest>, reason: String) -> Self {
        Self { octets: None, event: event(now, request, Outcome::Dropped { reason }), sending: Sending::default() }
    }

    fn over(mut self, transport: Option<Transport>) -> Self {
        self.event.transport = transport;
        self
    }
}

fn subject<'a>(event: &'a Event, request: Option<&KdcRequest>, repeat: u32) -> Subject<'a> {
    Subject {
        message: event.exchange,
        client: event.client.as_deref(),
        service: event.service.as_deref(),
        transport: event.transport,
        etypes: &event.etypes,
        preauthenticated: request.is_some_and(fault::proves),
        repeat,
    }
}

fn event(at: Timestamp, request: Option<&KdcRequest>, outcome: Outcome) -> Event {
    let body = request.map(KdcRequest::body);
    let named = request.filter(|request| request.exchange == Exchange::As).and_then(|request| request.body().client());
    Event {
        at,
        transport: None,
        exchange: request.map(|request| request.exchange),
        client: named.map(|client| client.to_string()),
        service: body.and_then(|body| body.server()).map(|server| server.to_string()),
        etypes: body.map(|body| body.etypes.clone()).unwrap_or_default(),
        outcome,
        repeated: false,
    }
}
