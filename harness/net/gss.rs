//! PostgreSQL's GSS-API encryption: length-prefixed tokens over the stream (PostgreSQL, "GSSAPI Session Encryption",
//! protocol-flow; `be-secure-gssapi.c`).
//!
//! ```text
//!   client ──▶ length u32 | AP-REQ token        server
//!          ◀── length u32 | AP-REP token
//!          ◀─▶ length u32 | Wrap token          everything after, both directions
//! ```
//!
//! Tokens of the negotiation may be as long as 65,532 octets, packets of data 16,380 (`PQ_GSS_MAX_PACKET_SIZE` 16384 with the
//! length). A server that refuses a token says nothing: it closes.

use crate::handshake::{ChannelFacts, Direction, EventName, GssFacts, Outcome, Random, Side, Trace};
use crate::net::Moment;
use shakedown_krb5::gss::{Acceptor, Context, GssError, Initiator};
use std::fmt;
use std::sync::Arc;

/// The longest packet of data, its length word included.
const LONGEST_DATA_PACKET: usize = 16_384;

/// The longest packet of the negotiation, its length word included.
const LONGEST_NEGOTIATION_PACKET: usize = 65_536;

/// The octets of a length word.
const LENGTH: usize = 4;

/// GSS-API encryption of one connection.
pub(crate) struct GssChannel {
    side: Side,
    stage: Stage,
    incoming: Vec<u8>,
}

enum Stage {
    /// The initiator's token is out.
    Initiating { initiator: Box<Initiator>, facts: GssFacts },
    /// Waiting for the initiator's token.
    Accepting(Arc<Acceptor>),
    /// The context stands.
    Open(Box<Context>),
    /// Refused; nothing more is read.
    Broken,
}

/// What became of bytes that came in.
#[derive(Debug)]
pub(crate) enum Opened {
    /// More bytes are needed; what could be opened is in the plaintext.
    More,
    /// The context stands. There may be data behind it.
    Ready(ChannelFacts),
    /// It cannot go on.
    Refused(Outcome),
}

/// What one call works with.
pub(crate) struct Call<'a> {
    pub(crate) now: Moment,
    pub(crate) random: &'a mut dyn Random,
    pub(crate) wire: &'a mut Vec<u8>,
    pub(crate) trace: &'a mut Trace,
}

impl GssChannel {
    /// Begins as the client; `facts` are the names in the ticket.
    pub(crate) fn initiate(initiator: Box<Initiator>, token: &[u8], facts: GssFacts, call: &mut Call<'_>) -> Self {
        packet(token, call.wire);
        call.trace.push(call.now.base, Direction::FromClient, EventName::ApReq);
        Self { side: Side::Client, stage: Stage::Initiating { initiator, facts }, incoming: Vec::new() }
    }

    /// Begins as the server.
    pub(crate) fn accept(acceptor: Arc<Acceptor>) -> Self {
        Self { side: Side::Server, stage: Stage::Accepting(acceptor), incoming: Vec::new() }
    }

    /// Takes what came in. [`GssChannel::advance`] looks at it.
    pub(crate) fn receive(&mut self, wire: &[u8]) {
        if !matches!(self.stage, Stage::Broken) {
            self.incoming.extend_from_slice(wire);
        }
    }

    /// Whether the context stands.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open(_))
    }

    /// Looks at the packets that are complete, up to one that has something to report.
    pub(crate) fn advance(&mut self, plaintext: &mut Vec<u8>, call: &mut Call<'_>) -> Opened {
        while let Some(length) = self.next_length() {
            let limit = match self.stage {
                Stage::Broken => return Opened::More,
                Stage::Open(_) => LONGEST_DATA_PACKET - LENGTH,
                Stage::Initiating { .. } | Stage::Accepting(_) => LONGEST_NEGOTIATION_PACKET - LENGTH,
            };
            if length > limit {
                return self.give_up(format!("a GSS packet of {length} octets, {limit} are allowed"));
            }
            if self.incoming.len() < LENGTH + length {
                break;
            }
            let rest = self.incoming.split_off(LENGTH + length);
            let packet = std::mem::replace(&mut self.incoming, rest);
            match self.read(&packet[LENGTH..], plaintext, call) {
                Opened::More => {}
                report => return report,
            }
        }
        Opened::More
    }

    fn next_length(&self) -> Option<usize> {
        let length = self.incoming.first_chunk::<LENGTH>()?;
        Some(usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX))
    }

    fn read(&mut self, token: &[u8], plaintext: &mut Vec<u8>, call: &mut Call<'_>) -> Opened {
        match std::mem::replace(&mut self.stage, Stage::Broken) {
            Stage::Open(mut context) => match context.unwrap(token, plaintext) {
                Ok(()) => {
                    self.stage = Stage::Open(context);
                    Opened::More
                }
                Err(error) => self.give_up(error.to_string()),
            },
            Stage::Initiating { initiator, facts } => self.reply(*initiator, facts, token, call),
            Stage::Accepting(acceptor) => self.request(&acceptor, token, call),
            Stage::Broken => Opened::More,
        }
    }

    /// The acceptor's answer.
    fn reply(&mut self, mut initiator: Initiator, facts: GssFacts, token: &[u8], call: &mut Call<'_>) -> Opened {
        let at = call.now.base;
        match initiator.reply(token).and_then(|()| initiator.into_context()) {
            Ok(context) => {
                call.trace.push(at, Direction::ToClient, EventName::ApRep);
                self.stage = Stage::Open(Box::new(context));
                Opened::Ready(ChannelFacts::Gss(facts))
            }
            Err(GssError::Refused(code)) => {
                call.trace.push_with(at, Direction::ToClient, EventName::KrbError, code.to_string());
                Opened::Refused(Outcome::refused(Side::Server, format!("krb {code}")))
            }
            Err(error) => self.give_up(error.to_string()),
        }
    }

    /// The initiator's token.
    fn request(&mut self, acceptor: &Acceptor, token: &[u8], call: &mut Call<'_>) -> Opened {
        let at = call.now.base;
        call.trace.push(at, Direction::FromClient, EventName::ApReq);
        match acceptor.accept(token, call.now.party, call.random) {
            Ok(accepted) => {
                if let Some(reply) = &accepted.reply {
                    packet(reply, call.wire);
                    call.trace.push(at, Direction::ToClient, EventName::ApRep);
                }
                self.stage = Stage::Open(Box::new(accepted.context));
                Opened::Ready(ChannelFacts::Gss(GssFacts { client: accepted.client, service: accepted.service }))
            }
            // The client sees a closed connection and no more.
            Err(failure) => Opened::Refused(Outcome::refused(Side::Server, "eof").because(failure.cause.to_string())),
        }
    }

    /// What the peer sent cannot be used. A client sees a server that gives up as a closed connection.
    fn give_up(&mut self, why: String) -> Opened {
        self.stage = Stage::Broken;
        let code = if self.side == Side::Server { "eof" } else { "malformed" };
        Opened::Refused(Outcome::refused(self.side, code).because(why))
    }

    /// Seals plaintext into as many packets as it takes. Before the context stands, nothing happens.
    pub(crate) fn write(&mut self, plaintext: &[u8], random: &mut dyn Random, wire: &mut Vec<u8>) {
        let Stage::Open(context) = &mut self.stage else { return };
        let most = context.wrap_limit(LONGEST_DATA_PACKET - LENGTH).max(1);
        for part in plaintext.chunks(most) {
            let start = wire.len();
            wire.extend_from_slice(&[0; LENGTH]);
            context.wrap(part, random, wire);
            let length = u32::try_from(wire.len() - start - LENGTH).expect("a token of a part is short");
            wire[start..start + LENGTH].copy_from_slice(&length.to_be_bytes());
        }
    }
}

fn packet(token: &[u8], wire: &mut Vec<u8>) {
    let length = u32::try_from(token.len()).expect("a token is shorter than 4 GiB");
    wire.extend_from_slice(&length.to_be_bytes());
    wire.extend_from_slice(token);
}

impl fmt::Debug for GssChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Initiating { .. } => "Initiating",
            Stage::Accepting(_) => "Accepting",
            Stage::Open(_) => "Open",
            Stage::Broken => "Broken",
        };
        f.debug_struct("GssChannel").field("side", &self.side).field("stage", &stage).finish_non_exhaustive()
    }
}
