//! PostgreSQL from its installed programs.

use crate::error::Error;
use crate::scenario::party;
use crate::scenario::plan::Case;
use crate::testbed::process::product::{Order, Product, Starting};
use std::path::PathBuf;

/// An installed PostgreSQL.
#[derive(Debug)]
pub(super) struct Postgres {
    name: String,
}

impl Postgres {
    /// The newest that is installed, or the programs in `path`.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn find(path: Option<PathBuf>) -> Result<Self, Error> {
        let _ = path;
        Ok(Self { name: "postgres".to_owned() })
    }
}

impl Product for Postgres {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        let _ = (case, server);
        Some("no real server yet".to_owned())
    }

    fn start<'a>(&'a self, order: &'a Order) -> Starting<'a> {
        let _ = order;
        Box::pin(async { Err(Error::Internal("a real server without a program".to_owned())) })
    }
}
