//! Connections of the control API, each with a bound on its time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Controlled, Token, routes};

/// How many connections there may be at a time; more wait until one ends.
const MAX_CONNECTIONS: usize = 32;
/// How long the head of a request may take to arrive.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may last, whatever it does.
const CONNECTION: Duration = Duration::from_secs(60);

/// A control API that is being served. Dropping it ends it.
#[derive(Debug)]
pub struct ControlHandle {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl ControlHandle {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, and returns when the port is free again.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Serves the control API of one KDC until the handle is dropped. Needs a Tokio runtime.
///
/// # Errors
/// The listener has no address.
pub fn serve(listener: TcpListener, controlled: Controlled, token: Token) -> io::Result<ControlHandle> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let router = routes::router(controlled, token);
    let mut tasks = JoinSet::new();
    tasks.spawn(accept(listener, router, stopped));
    Ok(ControlHandle { address, stop, tasks })
}

async fn accept(listener: TcpListener, router: axum::Router, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // They go with this task.
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        // An error concerns one connection that went away, or a shortage that passes.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(64 * 1024);
            // Whatever ends it early is the client's affair.
            let _ = timeout(CONNECTION, builder.serve_connection(TokioIo::new(stream), service)).await;
            drop(place);
        });
    }
}
