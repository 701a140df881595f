//! Steps that change something: keys, clocks, accounts, parameters, who stands.

use super::{CCACHE, Performed, World, unknown};
use crate::error::Error;
use crate::net::kdc::Renewal;
use crate::scenario::party::Password;
use crate::scenario::plan::{Clocked, Keys, RotatedKeytab, Verb};
use crate::testbed::attempt::Attempt;
use crate::testbed::kdc_change::KdcChange;

impl World {
    /// Performs a step that asks nobody for a login.
    pub(super) async fn change(&mut self, verb: &Verb) -> Result<Performed, Error> {
        match verb {
            Verb::DestroyTickets { by } => self.destroy_tickets(by)?,
            Verb::RotateService { server, keytab, kdc_stays_behind } => {
                self.rotate_service(server, *keytab, *kdc_stays_behind).await?;
            }
            Verb::ChangePassword { user, realm, password, old_keys } => {
                self.change_password(user, realm, password, *old_keys).await?;
            }
            Verb::RotateTrust { realm, other, password, old_keys } => {
                let here = self.realms.get(realm).ok_or_else(|| unknown("realm", realm))?;
                let there = &self.realms.get(other).ok_or_else(|| unknown("realm", other))?.planned.realm;
                let principals = here.planned.shared_with(there).collect();
                let password = self.materials.secrets().value(password);
                self.change_realm(realm, &KdcChange::Trust { principals, password, old_keys: *old_keys }).await?;
            }
            Verb::RotateKrbtgt { realm, old_keys } => self.change_realm(realm, &KdcChange::Krbtgt(*old_keys)).await?,
            Verb::Account { user, realm, state } => {
                self.change_realm(realm, &KdcChange::Account { user, state: *state }).await?;
            }
            Verb::Clock { of, seconds } => {
                for party in of {
                    self.set_clock(party, *seconds).await?;
                }
            }
            Verb::Reconfigure { server, changed, .. } | Verb::Restart { server, changed } => {
                let standing = self.servers.get_mut(server).ok_or_else(|| unknown("server", server))?;
                standing.become_another(changed, &self.materials)?;
            }
            Verb::Failover { realm } => {
                let standing = self.realms.get_mut(realm).ok_or_else(|| unknown("realm", realm))?;
                standing.fail_over().await?;
            }
            Verb::Fault { realm, rule } => {
                let standing = self.realms.get_mut(realm).ok_or_else(|| unknown("realm", realm))?;
                standing.fail_by(rule)?;
            }
            Verb::Connect { .. } | Verb::Kinit { .. } | Verb::Renew { .. } => {
                return Err(Error::Internal(format!("'{}' changes nothing alone", verb.word())));
            }
        }
        Ok(Performed::Changed)
    }

    /// Has a ticket-granting ticket renewed or validated.
    pub(super) async fn renew(&mut self, by: &str, validate: bool) -> Result<Performed, Error> {
        let client = self.clients.get_mut(by).ok_or_else(|| unknown("client", by))?;
        if !client.planned.kind.is_ours() {
            return Ok(Performed::CannotPlay("a client of that kind has no verb 'renew'".to_owned()));
        }
        let renewal = if validate { Renewal::Validate } else { Renewal::Renew };
        let attempt = client.renew(renewal, &self.materials).await.that_reached_somebody()?;
        Ok(Performed::Attempt(Box::<Attempt>::new(attempt)))
    }

    fn destroy_tickets(&mut self, by: &str) -> Result<(), Error> {
        let client = self.clients.get_mut(by).ok_or_else(|| unknown("client", by))?;
        client.destroy_tickets();
        if let Some(folder) = self.folder.get() {
            // One that is not there is as good as one that was removed.
            let _ = std::fs::remove_file(folder.path().join(CCACHE));
        }
        Ok(())
    }

    async fn rotate_service(&mut self, name: &str, keytab: RotatedKeytab, kdc_stays_behind: bool) -> Result<(), Error> {
        let server = self.servers.get(name).ok_or_else(|| unknown("server", name))?;
        let joined = server.planned.kerberos.as_ref();
        let joined = joined.ok_or_else(|| Error::Internal(format!("the server {name} is joined to no realm")))?;
        let realm = self.realms.values_mut().find(|realm| realm.planned.realm == joined.realm.realm);
        let realm = realm.ok_or_else(|| unknown("realm", &joined.realm.realm))?;
        match realm.rotate(&joined.spn, keytab, kdc_stays_behind).await? {
            Some(keytab) => server.replace_keytab(keytab),
            None => Ok(()),
        }
    }

    async fn change_password(
        &mut self,
        user: &str,
        realm: &str,
        password: &Password,
        old_keys: Keys,
    ) -> Result<(), Error> {
        let password = self.materials.secrets().value(password);
        self.change_realm(realm, &KdcChange::Password { user, password, old_keys }).await
    }

    async fn change_realm(&mut self, name: &str, change: &KdcChange<'_>) -> Result<(), Error> {
        self.realms.get_mut(name).ok_or_else(|| unknown("realm", name))?.change(change).await
    }

    async fn set_clock(&mut self, party: &Clocked, seconds: i64) -> Result<(), Error> {
        match party {
            Clocked::Realm(name) => self.change_realm(name, &KdcChange::Clock(seconds)).await,
            Clocked::Server(name) => {
                let server = self.servers.get_mut(name).ok_or_else(|| unknown("server", name))?;
                if server.planned.clock_seconds == seconds {
                    return Ok(());
                }
                server.set_clock(seconds, &self.materials)
            }
            Clocked::Client(name) => {
                self.clients.get_mut(name).ok_or_else(|| unknown("client", name))?.set_clock(seconds);
                Ok(())
            }
        }
    }
}
