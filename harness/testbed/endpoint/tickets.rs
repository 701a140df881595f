//! Tickets, or the keys to get them, that an endpoint's file supplies in place of passwords.

use crate::error::Error;
use shakedown_krb5::ccache::CredentialCache;
use shakedown_krb5::client::Secret;
use shakedown_krb5::keytab::Keytab;
use shakedown_krb5::{Credential, Principal};
use std::fmt;
use std::path::Path;

/// What stands in place of a kinit with a password. `Debug` prints which file it is.
#[derive(Clone)]
pub enum Tickets {
    /// A credential cache: no KDC is asked for the first ticket.
    Cache(CredentialCache, String),
    /// A keytab: a KDC is asked, and no password typed.
    Keytab(Keytab, String),
}

impl Tickets {
    /// Reads a credential cache file.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn cache(file: &str) -> Result<Self, Error> {
        let octets = read(file)?;
        let cache = CredentialCache::read(&octets).map_err(|problem| cannot(file, &problem))?;
        Ok(Self::Cache(cache, file.to_owned()))
    }

    /// Reads a keytab.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn keytab(file: &str) -> Result<Self, Error> {
        let octets = read(file)?;
        let keytab = Keytab::read(&octets).map_err(|problem| cannot(file, &problem))?;
        Ok(Self::Keytab(keytab, file.to_owned()))
    }

    /// Why there is nothing in it for somebody, if so.
    #[must_use]
    pub fn lacks(&self, principal: &Principal) -> Option<String> {
        match self {
            Self::Cache(_, file) if self.tickets(principal).is_empty() => {
                Some(format!("the credential cache {file} holds no ticket-granting ticket of {principal}"))
            }
            Self::Keytab(_, file) if self.secret(principal).is_none() => {
                Some(format!("the keytab {file} holds no key of {principal}"))
            }
            Self::Cache(..) | Self::Keytab(..) => None,
        }
    }

    /// The tickets of somebody; none if there is no ticket-granting ticket among them.
    #[must_use]
    pub fn tickets(&self, principal: &Principal) -> Vec<Credential> {
        let Self::Cache(cache, _) = self else { return Vec::new() };
        let own = cache.tickets().filter_map(|record| record.credential()).filter(|found| found.client == *principal);
        let own: Vec<Credential> = own.collect();
        let initial = |ticket: &Credential| ticket.server.krbtgt_realm() == Some(&*principal.realm);
        if own.iter().any(initial) { own } else { Vec::new() }
    }

    /// The keys of somebody.
    #[must_use]
    pub fn secret(&self, principal: &Principal) -> Option<Secret> {
        match self {
            Self::Keytab(keytab, _) => Secret::from_keytab(keytab, principal),
            Self::Cache(..) => None,
        }
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache(_, file) => f.debug_tuple("Cache").field(file).finish(),
            Self::Keytab(_, file) => f.debug_tuple("Keytab").field(file).finish(),
        }
    }
}

fn read(file: &str) -> Result<Vec<u8>, Error> {
    // libkrb5 writes the kind before the name.
    let path = file.strip_prefix("FILE:").unwrap_or(file);
    std::fs::read(Path::new(path)).map_err(|problem| cannot(file, &problem))
}

fn cannot(file: &str, problem: &dyn fmt::Display) -> Error {
    Error::Environment(format!("cannot read {file}: {problem}"))
}
