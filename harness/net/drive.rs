//! The only loop that reads, writes, upgrades and times.

use crate::handshake::{Error, Random};
use crate::net::{Clock, Connection, Deadlines, TicketSource};
use tokio::io::{AsyncRead, AsyncWrite};

/// What surrounds a connection while it is driven.
pub struct Around<'a> {
    /// The party's clock.
    pub clock: Clock,
    /// Its randomness.
    pub random: &'a mut dyn Random,
    /// How long each phase may take.
    pub deadlines: Deadlines,
    /// Where its tickets come from. Without one, a machine that asks is told that there are no credentials.
    pub tickets: Option<&'a mut dyn TicketSource>,
}

/// Runs a connection over a stream that stands, to its end, and closes the stream in order: everything is sent, and the
/// peer's last words are read before the socket goes.
///
/// # Errors
/// A mistake of ours. Whatever the peer or the network does is an outcome of the connection.
pub async fn drive<S>(stream: &mut S, connection: &mut Connection, around: &mut Around<'_>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = (stream, connection, around);
    todo!()
}
