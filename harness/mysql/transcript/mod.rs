//! Hears both sides of a connection and writes down what they say, packet by packet. It answers nothing and expects nothing:
//! what comes out of order is written down out of order.
//!
//! What a packet is depends on what was said before, so that the listener follows the exchange:
//!
//! ```text
//!   greeting ─▶ login ─▶ authentication ◀──────────┐
//!      ▲          │           │ OK                 │ COM_CHANGE_USER
//!      │     SSLRequest       ▼                    │
//!      │          │        commands and answers ───┘
//! ```
//!
//! Compared is what a server or client decides: sequence ids, capabilities, status flags, version, plugin, names, codes, texts,
//! columns and rows. Not compared:
//!
//! * connection ids, nonces, an RSA key (`_pid` and `_thread` of the connect attributes too), and the values of columns that
//!   are called after such a thing or a time: they are different each time;
//! * the client's host in the text of an error, which depends on name resolution and stands there as `<client>`; a connection's
//!   number there is `<connection>`.
//!
//! Hidden: answers of plugins, tokens, and statements in which a password may stand (`IDENTIFIED`, `PASSWORD`).

mod answer;
mod command;
mod login;
mod reply;

use crate::handshake::transcript::Message;
use crate::handshake::{Bystander, Direction, Error, Transcript};
use crate::mysql::capability::Capabilities;
use crate::mysql::reply::{ERR, OK};
use answer::Awaited;
use login::Plugin;
use std::fmt;

/// Hears both sides. `Debug` prints how much it has not read yet, and nothing of that.
pub struct Listener {
    client: Stream,
    server: Stream,
    phase: Phase,
    /// What the greeting offers, and what both can once the client has said so.
    capabilities: Capabilities,
    plugin: Plugin,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Greeting,
    Login,
    Authentication,
    Commands(Awaited),
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            client: Stream::default(),
            server: Stream::default(),
            phase: Phase::Greeting,
            capabilities: Capabilities::NONE,
            plugin: Plugin::default(),
        }
    }
}

impl Bystander for Listener {
    fn hear(&mut self, direction: Direction, octets: &[u8], transcript: &mut Transcript) {
        let stream = match direction {
            Direction::FromClient => &mut self.client,
            Direction::ToClient => &mut self.server,
            Direction::Local => return,
        };
        let mut taken = std::mem::take(stream);
        taken.push(octets);
        loop {
            match taken.next() {
                Ok(Some((sequence, payload))) => {
                    let message = match self.packet(direction, payload) {
                        Ok(message) => message,
                        Err(problem) => Message::unreadable(direction, payload.len(), problem),
                    };
                    transcript.push(first("seq", sequence, message));
                    if self.expects_tls() && direction == Direction::FromClient {
                        taken.deaf = true;
                    }
                }
                Ok(None) => break,
                Err(length) => {
                    let problem = format!("packet too long, at most {} octets are read", Stream::LONGEST);
                    transcript.push(Message::unreadable(direction, length, problem));
                    taken.deaf = true;
                }
            }
        }
        *self.stream(direction) = taken;
    }

    fn secured(&mut self) {
        self.client = Stream::default();
        self.server = Stream::default();
        if self.phase == Phase::Login {
            self.plugin.expects_tls = false;
        }
    }

    fn end(&mut self, transcript: &mut Transcript) {
        for direction in [Direction::FromClient, Direction::ToClient] {
            let unread = self.stream(direction).unread().len();
            if unread > 0 {
                transcript.push(Message::unreadable(direction, unread, "ends within a packet"));
            }
        }
    }
}

impl Listener {
    fn stream(&mut self, direction: Direction) -> &mut Stream {
        if direction == Direction::FromClient { &mut self.client } else { &mut self.server }
    }

    /// Behind an SSLRequest the client speaks TLS, which is not for us to read.
    const fn expects_tls(&self) -> bool {
        self.plugin.expects_tls
    }

    fn packet(&mut self, direction: Direction, payload: &[u8]) -> Result<Message, Error> {
        match (&mut self.phase, direction) {
            (Phase::Greeting, Direction::ToClient) if payload.first() != Some(&ERR) => {
                let greeting = login::greeting(payload)?;
                self.capabilities = greeting.capabilities;
                self.plugin.is_now(&greeting.plugin);
                self.phase = Phase::Login;
                Ok(greeting.message)
            }
            (Phase::Login, Direction::FromClient) => {
                let login = login::login(payload, self.capabilities)?;
                self.plugin.expects_tls = login.wants_tls;
                if !login.wants_tls {
                    self.capabilities = self.capabilities & login.capabilities;
                    self.plugin.is_now(&login.plugin);
                    self.phase = Phase::Authentication;
                }
                Ok(login.message)
            }
            (Phase::Authentication, Direction::FromClient) => Ok(self.plugin.answer(payload)),
            (Phase::Authentication, Direction::ToClient) => {
                if payload.first() == Some(&OK) {
                    self.phase = Phase::Commands(Awaited::Nothing);
                }
                self.plugin.server(payload, self.capabilities)
            }
            (Phase::Commands(awaited), Direction::FromClient) => {
                let (message, next) = command::command(payload, self.capabilities)?;
                *awaited = next;
                if let Awaited::Login(plugin) = awaited {
                    self.plugin.is_now(plugin);
                    self.phase = Phase::Authentication;
                }
                Ok(message)
            }
            (Phase::Commands(awaited), Direction::ToClient) => awaited.answer(payload, self.capabilities),
            (Phase::Greeting | Phase::Login, _) => reply::out_of_place(direction, payload, self.capabilities),
            (_, Direction::Local) => Err(Error::Misuse("nobody says anything locally")),
        }
    }
}

/// The message with one field before all others.
fn first(name: &'static str, value: impl fmt::Display, message: Message) -> Message {
    let mut with = Message::new(message.direction, message.name).with(name, value);
    for (name, field) in message.fields {
        with.push(name, field);
    }
    with
}

/// One direction, cut into packets.
#[derive(Default)]
struct Stream {
    octets: Vec<u8>,
    start: usize,
    /// What comes from here on is not read.
    deaf: bool,
}

impl Stream {
    /// The longest packet that is read: as much as one recording keeps.
    const LONGEST: usize = 1 << 20;
    /// So many octets may have been read before they are forgotten.
    const READ: usize = 1 << 16;

    fn push(&mut self, octets: &[u8]) {
        if self.start == self.octets.len() || self.start > Self::READ {
            self.octets.drain(..self.start);
            self.start = 0;
        }
        if !self.deaf {
            self.octets.extend_from_slice(octets);
        }
    }

    fn unread(&self) -> &[u8] {
        if self.deaf { &[] } else { &self.octets[self.start..] }
    }

    /// The next packet with its sequence id; the length of one that is too long. Frames that are continued (of 16 MiB) are.
    fn next(&mut self) -> Result<Option<(u8, &[u8])>, usize> {
        let Some((header, rest)) = self.unread().split_first_chunk::<4>() else { return Ok(None) };
        let &[low, middle, high, sequence] = header;
        let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        if length > Self::LONGEST {
            return Err(length);
        }
        if rest.len() < length {
            return Ok(None);
        }
        let from = self.start + header.len();
        self.start = from + length;
        Ok(Some((sequence, &self.octets[from..from + length])))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({} and {} octets unread)", self.client.unread().len(), self.server.unread().len())
    }
}
