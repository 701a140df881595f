//! The subset of BER and DER (X.690) that Kerberos needs.
//!
//! Kerberos messages are DER with explicit context tags; every tag in them fits one octet (RFC 4120 §5.1, §5.10). The
//! [`Reader`] accepts what MIT's decoder accepts beyond DER (long-form lengths that are longer than needed, unknown
//! fields at the end of a SEQUENCE, octets after the message), because real peers send it; the [`Writer`] emits strict
//! DER only. Nothing here recurses by itself, and lengths, depth and element counts are bounded.

mod error;
pub(crate) mod kerberos_time;
mod reader;
mod tree;
mod writer;

pub use error::{Error, Problem};
pub use reader::Reader;
pub use tree::{Content, Element};
pub use writer::Writer;

/// The largest message that is decoded, in octets; MIT's KDC draws the same line for requests over TCP.
pub const MAX_MESSAGE: usize = 1 << 20;

/// The most elements that a SEQUENCE OF may hold. Real lists have fewer than thirty; the bound keeps a megabyte of
/// two-octet elements from becoming many megabytes of structures.
pub const MAX_ELEMENTS: usize = 1024;

/// The deepest nesting of constructed encodings. The deepest Kerberos message (a ticket within a request) needs twelve.
pub const MAX_DEPTH: u8 = 24;

/// A type with one encoding: a whole message, or an element of one.
pub trait Codec: Sized {
    /// What the specification calls it; begins the text of every decoding error.
    const NAME: &'static str;

    /// Reads one from the front of `reader`.
    ///
    /// # Errors
    /// The octets are not an encoding of it; the error names message, field and offset.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// Appends the encoding.
    fn write(&self, writer: &mut Writer<'_>);

    /// Decodes a whole message. Octets after it are ignored, as MIT's decoder does: a decrypted message may be padded.
    ///
    /// # Errors
    /// As [`Codec::read`], and messages beyond [`MAX_MESSAGE`].
    fn decode(octets: &[u8]) -> Result<Self, Error> {
        Self::read(&mut Reader::new(Self::NAME, octets)?)
    }

    /// Appends the DER encoding to `out`.
    fn encode(&self, out: &mut Vec<u8>) {
        self.write(&mut Writer::new(out));
    }

    /// The DER encoding.
    fn to_octets(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        self.encode(&mut out);
        out
    }
}

#[cfg(test)]
mod tests;

/// Tag octets (X.690 §8.1.2), all of which fit one octet in Kerberos.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const GENERAL_STRING: u8 = 0x1b;
    pub(crate) const SEQUENCE: u8 = 0x30;
    /// The bit of a tag octet that says that elements are within.
    pub(crate) const CONSTRUCTED: u8 = 0x20;

    /// `[APPLICATION number]`, constructed.
    pub(crate) const fn application(number: u8) -> u8 {
        assert!(number < 31, "higher tag numbers need a second octet");
        0x60 | number
    }

    /// `[number]`, explicit and therefore constructed.
    pub(crate) const fn context(number: u8) -> u8 {
        assert!(number < 31, "higher tag numbers need a second octet");
        0xa0 | number
    }
}
