//! Secrets of an endpoint: as they are written, and which of them a case needs.

use crate::scenario::party::{Password, Proof};
use crate::scenario::plan::{Case, KinitSecret, Verb};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Secrets as written. What is wrong with one is said without it, whatever has been written in its place.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Zeroizing<String>>, D::Error> {
    let all = match toml::Value::deserialize(deserializer)? {
        toml::Value::Table(all) => all,
        _ => return Err(D::Error::custom("no table of secrets, expected name = \"value\"")),
    };
    all.into_iter()
        .map(|(name, value)| match value {
            toml::Value::String(value) => Ok((name, Zeroizing::new(value))),
            _ => Err(D::Error::custom(format!("the secret {name} is no string, expected one in quotes"))),
        })
        .collect()
}

/// The secrets that a case needs the true value of: those by which a client proves who it is. A password that is wrong on purpose
/// may be any, but with a made-up one in place of a right one the case would only cost failed logins. `has_tickets` says that a
/// kinit is done without a password.
pub(super) fn needed(case: &Case, has_tickets: bool) -> impl Iterator<Item = &str> {
    case.steps.iter().filter_map(move |step| match &step.verb {
        Verb::Connect { from, to, .. } => {
            let client = case.clients.get(from)?;
            let mut proofs = case.servers.get(to)?.accounts.get(&client.login)?.proofs.iter();
            let own = client.password.as_ref().filter(|_| client.offer.password)?;
            let is_right = proofs.any(|proof| match proof {
                Proof::Password { password, .. } => password == own,
                Proof::Kerberos { realm, .. } => {
                    realm.users.get(&client.login).is_some_and(|user| user.password == *own)
                }
                _ => false,
            });
            is_right.then(|| named(own)).flatten()
        }
        Verb::Kinit { user, realm, secret: KinitSecret::Typed(password), .. } => {
            let user = case.realms.get(realm)?.users.get(user)?;
            (!has_tickets && user.password == *password).then(|| named(password)).flatten()
        }
        _ => None,
    })
}

/// The name of a password.
pub(super) fn named(password: &Password) -> Option<&str> {
    match password {
        Password::Named(name) => Some(name),
        Password::Empty => None,
    }
}
