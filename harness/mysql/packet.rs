//! Framing: a length of three octets, a sequence id, the payload
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html>), and length-encoded integers.
//!
//! Sequence ids count packets of both directions from the greeting on, across the TLS upgrade, and start again at 0 with
//! every command.

use crate::handshake::{Error, Reader, Writer};
use std::fmt;

/// The longest payload of one frame. A frame of this length is continued by another one.
pub const MAX_FRAME: usize = 0xFF_FFFF;

/// The longest payload that is taken while a connection is being set up, and for the few commands after it. Far above
/// anything that is sent there (cleartext tokens of 70,001 octets and Kerberos tickets with large PACs have been seen).
pub const SETUP_LIMIT: usize = 256 * 1024;

const HEADER: usize = 4;

/// The sequence id that comes next, whoever sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sequence(pub u8);

impl Sequence {
    pub(crate) fn advance(&mut self) -> u8 {
        let current = self.0;
        self.0 = self.0.wrapping_add(1);
        current
    }
}

/// A frame that cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// The sequence id is not the next one.
    OutOfOrder {
        /// The next one.
        expected: u8,
        /// The one in the frame.
        found: u8,
    },
    /// The payload would be longer than allowed.
    TooLong {
        /// Octets announced so far.
        length: usize,
        /// Octets allowed.
        limit: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfOrder { expected, found } => write!(f, "sequence id {expected} expected, found {found}"),
            Self::TooLong { length, limit } => write!(f, "packet of {length} octets, at most {limit} are allowed"),
        }
    }
}

impl From<FrameError> for Error {
    fn from(error: FrameError) -> Self {
        Self::peer(error.to_string())
    }
}

/// Cuts a stream into payloads. `Debug` prints how much there is and nothing of it: there are passwords in it.
pub struct PacketReader {
    buffer: Vec<u8>,
    /// Where the next frame begins.
    start: usize,
    /// A payload of more than one frame.
    joined: Vec<u8>,
    /// Octets of a payload that may be announced.
    announced: usize,
    /// Octets of a payload that are kept.
    limit: usize,
}

impl Default for PacketReader {
    fn default() -> Self {
        Self::with_limit(SETUP_LIMIT)
    }
}

impl PacketReader {
    /// With a bound on payloads, in octets.
    #[must_use]
    pub const fn with_limit(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, joined: Vec::new(), announced: limit, limit }
    }

    /// As a server reads: what says that it has `max_allowed_packet` octets or more is too long at once (`net_realloc`). What says that it is
    /// shorter is waited for, and too long when more of it has come than a login ever has.
    #[must_use]
    pub const fn of_server(max_allowed_packet: usize) -> Self {
        let mut reader = Self::with_limit(SETUP_LIMIT);
        reader.announced = max_allowed_packet - 1;
        reader
    }

    /// Takes octets from the stream.
    pub fn feed(&mut self, octets: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole payload, or `None` while it is not there yet. Lengths and sequence ids are looked at as soon as the
    /// header is there.
    ///
    /// # Errors
    /// The frame is out of order or too long. The reader is of no use afterwards.
    pub fn next(&mut self, sequence: &mut Sequence) -> Result<Option<&[u8]>, FrameError> {
        // Look first, take only when everything is there: the sequence id counts whole payloads.
        let mut looked_at = *sequence;
        let mut at = self.start;
        let mut total = 0;
        let mut frames = 0;
        loop {
            let Some(header) = self.buffer.get(at..at + HEADER) else { return Ok(None) };
            let length = usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16;
            let expected = looked_at.advance();
            if header[3] != expected {
                return Err(FrameError::OutOfOrder { expected, found: header[3] });
            }
            total += length;
            if total > self.announced {
                // Its header has been read, so that the answer counts it.
                *sequence = looked_at;
                return Err(FrameError::TooLong { length: total, limit: self.announced });
            }
            if total > self.limit && self.unread().len() > self.limit {
                *sequence = looked_at;
                return Err(FrameError::TooLong { length: total, limit: self.limit });
            }
            frames += 1;
            at += HEADER + length;
            if length < MAX_FRAME {
                break;
            }
        }
        if self.buffer.len() < at {
            return Ok(None);
        }
        *sequence = looked_at;
        let first = std::mem::replace(&mut self.start, at);
        if frames == 1 {
            return Ok(Some(&self.buffer[first + HEADER..at]));
        }
        self.joined.clear();
        for frame in self.buffer[first..at].chunks(HEADER + MAX_FRAME) {
            self.joined.extend_from_slice(&frame[HEADER..]);
        }
        Ok(Some(&self.joined))
    }

    /// Octets that have not been returned as a payload.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Hands out the octets that have not been returned as a payload, and keeps nothing.
    pub fn take_unread(&mut self) -> Vec<u8> {
        let unread = self.buffer.split_off(self.start);
        self.buffer.clear();
        self.start = 0;
        unread
    }
}

impl fmt::Debug for PacketReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PacketReader({} octets unread, at most {} a packet)", self.unread().len(), self.limit)
    }
}

/// Appends a packet whose payload `fill` writes. A payload of 16 MiB - 1 or more becomes several frames.
pub fn write(out: &mut Vec<u8>, sequence: &mut Sequence, fill: impl FnOnce(&mut Writer<'_>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    fill(&mut Writer::new(out));
    let length = out.len() - start - HEADER;
    if length < MAX_FRAME {
        patch_header(&mut out[start..start + HEADER], length, sequence);
        return;
    }
    let payload = out.split_off(start + HEADER);
    out.truncate(start);
    for chunk in payload.chunks(MAX_FRAME) {
        frame(out, chunk, sequence);
    }
    if payload.len().is_multiple_of(MAX_FRAME) {
        frame(out, &[], sequence);
    }
}

fn frame(out: &mut Vec<u8>, payload: &[u8], sequence: &mut Sequence) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    patch_header(&mut out[start..], payload.len(), sequence);
    out.extend_from_slice(payload);
}

fn patch_header(header: &mut [u8], length: usize, sequence: &mut Sequence) {
    let length = u32::try_from(length).expect("a frame is shorter than 16 MiB").to_le_bytes();
    header[..3].copy_from_slice(&length[..3]);
    header[3] = sequence.advance();
}

/// Reads a length-encoded integer
/// (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html>).
///
/// # Errors
/// It ends too early, or begins with 0xFB (NULL) or 0xFF, which are no lengths.
pub fn lenenc(reader: &mut Reader<'_>, field: &'static str) -> Result<u64, Error> {
    let first = reader.u8(field)?;
    match first {
        0..=0xFA => Ok(u64::from(first)),
        0xFC => reader.u16_le(field).map(u64::from),
        0xFD => reader.u24_le(field).map(u64::from),
        0xFE => reader.u64_le(field),
        0xFB | 0xFF => Err(reader.malformed(field, format!("0x{first:02X} is no length-encoded integer"))),
    }
}

/// Reads octets behind a length-encoded length.
///
/// # Errors
/// As [`lenenc`], or fewer octets are left than the length says.
pub fn lenenc_octets<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], Error> {
    let length = lenenc(reader, field)?;
    // A length beyond the address space is longer than any message: `take` says so.
    reader.take(field, usize::try_from(length).unwrap_or(usize::MAX))
}

/// Writes a length-encoded integer in its shortest form.
pub fn put_lenenc(writer: &mut Writer<'_>, value: u64) {
    let octets = value.to_le_bytes();
    match value {
        0..=0xFA => writer.bytes(&octets[..1]),
        0xFB..=0xFFFF => writer.u8(0xFC).bytes(&octets[..2]),
        0x1_0000..=0xFF_FFFF => writer.u8(0xFD).bytes(&octets[..3]),
        _ => writer.u8(0xFE).bytes(&octets),
    };
}

/// Writes octets behind their length-encoded length.
pub fn put_lenenc_octets(writer: &mut Writer<'_>, octets: &[u8]) {
    put_lenenc(writer, u64::try_from(octets.len()).expect("a length fits 64 bits"));
    writer.bytes(octets);
}
