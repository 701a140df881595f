//! A bystander that reads the TLS records of both directions: who offered what, what was chosen, who sent which alert.
//!
//! ```text
//!   client ──▶ ClientHello … ChangeCipherSpec ──▶ (encrypted)
//!          ◀── ServerHello … ChangeCipherSpec ◀── (encrypted)      alert in the clear: sender, level, description
//! ```
//!
//! Libraries do not tell who sent an alert, and two libraries tell different things; the records tell the same for all.
//! Record layer: RFC 5246 §6.2, RFC 8446 §5.1. After a direction's ChangeCipherSpec its alerts are encrypted: that there was
//! one can be seen, which one only its receiver knows. Nothing is decrypted and nothing is judged here; what does not look like
//! TLS ends the reading of that direction.

use crate::handshake::TlsVersion;
use crate::tls::alert;
use crate::tls::hello::{ClientHello, ServerHello};
use std::borrow::Cow;

/// Which end of the connection sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// Who sends the ClientHello.
    Client,
    /// Who answers it.
    Server,
}

impl Speaker {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// An alert that could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// Who sent it.
    pub by: Speaker,
    /// Whether its level is fatal.
    pub fatal: bool,
    /// Its number.
    pub description: u8,
}

impl Alert {
    /// Its name in the RFCs: `handshake_failure`.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        alert::name(self.description)
    }
}

/// Something that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A ClientHello.
    ClientHello(ClientHello),
    /// A ServerHello that chose; one that asks for another key share is passed over.
    ServerHello(ServerHello),
    /// An alert in the clear.
    Alert(Alert),
    /// An encrypted alert of that end.
    EncryptedAlert(Speaker),
}

/// Content types (RFC 5246 §6.2.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Handshake types (RFC 5246 §7.4).
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// The longest record that may come: 2^14 and what encryption adds (RFC 5246 §6.2.3).
const LONGEST_RECORD: usize = (1 << 14) + 2048;

/// The longest hello that is kept. Real ones are below 2 KiB, post-quantum key shares included.
const LONGEST_HELLO: usize = 16 * 1024;

/// How much is reported of one direction. A handshake has two hellos and an alert; who sends hundreds is not setting up TLS.
const MOST_REPORTS: usize = 64;

/// Reads both directions. Memory is bounded by one hello and a few octets per direction, whatever comes.
#[derive(Debug)]
pub struct RecordTap {
    client: Half,
    server: Half,
    /// The server speaks TLS 1.3.
    modern: bool,
}

impl Default for RecordTap {
    fn default() -> Self {
        Self { client: Half::new(Speaker::Client), server: Half::new(Speaker::Server), modern: false }
    }
}

impl RecordTap {
    /// Takes bytes that `from` has sent, in pieces of any size, and adds what could be read in them to `seen`.
    pub fn read(&mut self, from: Speaker, wire: &[u8], seen: &mut Vec<Seen>) {
        let half = match from {
            Speaker::Client => &mut self.client,
            Speaker::Server => &mut self.server,
        };
        let before = seen.len();
        half.read(wire, &mut self.modern, seen);
        half.reports += seen.len() - before;
        if half.reports > MOST_REPORTS {
            seen.truncate(seen.len() - (half.reports - MOST_REPORTS));
            half.reports = MOST_REPORTS;
            half.lose();
        }
    }

    /// Whether what `from` sent stopped looking like TLS.
    #[must_use]
    pub fn is_lost(&self, from: Speaker) -> bool {
        let half = match from {
            Speaker::Client => &self.client,
            Speaker::Server => &self.server,
        };
        matches!(half.place, Place::Lost)
    }
}

/// One direction.
#[derive(Debug)]
struct Half {
    by: Speaker,
    place: Place,
    encrypted: bool,
    /// The start of a handshake message: its header, and its body if it is a hello.
    message: Vec<u8>,
    /// Octets of a message that are not kept.
    skip: usize,
    /// What has been reported so far.
    reports: usize,
    /// The first octet of an alert whose second has not come yet.
    alert: Option<u8>,
}

#[derive(Debug)]
enum Place {
    /// Inside a record's header.
    Header { octets: [u8; 5], count: usize },
    /// Inside a record's body.
    Body { kind: u8, left: usize },
    /// This is no TLS.
    Lost,
}

const HEADER: Place = Place::Header { octets: [0; 5], count: 0 };

impl Half {
    fn new(by: Speaker) -> Self {
        Self { by, place: HEADER, encrypted: false, message: Vec::new(), skip: 0, reports: 0, alert: None }
    }

    fn read(&mut self, mut wire: &[u8], modern: &mut bool, seen: &mut Vec<Seen>) {
        while let Some((&octet, rest)) = wire.split_first() {
            match &mut self.place {
                Place::Lost => return,
                Place::Header { octets, count } => {
                    octets[*count] = octet;
                    *count += 1;
                    wire = rest;
                    if *count == octets.len() {
                        let octets = *octets;
                        self.begin(octets, *modern, seen);
                    }
                }
                Place::Body { kind, left } => {
                    let kind = *kind;
                    let (part, rest) = wire.split_at(wire.len().min(*left));
                    *left -= part.len();
                    if *left == 0 {
                        self.place = HEADER;
                    }
                    wire = rest;
                    self.body(kind, part, modern, seen);
                }
            }
        }
    }

    fn begin(&mut self, [kind, major, _minor, high, low]: [u8; 5], modern: bool, seen: &mut Vec<Seen>) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let known = (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&kind) && major == 3;
        if !known || length > LONGEST_RECORD {
            self.lose();
            return;
        }
        match kind {
            // In TLS 1.3 it means nothing (RFC 8446 appendix D.4); a second hello may come behind it.
            CHANGE_CIPHER_SPEC if modern => {}
            CHANGE_CIPHER_SPEC => self.encrypted = true,
            // In TLS 1.3 this is where encryption begins; what is in it is nobody's business but the receiver's.
            APPLICATION_DATA => self.encrypted = true,
            ALERT if self.encrypted && length > 2 => seen.push(Seen::EncryptedAlert(self.by)),
            _ => {}
        }
        self.place = if length == 0 { HEADER } else { Place::Body { kind, left: length } };
    }

    fn body(&mut self, kind: u8, part: &[u8], modern: &mut bool, seen: &mut Vec<Seen>) {
        match kind {
            ALERT if !self.encrypted => self.alert(part, seen),
            HANDSHAKE if !self.encrypted => self.handshake(part, modern, seen),
            _ => {}
        }
    }

    fn alert(&mut self, part: &[u8], seen: &mut Vec<Seen>) {
        for &octet in part {
            match self.alert.take() {
                None => self.alert = Some(octet),
                Some(level) => {
                    seen.push(Seen::Alert(Alert { by: self.by, fatal: level == 2, description: octet }));
                }
            }
        }
    }

    fn handshake(&mut self, mut part: &[u8], modern: &mut bool, seen: &mut Vec<Seen>) {
        while !part.is_empty() {
            if self.skip > 0 {
                let count = self.skip.min(part.len());
                self.skip -= count;
                part = &part[count..];
                continue;
            }
            let (&octet, rest) = part.split_first().expect("it is not empty");
            if self.message.len() < 4 {
                self.message.push(octet);
                part = rest;
                if self.message.len() < 4 {
                    continue;
                }
                let length = self.message_length();
                match self.message[0] {
                    CLIENT_HELLO | SERVER_HELLO if length > LONGEST_HELLO => return self.lose(),
                    CLIENT_HELLO | SERVER_HELLO => {}
                    _ => {
                        self.skip = length;
                        self.message.clear();
                        continue;
                    }
                }
            } else {
                let missing = 4 + self.message_length() - self.message.len();
                let count = missing.min(part.len());
                self.message.extend_from_slice(&part[..count]);
                part = &part[count..];
            }
            if self.message.len() == 4 + self.message_length() {
                self.hello(modern, seen);
                self.message.clear();
            }
        }
    }

    fn message_length(&self) -> usize {
        usize::from(self.message[1]) << 16 | usize::from(self.message[2]) << 8 | usize::from(self.message[3])
    }

    fn hello(&mut self, modern: &mut bool, seen: &mut Vec<Seen>) {
        let body = &self.message[4..];
        match (self.message[0], self.by) {
            (CLIENT_HELLO, Speaker::Client) => seen.extend(ClientHello::read(body).map(Seen::ClientHello)),
            (SERVER_HELLO, Speaker::Server) => {
                if let Some(hello) = ServerHello::read(body) {
                    *modern = hello.tls_version() == Some(TlsVersion::Tls1_3);
                    seen.extend((!hello.retry).then_some(Seen::ServerHello(hello)));
                }
            }
            // A hello from the wrong end; the libraries will say so.
            _ => {}
        }
    }

    fn lose(&mut self) {
        self.place = Place::Lost;
        self.message = Vec::new();
    }
}

/// All that was read on one connection so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordFacts {
    /// The last ClientHello.
    pub client_hello: Option<ClientHello>,
    /// The ServerHello that chose.
    pub server_hello: Option<ServerHello>,
    /// The first fatal alert in the clear: the one that ended the handshake.
    pub fatal: Option<Alert>,
    /// Who has sent an encrypted alert first.
    pub encrypted_alert: Option<Speaker>,
}

impl RecordFacts {
    /// Adds what was seen.
    pub fn note(&mut self, seen: &Seen) {
        match seen {
            Seen::ClientHello(hello) => self.client_hello = Some(hello.clone()),
            Seen::ServerHello(hello) => self.server_hello = Some(*hello),
            Seen::Alert(alert) if alert.fatal && self.fatal.is_none() => self.fatal = Some(*alert),
            Seen::Alert(_) => {}
            Seen::EncryptedAlert(by) => self.encrypted_alert = self.encrypted_alert.or(Some(*by)),
        }
    }
}
