//! The only loop that reads, writes, upgrades and times.
//!
//! Each phase has a deadline from its beginning; a phase that ends and another that begins start a new one. What a peer sent
//! before it went away is always read: a failed write does not end the loop, only the end of the peer's direction does, since
//! the alert or error that says why may be waiting in the receive buffer.
//!
//! What may go when is decided by the connection's [`Line`](crate::net::Line); a stream that is to be reset is left to whoever
//! owns it, who finds [`Gate::Torn`].

use crate::handshake::{Direction, Error, EventName, Outcome, Random, Timestamp};
use crate::net::fault::Gate;
use crate::net::{Clock, Connection, Deadlines, Ending, Moment, Phase, Progress, TicketSource, ticket};
use shakedown_krb5::client::KerberosFailure;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// What surrounds a connection while it is driven.
pub struct Around<'a> {
    /// The party's clock.
    pub clock: Clock,
    /// Its randomness.
    pub random: &'a mut dyn Random,
    /// How long each phase may take.
    pub deadlines: Deadlines,
    /// Where its tickets come from. Without one, a machine that asks is told that there are no credentials.
    pub tickets: Option<&'a mut (dyn TicketSource + 'static)>,
}

/// Octets read at a time.
const READ: usize = 16 * 1024;

/// With more than this to send, nothing is read.
const MOST_UNSENT: usize = 256 * 1024;

/// After the outcome, the peer may still send so much before we stop listening to it.
const LAST_WORDS: usize = 64 * 1024;

/// How long the peer may take to end its direction after we ended ours.
const GOODBYE: Duration = Duration::from_millis(500);

/// How much longer than its exchanges a source of tickets may take.
const GRACE: Duration = Duration::from_millis(500);

/// Runs a connection over a stream that stands, to its end, and closes the stream in order: everything is sent, and the
/// peer's last words are read before the socket goes.
///
/// # Errors
/// A mistake of ours. Whatever the peer or the network does is an outcome of the connection.
pub async fn drive<S>(stream: &mut S, connection: &mut Connection, around: &mut Around<'_>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = vec![0; READ];
    let mut progress = connection.start(around.clock.moment(), around.random)?;
    let mut phase = connection.phase();
    let mut deadline = Instant::now() + length(&around.deadlines, phase);
    let mut writable = true;
    let mut ended = false;
    loop {
        match progress {
            Progress::Finished => break,
            Progress::NeedTicket(request) => {
                // Whatever was said before is not to wait for the KDC.
                let sent = timeout_at(deadline, send_open(stream, connection, around.clock)).await;
                writable = writable && matches!(sent, Ok(Ok(())));
                progress = match fetch(connection, around, &request).await? {
                    Some(progress) => progress,
                    None => break,
                };
                deadline = Instant::now() + length(&around.deadlines, connection.phase());
                continue;
            }
            Progress::NeedBytes => {}
        }
        if connection.phase() != phase {
            phase = connection.phase();
            deadline = Instant::now() + length(&around.deadlines, phase);
        }
        if !writable {
            connection.wire().clear();
        }
        let unsent = sample(connection);
        let now = around.clock.moment();
        let (most, until) = match connection.gate(now) {
            Gate::Open(octets) => (octets, deadline),
            Gate::Until(at) => (0, deadline.min(Instant::now() + at.since(now.base))),
            Gate::Ended => {
                if !std::mem::replace(&mut ended, true) {
                    let _ = timeout_at(deadline, stream.shutdown()).await;
                }
                writable = false;
                (0, deadline)
            }
            Gate::Dead => {
                sleep_until(deadline).await;
                connection.abandon(timed_out(phase), around.clock.moment());
                break;
            }
            Gate::Torn => {
                connection.end(Ending::Reset, now, around.random)?;
                break;
            }
        };
        let moved = timeout_at(until, exchange(stream, connection.wire(), most, &mut buffer)).await;
        let now = around.clock.moment();
        progress = match moved {
            Ok(Moved::Wrote(count)) => {
                record(connection, connection.own_direction(), &unsent[..count.min(unsent.len())], now);
                connection.sent(count, now);
                if most == 1 {
                    // The next octet is not to be found behind this one.
                    yield_now().await;
                }
                Progress::NeedBytes
            }
            Ok(Moved::Read(count)) => {
                record(connection, connection.peer_direction(), &buffer[..count], now);
                if phase.is_none() {
                    deadline = Instant::now() + around.deadlines.idle;
                }
                connection.receive(&buffer[..count], now, around.random)?
            }
            Ok(Moved::End(how)) => connection.end(how, now, around.random)?,
            Ok(Moved::WriteFailed) => {
                writable = false;
                Progress::NeedBytes
            }
            Err(_) if until < deadline => Progress::NeedBytes,
            Err(_) => {
                connection.abandon(timed_out(phase), now);
                Progress::Finished
            }
        };
    }
    if writable || ended {
        say_goodbye(stream, connection, around.clock, around.deadlines.idle, &mut buffer).await;
    }
    Ok(())
}

/// What is to be sent, if it is to be recorded.
fn sample(connection: &mut Connection) -> Vec<u8> {
    if connection.recording_mut().is_some() { connection.wire().clone() } else { Vec::new() }
}

fn record(connection: &mut Connection, direction: Direction, bytes: &[u8], now: Moment) {
    if let Some(recording) = connection.recording_mut() {
        recording.wire(now.base, direction, bytes);
    }
}

/// Sends what the line lets through at once.
async fn send_open<S>(stream: &mut S, connection: &mut Connection, clock: Clock) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    loop {
        let now = clock.moment();
        let octets = match connection.gate(now) {
            Gate::Open(octets) => octets.min(connection.wire().len()),
            _ => 0,
        };
        if octets == 0 {
            return Ok(());
        }
        let unsent = sample(connection);
        let count = stream.write(&connection.wire()[..octets]).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        record(connection, connection.own_direction(), &unsent[..count.min(unsent.len())], now);
        connection.sent(count, now);
    }
}

fn length(deadlines: &Deadlines, phase: Option<Phase>) -> Duration {
    phase.map_or(deadlines.idle, |phase| deadlines.of(phase))
}

fn timed_out(phase: Option<Phase>) -> Outcome {
    Outcome::timed_out(phase.map_or("idle", Phase::word))
}

/// Gets a ticket for the machine; `None` if the KDC took too long, which ends the connection.
async fn fetch(
    connection: &mut Connection,
    around: &mut Around<'_>,
    request: &crate::handshake::TicketRequest,
) -> Result<Option<Progress>, Error> {
    let answer = match around.tickets.as_deref_mut() {
        Some(source) => {
            let (trace, recordings) = connection.exchanges_mut();
            let mut surroundings = ticket::Surroundings {
                clock: around.clock,
                deadlines: around.deadlines,
                random: &mut *around.random,
                trace,
                recordings,
            };
            // A source keeps the deadlines of its exchanges itself; this is for one that does not.
            let longest = around.deadlines.kdc_as + around.deadlines.kdc_tgs + GRACE;
            timeout(longest, source.ticket(request, &mut surroundings)).await.unwrap_or(Err(KerberosFailure::TimedOut))
        }
        None => Err(KerberosFailure::NoCredentials),
    };
    let mut now = around.clock.moment();
    if let Err(KerberosFailure::TimedOut) = answer {
        connection.abandon(timed_out(Some(phase_at_kdc(connection))), now);
        return Ok(None);
    }
    if let Some(source) = &around.tickets {
        now.party = Timestamp::from_micros(now.party.micros().saturating_add(source.offset_us()));
    }
    connection.ticket(answer.as_ref().map_err(Clone::clone), now, around.random).map(Some)
}

/// The phase of the last request to a KDC.
fn phase_at_kdc(connection: &Connection) -> Phase {
    let requests = connection.trace().events().iter().rev();
    match requests.map(|event| event.name).find(|name| matches!(name, EventName::AsReq | EventName::TgsReq)) {
        Some(EventName::TgsReq) => Phase::KdcTgs,
        _ => Phase::KdcAs,
    }
}

/// What an exchange with the stream has moved.
enum Moved {
    Wrote(usize),
    WriteFailed,
    Read(usize),
    End(Ending),
}

/// Writes what is there, at most so many octets, and reads what comes, whichever is possible first; so that two sides which
/// both write cannot wait for each other.
async fn exchange<S>(stream: &mut S, wire: &[u8], most: usize, buffer: &mut [u8]) -> Moved
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let goes = &wire[..most.min(wire.len())];
    poll_fn(|task| {
        if !goes.is_empty() {
            match Pin::new(&mut *stream).poll_write(task, goes) {
                Poll::Ready(Ok(count)) if count > 0 => return Poll::Ready(Moved::Wrote(count)),
                Poll::Ready(_) => return Poll::Ready(Moved::WriteFailed),
                // A peer that asks on and on without reading the answers is not listened to until it does.
                Poll::Pending if wire.len() > MOST_UNSENT => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        poll_read(stream, task, buffer)
    })
    .await
}

fn poll_read<S>(stream: &mut S, task: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Moved>
where
    S: AsyncRead + Unpin,
{
    let mut buffer = ReadBuf::new(buffer);
    match Pin::new(stream).poll_read(task, &mut buffer) {
        Poll::Ready(Ok(())) if buffer.filled().is_empty() => Poll::Ready(Moved::End(Ending::Closed)),
        Poll::Ready(Ok(())) => Poll::Ready(Moved::Read(buffer.filled().len())),
        // After a failed write this is how the peer's reset shows; before, it is the reset itself.
        Poll::Ready(Err(error)) => Poll::Ready(Moved::End(ending(&error))),
        Poll::Pending => Poll::Pending,
    }
}

fn ending(error: &io::Error) -> Ending {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Ending::Closed,
        _ => Ending::Reset,
    }
}

/// Sends what is left, ends our direction and reads to the end of the peer's, within bounds. A socket that is dropped with
/// unread bytes in it resets the connection, and the reset overtakes what we have just sent.
///
/// The line has its say to the last: what it delays is waited for, and over a dead one no end is told.
async fn say_goodbye<S>(stream: &mut S, connection: &mut Connection, clock: Clock, idle: Duration, buffer: &mut [u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let now = clock.moment();
    if let Gate::Until(at) = connection.gate(now) {
        sleep_until(Instant::now() + at.since(now.base)).await;
    }
    // The outcome is decided; a peer that does not take its goodbye changes nothing.
    let deadline = Instant::now() + GOODBYE;
    let _ = timeout_at(deadline, send_open(stream, connection, clock)).await;
    let (patience, most) = match connection.gate(clock.moment()) {
        Gate::Torn => return,
        Gate::Dead => (Instant::now() + idle, usize::MAX),
        Gate::Open(_) | Gate::Until(_) | Gate::Ended => {
            if !matches!(timeout_at(deadline, stream.shutdown()).await, Ok(Ok(()))) {
                return;
            }
            (deadline, LAST_WORDS)
        }
    };
    let hears_out = async {
        let mut heard = 0;
        while heard < most {
            match poll_fn(|task| poll_read(stream, task, buffer)).await {
                Moved::Read(count) => heard += count,
                _ => break,
            }
        }
    };
    let _ = timeout_at(patience, hears_out).await;
}
