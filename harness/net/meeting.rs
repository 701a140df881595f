//! A client and a server of ours that meet in memory, in virtual time: whatever they wait for costs nothing.
//!
//! Both are driven by the same loop as over sockets ([`drive`](crate::net::drive())). The clock of the runtime stands still while anybody
//! has something to do and jumps to the next deadline when nobody has, so that deadlines are kept to the millisecond
//! whatever the machine is busy with.

use crate::handshake::{Error, Random};
use crate::net::dial::stands;
use crate::net::fault::Gate;
use crate::net::{Around, Clock, Connection, Deadlines, FaultKind, Report, drive};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One of the two.
pub struct Party<'a> {
    /// Its side of the connection.
    pub connection: Connection,
    /// Its randomness.
    pub random: &'a mut dyn Random,
    /// Its clock.
    pub clock: Clock,
    /// How long each phase may take it.
    pub deadlines: Deadlines,
}

/// Lets the two meet, and says what became of it in the eyes of each; `None` for a server that nobody has come to.
///
/// `unreachable` keeps them apart: nobody listens, or nobody answers. Neither has tickets. It blocks until both have ended,
/// and belongs where blocking is allowed.
///
/// # Errors
/// A mistake of ours. Whatever the two do to each other is an outcome.
pub fn meet(
    client: Party<'_>,
    server: Party<'_>,
    unreachable: Option<FaultKind>,
) -> Result<(Report, Option<Report>), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|_| Error::Misuse("the system has no memory for a runtime"))?;
    runtime.block_on(async move {
        let (near, far) = pipe();
        let connecting = async {
            match unreachable {
                None => Ok(near),
                Some(FaultKind::Refused) => Err(io::ErrorKind::ConnectionRefused.into()),
                Some(_) => std::future::pending().await,
            }
        };
        let served = async {
            if unreachable.is_some() {
                return Ok(None);
            }
            let Party { mut connection, random, clock, deadlines } = server;
            let began = clock.base();
            let mut around = Around { clock, random, deadlines, tickets: None };
            run(far, &mut connection, &mut around).await?;
            connection.into_report(began).map(Some)
        };
        let dialled = async {
            let Party { mut connection, random, clock, deadlines } = client;
            let began = clock.base();
            let mut around = Around { clock, random, deadlines, tickets: None };
            if let Some(stream) = stands(connecting, &mut connection, clock, deadlines).await {
                run(stream, &mut connection, &mut around).await?;
            }
            connection.into_report(began)
        };
        tokio::try_join!(dialled, served)
    })
}

/// Drives one of them, and leaves the stream as its line has it.
async fn run(mut stream: Half, connection: &mut Connection, around: &mut Around<'_>) -> Result<(), Error> {
    drive(&mut stream, connection, around).await?;
    match connection.gate(around.clock.moment()) {
        Gate::Torn => stream.reset(),
        // The end of a stream does not get through either; the other one waits for it until its own deadline.
        Gate::Dead => stream.vanish(),
        _ => {}
    }
    Ok(())
}

/// One end of a stream in memory. Dropped, it ends its direction in order.
#[derive(Debug)]
struct Half {
    says: Arc<Direction>,
    hears: Arc<Direction>,
    is_gone: bool,
}

/// Octets on their way, within bounds.
#[derive(Debug, Default)]
struct Direction(Mutex<Way>);

#[derive(Debug, Default)]
struct Way {
    octets: VecDeque<u8>,
    has_ended: bool,
    is_reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// As much as a socket's buffers take, about.
const BUFFERED: usize = 64 * 1024;

fn pipe() -> (Half, Half) {
    let (there, back) = (Arc::<Direction>::default(), Arc::<Direction>::default());
    let near = Half { says: Arc::clone(&there), hears: Arc::clone(&back), is_gone: false };
    (near, Half { says: back, hears: there, is_gone: false })
}

impl Direction {
    fn way(&self) -> MutexGuard<'_, Way> {
        // Nothing that holds the lock can leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}

impl Half {
    /// Resets the stream: the other end finds that behind what has come already, as on Linux.
    fn reset(&mut self) {
        for direction in [&self.says, &self.hears] {
            let mut way = direction.way();
            way.is_reset = true;
            way.wake();
        }
    }

    /// Leaves without a word.
    fn vanish(&mut self) {
        self.is_gone = true;
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        if !self.is_gone {
            let mut way = self.says.way();
            way.has_ended = true;
            way.wake();
        }
    }
}

impl AsyncRead for Half {
    fn poll_read(self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut way = self.hears.way();
        if way.octets.is_empty() && way.is_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if way.octets.is_empty() && !way.has_ended {
            way.reader = Some(task.waker().clone());
            return Poll::Pending;
        }
        let count = buffer.remaining().min(way.octets.len());
        for octet in way.octets.drain(..count) {
            buffer.put_slice(&[octet]);
        }
        way.wake();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Half {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let mut way = self.says.way();
        if way.is_reset || way.has_ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = octets.len().min(BUFFERED - way.octets.len());
        if count == 0 {
            way.writer = Some(task.waker().clone());
            return Poll::Pending;
        }
        way.octets.extend(&octets[..count]);
        way.wake();
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut way = self.says.way();
        way.has_ended = true;
        way.wake();
        Poll::Ready(Ok(()))
    }
}
