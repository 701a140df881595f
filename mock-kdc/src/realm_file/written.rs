//! A realm file as it is written. Nothing is decided here but what a TOML value can be.

use std::collections::BTreeMap;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use zeroize::Zeroizing;

use crate::realm::Password;

/// A word or number, with the place where it stands.
type Word = Spanned<String>;
type Words = Spanned<Vec<Word>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) realm: String,
    pub(super) flavor: Option<Word>,
    pub(super) etypes: Option<Words>,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    #[serde(default)]
    pub(super) clock_offset_seconds: i64,
    pub(super) preauth: Option<Word>,
    pub(super) case_insensitive: Option<bool>,
    pub(super) canonicalize: Option<bool>,
    pub(super) enterprise_names: Option<bool>,
    #[serde(default)]
    pub(super) upn_suffixes: Vec<String>,
    pub(super) pac: Option<bool>,
    pub(super) fast: Option<Word>,
    pub(super) ticket_lifetime: Option<Word>,
    pub(super) renewable_lifetime: Option<Word>,
    pub(super) clock_skew: Option<Word>,
    pub(super) max_datagram_reply_octets: Option<usize>,
    pub(super) lockout: Option<Spanned<u32>>,
    pub(super) lockout_window: Option<Word>,
    pub(super) lockout_duration: Option<Word>,
    pub(super) anonymous: Option<bool>,
    pub(super) postdated: Option<bool>,
    pub(super) user_to_user: Option<bool>,
    pub(super) refused_flags: Option<Words>,
    pub(super) error_data: Option<bool>,
    pub(super) account_checks: Option<Word>,
    pub(super) all_etypes_in_hints: Option<bool>,
    pub(super) reply_key_version: Option<bool>,
    #[serde(default)]
    pub(super) deviations: Vec<Word>,
    #[serde(default)]
    pub(super) users: Vec<UserEntry>,
    #[serde(default)]
    pub(super) services: Vec<ServiceEntry>,
    #[serde(default)]
    pub(super) trusts: Vec<TrustEntry>,
    #[serde(default)]
    pub(super) trusted_by: Vec<TrustEntry>,
    #[serde(default)]
    pub(super) paths: Vec<PathEntry>,
    #[serde(default)]
    pub(super) hosts_elsewhere: BTreeMap<String, String>,
    pub(super) referred_names: Option<Word>,
    #[serde(default)]
    pub(super) users_elsewhere: BTreeMap<String, String>,
    pub(super) bad_path: Option<Word>,
}

/// A realm that is trusted, or that trusts this one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustEntry {
    pub(super) realm: Word,
    #[serde(default, deserialize_with = "password")]
    pub(super) password: Option<Password>,
    #[serde(default)]
    pub(super) keys: Vec<KeyEntry>,
    pub(super) kvno: Option<u32>,
    pub(super) etypes: Option<Words>,
    pub(super) transitive: Option<bool>,
}

/// A way between realms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PathEntry {
    pub(super) from: String,
    pub(super) to: String,
    #[serde(default)]
    pub(super) through: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    pub(super) name: Word,
    pub(super) kind: Option<Word>,
    pub(super) upn: Option<String>,
    #[serde(default)]
    pub(super) aliases: Vec<Word>,
    #[serde(default, deserialize_with = "password")]
    pub(super) password: Option<Password>,
    pub(super) keytab: Option<Word>,
    #[serde(default)]
    pub(super) keys: Vec<KeyEntry>,
    pub(super) salt: Option<String>,
    pub(super) etypes: Option<Words>,
    pub(super) session_etypes: Option<Words>,
    pub(super) kvno: Option<u32>,
    pub(super) preauth: Option<Word>,
    #[serde(alias = "locked")]
    pub(super) disabled: Option<bool>,
    pub(super) locked_out: Option<bool>,
    pub(super) valid_from: Option<Spanned<Moment>>,
    pub(super) expires: Option<Spanned<Moment>>,
    pub(super) password_expires: Option<Spanned<Moment>>,
    pub(super) must_change_password: Option<bool>,
    pub(super) password_history: Option<u32>,
    pub(super) ticket_lifetime: Option<Word>,
    pub(super) renewable_lifetime: Option<Word>,
    pub(super) refused_flags: Option<Words>,
    pub(super) rid: Option<u32>,
    #[serde(default)]
    pub(super) groups: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntry {
    pub(super) name: Word,
    #[serde(default)]
    pub(super) aliases: Vec<Word>,
    pub(super) keytab: Option<Word>,
    #[serde(default)]
    pub(super) keys: Vec<KeyEntry>,
    pub(super) etypes: Option<Words>,
    pub(super) session_etypes: Option<Words>,
    pub(super) kvno: Option<u32>,
    pub(super) keyless: Option<bool>,
    pub(super) user_to_user_only: Option<bool>,
    #[serde(alias = "locked")]
    pub(super) disabled: Option<bool>,
    pub(super) valid_from: Option<Spanned<Moment>>,
    pub(super) expires: Option<Spanned<Moment>>,
    pub(super) ticket_lifetime: Option<Word>,
    pub(super) renewable_lifetime: Option<Word>,
    pub(super) refused_flags: Option<Words>,
}

/// A key, as hexadecimal digits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyEntry {
    pub(super) etype: Word,
    pub(super) kvno: Option<u32>,
    #[serde(deserialize_with = "digits")]
    pub(super) key: Zeroizing<String>,
}

/// Seconds since 1970, or a time relative to the start: `-1h`.
pub(super) enum Moment {
    Seconds(i64),
    Relative(String),
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Moment;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("seconds since 1970, or a time from now as \"-1h\"")
            }

            fn visit_i64<E>(self, seconds: i64) -> Result<Moment, E> {
                Ok(Moment::Seconds(seconds))
            }

            fn visit_str<E>(self, text: &str) -> Result<Moment, E> {
                Ok(Moment::Relative(text.to_owned()))
            }
        }

        value.deserialize_any(Either)
    }
}

/// Takes any value, so that what is no string is refused without being quoted.
fn password<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Password>, D::Error> {
    match toml::Value::deserialize(value)? {
        toml::Value::String(password) => Ok(Some(Password::new(&password))),
        _ => Err(D::Error::custom("a password that is no string, expected one in quotes")),
    }
}

/// As above.
fn digits<'de, D: Deserializer<'de>>(value: D) -> Result<Zeroizing<String>, D::Error> {
    match toml::Value::deserialize(value)? {
        toml::Value::String(digits) => Ok(Zeroizing::new(digits)),
        _ => Err(D::Error::custom("a key that is no string, expected hexadecimal digits in quotes")),
    }
}
