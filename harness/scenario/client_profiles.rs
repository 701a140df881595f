//! All client profiles: `scenarios/clients.toml`. A library is added by adding data.

use crate::error::ScenarioError;
use crate::mysql::auth::ClientPlugin;
use crate::scenario::party::{ClientProfile, TicketOrigin, TokenForm, WithoutPlugin};
use crate::scenario::source::Source;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Client libraries by name.
#[derive(Debug, Clone, Default)]
pub struct ClientProfiles {
    profiles: BTreeMap<String, Arc<ClientProfile>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientFile {
    /// For the reader of the file.
    #[serde(rename = "source")]
    _source: Text,
    plugins: List,
    without_plugin: Text,
    tickets: Text,
    token: Text,
    mutual: Text,
    destroys_tickets: Text,
    attributes: BTreeMap<Text, Text>,
}

impl ClientProfiles {
    /// Reads a file of client profiles.
    ///
    /// # Errors
    /// It is not of that shape, or names what there is not.
    pub fn parse(source: &Source) -> Result<Self, ScenarioError> {
        let written: BTreeMap<Text, ClientFile> = source.parse()?;
        let mut profiles = BTreeMap::new();
        for (name, client) in written {
            // It is how `kind` tells a profile from its other words.
            if name.text.split(' ').filter(|word| !word.is_empty()).count() < 2 {
                let error =
                    source.error(&name.span, "a client profile is a library, its version and its platform, not");
                return Err(error.writing(name.text));
            }
            profiles.insert(name.text.clone(), Arc::new(understood(name.text, client, source)?));
        }
        Ok(Self { profiles })
    }

    /// The profile of `libmysqlclient 8.0.28 unix`, or the names of those that there are.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<ClientProfile>, String> {
        self.profiles.get(name).cloned().ok_or_else(|| self.names().collect::<Vec<_>>().join(", "))
    }

    /// The names of all profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }
}

fn understood(name: String, written: ClientFile, source: &Source) -> Result<ClientProfile, ScenarioError> {
    let ClientFile { _source, plugins, without_plugin, tickets, token, mutual, destroys_tickets, attributes } = written;
    if let Some(unknown) = plugins.items.iter().find(|plugin| ClientPlugin::by_name(plugin.text.as_bytes()).is_none()) {
        let allowed: Vec<_> = ClientPlugin::ALL.iter().map(|plugin| plugin.name()).collect();
        let error = source.error(&unknown.span, "unknown plugin of clients");
        return Err(error.writing(&unknown.text).allowing(allowed.join(", ")));
    }
    let without = [("close", WithoutPlugin::Close), ("empty-packet", WithoutPlugin::EmptyPacket)];
    let origins = [("gssapi", TicketOrigin::Gssapi), ("session", TicketOrigin::Session)];
    let forms = [("krb5", TokenForm::Krb5), ("spnego", TokenForm::Spnego)];
    let flag = |written| one_of(written, &[("true", true), ("false", false)], source);
    Ok(ClientProfile {
        name,
        plugins: plugins.items.into_iter().map(|plugin| plugin.text).collect(),
        without_plugin: one_of(&without_plugin, &without, source)?,
        tickets: one_of(&tickets, &origins, source)?,
        token: one_of(&token, &forms, source)?,
        mutual: flag(&mutual)?,
        destroys_tickets: flag(&destroys_tickets)?,
        attributes: attributes.into_iter().map(|(name, value)| (name.text, value.text)).collect(),
    })
}

fn one_of<T: Copy>(written: &Text, words: &[(&str, T)], source: &Source) -> Result<T, ScenarioError> {
    words.iter().find(|(word, _)| *word == written.text).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let allowed: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        source.error(&written.span, "unknown word").writing(&written.text).allowing(allowed.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(from: &str, to: &str) -> Result<ClientProfiles, String> {
        let text = "[\"library 1.0 unix\"]\nsource = \"x\"\nplugins = [\"mysql_native_password\"]\n\
                    without_plugin = \"close\"\ntickets = \"gssapi\"\ntoken = \"krb5\"\nmutual = \"false\"\ndestroys_tickets = \"true\"\n\
                    attributes = { _client_name = \"library\" }\n";
        assert!(text.contains(from), "{from}");
        ClientProfiles::parse(&Source::new("clients", text.replace(from, to))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_profile_is_what_its_words_say() {
        let profile = parsed("close", "empty-packet").unwrap().get("library 1.0 unix").unwrap();
        assert_eq!(profile.without_plugin, WithoutPlugin::EmptyPacket);
        assert_eq!((profile.tickets, profile.token, profile.mutual), (TicketOrigin::Gssapi, TokenForm::Krb5, false));
        assert_eq!(profile.attributes, [("_client_name".to_owned(), "library".to_owned())]);
    }

    #[test]
    fn what_there_is_not_is_refused_with_what_there_is() {
        let problem = |from: &str, to: &str| parsed(from, to).unwrap_err();
        assert!(
            problem("close", "wait").contains("'wait', allowed: close, empty-packet"),
            "{}",
            problem("close", "wait")
        );
        assert!(problem("gssapi", "keytab").contains("gssapi, session"));
        assert!(problem("krb5", "ntlm").contains("krb5, spnego"));
        assert!(problem("mysql_native_password", "mysql_old_password").contains("mysql_clear_password"));
        assert!(problem("library 1.0 unix", "library").contains("a library, its version and its platform"));
        let known = parsed("close", "close").unwrap().get("library 2.0 unix").unwrap_err();
        assert_eq!(known, "library 1.0 unix");
    }
}
