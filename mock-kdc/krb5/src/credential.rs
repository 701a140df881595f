//! A ticket with its session key, as a client holds it.

use crate::crypto::Key;
use crate::{Principal, Timestamp};

/// A ticket with its session key and what the client knows of it (RFC 4120 §3.1.5; one entry of a credential cache).
/// `Debug` prints neither ticket nor key.
#[derive(Clone)]
pub struct Credential {
    /// Whose.
    pub client: Principal,
    /// For which service.
    pub server: Principal,
    /// The session key.
    pub key: Key,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Etype;

    #[test]
    fn debug_shows_neither_key_nor_ticket() {
        let credential = Credential {
            client: Principal::new(&["alice"], "R"),
            server: Principal::krbtgt(b"R"),
            key: Key::new(Etype::Aes128Sha1, &[0xab; 16]).unwrap(),
            auth_time: Timestamp::EPOCH,
            start_time: Timestamp::EPOCH,
            end_time: Timestamp::EPOCH,
            renew_till: None,
            flags: 0,
            ticket: vec![0xcd; 16],
        };
        let shown = format!("{credential:?} {credential:#?}").to_lowercase();
        for secret in ["171", "ab, ", "abab", "205", "cd, ", "cdcd"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
