//! EncryptedData (RFC 4120 §5.2.9).

use crate::der::{Codec, Error, Reader, Writer};
use std::fmt;

/// A ciphertext and which key it is under.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedData {
    /// The encryption type.
    pub etype: i32,
    /// The version of the key, for keys that have versions.
    pub kvno: Option<u32>,
    /// Confounder, message and integrity tag, encrypted.
    pub cipher: Vec<u8>,
}

impl fmt::Debug for EncryptedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedData")
            .field("etype", &self.etype)
            .field("kvno", &self.kvno)
            .field("cipher", &format_args!("{} octets", self.cipher.len()))
            .finish()
    }
}

impl Codec for EncryptedData {
    const NAME: &'static str = "EncryptedData";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut data = reader.sequence()?;
        Ok(Self {
            etype: data.field(0, "etype", Reader::int32)?,
            kvno: data.optional(1, "kvno", Reader::uint32)?,
            cipher: data.field(2, "cipher", Reader::octets)?.to_vec(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.etype.into()));
            w.optional(1, self.kvno, |w, kvno| w.integer(kvno.into()));
            w.field(2, |w| w.octets(&self.cipher));
        });
    }
}
