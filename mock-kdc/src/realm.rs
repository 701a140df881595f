//! What a realm consists of, as its owner writes it down.

use std::fmt;
use std::time::Duration;

use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;
use zeroize::Zeroizing;

use crate::trust::Trusts;

/// A realm before its keys are made. The defaults are those of Active Directory where it has any: tickets for 10 hours,
/// renewable for 7 days, 5 minutes of clock skew.
#[derive(Debug, Clone)]
pub struct Realm {
    /// `CORP.EXAMPLE.COM`.
    pub name: String,
    /// Encryption types that the KDC uses, and makes keys of unless a principal says otherwise; best first.
    pub etypes: Vec<Etype>,
    /// Principals with passwords.
    pub users: Vec<User>,
    /// Principals with random keys.
    pub services: Vec<Service>,
    /// DNS domains (`.example.com`) and hosts (`db.test`) of the realm, for krb5.conf.
    pub domains: Vec<String>,
    /// How far the KDC's clock is ahead of the caller's, in seconds.
    pub clock_offset_seconds: i64,
    /// The longest life of a ticket.
    pub max_ticket_life: Duration,
    /// For how long a ticket can be renewed at most; zero: no renewable tickets.
    pub max_renewable_life: Duration,
    /// How far a client's clock may be off.
    pub clock_skew: Duration,
    /// Replies by UDP that are longer are refused with error 52, so that the client comes again by TCP. The default is
    /// MIT's, beyond what fits a datagram.
    pub max_datagram_reply: usize,
    /// What it has to do with other realms.
    pub trusts: Trusts,
}

/// A principal with a password.
#[derive(Debug, Clone)]
pub struct User {
    /// The name without the realm: `alice`, `alice/admin`.
    pub name: String,
    /// The password.
    pub password: Password,
    /// The salt of all keys; none: realm and name, as RFC 4120 §4 has it.
    pub salt: Option<Vec<u8>>,
    /// Encryption types of the keys; none: the realm's.
    pub etypes: Option<Vec<Etype>>,
    /// Whether a ticket is given only to who proves the password first.
    pub preauth_required: bool,
    /// A disabled account (error 18).
    pub locked: bool,
    /// When the account ends (error 1).
    pub expires: Option<Timestamp>,
    /// When the password ends (error 23).
    pub password_expires: Option<Timestamp>,
    /// The longest life of this user's tickets, where it is shorter than the realm's.
    pub max_ticket_life: Option<Duration>,
}

/// A principal with random keys.
#[derive(Debug, Clone)]
pub struct Service {
    /// The name without the realm: `postgres/db.test`.
    pub name: String,
    /// Encryption types of the keys; none: the realm's. The first is that of the tickets.
    pub etypes: Option<Vec<Etype>>,
    /// The first key version number.
    pub kvno: u32,
    /// A disabled service (error 7, as MIT has it).
    pub locked: bool,
    /// When the account ends (error 2).
    pub expires: Option<Timestamp>,
    /// The longest life of tickets for this service, where it is shorter than the realm's.
    pub max_ticket_life: Option<Duration>,
}

/// A password; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// How a service's keys are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The next key version number; the KDC keeps the old keys, as `kadmin cpw -keepold`.
    KeepOld,
    /// The next key version number; the old keys are forgotten.
    DropOld,
    /// Other keys under the same number, as when a service account is made anew.
    SameKvno,
}

/// A realm that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRealm {
    /// No encryption type for a principal or the realm.
    #[error("{0} has no encryption types, expected at least one of 17, 18, 19 and 20")]
    NoEtypes(String),
    /// Two principals of one name.
    #[error("principal {0} is there twice")]
    Twice(String),
    /// A name that is no principal, or one of another realm.
    #[error("'{0}' is no principal of the realm, expected name[/instance]")]
    Name(String),
    /// A realm without a name.
    #[error("the realm has no name")]
    NoName,
    /// A realm whose name no krb5.conf can hold.
    #[error("the name of the realm has a blank or a control character, expected one as CORP.EXAMPLE.COM")]
    Blank,
    /// A trust with itself, or with what is no realm.
    #[error("'{0}' is no realm that there can be trust with, expected another one as ONPREM.EXAMPLE.COM")]
    Trust(String),
    /// A service with key version number 0, which stands for any.
    #[error("service {0} has kvno 0, expected 1 or more")]
    Kvno(String),
}

impl Realm {
    /// An empty realm with all four encryption types.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            etypes: vec![Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Aes256Sha384, Etype::Aes128Sha256],
            users: Vec::new(),
            services: Vec::new(),
            domains: Vec::new(),
            clock_offset_seconds: 0,
            max_ticket_life: Duration::from_secs(10 * 3600),
            max_renewable_life: Duration::from_secs(7 * 86_400),
            clock_skew: Duration::from_secs(300),
            max_datagram_reply: 65_536,
            trusts: Trusts::default(),
        }
    }
}

impl User {
    /// A user that needs pre-authentication and has a key of each of the realm's encryption types.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: Password::new(password),
            salt: None,
            etypes: None,
            preauth_required: true,
            locked: false,
            expires: None,
            password_expires: None,
            max_ticket_life: None,
        }
    }
}

impl Service {
    /// A service with a random key of each of the realm's encryption types, kvno 1.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), etypes: None, kvno: 1, locked: false, expires: None, max_ticket_life: None }
    }
}

impl Password {
    /// From its characters.
    #[must_use]
    pub fn new(password: &str) -> Self {
        Self(Zeroizing::new(password.to_owned()))
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password() {
        let mut realm = Realm::new("R");
        realm.users.push(User::new("alice", "SECRET"));
        assert!(!format!("{realm:?}").contains("SECRET"));
    }
}
