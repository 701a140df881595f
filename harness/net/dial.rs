//! A client's connection: from an address to a report.

use crate::handshake::Error;
use crate::net::{Around, Connection, Report};
use std::net::SocketAddr;

/// Connects to `address`, drives the connection to its end and says what became of it.
///
/// The second part is the client's own address, by which a mock's [`Record`](crate::net::Record) of the same connection is
/// found; `None` if the stream never stood.
///
/// # Errors
/// A mistake of ours. A refused or unanswered connect is an outcome.
pub async fn dial(
    address: SocketAddr,
    connection: Connection,
    around: &mut Around<'_>,
) -> Result<(Report, Option<SocketAddr>), Error> {
    let _ = (address, connection, around);
    todo!()
}
