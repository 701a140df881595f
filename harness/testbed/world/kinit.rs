//! How a client of a world gets its ticket-granting ticket.

use super::{CCACHE, Performed, World, unknown};
use crate::error::Error;
use crate::handshake::Outcome;
use crate::scenario::party::ClientKind;
use crate::scenario::plan::KinitSecret;
use crate::testbed::attempt::{Attempt, View};
use crate::testbed::command::{self, Said};
use crate::testbed::endpoint::Tickets;
use crate::testbed::environment::Variables;
use crate::testbed::realm;
use shakedown_krb5::Principal;
use shakedown_krb5::client::Secret;
use shakedown_krb5::principal::name_type;
use std::sync::Arc;

/// Who is to get the ticket.
pub(super) fn principal(user: &str, is_enterprise: bool, realm: &str) -> Principal {
    let name = Principal::new(&[user], realm);
    if is_enterprise { name.with_name_type(name_type::ENTERPRISE) } else { name }
}

impl World {
    pub(super) async fn kinit(
        &mut self,
        by: &str,
        (user, is_enterprise): (&str, bool),
        realm: &str,
        secret: &KinitSecret,
        fresh_cache: bool,
    ) -> Result<Performed, Error> {
        let standing = self.realms.get(realm).ok_or_else(|| unknown("realm", realm))?;
        let principal = principal(user, is_enterprise, &standing.planned.realm);
        let KinitSecret::Typed(password) = secret else {
            return self.kinit_by_keytab(by, realm, &principal, fresh_cache).await;
        };
        let is_right = standing.planned.users.get(user).is_some_and(|known| known.password == *password);
        if let Some(tickets) = self.tickets.clone().filter(|_| is_right) {
            return self.kinit_by(&tickets, by, &principal).await;
        }
        let password = self.materials.secrets().value(password);
        let client = self.clients.get_mut(by).ok_or_else(|| unknown("client", by))?;
        let planned = Arc::clone(&client.planned);
        match &planned.kind {
            ClientKind::BuiltIn | ClientKind::Profile(_) => {
                if fresh_cache {
                    client.destroy_tickets();
                }
                let secret = Secret::password(&password);
                let attempt = client.kinit(&principal, secret, &self.materials).await.that_reached_somebody()?;
                Ok(Performed::Attempt(Box::new(attempt)))
            }
            ClientKind::Command { .. } if is_enterprise => {
                Ok(Performed::CannotPlay("programs are told no enterprise names".to_owned()))
            }
            ClientKind::Command { argv } => {
                let folder = self.folder()?;
                let mut variables = Variables::default();
                variables.set("SHAKEDOWN_VERB", "kinit");
                variables.set("SHAKEDOWN_USER", user);
                variables.set("SHAKEDOWN_REALM", standing.planned.realm.as_str());
                variables.set("SHAKEDOWN_PASSWORD", password.as_str());
                // A server that no step reaches does not stand, and still has its service.
                let of_servers = self.servers.values().find_map(|server| server.planned.kerberos.as_ref());
                let of_realm = || standing.planned.services.keys().next();
                if let Some(spn) = of_servers.map(|kerberos| &kerberos.spn).or_else(of_realm) {
                    variables.set("SHAKEDOWN_SPN", spn.as_str());
                }
                self.kerberos_variables(&mut variables, &planned, folder)?;
                if fresh_cache {
                    // One that is not there is as good as one that was removed.
                    let _ = std::fs::remove_file(folder.path().join(CCACHE));
                }
                let mark = standing.mark();
                let outcome = match command::run(argv, &self.scenario_folder, &variables).await? {
                    Said::LoggedIn(_) => Outcome::established("kerberos"),
                    Said::Refused(words) => realm::refusal(&words),
                    Said::CannotPlay(reason) => return Ok(Performed::CannotPlay(reason)),
                };
                let connections = standing.trace_since(mark).into_iter().collect();
                // What a program says to somebody else's KDC passes us by.
                let server = if standing.is_observed() { View::Nothing } else { View::Unobserved };
                let attempt = Attempt { connections, server, ..Attempt::without_connection(outcome) };
                Ok(Performed::Attempt(Box::new(attempt)))
            }
        }
    }

    /// A kinit by the keys that the user had when the case began.
    async fn kinit_by_keytab(
        &mut self,
        by: &str,
        realm: &str,
        principal: &Principal,
        fresh_cache: bool,
    ) -> Result<Performed, Error> {
        let standing = self.realms.get(realm).ok_or_else(|| unknown("realm", realm))?;
        let client = self.clients.get_mut(by).ok_or_else(|| unknown("client", by))?;
        if !client.planned.kind.is_ours() || !standing.is_observed() {
            return Ok(Performed::CannotPlay("there is no keytab of users here".to_owned()));
        }
        if fresh_cache {
            client.destroy_tickets();
        }
        let keys = standing.user_keys(principal)?;
        let attempt = client.kinit(principal, keys, &self.materials).await.that_reached_somebody()?;
        Ok(Performed::Attempt(Box::new(attempt)))
    }

    /// A kinit without a password: from a credential cache that is there, for which no KDC is asked, or by the keys of a keytab.
    /// A program finds what comes of it in its own cache.
    async fn kinit_by(&mut self, tickets: &Tickets, by: &str, principal: &Principal) -> Result<Performed, Error> {
        let client = self.clients.get_mut(by).ok_or_else(|| unknown("client", by))?;
        let attempt = match tickets.secret(principal) {
            Some(keys) => client.kinit(principal, keys, &self.materials).await,
            None => {
                client.take(tickets.tickets(principal));
                let established = Attempt::without_connection(Outcome::established("kerberos"));
                Attempt { server: View::Unobserved, ..established }
            }
        };
        if let (ClientKind::Command { .. }, Some(cache)) = (&client.planned.kind, client.credential_cache()?) {
            self.folder()?.write(CCACHE, &cache)?;
        }
        Ok(Performed::Attempt(Box::new(attempt)))
    }
}
