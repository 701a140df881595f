//! PACTYPE (MS-PAC 2.3): a table of buffers.

use super::PacError;
use super::client_info::{ClientInfo, units};
use crate::Timestamp;
use crate::messages::view::NameView;

/// A PAC that lies in somebody else's octets. Each offset and size was checked.
#[derive(Debug, Clone, Copy)]
pub struct Pac<'a> {
    octets: &'a [u8],
    count: usize,
}

/// One buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffer<'a> {
    /// One of [`super::kind`].
    pub kind: u32,
    /// Where it begins in the PAC.
    pub offset: usize,
    /// Its octets, without padding.
    pub octets: &'a [u8],
}

/// The buffers in the order of the table.
#[derive(Debug, Clone)]
pub struct BufferIter<'a> {
    pac: Pac<'a>,
    next: usize,
}

pub(super) const HEADER_LENGTH: usize = 8;
pub(super) const ENTRY_LENGTH: usize = 16;
pub(super) const ALIGNMENT: usize = 8;

/// Windows has at most a dozen.
const COUNT_MAX: usize = 64;

impl<'a> Pac<'a> {
    /// Looks at the table.
    ///
    /// # Errors
    /// [`PacError::Malformed`] for another version than 0, no or more than 64 buffers, and for a buffer that is not at a
    /// multiple of eight, or lies within the table or beyond the end.
    pub fn parse(octets: &'a [u8]) -> Result<Self, PacError> {
        let (Some(count), Some(version)) = (number(octets, 0), number(octets, 4)) else {
            return Err(PacError::Malformed("shorter than its header"));
        };
        if version != 0 {
            return Err(PacError::Malformed("version"));
        }
        let count = usize::try_from(count).ok().filter(|count| (1..=COUNT_MAX).contains(count));
        let count = count.ok_or(PacError::Malformed("number of buffers"))?;
        let pac = Self { octets, count };
        let table_end = HEADER_LENGTH + count * ENTRY_LENGTH;
        for index in 0..count {
            let buffer = pac.entry(index).ok_or(PacError::Malformed("place of a buffer"))?;
            if buffer.offset < table_end || buffer.offset % ALIGNMENT != 0 {
                return Err(PacError::Malformed("place of a buffer"));
            }
        }
        Ok(pac)
    }

    /// All of it.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The buffers in the order of the table.
    #[must_use]
    pub const fn buffers(&self) -> BufferIter<'a> {
        BufferIter { pac: *self, next: 0 }
    }

    /// The one buffer of a type.
    ///
    /// # Errors
    /// [`PacError::Missing`], [`PacError::Twice`].
    pub fn find(&self, kind: u32) -> Result<Buffer<'a>, PacError> {
        let mut all = self.buffers().filter(|buffer| buffer.kind == kind);
        let first = all.next().ok_or(PacError::Missing(kind))?;
        if all.next().is_some() { Err(PacError::Twice(kind)) } else { Ok(first) }
    }

    /// Whether the PAC is about this client and this logon. No signature is looked at.
    ///
    /// # Errors
    /// [`PacError::Malformed`], [`PacError::Missing`], [`PacError::Twice`].
    pub fn is_of(&self, client: NameView<'_>, auth_time: Timestamp) -> Result<bool, PacError> {
        let (time, name) = ClientInfo::parts(self.find(super::kind::CLIENT_INFO)?.octets)?;
        let found = name.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        Ok(time.seconds() == auth_time.seconds() && found.eq(units(client)))
    }

    fn entry(&self, index: usize) -> Option<Buffer<'a>> {
        let at = HEADER_LENGTH + index * ENTRY_LENGTH;
        let kind = number(self.octets, at)?;
        let size = usize::try_from(number(self.octets, at + 4)?).ok()?;
        let offset = u64::from_le_bytes(self.octets.get(at + 8..at + 16)?.try_into().expect("eight octets"));
        let offset = usize::try_from(offset).ok()?;
        Some(Buffer { kind, offset, octets: self.octets.get(offset..)?.get(..size)? })
    }
}

impl<'a> Iterator for BufferIter<'a> {
    type Item = Buffer<'a>;

    fn next(&mut self) -> Option<Buffer<'a>> {
        let index = self.next;
        self.next += 1;
        (index < self.pac.count).then(|| self.pac.entry(index).expect("INVARIANT: each entry was looked at"))
    }
}

fn number(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(octets.get(at..at + 4)?.try_into().expect("four octets")))
}
