//! An endpoint as it is written: a file, or variables of the environment; and `${NAME}` in either.

use super::accounts::AccountFile;
use super::costs::Allowed;
use super::secrets;
use crate::error::Error;
use crate::scenario::source::Source;
use crate::scenario::written::{List, Text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use zeroize::Zeroizing;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub plays: List,
    pub host: Text,
    pub address: Option<Text>,
    pub port: Option<Text>,
    pub ca: Option<Text>,
    pub region: Option<Text>,
    pub keytab: Option<Text>,
    pub ccache: Option<Text>,
    pub cleartext: Option<Text>,
    pub ask: Option<Text>,
    #[serde(default, deserialize_with = "secrets::deserialize")]
    pub secrets: BTreeMap<String, Zeroizing<String>>,
    #[serde(default)]
    pub realms: BTreeMap<String, Text>,
    #[serde(default)]
    pub parameters: BTreeMap<String, Text>,
    pub accounts: Option<BTreeMap<String, AccountFile>>,
    #[serde(default)]
    pub allow: Allowed,
}

/// Keys whose value is a text, and what variables that describe an endpoint begin with: `SHAKEDOWN_ENDPOINT_HOST`.
const TEXTS: [&str; 10] = ["plays", "host", "address", "port", "ca", "region", "keytab", "ccache", "cleartext", "ask"];

/// Keys whose value is a table, which a variable holds as TOML: `{ alice = "${ALICE_PASSWORD}" }`.
const TABLES: [&str; 5] = ["secrets", "realms", "parameters", "accounts", "allow"];

const PREFIX: &str = "SHAKEDOWN_ENDPOINT_";

/// A file of that shape.
pub(super) fn read(path: &Path) -> Result<(Source, File), Error> {
    let source = Source::read(path)?;
    let file = source.parse()?;
    Ok((source, file))
}

/// The same from the environment alone: each key is a variable.
pub(super) fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<(Source, File), Error> {
    let mut text = String::new();
    for key in TEXTS.into_iter().chain(TABLES) {
        let Some(value) = variable(&format!("{PREFIX}{}", key.to_ascii_uppercase())) else { continue };
        // Writing to a string does not fail.
        let _ = match key {
            "plays" => {
                let engines: Vec<_> = value.split(',').map(|engine| engine.trim().into()).collect();
                writeln!(text, "{key} = {}", toml::Value::Array(engines))
            }
            _ if TEXTS.contains(&key) => writeln!(text, "{key} = {}", toml::Value::String(value)),
            _ => writeln!(text, "{key} = {}", value.replace(['\n', '\r'], " ")),
        };
    }
    if text.is_empty() {
        let problem = format!("the backend 'endpoint' needs --endpoint FILE, or {PREFIX}PLAYS, {PREFIX}HOST and so on");
        return Err(Error::Usage(problem));
    }
    let file = format!("the environment's {PREFIX}*").into();
    let source = Source { name: "environment".to_owned(), file, text };
    let file = source.parse()?;
    Ok((source, file))
}

/// `${NAME}` replaced by the variable's value. The text of the error holds names only.
pub(super) fn filled(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, after) = behind.split_once('}').ok_or("'${' without '}'")?;
        filled.push_str(before);
        filled.push_str(&variable(name).ok_or_else(|| format!("the environment has no variable {name}"))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_missing_ones_are_named() {
        let variable = |name: &str| (name == "PORT").then(|| "3306".to_owned());
        assert_eq!(filled("127.0.0.1:${PORT}", &variable), Ok("127.0.0.1:3306".to_owned()));
        assert_eq!(filled("plain", &variable), Ok("plain".to_owned()));
        assert_eq!(filled("${HOST}", &variable), Err("the environment has no variable HOST".to_owned()));
        assert!(filled("${PORT", &variable).is_err());
    }

    fn variables(set: &'static [(&str, &str)]) -> Result<File, String> {
        let variable = |name: &str| {
            let key = name.strip_prefix(PREFIX)?;
            set.iter().find(|(set, _)| *set == key).map(|(_, value)| (*value).to_owned())
        };
        from_variables(&variable).map(|(_, file)| file).map_err(|problem| problem.to_string())
    }

    #[test]
    fn every_key_can_be_a_variable() {
        let file = variables(&[
            ("PLAYS", "aurora-mysql 3.04.0, aurora-mysql 2.*"),
            ("HOST", "a \"quoted\" name"),
            ("PORT", "3306"),
            ("SECRETS", "{ alice = \"${ALICE}\" }"),
            ("ALLOW", "{ lockout = 3 }"),
        ]);
        let file = file.unwrap();
        assert_eq!(file.plays.items.len(), 2);
        assert_eq!((file.host.text.as_str(), file.port.unwrap().text.as_str()), ("a \"quoted\" name", "3306"));
        assert_eq!((file.secrets["alice"].as_str(), file.allow.lockout), ("${ALICE}", 3));
    }

    #[test]
    fn what_is_wrong_with_a_variable_is_said_without_its_value() {
        let problem = |set| variables(set).err().unwrap();
        assert!(problem(&[]).contains("--endpoint FILE"));
        assert!(problem(&[("HOST", "h")]).contains("missing key 'plays'"), "{}", problem(&[("HOST", "h")]));
        for secrets in ["hunter2", "{ alice = hunter2 }", "{ alice = 4711 }", "'hunter2'", "{ alice = 'hunter2'"] {
            let set: &'static [(&str, &str)] =
                Box::leak(vec![("PLAYS", "x"), ("HOST", "h"), ("SECRETS", secrets)].into_boxed_slice());
            let problem = problem(set);
            assert!(!problem.contains("hunter2") && !problem.contains("4711"), "{problem}");
        }
    }
}
