//! What happens in a step, in a cell: which parties, and what they are like from then on.

use super::realm::{clock_seconds, password};
use super::server;
use crate::error::ScenarioError;
use crate::scenario::file;
use crate::scenario::library::Library;
use crate::scenario::party::{Client, Password, Proxy, Realm, Server};
use crate::scenario::plan::{AccountState, Clocked, Keys, KinitSecret, KinitTimes, RotatedKeytab, Verb};
use crate::scenario::template::Filling;
use crate::scenario::words::duration;
use crate::scenario::written::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// A verb with its arguments, before a cell is known.
#[derive(Debug)]
pub(super) enum WrittenVerb {
    Connect(file::Connect),
    Kinit(file::Kinit),
    Renew(file::Renew),
    DestroyTickets(file::DestroyTickets),
    Rotate(file::Rotate),
    Clock(file::Clock),
    Account(file::ChangedAccount),
    Parameter(file::Parameter),
    Restart(file::Restart),
    Failover(file::Failover),
    Fault(file::Fault),
}

/// The parties of a cell, and what the steps so far have made of them.
pub(super) struct Standing<'a> {
    pub(super) filling: &'a Filling<'a>,
    pub(super) readings: &'a BTreeMap<String, String>,
    pub(super) library: &'a Library,
    pub(super) realms: &'a BTreeMap<String, Arc<Realm>>,
    pub(super) servers: &'a BTreeMap<String, Arc<Server>>,
    pub(super) clients: &'a BTreeMap<String, Arc<Client>>,
    pub(super) proxies: &'a BTreeMap<String, Arc<Proxy>>,
    pub(super) so_far: SoFar<'a>,
}

/// What steps have changed.
#[derive(Debug)]
pub(super) struct SoFar<'a> {
    written: &'a BTreeMap<Text, file::Server>,
    /// Servers as they run, once something has changed.
    running: BTreeMap<String, file::Server>,
    /// Servers as they will be after a restart, once something has changed.
    configured: BTreeMap<String, file::Server>,
    /// Passwords that users have got, by realm and user.
    passwords: BTreeMap<(String, String), Password>,
    /// Clients that have logged in.
    logins: BTreeSet<String>,
}

impl<'a> SoFar<'a> {
    /// Nothing has happened.
    pub(super) const fn begin(written: &'a BTreeMap<Text, file::Server>) -> Self {
        Self {
            written,
            running: BTreeMap::new(),
            configured: BTreeMap::new(),
            passwords: BTreeMap::new(),
            logins: BTreeSet::new(),
        }
    }

    fn as_written(&self, name: &str) -> file::Server {
        let written = self.written.iter().find(|(key, _)| key.text == name);
        written.map(|(_, server)| server.clone()).expect("a server that stands was written")
    }

    /// A server as it runs and as it is configured.
    fn both(&mut self, name: &str) -> (&mut file::Server, &mut file::Server) {
        let as_written = self.as_written(name);
        let running = self.running.entry(name.to_owned()).or_insert_with(|| as_written.clone());
        (running, self.configured.entry(name.to_owned()).or_insert(as_written))
    }
}

impl WrittenVerb {
    /// The word in scenario files.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Kinit(_) => "kinit",
            Self::Renew(_) => "renew",
            Self::DestroyTickets(_) => "destroy_tickets",
            Self::Rotate(_) => "rotate",
            Self::Clock(_) => "clock",
            Self::Account(_) => "account",
            Self::Parameter(_) => "parameter",
            Self::Restart(_) => "restart",
            Self::Failover(_) => "failover",
            Self::Fault(_) => "fault",
        }
    }

    /// Whether something comes of it that must be as expected.
    pub(super) const fn is_judged(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Kinit(_) | Self::Renew(_))
    }

    /// What happens in a cell. `span` is where the verb stands.
    pub(super) fn resolve(&self, span: &Range<usize>, standing: &mut Standing<'_>) -> Result<Verb, ScenarioError> {
        let filling = standing.filling;
        match self {
            Self::Connect(file::Connect { from: written, to, host, replay }) => {
                let replay = filling.flag(replay.as_ref(), false)?;
                let from = filling.text(written)?.text;
                if standing.so_far.logins.insert(from.clone()) && replay {
                    return Err(filling.error(written, "no login before this one that could be replayed, of"));
                }
                let host = filling.optional(host.as_ref())?.map(|host| host.text);
                Ok(Verb::Connect { from, to: filling.text(to)?.text, host, replay })
            }
            Self::Kinit(written) => kinit(written, span, standing),
            Self::Renew(file::Renew { by, validate }) => {
                let validate = filling.flag(validate.as_ref(), false)?;
                Ok(Verb::Renew { by: standing.client(by)?, validate })
            }
            Self::DestroyTickets(file::DestroyTickets { by }) => Ok(Verb::DestroyTickets { by: standing.client(by)? }),
            Self::Rotate(written) => rotate(written, span, standing),
            Self::Clock(file::Clock { of, to }) => {
                let named = filling.words(of)?;
                if named.is_empty() {
                    return Err(filling.source.error(&of.span, "no party whose clock is set"));
                }
                let of = named.iter().map(|name| standing.clocked(name)).collect::<Result<_, _>>()?;
                Ok(Verb::Clock { of, seconds: clock_seconds(Some(to), filling)? })
            }
            Self::Account(written) => account(written, span, standing),
            Self::Parameter(written) => parameter(written, standing),
            Self::Restart(file::Restart { party }) => {
                let server = standing.server(party)?;
                let (running, configured) = standing.so_far.both(&server);
                *running = configured.clone();
                Ok(Verb::Restart { changed: standing.running(&server)?, server })
            }
            Self::Failover(file::Failover { realm }) => Ok(Verb::Failover { realm: standing.realm(realm)? }),
            Self::Fault(written) => fault(written, span, standing),
        }
    }
}

impl Standing<'_> {
    fn client(&self, name: &Text) -> Result<String, ScenarioError> {
        self.party(name, "client", self.clients.keys())
    }

    fn server(&self, name: &Text) -> Result<String, ScenarioError> {
        self.party(name, "server", self.servers.keys())
    }

    fn realm(&self, name: &Text) -> Result<String, ScenarioError> {
        self.party(name, "realm", self.realms.keys())
    }

    fn party<'n>(
        &self,
        name: &Text,
        what: &str,
        known: impl Iterator<Item = &'n String>,
    ) -> Result<String, ScenarioError> {
        let name = self.filling.text(name)?;
        let known: Vec<&str> = known.map(String::as_str).collect();
        if known.contains(&name.text.as_str()) {
            return Ok(name.text);
        }
        let allowed = if known.is_empty() { "none is defined".to_owned() } else { known.join(", ") };
        Err(self.filling.error(&name, format!("unknown {what}")).allowing(allowed))
    }

    /// Anybody with a clock that can be set.
    fn clocked(&self, name: &Text) -> Result<Clocked, ScenarioError> {
        let is_in = [
            self.realms.contains_key(&name.text),
            self.servers.contains_key(&name.text),
            self.clients.contains_key(&name.text),
        ];
        let own = || name.text.clone();
        match is_in {
            [true, false, false] => Ok(Clocked::Realm(own())),
            [false, true, false] => Ok(Clocked::Server(own())),
            [false, false, true] => Ok(Clocked::Client(own())),
            [false, false, false] if self.proxies.contains_key(&name.text) => {
                Err(self.filling.error(name, "nothing that passes through a proxy depends on the clock of"))
            }
            [false, false, false] => {
                let known = self.realms.keys().chain(self.servers.keys()).chain(self.clients.keys());
                let known: Vec<_> = known.map(String::as_str).collect();
                Err(self.filling.error(name, "unknown party").allowing(known.join(", ")))
            }
            _ => Err(self.filling.error(name, "two parties have the name")),
        }
    }

    /// A server as it is now.
    fn running(&self, name: &str) -> Result<Arc<Server>, ScenarioError> {
        match self.so_far.running.get(name) {
            Some(written) => {
                let Self { filling, realms, library, readings, .. } = self;
                server::resolve(name, written, filling, realms, &library.profiles, readings).map(Arc::new)
            }
            None => Ok(Arc::clone(self.servers.get(name).expect("it was looked up"))),
        }
    }

    /// The password that a user has by now.
    fn password_of(&self, realm: &str, user: &str) -> Option<Password> {
        let changed = self.so_far.passwords.get(&(realm.to_owned(), user.to_owned()));
        let planned = || self.realms.get(realm)?.users.get(user).map(|user| &user.password);
        changed.or_else(planned).cloned()
    }

    fn user(&self, realm: &str, user: &Text) -> Result<String, ScenarioError> {
        let known = self.realms.get(realm).map(|realm| &realm.users);
        self.party(user, "user of that realm", known.into_iter().flat_map(BTreeMap::keys))
    }
}

fn kinit(written: &file::Kinit, span: &Range<usize>, standing: &Standing<'_>) -> Result<Verb, ScenarioError> {
    let filling = standing.filling;
    let file::Kinit { by, user, realm, enterprise, secret, cache, keytab, lifetime, renewable, postdate } = written;
    let (by, user, realm) = (filling.text(by)?.text, filling.text(user)?.text, filling.text(realm)?.text);
    let typed = filling.optional(secret.as_ref())?.map(|secret| password(&secret));
    let secret = if filling.flag(keytab.as_ref(), false)? {
        if typed.is_some() {
            return Err(filling.source.error(span, "a kinit by keytab types no 'secret'"));
        }
        KinitSecret::Keytab
    } else {
        // A user that the realm does not know has some password too: that it is not asked for is the KDC's doing.
        let known = || standing.password_of(&realm, &user).unwrap_or_else(|| Password::Named(user.clone()));
        KinitSecret::Typed(typed.unwrap_or_else(known))
    };
    let fresh_cache = match filling.optional(cache.as_ref())? {
        Some(cache) => filling.one_of(&cache, "cache", &[("new", true), ("same", false)])?,
        None => false,
    };
    let times = KinitTimes {
        lifetime: life(lifetime.as_ref(), filling)?,
        renewable: life(renewable.as_ref(), filling)?,
        postdate: life(postdate.as_ref(), filling)?,
    };
    let enterprise = filling.flag(enterprise.as_ref(), false)?;
    Ok(Verb::Kinit { by, user, enterprise, realm, secret, fresh_cache, times })
}

/// How long a ticket is to live, in whole seconds.
fn life(written: Option<&Text>, filling: &Filling<'_>) -> Result<Option<Duration>, ScenarioError> {
    let Some(text) = filling.optional(written)? else { return Ok(None) };
    let life = duration(&text.text).filter(|life| life.as_secs() > 0 && life.subsec_nanos() == 0);
    life.map(Some).ok_or_else(|| filling.error(&text, "no lifetime").allowing("5s, 10m, 10h, 7d"))
}

const ROTATIONS: &str = "service with keytab [kdc], user and realm with secret [history], realm with keys, realm and trust with secret [keys]";

fn rotate(written: &file::Rotate, span: &Range<usize>, standing: &mut Standing<'_>) -> Result<Verb, ScenarioError> {
    let filling = standing.filling;
    let file::Rotate { service, keytab, kdc, user, realm, trust, secret, history, keys } = written;
    if let Some(other) = trust {
        return rotate_trust(written, other, span, standing);
    }
    match (service, user, realm) {
        (Some(service), None, None) if [secret, history, keys].into_iter().all(Option::is_none) => {
            let server = standing.server(service)?;
            if standing.servers.get(&server).is_some_and(|server| server.kerberos.is_none()) {
                return Err(filling.error(service, "a server that is joined to no realm has no keys:"));
            }
            let Some(keytab) = filling.optional(keytab.as_ref())? else {
                return Err(filling.source.error(span, "no 'keytab' for the service: what it holds from then on"));
            };
            let keytab = filling.one_of(&keytab, "keytab", &KEYTABS)?;
            let kdc_stays_behind = match filling.optional(kdc.as_ref())? {
                Some(kdc) => filling.one_of(&kdc, "state of the KDC", &[("new", false), ("old", true)])?,
                None => false,
            };
            Ok(Verb::RotateService { server, keytab, kdc_stays_behind })
        }
        (None, Some(user), Some(realm)) if [keytab, kdc, keys].into_iter().all(Option::is_none) => {
            let realm = standing.realm(realm)?;
            let user = standing.user(&realm, user)?;
            let Some(secret) = filling.optional(secret.as_ref())? else {
                return Err(filling.source.error(span, "no 'secret' for the user: the name of the new password"));
            };
            let password = password(&secret);
            if standing.password_of(&realm, &user).as_ref() == Some(&password) {
                return Err(filling.error(&secret, "the user has that password already:"));
            }
            let old_keys = kept(history.as_ref(), Keys::Dropped, filling)?;
            standing.so_far.passwords.insert((realm.clone(), user.clone()), password.clone());
            Ok(Verb::ChangePassword { user, realm, password, old_keys })
        }
        (None, None, Some(realm)) if [keytab, kdc, secret, history].into_iter().all(Option::is_none) => {
            let old_keys = kept(keys.as_ref(), Keys::Kept, filling)?;
            Ok(Verb::RotateKrbtgt { realm: standing.realm(realm)?, old_keys })
        }
        _ => Err(filling.source.error(span, "a rotation of what is not clear").allowing(ROTATIONS)),
    }
}

fn rotate_trust(
    written: &file::Rotate,
    other: &Text,
    span: &Range<usize>,
    standing: &Standing<'_>,
) -> Result<Verb, ScenarioError> {
    let filling = standing.filling;
    let file::Rotate { service, keytab, kdc, user, realm, trust: _, secret, history, keys } = written;
    let (Some(realm), [None, None, None, None, None]) =
        (realm, [service, keytab, kdc, user, history].map(Option::as_ref))
    else {
        return Err(filling.source.error(span, "a rotation of what is not clear").allowing(ROTATIONS));
    };
    let realm = standing.realm(realm)?;
    let named = filling.text(other)?;
    let other = standing.realm(other)?;
    let (here, there) = (&standing.realms[&realm], &standing.realms[&other].realm);
    if !here.trusts.contains(there) && !here.trusted_by.contains(there) {
        return Err(filling.error(&named, format!("realm {realm} shares no key with")));
    }
    let Some(secret) = filling.optional(secret.as_ref())? else {
        return Err(filling.source.error(span, "no 'secret' for the trust: the name of what is typed"));
    };
    let old_keys = kept(keys.as_ref(), Keys::Kept, filling)?;
    Ok(Verb::RotateTrust { realm, other, password: password(&secret), old_keys })
}

const KEYTABS: [(&str, RotatedKeytab); 6] = [
    ("old-and-new", RotatedKeytab::OldAndNew),
    ("new-only", RotatedKeytab::NewOnly),
    ("old-only", RotatedKeytab::OldOnly),
    ("same-kvno", RotatedKeytab::SameKvno),
    ("none", RotatedKeytab::Nothing),
    ("other-service", RotatedKeytab::OtherService),
];

fn kept(written: Option<&Text>, default: Keys, filling: &Filling<'_>) -> Result<Keys, ScenarioError> {
    match filling.optional(written)? {
        Some(text) => filling.one_of(&text, "fate of the old keys", &[("keep", Keys::Kept), ("drop", Keys::Dropped)]),
        None => Ok(default),
    }
}

/// A state of an account, that it is so or not.
type StateOf = fn(bool) -> AccountState;

const ACCOUNTS: &str = "realm with one of disabled, locked_out and must_change_password; of with secret or realm";

fn account(
    written: &file::ChangedAccount,
    span: &Range<usize>,
    standing: &mut Standing<'_>,
) -> Result<Verb, ScenarioError> {
    let filling = standing.filling;
    let file::ChangedAccount { realm, of, user, disabled, locked_out, must_change_password, secret } = written;
    let states: [(Option<&Text>, StateOf); 3] = [
        (disabled.as_ref(), AccountState::Disabled),
        (locked_out.as_ref(), AccountState::LockedOut),
        (must_change_password.as_ref(), AccountState::MustChangePassword),
    ];
    let states: Vec<_> = states.into_iter().filter_map(|(written, state)| Some((written?, state))).collect();
    match (realm, of, states.as_slice(), secret) {
        (Some(realm), None, [(written, state)], None) => {
            let realm = standing.realm(realm)?;
            let user = standing.user(&realm, user)?;
            Ok(Verb::Account { user, realm, state: state(filling.flag(Some(written), true)?) })
        }
        (realm, Some(of), [], secret) if realm.is_some() != secret.is_some() => {
            let server = standing.server(of)?;
            let accounts = standing.servers.get(&server).map(|server| &server.accounts);
            let user = standing.party(user, "account of that server", accounts.into_iter().flat_map(BTreeMap::keys))?;
            let (realm, secret) = (filling.optional(realm.as_ref())?, filling.optional(secret.as_ref())?);
            let (running, configured) = standing.so_far.both(&server);
            for written in [running, configured] {
                let account = written
                    .accounts
                    .iter_mut()
                    .find(|(name, _)| filling.text(name).is_ok_and(|name| name.text == user));
                if let Some((_, account)) = account {
                    if realm.is_some() {
                        account.realm.clone_from(&realm);
                    } else {
                        account.secret.clone_from(&secret);
                    }
                }
            }
            Ok(Verb::Reconfigure { word: "account", changed: standing.running(&server)?, server })
        }
        _ => Err(filling.source.error(span, "a change of an account that is not clear").allowing(ACCOUNTS)),
    }
}

fn parameter(written: &file::Parameter, standing: &mut Standing<'_>) -> Result<Verb, ScenarioError> {
    let filling = standing.filling;
    let file::Parameter { of, name, value } = written;
    let server = standing.server(of)?;
    let (name, value) = (filling.text(name)?, filling.text(value)?);
    let waits = standing.servers.get(&server).is_some_and(|server| server.profile.waits_for_restart(&name.text));
    let (running, configured) = standing.so_far.both(&server);
    let mut after = configured.clone();
    after.parameters.insert(name.clone(), value.clone());
    *configured = after.clone();
    if !waits {
        running.parameters.insert(name, value);
    }
    // What cannot be set is wrong here and not with the restart.
    let Standing { realms, library, readings, .. } = standing;
    server::resolve(&server, &after, filling, realms, &library.profiles, readings)?;
    Ok(Verb::Reconfigure { word: "parameter", changed: standing.running(&server)?, server })
}

fn fault(written: &file::Fault, span: &Range<usize>, standing: &Standing<'_>) -> Result<Verb, ScenarioError> {
    let file::Fault { realm, when, then } = written;
    let rule = Arc::new(super::fault::rule(when, then, span, standing.filling)?);
    Ok(Verb::Fault { realm: standing.realm(realm)?, rule })
}
