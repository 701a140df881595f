//! Realms, with the services of the case's servers.

mod account;
mod settings;

use super::intern::Interner;
use super::{deviation, fault};
use crate::error::ScenarioError;
use crate::scenario::file;
use crate::scenario::party::{Password, Realm, RealmService};
use crate::scenario::profile::Protocol;
use crate::scenario::profiles::Profiles;
use crate::scenario::template::Filling;
use crate::scenario::words::{duration, offset_seconds};
use crate::scenario::written::{List, Text};
use mock_kdc::realm::UnknownWord;
use shakedown_krb5::crypto::Etype;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

/// Ten hours, as MIT and Active Directory have it.
const TICKET_LIFETIME_SECONDS: u32 = 36_000;

/// All realms of a case by the scenario's name for them.
pub(super) fn resolve_all(
    written: &BTreeMap<Text, file::Realm>,
    servers: &BTreeMap<Text, file::Server>,
    filling: &Filling<'_>,
    interner: &mut Interner,
    profiles: &Profiles,
    readings: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Arc<Realm>>, ScenarioError> {
    let mut realms = BTreeMap::new();
    let trusts = Trusts::read(written, filling)?;
    for (key, realm) in written {
        let mut services = BTreeMap::new();
        for (name, server) in servers {
            if let Some(kerberos) = &server.kerberos
                && filling.text(&kerberos.realm)?.text == key.text
            {
                services
                    .insert(spn(&name.text, server, kerberos, filling, profiles, readings)?, RealmService::default());
            }
        }
        let resolved = resolve(realm, services, filling)?;
        let trusting = Realm { trusts: trusts.of(&key.text), trusted_by: trusts.by(&key.text), ..resolved };
        realms.insert(key.text.clone(), interner.realm(trusting));
    }
    Ok(realms)
}

/// Who trusts whom in a case: pairs of a realm that trusts and one that is trusted, by the scenario's names for them, and the
/// names of all realms by these.
struct Trusts {
    pairs: Vec<(String, String)>,
    realms: BTreeMap<String, String>,
}

impl Trusts {
    fn read(written: &BTreeMap<Text, file::Realm>, filling: &Filling<'_>) -> Result<Self, ScenarioError> {
        let mut realms = BTreeMap::new();
        for (key, realm) in written {
            realms.insert(key.text.clone(), filling.text(&realm.realm)?.text);
        }
        let mut pairs = Vec::new();
        for (key, realm) in written {
            for trusted in filling.words(&realm.trusts)? {
                if trusted.text == key.text || !realms.contains_key(&trusted.text) {
                    let others: Vec<_> = realms.keys().filter(|name| **name != key.text).map(String::as_str).collect();
                    return Err(filling.error(&trusted, "no other realm of this scenario").allowing(others.join(", ")));
                }
                pairs.push((key.text.clone(), trusted.text));
            }
        }
        Ok(Self { pairs, realms })
    }

    /// The realms that one trusts.
    fn of(&self, key: &str) -> BTreeSet<String> {
        let trusted = self.pairs.iter().filter(|(trusting, _)| trusting == key).map(|(_, trusted)| trusted);
        trusted.map(|trusted| self.realms[trusted].clone()).collect()
    }

    /// The realms that trust one.
    fn by(&self, key: &str) -> BTreeSet<String> {
        let trusting = self.pairs.iter().filter(|(_, trusted)| trusted == key).map(|(trusting, _)| trusting);
        trusting.map(|trusting| self.realms[trusting].clone()).collect()
    }
}

/// The service principal of a server: what is written, or the engine's service at the server's host.
pub(super) fn spn(
    name: &str,
    server: &file::Server,
    kerberos: &file::Kerberos,
    filling: &Filling<'_>,
    profiles: &Profiles,
    readings: &BTreeMap<String, String>,
) -> Result<String, ScenarioError> {
    if let Some(spn) = filling.optional(kerberos.spn.as_ref())? {
        return service_principal(spn, filling);
    }
    let service = match super::server::profile(server, filling, profiles, readings)?.protocol {
        Protocol::Mysql => "mysql",
        Protocol::Postgres => "postgres",
    };
    Ok(format!("{service}/{}", super::server::host(name, server.host.as_ref(), filling)?))
}

fn service_principal(written: Text, filling: &Filling<'_>) -> Result<String, ScenarioError> {
    let valid = written.text.split('/').count() == 2
        && !written.text.contains('@')
        && written.text.split('/').all(|part| !part.is_empty());
    let wrong = || filling.error(&written, "no service principal").allowing("SERVICE/HOST without a realm");
    if valid { Ok(written.text) } else { Err(wrong()) }
}

fn resolve(
    written: &file::Realm,
    mut services: BTreeMap<String, RealmService>,
    filling: &Filling<'_>,
) -> Result<Realm, ScenarioError> {
    let name = filling.text(&written.realm)?;
    if name.text.is_empty() || name.text.contains(|c: char| c.is_whitespace() || c.is_control() || "/@".contains(c)) {
        return Err(filling.error(&name, "no name of a realm").allowing("one as CORP.EXAMPLE.COM"));
    }
    // What is written of a server's own service adds to it.
    match &written.services {
        file::Services::Names(names) => {
            for name in names {
                services.entry(service_principal(filling.text(name)?, filling)?).or_default();
            }
        }
        file::Services::Table(table) => {
            for (name, service) in table {
                services.insert(service_principal(filling.text(name)?, filling)?, account::service(service, filling)?);
            }
        }
    }
    let mut users = BTreeMap::new();
    for (name, user) in &written.users {
        users.insert(filling.text(name)?.text, account::user(user, filling)?);
    }
    Ok(Realm {
        realm: name.text,
        settings: settings::resolve(written, filling)?,
        users,
        services,
        etypes: etypes(&written.etypes, filling)?,
        ticket_lifetime_seconds: match seconds(written.ticket_lifetime.as_ref(), filling)? {
            Some(0) | None => TICKET_LIFETIME_SECONDS,
            Some(seconds) => seconds,
        },
        clock_seconds: clock_seconds(written.clock.as_ref(), filling)?,
        deviations: deviation::of_realm(&written.deviations, filling)?,
        trusts: BTreeSet::new(),
        trusted_by: BTreeSet::new(),
        trust_password: filling
            .optional(written.trust_secret.as_ref())?
            .map_or_else(|| Password::Named("trust".to_owned()), |secret| password(&secret)),
        rules: written
            .rules
            .iter()
            .map(|rule| fault::rule(&rule.get_ref().when, &rule.get_ref().then, &rule.span(), filling))
            .collect::<Result<_, _>>()?,
    })
}

pub(super) fn etypes(written: &List, filling: &Filling<'_>) -> Result<Vec<i32>, ScenarioError> {
    let etypes = filling.words(written)?;
    let number = |written: &Text| match written.text.parse::<Etype>() {
        Ok(etype) => Ok(etype.number()),
        Err(refused) => Err(filling.error(written, refused.to_string())),
    };
    etypes.iter().map(number).collect()
}

/// A length of time, in seconds.
pub(super) fn seconds(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<u32>, ScenarioError> {
    let Some(text) = setting(written, filling)? else { return Ok(None) };
    let seconds = duration(&text.text).filter(|length| length.subsec_nanos() == 0);
    let seconds = seconds.and_then(|length| u32::try_from(length.as_secs()).ok());
    seconds.map(Some).ok_or_else(|| filling.error(&text, "no lifetime").allowing("5s, 10m, 10h, 7d"))
}

/// A setting; one that a template leaves empty is not written.
pub(super) fn setting(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<Text>, ScenarioError> {
    Ok(filling.optional(written)?.filter(|text| !text.text.is_empty()))
}

/// One of a KDC's own words.
fn word<T>(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<T>, ScenarioError>
where
    T: FromStr<Err = UnknownWord>,
{
    setting(written, filling)?.map(|text| parse(&text, filling)).transpose()
}

fn words<T>(written: &List, filling: &Filling<'_>) -> Result<Vec<T>, ScenarioError>
where
    T: FromStr<Err = UnknownWord>,
{
    filling.words(written)?.iter().map(|text| parse(text, filling)).collect()
}

fn parse<T>(text: &Text, filling: &Filling<'_>) -> Result<T, ScenarioError>
where
    T: FromStr<Err = UnknownWord>,
{
    let unknown = |UnknownWord { what, allowed, .. }| filling.error(text, format!("unknown {what}")).allowing(allowed);
    text.text.parse().map_err(unknown)
}

fn flag(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<bool>, ScenarioError> {
    setting(written, filling)?.map(|_| filling.flag(written, false)).transpose()
}

pub(super) fn number(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<u32>, ScenarioError> {
    let Some(text) = setting(written, filling)? else { return Ok(None) };
    text.text.parse().map(Some).map_err(|_| filling.error(&text, "no number").allowing("0, 1, 2, …"))
}

/// The name of a secret, or nothing between the quotes for the empty password.
pub(super) fn password(text: &Text) -> Password {
    if text.text.is_empty() { Password::Empty } else { Password::Named(text.text.clone()) }
}

/// The offset of a party's clock.
pub(super) fn clock_seconds(written: Option<&Text>, filling: &Filling<'_>) -> Result<i64, ScenarioError> {
    match filling.optional(written)? {
        Some(text) => offset_seconds(&text.text).ok_or_else(|| {
            filling.error(&text, "no offset of a clock").allowing("+10h, -301s, with the units s, m, h, d")
        }),
        None => Ok(0),
    }
}

pub(super) fn texts(list: Vec<Text>) -> Vec<String> {
    list.into_iter().map(|item| item.text).collect()
}
