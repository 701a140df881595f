//! A client's connection: from an address to a report.

use crate::handshake::{Error, Outcome, Side};
use crate::net::fault::Gate;
use crate::net::{Around, Clock, Connection, Deadlines, Phase, Report, drive};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The code of a connect that found nobody listening.
pub const TCP_REFUSED: &str = "tcp refused";

/// The code of a connect that this machine did not let out: no route, no local port, no file descriptor.
pub const TCP_FAILED: &str = "tcp failed";

/// Connects to `address`, drives the connection to its end and says what became of it.
///
/// The second part is the client's own address, by which a mock's [`Record`](crate::net::Record) of the same connection is
/// found; `None` if the stream never stood.
///
/// # Errors
/// A mistake of ours. A refused or unanswered connect is an outcome.
pub async fn dial(
    address: SocketAddr,
    mut connection: Connection,
    around: &mut Around<'_>,
) -> Result<(Report, Option<SocketAddr>), Error> {
    let began = around.clock.base();
    let Some(mut stream) = stands(TcpStream::connect(address), &mut connection, around.clock, around.deadlines).await
    else {
        return Ok((connection.into_report(began)?, None));
    };
    // Each message is waited for by the other side; there is nothing to gather.
    let _ = stream.set_nodelay(true);
    let own = stream.local_addr().ok();
    if let Some(recording) = connection.recording_mut() {
        recording.addresses = own.map(|own| (own, address));
    }
    drive(&mut stream, &mut connection, around).await?;
    tear(&stream, &connection, around.clock);
    Ok((connection.into_report(began)?, own))
}

/// The stream, once it stands; `None` if it never does, which is the connection's outcome.
pub(crate) async fn stands<S>(
    connecting: impl Future<Output = io::Result<S>>,
    connection: &mut Connection,
    clock: Clock,
    deadlines: Deadlines,
) -> Option<S> {
    let outcome = match timeout(deadlines.tcp, connecting).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => refused(&error),
        Err(_) => Outcome::timed_out(Phase::Tcp.word()),
    };
    connection.abandon(outcome, clock.moment());
    None
}

/// Lets a stream whose line is torn end by a reset once it is dropped.
pub(crate) fn tear(stream: &TcpStream, connection: &Connection, clock: Clock) {
    if connection.gate(clock.moment()) == Gate::Torn {
        // If it cannot, the peer finds an orderly end, which no expectation takes for a reset.
        let _ = stream.set_zero_linger();
    }
}

/// A connect that failed. What is not the server's doing (no route, no local port) is the client's.
fn refused(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Outcome::refused(Side::Server, TCP_REFUSED),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Outcome::refused(Side::Server, "reset"),
        io::ErrorKind::TimedOut => Outcome::timed_out(Phase::Tcp.word()),
        _ => Outcome::refused(Side::Client, TCP_FAILED).because(error.to_string()),
    }
}
