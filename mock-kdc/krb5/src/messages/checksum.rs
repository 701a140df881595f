//! Checksum (RFC 4120 §5.2.9).

use super::view::{ChecksumView, View as _};
use crate::der::{Codec, Error, Reader, Writer};

/// A checksum and its type, keyed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// 15, 16, 19, 20 for the AES types, 0x8003 for the pseudo-checksum of GSS-API, others.
    pub cksumtype: i32,
    /// The octets.
    pub checksum: Vec<u8>,
}

impl Codec for Checksum {
    const NAME: &'static str = "Checksum";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(ChecksumView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.cksumtype.into()));
            w.field(1, |w| w.octets(&self.checksum));
        });
    }
}
