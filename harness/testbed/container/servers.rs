//! Containers, one for each plan that cases share.

use crate::error::Error;
use crate::scenario::party;
use crate::scenario::plan::Case;
use crate::scenario::profile::Protocol;
use crate::testbed::materials::Materials;
use crate::testbed::realm::StandingRealm;
use crate::testbed::server::StandingServer;
use std::sync::Arc;

/// Starts servers of one product.
#[derive(Debug)]
pub struct Servers {
    protocol: Protocol,
}

impl Servers {
    /// With the image that is named, or the default.
    pub fn new(protocol: Protocol, image: Option<&str>) -> Self {
        let _ = image;
        Self { protocol }
    }

    /// The product and its version, as files of explained differences are named after: `mariadb 10.11.14`. `None` where it cannot be told.
    #[must_use]
    pub fn product(&self) -> Option<String> {
        None
    }

    /// Why a case cannot be played by a server of this product, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        let _ = (case, server);
        Some(format!("no container for {:?} yet", self.protocol))
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
        let _ = (planned, realm, materials);
        Err(Error::Internal("a real server without a product".to_owned()))
    }

    /// Ends all of them.
    pub async fn stop(&self) {}
}
