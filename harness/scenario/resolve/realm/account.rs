//! Users and services of a realm.

use super::{etypes, number, password, seconds, setting, texts, word, words};
use crate::error::ScenarioError;
use crate::scenario::file;
use crate::scenario::party::{AccountSettings, RealmService, RealmUser};
use crate::scenario::template::Filling;
use crate::scenario::words::offset_seconds;
use crate::scenario::written::Text;

pub(super) fn user(written: &file::RealmUser, filling: &Filling<'_>) -> Result<RealmUser, ScenarioError> {
    let file::RealmUser {
        secret,
        kind,
        upn,
        aliases,
        salt,
        etypes: own_etypes,
        preauth,
        disabled,
        locked_out,
        valid_from,
        expires,
        password_expires,
        must_change_password,
        password_history,
        ticket_lifetime,
        renewable_lifetime,
        refused_flags,
    } = written;
    let text = |text: Option<&Text>| filling.optional(text).map(|text| text.map(|text| text.text));
    Ok(RealmUser {
        password: password(&filling.text(secret)?),
        kind: word(kind.as_ref(), filling)?.unwrap_or_default(),
        upn: text(upn.as_ref())?,
        salt: text(salt.as_ref())?,
        preauth: word(preauth.as_ref(), filling)?,
        locked_out: filling.flag(locked_out.as_ref(), false)?,
        password_expires_seconds: moment(password_expires.as_ref(), filling)?,
        must_change_password: filling.flag(must_change_password.as_ref(), false)?,
        password_history: number(password_history.as_ref(), filling)?.unwrap_or(0),
        account: AccountSettings {
            aliases: texts(filling.words(aliases)?),
            etypes: etypes(own_etypes, filling)?,
            disabled: filling.flag(disabled.as_ref(), false)?,
            valid_from_seconds: moment(valid_from.as_ref(), filling)?,
            expires_seconds: moment(expires.as_ref(), filling)?,
            ticket_lifetime_seconds: seconds(ticket_lifetime.as_ref(), filling)?,
            renewable_lifetime_seconds: seconds(renewable_lifetime.as_ref(), filling)?,
            refused_flags: words(refused_flags, filling)?,
        },
    })
}

pub(super) fn service(written: &file::RealmService, filling: &Filling<'_>) -> Result<RealmService, ScenarioError> {
    let file::RealmService {
        aliases,
        etypes: own_etypes,
        session_etypes,
        keyless,
        user_to_user_only,
        disabled,
        valid_from,
        expires,
        ticket_lifetime,
        renewable_lifetime,
        refused_flags,
    } = written;
    Ok(RealmService {
        session_etypes: etypes(session_etypes, filling)?,
        keyless: filling.flag(keyless.as_ref(), false)?,
        user_to_user_only: filling.flag(user_to_user_only.as_ref(), false)?,
        account: AccountSettings {
            aliases: texts(filling.words(aliases)?),
            etypes: etypes(own_etypes, filling)?,
            disabled: filling.flag(disabled.as_ref(), false)?,
            valid_from_seconds: moment(valid_from.as_ref(), filling)?,
            expires_seconds: moment(expires.as_ref(), filling)?,
            ticket_lifetime_seconds: seconds(ticket_lifetime.as_ref(), filling)?,
            renewable_lifetime_seconds: seconds(renewable_lifetime.as_ref(), filling)?,
            refused_flags: words(refused_flags, filling)?,
        },
    })
}

/// A moment, in seconds from the start of the case.
fn moment(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<i64>, ScenarioError> {
    let Some(text) = setting(written, filling)? else { return Ok(None) };
    let offset = offset_seconds(&text.text);
    let wrong = || {
        filling
            .error(&text, "no moment")
            .allowing("-1h, +30m: from the start of the case on, with the units s, m, h, d")
    };
    offset.map(Some).ok_or_else(wrong)
}
