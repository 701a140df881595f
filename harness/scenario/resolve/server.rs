//! Servers: a profile with its parameters set, TLS, and what joins them to realms.

use super::realm::{clock_seconds, spn, texts};
use super::{account, deviation, iam, network};
use crate::error::ScenarioError;
use crate::handshake::{Direction, TlsVersion};
use crate::scenario::file;
use crate::scenario::party::{
    COMMON_NAME_MAX, Ca, Certificate, CertificateKey, Condition, Enabled, HostAccount, Image, Keytab, Realm, Server,
    ServerKerberos, ServerTls, TlsProvider, Validity,
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
        image,
        condition,
        network,
        deadline,
        clock,
        deviations,
        of_cluster,
    } = written;
    let profile = profile(written, filling, profiles, readings)?;
    let settings = set_parameters(&profile, parameters, filling)?;
    let host = host(name, written_host.as_ref(), filling)?;
    let kerberos = match kerberos {
        Some(kerberos) => Some(resolve_kerberos(name, written, kerberos, filling, realms, profiles, readings)?),
        None => None,
    };
    let iam = match iam {
        Some(iam) => Some(iam::of_server(iam, &host, filling)?),
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
            let enabled = filling.one_of(&text, "methods", &words)?;
            for (is_on, is_configured, key) in
                [(enabled.kerberos, kerberos.is_some(), "kerberos"), (enabled.iam, iam.is_some(), "iam")]
            {
                if is_on && !is_configured {
                    return Err(filling.error(&text, format!("no '{key}' in the server that has enabled =")));
                }
            }
            enabled
        }
        None => Enabled { kerberos: kerberos.is_some(), iam: iam.is_some() },
    };
    let instance = of_cluster.clone().unwrap_or_default();
    let enabled = Enabled {
        kerberos: enabled.kerberos && !instance.waits_for_reboot && (!instance.port_changed || instance.keeps_kerberos),
        iam: enabled.iam && !instance.waits_for_reboot,
    };
    let default_realm = kerberos.as_ref().map(|kerberos| &kerberos.realm);
    let mut resolved = BTreeMap::new();
    let mut order = Vec::with_capacity(accounts.len());
    let mut host_accounts = Vec::new();
    for (login, account) in accounts {
        let filled = filling.text(login)?;
        let account = account::resolve(&filled, account, profile.protocol, &settings, filling, realms, default_realm)?;
        if let Some((login, host)) = account::at_host(&filled, profile.protocol, filling)? {
            host_accounts.push(HostAccount { login, host, account });
            continue;
        }
        order.push((login.span.start, filled.text.clone()));
        if resolved.insert(filled.text.clone(), account).is_some() {
            return Err(filling.error(&filled, "account given twice"));
        }
    }
    order.sort();
    let hba = match profile.protocol {
        Protocol::Mysql => Vec::new(),
        Protocol::Postgres => {
            let kerberos_first = readings.get("both-granted").is_some_and(|answer| answer == "kerberos");
            account::hba(order.iter().map(|(_, login)| (login, &resolved[login])), &settings, enabled, kerberos_first)
        }
    };
    let deviations = deviation::of_server(deviations, profile.protocol, filling)?;
    // An empty text is none, so that some cells of an axis can do without.
    let condition = match filling.optional(condition.as_ref())?.filter(|text| !text.text.is_empty()) {
        Some(text) => Some(filling.one_of(&text, "condition", Condition::all(profile.protocol))?),
        None => None,
    };
    let tls = resolve_tls(tls.as_ref(), certificate.as_ref(), &host, &settings, filling)?;
    Ok(Server {
        default_plugin: (profile.protocol == Protocol::Mysql).then(|| settings.default_plugin.clone()),
        profile: Arc::new(profile),
        host,
        tls,
        secure_transport_required: settings.secure_transport_required,
        accounts: resolved,
        host_accounts,
        hba,
        parameters: settings.parameters,
        kerberos,
        iam,
        enabled,
        image: resolve_image(image.as_ref(), filling)?,
        condition,
        network: network::fault(network.as_ref(), Direction::ToClient, filling)?,
        deadline: network::deadline(deadline.as_ref(), filling)?,
        clock_seconds: clock_seconds(clock.as_ref(), filling)?,
        is_reader: instance.is_reader,
        is_instance: of_cluster.is_some(),
        deviations,
    })
}

/// The image that plays it in a container. An empty text names none, so that some cells of an axis can.
fn resolve_image(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<Image>, ScenarioError> {
    match filling.optional(written)? {
        Some(text) if !text.text.is_empty() => {
            let wrong = |problem| filling.error(&text, problem).allowing("NAME:TAG, as in postgres:17");
            Image::parse(&text.text).map(Some).map_err(wrong)
        }
        _ => Ok(None),
    }
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

/// The longest name of a host (RFC 1035 §2.3.4).
const HOST_MAX: usize = 253;

/// The name that clients dial.
pub(super) fn host(name: &str, written: Option<&Text>, filling: &Filling<'_>) -> Result<String, ScenarioError> {
    let Some(host) = filling.optional(written)? else { return Ok(format!("{name}.test")) };
    let fits = !host.text.is_empty() && host.text.len() <= HOST_MAX;
    if !fits || host.text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
        return Err(filling.error(&host, "no name of a host").allowing("db.test, up to 253 octets"));
    }
    Ok(host.text)
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
    let replay_cache = match filling.optional(kerberos.replay_cache.as_ref())? {
        Some(text) => filling.one_of(&text, "state of the replay cache", &[("on", true), ("off", false)])?,
        None => true,
    };
    let realm = find_realm(&filling.text(&kerberos.realm)?, filling, realms)?;
    Ok(ServerKerberos { realm, spn, keytab, replay_cache, lenient: None })
}

pub(super) fn find_realm(
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
        certificate: Certificate::of_host(host),
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
    tls.certificate = resolve_certificate(certificate, host, filling)?;
    Ok(Some(tls))
}

/// What a party shows: what is written, else one for its host by the authority that clients trust.
pub(super) fn resolve_certificate(
    written: Option<&file::Certificate>,
    host: &str,
    filling: &Filling<'_>,
) -> Result<Certificate, ScenarioError> {
    let mut certificate = Certificate::of_host(host);
    let Some(file::Certificate { cn, names, ca, valid, key }) = written else { return Ok(certificate) };
    if let Some(names) = names {
        certificate.names = texts(filling.words(names)?);
        // Where names are given, the first of them is the common name too, as it was before there were alternative names.
        if let Some(first) = certificate.names.first() {
            certificate.common_name = (first.len() <= COMMON_NAME_MAX).then(|| first.clone());
        }
    }
    if let Some(cn) = filling.optional(cn.as_ref())? {
        if cn.text.len() > COMMON_NAME_MAX {
            return Err(filling.error(&cn, "a common name has at most 64 octets (RFC 5280), not"));
        }
        certificate.common_name = (!cn.text.is_empty()).then_some(cn.text);
    }
    if certificate.common_name.is_none() && certificate.names.is_empty() {
        let span = names.as_ref().or(None).map_or(0..0, |names| names.span.clone());
        let problem = "a certificate without a name; without 'names' it is for the host";
        return Err(filling.source.error(&span, problem));
    }
    if let Some(valid) = filling.optional(valid.as_ref())? {
        let words = [("now", Validity::Now), ("expired", Validity::Expired), ("not-yet", Validity::NotYet)];
        certificate.validity = filling.one_of(&valid, "validity", &words)?;
    }
    if let Some(key) = filling.optional(key.as_ref())? {
        let words = [CertificateKey::Rsa2048, CertificateKey::Rsa4096, CertificateKey::EcdsaP384];
        certificate.key = filling.one_of(&key, "kind of key", &words.map(|key| (key.word(), key)))?;
    }
    if let Some(ca) = filling.optional(ca.as_ref())? {
        let words = [("own", Ca::Own), ("other", Ca::Other), ("self-signed", Ca::SelfSigned)];
        certificate.ca = filling.one_of(&ca, "authority", &words)?;
    }
    Ok(certificate)
}
