//! Strict DER, appended to a buffer of the caller.

use super::{kerberos_time, tag};
use crate::Timestamp;

/// Appends elements. The length of a constructed element is filled in when its content is complete.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// A SEQUENCE within `[APPLICATION number]`, the form of all Kerberos messages.
    pub fn application_sequence(&mut self, number: u8, content: impl FnOnce(&mut Self)) {
        self.application_sequence_about(number, 0, content);
    }

    /// The same of about this length in octets: where it needs as many octets to be written as the real one, nothing has to
    /// be moved. Any guess is right, none is wrong.
    pub fn application_sequence_about(&mut self, number: u8, about: usize, content: impl FnOnce(&mut Self)) {
        self.about(tag::application(number), about, |w| w.about(tag::SEQUENCE, about, content));
    }

    /// `[APPLICATION number]` around anything.
    pub fn application(&mut self, number: u8, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::application(number), content);
    }

    /// A SEQUENCE.
    pub fn sequence(&mut self, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::SEQUENCE, content);
    }

    /// A SEQUENCE of about this length.
    pub fn sequence_about(&mut self, about: usize, content: impl FnOnce(&mut Self)) {
        self.about(tag::SEQUENCE, about, content);
    }

    /// A SEQUENCE whose content is appended to the buffer.
    pub fn sequence_by(&mut self, content: impl FnOnce(&mut Vec<u8>)) {
        self.constructed(tag::SEQUENCE, |w| content(w.out));
    }

    /// The explicitly tagged field `[number]`.
    pub fn field(&mut self, number: u8, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::context(number), content);
    }

    /// The same of about this length.
    pub fn field_about(&mut self, number: u8, about: usize, content: impl FnOnce(&mut Self)) {
        self.about(tag::context(number), about, content);
    }

    /// The field `[number]` if there is a value.
    pub fn optional<T>(&mut self, number: u8, value: Option<T>, content: impl FnOnce(&mut Self, T)) {
        if let Some(value) = value {
            self.field(number, |w| content(w, value));
        }
    }

    /// A SEQUENCE OF.
    pub fn list<T>(&mut self, list: impl IntoIterator<Item = T>, mut element: impl FnMut(&mut Self, T)) {
        self.sequence(|w| list.into_iter().for_each(|value| element(w, value)));
    }

    /// An INTEGER in the fewest octets.
    pub fn integer(&mut self, value: i64) {
        if let Ok(short @ 0..0x80) = u8::try_from(value) {
            return self.out.extend_from_slice(&[tag::INTEGER, 1, short]);
        }
        let octets = value.to_be_bytes();
        // An octet is superfluous if it and the sign of the next only repeat the sign.
        let superfluous = octets
            .windows(2)
            .take_while(|pair| (pair[0] == 0 && pair[1] < 0x80) || (pair[0] == 0xff && pair[1] >= 0x80))
            .count();
        self.primitive(tag::INTEGER, &octets[superfluous..]);
    }

    /// A BOOLEAN.
    pub fn boolean(&mut self, value: bool) {
        self.primitive(tag::BOOLEAN, &[if value { 0xff } else { 0 }]);
    }

    /// An OCTET STRING.
    pub fn octets(&mut self, value: &[u8]) {
        self.primitive(tag::OCTET_STRING, value);
    }

    /// An OCTET STRING whose content is appended to the buffer, as a ciphertext is.
    pub fn octets_by(&mut self, content: impl FnOnce(&mut Vec<u8>)) {
        self.constructed(tag::OCTET_STRING, |w| content(w.out));
    }

    /// The same of about this length.
    pub fn octets_about(&mut self, about: usize, content: impl FnOnce(&mut Vec<u8>)) {
        self.about(tag::OCTET_STRING, about, |w| content(w.out));
    }

    /// KerberosString (RFC 4120 §5.2.1), a GeneralString.
    pub fn string(&mut self, value: &[u8]) {
        self.primitive(tag::GENERAL_STRING, value);
    }

    /// KerberosTime; microseconds are cut off.
    pub fn time(&mut self, value: Timestamp) {
        let mut element = [0; 2 + kerberos_time::LENGTH];
        element[..2].copy_from_slice(&[tag::GENERALIZED_TIME, kerberos_time::LENGTH as u8]);
        element[2..].copy_from_slice(&kerberos_time::format(value));
        self.out.extend_from_slice(&element);
    }

    /// KerberosFlags (RFC 4120 §5.2.8): always 32 bits.
    pub fn flags(&mut self, value: u32) {
        let [a, b, c, d] = value.to_be_bytes();
        self.out.extend_from_slice(&[tag::BIT_STRING, 5, 0, a, b, c, d]);
    }

    /// An element that is encoded already.
    pub fn raw(&mut self, element: &[u8]) {
        self.out.extend_from_slice(element);
    }

    /// An element of any tag, its length in `excess` octets more than are needed, which is not DER.
    pub(super) fn element(&mut self, tag: u8, excess: u8, content: impl FnOnce(&mut Self)) {
        let start = self.out.len() + 1;
        self.constructed(tag, content);
        if excess > 0 {
            let (count, zeros) = match self.out[start] {
                // A short length becomes the last octet of a long one.
                0..0x80 => {
                    self.out.insert(start, 0);
                    (excess, excess - 1)
                }
                long => ((long & 0x7f) + excess, excess),
            };
            self.out[start] = 0x80 | count;
            self.out.splice(start + 1..start + 1, std::iter::repeat_n(0, zeros.into()));
        }
    }

    /// Of a known length, so that nothing has to be moved.
    fn primitive(&mut self, tag: u8, content: &[u8]) {
        match u8::try_from(content.len()) {
            Ok(short @ 0..=0x7f) => {
                self.out.extend_from_slice(&[tag, short]);
                self.raw(content);
            }
            _ => self.constructed(tag, |w| w.raw(content)),
        }
    }

    #[inline]
    fn constructed(&mut self, tag: u8, content: impl FnOnce(&mut Self)) {
        self.out.extend_from_slice(&[tag, 0]);
        let start = self.out.len();
        content(self);
        match u8::try_from(self.out.len() - start) {
            Ok(short @ 0..=0x7f) => self.out[start - 1] = short,
            _ => self.write_length(start, 0),
        }
    }

    #[inline]
    fn about(&mut self, tag: u8, about: usize, content: impl FnOnce(&mut Self)) {
        let room = match about {
            0..0x80 => return self.constructed(tag, content),
            0x80..0x100 => {
                self.out.extend_from_slice(&[tag, 0x81, 0]);
                1
            }
            // Beyond 65535 octets it does not matter that they are moved.
            _ => {
                self.out.extend_from_slice(&[tag, 0x82, 0, 0]);
                2
            }
        };
        let start = self.out.len();
        content(self);
        match (room, self.out.len() - start) {
            (1, length @ 0x80..0x100) => self.out[start - 1] = length as u8,
            (2, length @ 0x100..0x1_0000) => {
                let [high, low] = (length as u16).to_be_bytes();
                (self.out[start - 2], self.out[start - 1]) = (high, low);
            }
            _ => self.write_length(start, room),
        }
    }

    /// Writes the length of what begins at `start`, before which there is room for `room` octets more than one, and moves
    /// it where that is too many or too few.
    #[inline(never)]
    fn write_length(&mut self, start: usize, room: usize) {
        let length = self.out.len() - start;
        let octets = length.to_be_bytes();
        let needed = octets.len() - length.leading_zeros() as usize / 8;
        let count = if length < 0x80 { 0 } else { needed };
        let begin = start - room;
        if count > room {
            self.out.resize(begin + count + length, 0);
        }
        if count != room {
            self.out.copy_within(start..start + length, begin + count);
            self.out.truncate(begin + count + length);
        }
        self.out[begin - 1] = if count == 0 { length as u8 } else { 0x80 | count as u8 };
        self.out[begin..begin + count].copy_from_slice(&octets[octets.len() - count..]);
    }
}
