//! Realms, their users and services.

use mock_kdc::{AccountChecks, BadPath, Fast, Flavor, Kind, Preauth, Rule, TicketFlag};
use shakedown_krb5::crypto::Etype;
use std::collections::{BTreeMap, BTreeSet};

/// A Kerberos realm and its KDC.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Realm {
    /// The name of the realm: `CORP.EXAMPLE.COM`.
    pub realm: String,
    /// What its KDC decides, and how.
    pub settings: RealmSettings,
    /// User principals without the realm.
    pub users: BTreeMap<String, RealmUser>,
    /// Service principals without the realm (`postgres/db.test`): those of the case's servers and those written out.
    pub services: BTreeMap<String, RealmService>,
    /// Encryption types that the KDC has, best first, by RFC number. Empty: those of its flavor.
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

    /// Those of them that it shares with the realm of that name.
    pub fn shared_with(&self, there: &str) -> impl Iterator<Item = String> {
        let (from_there, to_there) =
            (format!("krbtgt/{}@{there}", self.realm), format!("krbtgt/{there}@{}", self.realm));
        self.shared_principals().filter(move |principal| [&from_there, &to_there].contains(&principal))
    }

    /// Whether it, or one of its principals, is to have RC4, which some programs use only if they are told to.
    #[must_use]
    pub fn names_rc4(&self) -> bool {
        let of_users = self.users.values().flat_map(|user| &user.account.etypes);
        let of_services = self.services.values().flat_map(|service| &service.account.etypes);
        self.etypes.iter().chain(of_users).chain(of_services).any(|number| *number == Etype::Rc4Hmac.number())
    }
}

/// What a KDC decides, as [`mock_kdc::Realm`] has it. `None`: as its flavor does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RealmSettings {
    /// What the KDC is like.
    pub flavor: Flavor,
    /// Whether users that say nothing of their own have to prove their password first.
    pub preauth: Option<Preauth>,
    /// Whether case does not matter in names.
    pub case_insensitive: Option<bool>,
    /// Whether stored names are told to who asks for them.
    pub canonicalize: Option<bool>,
    /// Whether names of type 10 are looked up.
    pub enterprise_names: Option<bool>,
    /// Suffixes of enterprise names beside the realm's name.
    pub upn_suffixes: Vec<String>,
    /// Whether tickets carry a PAC.
    pub pac: Option<bool>,
    /// Whether FAST is offered or demanded.
    pub fast: Option<Fast>,
    /// For how long a ticket can be renewed.
    pub renewable_lifetime_seconds: Option<u32>,
    /// How far a client's clock may be off.
    pub clock_skew_seconds: Option<u32>,
    /// Longer replies by UDP become error 52.
    pub max_datagram_reply_octets: Option<u32>,
    /// After how many wrong passwords an account is locked.
    pub lockout: Option<Lockout>,
    /// Whether there is WELLKNOWN/ANONYMOUS.
    pub anonymous: Option<bool>,
    /// Whether tickets may begin later.
    pub postdated: Option<bool>,
    /// Whether tickets may be under the session key of another ticket-granting ticket.
    pub user_to_user: Option<bool>,
    /// Kinds of tickets that nobody gets.
    pub refused_flags: Vec<TicketFlag>,
    /// Whether errors say an NTSTATUS.
    pub error_data: Option<bool>,
    /// When the state of an account is told.
    pub account_checks: Option<AccountChecks>,
    /// What becomes of who came on a path that is not the realm's.
    pub bad_path: Option<BadPath>,
    /// Suffixes of enterprise names of users of other realms, and these realms.
    pub users_elsewhere: BTreeMap<String, String>,
}

/// When and for how long wrong passwords lock an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lockout {
    /// So many lock it; 1 or more.
    pub attempts: u32,
    /// After so long the count begins anew; 0: never.
    pub window_seconds: u32,
    /// For so long it is locked; 0: until somebody unlocks it.
    pub duration_seconds: u32,
}

/// A user principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RealmUser {
    /// The name of the password.
    pub password: Password,
    /// A person or a machine.
    pub kind: Kind,
    /// The user principal name.
    pub upn: Option<String>,
    /// The salt of the keys; none: as the flavor makes it.
    pub salt: Option<String>,
    /// Whether the password is to be proven first; none: as the realm has it.
    pub preauth: Option<Preauth>,
    /// Locked as by wrong passwords.
    pub locked_out: bool,
    /// When the password ends, in seconds from the base clock's time at the start of the case.
    pub password_expires_seconds: Option<i64>,
    /// Whether the password has to be changed first.
    pub must_change_password: bool,
    /// How many former passwords do not count as wrong.
    pub password_history: u32,
    /// What it has in common with services.
    pub account: AccountSettings,
}

/// A service principal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RealmService {
    /// Encryption types that session keys for it may have; empty: those of its keys.
    pub session_etypes: Vec<i32>,
    /// Whether it has no key at all.
    pub keyless: bool,
    /// Whether there are only tickets under another ticket's session key for it.
    pub user_to_user_only: bool,
    /// What it has in common with users.
    pub account: AccountSettings,
}

/// What users and services have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AccountSettings {
    /// Other names of the account.
    pub aliases: Vec<String>,
    /// Encryption types of the keys; empty: the realm's.
    pub etypes: Vec<i32>,
    /// Switched off.
    pub disabled: bool,
    /// From when on it is an account, in seconds from the base clock's time at the start of the case.
    pub valid_from_seconds: Option<i64>,
    /// When it ends, likewise.
    pub expires_seconds: Option<i64>,
    /// The longest life of its tickets.
    pub ticket_lifetime_seconds: Option<u32>,
    /// For how long its tickets can be renewed.
    pub renewable_lifetime_seconds: Option<u32>,
    /// Kinds of tickets that it does not get.
    pub refused_flags: Vec<TicketFlag>,
}

/// A password that a party has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Password {
    /// Nothing between the quotes.
    Empty,
    /// The name of a secret. Two names are two different values.
    Named(String),
}

impl RealmUser {
    /// A user with nothing out of the ordinary.
    #[must_use]
    pub fn new(password: Password) -> Self {
        Self {
            password,
            kind: Kind::User,
            upn: None,
            salt: None,
            preauth: None,
            locked_out: false,
            password_expires_seconds: None,
            must_change_password: false,
            password_history: 0,
            account: AccountSettings::default(),
        }
    }
}
