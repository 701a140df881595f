//! Deviations that change messages on their way out, whatever has made them: lengths, types, order.
//!
//! A flight is what a machine says in one go; its events tell what is in it.

use crate::handshake::{Direction, Event, EventName};
use crate::postgres::client_deviation::Deviation as ClientDeviation;
use crate::postgres::deviation::Deviation;
use crate::postgres::frame;
use crate::postgres::reply::Authentication;
use crate::postgres::startup::{self, SSL_REQUEST};

/// Octets of the type and the length word of a message.
const HEAD: usize = 5;

/// Changes what a server says from `said` on.
pub(super) fn by_server(deviation: Deviation, out: &mut Vec<u8>, said: usize, flight: &[Event]) {
    let is = |name| flight.iter().any(|event| event.name == name && event.direction == Direction::ToClient);
    if out.len() < said + HEAD {
        return;
    }
    match deviation {
        Deviation::ForgedApRep if is(EventName::ApRep) => {
            let end = said + 1 + length_at(out, said + 1);
            if let Some(octet) = out.get_mut(end - 1) {
                *octet ^= 1;
            }
        }
        Deviation::RequestAfterOk if is(EventName::Ready) => Authentication::CleartextPassword.encode(out),
        Deviation::SecondOk if is(EventName::Ready) => Authentication::Ok.encode(out),
        Deviation::UnknownMessage if is(EventName::AuthRequest) => {
            let request = out.split_off(said);
            frame::message(out, b'!', |_| {});
            out.extend_from_slice(&request);
        }
        Deviation::TruncatedMessage if is(EventName::AuthRequest) => shorten(out, said + 1),
        Deviation::OversizedMessage if is(EventName::AuthRequest) => {
            set_length(out, said + 1, i32::MAX.unsigned_abs());
        }
        _ => {}
    }
}

/// Changes what a client says from `said` on. `is_first` says that it has not answered any request before.
pub(super) fn by_client(deviation: ClientDeviation, out: &mut Vec<u8>, said: usize, flight: &[Event], is_first: bool) {
    let is = |name| flight.iter().any(|event| event.name == name && event.direction == Direction::FromClient);
    if out.len() < said + HEAD {
        return;
    }
    let answers_first = is(EventName::AuthData) && is_first;
    match deviation {
        ClientDeviation::OctetsBeforeTls if is(EventName::TlsRequest) => out.push(b'x'),
        ClientDeviation::TlsRequestTwice if is(EventName::Startup) => {
            out.truncate(said);
            startup::request(out, SSL_REQUEST);
        }
        ClientDeviation::UnknownProtocol if is(EventName::Startup) => {
            out[said + 4..said + 8].copy_from_slice(&0x0004_0000_u32.to_be_bytes());
        }
        ClientDeviation::StartupWithoutEnd if is(EventName::Startup) => shorten(out, said),
        ClientDeviation::OversizedStartup if is(EventName::Startup) => {
            set_length(out, said, frame::STARTUP_LENGTHS.end() + 1);
        }
        ClientDeviation::WithoutUser if is(EventName::Startup) => {
            // The first parameter becomes one that there is not.
            out[said + 8..said + 12].copy_from_slice(b"u.er");
        }
        ClientDeviation::UnknownMessage if answers_first => {
            // Not the answer under another type: nobody takes the text of a query for a secret.
            out.truncate(said);
            frame::message(out, b'Q', |body| {
                body.nul_terminated(b"SELECT 1");
            });
        }
        ClientDeviation::OversizedMessage if answers_first => {
            set_length(out, said + 1, frame::AUTHENTICATION_LIMIT + 1);
        }
        ClientDeviation::TruncatedMessage if answers_first => shorten(out, said + 1),
        ClientDeviation::AnswerTwice if answers_first => out.extend_from_within(said..),
        ClientDeviation::UnknownMechanism if answers_first && out[said + HEAD..].starts_with(b"SCRAM-SHA-256") => {
            out[said + HEAD + 10..said + HEAD + 13].copy_from_slice(b"512");
        }
        ClientDeviation::ForeignNonce if is(EventName::AuthData) && !is_first => {
            if let Some(at) = out[said..].windows(3).position(|octets| octets == b",r=") {
                let octet = &mut out[said + at + 3];
                *octet = if *octet == b'A' { b'B' } else { b'A' };
            }
        }
        _ => {}
    }
}

fn length_at(out: &[u8], at: usize) -> usize {
    let word = out.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes);
    usize::try_from(word).unwrap_or(usize::MAX)
}

fn set_length(out: &mut [u8], at: usize, length: u32) {
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// Takes the last octet away; the length word at `at` counts one less.
fn shorten(out: &mut Vec<u8>, at: usize) {
    out.pop();
    let length = u32::try_from(out.len() - at).unwrap_or(u32::MAX);
    set_length(out, at, length);
}
