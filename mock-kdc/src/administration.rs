//! Changes to the accounts of a running KDC, as an administrator makes them.

use shakedown_krb5::crypto::Etype;
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

/// An account as an administrator sees it: no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalState {
    /// With its realm.
    pub name: String,
    /// User or computer; services are users.
    pub kind: Kind,
    /// Key version numbers, the newest first, with the encryption types of their keys.
    pub keys: Vec<(u32, Vec<Etype>)>,
    /// Whether the password is to be proven before there is a ticket.
    pub preauth: Preauth,
    /// Switched off.
    pub disabled: bool,
    /// Locked by wrong passwords, or as if.
    pub locked_out: bool,
    /// From when on it is an account.
    pub valid_from: Option<Timestamp>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When its password ends.
    pub password_expires: Option<Timestamp>,
    /// Whether its password has to be changed first.
    pub must_change_password: bool,
}

impl Kdc {
    /// All accounts, in the order in which they were made. `now` is the caller's time in seconds since 1970: a lock may
    /// have passed.
    #[must_use]
    pub fn principals(&self, now: i64) -> Vec<PrincipalState> {
        self.read_database(|database| database.accounts().map(|account| self.state(account, now)).collect())
    }

    /// One account.
    ///
    /// # Errors
    /// The realm has no such principal.
    pub fn principal_state(&self, principal: &str, now: i64) -> Result<PrincipalState, UnknownPrincipal> {
        let name = self.principal(principal)?;
        let found = self.read_database(|database| database.find(&name).map(|account| self.state(account, now)));
        found.ok_or_else(|| self.unknown(principal))
    }

    /// Takes an account out, with all of its names and keys.
    ///
    /// # Errors
    /// The realm has no such principal.
    pub fn remove(&self, principal: &str) -> Result<(), UnknownPrincipal> {
        let name = self.principal(principal)?;
        let was_there = self.write_database(|database| database.remove(&name));
        if was_there { Ok(()) } else { Err(self.unknown(principal)) }
    }

    fn state(&self, account: &Account, now: i64) -> PrincipalState {
        let now = Timestamp::from_seconds(now).offset_seconds(self.clock_offset());
        PrincipalState {
            name: account.principal.to_string(),
            kind: account.kind,
            keys: account.versions().collect(),
            preauth: if account.preauth_required { Preauth::Required } else { Preauth::NotRequired },
            disabled: account.disabled,
            locked_out: account.attempts.is_locked(self.realm().lockout, now),
            valid_from: account.valid_from,
            expires: account.expires,
            password_expires: account.password_expires,
            must_change_password: account.must_change_password,
        }
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
        let name = self.principal(principal)?;
        let derive = self.read_database(|database| database.find(&name).map(|account| account.keys_of(password)));
        // Requests are answered meanwhile: a password takes thousands of rounds.
        let keys = derive.ok_or_else(|| self.unknown(principal))?();
        self.change(principal, |account| account.set_password_keys(keys, rotation))
    }

    /// Adds a user.
    ///
    /// # Errors
    /// There is one of that name, or it cannot be.
    pub fn add_user(&self, user: &User) -> Result<(), InvalidRealm> {
        let account = Database::user(self.realm(), user)?;
        self.write_database(|database: &mut Database| database.add_user(self.realm(), user, account))
    }

    /// Adds a service.
    ///
    /// # Errors
    /// There is one of that name, or it cannot be.
    pub fn add_service(&self, service: &Service, random: &mut dyn Random) -> Result<(), InvalidRealm> {
        self.write_database(|database: &mut Database| database.add_service(self.realm(), service, random))
    }
}
