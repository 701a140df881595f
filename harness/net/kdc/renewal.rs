//! Renewal and validation of a ticket-granting ticket (RFC 4120 §3.3.3): `kinit -R`, `kinit -v`.

use super::KerberosClient;
use crate::handshake::EventName;
use crate::net::ticket::Surroundings;
use shakedown_krb5::Random;
use shakedown_krb5::client::{KerberosFailure, TgsExchange, TgsSettings};

/// What is to become of a ticket-granting ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// A later end, within the time for which it is renewable.
    Renew,
    /// It was postdated, and its time has come.
    Validate,
}

impl KerberosClient {
    /// Has the ticket-granting ticket in the cache renewed or validated. It replaces all that is there, as the cache of kinit is
    /// made anew.
    ///
    /// # Errors
    /// There is no such ticket, or the KDC refuses; the cache is as it was.
    pub async fn renew(&mut self, renewal: Renewal, around: &mut Surroundings<'_>) -> Result<(), KerberosFailure> {
        // Not only one that is still good: whether it can be renewed is for the KDC to say.
        let tgt = self.cache.iter().rev().find(|ticket| ticket.server.krbtgt_realm() == Some(&*ticket.client.realm));
        let tgt = tgt.cloned().ok_or(KerberosFailure::NoCredentials)?;
        let mut settings = match renewal {
            Renewal::Renew => TgsSettings::renew(tgt),
            Renewal::Validate => TgsSettings::validate(tgt),
        };
        settings.offset_us = self.offset_us;
        settings.deviations.clone_from(&self.settings.deviations);
        settings.lenient.clone_from(&self.settings.lenient);
        settings.etypes = self.settings.etypes.clone().unwrap_or(settings.etypes);
        settings.udp_preference_limit = self.settings.udp_preference_limit.unwrap_or(settings.udp_preference_limit);
        let mut exchange = TgsExchange::new(settings);
        let next = |reply: Option<&[u8]>, now, random: &mut dyn Random| exchange.next(reply, now, random);
        let renewed = self.run(next, EventName::TgsReq, around).await?;
        self.cache = vec![renewed];
        Ok(())
    }
}
