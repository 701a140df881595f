//! Real database servers, one for each plan that cases share.

use crate::error::Error;
use crate::scenario::party;
use crate::scenario::plan::{Case, Verb};
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

    /// A server that stands as planned: started, or shared with another case.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn server(
        &self,
        planned: &Arc<party::Server>,
        realm: Option<&StandingRealm>,
        materials: &Materials,
    ) -> Result<StandingServer, Error> {
        let order = Order::new(planned, realm, materials)?;
        let number =
            if self.product.remembers_logins(planned) { self.unshared.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
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
    let later = case.steps.iter().find(|step| matches!(step.verb, Verb::Later { .. }))?;
    Some(format!("a real server has no verb '{}'", later.verb.word()))
}
