//! Accounts: what proves each identity, and for PostgreSQL the lines of pg_hba.conf that this makes.

use super::realm::{password, texts};
use super::server::find_realm;
use crate::error::ScenarioError;
use crate::scenario::file;
use crate::scenario::party::{Account, Enabled, HbaConnection, HbaLine, HbaMethod, PasswordScheme, Proof, Realm};
use crate::scenario::profile::{Protocol, Settings};
use crate::scenario::template::Filling;
use crate::scenario::written::Text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What proves an identity, before realm and secret are known.
#[derive(Clone, Copy)]
enum Method {
    Trust,
    Password(PasswordScheme),
    Kerberos,
    Iam,
    KerberosAndIam,
}

const PLUGINS: [(&str, Method); 5] = [
    ("mysql_native_password", Method::Password(PasswordScheme::MysqlNativePassword)),
    ("caching_sha2_password", Method::Password(PasswordScheme::CachingSha2Password)),
    ("sha256_password", Method::Password(PasswordScheme::Sha256Password)),
    ("authentication_kerberos", Method::Kerberos),
    ("AWSAuthenticationPlugin", Method::Iam),
];

const METHODS: [(&str, Method); 6] = [
    ("trust", Method::Trust),
    ("password", Method::Password(PasswordScheme::Cleartext)),
    ("md5", Method::Password(PasswordScheme::Md5)),
    ("scram-sha-256", Method::Password(PasswordScheme::ScramSha256)),
    ("gss", Method::Kerberos),
    ("pam", Method::Iam),
];

pub(super) fn resolve(
    login: &Text,
    written: &file::Account,
    protocol: Protocol,
    settings: &Settings,
    filling: &Filling<'_>,
    realms: &BTreeMap<String, Arc<Realm>>,
    default_realm: Option<&Arc<Realm>>,
) -> Result<Account, ScenarioError> {
    let file::Account { plugin, method, by, secret, realm, include_realm, require_ssl, cached, databases } = written;
    let words: &[_] = match protocol {
        Protocol::Mysql => &PLUGINS,
        Protocol::Postgres => &METHODS,
    };
    let (own, foreign, key) = match protocol {
        Protocol::Mysql => (plugin, method, "plugin"),
        Protocol::Postgres => (method, plugin, "method"),
    };
    if let Some(foreign) = foreign {
        let problem = format!("{} has '{key}' in place of this key with", protocol_name(protocol));
        return Err(filling.error(foreign, problem));
    }
    if protocol == Protocol::Postgres {
        for (key, value) in [("require_ssl", require_ssl), ("cached", cached)] {
            if let Some(value) = value {
                return Err(filling.error(value, format!("only accounts of MySQL have '{key}', not")));
            }
        }
    }
    let default = words.iter().find(|(word, _)| *word == settings.default_plugin).map_or(Method::Trust, |&(_, m)| m);
    let proved = match (filling.optional(own.as_ref())?, filling.optional(by.as_ref())?) {
        (Some(_), Some(by)) => return Err(filling.error(&by, format!("'{key}' and 'by' exclude each other:"))),
        (Some(own), None) => filling.one_of(&own, key, words)?,
        (None, Some(by)) => {
            let words = [
                ("password", default),
                ("kerberos", Method::Kerberos),
                ("iam", Method::Iam),
                ("both", Method::KerberosAndIam),
            ];
            filling.one_of(&by, "way to prove an identity", &words)?
        }
        (None, None) => default,
    };
    let way = own.as_ref().or(by.as_ref());
    without_effect(
        proved,
        way,
        filling,
        [("secret", secret), ("cached", cached)],
        [("realm", realm), ("include_realm", include_realm)],
    )?;
    let with_password = |scheme| {
        let secret = filling.optional(secret.as_ref())?;
        let secret = secret.ok_or_else(|| filling.error(login, "no 'secret' for the password of account"))?;
        let cached = filling.flag(cached.as_ref(), false)?;
        Ok(Proof::Password { scheme, password: password(&secret), cached })
    };
    let with_kerberos = || {
        let realm = match filling.optional(realm.as_ref())? {
            Some(name) => find_realm(&name, filling, realms)?,
            None => default_realm.cloned().ok_or_else(|| filling.error(login, "no 'realm' for account"))?,
        };
        let include_realm = filling.flag(include_realm.as_ref(), login.text.contains('@'))?;
        Ok(Proof::Kerberos { realm, include_realm })
    };
    let proofs = match proved {
        Method::Trust => vec![Proof::Trust],
        Method::Password(scheme) => vec![with_password(scheme)?],
        Method::Kerberos => vec![with_kerberos()?],
        Method::Iam => vec![Proof::Iam],
        Method::KerberosAndIam if protocol == Protocol::Mysql => {
            return Err(filling.error(login, "MySQL has one plugin for an account, so not both for"));
        }
        Method::KerberosAndIam => vec![Proof::Iam, with_kerberos()?],
    };
    Ok(Account {
        proofs,
        require_ssl: filling.flag(require_ssl.as_ref(), false)?,
        databases: texts(filling.list(databases)?),
    })
}

/// User and host of `'alice'@'10.%'`, which is written as in SQL; `None` for a user from anywhere.
pub(super) fn at_host(
    login: &Text,
    protocol: Protocol,
    filling: &Filling<'_>,
) -> Result<Option<(String, String)>, ScenarioError> {
    let Some(quoted) = login.text.strip_prefix('\'') else { return Ok(None) };
    if protocol == Protocol::Postgres {
        return Err(filling.error(login, "only accounts of MySQL are for some hosts, not"));
    }
    match quoted.strip_suffix('\'').and_then(|inner| inner.split_once("'@'")) {
        Some((user, host)) if !host.is_empty() && !user.contains('\'') && !host.contains('\'') => {
            Ok(Some((user.to_owned(), host.to_owned())))
        }
        _ => Err(filling.error(login, "no account").allowing("alice, 'alice'@'10.%'")),
    }
}

/// Refuses keys that nobody would look at. An account whose way differs from cell to cell has those of all its ways.
fn without_effect(
    proved: Method,
    way: Option<&Text>,
    filling: &Filling<'_>,
    of_passwords: [(&'static str, &Option<Text>); 2],
    of_kerberos: [(&'static str, &Option<Text>); 2],
) -> Result<(), ScenarioError> {
    if way.is_some_and(|way| way.text.contains('{')) {
        return Ok(());
    }
    let (password, kerberos) = match proved {
        Method::Password(_) => (true, false),
        Method::Kerberos | Method::KerberosAndIam => (false, true),
        Method::Trust | Method::Iam => (false, false),
    };
    let refused = |used: bool, keys: [(&'static str, &Option<Text>); 2]| {
        keys.into_iter().filter(move |_| !used).find_map(|(key, value)| Some((key, value.clone()?)))
    };
    let found = refused(password, of_passwords).map(|found| (found, "a password"));
    match found.or_else(|| refused(kerberos, of_kerberos).map(|found| (found, "Kerberos"))) {
        Some(((key, value), what)) => {
            Err(filling.error(&value, format!("'{key}' for an account that is not proved by {what}:")))
        }
        None => Ok(()),
    }
}

const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Mysql => "MySQL",
        Protocol::Postgres => "PostgreSQL",
    }
}

/// The lines that Aurora would have for these roles. A role with `rds_iam` is asked for a token over TLS and rejected
/// everywhere else; then comes Kerberos; a role whose only methods are switched off is rejected.
pub(super) fn hba<'a>(
    accounts: impl Iterator<Item = (&'a String, &'a Account)>,
    settings: &Settings,
    enabled: Enabled,
) -> Vec<HbaLine> {
    let any = if settings.secure_transport_required { HbaConnection::Ssl } else { HbaConnection::Any };
    let mut lines = Vec::new();
    for (login, account) in accounts {
        let mut line = |connection, method| lines.push(HbaLine { connection, user: Some(login.clone()), method });
        let iam = account.proofs.contains(&Proof::Iam) && enabled.iam;
        if iam {
            line(HbaConnection::Ssl, HbaMethod::Pam);
            line(HbaConnection::Any, HbaMethod::Reject);
            continue;
        }
        let method = account.proofs.iter().find_map(|proof| match proof {
            Proof::Trust => Some(HbaMethod::Trust),
            Proof::Password { scheme, .. } => Some(password_method(*scheme)),
            Proof::Kerberos { include_realm, .. } if enabled.kerberos => {
                Some(HbaMethod::Gss { include_realm: *include_realm })
            }
            Proof::Kerberos { .. } | Proof::Iam => None,
        });
        match method {
            Some(method) => line(any, method),
            None => line(HbaConnection::Any, HbaMethod::Reject),
        }
    }
    // A role that does not exist is asked like any other, so that nobody learns which do.
    let unknown = if settings.default_plugin == "md5" { HbaMethod::Md5 } else { HbaMethod::ScramSha256 };
    lines.push(HbaLine { connection: any, user: None, method: unknown });
    lines
}

const fn password_method(scheme: PasswordScheme) -> HbaMethod {
    match scheme {
        PasswordScheme::Md5 => HbaMethod::Md5,
        PasswordScheme::Cleartext => HbaMethod::Password,
        _ => HbaMethod::ScramSha256,
    }
}
