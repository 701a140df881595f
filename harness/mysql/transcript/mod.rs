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

use crate::handshake::transcript::{Message, Overheard};
use crate::handshake::{Bystander, Direction, Error, Transcript};
use crate::mysql::capability::Capabilities;
use crate::mysql::reply::{ERR, OK};
use answer::Awaited;
use login::Plugin;
use std::fmt;

/// Hears both sides. `Debug` prints how much it has not read yet, and nothing of that.
pub struct Listener {
    client: Overheard,
    server: Overheard,
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
            client: Overheard::default(),
            server: Overheard::default(),
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
            match next_packet(&mut taken) {
                Ok(Some((sequence, payload))) => {
                    let message = match self.packet(direction, payload) {
                        Ok(message) => message,
                        Err(problem) => Message::unreadable(direction, payload.len(), problem),
                    };
                    transcript.push(first("seq", sequence, message));
                    if self.expects_tls() && direction == Direction::FromClient {
                        taken.stop_listening();
                    }
                }
                Ok(None) => break,
                Err(length) => {
                    let problem = format!("packet too long, at most {} octets are read", Overheard::LONGEST);
                    transcript.push(Message::unreadable(direction, length, problem));
                    taken.stop_listening();
                }
            }
        }
        *self.stream(direction) = taken;
    }

    fn secured(&mut self) {
        self.client = Overheard::default();
        self.server = Overheard::default();
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
    fn stream(&mut self, direction: Direction) -> &mut Overheard {
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

/// The next packet with its sequence id; the length of one that is too long. Frames that are continued (of 16 MiB) are.
fn next_packet(overheard: &mut Overheard) -> Result<Option<(u8, &[u8])>, usize> {
    const HEADER: usize = 4;
    let Some((header, rest)) = overheard.unread().split_first_chunk::<HEADER>() else { return Ok(None) };
    let &[low, middle, high, sequence] = header;
    let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
    if length > Overheard::LONGEST {
        return Err(length);
    }
    if rest.len() < length {
        return Ok(None);
    }
    Ok(Some((sequence, overheard.take(HEADER, length))))
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listener({} and {} octets unread)", self.client.unread().len(), self.server.unread().len())
    }
}
