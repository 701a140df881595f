//! Real database servers, one for each plan that cases share.

use crate::error::Error;
use crate::scenario::party;
use crate::scenario::plan::{Case, Verb};
use crate::scenario::profile::Protocol;
use crate::testbed::materials::Materials;
use crate::testbed::process::pool::Pool;
use crate::testbed::process::postgres::Postgres;
use crate::testbed::process::product::{Order, Product, Running};
use crate::testbed::realm::StandingRealm;
use crate::testbed::server::StandingServer;
use std::path::PathBuf;
use std::sync::Arc;

/// How many servers are kept alive: cases come in the order of their files, where neighbours share most.
const ALIVE_MAX: usize = 8;

/// Starts servers of one product.
#[derive(Debug)]
pub struct Servers {
    product: Box<dyn Product>,
    running: Pool<Order, Running>,
}

impl Servers {
    /// The product that is installed, or the one at `path`.
    ///
    /// # Errors
    /// There is none.
    pub fn find(protocol: Protocol, path: Option<PathBuf>) -> Result<Self, Error> {
        let product: Box<dyn Product> = match protocol {
            Protocol::Postgres => Box::new(Postgres::find(path)?),
            Protocol::Mysql => return Err(Error::Usage("no real server for MySQL yet".to_owned())),
        };
        Ok(Self { product, running: Pool::new(ALIVE_MAX) })
    }

    /// Why a case cannot be played by a server of this product, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        let name = self.product.name();
        if !server.deviations.is_empty() {
            return Some(format!("{name} makes no deviation on demand: {}", server.deviations.join(", ")));
        }
        if server.clock_seconds != 0 {
            return Some(format!("{name} has the clock of this machine"));
        }
        if let Some(step) = case.steps.iter().find(|step| matches!(step.verb, Verb::Later { .. })) {
            return Some(format!("a real server has no verb '{}'", step.verb.word()));
        }
        self.product.lacks(case, server)
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
        let lease = self.running.lease(&order, || self.product.start(&order)).await?;
        Ok(StandingServer::process(planned, lease))
    }

    /// Ends all of them.
    pub async fn stop(&self) {
        self.running.end_all().await;
        self.product.stop().await;
    }
}
