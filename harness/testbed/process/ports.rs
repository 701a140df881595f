//! Ports of loopback for servers that cannot choose one themselves.
//!
//! A port that is free when we look can be somebody's when the server takes it; then it is started again on another one.

use crate::error::Error;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

/// How often a server may find its port taken.
const TRIES: usize = 8;

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
    for _ in 0..TRIES {
        let tried = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|tcp| {
            let port = tcp.local_addr()?.port();
            UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).map(|_| port)
        });
        match tried {
            Ok(port) => return Ok(port),
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
