//! Ciphertexts, keys and checksums (RFC 4120 §5.2.9).

use super::View;
use crate::crypto::{CryptoError, Etype, Key};
use crate::der::{Error, Reader, Writer};
use crate::messages::{Checksum, EncryptedData, EncryptionKey};
use std::fmt;
use zeroize::Zeroizing;

/// EncryptedData: a ciphertext and which key it is under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EncryptedDataView<'a> {
    /// The encryption type.
    pub etype: i32,
    /// The version of the key, for keys that have versions.
    pub kvno: Option<u32>,
    /// Confounder, message and integrity tag, encrypted.
    pub cipher: &'a [u8],
}

/// EncryptionKey: a key as it is in messages, of any etype. `Debug` does not print it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EncryptionKeyView<'a> {
    /// The encryption type; the specification calls the field keytype.
    pub etype: i32,
    /// The octets of the key.
    pub value: &'a [u8],
}

/// Checksum: a checksum and its type, keyed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChecksumView<'a> {
    /// 15, 16, 19, 20 for the AES types, 0x8003 for the pseudo-checksum of GSS-API, others.
    pub cksumtype: i32,
    /// The octets.
    pub checksum: &'a [u8],
}

impl EncryptedDataView<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> EncryptedData {
        EncryptedData { etype: self.etype, kvno: self.kvno, cipher: self.cipher.to_vec() }
    }
}

impl<'a> View<'a> for EncryptedDataView<'a> {
    const NAME: &'static str = "EncryptedData";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut data = reader.sequence()?;
        Ok(Self {
            etype: data.field(0, "etype", Reader::int32)?,
            kvno: data.optional(1, "kvno", Reader::uint32)?,
            cipher: data.field(2, "cipher", Reader::octets)?,
        })
    }
}

impl fmt::Debug for EncryptedDataView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedDataView")
            .field("etype", &self.etype)
            .field("kvno", &self.kvno)
            .field("cipher", &format_args!("{} octets", self.cipher.len()))
            .finish()
    }
}

impl<'a> EncryptionKeyView<'a> {
    /// The octets of a key.
    #[must_use]
    pub fn of(key: &'a Key) -> Self {
        Self { etype: key.etype().number(), value: key.bytes() }
    }

    /// The key for use in this request alone.
    ///
    /// # Errors
    /// Etypes that are not implemented, and a wrong number of octets.
    pub fn to_ephemeral(self) -> Result<Key, CryptoError> {
        Key::ephemeral(Etype::try_from(self.etype)?, self.value)
    }

    /// Appends the encoding.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.etype.into()));
            w.field(1, |w| w.octets(self.value));
        });
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> EncryptionKey {
        EncryptionKey { etype: self.etype, value: Zeroizing::new(self.value.to_vec()) }
    }
}

impl<'a> View<'a> for EncryptionKeyView<'a> {
    const NAME: &'static str = "EncryptionKey";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut key = reader.sequence()?;
        Ok(Self { etype: key.field(0, "keytype", Reader::int32)?, value: key.field(1, "keyvalue", Reader::octets)? })
    }
}

impl fmt::Debug for EncryptionKeyView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKeyView").field("etype", &self.etype).finish_non_exhaustive()
    }
}

impl ChecksumView<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> Checksum {
        Checksum { cksumtype: self.cksumtype, checksum: self.checksum.to_vec() }
    }
}

impl<'a> View<'a> for ChecksumView<'a> {
    const NAME: &'static str = "Checksum";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut checksum = reader.sequence()?;
        Ok(Self {
            cksumtype: checksum.field(0, "cksumtype", Reader::int32)?,
            checksum: checksum.field(1, "checksum", Reader::octets)?,
        })
    }
}
