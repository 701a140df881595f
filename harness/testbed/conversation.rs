//! What was said in a step, message by message: the recordings of an attempt, read by the bystanders of their protocols.
//!
//! TLS and GSS-API encryption are seen as the change of what protects the octets, and stand in between as a line of their own
//! (`- tls`, `- gss`). What was asked of KDCs on the way stands where it happened.

use crate::handshake::transcript::Message;
use crate::handshake::{Bystander, Direction, Transcript};
use crate::net::{Protection, Recording, kdc};
use crate::scenario::plan::{Case, Verb};
use crate::scenario::profile::Protocol;
use crate::{mysql, postgres};

/// What was said in a step: a transcript for each connection, and one for all that a `kinit` asked.
#[must_use]
pub fn of_step(case: &Case, verb: &Verb, recordings: &[Recording]) -> Vec<Transcript> {
    let protocol = match verb {
        Verb::Connect { to, .. } => case.servers.get(to).map(|server| server.protocol()),
        _ => None,
    };
    match protocol {
        Some(protocol) => recordings.iter().map(|recording| of_connection(protocol, recording)).collect(),
        None if recordings.is_empty() => Vec::new(),
        None => vec![of_exchanges(recordings)],
    }
}

/// What was said on one connection, and to KDCs on the way.
#[must_use]
pub fn of_connection(protocol: Protocol, recording: &Recording) -> Transcript {
    let mut transcript = Transcript::default();
    let mut bystander: Box<dyn Bystander> = match protocol {
        Protocol::Mysql => Box::<mysql::transcript::Listener>::default(),
        Protocol::Postgres => Box::<postgres::transcript::Listener>::default(),
    };
    let mut protection = Protection::None;
    let mut exchanges = recording.exchanges.iter().peekable();
    for chunk in &recording.plain {
        // A ticket is fetched behind what asks for it and before what is said with it, a round trip away.
        while let Some(exchange) =
            exchanges.next_if(|exchange| exchange.plain.first().is_none_or(|asked| asked.at < chunk.at))
        {
            add_exchange(exchange, &mut transcript);
        }
        if chunk.protection != protection {
            protection = chunk.protection;
            bystander.secured();
            transcript.push(Message::new(Direction::Local, word(protection)));
        }
        bystander.hear(chunk.direction, &chunk.bytes, &mut transcript);
    }
    bystander.end(&mut transcript);
    exchanges.for_each(|exchange| add_exchange(exchange, &mut transcript));
    if recording.truncated {
        transcript.push(Message::truncated());
    }
    transcript
}

/// What was asked of KDCs, and what they answered.
#[must_use]
pub fn of_exchanges(exchanges: &[Recording]) -> Transcript {
    let mut transcript = Transcript::default();
    exchanges.iter().for_each(|exchange| add_exchange(exchange, &mut transcript));
    transcript
}

fn add_exchange(exchange: &Recording, transcript: &mut Transcript) {
    for chunk in &exchange.plain {
        transcript.push(kdc::transcript::message(chunk.direction, &chunk.bytes));
    }
}

const fn word(protection: Protection) -> &'static str {
    match protection {
        Protection::None => "clear",
        Protection::Tls => "tls",
        Protection::Gss => "gss",
    }
}
