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
        self.constructed(tag::application(number), |w| w.sequence(content));
    }

    /// `[APPLICATION number]` around anything.
    pub fn application(&mut self, number: u8, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::application(number), content);
    }

    /// A SEQUENCE.
    pub fn sequence(&mut self, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::SEQUENCE, content);
    }

    /// A SEQUENCE whose content is appended to the buffer.
    pub fn sequence_by(&mut self, content: impl FnOnce(&mut Vec<u8>)) {
        self.constructed(tag::SEQUENCE, |w| content(w.out));
    }

    /// The explicitly tagged field `[number]`.
    pub fn field(&mut self, number: u8, content: impl FnOnce(&mut Self)) {
        self.constructed(tag::context(number), content);
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

    /// KerberosString (RFC 4120 §5.2.1), a GeneralString.
    pub fn string(&mut self, value: &[u8]) {
        self.primitive(tag::GENERAL_STRING, value);
    }

    /// KerberosTime; microseconds are cut off.
    pub fn time(&mut self, value: Timestamp) {
        self.primitive(tag::GENERALIZED_TIME, &kerberos_time::format(value));
    }

    /// KerberosFlags (RFC 4120 §5.2.8): always 32 bits.
    pub fn flags(&mut self, value: u32) {
        let [a, b, c, d] = value.to_be_bytes();
        self.primitive(tag::BIT_STRING, &[0, a, b, c, d]);
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

    fn constructed(&mut self, tag: u8, content: impl FnOnce(&mut Self)) {
        self.out.extend_from_slice(&[tag, 0]);
        let start = self.out.len();
        content(self);
        let length = self.out.len() - start;
        match u8::try_from(length) {
            Ok(short @ 0..=0x7f) => self.out[start - 1] = short,
            _ => {
                let octets = length.to_be_bytes();
                let first = octets.iter().position(|octet| *octet != 0).expect("a length above 127 is not zero");
                let count = u8::try_from(octets.len() - first).expect("a usize has at most eight octets");
                self.out[start - 1] = 0x80 | count;
                let length_octets = &octets[first..];
                // Makes room by moving the content; `splice` would do the same with more work around it.
                self.out.extend_from_slice(length_octets);
                self.out.copy_within(start..start + length, start + length_octets.len());
                self.out[start..start + length_octets.len()].copy_from_slice(length_octets);
            }
        }
    }
}
