//! What an engine of a version does: TLS versions, suites, plugins, parameters, greeting text.
//!
//! Mocks behave by a profile; scenarios say by themselves what must come out. Neither is ever computed from the other.

use crate::handshake::TlsVersion;
use crate::scenario::party::TlsRange;
use crate::scenario::version::Version;
use std::collections::BTreeMap;
use std::fmt;

/// A wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// MySQL's.
    Mysql,
    /// PostgreSQL's.
    Postgres,
}

impl Protocol {
    /// The word in profiles.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgres => "postgres",
        }
    }
}

/// An engine line at one version, under the readings of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile {
    /// The engine line: `aurora-mysql`.
    pub line: String,
    /// The version of that line.
    pub version: Version,
    /// What it speaks.
    pub protocol: Protocol,
    /// The version text on the wire: of the greeting (MySQL) or the parameter `server_version` (PostgreSQL).
    pub server_version: String,
    /// TLS versions that it accepts unless a parameter says otherwise.
    pub tls: TlsRange,
    /// Suites that it accepts unless a parameter says otherwise, best first.
    pub suites: Vec<String>,
    /// Plugins (MySQL) or methods (PostgreSQL) that it has.
    pub plugins: Vec<String>,
    /// The plugin (MySQL) or method (PostgreSQL) of an account that names none.
    pub default_plugin: String,
    /// Parameters with their defaults and what they may be set to.
    pub parameters: BTreeMap<String, Parameter>,
}

impl Profile {
    /// Whether a change of a parameter takes effect with a restart only, as of a static one.
    #[must_use]
    pub fn waits_for_restart(&self, parameter: &str) -> bool {
        self.parameters.get(parameter).is_some_and(|parameter| parameter.apply == Apply::Static)
    }

    /// Why a parameter cannot be set to a value in a group of a level, if it cannot.
    #[must_use]
    pub fn refusal(&self, name: &str, value: &str, level: Level) -> Option<ParameterRefusal> {
        let refusal = |code, reason| Some(ParameterRefusal { code, reason });
        let Some(parameter) = self.parameters.get(name) else {
            return refusal(ParameterRefusal::UNKNOWN, format!("{self} has no parameter '{name}'"));
        };
        if parameter.level != level {
            let reason = format!("{name} is in {} parameter groups only", parameter.level.word());
            return refusal(ParameterRefusal::LEVEL, reason);
        }
        let invalid = parameter.check(name, value).err()?;
        refusal(ParameterRefusal::VALUE, invalid.to_string())
    }
}

/// `aurora-mysql 3.04.0`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.line, self.version)
    }
}

/// A parameter of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// What it does here.
    pub effect: Effect,
    /// Its value where a scenario sets none; empty if it is unset.
    pub default: String,
    /// What it may be set to (each entry of it, for a list); empty: anything.
    pub values: Vec<String>,
    /// The longest value in octets, if there is one.
    pub longest: Option<usize>,
    /// When a change takes effect.
    pub apply: Apply,
    /// The groups that it is in.
    pub level: Level,
}

/// When a change of a parameter takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Apply {
    /// At once.
    Dynamic,
    /// With the next restart.
    Static,
}

/// Which groups a parameter is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Those of clusters.
    Cluster,
    /// Those of instances.
    Instance,
}

impl Level {
    /// The word in profiles and scenarios.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Instance => "instance",
        }
    }
}

/// Why a parameter group does not take a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterRefusal {
    /// [`Self::UNKNOWN`], [`Self::LEVEL`] or [`Self::VALUE`].
    pub code: &'static str,
    /// In words, with what is allowed.
    pub reason: String,
}

impl ParameterRefusal {
    /// There is no such parameter.
    pub const UNKNOWN: &'static str = "parameter unknown";
    /// It is in groups of another level.
    pub const LEVEL: &'static str = "parameter level";
    /// It does not take the value.
    pub const VALUE: &'static str = "parameter value";
}

/// What a parameter does to the set-up of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The oldest TLS version that is accepted (`TLSv1.1`).
    TlsMinimum,
    /// The newest TLS version that is accepted.
    TlsMaximum,
    /// The suites that are accepted, separated by commas (Aurora MySQL `ssl_cipher`).
    Suites,
    /// The suites that are accepted, separated by colons (OpenSSL's own form, PostgreSQL `ssl_ciphers`).
    CipherList,
    /// Whether logins in the clear are refused (`ON` or `1`).
    SecureTransport,
    /// The plugin or method of an account that names none.
    DefaultPlugin,
    /// Nothing that a connection's set-up shows.
    Nothing,
}

/// What is left of a profile once its parameters are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// TLS versions.
    pub tls: TlsRange,
    /// Suites, best first. Empty if the parameter names only such as the version does not have.
    pub suites: Vec<String>,
    /// Whether logins in the clear are refused.
    pub secure_transport_required: bool,
    /// The plugin or method of an account that names none.
    pub default_plugin: String,
    /// All parameters that have a value.
    pub parameters: BTreeMap<String, String>,
}

/// A parameter that an engine does not have, or a value that it does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} '{written}', allowed: {allowed}")]
pub struct InvalidParameter {
    /// Which parameter.
    pub name: String,
    /// What is wrong.
    pub problem: String,
    /// The name or the value.
    pub written: String,
    /// What might be there.
    pub allowed: String,
}

impl Profile {
    /// Applies parameters. An empty value leaves a parameter unset, that is at its default.
    ///
    /// # Errors
    /// The engine has no such parameter, or not such a value.
    pub fn settings(&self, written: &BTreeMap<String, String>) -> Result<Settings, InvalidParameter> {
        let unknown = |name: &String| InvalidParameter {
            name: name.clone(),
            problem: format!("{self} has no parameter"),
            written: name.clone(),
            allowed: self.parameters.keys().cloned().collect::<Vec<_>>().join(", "),
        };
        // An engine may lack a parameter that is left unset, so that one axis can run over several engines.
        if let Some((name, _)) = written.iter().find(|(name, v)| !v.is_empty() && !self.parameters.contains_key(*name))
        {
            return Err(unknown(name));
        }
        let mut settings = Settings {
            tls: self.tls,
            suites: self.suites.clone(),
            secure_transport_required: false,
            default_plugin: self.default_plugin.clone(),
            parameters: BTreeMap::new(),
        };
        for (name, parameter) in &self.parameters {
            let value = written.get(name).filter(|value| !value.is_empty()).unwrap_or(&parameter.default);
            if value.is_empty() {
                continue;
            }
            parameter.check(name, value)?;
            settings.apply(parameter.effect, value);
            settings.parameters.insert(name.clone(), value.clone());
        }
        if settings.tls.min > settings.tls.max {
            return Err(InvalidParameter {
                name: self.parameter_of(Effect::TlsMinimum),
                problem: "no TLS version is left by".to_owned(),
                written: format!("{}-{}", settings.tls.min.number(), settings.tls.max.number()),
                allowed: "a minimum that is not above the maximum".to_owned(),
            });
        }
        Ok(settings)
    }

    fn parameter_of(&self, effect: Effect) -> String {
        let named = self.parameters.iter().find(|(_, parameter)| parameter.effect == effect);
        named.map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

impl Parameter {
    fn check(&self, name: &str, value: &str) -> Result<(), InvalidParameter> {
        if let Some(longest) = self.longest.filter(|longest| value.len() > *longest) {
            return Err(InvalidParameter {
                name: name.to_owned(),
                problem: format!("{} octets in {name}", value.len()),
                written: value.to_owned(),
                allowed: format!("{longest} at most"),
            });
        }
        let entries: Vec<&str> = match self.effect {
            Effect::Suites | Effect::CipherList => listed(self.effect, value).collect(),
            _ => vec![value],
        };
        match entries.into_iter().find(|entry| !self.values.is_empty() && !self.values.iter().any(|v| v == entry)) {
            Some(entry) => Err(InvalidParameter {
                name: name.to_owned(),
                problem: format!("unknown value of {name}"),
                written: entry.to_owned(),
                allowed: self.values.join(", "),
            }),
            None => Ok(()),
        }
    }
}

impl Settings {
    fn apply(&mut self, effect: Effect, value: &str) {
        match effect {
            Effect::TlsMinimum => self.tls.min = tls_version(value).unwrap_or(self.tls.min),
            Effect::TlsMaximum => self.tls.max = tls_version(value).unwrap_or(self.tls.max),
            Effect::Suites | Effect::CipherList => {
                let known = listed(effect, value).filter(|suite| self.suites.iter().any(|s| s == suite));
                self.suites = known.map(str::to_owned).collect();
            }
            Effect::SecureTransport => self.secure_transport_required = matches!(value, "ON" | "1"),
            Effect::DefaultPlugin => value.clone_into(&mut self.default_plugin),
            Effect::Nothing => {}
        }
    }
}

/// The suites of a list, as the parameter separates them.
fn listed(effect: Effect, value: &str) -> impl Iterator<Item = &str> {
    let separator = if effect == Effect::CipherList { ':' } else { ',' };
    value.split(separator).map(str::trim)
}

/// `TLSv1`, `TLSv1.1`, as both products write it. `TLSv1` is 1.0.
pub(crate) fn tls_version(text: &str) -> Option<TlsVersion> {
    match text.strip_prefix("TLSv")? {
        "1" => Some(TlsVersion::Tls1_0),
        number => number.parse().ok(),
    }
}
