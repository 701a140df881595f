//! The KDC as one object: octets and time in, octets out.

use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

use shakedown_krb5::keytab::Keytab;
use shakedown_krb5::messages::view::{KdcRequestView, PrincipalView, View as _};
use shakedown_krb5::messages::{Exchange, error_code};
use shakedown_krb5::{Principal, Random, Timestamp};

use crate::administration::Alteration;
use crate::arrival::Arrival;
use crate::clock::Clock;
use crate::database::{self, Account, Database};
use crate::deviation::Deviation;
use crate::event::{Entry, Event, Kind};
use crate::fault::{Rules, Sending};
use crate::realm::{InvalidRealm, Realm, Rotation};
use crate::refusal::{Refusal, Refused};
use crate::reply::Issued;
use crate::worker::{Desk, Out, Worker};
use crate::{as_exchange, tgs_exchange};

/// A realm with its keys. All methods take `&self`: it is shared between the tasks that listen and whoever
/// turns its clock or rotates its keys meanwhile. `Debug` shows no key.
#[derive(Debug)]
pub struct Kdc {
    realm: Realm,
    /// The name of the realm's own ticket-granting service.
    krbtgt: Principal,
    clock: Clock,
    database: RwLock<Database>,
    pub(crate) deviations: RwLock<Vec<Deviation>>,
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
    krbtgt: &'a Principal,
    pub(crate) database: &'a Database,
    /// The KDC's own time.
    pub(crate) now: Timestamp,
    /// From where the request came, if over a network.
    pub(crate) peer: Option<IpAddr>,
    /// Whether the answer may have to be bent.
    pub(crate) is_faulty: bool,
}

impl<'a> View<'a> {
    /// The realm's own ticket-granting service.
    pub(crate) fn krbtgt(&self) -> PrincipalView<'a> {
        self.krbtgt.into()
    }
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
        realm.trusts.trusts.clear();
        realm.trusts.trusted_by.clear();
        Ok(Self {
            krbtgt: Principal::krbtgt(realm.name.as_bytes()),
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
            krbtgt: self.krbtgt.clone(),
            clock: Clock::new(self.clock.offset()),
            database: RwLock::new(self.database.read().unwrap_or_else(PoisonError::into_inner).clone()),
            deviations: RwLock::new(self.deviations.read().unwrap_or_else(PoisonError::into_inner).clone()),
            rules: self.rules.fork(),
        }
    }

    /// Answers one message. `now` is the caller's time, to which the KDC's own offset is added.
    ///
    /// [`Kdc::respond`] does the same without allocating.
    pub fn answer(&self, request: &[u8], now: Timestamp, random: &mut dyn Random) -> Answer {
        let mut desk = Desk::default();
        self.respond_at(request, &Arrival::direct(now), &mut desk, random);
        Answer { octets: desk.reply().map(<[u8]>::to_vec), event: desk.entry.to_event(), sending: desk.sending.clone() }
    }

    /// Answers one message with the memory and randomness of a worker, which has [`Worker::reply`] and
    /// [`Worker::event`] then.
    pub fn respond(&self, request: &[u8], arrival: &Arrival, worker: &mut Worker) {
        let Worker { desk, random } = worker;
        self.respond_at(request, arrival, desk, random);
    }

    fn respond_at(&self, request: &[u8], arrival: &Arrival, desk: &mut Desk, random: &mut dyn Random) {
        let now = self.clock.at(arrival.now);
        desk.clear();
        desk.entry.clear();
        (desk.entry.at, desk.entry.transport) = (now, arrival.transport);
        let is_faulty = self.is_faulty();
        self.respond_well(request, arrival.peer.map(|peer| peer.ip()), is_faulty, desk, random);
        if is_faulty {
            self.fail(request, 0, desk, random);
        }
    }

    /// The answer without departures and rules.
    fn respond_well(
        &self,
        request: &[u8],
        peer: Option<IpAddr>,
        is_faulty: bool,
        desk: &mut Desk,
        random: &mut dyn Random,
    ) {
        let Desk { opened, out, entry, .. } = desk;
        let now = entry.at;
        let decoded = match KdcRequestView::decode(request) {
            Ok(decoded) => decoded,
            Err(error) => return entry.drop_for(format_args!("malformed: {error}")),
        };
        note_request(entry, &decoded);
        if decoded.body.sname.is_none() {
            return entry.drop_for("no service named");
        }
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let view = View { realm: &self.realm, krbtgt: &self.krbtgt, database: &database, now, peer, is_faulty };
        let issued = match decoded.exchange {
            Exchange::As => as_exchange::answer(&view, &decoded, request, opened, out, random),
            Exchange::Tgs => tgs_exchange::answer(&view, &decoded, opened, out, random),
        };
        match issued {
            Ok(issued) => note_issued(entry, &decoded, &issued),
            Err(refused) => self.refuse(now, &decoded, &refused, out, entry, random),
        }
    }

    /// Writes the error that takes the place of a reply which does not fit a datagram (52), or of a request that is too
    /// long to be read (61).
    pub(crate) fn refuse_transport(&self, code: i32, arrival: &Arrival, desk: &mut Desk) {
        let text = if code == error_code::RESPONSE_TOO_BIG { "RESPONSE_TOO_BIG" } else { "FIELD_TOOLONG" };
        let now = self.clock.at(arrival.now);
        let Desk { out, entry, .. } = desk;
        out.hints.clear();
        out.tunnel = None;
        // MIT's KDC says no word here; the log has one.
        let refused = Refused::from(Refusal::new(code, ""));
        refused.write(&self.realm, None, PrincipalView::from(&self.krbtgt), now, out, &mut NeedsNone);
        (entry.at, entry.transport) = (now, arrival.transport);
        entry.refuse(code, text);
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

    /// Looks at the accounts.
    pub(crate) fn read_database<T>(&self, read: impl FnOnce(&Database) -> T) -> T {
        read(&self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes anything about the accounts.
    pub(crate) fn write_database<T>(&self, change: impl FnOnce(&mut Database) -> T) -> T {
        change(&mut self.database.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn principal(&self, name: &str) -> Result<Principal, UnknownPrincipal> {
        database::principal(&self.realm, name).map_err(|_| self.unknown(name))
    }

    pub(crate) fn unknown(&self, name: &str) -> UnknownPrincipal {
        UnknownPrincipal { name: name.to_owned(), realm: self.realm.name.clone() }
    }

    fn refuse(
        &self,
        now: Timestamp,
        request: &KdcRequestView<'_>,
        refused: &Refused<'_>,
        out: &mut Out,
        entry: &mut Entry,
        random: &mut dyn Random,
    ) {
        let server = request.body.server().unwrap_or_else(|| PrincipalView::from(&self.krbtgt));
        refused.write(&self.realm, named_client(request), server, now, out, random);
        entry.refuse(refused.refusal.code, refused.refusal.text);
        if let Some(client) = &refused.client {
            entry.client.set(*client);
        }
    }
}

/// For an error outside of any tunnel, which nothing random goes into.
struct NeedsNone;

impl Random for NeedsNone {
    fn fill(&mut self, _bytes: &mut [u8]) {
        unreachable!("nothing is encrypted outside of a tunnel");
    }
}

/// What the request says of itself.
fn note_request(entry: &mut Entry, request: &KdcRequestView<'_>) {
    entry.exchange = Some(request.exchange);
    if let Some(client) = named_client(request) {
        entry.client.set(client);
    }
    if let Some(service) = request.body.server() {
        entry.service.set(service);
    }
    entry.etypes.extend(request.body.etypes);
}

/// Names are written out again only where they are not those of the request.
fn note_issued(entry: &mut Entry, request: &KdcRequestView<'_>, issued: &Issued<'_>) {
    let Issued { client, service, ticket_etype, session_etype, kvno } = *issued;
    if named_client(request) != Some(client) {
        entry.client.set(client);
    }
    if request.body.server() != Some(service) {
        entry.service.set(service);
    }
    entry.kind = Kind::Issued { ticket_etype, session_etype, kvno };
}

/// Who says to be asking; a TGS-REQ does not.
fn named_client<'a>(request: &KdcRequestView<'a>) -> Option<PrincipalView<'a>> {
    if request.exchange == Exchange::As { request.body.client() } else { None }
}
