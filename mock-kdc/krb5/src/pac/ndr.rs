//! As much of NDR (C706 chapter 14, MS-RPCE 2.2.6) as KERB_VALIDATION_INFO needs: little-endian integers at multiples of
//! their size, pointers by number whose targets follow the structure, and the two headers of type serialization.

use super::{FileTime, PacError, Sid};

/// Version 1, little-endian, headers of eight octets, filler (MS-RPCE 2.2.6.1).
const COMMON_HEADER: [u8; 8] = [1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc];

/// The numbers of pointers, which only have to differ from zero and from each other; these are those of Windows.
const FIRST_REFERENT: u32 = 0x0002_0000;

/// Appends values. Positions are counted from the end of the headers, which are a multiple of eight themselves.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: Vec<u8>,
    referents: u32,
}

impl Writer {
    /// The octets with both headers.
    pub(super) fn serialized(mut self) -> Vec<u8> {
        self.align(8);
        let length = u32::try_from(self.out.len()).expect("a few kilobytes");
        [&COMMON_HEADER[..], &length.to_le_bytes(), &[0; 4], &self.out].concat()
    }

    fn align(&mut self, to: usize) {
        self.out.resize(self.out.len().next_multiple_of(to), 0);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.align(2);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.align(4);
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    /// Two integers of 32 bits.
    pub(super) fn time(&mut self, time: FileTime) {
        self.align(4);
        self.out.extend_from_slice(&time.octets());
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }

    /// A pointer to something.
    pub(super) fn pointer(&mut self) {
        self.u32(FIRST_REFERENT + 4 * self.referents);
        self.referents += 1;
    }

    /// A pointer to nothing.
    pub(super) fn null(&mut self) {
        self.u32(0);
    }

    /// RPC_UNICODE_STRING, without what it points to; `room` octets are said to be there beyond the text.
    pub(super) fn string(&mut self, text: &str, room: u16) {
        let length = text_length(text);
        self.u16(length);
        self.u16(length + room);
        self.pointer();
    }

    /// What a string points to: how many characters there is room for, where they begin, how many there are.
    pub(super) fn string_target(&mut self, text: &str, room: u16) {
        let length = text_length(text);
        self.u32(u32::from((length + room) / 2));
        self.u32(0);
        self.u32(u32::from(length / 2));
        for unit in text.encode_utf16().take(usize::from(length / 2)) {
            self.u16(unit);
        }
    }

    /// What a pointer to a SID points to: how many sub-authorities, and the SID.
    pub(super) fn sid_target(&mut self, sid: &Sid) {
        self.u32(sid.count());
        self.octets(&sid.octets());
    }
}

/// Octets of a text, cut where a length of 16 bits ends and two octets of room would not fit.
fn text_length(text: &str) -> u16 {
    u16::try_from(2 * text.encode_utf16().count()).unwrap_or(u16::MAX).min(0xfffc)
}

/// Takes values in the order in which [`Writer`] appends them.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

const SHORT: PacError = PacError::Malformed("logon info ends early");
const BAD_HEADER: PacError = PacError::Malformed("headers of the logon info");
const BAD_TARGET: PacError = PacError::Malformed("what a pointer of the logon info points to");

/// An RPC_UNICODE_STRING whose text is still to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct StringHead {
    length: u16,
    pub(super) is_null: bool,
}

impl<'a> Reader<'a> {
    /// Takes the headers.
    pub(super) fn new(octets: &'a [u8]) -> Result<Self, PacError> {
        let (common, rest) = octets.split_first_chunk::<8>().ok_or(BAD_HEADER)?;
        let (private, rest) = rest.split_first_chunk::<8>().ok_or(BAD_HEADER)?;
        let [l0, l1, l2, l3, ..] = *private;
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        if common[..4] != COMMON_HEADER[..4] || length > rest.len() {
            return Err(BAD_HEADER);
        }
        Ok(Self { octets: &rest[..length], at: 0 })
    }

    fn take(&mut self, count: usize, alignment: usize) -> Result<&'a [u8], PacError> {
        let start = self.at.next_multiple_of(alignment);
        let taken = self.octets.get(start..).and_then(|rest| rest.get(..count)).ok_or(SHORT)?;
        self.at = start + count;
        Ok(taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PacError> {
        Ok(u16::from_le_bytes(self.take(2, 2)?.try_into().expect("two octets")))
    }

    pub(super) fn u32(&mut self) -> Result<u32, PacError> {
        Ok(u32::from_le_bytes(self.take(4, 4)?.try_into().expect("four octets")))
    }

    pub(super) fn time(&mut self) -> Result<FileTime, PacError> {
        Ok(FileTime(u64::from_le_bytes(self.take(8, 4)?.try_into().expect("eight octets"))))
    }

    pub(super) fn octets<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], PacError> {
        Ok(self.take(COUNT, 1)?.try_into().expect("as many as were taken"))
    }

    /// Whether a pointer points to something.
    pub(super) fn pointer(&mut self) -> Result<bool, PacError> {
        Ok(self.u32()? != 0)
    }

    pub(super) fn string(&mut self) -> Result<StringHead, PacError> {
        let length = self.u16()?;
        self.u16()?;
        let is_null = !self.pointer()?;
        if is_null && length > 0 { Err(BAD_TARGET) } else { Ok(StringHead { length, is_null }) }
    }

    pub(super) fn string_target(&mut self, head: StringHead) -> Result<String, PacError> {
        if head.is_null {
            return Ok(String::new());
        }
        let (room, first, count) = (self.u32()?, self.u32()?, self.u32()?);
        if first != 0 || count > room || count != u32::from(head.length / 2) {
            return Err(BAD_TARGET);
        }
        let octets = self.take(usize::from(head.length / 2) * 2, 2)?;
        let units: Vec<u16> = octets.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        String::from_utf16(&units).map_err(|_| BAD_TARGET)
    }

    /// The length that an array has in front, which must be what the structure said.
    pub(super) fn array(&mut self, expected: u32) -> Result<usize, PacError> {
        let count = self.u32()?;
        // Nothing that an array holds takes less than eight octets.
        let fits = usize::try_from(count).is_ok_and(|count| count <= self.octets.len() / 8);
        if count == expected && fits { Ok(count as usize) } else { Err(BAD_TARGET) }
    }

    pub(super) fn sid_target(&mut self) -> Result<Sid, PacError> {
        let count = usize::try_from(self.u32()?).ok().filter(|count| *count <= 15).ok_or(BAD_TARGET)?;
        Sid::from_octets(self.take(8 + 4 * count, 4)?)
    }
}
