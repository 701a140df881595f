//! Starts and stops what a case needs; judges nothing.
//!
//! [`Materials`] are made once for a run, a [`World`] once for a case. What a plan says is turned into settings of the
//! machines in `mysql` and `postgres`; nothing of a case's expectation is looked at here.

pub mod attempt;
pub mod choice;
mod client;
pub mod command;
pub mod endpoint;
pub mod environment;
pub mod materials;
pub mod mysql;
pub mod postgres;
pub mod process_group;
pub mod random;
pub mod realm;
pub mod secrets;
pub mod server;
pub mod world;

pub use attempt::{Attempt, View};
pub use choice::one_case;
pub use endpoint::Endpoint;
pub use materials::Materials;
pub use world::{Performed, World};

use crate::error::Error;
use crate::scenario::plan::Case;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What stands behind the scenarios of a run.
#[derive(Debug, Clone)]
pub enum Backend {
    /// Mock servers and mock KDCs in this process.
    Mock,
    /// A server that somebody else runs.
    Endpoint(Arc<Endpoint>),
}

impl Backend {
    /// The endpoint that a file describes.
    ///
    /// # Errors
    /// The file cannot be understood.
    pub fn endpoint(file: &Path) -> Result<Self, Error> {
        Endpoint::read(file).map(|endpoint| Self::Endpoint(Arc::new(endpoint)))
    }

    /// The word in reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Endpoint(_) => "endpoint",
        }
    }

    /// Why a case cannot be played here, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case) -> Option<String> {
        match self {
            Self::Mock if !case.proxies.is_empty() => Some("proxies are not built yet".to_owned()),
            Self::Mock => None,
            Self::Endpoint(endpoint) => endpoint.lacks(case),
        }
    }

    /// What the cases of a run share.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn materials<'c>(&self, cases: impl IntoIterator<Item = &'c Case>) -> Result<Materials, Error> {
        let materials = Materials::prepare(cases)?;
        Ok(match self {
            Self::Mock => materials,
            Self::Endpoint(endpoint) => materials.supplied(endpoint.secrets(), endpoint.ca.clone()),
        })
    }

    /// The world of a case.
    ///
    /// # Errors
    /// The plan asks for what is not to be had, or the machine does not give it.
    pub async fn world(&self, case: &Case, materials: &Arc<Materials>) -> Result<World, Error> {
        match self {
            Self::Mock => World::of_mocks(case, materials, &BTreeMap::new()).await,
            Self::Endpoint(endpoint) => Ok(World::of_endpoint(case, materials, endpoint)),
        }
    }
}
