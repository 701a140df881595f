//! What a case costs the other side, and how much of that the endpoint's file allows.
//!
//! A hundred aborted handshakes make MySQL block a host; five wrong passwords lock an account in many directories. A case is
//! charged before it is played, by what it is meant to show; what its expectation leaves open may be either, and is charged as both.
//! If a case that should cost no failed login meets a refusal, as with a mistyped secret in the endpoint's file, that is charged when
//! it happens, and once nothing is left, no further case is begun.

use crate::handshake::{Kind, Outcome, Side};
use crate::scenario::party::{Client, GssMode, Proof, Server, TlsMode};
use crate::scenario::pattern::OutcomePattern;
use crate::scenario::plan::{Case, KinitSecret, Step, Verb};
use crate::scenario::profile::Protocol;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How often something may be done that costs the other side something, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Allowed {
    #[serde(default)]
    pub failed_login: u32,
    #[serde(default)]
    pub aborted_handshake: u32,
    #[serde(default)]
    pub lockout: u32,
}

/// What a case costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Costs {
    /// Logins that the database refuses.
    pub failed_logins: u32,
    /// Connections that end before the login is done.
    pub aborted_handshakes: u32,
    /// Wrong passwords that a directory counts against an account of its own.
    pub lockouts: u32,
}

/// What is left of what is allowed.
#[derive(Debug)]
pub(super) struct Allowance {
    left: Mutex<Allowed>,
    is_overdrawn: AtomicBool,
}

impl Allowance {
    pub(super) const fn new(allowed: Allowed) -> Self {
        Self { left: Mutex::new(allowed), is_overdrawn: AtomicBool::new(false) }
    }

    /// Whether more has happened than is allowed.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.is_overdrawn.load(Ordering::Relaxed)
    }

    /// Charges a refusal that no case was charged for.
    fn unforeseen(&self) {
        let one = Costs { failed_logins: 1, ..Costs::default() };
        if self.charge(one).is_err() {
            self.is_overdrawn.store(true, Ordering::Relaxed);
        }
    }

    /// Uses up what a case costs: all of it, or nothing.
    ///
    /// # Errors
    /// What there is not enough of.
    pub(super) fn charge(&self, costs: Costs) -> Result<(), &'static str> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Costs { failed_logins, aborted_handshakes, lockouts } = costs;
        let rest = |left: u32, cost: u32, what| left.checked_sub(cost).ok_or(what);
        *left = Allowed {
            aborted_handshake: rest(left.aborted_handshake, aborted_handshakes, "an aborted handshake")?,
            failed_login: rest(left.failed_login, failed_logins, "a failed login")?,
            lockout: rest(left.lockout, lockouts, "a try at the lockout of an account")?,
        };
        Ok(())
    }
}

/// Watches over a case that should cost no failed login.
#[derive(Debug)]
pub struct Watched(Arc<Allowance>);

impl Watched {
    /// `None`: the case has been charged for its refusals.
    pub(super) fn new(case: &Case, allowance: &Arc<Allowance>) -> Option<Self> {
        let Costs { failed_logins, lockouts, .. } = costs(case);
        (failed_logins + lockouts == 0).then(|| Self(Arc::clone(allowance)))
    }

    /// Takes note of how an attempt ended. Neither an alert nor a broken connection is a refusal of a login; a wrong password at a
    /// KDC is one (KDC_ERR_PREAUTH_FAILED).
    pub fn note(&self, outcome: &Outcome) {
        let code = outcome.code.as_deref().unwrap_or_default();
        let is_of_server = outcome.by == Some(Side::Server) && code.starts_with(|c: char| c.is_ascii_digit());
        let is_of_kdc = [Some(code), outcome.cause.as_deref()].contains(&Some("krb 24"));
        if outcome.kind == Kind::Refused && (is_of_server || is_of_kdc) {
            self.0.unforeseen();
        }
    }
}

/// What a case costs.
pub(super) fn costs(case: &Case) -> Costs {
    let mut costs = Costs::default();
    for step in &case.steps {
        match &step.verb {
            Verb::Connect { from, to, .. } => {
                let (Some(client), Some(server)) = (case.clients.get(from), case.servers.get(to)) else { continue };
                login(step, client, server, &mut costs);
            }
            Verb::Kinit { user, realm, secret: KinitSecret::Typed(password), .. } => {
                // An account that does not exist cannot be locked.
                let known = case.realms.get(realm).and_then(|realm| realm.users.get(user));
                costs.lockouts += u32::from(known.is_some_and(|known| known.password != *password));
            }
            _ => {}
        }
    }
    costs
}

fn login(step: &Step, client: &Client, server: &Server, costs: &mut Costs) {
    let Some(expectation) = &step.expectation else { return };
    let expected = &expectation.client;
    costs.lockouts += u32::from(types_a_wrong_password(client, server));
    if expected.kind == Kind::Established {
        // It comes to that on the second way only.
        costs.failed_logins += u32::from(client.tls.mode == TlsMode::Allowed && server.secure_transport_required);
        costs.aborted_handshakes += u32::from(falls_back(expected, client, server));
        return;
    }
    let times = connections(client, server);
    let alert = expected.code.as_deref().is_some_and(|code| code.starts_with("alert"));
    let is_open = expected.kind == Kind::Refused && expected.by.is_none();
    let is_login = expected.by == Some(Side::Server) && !alert;
    if is_open || is_login {
        costs.failed_logins += times;
    }
    if is_open || !is_login {
        costs.aborted_handshakes += times;
    }
}

/// Whether a client gets a ticket by a password of its own, and that is not the user's.
fn types_a_wrong_password(client: &Client, server: &Server) -> bool {
    let Some(typed) = client.password.as_ref().filter(|_| client.offer.password && client.offer.ticket) else {
        return false;
    };
    let proofs = server.accounts.get(&client.login).into_iter().flat_map(|account| &account.proofs);
    let of_user = |proof: &Proof| match proof {
        Proof::Kerberos { realm, .. } => realm.users.get(&client.login).map(|user| user.password.clone()),
        _ => None,
    };
    server.protocol() == Protocol::Mysql && proofs.filter_map(of_user).any(|password| password != *typed)
}

/// Whether a client that prefers TLS cannot agree with the server, and is let in without.
fn falls_back(expected: &OutcomePattern, client: &Client, server: &Server) -> bool {
    let Some(accepted) = server.tls.as_ref().filter(|_| client.tls.mode == TlsMode::Preferred) else { return false };
    let offered = &client.tls;
    let versions = offered.versions.min <= accepted.versions.max && accepted.versions.min <= offered.versions.max;
    let suites = offered.suites.is_empty() || offered.suites.iter().any(|suite| accepted.suites.contains(suite));
    expected.tls.is_none() && !(versions && suites)
}

/// How many connections an attempt may be: a client of PostgreSQL that prefers one transport tries the other after a refusal.
fn connections(client: &Client, server: &Server) -> u32 {
    if server.protocol() != Protocol::Postgres {
        return 1;
    }
    let tries_both = matches!(client.tls.mode, TlsMode::Preferred | TlsMode::Allowed);
    1 + u32::from(tries_both) + u32::from(client.gssencmode == GssMode::Preferred)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Library, Source, make_plan};
    use std::collections::BTreeMap;

    const SCENARIO: &str = r#"
title  = "x"
source = "x"
[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "in-the-directory" } }
[server.db]
engine   = "ENGINE"
kerberos = { realm = "corp" }
accounts = { alice = { by = "BY" } }
MORE
[client.app]
login  = "alice"
CLIENT
[axes]
one = ["x"]
[[step]]
connect = { from = "app", to = "db" }
then    = "THEN"
"#;

    fn of(words: &[(&str, &str)]) -> (u32, u32, u32) {
        let defaults =
            [("ENGINE", "aurora-postgresql 15"), ("\"BY\"", "\"password\", secret = \"alice\""), ("MORE", "")];
        let text = words.iter().chain(&defaults).fold(SCENARIO.to_owned(), |text, (from, to)| text.replace(from, to));
        let plan = make_plan(&[Source::new("x", text)], &Library::built_in().unwrap(), &BTreeMap::new());
        let Costs { failed_logins, aborted_handshakes, lockouts } = costs(&plan.unwrap().cases[0]);
        (failed_logins, aborted_handshakes, lockouts)
    }

    fn login(client: &str, then: &str) -> (u32, u32, u32) {
        of(&[("CLIENT", client), ("THEN", then)])
    }

    #[test]
    fn a_client_that_tries_again_in_the_clear_costs_two_logins() {
        let wrong = |mode: &str| format!("secret = \"mistyped\"\ntls = {{ mode = \"{mode}\" }}");
        assert_eq!(login(&wrong("require"), "refused by server: 28P01"), (1, 0, 0));
        assert_eq!(login(&wrong("prefer"), "refused by server: 28P01"), (2, 0, 0));
        assert_eq!(login(&wrong("require"), "refused"), (1, 1, 0), "left open, it may be either");
        assert_eq!(login(&wrong("require"), "refused by server: alert protocol_version"), (0, 1, 0));
        assert_eq!(login(&wrong("require"), "refused by client: no_password"), (0, 1, 0));
        assert_eq!(login(&wrong("require"), "established"), (0, 0, 0));
    }

    #[test]
    fn a_login_that_comes_to_pass_on_the_second_way_costs_the_first() {
        let forced = ("MORE", "parameters = { \"rds.force_ssl\" = \"1\" }");
        let by = |mode: &'static str| of(&[("CLIENT", mode), ("THEN", "established"), forced]);
        assert_eq!(by("tls = { mode = \"allow\" }"), (1, 0, 0));
        assert_eq!(by("tls = { mode = \"require\" }"), (0, 0, 0));
        assert_eq!(login("tls = { mode = \"prefer\", versions = \"1.3\" }", "established"), (0, 1, 0));
        assert_eq!(login("tls = { mode = \"prefer\", versions = \"1.2\" }", "established"), (0, 0, 0));
        let suite = "tls = { mode = \"prefer\", versions = \"1.2\", suites = [\"AES128-SHA\"] }";
        assert_eq!(login(suite, "established"), (0, 1, 0));
    }

    #[test]
    fn a_wrong_password_of_a_user_whom_the_directory_knows_may_lock_him_out() {
        let kinit = |user: &str, secret: &str| {
            let step = format!("[[step]]\nkinit = {{ by = \"app\", user = \"{user}\", realm = \"corp\"{secret} }}");
            of(&[
                ("CLIENT", ""),
                ("[[step]]", &format!("{step}\nthen = \"refused by kdc\"\n[[step]]")),
                ("THEN", "established"),
            ])
        };
        assert_eq!(kinit("alice", ", secret = \"mistyped\""), (0, 0, 1));
        assert_eq!(kinit("alice", ""), (0, 0, 0));
        assert_eq!(kinit("mallory", ", secret = \"mistyped\""), (0, 0, 0));
    }

    #[test]
    fn a_plugin_that_gets_its_ticket_by_a_password_may_lock_out_too() {
        let by = |secret: &'static str| {
            of(&[
                ("ENGINE", "aurora-mysql 3.04.0"),
                ("BY", "kerberos"),
                ("CLIENT", secret),
                ("THEN", "refused by kdc: krb 24"),
            ])
        };
        assert_eq!(by("secret = \"mistyped\""), (0, 1, 1));
        assert_eq!(by("secret = \"in-the-directory\""), (0, 1, 0));
        assert_eq!(by("secret = \"mistyped\"\noffer = \"password\""), (0, 1, 0));
    }

    #[test]
    fn so_much_is_allowed_and_no_more_and_what_is_refused_costs_nothing() {
        let allowance = Allowance::new(Allowed { failed_login: 2, aborted_handshake: 1, lockout: 1 });
        let costs = |failed_logins, aborted_handshakes, lockouts| Costs { failed_logins, aborted_handshakes, lockouts };
        assert_eq!(allowance.charge(costs(0, 2, 0)), Err("an aborted handshake"));
        assert_eq!(allowance.charge(costs(3, 1, 1)), Err("a failed login"));
        assert_eq!(allowance.charge(costs(0, 1, 2)), Err("a try at the lockout of an account"));
        assert_eq!(allowance.charge(costs(2, 1, 1)), Ok(()), "nothing is used up yet");
        assert_eq!(allowance.charge(costs(0, 0, 0)), Ok(()));
        for (more, what) in [
            (costs(1, 0, 0), "a failed login"),
            (costs(0, 1, 0), "an aborted handshake"),
            (costs(0, 0, 1), "a try at the lockout of an account"),
        ] {
            assert_eq!(allowance.charge(more), Err(what));
        }
    }
}
