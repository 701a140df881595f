//! The only place that looks at lengths: a bounded reader over one whole message.

use crate::handshake::Error;
use std::borrow::Cow;

/// Reads a message from front to back. A field that is not there is an [`Error::Malformed`] which names it.
///
/// Whether a message is complete is decided before, by the framing: too few bytes *of a message* are an error here, too
/// few bytes *on the wire* are "not yet" there.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    message: &'static str,
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// Over the body of `message`.
    #[must_use]
    pub const fn new(message: &'static str, bytes: &'a [u8]) -> Self {
        Self { message, bytes, position: 0 }
    }

    /// Octets read so far.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.position
    }

    /// Octets that are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// An error at this place.
    #[must_use]
    pub fn malformed(&self, field: &'static str, problem: impl Into<Cow<'static, str>>) -> Error {
        Error::Malformed { message: self.message, field, offset: self.position, problem: problem.into() }
    }

    /// Exactly `count` octets.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn take(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], Error> {
        let taken = self.position.checked_add(count).and_then(|end| self.bytes.get(self.position..end));
        match taken {
            Some(octets) => {
                self.position += count;
                Ok(octets)
            }
            None => Err(self.malformed(field, format!("{count} octets expected, {} left", self.remaining()))),
        }
    }

    /// Exactly `N` octets.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Error> {
        let octets = self.take(field, N)?;
        Ok(octets.try_into().expect("take returned exactly N octets"))
    }

    /// Whatever is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.position..];
        self.position = self.bytes.len();
        rest
    }

    /// Octets up to a NUL, which is consumed and not returned.
    ///
    /// # Errors
    /// There is no NUL.
    pub fn until_nul(&mut self, field: &'static str) -> Result<&'a [u8], Error> {
        let rest = &self.bytes[self.position..];
        match rest.iter().position(|&octet| octet == 0) {
            Some(length) => {
                self.position += length + 1;
                Ok(&rest[..length])
            }
            None => Err(self.malformed(field, "no terminating NUL")),
        }
    }

    /// A bounded reader over the next `count` octets, for a nested structure.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn sub(&mut self, field: &'static str, count: usize) -> Result<Self, Error> {
        Ok(Self::new(self.message, self.take(field, count)?))
    }

    /// One octet.
    ///
    /// # Errors
    /// Nothing is left.
    pub fn u8(&mut self, field: &'static str) -> Result<u8, Error> {
        self.array::<1>(field).map(|[octet]| octet)
    }

    /// Two octets, least significant first (MySQL).
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u16_le(&mut self, field: &'static str) -> Result<u16, Error> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// Three octets, least significant first (MySQL).
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u24_le(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array::<3>(field).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Four octets, least significant first (MySQL).
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u32_le(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// Eight octets, least significant first (MySQL).
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u64_le(&mut self, field: &'static str) -> Result<u64, Error> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// Two octets, most significant first (PostgreSQL, TLS).
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u16_be(&mut self, field: &'static str) -> Result<u16, Error> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Four octets, most significant first (PostgreSQL).
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u32_be(&mut self, field: &'static str) -> Result<u32, Error> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// Says that the message ends here.
    ///
    /// # Errors
    /// Something is left.
    pub fn finish(&self) -> Result<(), Error> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.malformed("end", format!("{} octets too many", self.remaining())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_octet_is_read_and_the_one_behind_it_is_not() {
        let mut reader = Reader::new("test", &[1, 2]);
        assert_eq!(reader.u16_le("pair"), Ok(0x0201));
        assert!(reader.finish().is_ok());
        let error = reader.u8("next").unwrap_err();
        assert_eq!(error.to_string(), "malformed test: next at offset 2: 1 octets expected, 0 left");
    }

    #[test]
    fn a_length_near_the_end_of_the_address_space_is_refused() {
        let mut reader = Reader::new("test", &[1, 2]);
        reader.u8("first").unwrap();
        assert!(reader.take("rest", usize::MAX).is_err());
    }

    #[test]
    fn a_sub_reader_does_not_see_what_lies_behind_it() {
        let mut reader = Reader::new("test", b"ab\0cd\0");
        let mut sub = reader.sub("inner", 2).unwrap();
        assert!(sub.until_nul("text").is_err());
        assert_eq!(reader.until_nul("text"), Ok(&b""[..]));
        assert_eq!(reader.until_nul("text"), Ok(&b"cd"[..]));
    }
}
