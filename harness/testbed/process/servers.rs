//! Real database servers, one for each plan that cases share.

use crate::error::Error;
use crate::handshake::Kind;
use crate::scenario::party::{self, ClientKind};
use crate::scenario::plan::{Case, Step, Verb};
use crate::scenario::profile::Protocol;
use crate::testbed::materials::Materials;
use crate::testbed::process::mysql::Mysql;
use crate::testbed::process::pool::Pool;
use crate::testbed::process::postgres::Postgres;
use crate::testbed::process::product::{Order, Product, Running};
use crate::testbed::realm::StandingRealm;
use crate::testbed::server::StandingServer;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many servers are kept alive: cases come in the order of their files, where neighbours share most.
const ALIVE_MAX: usize = 8;

/// Starts servers of one product.
#[derive(Debug)]
pub struct Servers {
    product: Box<dyn Product>,
    /// Those that cases share are number 0 of their order.
    running: Pool<(Order, u64), Running>,
    unshared: AtomicU64,
}

impl Servers {
    /// The product that is installed, or the one at `path`.
    ///
    /// # Errors
    /// There is none.
    pub fn find(protocol: Protocol, path: Option<PathBuf>) -> Result<Self, Error> {
        let product: Box<dyn Product> = match protocol {
            Protocol::Postgres => Box::new(Postgres::find(path)?),
            Protocol::Mysql => Box::new(Mysql::find(path)?),
        };
        Ok(Self { product, running: Pool::new(ALIVE_MAX), unshared: AtomicU64::new(0) })
    }

    /// The product and its version, as files of explained differences are named after: `mariadb 10.11.14`.
    #[must_use]
    pub fn product(&self) -> Option<String> {
        Some(self.product.name().to_owned())
    }

    /// Why a case cannot be played by a server of this product, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        beyond_any(self.product.name(), case, server).or_else(|| self.product.lacks(case, server))
    }

    /// A server that stands as planned: started, or shared with another case. One that `is_changed` by steps is shared with none.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn server(
        &self,
        planned: &Arc<party::Server>,
        realm: Option<&StandingRealm>,
        is_changed: bool,
        materials: &Materials,
    ) -> Result<StandingServer, Error> {
        let order = Order::new(planned, realm, materials)?;
        let is_unshared = is_changed || self.product.remembers_logins(planned);
        let number = if is_unshared { self.unshared.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        let key = (order, number);
        let lease = self.running.lease(&key, || self.product.start(&key.0)).await?;
        Ok(StandingServer::process(planned, lease))
    }

    /// Ends all of them.
    pub async fn stop(&self) {
        self.running.end_all().await;
        self.product.stop().await;
    }
}

/// Why a case cannot be played by any real server of ours, if so. `name` is that of the one that is asked.
#[must_use]
pub fn beyond_any(name: &str, case: &Case, server: &party::Server) -> Option<String> {
    if !server.deviations.is_empty() {
        return Some(format!("{name} makes no deviation on demand: {}", server.deviations.join(", ")));
    }
    if server.clock_seconds != 0 {
        return Some(format!("{name} has the clock of this machine"));
    }
    case.steps
        .iter()
        .any(|step| asks_a_program_too_much(case, step))
        .then(|| format!("a program does not tell who refused it or by what it is known, and {name} does not either"))
}

/// Whether the expectation is of what only a mock sees of a program's login: who refused it, or by which method it is known. The
/// program tells TLS and suite.
fn asks_a_program_too_much(case: &Case, step: &Step) -> bool {
    let Verb::Connect { from, .. } = &step.verb else { return false };
    let is_program = case.clients.get(from).is_some_and(|client| matches!(client.kind, ClientKind::Command { .. }));
    let expected = step.expectation.as_ref().map(|expectation| &expectation.client);
    is_program
        && expected.is_some_and(|expected| match expected.kind {
            Kind::Refused => expected.by.is_some(),
            Kind::Established => expected.method.is_some(),
            Kind::TimedOut => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Library, Source, make_plan};
    use crate::testbed::process::product::Starting;
    use std::collections::BTreeMap;

    /// One that can everything and is never started.
    #[derive(Debug)]
    struct Willing;

    impl Product for Willing {
        fn name(&self) -> &str {
            "willing 1"
        }

        fn lacks(&self, _: &Case, _: &party::Server) -> Option<String> {
            None
        }

        fn start<'a>(&'a self, _: &'a Order) -> Starting<'a> {
            Box::pin(async { Err(Error::Internal("it is never started".to_owned())) })
        }
    }

    const SCENARIO: &str = r#"
title  = "x"
source = "x"
[server.db]
engine   = "aurora-postgresql 15"
accounts = { alice = { method = "md5", secret = "alice" } }
[client.app]
login  = "alice"
secret = "alice"
CLIENT
[axes]
one = ["x"]
[[step]]
connect = { from = "app", to = "db" }
then    = "THEN"
"#;

    fn case(client: &str, then: &str) -> Case {
        let text = SCENARIO.replace("CLIENT", client).replace("THEN", then);
        let library = Library::built_in().expect("it was built with these");
        let plan =
            make_plan(&[Source::new("x", text)], &library, &BTreeMap::new()).expect("the scenario is understood");
        plan.cases.into_iter().next().expect("it has one case")
    }

    #[test]
    fn a_program_is_asked_what_it_tells() {
        let servers =
            Servers { product: Box::new(Willing), running: Pool::new(ALIVE_MAX), unshared: AtomicU64::new(0) };
        let reason = |client, then| {
            let case = case(client, then);
            servers.lacks(&case, &case.servers["db"])
        };
        let program = "kind = \"command\"\nargv = [\"true\"]";
        for then in ["refused by server: 28P01", "established by password"] {
            assert!(
                reason(program, then).is_some_and(|reason| reason.starts_with("a program does not tell ")),
                "{then}"
            );
            assert_eq!(reason("", then), None);
        }
        for then in ["refused", "established", "established TLS1.2"] {
            assert_eq!(reason(program, then), None, "{then}");
        }
    }

    #[test]
    fn equal_plans_are_equal_orders_and_no_secret_is_printed() {
        let case = case("", "established");
        let materials = Materials::prepare([&case]).unwrap();
        let server = &case.servers["db"];
        let order = || Order::new(server, None, &materials).unwrap();
        assert!(order() == order());
        let secret = materials.secrets().value(&party::Password::Named("alice".to_owned()));
        assert_eq!(order().password(&party::Password::Named("alice".to_owned())).unwrap(), &secret);
        let key = order().tls.unwrap().key;
        let printed = format!("{:?}", order());
        assert!(!printed.contains(secret.as_str()) && !printed.contains("PRIVATE KEY") && key.contains("PRIVATE KEY"));
    }
}
