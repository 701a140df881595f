//! A ticket with its session key, as a client holds it.

use crate::{Principal, Timestamp};

/// A ticket with its session key and what the client knows of it (RFC 4120 §3.1.5; one entry of a credential cache).
/// `Debug` prints neither ticket nor key.
#[derive(Clone)]
pub struct Credential {
    /// Whose.
    pub client: Principal,
    /// For which service.
    pub server: Principal,
    /// When the initial authentication took place.
    pub auth_time: Timestamp,
    /// From when on it is valid.
    pub start_time: Timestamp,
    /// Until when.
    pub end_time: Timestamp,
    /// Until when it can be renewed.
    pub renew_till: Option<Timestamp>,
    /// TicketFlags, bit 0 being the most significant.
    pub flags: u32,
    /// The DER encoding of the Ticket.
    pub ticket: Vec<u8>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("client", &self.client).field("server", &self.server).finish_non_exhaustive()
    }
}
