//! MIT's KDC, one for each realm that cases share.

use crate::error::Error;
use crate::scenario::party;
use crate::scenario::plan::Case;
use crate::testbed::materials::Materials;
use crate::testbed::realm::StandingRealm;
use std::sync::Arc;

/// Starts KDCs.
#[derive(Debug)]
pub struct Kdcs;

impl Kdcs {
    /// The one that is installed.
    ///
    /// # Errors
    /// There is none.
    pub fn find() -> Result<Self, Error> {
        Ok(Self)
    }

    /// The product and its version, as files of explained differences are named after: `mit-krb5 1.20.1`. `None` where it cannot be told.
    #[must_use]
    pub fn product(&self) -> Option<String> {
        None
    }

    /// Why a case cannot be played by this KDC, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case, realm: &party::Realm) -> Option<String> {
        let _ = (case, realm);
        Some("no real KDC yet".to_owned())
    }

    /// A realm that stands as planned: started, or shared with another case.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn realm(&self, planned: &Arc<party::Realm>, materials: &Materials) -> Result<StandingRealm, Error> {
        let _ = (planned, materials);
        Err(Error::Internal("a real KDC without a program".to_owned()))
    }

    /// Ends all of them.
    pub async fn stop(&self) {}
}
