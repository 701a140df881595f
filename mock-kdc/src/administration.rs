//! Changes to the accounts of a running KDC, as an administrator makes them.

use shakedown_krb5::{Random, Timestamp};

use crate::database::{Account, Database};
use crate::kdc::{Kdc, UnknownPrincipal};
use crate::realm::{InvalidRealm, Kind, Password, Preauth, Rotation, Service, User};

/// One thing that is changed about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alteration {
    /// Switched off or on again: error 18 for a client; for a service 7, in an Active Directory 19.
    Disabled(bool),
    /// Locked as if by wrong passwords (error 18), or unlocked: the count of wrong passwords begins anew.
    LockedOut(bool),
    /// From when on it is an account (errors 21 and 22).
    ValidFrom(Option<Timestamp>),
    /// When it ends (errors 1 and 2).
    Expires(Option<Timestamp>),
    /// When its password ends (error 23).
    PasswordExpires(Option<Timestamp>),
    /// Whether its password has to be changed first (error 23).
    MustChangePassword(bool),
    /// Whether the password is to be proven before there is a ticket.
    Preauth(Preauth),
}

/// What an administrator sees of an account; no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The stored name: `alice@CORP.EXAMPLE.COM`.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// The user principal name.
    pub upn: Option<String>,
    /// The last part of its SID; services have none.
    pub rid: Option<u32>,
    /// RIDs of its groups beside domain users.
    pub groups: Vec<u32>,
    /// The version of its newest keys.
    pub kvno: u32,
    /// Their encryption types, the preferred first.
    pub etypes: Vec<i32>,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Whether wrong passwords, or somebody in their place, have locked it at this time of the caller's.
    pub locked_out: bool,
}

impl Kdc {
    /// All accounts, in the order in which they were made. `now` is the caller's time.
    #[must_use]
    pub fn accounts(&self, now: Timestamp) -> Vec<Described> {
        let now = now.offset_seconds(self.clock_offset());
        let describe = |account: &Account| Described {
            name: account.principal.to_string(),
            kind: account.kind,
            upn: account.upn.clone(),
            rid: account.rid,
            groups: account.groups.clone(),
            kvno: account.newest().kvno,
            etypes: account.newest().keys.iter().map(|key| key.etype().number()).collect(),
            disabled: account.disabled,
            locked_out: account.attempts.is_locked(self.realm().lockout, now),
        };
        self.read_database(|database| database.accounts().iter().map(describe).collect())
    }

    /// Changes an account; the next request sees it.
    ///
    /// # Errors
    /// The realm has no such principal.
    pub fn alter(&self, principal: &str, alteration: Alteration) -> Result<(), UnknownPrincipal> {
        self.change(principal, |account| match alteration {
            Alteration::Disabled(disabled) => account.disabled = disabled,
            Alteration::LockedOut(locked) => account.attempts.set_locked(locked),
            Alteration::ValidFrom(time) => account.valid_from = time,
            Alteration::Expires(time) => account.expires = time,
            Alteration::PasswordExpires(time) => account.password_expires = time,
            Alteration::MustChangePassword(must) => account.must_change_password = must,
            Alteration::Preauth(preauth) => account.preauth_required = preauth == Preauth::Required,
        })
    }

    /// Replaces a password and with it the keys, of the same encryption types and with the same salt; returns their kvno.
    /// The account is unlocked, and the password has no end and need not be changed any more.
    ///
    /// # Errors
    /// The realm has no such principal.
    pub fn set_password(
        &self,
        principal: &str,
        password: &Password,
        rotation: Rotation,
    ) -> Result<u32, UnknownPrincipal> {
        self.change(principal, |account| account.set_password(password, rotation))
    }

    /// Adds a user.
    ///
    /// # Errors
    /// There is one of that name, or it cannot be.
    pub fn add_user(&self, user: &User) -> Result<(), InvalidRealm> {
        self.write_database(|database: &mut Database| database.add_user(self.realm(), user))
    }

    /// Adds a service.
    ///
    /// # Errors
    /// There is one of that name, or it cannot be.
    pub fn add_service(&self, service: &Service, random: &mut dyn Random) -> Result<(), InvalidRealm> {
        self.write_database(|database: &mut Database| database.add_service(self.realm(), service, random))
    }
}
