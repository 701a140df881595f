//! Which parties the steps of a case reach. A party that no step reaches stands nowhere and is nobody's need: a case of a KDC
//! alone can be played where there is no database. Where a step says what a KDC saw and no realm is reached, all realms stand: that
//! nobody asked has to show.

use crate::scenario::party::{Client, Cluster, Proof, Proxy, Realm, Server};
use crate::scenario::plan::{Clocked, Step, Verb};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The parties of a case by the scenario's names for them.
pub(super) struct Parties {
    pub(super) realms: BTreeMap<String, Arc<Realm>>,
    pub(super) servers: BTreeMap<String, Arc<Server>>,
    pub(super) clients: BTreeMap<String, Arc<Client>>,
    pub(super) proxies: BTreeMap<String, Arc<Proxy>>,
}

impl Parties {
    /// Those that `steps` reach:
    ///
    /// * clients that act, what they dial and what stands behind it;
    /// * whatever a step changes;
    /// * realms that are asked by name, realms of these servers and of their users, and realms that any of these sends clients
    ///   on to.
    pub(super) fn reached_by(mut self, clusters: &BTreeMap<String, Cluster>, steps: &[Step]) -> Self {
        let mut named = BTreeSet::new();
        steps.iter().for_each(|step| names(&step.verb, &mut named));
        // Of a cluster all instances stand as soon as one of its names is used.
        for cluster in clusters.values() {
            let own = cluster.endpoints.keys().chain(&cluster.instances);
            if own.into_iter().any(|name| named.contains(&Named::Dialled(name.clone()))) {
                named.extend(cluster.instances.iter().cloned().map(Named::Dialled));
            }
        }
        for party in named.clone() {
            self.behind(&party, &mut named);
        }
        self.clients.retain(|name, _| named.contains(&Named::Client(name.clone())));
        self.proxies.retain(|name, _| named.contains(&Named::Dialled(name.clone())));
        self.servers.retain(|name, _| named.contains(&Named::Dialled(name.clone())));
        let is_kdc_judged = |step: &Step| step.expectation.as_ref().is_some_and(|expected| expected.kdc.is_some());
        let realms = self.realms_reached(&named);
        if !(realms.is_empty() && steps.iter().any(is_kdc_judged)) {
            self.realms.retain(|_, realm| realms.contains(&realm.realm));
        }
        self
    }

    /// What a party that is dialled hands on to.
    fn behind(&self, party: &Named, named: &mut BTreeSet<Named>) {
        let Named::Dialled(mut at) = party.clone() else { return };
        while let Some(proxy) = self.proxies.get(&at) {
            at.clone_from(&proxy.to);
            if !named.insert(Named::Dialled(at.clone())) {
                return;
            }
        }
    }

    /// The names of the realms, of servers that are still there.
    fn realms_reached(&self, named: &BTreeSet<Named>) -> BTreeSet<String> {
        let asked = self.realms.iter().filter(|(name, _)| named.contains(&Named::Realm((*name).clone())));
        let mut found: Vec<&Realm> = asked.map(|(_, realm)| &**realm).collect();
        for server in self.servers.values() {
            found.extend(server.kerberos.iter().map(|kerberos| &*kerberos.realm));
            found.extend(server.accounts.values().flat_map(|account| &account.proofs).filter_map(
                |proof| match proof {
                    Proof::Kerberos { realm, .. } => Some(&**realm),
                    _ => None,
                },
            ));
        }
        let mut reached = BTreeSet::new();
        while let Some(realm) = found.pop() {
            if reached.insert(realm.realm.clone()) {
                let sends_on_to = |other: &&Arc<Realm>| {
                    let elsewhere = realm.settings.users_elsewhere.values();
                    realm.trusts.iter().chain(&realm.trusted_by).chain(elsewhere).any(|name| *name == other.realm)
                };
                found.extend(self.realms.values().filter(sends_on_to).map(|realm| &**realm));
            }
        }
        reached
    }
}

/// A party as a step names it. Servers and proxies have their names from one list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Realm(String),
    Client(String),
    Dialled(String),
}

fn names(verb: &Verb, named: &mut BTreeSet<Named>) {
    named.extend(verb.client().map(|name| Named::Client(name.to_owned())));
    named.extend(verb.changed_server().map(|name| Named::Dialled(name.to_owned())));
    named.extend(verb.changed_realm().map(|name| Named::Realm(name.to_owned())));
    match verb {
        Verb::Connect { to, .. } => {
            named.insert(Named::Dialled(to.clone()));
        }
        Verb::Kinit { realm, .. } => {
            named.insert(Named::Realm(realm.clone()));
        }
        Verb::RotateTrust { other, .. } => {
            named.insert(Named::Realm(other.clone()));
        }
        Verb::Clock { of, .. } => named.extend(of.iter().map(|party| match party {
            Clocked::Realm(name) => Named::Realm(name.clone()),
            Clocked::Server(name) => Named::Dialled(name.clone()),
            Clocked::Client(name) => Named::Client(name.clone()),
        })),
        _ => {}
    }
}
