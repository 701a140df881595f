//! Principals with random keys.

use std::time::Duration;

use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;

use super::{GivenKey, TicketFlag};

/// A principal with random keys. All but the name can be left at what [`Service::new`] makes of it.
#[derive(Debug, Clone)]
pub struct Service {
    /// The name without the realm: `postgres/db.test`.
    pub name: String,
    /// Other names of the same account. In an Active Directory, two accounts can have the same one: error 8 for who wants
    /// a ticket for it.
    pub aliases: Vec<String>,
    /// Keys instead of random ones.
    pub keys: Vec<GivenKey>,
    /// Encryption types of the keys; none: the realm's. The first is that of the tickets.
    pub etypes: Option<Vec<Etype>>,
    /// Encryption types that session keys for this service may have, as MIT's `session_enctypes` and Active Directory's
    /// `msDS-SupportedEncryptionTypes` say; none: those of its keys, and aes256-cts-hmac-sha1-96 as MIT has it.
    pub session_etypes: Option<Vec<Etype>>,
    /// The first key version number.
    pub kvno: u32,
    /// Whether the account has no key at all: error 9.
    pub keyless: bool,
    /// Whether there are only tickets under the session key of a ticket-granting ticket for it (error 27).
    pub user_to_user_only: bool,
    /// A disabled service (error 7 as MIT has it, 19 as Active Directory has it).
    pub disabled: bool,
    /// From when on the account is one (error 22 before). MIT's KDC has no such setting.
    pub valid_from: Option<Timestamp>,
    /// When the account ends (error 2).
    pub expires: Option<Timestamp>,
    /// The longest life of tickets for this service, where it is shorter than the realm's.
    pub ticket_lifetime: Option<Duration>,
    /// For how long tickets for this service can be renewed, where it is shorter than the realm's.
    pub renewable_lifetime: Option<Duration>,
    /// Kinds of tickets that there are not for this service.
    pub refused_flags: Vec<TicketFlag>,
}

impl Service {
    /// A service with a random key of each of the realm's encryption types, kvno 1.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            aliases: Vec::new(),
            keys: Vec::new(),
            etypes: None,
            session_etypes: None,
            kvno: 1,
            keyless: false,
            user_to_user_only: false,
            disabled: false,
            valid_from: None,
            expires: None,
            ticket_lifetime: None,
            renewable_lifetime: None,
            refused_flags: Vec::new(),
        }
    }
}
