//! Hears both sides of a connection and writes down what they say, message by message. It answers nothing and expects nothing:
//! what comes out of order is written down out of order.
//!
//! ```text
//!   client: untyped packets until the StartupMessage, typed messages from then on
//!   server: one octet for each SSLRequest and GSSENCRequest, typed messages otherwise
//! ```
//!
//! Compared is what a server or client decides: names, parameters and their values (`server_version` too), methods, mechanisms,
//! iteration counts, errors, tags, columns and rows. Not compared:
//!
//! * process ids, salts, nonces, keys to cancel with, OIDs of tables, and the values of columns that are called after such a
//!   thing or a time: they are different each time;
//! * `F` and `L` of errors and notices, the file and line in the server's source: they move with every minor version. `R`, the
//!   routine, is compared: it stays, and tells apart the places that report the same text;
//! * the client's address in the text of an error, which stands there as `<client>`.
//!
//! Hidden: passwords, tokens, proofs and signatures, parameters of prepared statements, COPY data, and statements in which a
//! password may stand (`PASSWORD`).

mod backend;
mod frontend;
mod startup;

use crate::handshake::transcript::{Field, Message, Overheard};
use crate::handshake::{Bystander, Direction, Error, Transcript};
use crate::postgres::frame;
use std::fmt;

/// Hears both sides. `Debug` prints how much it has not read yet, and nothing of that.
#[derive(Default)]
pub struct Listener {
    client: Overheard,
    server: Overheard,
    /// Whether the StartupMessage has been said.
    started: bool,
    /// Requests for encryption without their answer.
    unanswered: usize,
    /// What an answer to the last authentication request is.
    awaited: frontend::Awaited,
    /// The names of the columns of the last RowDescription.
    columns: Vec<String>,
}

impl Bystander for Listener {
    fn hear(&mut self, direction: Direction, octets: &[u8], transcript: &mut Transcript) {
        let mut stream = std::mem::take(match direction {
            Direction::FromClient => &mut self.client,
            Direction::ToClient => &mut self.server,
            Direction::Local => return,
        });
        stream.push(octets);
        while let Some(message) = self.next(direction, &mut stream) {
            transcript.push(message);
        }
        *self.stream(direction) = stream;
    }

    fn secured(&mut self) {
        (self.client, self.server) = (Overheard::default(), Overheard::default());
        self.unanswered = 0;
    }

    fn end(&mut self, transcript: &mut Transcript) {
        for direction in [Direction::FromClient, Direction::ToClient] {
            let unread = self.stream(direction).unread().len();
            if unread > 0 {
                transcript.push(Message::unreadable(direction, unread, "ends within a message"));
            }
        }
    }
}

impl Listener {
    fn stream(&mut self, direction: Direction) -> &mut Overheard {
        if direction == Direction::FromClient { &mut self.client } else { &mut self.server }
    }

    /// The next message that is complete.
    fn next(&mut self, direction: Direction, stream: &mut Overheard) -> Option<Message> {
        let read = match direction {
            Direction::FromClient if !self.started => packet(stream).map(|packet| Some(self.first(packet?))),
            Direction::FromClient => typed(stream).map(|message| {
                let message = message?;
                Some((frontend::message(message, self.awaited), message.body.len()))
            }),
            Direction::ToClient if self.unanswered > 0 && stream.unread().first() != Some(&b'E') => {
                return self.encryption_answer(stream);
            }
            _ => typed(stream).map(|message| {
                let message = message?;
                if let Some(awaited) = frontend::Awaited::after(message) {
                    self.awaited = awaited;
                }
                Some((backend::message(message, &mut self.columns), message.body.len()))
            }),
        };
        match read {
            Ok(Some((Ok(message), _))) => Some(message),
            Ok(Some((Err(problem), octets))) => Some(Message::unreadable(direction, octets, problem)),
            Ok(None) => None,
            Err(length) => {
                stream.stop_listening();
                let problem = format!("length out of bounds, allowed are 4 to {}", Overheard::LONGEST);
                Some(Message::unreadable(direction, usize::try_from(length).unwrap_or(usize::MAX), problem))
            }
        }
    }

    /// A packet before the StartupMessage, or that.
    fn first(&mut self, packet: &[u8]) -> (Result<Message, Error>, usize) {
        let read = startup::packet(packet);
        match &read {
            Ok(message) if matches!(&*message.name, "SSLRequest" | "GSSENCRequest") => self.unanswered += 1,
            _ => self.started = true,
        }
        (read, packet.len())
    }

    /// One octet. Behind a yes there is TLS or GSS-API encryption, which is not for us to read.
    fn encryption_answer(&mut self, stream: &mut Overheard) -> Option<Message> {
        let octet = *stream.unread().first()?;
        stream.take(1, 0);
        self.unanswered -= 1;
        if matches!(octet, b'S' | b'G') {
            stream.stop_listening();
            self.client.stop_listening();
        }
        Some(Message::new(Direction::ToClient, "EncryptionAnswer").with("answer", octet.escape_ascii()))
    }
}

/// What is behind a length word; the length if it is out of bounds.
fn packet(overheard: &mut Overheard) -> Result<Option<&[u8]>, u32> {
    behind_length(overheard, 0)
}

/// A type, and what is behind its length word; the length if it is out of bounds.
fn typed(overheard: &mut Overheard) -> Result<Option<frame::Message<'_>>, u32> {
    let Some(&kind) = overheard.unread().first() else { return Ok(None) };
    Ok(behind_length(overheard, 1)?.map(|body| frame::Message { kind, body }))
}

/// Length words count themselves.
fn behind_length(overheard: &mut Overheard, prefix: usize) -> Result<Option<&[u8]>, u32> {
    const WORD: usize = 4;
    let Some(word) = overheard.unread().get(prefix..).and_then(<[u8]>::first_chunk::<WORD>) else { return Ok(None) };
    let word = u32::from_be_bytes(*word);
    let length = usize::try_from(word).unwrap_or(usize::MAX);
    if !(WORD..=Overheard::LONGEST).contains(&length) {
        return Err(word);
    }
    if overheard.unread().len() < prefix + length {
        return Ok(None);
    }
    Ok(Some(overheard.take(prefix + WORD, length - WORD)))
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// The text of a statement, unless there may be a password in it.
fn statement(message: Message, octets: &[u8]) -> Message {
    let text = text(octets);
    if text.to_ascii_uppercase().contains("PASSWORD") {
        message.hiding("query", octets.len())
    } else {
        message.with("query", text)
    }
}

/// Octets that mean something to whoever set the statement up only.
fn octets(message: Message, octets: &[u8]) -> Message {
    if octets.is_empty() { message } else { message.with("octets", octets.len()) }
}

fn field(varies: bool, value: String) -> Field {
    if varies { Field::Varies(value) } else { Field::Fixed(value) }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({} and {} octets unread)", self.client.unread().len(), self.server.unread().len())
    }
}
