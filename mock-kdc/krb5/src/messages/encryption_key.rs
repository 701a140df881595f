//! EncryptionKey (RFC 4120 §5.2.9).

use super::view::{EncryptionKeyView, View as _};
use crate::crypto::{CryptoError, Etype, Key};
use crate::der::{Codec, Error, Reader, Writer};
use std::fmt;
use zeroize::Zeroizing;

/// A key as it is in messages, of any etype. `Debug` does not print it; it is overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKey {
    /// The encryption type; the specification calls the field keytype.
    pub etype: i32,
    /// The octets of the key.
    pub value: Zeroizing<Vec<u8>>,
}

impl EncryptionKey {
    /// A key of `etype` with these octets.
    #[must_use]
    pub fn new(etype: i32, value: &[u8]) -> Self {
        Self { etype, value: Zeroizing::new(value.to_vec()) }
    }
}

impl From<&Key> for EncryptionKey {
    fn from(key: &Key) -> Self {
        Self::new(key.etype().number(), key.bytes())
    }
}

/// Fails for etypes that are not implemented and for a wrong number of octets.
impl TryFrom<&EncryptionKey> for Key {
    type Error = CryptoError;

    fn try_from(key: &EncryptionKey) -> Result<Self, CryptoError> {
        Self::new(Etype::try_from(key.etype)?, &key.value)
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("etype", &self.etype).finish_non_exhaustive()
    }
}

impl Codec for EncryptionKey {
    const NAME: &'static str = "EncryptionKey";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(EncryptionKeyView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.etype.into()));
            w.field(1, |w| w.octets(&self.value));
        });
    }
}
