//! What can happen in a step.

use crate::scenario::party::{Password, Server};
use mock_kdc::Rule;
use std::sync::Arc;
use std::time::Duration;

/// What happens in a step. Parties are named as the scenario names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// A client logs in.
    Connect {
        /// The client.
        from: String,
        /// The server or proxy.
        to: String,
        /// The name that is dialled, if it is not the server's own.
        host: Option<String>,
        /// Whether it has the clock and the random numbers of its last login again, so that its messages are the same.
        replay: bool,
    },
    /// A client gets a ticket-granting ticket.
    Kinit {
        /// The client whose credential cache it goes into.
        by: String,
        /// The principal without the realm.
        user: String,
        /// Whether that is an enterprise name, `alice@example.com`, of a user whose realm the KDC is to find.
        enterprise: bool,
        /// The realm.
        realm: String,
        /// By what it proves who it is.
        secret: KinitSecret,
        /// Whether the cache is emptied first (`cache = "new"`).
        fresh_cache: bool,
        /// Which times are asked for.
        times: KinitTimes,
    },
    /// A client has its ticket-granting ticket renewed; all that it has got with the old one goes (`kinit -R`).
    Renew {
        /// The client.
        by: String,
        /// Whether a ticket that is not valid yet is validated instead (`kinit -v`).
        validate: bool,
    },
    /// A client forgets its tickets (`kdestroy`).
    DestroyTickets {
        /// The client.
        by: String,
    },
    /// The service of a server gets new keys.
    RotateService {
        /// The server.
        server: String,
        /// What its keytab holds from then on.
        keytab: RotatedKeytab,
        /// Whether the KDC goes on with the old keys: a keytab that is ahead of it (`kdc = "old"`).
        kdc_stays_behind: bool,
    },
    /// A user gets a new password.
    ChangePassword {
        /// The user.
        user: String,
        /// The realm.
        realm: String,
        /// The new password.
        password: Password,
        /// What becomes of the old keys.
        old_keys: Keys,
    },
    /// The ticket-granting service of a realm gets new keys.
    RotateKrbtgt {
        /// The realm.
        realm: String,
        /// What becomes of the old keys, which all tickets that are out are sealed with.
        old_keys: Keys,
    },
    /// A realm gets new keys of what it shares with another, which does not hear of it.
    RotateTrust {
        /// The realm.
        realm: String,
        /// The other one.
        other: String,
        /// What is typed for the new keys.
        password: Password,
        /// What becomes of the old keys, which tickets from there are sealed with.
        old_keys: Keys,
    },
    /// The clocks of some parties are set.
    Clock {
        /// Whose.
        of: Vec<Clocked>,
        /// The offset to the base clock in seconds, whatever it was before.
        seconds: i64,
    },
    /// A user's account in a realm is changed.
    Account {
        /// The user.
        user: String,
        /// The realm.
        realm: String,
        /// What it is like from then on.
        state: AccountState,
    },
    /// A server is another one from now on, without having ended: an account or a parameter of it has changed.
    Reconfigure {
        /// The word of the step: `account` or `parameter`.
        word: &'static str,
        /// The server.
        server: String,
        /// What it is like from then on.
        changed: Arc<Server>,
    },
    /// A server ends and begins again.
    Restart {
        /// The server.
        server: String,
        /// What it is like from then on: parameters that wait for this take effect.
        changed: Arc<Server>,
    },
    /// The first of a realm's two KDCs ends.
    Failover {
        /// The realm.
        realm: String,
    },
    /// The KDC of a realm gets a rule by which it fails.
    Fault {
        /// The realm.
        realm: String,
        /// The rule.
        rule: Arc<Rule>,
    },
}

/// By what a client proves who it is to a KDC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KinitSecret {
    /// A password that is typed: the user's own unless the step says otherwise.
    Typed(Password),
    /// The keys that the realm has for the user when the case begins, in a keytab (`kinit -k`).
    Keytab,
}

/// The times that a client asks for with its ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KinitTimes {
    /// For how long, unless the client leaves that to its defaults.
    pub lifetime: Option<Duration>,
    /// For how long it is to be renewable, if at all.
    pub renewable: Option<Duration>,
    /// How long from now it is to begin, if not at once (`kinit -s`).
    pub postdate: Option<Duration>,
}

/// What a server's keytab holds after a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotatedKeytab {
    /// Both keys.
    OldAndNew,
    /// The new key alone.
    NewOnly,
    /// What it held before.
    OldOnly,
    /// The new key, which has the number of the old one: the principal was made anew.
    SameKvno,
    /// Nothing.
    Nothing,
    /// The key of another service.
    OtherService,
}

/// What becomes of old keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The KDC keeps them.
    Kept,
    /// It forgets them.
    Dropped,
}

/// What can be so of an account in a realm, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// It is switched off.
    Disabled(bool),
    /// It is locked, as by wrong passwords.
    LockedOut(bool),
    /// Its password has to be changed before it gets a ticket.
    MustChangePassword(bool),
}

/// A party with a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clocked {
    /// The KDC of a realm.
    Realm(String),
    /// A server.
    Server(String),
    /// A client.
    Client(String),
}

impl Verb {
    /// The word in scenario files.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Kinit { .. } => "kinit",
            Self::Renew { .. } => "renew",
            Self::DestroyTickets { .. } => "destroy_tickets",
            Self::RotateService { .. }
            | Self::ChangePassword { .. }
            | Self::RotateKrbtgt { .. }
            | Self::RotateTrust { .. } => "rotate",
            Self::Clock { .. } => "clock",
            Self::Account { .. } => "account",
            Self::Reconfigure { word, .. } => word,
            Self::Restart { .. } => "restart",
            Self::Failover { .. } => "failover",
            Self::Fault { .. } => "fault",
        }
    }

    /// Whether something comes of it that must be as expected; what only changes something has no outcome.
    #[must_use]
    pub const fn is_judged(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Kinit { .. } | Self::Renew { .. })
    }

    /// The client that acts.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        match self {
            Self::Connect { from: client, .. }
            | Self::Kinit { by: client, .. }
            | Self::Renew { by: client, .. }
            | Self::DestroyTickets { by: client } => Some(client),
            _ => None,
        }
    }

    /// The server that is changed.
    #[must_use]
    pub fn changed_server(&self) -> Option<&str> {
        match self {
            Self::RotateService { server, .. } | Self::Reconfigure { server, .. } | Self::Restart { server, .. } => {
                Some(server)
            }
            _ => None,
        }
    }

    /// The realm that is changed. That of a service is known to whoever knows the server; clocks are changed by who can.
    #[must_use]
    pub fn changed_realm(&self) -> Option<&str> {
        match self {
            Self::ChangePassword { realm, .. }
            | Self::RotateKrbtgt { realm, .. }
            | Self::RotateTrust { realm, .. }
            | Self::Account { realm, .. }
            | Self::Failover { realm }
            | Self::Fault { realm, .. } => Some(realm),
            _ => None,
        }
    }
}
