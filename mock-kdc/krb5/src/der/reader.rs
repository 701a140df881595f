//! The only place that looks at tags and lengths of received octets.

use super::{Error, MAX_DEPTH, MAX_ELEMENTS, MAX_MESSAGE, Problem, kerberos_time, tag};
use crate::Timestamp;

/// Reads the elements of one constructed encoding from front to back.
///
/// INVARIANT: `position <= end <= whole.len()`.
#[derive(Clone)]
pub struct Reader<'a> {
    message: &'static str,
    field: &'static str,
    whole: &'a [u8],
    position: usize,
    end: usize,
    depth: u8,
}

impl<'a> Reader<'a> {
    /// Over a whole message, whose name begins the text of every error.
    ///
    /// # Errors
    /// More than [`MAX_MESSAGE`] octets.
    pub fn new(message: &'static str, octets: &'a [u8]) -> Result<Self, Error> {
        let reader = Self { message, field: "message", whole: octets, position: 0, end: octets.len(), depth: 0 };
        if octets.len() > MAX_MESSAGE { Err(reader.problem(Problem::TooLarge)) } else { Ok(reader) }
    }

    /// Enters `[APPLICATION number]`.
    ///
    /// # Errors
    /// Another element is next.
    #[inline]
    pub fn application(&mut self, number: u8) -> Result<Self, Error> {
        self.enter(tag::application(number))
    }

    /// Enters the SEQUENCE within `[APPLICATION number]`, which is the form of all Kerberos messages.
    ///
    /// # Errors
    /// Another element is next, or there is more than the SEQUENCE.
    #[inline]
    pub fn application_sequence(&mut self, number: u8) -> Result<Self, Error> {
        let mut application = self.application(number)?;
        let sequence = application.sequence()?;
        application.finish()?;
        Ok(sequence)
    }

    /// Enters a SEQUENCE.
    ///
    /// # Errors
    /// Another element is next.
    #[inline]
    pub fn sequence(&mut self) -> Result<Self, Error> {
        self.enter(tag::SEQUENCE)
    }

    /// Reads field `[number]`, called `name` in errors; `decode` must read all of it.
    ///
    /// # Errors
    /// The field is not next, or is not what `decode` expects.
    #[inline]
    pub fn field<T>(
        &mut self,
        number: u8,
        name: &'static str,
        decode: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.field = name;
        let mut inner = self.enter(tag::context(number))?;
        let value = decode(&mut inner)?;
        inner.finish()?;
        Ok(value)
    }

    /// Reads field `[number]` if it is next.
    ///
    /// # Errors
    /// It is next and is not what `decode` expects.
    #[inline]
    pub fn optional<T>(
        &mut self,
        number: u8,
        name: &'static str,
        decode: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.peek() == Some(tag::context(number)) { self.field(number, name, decode).map(Some) } else { Ok(None) }
    }

    /// A SEQUENCE OF.
    ///
    /// # Errors
    /// Another element is next, one of the elements does not decode, or there are more than [`MAX_ELEMENTS`].
    pub fn list<T>(&mut self, mut decode: impl FnMut(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let mut elements = self.sequence()?;
        let mut list = Vec::new();
        while !elements.is_empty() {
            if list.len() == MAX_ELEMENTS {
                return Err(elements.problem(Problem::TooManyElements));
            }
            list.push(decode(&mut elements)?);
        }
        Ok(list)
    }

    /// An INTEGER of at most 64 bits, with sign.
    ///
    /// # Errors
    /// Another element is next, or the integer has no octets or more than eight.
    #[inline]
    pub fn integer(&mut self) -> Result<i64, Error> {
        let at = self.position;
        let octets = self.primitive(tag::INTEGER)?;
        if let [octet] = octets {
            return Ok(i64::from(octet.cast_signed()));
        }
        if !(1..=8).contains(&octets.len()) {
            return Err(self.problem_at(at, Problem::IntegerRange));
        }
        let sign = if octets[0] & 0x80 == 0 { 0 } else { -1 };
        Ok(octets.iter().fold(sign, |value, octet| value << 8 | i64::from(*octet)))
    }

    /// Int32 (RFC 4120 §5.2.4): etypes, name types, pre-authentication types and others may be negative.
    ///
    /// # Errors
    /// Not an INTEGER, or out of range.
    #[inline]
    pub fn int32(&mut self) -> Result<i32, Error> {
        let at = self.position;
        i32::try_from(self.integer()?).map_err(|_| self.problem_at(at, Problem::IntegerRange))
    }

    /// UInt32 (RFC 4120 §5.2.4). A negative number is taken as the same 32 bits: MIT encodes nonces with a sign, and the
    /// key versions of read-only domain controllers have the highest bit set.
    ///
    /// # Errors
    /// Not an INTEGER, or not of 32 bits.
    #[inline]
    pub fn uint32(&mut self) -> Result<u32, Error> {
        let at = self.position;
        let value = self.integer()?;
        u32::try_from(value)
            .or_else(|_| i32::try_from(value).map(i32::cast_unsigned))
            .map_err(|_| self.problem_at(at, Problem::IntegerRange))
    }

    /// Microseconds (RFC 4120 §5.2.4), 0 to 999,999.
    ///
    /// # Errors
    /// Not an INTEGER, or out of range.
    #[inline]
    pub fn microseconds(&mut self) -> Result<u32, Error> {
        let at = self.position;
        u32::try_from(self.integer()?)
            .ok()
            .filter(|micros| *micros < 1_000_000)
            .ok_or_else(|| self.problem_at(at, Problem::IntegerRange))
    }

    /// The version of the protocol, which must be 5.
    ///
    /// # Errors
    /// Not an INTEGER, or another version.
    #[inline]
    pub fn version(&mut self) -> Result<(), Error> {
        let at = self.position;
        match self.integer()? {
            5 => Ok(()),
            other => Err(self.problem_at(at, Problem::Version(other))),
        }
    }

    /// The field msg-type, which must repeat the application tag (RFC 4120 §7.5.7).
    ///
    /// # Errors
    /// Not an INTEGER, or another message type.
    #[inline]
    pub fn message_type(&mut self, expected: u8) -> Result<(), Error> {
        let at = self.position;
        match self.integer()? {
            found if found == i64::from(expected) => Ok(()),
            found => Err(self.problem_at(at, Problem::MessageType { expected, found })),
        }
    }

    /// A BOOLEAN.
    ///
    /// # Errors
    /// Another element is next, or it is not one octet long.
    pub fn boolean(&mut self) -> Result<bool, Error> {
        let at = self.position;
        match self.primitive(tag::BOOLEAN)? {
            [octet] => Ok(*octet != 0),
            _ => Err(self.problem_at(at, Problem::Boolean)),
        }
    }

    /// An OCTET STRING.
    ///
    /// # Errors
    /// Another element is next.
    #[inline]
    pub fn octets(&mut self) -> Result<&'a [u8], Error> {
        self.primitive(tag::OCTET_STRING)
    }

    /// KerberosString (RFC 4120 §5.2.1), whatever octets it holds: Active Directory and Java write UTF-8.
    ///
    /// # Errors
    /// Another element is next.
    #[inline]
    pub fn string(&mut self) -> Result<&'a [u8], Error> {
        self.primitive(tag::GENERAL_STRING)
    }

    /// KerberosTime.
    ///
    /// # Errors
    /// Another element is next, or it is no time.
    #[inline]
    pub fn time(&mut self) -> Result<Timestamp, Error> {
        let at = self.position;
        kerberos_time::parse(self.primitive(tag::GENERALIZED_TIME)?).ok_or_else(|| self.problem_at(at, Problem::Time))
    }

    /// KerberosFlags (RFC 4120 §5.2.8): the first 32 bits, bit 0 being the most significant. Missing bits are zero.
    ///
    /// # Errors
    /// Another element is next, or the BIT STRING is malformed.
    #[inline]
    pub fn flags(&mut self) -> Result<u32, Error> {
        let at = self.position;
        let Some((unused, octets)) = self.primitive(tag::BIT_STRING)?.split_first() else {
            return Err(self.problem_at(at, Problem::BitString));
        };
        if *unused > 7 || (*unused > 0 && octets.is_empty()) {
            return Err(self.problem_at(at, Problem::BitString));
        }
        let mut bits = [0; 4];
        for (bit, octet) in bits.iter_mut().zip(octets) {
            *bit = *octet;
        }
        if (1..=4).contains(&octets.len()) {
            bits[octets.len() - 1] &= 0xff << unused;
        }
        Ok(u32::from_be_bytes(bits))
    }

    /// The next element as it was received, tag and length included.
    ///
    /// # Errors
    /// There is no complete element.
    pub fn element(&mut self) -> Result<&'a [u8], Error> {
        let start = self.position;
        let (_, end) = self.header(None)?;
        self.position = end;
        Ok(&self.whole[start..end])
    }

    /// Enters the next element, whatever its tag.
    pub(super) fn any(&mut self) -> Result<(u8, Self), Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.problem(Problem::TooDeep));
        }
        let (start, end) = self.header(None)?;
        let tag = self.whole[self.position];
        self.position = end;
        Ok((tag, Self { position: start, end, depth: self.depth + 1, ..self.clone() }))
    }

    /// Runs `decode` and returns also the octets that it read.
    ///
    /// # Errors
    /// Those of `decode`.
    #[inline]
    pub fn with_octets<T>(
        &mut self,
        decode: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<(T, &'a [u8]), Error> {
        let start = self.position;
        let value = decode(self)?;
        Ok((value, &self.whole[start..self.position]))
    }

    /// The tag octet of the next element.
    #[must_use]
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.whole[self.position..self.end].first().copied()
    }

    /// All octets that are left, whatever they are.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = &self.whole[self.position..self.end];
        self.position = self.end;
        rest
    }

    /// Whether the element holds nothing more.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.position == self.end
    }

    /// An error at the place where the next element begins.
    #[must_use]
    #[cold]
    pub fn problem(&self, problem: Problem) -> Error {
        self.problem_at(self.position, problem)
    }

    #[inline]
    fn finish(&self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(self.problem(Problem::Excess)) }
    }

    #[inline]
    fn enter(&mut self, expected: u8) -> Result<Self, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.problem(Problem::TooDeep));
        }
        let (start, end) = self.bounds(expected)?;
        self.position = end;
        Ok(Self { position: start, end, depth: self.depth + 1, ..self.clone() })
    }

    #[inline]
    fn primitive(&mut self, expected: u8) -> Result<&'a [u8], Error> {
        let (start, end) = self.bounds(expected)?;
        self.position = end;
        Ok(&self.whole[start..end])
    }

    /// Where the content of the next element begins and ends, which has this tag.
    #[inline]
    fn bounds(&self, expected: u8) -> Result<(usize, usize), Error> {
        // Nearly all elements are short, and as they should be.
        match &self.whole[self.position..self.end] {
            [tag, length @ 0..0x80, content @ ..] if *tag == expected && usize::from(*length) <= content.len() => {
                let start = self.position + 2;
                Ok((start, start + usize::from(*length)))
            }
            _ => self.header(Some(expected)),
        }
    }

    /// Looks at tag and length of the next element; returns where its content begins and ends.
    #[inline(never)]
    fn header(&self, expected: Option<u8>) -> Result<(usize, usize), Error> {
        let left = &self.whole[self.position..self.end];
        if let Some(expected) = expected
            && left.first() != Some(&expected)
        {
            return Err(self.problem(Problem::Tag { expected, found: left.first().copied() }));
        }
        let truncated = || self.problem(Problem::Truncated);
        let first = *left.get(1).ok_or_else(truncated)?;
        let (start, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x80 => return Err(self.problem(Problem::IndefiniteLength)),
            0x81..=0x84 => {
                let start = 2 + usize::from(first & 0x7f);
                let octets = left.get(2..start).ok_or_else(truncated)?;
                (start, octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)))
            }
            _ => return Err(self.problem(Problem::LengthOfLength)),
        };
        if length > left.len() - start {
            return Err(truncated());
        }
        Ok((self.position + start, self.position + start + length))
    }

    #[cold]
    fn problem_at(&self, offset: usize, problem: Problem) -> Error {
        Error { message: self.message, field: self.field, offset, problem }
    }
}
