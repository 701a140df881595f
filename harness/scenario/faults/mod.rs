//! The catalogue of faults: everything that a party of ours can be told to do wrong, one by one, so that it can be asked which
//! case notices.
//!
//! The words and the clauses are those of the tables that the parties have; which requirement a fault belongs to, and where it is
//! likely to be noticed, stands in `scenarios/faults.toml`. A fault without an entry there is an error.

mod belonging;
mod party;

pub use belonging::Belongings;
pub use party::Faulty;

use crate::scenario::filter::Filter;
use crate::scenario::party::{Client, Server, ServerKerberos};
use crate::scenario::plan::{Case, Verb};
use shakedown_krb5::gss::Lenience;
use std::sync::Arc;

/// One thing that a party can be told to do wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Who does it.
    pub party: Faulty,
    /// Its word in scenarios: `wrong-error-code`.
    pub word: &'static str,
    /// The clause that is broken.
    pub clause: &'static str,
    /// The entry of the catalogue of requirements that it belongs to.
    pub requirement: String,
    /// Cases that are likely to notice, in the order in which they are to be tried.
    pub likely: Vec<Filter>,
    /// Why nobody is to notice: it is no fault but a liberty that the protocol leaves.
    pub allowed: Option<String>,
}

impl Fault {
    /// The name in reports: the party and the word, `mysql-server/wrong-error-code`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.party.word(), self.word)
    }

    /// The case with this fault in each party that can have it; `None` if none of its parties can. A party that the scenario has
    /// do something wrong already is left as it is.
    #[must_use]
    pub fn afflict(&self, case: &Case) -> Option<Case> {
        let mut afflicted = case.clone();
        let touched = match self.party {
            Faulty::MysqlServer | Faulty::PostgresServer | Faulty::Service | Faulty::TokenVerifier => {
                self.afflict_servers(&mut afflicted)
            }
            Faulty::Kdc => self.afflict_realms(&mut afflicted),
            Faulty::Client
            | Faulty::MysqlClient
            | Faulty::PostgresClient
            | Faulty::KerberosClient
            | Faulty::TokenClient => self.party.is_met_in(case) && self.afflict_clients(&mut afflicted),
        };
        touched.then_some(afflicted)
    }

    fn afflict_servers(&self, case: &mut Case) -> bool {
        let can = |server: &Server| match self.party {
            Faulty::Service => server.kerberos.as_ref().is_some_and(|kerberos| kerberos.lenient.is_none()),
            Faulty::TokenVerifier => server.iam.is_some() && server.deviations.is_empty(),
            _ => self.party.protocol() == Some(server.protocol()) && server.deviations.is_empty(),
        };
        let lenient = Lenience::ALL.into_iter().find(|known| known.word() == self.word);
        let afflicted = |server: &Server| {
            if self.party == Faulty::Service {
                let kerberos = server.kerberos.clone().map(|kerberos| ServerKerberos { lenient, ..kerberos });
                return Arc::new(Server { kerberos, ..server.clone() });
            }
            let mut deviations = server.deviations.clone();
            deviations.push(self.word.to_owned());
            Arc::new(Server { deviations, ..server.clone() })
        };
        let mut touched = false;
        for server in case.servers.values_mut().filter(|server| can(server)) {
            *server = afflicted(server);
            touched = true;
        }
        // What a server becomes in a step is it still.
        for step in &mut case.steps {
            if let Verb::Reconfigure { changed, .. } | Verb::Restart { changed, .. } = &mut step.verb
                && can(changed)
            {
                *changed = afflicted(changed);
            }
        }
        touched
    }

    fn afflict_realms(&self, case: &mut Case) -> bool {
        let mut touched = false;
        for realm in case.realms.values_mut().filter(|realm| realm.deviations.is_empty()) {
            Arc::make_mut(realm).deviations.push(self.word.to_owned());
            touched = true;
        }
        touched
    }

    fn afflict_clients(&self, case: &mut Case) -> bool {
        let makes = |client: &Client| self.party != Faulty::TokenClient || client.offer.token;
        let can = |client: &Client| client.kind.is_ours() && client.deviations.is_empty() && makes(client);
        let mut touched = false;
        for client in case.clients.values_mut().filter(|client| can(client)) {
            Arc::make_mut(client).deviations.push(self.word.to_owned());
            touched = true;
        }
        touched
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Library, Source, make_plan};
    use std::collections::{BTreeMap, BTreeSet};

    fn faults() -> Vec<Fault> {
        Belongings::built_in().unwrap().faults().unwrap()
    }

    #[test]
    fn each_fault_stands_once_and_names_a_clause_and_a_requirement_that_there_is() {
        let catalogue = Library::built_in().unwrap().catalogue;
        let faults = faults();
        let names: BTreeSet<_> = faults.iter().map(Fault::name).collect();
        assert_eq!(names.len(), faults.len());
        for fault in &faults {
            assert!(fault.clause.len() > 7, "{}", fault.name());
            assert!(catalogue.get(&fault.requirement).is_some(), "{}: {}", fault.name(), fault.requirement);
        }
    }

    #[test]
    fn only_parties_that_can_have_it_get_a_fault() {
        let sources = ["mysql/parameter-changes", "postgres/passwords", "kerberos/kinit"]
            .map(|name| Source::built_in_file(name).unwrap());
        let plan = make_plan(&sources, &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
        let of = |party: Faulty| faults().into_iter().find(|fault| fault.party == party).unwrap();
        let touched = |fault: &Fault| {
            let names: BTreeSet<_> = plan
                .cases
                .iter()
                .filter(|case| fault.afflict(case).is_some())
                .map(|case| case.scenario.name.clone())
                .collect();
            names.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(touched(&of(Faulty::MysqlServer)), ["mysql/parameter-changes"]);
        assert_eq!(touched(&of(Faulty::PostgresServer)), ["postgres/passwords"]);
        assert_eq!(touched(&of(Faulty::Kdc)), ["kerberos/kinit"]);
        assert_eq!(touched(&of(Faulty::KerberosClient)), ["kerberos/kinit"]);

        // Whatever a server becomes, it goes on doing it.
        let fault = of(Faulty::MysqlServer);
        let case = fault.afflict(&plan.cases[0]).unwrap();
        let mut changed = 0;
        for step in &case.steps {
            if let Verb::Reconfigure { changed: server, .. } | Verb::Restart { changed: server, .. } = &step.verb {
                assert_eq!(server.deviations, [fault.word], "{}", step.name);
                changed += 1;
            }
        }
        assert!(changed > 0 && case.servers.values().all(|server| server.deviations == [fault.word]));
        assert!(fault.afflict(&case).is_none(), "one at a time");
    }
}
