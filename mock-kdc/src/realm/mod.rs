//! What a realm consists of, as its owner writes it down.

mod flavor;
mod keys;
mod lockout;
mod service;
mod ticket_flag;
mod user;

use std::fmt;
use std::time::Duration;

use shakedown_krb5::crypto::Etype;
use zeroize::Zeroizing;

use crate::trust::Trusts;

pub use flavor::{AccountChecks, Fast, Flavor, Preauth, UnknownWord};
pub use keys::GivenKey;
pub use lockout::Lockout;
pub use service::Service;
pub use ticket_flag::TicketFlag;
pub use user::{Kind, User};

/// A realm before its keys are made. [`Realm::of`] gives all settings the defaults of a flavor; each can be set apart
/// from it.
#[derive(Debug, Clone)]
pub struct Realm {
    /// `CORP.EXAMPLE.COM`.
    pub name: String,
    /// What the KDC imitates where nothing else is said: which code tells what, and what is stricter.
    pub flavor: Flavor,
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
    /// Whether users that say nothing of their own have to prove their password before they get a ticket.
    pub preauth: Preauth,
    /// Whether `ALICE` and `alice` are the same name. The KDC tells the stored salt, and the stored name to who asks for
    /// it (`canonicalize`).
    pub case_insensitive: bool,
    /// Whether a client that asks for it (KDC option 15, RFC 6806 §3) is told the canonical name of an account that it
    /// reached by another one, and may reach services by their aliases in its tickets. Without it, aliases are names.
    pub canonicalize: bool,
    /// Whether names of type 10, `user@suffix` in one component, are looked up (RFC 6806 §5).
    pub enterprise_names: bool,
    /// Suffixes of enterprise names that belong to the realm beside its own name: `example.com`.
    pub upn_suffixes: Vec<String>,
    /// Whether tickets carry a PAC.
    pub pac: bool,
    /// Whether FAST is offered or demanded (RFC 6113).
    pub fast: Fast,
    /// The longest life of a ticket.
    pub ticket_lifetime: Duration,
    /// For how long a ticket can be renewed at most; zero: no renewable tickets.
    pub renewable_lifetime: Duration,
    /// How far a client's clock may be off.
    pub clock_skew: Duration,
    /// Replies by UDP that are longer are refused with error 52, so that the client comes again by TCP.
    pub max_datagram_reply_octets: usize,
    /// After how many wrong passwords an account is locked; `None`: never.
    pub lockout: Option<Lockout>,
    /// Whether WELLKNOWN/ANONYMOUS may get tickets (RFC 8062). Without PKINIT nobody can prove to be it, and so the only
    /// difference is the error: 12 where it is not allowed, 25 where it is.
    pub anonymous: bool,
    /// Whether tickets may begin later than now (KDC options 5 and 6; RFC 4120 §2.4).
    pub postdated: bool,
    /// Whether tickets may be under the session key of another ticket-granting ticket (RFC 4120 §2.9.2).
    pub user_to_user: bool,
    /// Kinds of tickets that nobody gets.
    pub refused_flags: Vec<TicketFlag>,
    /// Whether errors say an NTSTATUS beside their code (KERB-ERROR-DATA, MS-KILE 2.2.1).
    pub error_data: bool,
    /// Whether the state of an account is told to who has not proven the password.
    pub account_checks: AccountChecks,
    /// Whether ETYPE-INFO2 has an entry for each key that the client could use (Active Directory, Heimdal), or only one
    /// for the key that the KDC would use (MIT).
    pub all_etypes_in_hints: bool,
    /// Whether the encrypted part of replies says the version of the client's key.
    pub reply_key_version: bool,
    /// What it has to do with other realms.
    pub trusts: Trusts,
}

/// A password; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// How the keys of a principal are replaced.
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
    #[error("{0} has no encryption types, expected at least one of 17, 18, 19, 20 and 23")]
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
    /// A principal with key version number 0, which stands for any.
    #[error("principal {0} has kvno 0, expected 1 or more")]
    Kvno(String),
    /// A computer whose name does not end as theirs do.
    #[error("computer {0} has no name of a computer, expected one that ends with $ and has no /")]
    Computer(String),
    /// A user principal name without a suffix.
    #[error("'{0}' is no user principal name, expected name@suffix")]
    Upn(String),
}

impl Realm {
    /// An empty realm as MIT's KDC makes one, with all encryption types but RC4.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::of(Flavor::Mit, name)
    }

    /// An empty realm with the defaults of a flavor.
    #[must_use]
    pub fn of(flavor: Flavor, name: &str) -> Self {
        let is_ad = flavor == Flavor::ActiveDirectory;
        Self {
            name: name.to_owned(),
            flavor,
            etypes: flavor.etypes(),
            users: Vec::new(),
            services: Vec::new(),
            domains: Vec::new(),
            clock_offset_seconds: 0,
            preauth: Preauth::Required,
            case_insensitive: is_ad,
            canonicalize: is_ad,
            enterprise_names: is_ad,
            upn_suffixes: Vec::new(),
            pac: is_ad,
            fast: Fast::No,
            // MIT's own default is 24 hours; 10 are Active Directory's and what most realms of MIT's are given.
            ticket_lifetime: Duration::from_secs(10 * 3600),
            renewable_lifetime: Duration::from_secs(7 * 86_400),
            clock_skew: Duration::from_secs(300),
            // MIT's is beyond what fits a datagram, so that it never says 52 by default.
            max_datagram_reply_octets: if is_ad { 1465 } else { 65_536 },
            lockout: None,
            anonymous: false,
            postdated: !is_ad,
            user_to_user: true,
            refused_flags: Vec::new(),
            error_data: is_ad,
            account_checks: if is_ad { AccountChecks::PasswordAgeAfterProof } else { AccountChecks::BeforeProof },
            all_etypes_in_hints: is_ad,
            reply_key_version: is_ad,
            trusts: Trusts::of(flavor),
        }
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
    fn debug_shows_no_password_and_no_key() {
        let mut realm = Realm::new("R");
        realm.users.push(User::new("alice", "SECRET"));
        let key = shakedown_krb5::crypto::Key::new(Etype::Aes128Sha1, &[0xa5; 16]).unwrap();
        realm.services.push(Service { keys: vec![GivenKey { kvno: 3, key }], ..Service::new("postgres/db.test") });
        let shown = format!("{realm:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("165") && !shown.contains("a5a5"), "{shown}");
    }

    #[test]
    fn a_flavor_sets_what_the_two_differ_in() {
        let (mit, ad) = (Realm::new("R"), Realm::of(Flavor::ActiveDirectory, "R"));
        assert_eq!((mit.flavor, mit.case_insensitive, mit.pac, mit.error_data), (Flavor::Mit, false, false, false));
        assert_eq!((ad.case_insensitive, ad.pac, ad.error_data, ad.enterprise_names), (true, true, true, true));
        assert_eq!((mit.max_datagram_reply_octets, ad.max_datagram_reply_octets), (65_536, 1465));
        assert!(mit.postdated && !ad.postdated);
    }
}
