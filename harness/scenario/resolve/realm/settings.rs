//! What a realm's KDC decides, and how.

use super::{flag, number, seconds, word, words};
use crate::error::ScenarioError;
use crate::scenario::file;
use crate::scenario::party::{Lockout, RealmSettings};
use crate::scenario::resolve::realm::texts;
use crate::scenario::template::Filling;
use std::collections::BTreeMap;

pub(super) fn resolve(written: &file::Realm, filling: &Filling<'_>) -> Result<RealmSettings, ScenarioError> {
    let file::Realm {
        realm: _,
        users: _,
        services: _,
        etypes: _,
        ticket_lifetime: _,
        clock: _,
        deviations: _,
        trusts: _,
        trust_secret: _,
        rules: _,
        flavor,
        preauth,
        case_insensitive,
        canonicalize,
        enterprise_names,
        upn_suffixes,
        pac,
        fast,
        renewable_lifetime,
        clock_skew,
        max_datagram_reply_octets,
        lockout: _,
        lockout_window: _,
        lockout_duration: _,
        anonymous,
        postdated,
        user_to_user,
        refused_flags,
        error_data,
        account_checks,
        bad_path,
        users_elsewhere,
    } = written;
    let mut elsewhere = BTreeMap::new();
    for (suffix, realm) in users_elsewhere {
        elsewhere.insert(filling.text(suffix)?.text, filling.text(realm)?.text);
    }
    Ok(RealmSettings {
        flavor: word(flavor.as_ref(), filling)?.unwrap_or_default(),
        preauth: word(preauth.as_ref(), filling)?,
        case_insensitive: flag(case_insensitive.as_ref(), filling)?,
        canonicalize: flag(canonicalize.as_ref(), filling)?,
        enterprise_names: flag(enterprise_names.as_ref(), filling)?,
        upn_suffixes: texts(filling.list(upn_suffixes)?),
        pac: flag(pac.as_ref(), filling)?,
        fast: word(fast.as_ref(), filling)?,
        renewable_lifetime_seconds: seconds(renewable_lifetime.as_ref(), filling)?,
        clock_skew_seconds: seconds(clock_skew.as_ref(), filling)?,
        max_datagram_reply_octets: number(max_datagram_reply_octets.as_ref(), filling)?,
        lockout: lockout(written, filling)?,
        anonymous: flag(anonymous.as_ref(), filling)?,
        postdated: flag(postdated.as_ref(), filling)?,
        user_to_user: flag(user_to_user.as_ref(), filling)?,
        refused_flags: words(refused_flags, filling)?,
        error_data: flag(error_data.as_ref(), filling)?,
        account_checks: word(account_checks.as_ref(), filling)?,
        bad_path: word(bad_path.as_ref(), filling)?,
        users_elsewhere: elsewhere,
    })
}

/// 0 is the same as nothing, for templates.
fn lockout(written: &file::Realm, filling: &Filling<'_>) -> Result<Option<Lockout>, ScenarioError> {
    let attempts = number(written.lockout.as_ref(), filling)?.filter(|attempts| *attempts != 0);
    let window_seconds = seconds(written.lockout_window.as_ref(), filling)?;
    let duration_seconds = seconds(written.lockout_duration.as_ref(), filling)?;
    if attempts.is_none()
        && let Some(alone) = written.lockout_window.as_ref().or(written.lockout_duration.as_ref())
    {
        return Err(
            filling.error(&filling.text(alone)?, "a time of a lockout without 'lockout', the number of attempts")
        );
    }
    Ok(attempts.map(|attempts| Lockout {
        attempts,
        window_seconds: window_seconds.unwrap_or(0),
        duration_seconds: duration_seconds.unwrap_or(0),
    }))
}
