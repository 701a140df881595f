//! Clocks of parties that cannot be moved.
//!
//! A plan gives each party's clock as an offset to the base clock, which is the machine's. Only differences between parties
//! mean anything: where a party runs on the machine's clock whatever is planned (a real server, a program), all others are
//! moved the other way.
//!
//! ```text
//! planned     server +600 (real)   KDC 0      client 0
//! played      server    0          KDC -600   client -600
//! ```
//!
//! The same holds for clocks that steps set. There is one base for the whole case, as tickets that are out carry times by it: a
//! party that runs on the machine's clock cannot be moved by a step either.

use crate::scenario::party::{Account, Client, Proof, Proxy, Realm, Server};
use crate::scenario::plan::{Case, Clocked, Step, Verb};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// A party that has a clock. Proxies have one too, but nothing that passes through them depends on it.
#[derive(Debug, Clone, Copy)]
pub enum Party<'c> {
    /// A realm's KDC.
    Realm(&'c Realm),
    /// A database server.
    Server(&'c Server),
    /// A client.
    Client(&'c Client),
}

/// The same case, with all clocks moved so that those of the parties that `is_fixed` names are the machine's.
///
/// # Errors
/// Two of these parties differ, or one is moved by a step: the reason for which the case cannot be played.
pub fn rebased(case: &Case, is_fixed: impl Fn(Party<'_>) -> bool) -> Result<Cow<'_, Case>, String> {
    let realms = case.realms.iter().map(|(name, realm)| ("realm", name, Party::Realm(realm), realm.clock_seconds));
    let servers =
        case.servers.iter().map(|(name, server)| ("server", name, Party::Server(server), server.clock_seconds));
    let clients =
        case.clients.iter().map(|(name, client)| ("client", name, Party::Client(client), client.clock_seconds));
    let mut fixed = realms.chain(servers).chain(clients).filter(|(.., party, _)| is_fixed(*party));
    let Some((kind, name, _, base)) = fixed.next() else { return Ok(Cow::Borrowed(case)) };
    if let Some((other_kind, other, _, offset)) = fixed.find(|(.., offset)| *offset != base) {
        return Err(format!(
            "neither the clock of {kind} {name} ({base:+} s) nor that of {other_kind} {other} ({offset:+} s) can be moved"
        ));
    }
    if let Some(moved) = moved(case, &is_fixed) {
        return Err(format!("the clock of {moved} cannot be moved while a case is played"));
    }
    Ok(if base == 0 { Cow::Borrowed(case) } else { Cow::Owned(Mover::by(-base).case(case)) })
}

/// The first of the parties with a clock of their own that a step sets to something else.
fn moved(case: &Case, is_fixed: impl Fn(Party<'_>) -> bool) -> Option<String> {
    let is_moved = |party: &Clocked, seconds: i64| match party {
        Clocked::Realm(name) => {
            case.realms.get(name).is_some_and(|party| party.clock_seconds != seconds && is_fixed(Party::Realm(party)))
        }
        Clocked::Server(name) => {
            case.servers.get(name).is_some_and(|party| party.clock_seconds != seconds && is_fixed(Party::Server(party)))
        }
        Clocked::Client(name) => {
            case.clients.get(name).is_some_and(|party| party.clock_seconds != seconds && is_fixed(Party::Client(party)))
        }
    };
    case.steps.iter().find_map(|step| {
        let Verb::Clock { of, seconds } = &step.verb else { return None };
        of.iter().find(|party| is_moved(party, *seconds)).map(|party| match party {
            Clocked::Realm(name) => format!("realm {name}"),
            Clocked::Server(name) => format!("server {name}"),
            Clocked::Client(name) => format!("client {name}"),
        })
    })
}

/// Moves clocks. What was shared stays shared: a realm that servers and accounts refer to is still one.
struct Mover {
    seconds: i64,
    realms: HashMap<Arc<Realm>, Arc<Realm>>,
}

impl Mover {
    fn by(seconds: i64) -> Self {
        Self { seconds, realms: HashMap::new() }
    }

    fn case(mut self, case: &Case) -> Case {
        let realms = case.realms.iter().map(|(name, realm)| (name.clone(), self.realm(realm))).collect();
        let mut servers: HashMap<&Arc<Server>, Arc<Server>> = HashMap::new();
        for server in case.servers.values() {
            if !servers.contains_key(server) {
                servers.insert(server, Arc::new(self.server(server)));
            }
        }
        let steps = case.steps.iter().map(|step| self.step(step)).collect();
        let of = |server| Arc::clone(&servers[server]);
        Case {
            realms,
            servers: case.servers.iter().map(|(name, server)| (name.clone(), of(server))).collect(),
            clients: case.clients.iter().map(|(name, client)| (name.clone(), Arc::new(self.client(client)))).collect(),
            proxies: case.proxies.iter().map(|(name, proxy)| (name.clone(), Arc::new(self.proxy(proxy)))).collect(),
            steps,
            ..case.clone()
        }
    }

    fn step(&mut self, step: &Step) -> Step {
        let mut moved = step.clone();
        match &mut moved.verb {
            Verb::Clock { seconds, .. } => *seconds += self.seconds,
            Verb::Reconfigure { changed, .. } | Verb::SetParameter { changed, .. } | Verb::Restart { changed, .. } => {
                *changed = Arc::new(self.server(changed))
            }
            _ => {}
        }
        moved
    }

    fn realm(&mut self, realm: &Arc<Realm>) -> Arc<Realm> {
        let moved = || Arc::new(Realm { clock_seconds: realm.clock_seconds + self.seconds, ..(**realm).clone() });
        Arc::clone(self.realms.entry(Arc::clone(realm)).or_insert_with(moved))
    }

    fn server(&mut self, server: &Server) -> Server {
        let mut moved = Server { clock_seconds: server.clock_seconds + self.seconds, ..server.clone() };
        if let Some(kerberos) = &mut moved.kerberos {
            kerberos.realm = self.realm(&kerberos.realm);
        }
        for proof in moved.accounts.values_mut().flat_map(|Account { proofs, .. }| proofs) {
            if let Proof::Kerberos { realm, .. } = proof {
                *realm = self.realm(realm);
            }
        }
        moved
    }

    fn client(&self, client: &Client) -> Client {
        Client { clock_seconds: client.clock_seconds + self.seconds, ..client.clone() }
    }

    fn proxy(&self, proxy: &Proxy) -> Proxy {
        Proxy { clock_seconds: proxy.clock_seconds + self.seconds, ..proxy.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::{Materials, World, one_case};
    use std::collections::BTreeMap;

    /// A case with a realm, a server and a client, whose clocks are these.
    fn case(realm: i64, server: i64, client: i64) -> Case {
        let planned = one_case("postgres/kerberos-login", Some("postgres/kerberos-login/clear/by-kinit/own-name"));
        let mut case = Mover::by(realm).case(&planned.unwrap());
        let (name, old) = case.servers.pop_first().unwrap();
        case.servers.insert(name, Arc::new(Server { clock_seconds: server, ..(*old).clone() }));
        let (name, old) = case.clients.pop_first().unwrap();
        case.clients.insert(name, Arc::new(Client { clock_seconds: client, ..(*old).clone() }));
        case
    }

    /// Realm, server and client.
    fn clocks(case: &Case) -> (i64, i64, i64) {
        let realm = case.realms.values().next().unwrap().clock_seconds;
        let server = case.servers.values().next().unwrap().clock_seconds;
        (realm, server, case.clients.values().next().unwrap().clock_seconds)
    }

    #[test]
    fn who_cannot_move_stands_still_and_all_others_keep_their_distance() {
        let planned = case(5, 600, -40);
        let rebased = |fixed: fn(Party<'_>) -> bool| clocks(&super::rebased(&planned, fixed).unwrap());
        assert_eq!(rebased(|_| false), (5, 600, -40));
        assert_eq!(rebased(|party| matches!(party, Party::Server(_))), (-595, 0, -640));
        assert_eq!(rebased(|party| matches!(party, Party::Realm(_))), (0, 595, -45));
        assert_eq!(rebased(|party| matches!(party, Party::Client(_))), (45, 640, 0));
    }

    #[test]
    fn two_that_cannot_move_must_agree() {
        let fixed = |party: Party<'_>| !matches!(party, Party::Client(_));
        assert_eq!(clocks(&rebased(&case(600, 600, 0), fixed).unwrap()), (0, 0, -600));
        assert_eq!(
            rebased(&case(0, 600, 0), fixed).unwrap_err(),
            "neither the clock of realm corp (+0 s) nor that of server db (+600 s) can be moved"
        );
    }

    #[test]
    fn what_steps_set_moves_along_and_who_cannot_move_is_not_set() {
        let set = |of: Clocked, seconds| {
            let mut planned = case(5, 600, -40);
            planned.steps[0].verb = Verb::Clock { of: vec![of], seconds };
            planned
        };
        let server_is_fixed = |party: Party<'_>| matches!(party, Party::Server(_));
        let planned = set(Clocked::Client("app".to_owned()), 36_000);
        let moved = rebased(&planned, server_is_fixed).unwrap();
        assert_eq!(moved.steps[0].verb, Verb::Clock { of: vec![Clocked::Client("app".to_owned())], seconds: 35_400 });
        // It stands where it is set to already.
        assert!(rebased(&set(Clocked::Server("db".to_owned()), 600), server_is_fixed).is_ok());
        let problem = rebased(&set(Clocked::Server("db".to_owned()), 601), server_is_fixed).unwrap_err();
        assert_eq!(problem, "the clock of server db cannot be moved while a case is played");
    }

    #[test]
    fn a_case_in_which_nobody_has_to_move_is_left_as_it_is() {
        assert!(matches!(rebased(&case(0, 0, 30), |party| !matches!(party, Party::Client(_))), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn a_realm_stays_one_realm_for_all_who_refer_to_it() {
        let planned = case(0, 600, 0);
        let moved = rebased(&planned, |party| matches!(party, Party::Server(_))).unwrap();
        let realm = moved.realms.values().next().unwrap();
        let server = moved.servers.values().next().unwrap();
        assert!(Arc::ptr_eq(realm, &server.kerberos.as_ref().unwrap().realm));
        let proofs = server.accounts.values().flat_map(|account| &account.proofs);
        let mut of_accounts = proofs.filter_map(|proof| match proof {
            Proof::Kerberos { realm, .. } => Some(realm),
            _ => None,
        });
        assert!(of_accounts.all(|other| Arc::ptr_eq(realm, other)));
        assert_eq!(realm.clock_seconds, -600);
    }

    #[tokio::test]
    async fn mocks_for_somebody_outside_are_moved_to_where_that_one_is() {
        let planned = case(0, 60, 600);
        let materials = Arc::new(Materials::prepare([&planned]).unwrap());
        let world = World::of_mocks(&planned, &materials, &BTreeMap::new()).await.unwrap();
        let (_, server) = world.servers().next().unwrap();
        let realm = &server.planned.kerberos.as_ref().unwrap().realm;
        assert_eq!((server.planned.clock_seconds, realm.clock_seconds), (-540, -600));
        world.stop().await;
    }
}
