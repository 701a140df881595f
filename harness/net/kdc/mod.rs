//! A Kerberos client: turns a [`TicketRequest`] into a [`Credential`] by asking KDCs.
//!
//! The exchanges themselves are [`shakedown_krb5::client`]'s, without I/O; here are the sockets, the deadlines and the cache.
//! The cache is in memory and belongs to one party. Without a ticket-granting ticket and without a secret there are no
//! credentials; with a secret, the ticket-granting ticket is fetched when it is first needed, as MySQL's plugin does.

mod cache_file;
mod directory;
mod exchange;
mod renewal;
mod settings;
pub mod transcript;
mod transport;

pub use cache_file::{CacheFile, CacheFileError};
pub use directory::KdcDirectory;
pub use renewal::Renewal;
pub use settings::KerberosSettings;
pub use transport::Patience;

use crate::handshake::{Outcome, Side, TicketRequest, Timestamp};
use crate::net::Phase;
use crate::net::ticket::{Fetching, Surroundings, TicketSource};
use shakedown_krb5::ccache::{CredentialCache, KdcOffset, Record};
use shakedown_krb5::client::{KerberosFailure, Secret};
use shakedown_krb5::{Credential, Principal};
use std::sync::Arc;
use std::time::Duration;

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
        let (tgt, offset_us) = self.initial(principal, None, secret, around).await?;
        self.principal = Some(tgt.client.clone());
        self.cache = vec![tgt];
        self.offset_us = offset_us;
        Ok(())
    }

    /// Fetches a ticket for a service straight from the authentication service, without a ticket-granting ticket
    /// (`kinit -S`). It replaces whatever is in the cache.
    ///
    /// # Errors
    /// There is none; the cache is as it was.
    pub async fn kinit_for(
        &mut self,
        principal: &Principal,
        service: &Principal,
        secret: Secret,
        around: &mut Surroundings<'_>,
    ) -> Result<(), KerberosFailure> {
        let principal = self.settings.directory.complete_client(principal);
        let (ticket, offset_us) = self.initial(principal, Some(service), secret, around).await?;
        self.principal = Some(ticket.client.clone());
        self.cache = vec![ticket];
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

    /// What is asked for from now on in place of `lifetime`, `renewable` and `postdate` of [`KerberosSettings`].
    pub const fn ask_for(
        &mut self,
        lifetime: Option<Duration>,
        renewable: Option<Duration>,
        postdate: Option<Duration>,
    ) {
        self.settings.lifetime = lifetime;
        self.settings.renewable = renewable;
        self.settings.postdate = postdate;
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

    /// Takes the tickets of a credential cache, and the KDC's clock as far as it is known there, in place of what is held.
    pub fn load(&mut self, cache: &CredentialCache) {
        self.cache = cache.tickets().filter_map(Record::credential).collect();
        self.principal = Some(cache.principal.clone());
        self.offset_us = cache.kdc_offset.map_or(0, KdcOffset::in_micros);
    }

    /// What is held, as a credential cache that other programs can use; `None` while nobody has logged in.
    #[must_use]
    pub fn save(&self) -> Option<CredentialCache> {
        let mut cache = CredentialCache::new(self.principal.as_ref()?);
        cache.kdc_offset = Some(KdcOffset::from_micros(self.offset_us));
        cache.records = self.cache.iter().map(Record::from).collect();
        Some(cache)
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
        let found = self.cached(&client, now, |server| server.krbtgt_realm() == Some(&*client.realm));
        let is_own = found.is_none();
        let tgt = match found {
            Some(tgt) => tgt,
            None => self.tgt_by_secret(client, around).await?,
        };
        let ticket = self.exchange_for(tgt, service.clone(), around).await;
        if is_own && self.settings.destroy_tickets {
            self.cache.retain(|ticket| ticket.server.krbtgt_realm().is_none());
        }
        // Under the name that was asked for, as libkrb5 keeps it: under the one that the KDC made of it, it would not be found.
        let mut ticket = ticket?;
        let realm = if service.realm.is_empty() { ticket.server.realm } else { service.realm };
        ticket.server = Principal { realm, ..service };
        self.cache.push(ticket.clone());
        Ok(ticket)
    }

    /// A ticket of the cache that is still good: to the last second, as libkrb5 counts.
    fn cached(&self, client: &Principal, now: Timestamp, is_wanted: impl Fn(&Principal) -> bool) -> Option<Credential> {
        let good = |ticket: &&Credential| {
            ticket.client == *client && now.seconds() <= ticket.end_time.seconds() && is_wanted(&ticket.server)
        };
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
        let (tgt, offset_us) = self.initial(client, None, secret, around).await?;
        self.offset_us = offset_us;
        // The cache is begun anew, whoever's tickets were there: MySQL's plugin does so (krb5_cc_initialize).
        self.cache = vec![tgt.clone()];
        Ok(tgt)
    }

    fn kdc_time(&self, around: &Surroundings<'_>) -> Timestamp {
        Timestamp::from_micros(around.clock.moment().party.micros().saturating_add(self.offset_us))
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
