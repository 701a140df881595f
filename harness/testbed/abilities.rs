//! What a backend's server has and can be given, and what of a case's needs it lacks.
//!
//! Whoever starts a product says once what it can, and a case outside of that is skipped in words that name the product:
//! `mysql 9.7 offers no TLS1.0`. Both sides of each boundary are in the table of tests below.

use crate::handshake::TlsVersion;
use crate::scenario::Filter;
use crate::scenario::party::{Ca, Keytab, TlsProvider, TlsRange};
use crate::testbed::needs::{Needs, ParameterNeed, TlsNeed};
use std::collections::BTreeMap;

/// What a server has and can be given. Begin with [`Abilities::of_our_own`] and take away or name what differs.
#[derive(Debug, Clone)]
pub struct Abilities {
    /// Its name in reasons: `postgres 15`, `mariadb 10.11`.
    pub product: String,
    /// The profiles that it can stand for, as patterns: `aurora-postgresql 15`, `aurora-mysql *`.
    pub plays: Vec<String>,
    /// The oldest and the newest TLS version that it can be made to accept. It can be kept to any part of that.
    pub tls: TlsRange,
    /// Suites that it can be made to accept, under OpenSSL's names. It can be kept to any of them.
    pub suites: Vec<String>,
    /// What carries TLS out there.
    pub provider: TlsProvider,
    /// Plugins (MySQL) or methods (PostgreSQL) that it has.
    pub methods: Vec<String>,
    /// Whether it encrypts with GSS-API.
    pub gss_encryption: bool,
    /// Which parameters it can be given.
    pub parameters: Parameters,
    /// What else can be set up for a case.
    pub adjusts: Vec<Adjustable>,
    /// Verbs besides `connect` and `kinit` that it can perform.
    pub verbs: Vec<String>,
}

/// Which parameters a server can be given, under the names of the profile that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameters {
    /// Any.
    All,
    /// These; the others stay at their defaults.
    These(Vec<String>),
    /// None: they are set already, these to what is known. Of the others nothing is known but their defaults.
    Fixed(BTreeMap<String, String>),
}

/// What can be set up for a case, or is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustable {
    /// Whether TLS is offered at all.
    TlsOff,
    /// Methods can be switched off.
    Methods,
    /// Accounts can `REQUIRE SSL`.
    RequireSsl,
    /// Accounts can be kept to databases.
    Databases,
    /// Certificates of any name and authority.
    Certificate,
    /// Keytabs with other keys than the right ones.
    Keytab,
}

impl Adjustable {
    /// All of it.
    pub const ALL: [Self; 6] =
        [Self::TlsOff, Self::Methods, Self::RequireSsl, Self::Databases, Self::Certificate, Self::Keytab];
}

impl Abilities {
    /// Those of a server that we start ourselves, with OpenSSL and everything that this project has a name for: all versions,
    /// suites and parameters, and no method yet.
    #[must_use]
    pub fn of_our_own(product: impl Into<String>, plays: &[&str]) -> Self {
        Self {
            product: product.into(),
            plays: plays.iter().map(|pattern| (*pattern).to_owned()).collect(),
            tls: TlsRange { min: TlsVersion::Tls1_0, max: TlsVersion::Tls1_3 },
            suites: crate::tls::suite::ALL.iter().map(|suite| suite.name.to_owned()).collect(),
            provider: TlsProvider::OpenSsl,
            methods: Vec::new(),
            gss_encryption: false,
            parameters: Parameters::All,
            adjusts: Adjustable::ALL.to_vec(),
            verbs: Vec::new(),
        }
    }
}

/// The first of the needs that is not met, in words; `None` if all are.
#[must_use]
pub fn lacks(needs: &Needs, abilities: &Abilities) -> Option<String> {
    let Abilities { product, plays, tls: _, suites: _, provider, methods, gss_encryption, parameters, adjusts, verbs } =
        abilities;
    let stands_for = |pattern: &String| Filter::new(pattern).is_ok_and(|pattern| pattern.matches(&needs.engine));
    if !plays.iter().any(stands_for) {
        return Some(format!("{product} plays {}", plays.join(", ")));
    }
    if !needs.deviations.is_empty() {
        return Some(format!("{product} makes no deviation on demand: {}", needs.deviations.join(", ")));
    }
    if let Some(verb) = needs.verbs.iter().find(|verb| !verbs.contains(verb)) {
        return Some(format!("{product} has no verb '{verb}'"));
    }
    if let Some(reason) = needs.tls.iter().find_map(|handshake| lacks_tls(handshake, abilities)) {
        return Some(reason);
    }
    if !needs.tls.is_empty() && needs.provider != *provider {
        return Some(format!("{product} does TLS with {}, not with {}", word(*provider), word(needs.provider)));
    }
    if let Some(method) = needs.methods.iter().find(|method| !methods.contains(method)) {
        return Some(format!("{product} has no {method}"));
    }
    if needs.gss_encryption && !gss_encryption {
        return Some(format!("{product} has no GSS encryption"));
    }
    let lacking = |(name, need): (&String, &ParameterNeed)| lacks_parameter(name, need, product, parameters);
    if let Some(reason) = needs.parameters.iter().find_map(lacking) {
        return Some(reason);
    }
    let lacking = |(wanted, reason)| (!adjusts.contains(&wanted)).then(|| format!("{product} {reason}"));
    adjustments(needs).into_iter().find_map(lacking)
}

fn lacks_tls(need: &TlsNeed, abilities: &Abilities) -> Option<String> {
    let Abilities { product, tls, suites, .. } = abilities;
    let (oldest, newest) = need.accepted;
    if let Some(version) = need.version.filter(|version| !tls.contains(*version)) {
        return Some(format!("{product} offers no {version}"));
    }
    // It could not be kept to versions that it does not have.
    if newest < tls.min || tls.max < oldest {
        return Some(format!("{product} offers none of {oldest} to {newest}"));
    }
    if need.suites.is_empty() || need.suites.iter().any(|suite| suites.contains(suite)) {
        return None;
    }
    Some(match need.suites.as_slice() {
        [suite] => format!("{product} has no {suite}"),
        several => format!("{product} has none of {}", several.join(", ")),
    })
}

fn lacks_parameter(name: &str, need: &ParameterNeed, product: &str, parameters: &Parameters) -> Option<String> {
    let ParameterNeed { value, default } = need;
    match parameters {
        Parameters::All => None,
        Parameters::These(names) if value == default || names.iter().any(|known| known == name) => None,
        Parameters::These(_) => Some(format!("{product} cannot be given {name} = {value}")),
        Parameters::Fixed(known) => match known.get(name) {
            Some(known) if known == value => None,
            Some(known) => Some(format!("{product}'s {name} is {}, not {}", shown(known), shown(value))),
            None if value == default => None,
            None => Some(format!("{product}'s {name} is not known to be {}", shown(value))),
        },
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "unset" } else { value }
}

/// What would have to be set up, and what is said where it cannot be.
fn adjustments(needs: &Needs) -> Vec<(Adjustable, String)> {
    let mut wanted = Vec::new();
    if needs.tls_off {
        wanted.push((Adjustable::TlsOff, "cannot be kept from offering TLS".to_owned()));
    }
    if let Some(method) = needs.methods_off.first() {
        wanted.push((Adjustable::Methods, format!("cannot switch {method} off")));
    }
    if let Some(account) = needs.require_ssl.first() {
        wanted.push((Adjustable::RequireSsl, format!("is not known to REQUIRE SSL of {account}")));
    }
    if let Some(account) = needs.kept_to_databases.first() {
        wanted.push((Adjustable::Databases, format!("is not known to keep {account} to some databases")));
    }
    if let Some(certificate) = &needs.certificate {
        let by = match certificate.ca {
            Ca::Own => "of its own authority",
            Ca::Other => "of another authority",
            Ca::SelfSigned => "that signs itself",
        };
        let reason = format!("cannot be given a certificate of {} {by}", certificate.names.join(", "));
        wanted.push((Adjustable::Certificate, reason));
    }
    match needs.keytab {
        None | Some(Keytab::Current) => {}
        Some(Keytab::Absent | Keytab::OtherService | Keytab::WrongKey) => {
            wanted.push((Adjustable::Keytab, "cannot be given a keytab that is wrong".to_owned()));
        }
    }
    wanted
}

const fn word(provider: TlsProvider) -> &'static str {
    match provider {
        TlsProvider::OpenSsl => "OpenSSL",
        TlsProvider::Rustls => "rustls",
    }
}
