//! EncryptedData (RFC 4120 §5.2.9).

use super::view::{EncryptedDataView, View as _};
use crate::Random;
use crate::crypto::{CryptoError, Key, KeyUsage};
use crate::der::{Codec, Error, Reader, Writer};
use std::fmt;
use zeroize::Zeroizing;

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

impl EncryptedData {
    /// The encoding of `message` under `key`, without a key version.
    #[must_use]
    pub fn seal(key: &Key, usage: KeyUsage, message: &impl Codec, random: &mut dyn Random) -> Self {
        let plain = Zeroizing::new(message.to_octets());
        Self { etype: key.etype().number(), kvno: None, cipher: key.encrypt(usage, &plain, random) }
    }

    /// The same, said to be under version `kvno` of the key.
    #[must_use]
    pub fn with_kvno(self, kvno: u32) -> Self {
        Self { kvno: Some(kvno), ..self }
    }

    /// The plaintext octets. A ciphertext of another etype than the key's does not decrypt.
    ///
    /// # Errors
    /// Wrong key, usage or etype, or changed octets.
    pub fn open(&self, key: &Key, usage: KeyUsage) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        if self.etype != key.etype().number() {
            return Err(CryptoError::Integrity);
        }
        key.decrypt(usage, &self.cipher).map(Zeroizing::new)
    }
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
        Ok(EncryptedDataView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.etype.into()));
            w.optional(1, self.kvno, |w, kvno| w.integer(kvno.into()));
            w.field(2, |w| w.octets(&self.cipher));
        });
    }
}
