//! Principals with passwords.

use std::time::Duration;

use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;

use super::{GivenKey, Password, Preauth, TicketFlag};

/// A principal with a password. All but the name and the password can be left at what [`User::new`] makes of it.
#[derive(Debug, Clone)]
pub struct User {
    /// The name without the realm: `alice`, `alice/admin`; of a computer `DB01$`.
    pub name: String,
    /// Decides the salt in an Active Directory.
    pub kind: Kind,
    /// The user principal name, `alice.liddell@example.com`, which enterprise names are looked up by.
    pub upn: Option<String>,
    /// Other names of the same account: service principals of a computer, old names.
    pub aliases: Vec<String>,
    /// The password.
    pub password: Password,
    /// Keys instead of those that the password would make; the password itself is not looked at then.
    pub keys: Vec<GivenKey>,
    /// The salt of all keys. `None`: what the flavor makes of the names when the account is created; it stays when a name
    /// changes.
    pub salt: Option<Vec<u8>>,
    /// Encryption types of the keys; none: the realm's.
    pub etypes: Option<Vec<Etype>>,
    /// Encryption types that session keys for this account as a service may have, as MIT's `session_enctypes` and Active
    /// Directory's `msDS-SupportedEncryptionTypes` say; none: those of its keys.
    pub session_etypes: Option<Vec<Etype>>,
    /// The first key version number.
    pub kvno: u32,
    /// Whether a ticket is given only to who proves the password first; none: as the realm has it.
    pub preauth: Option<Preauth>,
    /// Switched off by an administrator (error 18).
    pub disabled: bool,
    /// Locked by wrong passwords, or as if (error 18).
    pub locked_out: bool,
    /// From when on the account is one (error 21 before). MIT's KDC has no such setting.
    pub valid_from: Option<Timestamp>,
    /// When the account ends (error 1, in an Active Directory 18).
    pub expires: Option<Timestamp>,
    /// When the password ends (error 23).
    pub password_expires: Option<Timestamp>,
    /// Whether the password has to be changed before it is good for anything else (error 23).
    pub must_change_password: bool,
    /// How many former passwords are remembered: they do not count as wrong ones towards a lock. None of them is good for
    /// a ticket.
    pub password_history: u32,
    /// The longest life of this user's tickets, where it is shorter than the realm's.
    pub ticket_lifetime: Option<Duration>,
    /// For how long this user's tickets can be renewed, where it is shorter than the realm's.
    pub renewable_lifetime: Option<Duration>,
    /// Kinds of tickets that this user does not get.
    pub refused_flags: Vec<TicketFlag>,
    /// The last part of the SID, for the PAC; none: counted from 1104 on in the order of the users.
    pub rid: Option<u32>,
    /// RIDs of the groups, for the PAC, beside domain users (513).
    pub groups: Vec<u32>,
}

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// A person, or a service that runs as one.
    #[default]
    User,
    /// A machine that has joined the domain: its name ends with `$`.
    Computer,
}

super::flavor::words!(Kind, "kind of account", User => "user", Computer => "computer");

impl User {
    /// A user with a key of each of the realm's encryption types and nothing out of the ordinary.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::User,
            upn: None,
            aliases: Vec::new(),
            password: Password::new(password),
            keys: Vec::new(),
            salt: None,
            etypes: None,
            session_etypes: None,
            kvno: 1,
            preauth: None,
            disabled: false,
            locked_out: false,
            valid_from: None,
            expires: None,
            password_expires: None,
            must_change_password: false,
            password_history: 0,
            ticket_lifetime: None,
            renewable_lifetime: None,
            refused_flags: Vec::new(),
            rid: None,
            groups: Vec::new(),
        }
    }

    /// A machine that has joined the domain; `name` ends with `$`.
    #[must_use]
    pub fn computer(name: &str, password: &str) -> Self {
        Self { kind: Kind::Computer, ..Self::new(name, password) }
    }
}
