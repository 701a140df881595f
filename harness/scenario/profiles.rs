//! All profiles: `scenarios/profiles/*.toml`. A version is added by adding data.

use crate::error::ScenarioError;
use crate::scenario::party::TlsRange;
use crate::scenario::profile::{Apply, Effect, Level, Parameter, Profile, Protocol, tls_version};
use crate::scenario::source::Source;
use crate::scenario::version::Version;
use crate::scenario::words::tls_range;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;

/// Engine lines and their versions.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    lines: BTreeMap<String, Line>,
}

#[derive(Debug, Clone)]
struct Line {
    protocol: Protocol,
    parameters: Vec<(String, Option<Test>, Parameter)>,
    versions: Vec<LineVersion>,
}

#[derive(Debug, Clone)]
struct LineVersion {
    version: Version,
    server_version: String,
    tls: TlsRange,
    suites: Vec<String>,
    plugins: Vec<String>,
    /// Question and answer, and the suites under that reading.
    readings: Vec<((String, String), Vec<String>)>,
}

/// Which versions of a line have a parameter.
#[derive(Debug, Clone)]
enum Test {
    Before(Version),
    From(Version),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    line: Text,
    protocol: Text,
    /// For the reader of the file.
    #[serde(rename = "source")]
    _source: Text,
    suites: BTreeMap<Text, List>,
    #[serde(default)]
    parameter: BTreeMap<Text, ParameterFile>,
    version: Vec<VersionFile>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterFile {
    effect: Option<Text>,
    versions: Option<Text>,
    default: Option<Text>,
    #[serde(default)]
    values: List,
    longest: Option<usize>,
    apply: Option<Text>,
    level: Option<Text>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionFile {
    version: Text,
    server_version: Text,
    tls: Text,
    suites: List,
    plugins: List,
    #[serde(default)]
    reading: BTreeMap<Text, ReadingFile>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadingFile {
    suites: List,
}

impl Profiles {
    /// Adds a profile file.
    ///
    /// # Errors
    /// It is not of that shape, or its line is there already.
    pub fn add(&mut self, source: &Source) -> Result<(), ScenarioError> {
        let ProfileFile { line, protocol, _source, suites, parameter, version } = source.parse()?;
        let protocol = match protocol.text.as_str() {
            "mysql" => Protocol::Mysql,
            "postgres" => Protocol::Postgres,
            _ => {
                let error = source.error(&protocol.span, "unknown protocol");
                return Err(error.writing(protocol.text).allowing("mysql, postgres"));
            }
        };
        let parameters = parameter.into_iter().map(|(name, written)| understood(name, written, source));
        let parameters = parameters.collect::<Result<_, _>>()?;
        let mut versions: Vec<LineVersion> = Vec::with_capacity(version.len());
        for written in version {
            let span = written.version.span.clone();
            let understood = LineVersion::new(written, &suites, source)?;
            if versions.iter().any(|other| other.version == understood.version) {
                return Err(source.error(&span, "version given twice").writing(understood.version.to_string()));
            }
            versions.push(understood);
        }
        if self.lines.contains_key(&line.text) {
            return Err(source.error(&line.span, "engine line given twice").writing(line.text));
        }
        self.lines.insert(line.text, Line { protocol, parameters, versions });
        Ok(())
    }

    /// The profile of `aurora-mysql 3.04.0` under some readings.
    ///
    /// # Errors
    /// There is none; the text says what there is.
    pub fn get(&self, engine: &str, readings: &BTreeMap<String, String>) -> Result<Profile, String> {
        let (name, version) = engine.split_once(' ').unwrap_or((engine, ""));
        let line = self.lines.get(name).ok_or_else(|| {
            let versions = |(name, line): (&String, &Line)| format!("{name} {}", line.known());
            self.lines.iter().map(versions).collect::<Vec<_>>().join(", ")
        })?;
        let wanted = version.parse::<Version>().ok();
        let found = line.versions.iter().find(|known| Some(&known.version) == wanted.as_ref());
        let found = found.ok_or_else(|| format!("{name} {}", line.known()))?;
        let reads = |((question, answer), _): &&((String, String), Vec<String>)| readings.get(question) == Some(answer);
        let suites = found.readings.iter().find(reads).map_or(&found.suites, |(_, suites)| suites);
        let parameters: BTreeMap<_, _> = line
            .parameters
            .iter()
            .filter(|(_, test, _)| test.as_ref().is_none_or(|test| test.allows(&found.version)))
            .map(|(name, _, parameter)| (name.clone(), parameter.clone()))
            .collect();
        Ok(Profile {
            line: name.to_owned(),
            version: found.version.clone(),
            protocol: line.protocol,
            server_version: found.server_version.clone(),
            tls: found.tls,
            suites: suites.clone(),
            plugins: found.plugins.clone(),
            default_plugin: found.plugins.first().cloned().unwrap_or_default(),
            parameters,
        })
    }

    /// All engines: `aurora-mysql 2.07.9` and so on.
    #[must_use]
    pub fn engines(&self) -> Vec<String> {
        let versions = |(name, line): (&String, &Line)| {
            line.versions.iter().map(|known| format!("{name} {}", known.version)).collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(versions).collect()
    }
}

impl Line {
    fn known(&self) -> String {
        self.versions.iter().map(|known| known.version.to_string()).collect::<Vec<_>>().join("|")
    }
}

impl LineVersion {
    fn new(written: VersionFile, groups: &BTreeMap<Text, List>, source: &Source) -> Result<Self, ScenarioError> {
        let VersionFile { version, server_version, tls, suites, plugins, reading } = written;
        let mut readings = Vec::with_capacity(reading.len());
        for (key, ReadingFile { suites }) in reading {
            let Some((question, answer)) = key.text.split_once('=') else {
                return Err(source.error(&key.span, "a reading is QUESTION=ANSWER, not").writing(key.text));
            };
            readings.push(((question.to_owned(), answer.to_owned()), expand(&suites, groups)));
        }
        if plugins.items.is_empty() {
            return Err(source.error(&plugins.span, "an engine without plugins"));
        }
        let parsed = version.text.parse().map_err(|error| source.error(&version.span, format!("{error}")))?;
        Ok(Self {
            version: parsed,
            server_version: server_version.text,
            tls: tls_range(&tls.text).map_err(|problem| source.error(&tls.span, problem).writing(&tls.text))?,
            suites: expand(&suites, groups),
            plugins: plugins.items.into_iter().map(|plugin| plugin.text).collect(),
            readings,
        })
    }
}

/// Suites and groups of suites.
fn expand(written: &List, groups: &BTreeMap<Text, List>) -> Vec<String> {
    let group = |name: &Text| groups.iter().find(|(key, _)| key.text == name.text).map(|(_, list)| &list.items);
    let entries = written.items.iter().flat_map(|entry| match group(entry) {
        Some(suites) => suites.iter().map(|suite| suite.text.clone()).collect(),
        None => vec![entry.text.clone()],
    });
    entries.collect()
}

fn understood(
    name: Text,
    written: ParameterFile,
    source: &Source,
) -> Result<(String, Option<Test>, Parameter), ScenarioError> {
    const EFFECTS: [(&str, Effect); 6] = [
        ("tls-minimum", Effect::TlsMinimum),
        ("tls-maximum", Effect::TlsMaximum),
        ("suites", Effect::Suites),
        ("cipher-list", Effect::CipherList),
        ("secure-transport", Effect::SecureTransport),
        ("default-plugin", Effect::DefaultPlugin),
    ];
    let ParameterFile { effect, versions, default, values, longest, apply, level } = written;
    let apply = one_of(apply, &[("dynamic", Apply::Dynamic), ("static", Apply::Static)], source)?;
    let level = one_of(level, &[("cluster", Level::Cluster), ("instance", Level::Instance)], source)?;
    let effect = match effect {
        Some(written) => {
            EFFECTS.iter().find(|(word, _)| *word == written.text).map(|(_, effect)| *effect).ok_or_else(|| {
                let allowed = EFFECTS.map(|(word, _)| word).join(", ");
                source.error(&written.span, "unknown effect").writing(&written.text).allowing(allowed)
            })?
        }
        None => Effect::Nothing,
    };
    if matches!(effect, Effect::TlsMinimum | Effect::TlsMaximum) {
        if let Some(wrong) = values.items.iter().find(|value| tls_version(&value.text).is_none()) {
            return Err(source.error(&wrong.span, "no TLS version").writing(&wrong.text).allowing("TLSv1, TLSv1.1, …"));
        }
        if values.items.is_empty() {
            return Err(source.error(&name.span, "a TLS version needs its values listed").writing(&name.text));
        }
    }
    let test = versions.map(|written| Test::new(&written, source)).transpose()?;
    let values = values.items.into_iter().map(|value| value.text).collect();
    let default = default.map(|text| text.text).unwrap_or_default();
    Ok((name.text, test, Parameter { effect, default, values, longest, apply, level }))
}

/// The value of a word; without one, that of the first.
fn one_of<T: Copy>(written: Option<Text>, words: &[(&str, T)], source: &Source) -> Result<T, ScenarioError> {
    let Some(written) = written else { return Ok(words[0].1) };
    words.iter().find(|(word, _)| *word == written.text).map(|(_, value)| *value).ok_or_else(|| {
        let allowed: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        source.error(&written.span, "unknown word").writing(&written.text).allowing(allowed.join(", "))
    })
}

impl Test {
    fn new(written: &Text, source: &Source) -> Result<Self, ScenarioError> {
        let wrong =
            || source.error(&written.span, "versions are '< VERSION' or '>= VERSION', not").writing(&written.text);
        let version = |text: &str| text.parse().map_err(|_| wrong());
        match (written.text.strip_prefix(">="), written.text.strip_prefix('<')) {
            (Some(floor), _) => version(floor).map(Self::From),
            (_, Some(end)) => version(end).map(Self::Before),
            _ => Err(wrong()),
        }
    }

    fn allows(&self, version: &Version) -> bool {
        match self {
            Self::Before(end) => version < end,
            Self::From(floor) => version >= floor,
        }
    }
}
