//! Deviations that change packets on their way out, whatever has made them: lengths, sequence ids, types, order.
//!
//! A flight is what a machine says in one go; its events tell what is in it.

use crate::handshake::{Event, EventName};
use crate::mysql::client_deviation::Deviation as ClientDeviation;
use crate::mysql::deviation::Deviation;
use crate::mysql::packet::{Sequence, write};
use crate::mysql::reply::AuthSwitch;
use std::ops::Range;

/// Octets of the header of a packet.
const HEADER: usize = 4;

/// Changes what a server says from `said` on.
pub(crate) fn by_server(deviation: Deviation, out: &mut Vec<u8>, said: usize, flight: &[Event]) {
    let is = |name| flight.iter().any(|event| event.name == name);
    let (Some(first), Some(last)) = (packets(out, said).next(), packets(out, said).last()) else { return };
    match deviation {
        Deviation::OctetsBeforeTls if is(EventName::Greeting) => {
            write(out, &mut Sequence(1), |writer| _ = writer.bytes(&[0, 0, 0, 2, 0, 0, 0]));
        }
        Deviation::OldProtocol if is(EventName::Greeting) => out[first.start + HEADER] = 9,
        Deviation::TruncatedPacket if is(EventName::AuthOk) => shorten(out, &last, 2),
        Deviation::OversizedPacket if is(EventName::AuthOk) => out[last.start..last.start + 3].fill(0xFF),
        Deviation::UnknownPacket if is(EventName::AuthOk) => out[last.start + HEADER] = 0x04,
        Deviation::SecondOk if is(EventName::AuthOk) => again(out, &last),
        Deviation::AuthSwitchAfterOk if is(EventName::AuthOk) => {
            let mut data = [b'x'; 21];
            data[20] = 0;
            let switch = AuthSwitch { plugin: b"mysql_native_password", data: &data };
            let mut sequence = Sequence(out[last.start + 3].wrapping_add(1));
            write(out, &mut sequence, |writer| switch.encode(writer));
        }
        Deviation::ShortScramble if is(EventName::AuthSwitch) && has_scramble(flight) => {
            let end = last.end - 1;
            shorten(out, &last, last.len() - HEADER - 1);
            out[end - 1] = 0;
        }
        Deviation::ForgedApRep if is(EventName::ApRep) => out[first.end - 1] ^= 1,
        _ => {}
    }
}

/// Changes what a client says from `said` on.
pub(crate) fn by_client(deviation: ClientDeviation, out: &mut Vec<u8>, said: usize, flight: &[Event]) {
    let is = |name| flight.iter().any(|event| event.name == name);
    let Some(last) = packets(out, said).last() else { return };
    match deviation {
        ClientDeviation::OctetsBeforeTls if is(EventName::TlsRequest) => {
            write(out, &mut Sequence(2), |writer| _ = writer.zeros(40));
        }
        ClientDeviation::WrongSequenceId if is(EventName::Login) => {
            out[last.start + 3] = out[last.start + 3].wrapping_add(1);
        }
        ClientDeviation::TruncatedLogin if is(EventName::Login) => shorten(out, &last, 2),
        ClientDeviation::OversizedLogin if is(EventName::Login) => out[last.start..last.start + 3].fill(0xFF),
        ClientDeviation::LoginTwice if is(EventName::Login) => again(out, &last),
        // Behind capabilities and packet size; over TLS it is the second that names one.
        ClientDeviation::CharsetChanged if is(EventName::Login) => out[last.start + HEADER + 8] ^= 1,
        _ => {}
    }
}

/// Whether an AuthSwitchRequest holds a scramble.
fn has_scramble(flight: &[Event]) -> bool {
    let plugins = ["mysql_native_password", "caching_sha2_password", "sha256_password"];
    flight.iter().any(|event| event.detail.as_deref().is_some_and(|detail| plugins.contains(&detail)))
}

/// The packets from `said` on.
fn packets(out: &[u8], said: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = said;
    std::iter::from_fn(move || {
        let header = out.get(at..at + HEADER)?;
        let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
        let packet = at..(at + HEADER + length).min(out.len());
        at = packet.end;
        Some(packet)
    })
}

/// Leaves so many octets of the payload of the last packet.
fn shorten(out: &mut Vec<u8>, packet: &Range<usize>, payload: usize) {
    let payload = payload.min(packet.len() - HEADER);
    out.truncate(packet.start + HEADER + payload);
    let length = u32::try_from(payload).unwrap_or(u32::MAX).to_le_bytes();
    out[packet.start..packet.start + 3].copy_from_slice(&length[..3]);
}

/// The last packet once more, with the sequence id that follows.
fn again(out: &mut Vec<u8>, packet: &Range<usize>) {
    let start = out.len();
    out.extend_from_within(packet.clone());
    out[start + 3] = out[start + 3].wrapping_add(1);
}
