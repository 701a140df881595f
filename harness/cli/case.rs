//! Which one case `serve` and `exec` bring up.

use crate::error::Error;
use crate::scenario::plan::{Case, Verb};
use crate::testbed;
use clap::Args;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Arguments that choose one case and say where its mocks listen.
#[derive(Debug, Args)]
pub(super) struct OneCaseArguments {
    /// A scenario file, or the name of a scenario that is built in, such as `mysql/passwords`
    scenario: String,
    /// The case, if the scenario has more than one [default: its first]
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Where a server listens, as in `db=127.0.0.1:3306` [default: a free loopback port]
    #[arg(long, value_name = "SERVER=ADDRESS")]
    listen: Vec<String>,
}

/// Who logs in where, by the names of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// The client.
    pub from: String,
    /// The server.
    pub to: String,
    /// The name that is dialled, if it is not the server's own.
    pub host: Option<String>,
}

impl OneCaseArguments {
    /// The case.
    pub(super) fn one_case(&self) -> Result<Case, Error> {
        testbed::one_case(&self.scenario, self.case.as_deref())
    }

    /// Where servers were told to listen.
    pub(super) fn listen(&self) -> Result<BTreeMap<String, SocketAddr>, Error> {
        let wrong =
            |text: &str| Error::Usage(format!("'--listen {text}' is not SERVER=ADDRESS:PORT, as in db=127.0.0.1:3306"));
        self.listen
            .iter()
            .map(|text| {
                let (server, address) = text.split_once('=').ok_or_else(|| wrong(text))?;
                Ok((server.to_owned(), address.parse().map_err(|_| wrong(text))?))
            })
            .collect()
    }

    /// The first login of the case: its client's environment is what a command gets.
    pub(super) fn login(&self, case: &Case) -> Result<Login, Error> {
        case.steps
            .iter()
            .find_map(|step| match &step.verb {
                Verb::Connect { from, to, host, .. } => {
                    Some(Login { from: from.clone(), to: to.clone(), host: host.clone() })
                }
                _ => None,
            })
            .ok_or_else(|| Error::Usage(format!("the case '{}' has no login", case.name)))
    }
}
