//! IAM: the cluster's side, and what a client's token says.

use super::realm::{clock_seconds, number, seconds, setting, texts};
use crate::error::ScenarioError;
use crate::iam::{Form, Policy};
use crate::scenario::file;
use crate::scenario::party::{IamKey, IamThrottle, Principal, Server, ServerIam, Token};
use crate::scenario::template::Filling;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;

/// The account and the resource of a cluster whose scenario names none.
const ACCOUNT: &str = "123456789012";
const RESOURCE: &str = "cluster-SHAKEDOWN";

/// The access key of who names none.
const KEY: &str = "default";

/// The cluster's side. Tokens are for the host, unless endpoints are named.
pub(super) fn of_server(written: &file::Iam, host: &str, filling: &Filling<'_>) -> Result<ServerIam, ScenarioError> {
    let file::Iam { region, account, resource, endpoints, keys, throttle } = written;
    let text = |written: Option<&Text>, default: &str| {
        Ok(setting(written, filling)?.map_or_else(|| default.to_owned(), |text| text.text))
    };
    let mut iam = ServerIam {
        region: named(region, filling)?,
        account: text(account.as_ref(), ACCOUNT)?,
        resource: text(resource.as_ref(), RESOURCE)?,
        endpoints: vec![host.to_owned()],
        keys: BTreeMap::new(),
        throttle: None,
    };
    if let Some(endpoints) = endpoints {
        iam.endpoints = texts(filling.words(endpoints)?);
    }
    for (name, key) in keys {
        let name = named(name, filling)?;
        let key = of_key(key, &iam, filling)?;
        iam.keys.insert(name, key);
    }
    if iam.keys.is_empty() {
        let key = IamKey { of: Principal::User, policy: Policy::of_everything(), ends_seconds: None };
        iam.keys.insert(KEY.to_owned(), key);
    }
    if let Some(file::IamThrottle { logins, within }) = throttle
        && let (Some(logins), Some(within_seconds)) = (number(Some(logins), filling)?, seconds(Some(within), filling)?)
    {
        iam.throttle = Some(IamThrottle { logins, within_seconds });
    }
    Ok(iam)
}

/// A word that becomes a part of a credential's scope, which slashes separate.
fn named(written: &Text, filling: &Filling<'_>) -> Result<String, ScenarioError> {
    let text = filling.text(written)?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.text.is_empty() || text.text.len() > 64 || !text.text.chars().all(is_word) {
        let allowed = "letters, digits, '-', '_' and '.', up to 64";
        return Err(filling.error(&text, "no name of a region or an access key").allowing(allowed));
    }
    Ok(text.text)
}

fn of_key(written: &file::IamKey, iam: &ServerIam, filling: &Filling<'_>) -> Result<IamKey, ScenarioError> {
    let file::IamKey { of, allow, deny, ends } = written;
    let of = match setting(of.as_ref(), filling)? {
        Some(text) => {
            filling.one_of(&text, "owner of an access key", &[("user", Principal::User), ("role", Principal::Role)])?
        }
        None => Principal::User,
    };
    let ends = setting(ends.as_ref(), filling)?;
    if let (Some(ends), Principal::User) = (&ends, of) {
        return Err(filling.error(ends, "only the access key of a role ends, not"));
    }
    let ends_seconds = ends.as_ref().map(|ends| clock_seconds(Some(ends), filling)).transpose()?;
    let policy = Policy { allow: resources(allow, iam, filling)?, deny: resources(deny, iam, filling)? };
    Ok(IamKey { of, policy, ends_seconds })
}

/// Patterns of resources. One that is no ARN is a database user of this cluster.
fn resources(written: &List, iam: &ServerIam, filling: &Filling<'_>) -> Result<Vec<String>, ScenarioError> {
    let ServerIam { region, account, resource, .. } = iam;
    let full = |text: Text| match text.text.as_str() {
        "*" => text.text,
        arn if arn.starts_with("arn:") => text.text,
        user => format!("arn:aws:rds-db:{region}:{account}:dbuser:{resource}/{user}"),
    };
    Ok(filling.words(written)?.into_iter().map(full).collect())
}

/// The token of a client that connects to `reached`.
pub(super) fn of_client(
    written: Option<&file::Token>,
    reached: &[&Server],
    filling: &Filling<'_>,
) -> Result<Token, ScenarioError> {
    let nothing = file::Token::default();
    let file::Token { key, host, port, region, service, user, made, expires, form } = written.unwrap_or(&nothing);
    let text = |written: &Option<Text>| Ok(setting(written.as_ref(), filling)?.map(|text| text.text));
    let cluster = reached.iter().find_map(|server| server.iam.as_ref());
    let key = match setting(key.as_ref(), filling)? {
        Some(key) => named(&key, filling)?,
        None => KEY.to_owned(),
    };
    let known = cluster.and_then(|cluster| cluster.keys.get(&key));
    let region = match setting(region.as_ref(), filling)? {
        Some(region) => named(&region, filling)?,
        None => cluster.map(|cluster| cluster.region.clone()).unwrap_or_default(),
    };
    let port = match setting(port.as_ref(), filling)? {
        Some(text) => {
            let port = text.text.parse().ok().filter(|port| *port > 0);
            Some(port.ok_or_else(|| filling.error(&text, "no port").allowing("1 to 65535"))?)
        }
        None => None,
    };
    const FORMS: [(&str, Form); 3] =
        [("usual", Form::Usual), ("reversed", Form::Reversed), ("small-escapes", Form::SmallEscapes)];
    let form = match setting(form.as_ref(), filling)? {
        Some(text) => filling.one_of(&text, "form of a token", &FORMS)?,
        None => Form::Usual,
    };
    Ok(Token {
        session: known.is_some_and(|key| key.of == Principal::Role),
        key,
        host: text(host)?,
        port,
        region,
        service: setting(service.as_ref(), filling)?.map(|service| named(&service, filling)).transpose()?,
        user: text(user)?,
        made_seconds: clock_seconds(setting(made.as_ref(), filling)?.as_ref(), filling)?,
        expires: text(expires)?,
        form,
    })
}
