//! Servers: a profile with its parameters set, accounts, and for PostgreSQL the lines of pg_hba.conf that these make.

use super::realm::{clock_seconds, password, spn, texts};
use crate::error::ScenarioError;
use crate::handshake::TlsVersion;
use crate::scenario::file;
use crate::scenario::party::{
    Account, Ca, Certificate, Enabled, HbaConnection, HbaLine, HbaMethod, Keytab, PasswordScheme, Proof, Realm, Server,
    ServerIam, ServerKerberos, ServerTls, TlsProvider,
};
use crate::scenario::profile::{Profile, Protocol, Settings};
use crate::scenario::profiles::Profiles;
use crate::scenario::template::Filling;
use crate::scenario::written::Text;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const PROVIDERS: [(&str, TlsProvider); 2] =
    [("openssl", TlsProvider::OpenSsl), ("rustls", TlsProvider::Rustls)];

/// What rustls has of the twelve suites.
pub(super) const RUSTLS_SUITES: [&str; 2] = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"];

pub(super) fn resolve(
    name: &str,
    written: &file::Server,
    filling: &Filling<'_>,
    realms: &BTreeMap<String, Arc<Realm>>,
    profiles: &Profiles,
    readings: &BTreeMap<String, String>,
) -> Result<Server, ScenarioError> {
    let file::Server {
        engine: _,
        host: written_host,
        accounts,
        parameters,
        certificate,
        tls,
        kerberos,
        iam,
        enabled,
        clock,
        deviations,
    } = written;
    let profile = profile(written, filling, profiles, readings)?;
    let settings = set_parameters(&profile, parameters, filling)?;
    let host = host(name, written_host.as_ref(), filling)?;
    let kerberos = match kerberos {
        Some(kerberos) => Some(resolve_kerberos(name, written, kerberos, filling, realms, profiles, readings)?),
        None => None,
    };
    let iam = match iam {
        Some(file::Iam { region }) => Some(ServerIam { region: filling.text(region)?.text }),
        None => None,
    };
    let enabled = match filling.optional(enabled.as_ref())? {
        Some(text) => {
            let both = |kerberos, iam| Enabled { kerberos, iam };
            let words = [
                ("neither", both(false, false)),
                ("kerberos", both(true, false)),
                ("iam", both(false, true)),
                ("both", both(true, true)),
            ];
            filling.one_of(&text, "methods", &words)?
        }
        None => Enabled { kerberos: kerberos.is_some(), iam: iam.is_some() },
    };
    let default_realm = kerberos.as_ref().map(|kerberos| &kerberos.realm);
    let mut resolved = BTreeMap::new();
    let mut order = Vec::with_capacity(accounts.len());
    for (login, account) in accounts {
        let filled = filling.text(login)?;
        let account = resolve_account(&filled, account, profile.protocol, &settings, filling, realms, default_realm)?;
        order.push((login.span.start, filled.text.clone()));
        if resolved.insert(filled.text.clone(), account).is_some() {
            return Err(filling.error(&filled, "account given twice"));
        }
    }
    order.sort();
    let hba = match profile.protocol {
        Protocol::Mysql => Vec::new(),
        Protocol::Postgres => hba(order.iter().map(|(_, login)| (login, &resolved[login])), &settings, enabled),
    };
    let tls = resolve_tls(tls.as_ref(), certificate.as_ref(), &host, &settings, filling)?;
    Ok(Server {
        default_plugin: (profile.protocol == Protocol::Mysql).then(|| settings.default_plugin.clone()),
        profile: Arc::new(profile),
        host,
        tls,
        secure_transport_required: settings.secure_transport_required,
        accounts: resolved,
        hba,
        parameters: settings.parameters,
        kerberos,
        iam,
        enabled,
        clock_seconds: clock_seconds(clock.as_ref(), filling)?,
        deviations: texts(filling.list(deviations)?),
    })
}

/// The engine that a server imitates.
pub(super) fn profile(
    server: &file::Server,
    filling: &Filling<'_>,
    profiles: &Profiles,
    readings: &BTreeMap<String, String>,
) -> Result<Profile, ScenarioError> {
    let engine = filling.text(&server.engine)?;
    profiles.get(&engine.text, readings).map_err(|known| filling.error(&engine, "unknown engine").allowing(known))
}

/// The name that clients dial.
pub(super) fn host(name: &str, written: Option<&Text>, filling: &Filling<'_>) -> Result<String, ScenarioError> {
    Ok(filling.optional(written)?.map_or_else(|| format!("{name}.test"), |host| host.text))
}

fn set_parameters(
    profile: &Profile,
    written: &BTreeMap<Text, Text>,
    filling: &Filling<'_>,
) -> Result<Settings, ScenarioError> {
    let mut values = BTreeMap::new();
    for (name, value) in written {
        values.insert(name.text.clone(), filling.text(value)?.text);
    }
    profile.settings(&values).map_err(|invalid| {
        let unknown = invalid.written == invalid.name;
        let place = written.iter().find(|(name, _)| name.text == invalid.name);
        let span = place.map_or(0..0, |(name, value)| if unknown { name.span.clone() } else { value.span.clone() });
        filling.source.error(&span, invalid.problem).writing(invalid.written).allowing(invalid.allowed)
    })
}

fn resolve_kerberos(
    name: &str,
    server: &file::Server,
    kerberos: &file::Kerberos,
    filling: &Filling<'_>,
    realms: &BTreeMap<String, Arc<Realm>>,
    profiles: &Profiles,
    readings: &BTreeMap<String, String>,
) -> Result<ServerKerberos, ScenarioError> {
    const KEYTABS: [(&str, Keytab); 4] = [
        ("current", Keytab::Current),
        ("none", Keytab::Absent),
        ("other-service", Keytab::OtherService),
        ("wrong-key", Keytab::WrongKey),
    ];
    let keytab = match filling.optional(kerberos.keytab.as_ref())? {
        Some(text) => filling.one_of(&text, "keytab", &KEYTABS)?,
        None => Keytab::Current,
    };
    let spn = spn(name, server, kerberos, filling, profiles, readings)?;
    Ok(ServerKerberos { realm: find_realm(&filling.text(&kerberos.realm)?, filling, realms)?, spn, keytab })
}

fn find_realm(
    name: &Text,
    filling: &Filling<'_>,
    realms: &BTreeMap<String, Arc<Realm>>,
) -> Result<Arc<Realm>, ScenarioError> {
    realms.get(&name.text).cloned().ok_or_else(|| {
        let allowed: Vec<_> = realms.keys().cloned().collect();
        let allowed = if allowed.is_empty() { "none is defined".to_owned() } else { allowed.join(", ") };
        filling.error(name, "unknown realm").allowing(allowed)
    })
}

fn resolve_tls(
    written: Option<&file::ServerTls>,
    certificate: Option<&file::Certificate>,
    host: &str,
    settings: &Settings,
    filling: &Filling<'_>,
) -> Result<Option<ServerTls>, ScenarioError> {
    let (offered, provider) = match written {
        Some(file::ServerTls { offered, provider }) => (filling.flag(offered.as_ref(), true)?, provider.as_ref()),
        None => (true, None),
    };
    if !offered {
        return Ok(None);
    }
    let mut tls = ServerTls {
        versions: settings.tls,
        suites: settings.suites.clone(),
        provider: TlsProvider::OpenSsl,
        certificate: Certificate { names: vec![host.to_owned()], ca: Ca::Own },
    };
    if let Some(provider) = filling.optional(provider)? {
        tls.provider = filling.one_of(&provider, "TLS provider", &PROVIDERS)?;
        if tls.provider == TlsProvider::Rustls {
            if tls.versions.max < TlsVersion::Tls1_2 {
                return Err(filling.error(&provider, "the engine's TLS versions are too old for"));
            }
            tls.versions.min = tls.versions.min.max(TlsVersion::Tls1_2);
            tls.suites.retain(|suite| RUSTLS_SUITES.contains(&suite.as_str()));
        }
    }
    if let Some(file::Certificate { names, ca }) = certificate {
        let names = texts(filling.list(names)?);
        if !names.is_empty() {
            tls.certificate.names = names;
        }
        if let Some(ca) = filling.optional(ca.as_ref())? {
            let words = [("own", Ca::Own), ("other", Ca::Other), ("self-signed", Ca::SelfSigned)];
            tls.certificate.ca = filling.one_of(&ca, "authority", &words)?;
        }
    }
    Ok(Some(tls))
}

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

fn resolve_account(
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

const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Mysql => "MySQL",
        Protocol::Postgres => "PostgreSQL",
    }
}

/// The lines that Aurora would have for these roles. A role with `rds_iam` is asked for a token over TLS and rejected
/// everywhere else; then comes Kerberos; a role whose only methods are switched off is rejected.
fn hba<'a>(
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
