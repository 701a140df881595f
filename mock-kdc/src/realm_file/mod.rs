//! The realm file of the program: TOML as written, and its reading. The format is in the crate's documentation, and as a
//! JSON Schema in [`SCHEMA`].

mod place;
mod trusts;
mod written;

use std::num::NonZeroU32;
use std::path::Path;

use shakedown_krb5::Timestamp;
use toml::Spanned;

use crate::deviation::Deviation;
use crate::realm::{Flavor, Lockout, Password, Realm, Service, User};
use place::{Place, line_of};
use written::{File, ServiceEntry, UserEntry};

/// The JSON Schema of realm files, for editors and for who writes them with a program.
pub const SCHEMA: &str = include_str!("schema.json");

/// A realm file, as understood.
#[derive(Debug, Clone)]
pub struct RealmFile {
    /// The realm.
    pub realm: Realm,
    /// Departures from the protocol that are on from the start.
    pub deviations: Vec<Deviation>,
}

/// What a realm file may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The folder that the names of keytabs are relative to: that of the file.
    pub folder: &'a Path,
    /// What relative times are relative to.
    pub now: Timestamp,
}

/// A realm file that cannot be used: where, and what is allowed there. It never quotes a password or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct InvalidFile {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong and what is allowed.
    pub problem: String,
}

/// Reads a realm file that refers to the current folder and time, if to any.
///
/// # Errors
/// The first thing that is wrong with it, by line.
pub fn read(text: &str) -> Result<RealmFile, InvalidFile> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    read_in(Surroundings { folder: Path::new(""), now }, text)
}

/// Reads a realm file.
///
/// # Errors
/// The first thing that is wrong with it, by line; a keytab that cannot be read as well.
pub fn read_in(surroundings: Surroundings<'_>, text: &str) -> Result<RealmFile, InvalidFile> {
    let file: File = toml::from_str(text).map_err(|error| InvalidFile {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        problem: error.message().replace('\n', ", "),
    })?;
    let place = Place { text, folder: surroundings.folder, now: surroundings.now };
    let File {
        realm: name,
        flavor,
        etypes,
        domains,
        clock_offset_seconds,
        preauth,
        case_insensitive,
        canonicalize,
        enterprise_names,
        upn_suffixes,
        pac,
        fast,
        ticket_lifetime,
        renewable_lifetime,
        clock_skew,
        max_datagram_reply_octets,
        lockout,
        lockout_window,
        lockout_duration,
        anonymous,
        postdated,
        user_to_user,
        refused_flags,
        error_data,
        account_checks,
        all_etypes_in_hints,
        reply_key_version,
        deviations,
        users,
        services,
        trusts,
        trusted_by,
        paths,
        hosts_elsewhere,
        referred_names,
        users_elsewhere,
        bad_path,
    } = file;
    let elsewhere = trusts::Written {
        trusts,
        trusted_by,
        paths,
        hosts: hosts_elsewhere,
        referred_names,
        users: users_elsewhere,
        bad_path,
    };
    let defaults = Realm::of(place.word::<Flavor>(flavor.as_ref())?.unwrap_or_default(), &name);
    let lock_times = (lockout_window.as_ref(), lockout_duration.as_ref());
    let realm = Realm {
        flavor: defaults.flavor,
        etypes: place.etypes(etypes)?.unwrap_or(defaults.etypes),
        users: users.into_iter().map(|entry| user(&place, &name, entry)).collect::<Result<_, _>>()?,
        services: services.into_iter().map(|entry| service(&place, &name, entry)).collect::<Result<_, _>>()?,
        domains,
        clock_offset_seconds,
        preauth: place.word(preauth.as_ref())?.unwrap_or(defaults.preauth),
        case_insensitive: case_insensitive.unwrap_or(defaults.case_insensitive),
        canonicalize: canonicalize.unwrap_or(defaults.canonicalize),
        enterprise_names: enterprise_names.unwrap_or(defaults.enterprise_names),
        upn_suffixes,
        pac: pac.unwrap_or(defaults.pac),
        fast: place.word(fast.as_ref())?.unwrap_or(defaults.fast),
        ticket_lifetime: place.duration(ticket_lifetime.as_ref())?.unwrap_or(defaults.ticket_lifetime),
        renewable_lifetime: place.duration(renewable_lifetime.as_ref())?.unwrap_or(defaults.renewable_lifetime),
        clock_skew: place.duration(clock_skew.as_ref())?.unwrap_or(defaults.clock_skew),
        max_datagram_reply_octets: max_datagram_reply_octets.unwrap_or(defaults.max_datagram_reply_octets),
        lockout: lock(&place, lockout.as_ref(), lock_times)?.or(defaults.lockout),
        anonymous: anonymous.unwrap_or(defaults.anonymous),
        postdated: postdated.unwrap_or(defaults.postdated),
        user_to_user: user_to_user.unwrap_or(defaults.user_to_user),
        refused_flags: place.words(refused_flags.as_ref())?,
        error_data: error_data.unwrap_or(defaults.error_data),
        account_checks: place.word(account_checks.as_ref())?.unwrap_or(defaults.account_checks),
        all_etypes_in_hints: all_etypes_in_hints.unwrap_or(defaults.all_etypes_in_hints),
        reply_key_version: reply_key_version.unwrap_or(defaults.reply_key_version),
        trusts: trusts::understood(&place, &name, elsewhere, &defaults.trusts)?,
        name,
    };
    let deviations = deviations
        .iter()
        .map(|name| name.get_ref().parse::<Deviation>().map_err(|unknown| place.invalid(name, unknown.to_string())));
    Ok(RealmFile { realm, deviations: deviations.collect::<Result<_, _>>()? })
}

fn lock(
    place: &Place<'_>,
    attempts: Option<&Spanned<u32>>,
    (window, duration): (Option<&Spanned<String>>, Option<&Spanned<String>>),
) -> Result<Option<Lockout>, InvalidFile> {
    let Some(attempts) = attempts else {
        return match window.or(duration) {
            Some(alone) => {
                Err(place.invalid(alone, "a time of a lockout without `lockout`, the number of attempts".to_owned()))
            }
            None => Ok(None),
        };
    };
    let number = NonZeroU32::new(*attempts.get_ref())
        .ok_or_else(|| place.invalid(attempts, "no attempt at all, expected 1 or more".to_owned()))?;
    let (window, duration) = (place.duration(window)?, place.duration(duration)?);
    Ok(Some(Lockout {
        window: window.unwrap_or_default(),
        duration: duration.unwrap_or_default(),
        ..Lockout::after(number)
    }))
}

fn user(place: &Place<'_>, realm: &str, entry: UserEntry) -> Result<User, InvalidFile> {
    let UserEntry {
        name,
        kind,
        upn,
        aliases,
        password,
        keytab,
        keys,
        salt,
        etypes,
        session_etypes,
        kvno,
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
        rid,
        groups,
    } = entry;
    let keys = place.keys(name.get_ref(), realm, keytab.as_ref(), keys)?;
    if password.is_none() && keys.is_empty() {
        let problem = "a user without a password, expected `password`, `keys` or `keytab`".to_owned();
        return Err(place.invalid(&name, problem));
    }
    Ok(User {
        kind: place.word(kind.as_ref())?.unwrap_or_default(),
        upn,
        aliases: place.names(&aliases)?,
        password: password.unwrap_or_else(|| Password::new("")),
        keys,
        salt: salt.map(String::into_bytes),
        etypes: place.etypes(etypes)?,
        session_etypes: place.etypes(session_etypes)?,
        kvno: kvno.unwrap_or(1),
        preauth: place.word(preauth.as_ref())?,
        disabled: disabled.unwrap_or(false),
        locked_out: locked_out.unwrap_or(false),
        valid_from: place.moment(valid_from.as_ref())?,
        expires: place.moment(expires.as_ref())?,
        password_expires: place.moment(password_expires.as_ref())?,
        must_change_password: must_change_password.unwrap_or(false),
        password_history: password_history.unwrap_or(0),
        ticket_lifetime: place.duration(ticket_lifetime.as_ref())?,
        renewable_lifetime: place.duration(renewable_lifetime.as_ref())?,
        refused_flags: place.words(refused_flags.as_ref())?,
        rid,
        groups,
        name: place.name(&name)?,
    })
}

fn service(place: &Place<'_>, realm: &str, entry: ServiceEntry) -> Result<Service, InvalidFile> {
    let ServiceEntry {
        name,
        aliases,
        keytab,
        keys,
        etypes,
        session_etypes,
        kvno,
        keyless,
        user_to_user_only,
        disabled,
        valid_from,
        expires,
        ticket_lifetime,
        renewable_lifetime,
        refused_flags,
    } = entry;
    Ok(Service {
        aliases: place.names(&aliases)?,
        keys: place.keys(name.get_ref(), realm, keytab.as_ref(), keys)?,
        etypes: place.etypes(etypes)?,
        session_etypes: place.etypes(session_etypes)?,
        kvno: kvno.unwrap_or(1),
        keyless: keyless.unwrap_or(false),
        user_to_user_only: user_to_user_only.unwrap_or(false),
        disabled: disabled.unwrap_or(false),
        valid_from: place.moment(valid_from.as_ref())?,
        expires: place.moment(expires.as_ref())?,
        ticket_lifetime: place.duration(ticket_lifetime.as_ref())?,
        renewable_lifetime: place.duration(renewable_lifetime.as_ref())?,
        refused_flags: place.words(refused_flags.as_ref())?,
        name: place.name(&name)?,
    })
}

#[cfg(test)]
mod tests;
