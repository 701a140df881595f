//! Equal parties are one, so that a test-bed can tell by the pointer what it may share.

use crate::scenario::party::{Client, Proxy, Realm, Server};
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// All parties of a plan.
#[derive(Debug, Default)]
pub(super) struct Interner {
    realms: HashSet<Arc<Realm>>,
    servers: HashSet<Arc<Server>>,
    clients: HashSet<Arc<Client>>,
    proxies: HashSet<Arc<Proxy>>,
}

impl Interner {
    pub(super) fn realm(&mut self, realm: Realm) -> Arc<Realm> {
        one(&mut self.realms, realm)
    }

    pub(super) fn server(&mut self, server: Server) -> Arc<Server> {
        one(&mut self.servers, server)
    }

    pub(super) fn client(&mut self, client: Client) -> Arc<Client> {
        one(&mut self.clients, client)
    }

    pub(super) fn proxy(&mut self, proxy: Proxy) -> Arc<Proxy> {
        one(&mut self.proxies, proxy)
    }
}

fn one<T: Hash + Eq>(known: &mut HashSet<Arc<T>>, party: T) -> Arc<T> {
    if let Some(same) = known.get(&party) {
        return Arc::clone(same);
    }
    let party = Arc::new(party);
    known.insert(Arc::clone(&party));
    party
}
