//! Trust in realm files, as written.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::transited::Capaths;

use super::settings::{BadPath, ReferredNames, Trust, TrustKey, Trusts};
use crate::realm::Password;

/// One entry of `[[trusts]]` or `[[trusted_by]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustEntry {
    realm: String,
    #[serde(deserialize_with = "crate::realm_file::password")]
    password: Password,
    kvno: Option<u32>,
    #[serde(default, deserialize_with = "etypes")]
    etypes: Option<Vec<Etype>>,
    transitive: Option<bool>,
}

/// One entry of `[[paths]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathEntry {
    from: String,
    to: String,
    #[serde(default)]
    through: Vec<String>,
}

/// `bad_path`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BadPathWord {
    Policy,
    NotAccepted,
    Issued,
}

/// `referred_names`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReferredNamesWord {
    HostBased,
    Any,
}

/// All keys of a realm file that are about other realms.
pub(crate) struct Written {
    pub(crate) trusts: Vec<TrustEntry>,
    pub(crate) trusted_by: Vec<TrustEntry>,
    pub(crate) paths: Vec<PathEntry>,
    pub(crate) hosts: BTreeMap<String, String>,
    pub(crate) referred_names: Option<ReferredNamesWord>,
    pub(crate) users: BTreeMap<String, String>,
    pub(crate) bad_path: Option<BadPathWord>,
}

impl Written {
    pub(crate) fn understood(self, defaults: &Trusts) -> Trusts {
        let Self { trusts, trusted_by, paths, hosts, referred_names, users, bad_path } = self;
        let lower = |names: BTreeMap<String, String>| {
            names.into_iter().map(|(name, realm)| (name.to_ascii_lowercase(), realm)).collect()
        };
        Trusts {
            trusts: trusts.into_iter().map(Trust::from).collect(),
            trusted_by: trusted_by.into_iter().map(Trust::from).collect(),
            paths: paths.into_iter().fold(Capaths::default(), |paths, PathEntry { from, to, through }| {
                paths.with(from.as_bytes(), to.as_bytes(), through.iter().map(String::as_bytes))
            }),
            hosts: lower(hosts),
            referred_names: referred_names.map_or(defaults.referred_names, |word| match word {
                ReferredNamesWord::HostBased => ReferredNames::HostBased,
                ReferredNamesWord::Any => ReferredNames::Any,
            }),
            users: lower(users),
            bad_path: bad_path.map_or(defaults.bad_path, |word| match word {
                BadPathWord::Policy => BadPath::Policy,
                BadPathWord::NotAccepted => BadPath::NotAccepted,
                BadPathWord::Issued => BadPath::Issued,
            }),
        }
    }
}

impl From<TrustEntry> for Trust {
    fn from(entry: TrustEntry) -> Self {
        let TrustEntry { realm, password, kvno, etypes, transitive } = entry;
        Self {
            realm,
            key: TrustKey::Password(password),
            kvno: kvno.unwrap_or(1),
            etypes,
            transitive: transitive.unwrap_or(true),
        }
    }
}

fn etypes<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Vec<Etype>>, D::Error> {
    use serde::de::Error as _;
    let allowed = || Etype::ALL.map(Etype::name).join(", ");
    let names = Vec::<String>::deserialize(value)?;
    if names.is_empty() {
        return Err(D::Error::custom(format!("no encryption type, expected one or more of {}", allowed())));
    }
    let etype = |name: &String| {
        Etype::ALL
            .into_iter()
            .find(|etype| etype.name() == name)
            .ok_or_else(|| D::Error::custom(format!("unknown encryption type '{name}', expected one of {}", allowed())))
    };
    names.iter().map(etype).collect::<Result<_, _>>().map(Some)
}
