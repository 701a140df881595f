//! Which realms a realm trusts, which trust it, and what it knows of the way to others.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use shakedown_krb5::crypto::Etype;
use shakedown_krb5::transited::Capaths;

use crate::realm::{Flavor, GivenKey, Password, UnknownWord};

/// All that a realm has to do with others. [`Trusts::of`] is a realm that stands alone.
#[derive(Debug, Clone)]
pub struct Trusts {
    /// Realms that this one trusts: their users get in here. The key is that of `krbtgt/HERE@THERE`.
    pub trusts: Vec<Trust>,
    /// Realms that trust this one: our users get in there. The key is that of `krbtgt/THERE@HERE`.
    pub trusted_by: Vec<Trust>,
    /// Ways between realms that are not those of the hierarchy.
    pub paths: Capaths,
    /// Hosts (`db.test`) and domains (`.onprem.example.com`) of other realms, in small letters. Who asks here for a
    /// service there, and allows another answer (CANONICALIZE), is referred to that realm.
    pub hosts: BTreeMap<String, String>,
    /// For which names of services there are referrals.
    pub referred_names: ReferredNames,
    /// What comes after the `@` of names of users of other realms (`onprem.example.com`), in small letters, and their
    /// realms. Who logs in here under such a name is told that realm (68).
    pub users: BTreeMap<String, String>,
    /// What becomes of a client that came through realms where it has no business.
    pub bad_path: BadPath,
}

/// One direction of trust between this realm and another.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The other realm.
    pub realm: String,
    /// What both have.
    pub key: TrustKey,
    /// The key version number.
    pub kvno: u32,
    /// Encryption types of the keys; none: the realm's. The first is that of the tickets.
    pub etypes: Option<Vec<Etype>>,
    /// Whether it holds also for clients that come from beyond the other realm, or go there (28 where not).
    pub transitive: bool,
}

/// What two realms share. `Debug` shows none of it.
#[derive(Clone)]
pub enum TrustKey {
    /// A password, salted with realm and name, as of `kadmin addprinc -pw`.
    Password(Password),
    /// The keys themselves, of any versions, the preferred first. `kvno` and `etypes` say nothing then.
    Keys(Vec<GivenKey>),
}

/// For which names of services there are referrals to other realms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReferredNames {
    /// Names of type NT-SRV-HST and NT-SRV-INST, as MIT's KDC does without being told more.
    #[default]
    HostBased,
    /// Any service at a host, as Active Directory does.
    Any,
}

/// What becomes of a client whose path is not one that leads here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BadPath {
    /// 12 (POLICY), as MIT's KDC has it (`reject_bad_transit`). It holds also for who asks that the path not be checked.
    #[default]
    Policy,
    /// 28 (PATH_NOT_ACCEPTED), as RFC 4120 §3.3.3.2 has it.
    NotAccepted,
    /// It gets a ticket that does not say that the path was checked, and the service has to judge. Active Directory looks at
    /// no path at all (MS-KILE 3.3.5.7.5).
    Issued,
}

impl FromStr for ReferredNames {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "host-based" => Ok(Self::HostBased),
            "any" => Ok(Self::Any),
            _ => Err(UnknownWord::new("kind of referred names", word, &["host-based", "any"])),
        }
    }
}

impl FromStr for BadPath {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "policy" => Ok(Self::Policy),
            "not-accepted" => Ok(Self::NotAccepted),
            "issued" => Ok(Self::Issued),
            _ => Err(UnknownWord::new("end of a bad path", word, &["policy", "not-accepted", "issued"])),
        }
    }
}

impl Trusts {
    /// None, and the rest as a flavor's KDC has it.
    #[must_use]
    pub fn of(flavor: Flavor) -> Self {
        let (referred_names, bad_path) = match flavor {
            Flavor::Mit => (ReferredNames::HostBased, BadPath::Policy),
            Flavor::ActiveDirectory => (ReferredNames::Any, BadPath::Issued),
        };
        Self {
            trusts: Vec::new(),
            trusted_by: Vec::new(),
            paths: Capaths::default(),
            hosts: BTreeMap::new(),
            referred_names,
            users: BTreeMap::new(),
            bad_path,
        }
    }
}

impl Trust {
    /// By a password, kvno 1, transitive.
    #[must_use]
    pub fn by_password(realm: &str, password: &str) -> Self {
        let key = TrustKey::Password(Password::new(password));
        Self { realm: realm.to_owned(), key, kvno: 1, etypes: None, transitive: true }
    }
}

impl fmt::Debug for TrustKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(..)",
            Self::Keys(_) => "Keys(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_krb5::crypto::Key;

    #[test]
    fn debug_shows_no_secret() {
        let key = Key::new(Etype::Aes128Sha1, &[0xab; 16]).unwrap();
        let keys = TrustKey::Keys(vec![GivenKey { kvno: 1, key }]);
        let trusts = Trusts {
            trusts: vec![Trust::by_password("THERE", "SECRET")],
            trusted_by: vec![Trust { key: keys, ..Trust::by_password("THERE", "SECRET") }],
            ..Trusts::of(Flavor::Mit)
        };
        let shown = format!("{trusts:?} {trusts:#?}").to_lowercase();
        for secret in ["secret", "abab", "171"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
