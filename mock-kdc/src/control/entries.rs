//! Bodies about principals, as they are written.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;

use super::refusal::Refusal;
use crate::administration::Alteration;
use crate::realm::{Kind, Password, Preauth, Rotation, Service, User};

/// A principal to be added. With a password it is a user or a computer, without one a service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPrincipal {
    pub(super) name: String,
    #[serde(default, deserialize_with = "password")]
    password: Option<Password>,
    kind: Option<String>,
    salt: Option<String>,
    etypes: Option<Vec<String>>,
    kvno: Option<u32>,
    #[serde(default)]
    aliases: Vec<String>,
    upn: Option<String>,
    preauth: Option<String>,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    locked_out: bool,
    valid_from: Option<i64>,
    expires: Option<i64>,
    password_expires: Option<i64>,
    #[serde(default)]
    must_change_password: bool,
}

/// What is to be added.
pub(super) enum Added {
    User(Box<User>),
    Service(Box<Service>),
}

impl NewPrincipal {
    pub(super) fn read(self) -> Result<Added, Refusal> {
        let Self {
            name,
            password,
            kind,
            salt,
            etypes,
            kvno,
            aliases,
            upn,
            preauth,
            disabled,
            locked_out,
            valid_from,
            expires,
            password_expires,
            must_change_password,
        } = self;
        let etypes = etypes.map(|names| names.iter().map(|name| etype(name)).collect::<Result<_, _>>()).transpose()?;
        let (valid_from, expires) = (valid_from.map(Timestamp::from_seconds), expires.map(Timestamp::from_seconds));
        let Some(password) = password else {
            let of_users = [
                ("kind", kind.is_some()),
                ("salt", salt.is_some()),
                ("upn", upn.is_some()),
                ("preauth", preauth.is_some()),
                ("locked_out", locked_out),
                ("password_expires", password_expires.is_some()),
                ("must_change_password", must_change_password),
            ];
            if let Some((key, _)) = of_users.into_iter().find(|(_, is_there)| *is_there) {
                return Err(Refusal::bad(format!("{key} is for who has a password, which is not there")));
            }
            let service = Service::new(&name);
            let kvno = kvno.unwrap_or(service.kvno);
            let service = Service { etypes, kvno, aliases, disabled, valid_from, expires, ..service };
            return Ok(Added::Service(Box::new(service)));
        };
        let user = User::new(&name, "");
        Ok(Added::User(Box::new(User {
            password,
            kind: kind.map(word::<Kind>).transpose()?.unwrap_or_default(),
            salt: salt.map(String::into_bytes),
            etypes,
            kvno: kvno.unwrap_or(user.kvno),
            aliases,
            upn,
            preauth: preauth.map(word::<Preauth>).transpose()?,
            disabled,
            locked_out,
            valid_from,
            expires,
            password_expires: password_expires.map(Timestamp::from_seconds),
            must_change_password,
            ..user
        })))
    }
}

/// What is to be changed about an account. `null` takes a time away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    preauth: Option<String>,
    disabled: Option<bool>,
    locked_out: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    valid_from: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    expires: Option<Option<i64>>,
    #[serde(default, deserialize_with = "given")]
    password_expires: Option<Option<i64>>,
    must_change_password: Option<bool>,
}

impl Change {
    pub(super) fn read(self) -> Result<Vec<Alteration>, Refusal> {
        let Self { preauth, disabled, locked_out, valid_from, expires, password_expires, must_change_password } = self;
        let time = |written: Option<i64>| written.map(Timestamp::from_seconds);
        let alterations = [
            preauth.map(word::<Preauth>).transpose()?.map(Alteration::Preauth),
            disabled.map(Alteration::Disabled),
            locked_out.map(Alteration::LockedOut),
            valid_from.map(time).map(Alteration::ValidFrom),
            expires.map(time).map(Alteration::Expires),
            password_expires.map(time).map(Alteration::PasswordExpires),
            must_change_password.map(Alteration::MustChangePassword),
        ];
        Ok(alterations.into_iter().flatten().collect())
    }
}

/// How keys are to be replaced: by random ones, or by those of a password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKeys {
    rotation: String,
    #[serde(default, deserialize_with = "password")]
    pub(super) password: Option<Password>,
}

impl NewKeys {
    pub(super) fn rotation(&self) -> Result<Rotation, Refusal> {
        match self.rotation.as_str() {
            "keep-old" => Ok(Rotation::KeepOld),
            "drop-old" => Ok(Rotation::DropOld),
            "same-kvno" => Ok(Rotation::SameKvno),
            other => {
                Err(Refusal::bad(format!("unknown rotation '{other}', expected one of keep-old, drop-old, same-kvno")))
            }
        }
    }
}

fn etype(name: &str) -> Result<Etype, Refusal> {
    Etype::ALL.into_iter().find(|etype| etype.name() == name).ok_or_else(|| {
        let allowed = Etype::ALL.map(Etype::name).join(", ");
        Refusal::bad(format!("unknown encryption type '{name}', expected one of {allowed}"))
    })
}

#[expect(clippy::needless_pass_by_value, reason = "what is mapped over is owned")]
fn word<T: FromStr>(written: String) -> Result<T, Refusal>
where
    T::Err: std::fmt::Display,
{
    written.parse().map_err(|unknown: T::Err| Refusal::bad(unknown))
}

/// Takes any value, so that what is no string is refused without being quoted.
fn password<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Password>, D::Error> {
    match serde_json::Value::deserialize(value)? {
        serde_json::Value::String(password) => Ok(Some(Password::new(&password))),
        _ => Err(D::Error::custom("a password that is no string, expected one in quotes")),
    }
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(value).map(Some)
}
