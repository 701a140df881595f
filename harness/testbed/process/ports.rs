//! Ports of loopback for servers that cannot choose one themselves.
//!
//! A port that is free when we look can be somebody's when the server takes it; then it is started again on another one.
//! What makes that rare: they come from below the range in which the system itself gives ports away, where mocks listen and
//! clients dial from, and each is handed out once before any is again.

use crate::error::Error;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// How often a server may find its port taken.
const TRIES: usize = 8;

/// Below 32768, where Linux begins to give ports away by itself, and above what people run servers on.
const PORTS: Range<u16> = 20_000..32_000;

/// The next one to be looked at, from a place of its own for each program.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let place = std::process::id().wrapping_mul(0x9e37_79b9) >> 16;
    AtomicU16::new(u16::try_from(place).unwrap_or_default())
});

/// Why a server did not start.
#[derive(Debug)]
pub enum Unstarted {
    /// Somebody was faster: another port may do.
    PortTaken,
    /// Another port would not help.
    Failed(Error),
}

impl From<Error> for Unstarted {
    fn from(problem: Error) -> Self {
        Self::Failed(problem)
    }
}

/// A port that is free for TCP and UDP now.
///
/// # Errors
/// There is none.
pub fn free() -> Result<u16, Error> {
    let mut problem = None;
    for _ in PORTS {
        let port = PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        match bound.and_then(|_tcp| UdpSocket::bind((Ipv4Addr::LOCALHOST, port))) {
            Ok(_) => return Ok(port),
            Err(found) => problem = Some(found),
        }
    }
    let problem = problem.map(|problem| problem.to_string()).unwrap_or_default();
    Err(Error::Environment(format!("no port of loopback is free: {problem}")))
}

/// Starts a server on a free port, and on another one when somebody was faster.
///
/// # Errors
/// It does not start on any.
pub async fn on_a_free_one<T, F>(mut start: impl FnMut(u16) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Unstarted>>,
{
    for _ in 0..TRIES {
        match start(free()?).await {
            Ok(started) => return Ok(started),
            Err(Unstarted::PortTaken) => {}
            Err(Unstarted::Failed(problem)) => return Err(problem),
        }
    }
    Err(Error::Environment(format!("{TRIES} ports of loopback that were free were taken a moment later")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_handed_out_twice_in_a_row_and_none_that_is_taken() {
        let ports: std::collections::BTreeSet<u16> = (0..200).map(|_| free().unwrap()).collect();
        assert_eq!(ports.len(), 200);
        assert!(ports.iter().all(|port| PORTS.contains(port)));
        // The one that would come next, and those around it in case another test asks at the same time.
        let next = PORTS.start + NEXT.load(Ordering::Relaxed) % (PORTS.end - PORTS.start);
        let taken: Vec<_> =
            (0..4).filter_map(|more| TcpListener::bind((Ipv4Addr::LOCALHOST, next + more)).ok()).collect();
        let free = free().unwrap();
        assert!(taken.iter().all(|listener| listener.local_addr().unwrap().port() != free));
    }

    #[tokio::test]
    async fn a_port_that_was_taken_is_followed_by_another_one() {
        let mut tried = Vec::new();
        let started = on_a_free_one(|port| {
            tried.push(port);
            std::future::ready(if tried.len() < 3 { Err(Unstarted::PortTaken) } else { Ok(port) })
        })
        .await
        .unwrap();
        assert_eq!((tried.len(), tried[2]), (3, started));
    }

    #[tokio::test]
    async fn what_another_port_does_not_help_is_said_at_once() {
        let mut tries = 0;
        let failed = on_a_free_one(|_| {
            tries += 1;
            std::future::ready(Err::<(), _>(Unstarted::Failed(Error::Environment("no disk".to_owned()))))
        });
        assert_eq!(failed.await.unwrap_err().to_string(), "no disk");
        assert_eq!(tries, 1);
    }

    #[tokio::test]
    async fn a_port_that_is_always_taken_is_given_up() {
        let problem = on_a_free_one(|_| std::future::ready(Err::<(), _>(Unstarted::PortTaken))).await.unwrap_err();
        assert!(problem.to_string().starts_with("8 ports"), "{problem}");
    }
}
