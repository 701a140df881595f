//! What a realm file says of other realms.

use std::collections::BTreeMap;

use shakedown_krb5::transited::Capaths;
use toml::Spanned;

use super::InvalidFile;
use super::place::Place;
use super::written::{PathEntry, TrustEntry};
use crate::trust::{Trust, TrustKey, Trusts};

/// All of it, as written.
pub(super) struct Written {
    pub(super) trusts: Vec<TrustEntry>,
    pub(super) trusted_by: Vec<TrustEntry>,
    pub(super) paths: Vec<PathEntry>,
    pub(super) hosts: BTreeMap<String, String>,
    pub(super) referred_names: Option<Spanned<String>>,
    pub(super) users: BTreeMap<String, String>,
    pub(super) bad_path: Option<Spanned<String>>,
}

/// What is meant by it.
pub(super) fn understood(
    place: &Place<'_>,
    here: &str,
    written: Written,
    defaults: &Trusts,
) -> Result<Trusts, InvalidFile> {
    let Written { trusts, trusted_by, paths, hosts, referred_names, users, bad_path } = written;
    let lower = |names: BTreeMap<String, String>| {
        names.into_iter().map(|(name, realm)| (name.to_ascii_lowercase(), realm)).collect()
    };
    let all = |entries: Vec<TrustEntry>| {
        entries.into_iter().map(|entry| trust(place, here, entry)).collect::<Result<Vec<_>, _>>()
    };
    Ok(Trusts {
        trusts: all(trusts)?,
        trusted_by: all(trusted_by)?,
        paths: paths.into_iter().fold(Capaths::default(), |paths, PathEntry { from, to, through }| {
            paths.with(from.as_bytes(), to.as_bytes(), through.iter().map(String::as_bytes))
        }),
        hosts: lower(hosts),
        referred_names: place.word(referred_names.as_ref())?.unwrap_or(defaults.referred_names),
        users: lower(users),
        bad_path: place.word(bad_path.as_ref())?.unwrap_or(defaults.bad_path),
    })
}

fn trust(place: &Place<'_>, here: &str, entry: TrustEntry) -> Result<Trust, InvalidFile> {
    let TrustEntry { realm, password, keys, kvno, etypes, transitive } = entry;
    let keys = place.keys("", here, None, keys)?;
    let key = match (password, keys.is_empty()) {
        (Some(password), true) => TrustKey::Password(password),
        (None, false) => TrustKey::Keys(keys),
        _ => {
            let problem = "a trust without a shared key, or with two, expected `password` or `keys`".to_owned();
            return Err(place.invalid(&realm, problem));
        }
    };
    Ok(Trust {
        realm: realm.into_inner(),
        key,
        kvno: kvno.unwrap_or(1),
        etypes: place.etypes(etypes)?,
        transitive: transitive.unwrap_or(true),
    })
}
