//! PostgreSQL from its installed programs: a data folder is made once and copied for each server.

pub(in crate::testbed) mod abilities;
pub(in crate::testbed) mod configuration;
mod programs;
pub(in crate::testbed) mod server;
mod set_up;

use crate::error::Error;
use crate::scenario::party;
use crate::scenario::plan::Case;
use crate::testbed::process::folder::Folder;
use crate::testbed::process::owner::Owner;
use crate::testbed::process::product::{Order, Product, Starting};
use programs::Programs;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The name that the server runs under where we are root, as packages make it.
const OWNER: &str = "postgres";

/// The role that initdb makes: the one that Amazon keeps for itself, so that no scenario has it.
pub(in crate::testbed) const SUPERUSER: &str = "rdsadmin";

/// An installed PostgreSQL.
#[derive(Debug)]
pub(super) struct Postgres {
    programs: Programs,
    owner: Option<Owner>,
    template: Mutex<Option<Arc<Folder>>>,
}

impl Postgres {
    /// The newest that is installed, or the programs in `path`.
    ///
    /// # Errors
    /// There is none, or it cannot be run under the name that we have.
    pub(super) fn find(path: Option<PathBuf>) -> Result<Self, Error> {
        Ok(Self { programs: Programs::find(path)?, owner: Owner::of_server(OWNER)?, template: Mutex::new(None) })
    }

    /// The folder that data folders are copied from.
    async fn template(&self) -> Result<Arc<Folder>, Error> {
        let mut template = self.template.lock().await;
        if let Some(made) = &*template {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(set_up::template(&self.programs, self.owner.as_ref()).await?);
        Ok(Arc::clone(template.insert(made)))
    }
}

impl Product for Postgres {
    fn name(&self) -> &str {
        &self.programs.name
    }

    fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        abilities::lacks(&self.programs.build, case, server)
    }

    fn start<'a>(&'a self, order: &'a Order) -> Starting<'a> {
        Box::pin(async move {
            let template = self.template().await?;
            server::start(&self.programs, self.owner.as_ref(), &template, order).await
        })
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async { drop(self.template.lock().await.take()) })
    }
}
