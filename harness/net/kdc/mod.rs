//! A Kerberos client: turns a [`TicketRequest`] into a [`Credential`] by asking KDCs.
//!
//! The exchanges themselves are [`shakedown_krb5::client`]'s, without I/O; here are the sockets, the deadlines and the cache.
//! The cache is in memory and belongs to one party. Without a ticket-granting ticket and without a secret there are no
//! credentials; with a secret, the ticket-granting ticket is fetched when it is first needed, as MySQL's plugin does.

mod directory;
mod renewal;
pub mod transcript;
mod transport;

pub use directory::KdcDirectory;
pub use renewal::Renewal;

use crate::handshake::{Direction, EventName, Outcome, Side, TicketRequest, Timestamp};
use crate::net::ticket::{Fetching, Surroundings, TicketSource};
use crate::net::{Deadlines, Phase, Protection, Recording};
use shakedown_krb5::client::{
    Action, AsExchange, AsSettings, KerberosFailure, Request, Secret, TgsExchange, TgsSettings, Transport,
};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::der::Codec;
use shakedown_krb5::framing::frame;
use shakedown_krb5::messages::KrbError;
use shakedown_krb5::{Credential, Principal, Random};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use transport::Answer;

/// What a client's configuration says.
#[derive(Debug, Clone)]
pub struct KerberosSettings {
    /// Realms and their KDCs.
    pub directory: Arc<KdcDirectory>,
    /// Encryption types to ask for, preferred first; `None` for libkrb5's.
    pub etypes: Option<Vec<Etype>>,
    /// The largest request that goes over UDP first, in octets; 0 for TCP always; `None` for libkrb5's.
    pub udp_preference_limit: Option<usize>,
    /// Whether the KDC's time is believed (`kdc_timesync`).
    pub trust_kdc_time: bool,
    /// For how long a ticket-granting ticket is asked for; `None` for a day.
    pub lifetime: Option<Duration>,
    /// For how long it is to be renewable, if at all.
    pub renewable: Option<Duration>,
}

impl KerberosSettings {
    /// libkrb5's defaults.
    #[must_use]
    pub fn new(directory: Arc<KdcDirectory>) -> Self {
        Self {
            directory,
            etypes: None,
            udp_preference_limit: None,
            trust_kdc_time: true,
            lifetime: None,
            renewable: None,
        }
    }
}

/// A client with its credential cache. A clone has a cache of its own, with the same tickets in it.
#[derive(Debug, Clone)]
pub struct KerberosClient {
    settings: KerberosSettings,
    /// Whose tickets these are.
    principal: Option<Principal>,
    secret: Option<Secret>,
    cache: Vec<Credential>,
    /// The KDC's clock minus ours, in microseconds.
    offset_us: i64,
}

impl KerberosClient {
    /// With an empty cache.
    #[must_use]
    pub const fn new(settings: KerberosSettings) -> Self {
        Self { settings, principal: None, secret: None, cache: Vec::new(), offset_us: 0 }
    }

    /// With a secret by which a ticket-granting ticket can be fetched when it is needed.
    #[must_use]
    pub fn with_secret(mut self, principal: &Principal, secret: Secret) -> Self {
        self.principal = Some(self.settings.directory.complete_client(principal));
        self.secret = Some(secret);
        self
    }

    /// Fetches a ticket-granting ticket, which replaces whatever is in the cache (`kinit`).
    ///
    /// # Errors
    /// There is none; the cache is as it was.
    pub async fn kinit(
        &mut self,
        principal: &Principal,
        secret: Secret,
        around: &mut Surroundings<'_>,
    ) -> Result<(), KerberosFailure> {
        let principal = self.settings.directory.complete_client(principal);
        let (tgt, offset_us) = self.initial(principal, secret, around).await?;
        self.principal = Some(tgt.client.clone());
        self.cache = vec![tgt];
        self.offset_us = offset_us;
        Ok(())
    }

    /// Forgets all tickets (`kdestroy`), and whose they were unless a secret says so.
    pub fn destroy(&mut self) {
        self.cache.clear();
        if self.secret.is_none() {
            self.principal = None;
        }
    }

    /// For how long tickets are asked for from now on, and for how long they are to be renewable; `None` as in
    /// [`KerberosSettings`].
    pub const fn ask_for(&mut self, lifetime: Option<Duration>, renewable: Option<Duration>) {
        self.settings.lifetime = lifetime;
        self.settings.renewable = renewable;
    }

    /// All tickets, the oldest first.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.cache
    }

    /// Puts a ticket into the cache. The first decides whose cache it is.
    pub fn insert(&mut self, credential: Credential) {
        self.principal.get_or_insert_with(|| credential.client.clone());
        self.cache.push(credential);
    }

    async fn service_ticket(
        &mut self,
        request: &TicketRequest,
        around: &mut Surroundings<'_>,
    ) -> Result<Credential, KerberosFailure> {
        let directory = Arc::clone(&self.settings.directory);
        let client = match &request.client {
            Some(client) => directory.complete_client(client),
            None => self.principal.clone().ok_or(KerberosFailure::NoCredentials)?,
        };
        let service = directory.complete_service(&request.service);
        let now = self.kdc_time(around);
        let cached = self.cached(&client, now, |server| {
            server.components == service.components && (service.realm.is_empty() || server.realm == service.realm)
        });
        if let Some(credential) = cached {
            return Ok(credential);
        }
        let tgt = match self.cached(&client, now, |server| server.krbtgt_realm() == Some(&*client.realm)) {
            Some(tgt) => tgt,
            None => self.tgt_by_secret(client, around).await?,
        };
        let ticket = self.exchange_for(tgt, service, around).await?;
        self.cache.push(ticket.clone());
        Ok(ticket)
    }

    /// A ticket of the cache that is still good.
    fn cached(&self, client: &Principal, now: Timestamp, is_wanted: impl Fn(&Principal) -> bool) -> Option<Credential> {
        let good =
            |ticket: &&Credential| ticket.client == *client && now < ticket.end_time && is_wanted(&ticket.server);
        self.cache.iter().rev().find(good).cloned()
    }

    async fn tgt_by_secret(
        &mut self,
        client: Principal,
        around: &mut Surroundings<'_>,
    ) -> Result<Credential, KerberosFailure> {
        if self.principal.as_ref() != Some(&client) {
            return Err(KerberosFailure::NoCredentials);
        }
        let secret = self.secret.clone().ok_or(KerberosFailure::NoCredentials)?;
        let (tgt, offset_us) = self.initial(client, secret, around).await?;
        self.offset_us = offset_us;
        self.cache.push(tgt.clone());
        Ok(tgt)
    }

    async fn initial(
        &self,
        client: Principal,
        secret: Secret,
        around: &mut Surroundings<'_>,
    ) -> Result<(Credential, i64), KerberosFailure> {
        let mut settings = AsSettings::new(client, secret);
        settings.trust_kdc_time = self.settings.trust_kdc_time;
        settings.etypes = self.settings.etypes.clone().unwrap_or(settings.etypes);
        settings.lifetime = self.settings.lifetime.unwrap_or(settings.lifetime);
        settings.renewable = self.settings.renewable.or(settings.renewable);
        settings.udp_preference_limit = self.settings.udp_preference_limit.unwrap_or(settings.udp_preference_limit);
        let mut exchange = AsExchange::new(settings);
        let next = |reply: Option<&[u8]>, now, random: &mut dyn Random| exchange.next(reply, now, random);
        let tgt = self.run(next, EventName::AsReq, around).await?;
        Ok((tgt, exchange.offset_us()))
    }

    async fn exchange_for(
        &self,
        tgt: Credential,
        service: Principal,
        around: &mut Surroundings<'_>,
    ) -> Result<Credential, KerberosFailure> {
        let mut settings = TgsSettings::new(tgt, service);
        settings.offset_us = self.offset_us;
        settings.etypes = self.settings.etypes.clone().unwrap_or(settings.etypes);
        settings.udp_preference_limit = self.settings.udp_preference_limit.unwrap_or(settings.udp_preference_limit);
        let mut exchange = TgsExchange::new(settings);
        let next = |reply: Option<&[u8]>, now, random: &mut dyn Random| exchange.next(reply, now, random);
        self.run(next, EventName::TgsReq, around).await
    }

    /// Carries the messages of one exchange until it has its ticket or the phase's deadline passes.
    async fn run(
        &self,
        mut next: impl FnMut(Option<&[u8]>, Timestamp, &mut dyn Random) -> Result<Action, KerberosFailure>,
        asking: EventName,
        around: &mut Surroundings<'_>,
    ) -> Result<Credential, KerberosFailure> {
        let deadline = Instant::now() + time_for(asking, &around.deadlines);
        let mut reply: Option<Vec<u8>> = None;
        loop {
            match next(reply.as_deref(), around.clock.moment().party, around.random)? {
                Action::Done(credential) => return Ok(credential),
                Action::Send(request) => reply = Some(self.ask(&request, asking, deadline, around).await?),
            }
        }
    }

    async fn ask(
        &self,
        request: &Request,
        asking: EventName,
        deadline: Instant,
        around: &mut Surroundings<'_>,
    ) -> Result<Vec<u8>, KerberosFailure> {
        let kdcs = self.settings.directory.kdcs_of(&request.realm);
        let (clock, trace) = (around.clock, &mut *around.trace);
        let sending = || trace.push(clock.base(), Direction::FromClient, asking);
        let asked = clock.base();
        let Answer { reply, transport, addresses } = transport::ask(kdcs, request, deadline, sending).await?;
        let (at, to) = (clock.base(), Direction::ToClient);
        if let Some(recordings) = &mut around.recordings {
            recordings.push(recorded(request, asked, &reply, at, transport, addresses));
        }
        match reply.first() {
            // Application tags of RFC 4120 §5.10: 11 is an AS-REP, 13 a TGS-REP, 30 a KRB-ERROR.
            Some(0x6b) => trace.push(at, to, EventName::AsRep),
            Some(0x6d) => trace.push(at, to, EventName::TgsRep),
            Some(0x7e) => {
                let code =
                    KrbError::decode(&reply).map_or_else(|_| "malformed".to_owned(), |e| e.error_code.to_string());
                trace.push_with(at, to, EventName::KrbError, code);
            }
            // The exchange will say what is wrong with it.
            _ => {}
        }
        Ok(reply)
    }

    fn kdc_time(&self, around: &Surroundings<'_>) -> Timestamp {
        Timestamp::from_micros(around.clock.moment().party.micros().saturating_add(self.offset_us))
    }
}

/// A request and its reply as they went over the wire.
fn recorded(
    request: &Request,
    asked: Timestamp,
    reply: &[u8],
    at: Timestamp,
    transport: Transport,
    addresses: Option<(SocketAddr, SocketAddr)>,
) -> Recording {
    let datagrams = transport == Transport::Udp;
    let mut recording = Recording { addresses, datagrams, ..Recording::default() };
    for (at, direction, message) in
        [(asked, Direction::FromClient, &*request.message), (at, Direction::ToClient, reply)]
    {
        recording.plain(at, direction, Protection::None, message);
        if datagrams {
            recording.wire(at, direction, message);
        } else {
            let mut framed = Vec::with_capacity(message.len() + 4);
            frame(message, &mut framed);
            recording.wire(at, direction, &framed);
        }
    }
    recording
}

const fn time_for(asking: EventName, deadlines: &Deadlines) -> Duration {
    match asking {
        EventName::AsReq => deadlines.kdc_as,
        _ => deadlines.kdc_tgs,
    }
}

impl TicketSource for KerberosClient {
    fn ticket<'a>(&'a mut self, request: &'a TicketRequest, around: &'a mut Surroundings<'_>) -> Fetching<'a> {
        Box::pin(self.service_ticket(request, around))
    }

    fn offset_us(&self) -> i64 {
        self.offset_us
    }
}

/// How a [`KerberosClient::kinit`] came out, as scenarios write it: `established`, `refused by kdc: krb 24`, `timed out in
/// kdc_as`, `refused by client: no_ticket`.
#[must_use]
pub fn kinit_outcome(result: &Result<(), KerberosFailure>) -> Outcome {
    outcome(result, Phase::KdcAs)
}

/// How a [`KerberosClient::renew`] came out, in the same words.
#[must_use]
pub fn renewal_outcome(result: &Result<(), KerberosFailure>) -> Outcome {
    outcome(result, Phase::KdcTgs)
}

fn outcome(result: &Result<(), KerberosFailure>, phase: Phase) -> Outcome {
    match result {
        Ok(()) => Outcome::established("kerberos"),
        Err(KerberosFailure::Kdc { code, text }) => {
            let outcome = Outcome::refused(Side::Kdc, format!("krb {code}"));
            if text.is_empty() { outcome } else { outcome.saying(text.clone()) }
        }
        Err(KerberosFailure::TimedOut) => Outcome::timed_out(phase.word()),
        Err(failure) => Outcome::refused(Side::Client, "no_ticket").because(failure.to_string()),
    }
}
