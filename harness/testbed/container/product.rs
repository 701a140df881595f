//! Which product an image holds, and what that means for a container of it.

use crate::error::Error;
use crate::scenario::party::{self, Image};
use crate::scenario::plan::Case;
use crate::scenario::profile::Protocol;
use crate::testbed::container::container::Recipe;
use crate::testbed::container::daemon::Facts;
use crate::testbed::container::{mysql, postgres};
use crate::testbed::needs::Needs;
use crate::testbed::process::beyond_any;
use crate::testbed::process::mysql::{self as mysql_process, Installed, fill_caches, remembers_logins};
use crate::testbed::process::postgres::abilities::{self, Build};
use crate::testbed::process::product::Order;
use std::net::SocketAddr;

/// A product in an image.
#[derive(Debug)]
pub(super) enum Product {
    /// PostgreSQL.
    Postgres(Build),
    /// MariaDB or MySQL.
    Mysql(Installed),
}

impl Product {
    /// The product of an image, by the variables that the official images have.
    ///
    /// # Errors
    /// It is none that speaks the protocol, as far as it says.
    pub(super) fn of(image: &Image, facts: &Facts, protocol: Protocol) -> Result<Self, Error> {
        let (found, variables) = match protocol {
            Protocol::Postgres => (postgres::held(facts).map(Self::Postgres), postgres::VERSION.to_owned()),
            Protocol::Mysql => {
                (mysql::held(facts).map(Self::Mysql), mysql::VERSIONS.map(|(variable, _)| variable).join(" or "))
            }
        };
        found.ok_or_else(|| {
            let problem = format!("the image {image} is no server of {}", protocol.word());
            Error::Usage(format!("{problem}, allowed: one with {variables} in its environment, as the official one"))
        })
    }

    /// What it is, with its version: `postgres 15`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Postgres(build) => format!("postgres {}", build.major),
            Self::Mysql(installed) => installed.to_string(),
        }
    }

    /// Why a case cannot be played by it, if so.
    pub(super) fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        if let Some(verb) = Needs::of(case, server).verbs.first() {
            return Some(format!("{} in a container has no verb '{verb}'", self.name()));
        }
        beyond_any(&self.name(), case, server).or_else(|| match self {
            Self::Postgres(build) => abilities::lacks(build, case, server),
            Self::Mysql(installed) => mysql_process::lacks(installed, case, server),
        })
    }

    /// Whether a server of this plan behaves otherwise once somebody has logged in, so that no two cases can share one.
    pub(super) fn remembers_logins(&self, server: &party::Server) -> bool {
        match self {
            Self::Postgres(_) => false,
            Self::Mysql(_) => remembers_logins(server),
        }
    }

    /// A container of it for an order.
    ///
    /// # Errors
    /// An account that the product cannot have.
    pub(super) fn recipe(&self, image: &Image, run: &str, facts: &Facts, order: &Order) -> Result<Recipe, Error> {
        let name = format!("{} in a container of {image}", self.name());
        match self {
            Self::Postgres(_) => postgres::recipe(image, run, &name, facts, order),
            Self::Mysql(installed) => mysql::recipe(installed, image, run, &name, facts, order),
        }
    }

    /// What a server of it still needs once it answers.
    ///
    /// # Errors
    /// It does not take it.
    pub(super) async fn complete(&self, order: &Order, address: SocketAddr) -> Result<(), Error> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Mysql(_) => fill_caches(order, address).await,
        }
    }
}
