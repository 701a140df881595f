//! Realms and their users.

use mock_kdc::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// A Kerberos realm and its KDC.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Realm {
    /// The name of the realm: `CORP.EXAMPLE.COM`.
    pub realm: String,
    /// User principals without the realm.
    pub users: BTreeMap<String, RealmUser>,
    /// Service principals without the realm (`postgres/db.test`): those of the case's servers and those written out.
    pub services: BTreeSet<String>,
    /// Encryption types that the KDC has, best first, by RFC number. Empty: all that are implemented.
    pub etypes: Vec<i32>,
    /// How long a ticket lives, in seconds.
    pub ticket_lifetime_seconds: u32,
    /// Offset to the base clock in seconds.
    pub clock_seconds: i64,
    /// Departures from the protocol that the KDC is asked to make.
    pub deviations: Vec<String>,
    /// Rules by which the KDC fails from the start.
    pub rules: Vec<Rule>,
    /// Names of the realms that this one trusts: their users get in here.
    pub trusts: BTreeSet<String>,
    /// Names of the realms that trust this one: its users get in there.
    pub trusted_by: BTreeSet<String>,
    /// What its administrator has typed for the keys that it shares with those realms.
    pub trust_password: Password,
}

impl Realm {
    /// The principals that it shares with other realms, in full.
    pub fn shared_principals(&self) -> impl Iterator<Item = String> {
        let from_there = self.trusts.iter().map(|there| format!("krbtgt/{}@{there}", self.realm));
        let to_there = self.trusted_by.iter().map(|there| format!("krbtgt/{there}@{}", self.realm));
        from_there.chain(to_there)
    }
}

/// A user principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RealmUser {
    /// The name of the password.
    pub password: Password,
}

/// A password that a party has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Password {
    /// Nothing between the quotes.
    Empty,
    /// The name of a secret. Two names are two different values.
    Named(String),
}
