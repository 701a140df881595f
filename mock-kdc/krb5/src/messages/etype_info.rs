//! ETYPE-INFO and ETYPE-INFO2: which etypes a client's key has, with salt and parameters (RFC 4120 §5.2.7.4, §5.2.7.5).

use super::view::{EtypeInfo2EntryView, View as _};
use crate::der::{Codec, Error, Reader, Writer};

/// ETYPE-INFO2, the KDC's preference first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EtypeInfo2(pub Vec<EtypeInfo2Entry>);

/// One etype of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtypeInfo2Entry {
    /// The encryption type.
    pub etype: i32,
    /// The salt; absent: the default salt of the client's principal.
    pub salt: Option<Vec<u8>>,
    /// For AES: four octets of iteration count; absent: the default of the etype.
    pub s2kparams: Option<Vec<u8>>,
}

/// ETYPE-INFO, for clients that name none of the newer etypes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EtypeInfo(pub Vec<EtypeInfoEntry>);

/// One etype of a client, without parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtypeInfoEntry {
    /// The encryption type.
    pub etype: i32,
    /// The salt; absent: the default salt of the client's principal.
    pub salt: Option<Vec<u8>>,
}

impl Codec for EtypeInfo2 {
    const NAME: &'static str = "ETYPE-INFO2";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.list(EtypeInfo2Entry::read).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(&self.0, |w, entry| entry.write(w));
    }
}

impl Codec for EtypeInfo2Entry {
    const NAME: &'static str = "ETYPE-INFO2-ENTRY";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(EtypeInfo2EntryView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.etype.into()));
            w.optional(1, self.salt.as_deref(), Writer::string);
            w.optional(2, self.s2kparams.as_deref(), Writer::octets);
        });
    }
}

impl Codec for EtypeInfo {
    const NAME: &'static str = "ETYPE-INFO";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.list(EtypeInfoEntry::read).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(&self.0, |w, entry| entry.write(w));
    }
}

impl Codec for EtypeInfoEntry {
    const NAME: &'static str = "ETYPE-INFO-ENTRY";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut entry = reader.sequence()?;
        Ok(Self {
            etype: entry.field(0, "etype", Reader::int32)?,
            salt: entry.optional(1, "salt", Reader::octets)?.map(<[u8]>::to_vec),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.etype.into()));
            w.optional(1, self.salt.as_deref(), Writer::octets);
        });
    }
}
