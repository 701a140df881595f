//! Proxies between clients and servers: real programs, whatever stands behind them.
//!
//! ```text
//! client ──▶ front (haproxy) ──▶ pool (pgbouncer) ──▶ db
//! ```
//!
//! All proxies of a case stand before its first step. After each login they end: only then has the server seen the end of all
//! that they held, and nothing pooled is left for the next login, which finds them started again on the same port.

mod blame;
mod haproxy;
mod pgbouncer;
mod standing;

pub use standing::StandingProxy;

use crate::error::Error;
use crate::handshake::Outcome;
use crate::scenario::party::{Proxy, ProxyKind, TlsMode};
use crate::scenario::plan::Case;
use crate::testbed::attempt::{Attempt, Dialled, View};
use crate::testbed::command::{self, Words};
use crate::testbed::materials::Materials;
use crate::testbed::server::StandingServer;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many proxies stand at a time, whatever the number of cases that are played: each is a program, and a PgBouncer that gets no
/// time to work tells its clients that the server is down.
const STANDING_MAX: u32 = 16;

static PLACES: Semaphore = Semaphore::const_new(STANDING_MAX as usize);

/// The proxies of a world by the scenario's names.
#[derive(Debug, Default)]
pub struct Proxies {
    standing: BTreeMap<String, StandingProxy>,
    /// Given back when the world ends.
    _places: Option<SemaphorePermit<'static>>,
}

/// The way from a client to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The proxies, the one that is dialled first. Empty: the server is dialled.
    pub proxies: Vec<String>,
    /// The server at its end.
    pub server: String,
}

/// Why the proxies of a case cannot be played, if so.
#[must_use]
pub fn lacks(case: &Case) -> Option<String> {
    case.proxies.values().find_map(|proxy| {
        let word = proxy.kind.word();
        if installed(word).is_none() {
            return Some(format!("{word} is not installed"));
        }
        (proxy.clock_seconds != 0).then(|| format!("{word} has the clock of this machine"))
    })
}

/// Whether a case may have to wait for the end of a limit: PgBouncer that does not get the TLS that it wants from the server tells
/// its client nothing before the time for its login is over.
#[must_use]
pub fn may_wait(case: &Case) -> bool {
    case.proxies.values().any(|proxy| match &proxy.kind {
        ProxyKind::HaProxy => false,
        ProxyKind::PgBouncer(settings) => {
            matches!(settings.server_tls.mode, TlsMode::Required | TlsMode::VerifyCa | TlsMode::VerifyIdentity)
        }
    })
}

impl Proxies {
    /// Starts the proxies of a case in front of its servers, and returns when they answer.
    ///
    /// # Errors
    /// A program is not there or does not start.
    pub async fn start(
        case: &Case,
        servers: &BTreeMap<String, StandingServer>,
        materials: &Arc<Materials>,
    ) -> Result<Self, Error> {
        // All of them at once: cases that have some of theirs would wait for each other.
        let wanted = u32::try_from(case.proxies.len()).unwrap_or(u32::MAX).min(STANDING_MAX);
        let places = match wanted {
            0 => None,
            wanted => PLACES.acquire_many(wanted).await.ok(),
        };
        let mut proxies = Self { standing: BTreeMap::new(), _places: places };
        // From the servers to the clients. INVARIANT of the plan: no circle, so that each round finds one.
        while proxies.standing.len() < case.proxies.len() {
            let address = |name: &String| {
                let of_server = servers.get(name).map(|server| server.address);
                of_server.or_else(|| proxies.standing.get(name).map(|proxy| proxy.address))
            };
            let next = case.proxies.iter().filter(|(name, _)| !proxies.standing.contains_key(*name));
            let next = next.into_iter().find_map(|(name, planned)| Some((name, planned, address(&planned.to)?)));
            let Some((name, planned, behind)) = next else {
                return Err(Error::Internal("the plan has a proxy that leads to nobody".to_owned()));
            };
            let standing = StandingProxy::start(planned, behind, materials).await?;
            proxies.standing.insert(name.clone(), standing);
        }
        Ok(proxies)
    }

    /// The way to a party.
    #[must_use]
    pub fn way(&self, to: &str) -> Way {
        let mut way = Way { proxies: Vec::new(), server: to.to_owned() };
        while let Some(proxy) = self.standing.get(&way.server) {
            way.proxies.push(std::mem::replace(&mut way.server, proxy.planned.to.clone()));
        }
        way
    }

    /// Where a client connects to that goes a way. `host` is the name that it dials if that is nobody's own.
    #[must_use]
    pub fn dialled<'a>(&'a self, way: &Way, server: &'a StandingServer, host: Option<&'a str>) -> Dialled<'a> {
        let (own, address) = match way.proxies.first().and_then(|first| self.standing.get(first)) {
            Some(proxy) => (proxy.planned.host.as_str(), proxy.address),
            None => (server.host.as_str(), server.address),
        };
        Dialled { host: host.unwrap_or(own), address }
    }

    /// Whether a client that goes a way meets TLS: at the first who understands what it says.
    #[must_use]
    pub fn offers_tls(&self, way: &Way, server: &StandingServer) -> bool {
        let of_proxy = self.planned(way).find_map(|proxy| match &proxy.kind {
            ProxyKind::HaProxy => None,
            ProxyKind::PgBouncer(settings) => Some(settings.tls.is_some()),
        });
        of_proxy.unwrap_or(server.planned.tls.is_some())
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&StandingProxy> {
        self.standing.get(name)
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &StandingProxy)> {
        self.standing.iter().map(|(name, proxy)| (name.as_str(), proxy))
    }

    /// The names that are dialled for a server, its own aside.
    pub fn hosts_of(&self, server: &str) -> impl Iterator<Item = &str> {
        self.standing
            .iter()
            .filter(move |(name, _)| self.way(name).server == server)
            .map(|(_, proxy)| proxy.planned.host.as_str())
    }

    /// Lets those on the way stand again that have ended in order.
    ///
    /// # Errors
    /// One does not start.
    pub async fn stand(&mut self, way: &Way) -> Result<(), Error> {
        for name in way.proxies.iter().rev() {
            if let Some(proxy) = self.standing.get_mut(name) {
                proxy.stand().await?;
            }
        }
        Ok(())
    }

    /// Ends those on the way in order, so that all that they hold reaches the server.
    ///
    /// # Errors
    /// One has ended before it was told to, which is no answer of anybody: `broken` says whether the client's connection looks
    /// like that.
    pub async fn end(&mut self, way: &Way, broken: bool) -> Result<(), Error> {
        for name in &way.proxies {
            if let Some(proxy) = self.standing.get(name)
                && let Some(cause) = proxy.cause_of_death(broken).await
            {
                return Err(Error::Environment(format!("proxy {name}: {cause}")));
            }
        }
        for name in &way.proxies {
            if let Some(proxy) = self.standing.get_mut(name) {
                proxy.end().await;
            }
        }
        Ok(())
    }

    /// Whether PgBouncer is on the way, which ends the client's connection and makes one of its own.
    #[must_use]
    pub fn has_pgbouncer(&self, way: &Way) -> bool {
        self.planned(way).any(|proxy| matches!(proxy.kind, ProxyKind::PgBouncer(_)))
    }

    /// Completes an attempt through proxies that have ended: what the server saw, and who it was that refused.
    ///
    /// # Errors
    /// A mistake of ours in the server's mock.
    pub async fn complete(&self, way: &Way, server: &StandingServer, attempt: &mut Attempt) -> Result<(), Error> {
        let seen = seen(server).await?;
        let planned: Vec<&Proxy> = self.planned(way).collect();
        blame::attribute(&mut attempt.client, &planned, seen.as_deref());
        attempt.server = match seen {
            Some(mut seen) => View::of(seen.pop()),
            None => View::Unobserved,
        };
        Ok(())
    }

    /// Ends all of them and returns when nothing is left.
    pub async fn stop(self) {
        for mut proxy in self.standing.into_values() {
            proxy.end().await;
        }
    }

    fn planned(&self, way: &Way) -> impl Iterator<Item = &Proxy> {
        way.proxies.iter().filter_map(|name| self.standing.get(name)).map(|proxy| &*proxy.planned)
    }
}

/// The outcome of a program that went through PgBouncer: it does not tell who refused it, and what the server saw was said to
/// PgBouncer.
#[must_use]
pub fn outcome_of_program(logged_in: bool, words: &Words) -> Outcome {
    let outcome = command::outcome(logged_in, words, None);
    if logged_in { outcome } else { Outcome { by: None, code: None, ..outcome } }
}

/// How each connection that has come to a server since the last look ended there; `None` if it cannot be observed.
async fn seen(server: &StandingServer) -> Result<Option<Vec<Outcome>>, Error> {
    let Some(records) = server.records_so_far().await? else { return Ok(None) };
    let outcomes = records.into_iter().map(|record| record.report.map(|report| report.outcome));
    let seen = outcomes.collect::<Result<_, _>>();
    seen.map(Some).map_err(|problem| Error::Internal(format!("the mock: {problem}")))
}

/// Where a program is: on the path, or where Debian puts what only root is meant to run.
fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    #[cfg(unix)]
    return std::fs::metadata(file).is_ok_and(|metadata| {
        metadata.is_file() && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
    });
    #[cfg(not(unix))]
    return file.is_file();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_on_the_path_and_one_that_is_nowhere_is_not() {
        assert!(installed("sh").is_some_and(|shell| shell.ends_with("sh")));
        assert_eq!(installed("no-such-proxy"), None);
        // A folder of the path is no program.
        assert_eq!(installed("."), None);
    }
}
