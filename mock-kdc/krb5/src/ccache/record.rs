//! One record of a credential cache.

use std::fmt;

use crate::keyblock::Keyblock;
use crate::{Credential, Principal, Timestamp};

/// An address or an authorization datum: a 16-bit type and octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedData {
    /// The type's number.
    pub number: i16,
    /// The octets.
    pub octets: Vec<u8>,
}

/// One record: a ticket with its session key, or a configuration entry. Times are seconds since 1970, 0 where absent.
/// `Debug` prints neither key nor ticket.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose.
    pub client: Principal,
    /// For which service.
    pub server: Principal,
    /// The session key.
    pub key: Keyblock,
    /// When the initial authentication took place.
    pub auth_time: u32,
    /// From when on it is valid.
    pub start_time: u32,
    /// Until when.
    pub end_time: u32,
    /// Until when it can be renewed.
    pub renew_till: u32,
    /// Whether the ticket is encrypted in another ticket's session key (user to user).
    pub is_skey: bool,
    /// TicketFlags, bit 0 being the most significant.
    pub flags: u32,
    /// Addresses that the ticket is bound to.
    pub addresses: Vec<TypedData>,
    /// Authorization data.
    pub authorization_data: Vec<TypedData>,
    /// The DER encoding of the Ticket, or the value of a configuration entry.
    pub ticket: Vec<u8>,
    /// The other ticket where `is_skey` is set.
    pub second_ticket: Vec<u8>,
}

/// The realm that MIT gives to configuration entries; no real realm has a colon at its end.
pub(super) const CONFIGURATION_REALM: &[u8] = b"X-CACHECONF:";
/// The same after `krb5_cc_remove_cred`.
const REMOVED_CONFIGURATION_REALM: &[u8] = b"X-RMED-CONF:";

impl Record {
    /// Whether this is no ticket but a setting of the library (`fast_avail`, `pa_type`, …).
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        let realm = &self.server.realm[..];
        realm == CONFIGURATION_REALM || realm == REMOVED_CONFIGURATION_REALM
    }

    /// Marks the record as removed, as krb5_cc_remove_cred does.
    pub fn mark_removed(&mut self) {
        (self.auth_time, self.end_time) = (u32::MAX, 0);
        if self.server.realm == CONFIGURATION_REALM {
            self.server.realm = REMOVED_CONFIGURATION_REALM.to_vec();
        }
    }

    /// Whether the ticket was removed: since 1.20, MIT overwrites the times instead of shortening the file.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.end_time == 0 && self.auth_time != 0
    }

    /// The ticket with its session key; none for a configuration entry, a removed ticket, or a session key of an
    /// encryption type that this crate does not implement.
    #[must_use]
    pub fn credential(&self) -> Option<Credential> {
        if self.is_configuration() || self.is_removed() {
            return None;
        }
        let time = |seconds: u32| Timestamp::from_seconds(seconds.into());
        Some(Credential {
            client: self.client.clone(),
            server: self.server.clone(),
            key: self.key.key()?.clone(),
            auth_time: time(self.auth_time),
            // Absent where it is the same (RFC 4120 §5.3).
            start_time: time(if self.start_time == 0 { self.auth_time } else { self.start_time }),
            end_time: time(self.end_time),
            renew_till: (self.renew_till != 0).then(|| time(self.renew_till)),
            flags: self.flags,
            ticket: self.ticket.clone(),
        })
    }
}

/// As libkrb5 stores it. Times before 1970 or after 2106, which the file cannot hold, become the nearest that it can.
impl From<&Credential> for Record {
    fn from(credential: &Credential) -> Self {
        let seconds = |time: Timestamp| u32::try_from(time.seconds().max(0)).unwrap_or(u32::MAX);
        Self {
            client: credential.client.clone(),
            server: credential.server.clone(),
            key: Keyblock::from(&credential.key),
            auth_time: seconds(credential.auth_time),
            start_time: seconds(credential.start_time),
            end_time: seconds(credential.end_time),
            renew_till: credential.renew_till.map_or(0, seconds),
            is_skey: false,
            flags: credential.flags,
            addresses: Vec::new(),
            authorization_data: Vec::new(),
            ticket: credential.ticket.clone(),
            second_ticket: Vec::new(),
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("client", &self.client)
            .field("server", &self.server)
            .field("key", &self.key)
            .field("end_time", &self.end_time)
            .finish_non_exhaustive()
    }
}
