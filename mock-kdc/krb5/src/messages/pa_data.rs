//! PA-DATA and METHOD-DATA (RFC 4120 §5.2.7, §5.9.1).

use super::view::{PaDataView, View as _};
use crate::der::{Codec, Error, Reader, Writer};
use std::fmt;

/// One element of pre-authentication data, in a request, a reply or the e-data of an error.
#[derive(Clone, PartialEq, Eq)]
pub struct PaData {
    /// One of [`padata_type`], or another.
    pub padata_type: i32,
    /// What the type says, often the encoding of another message; often empty.
    pub padata_value: Vec<u8>,
}

impl PaData {
    /// With a message as value.
    #[must_use]
    pub fn new(padata_type: i32, value: &impl Codec) -> Self {
        Self { padata_type, padata_value: value.to_octets() }
    }

    /// Without a value, which announces that the type is known.
    #[must_use]
    pub const fn empty(padata_type: i32) -> Self {
        Self { padata_type, padata_value: Vec::new() }
    }

    /// The value of the first of `padata` that has this type.
    #[must_use]
    pub fn find(padata: &[Self], padata_type: i32) -> Option<&[u8]> {
        padata.iter().find(|data| data.padata_type == padata_type).map(|data| data.padata_value.as_slice())
    }
}

/// METHOD-DATA, the e-data of KDC_ERR_PREAUTH_REQUIRED.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MethodData(pub Vec<PaData>);

/// Types of pre-authentication data (RFC 4120 §7.5.2 and the IANA registry).
pub mod padata_type {
    /// The AP-REQ of a TGS-REQ.
    pub const TGS_REQ: i32 = 1;
    /// An encrypted [`super::super::PreauthEncTimestamp`].
    pub const ENC_TIMESTAMP: i32 = 2;
    /// A salt.
    pub const PW_SALT: i32 = 3;
    /// [`super::super::EtypeInfo`].
    pub const ETYPE_INFO: i32 = 11;
    /// [`super::super::EtypeInfo2`].
    pub const ETYPE_INFO2: i32 = 19;
    /// Whether the client wants a PAC (MS-KILE).
    pub const PAC_REQUEST: i32 = 128;
    /// To be returned as it is (RFC 6113 §5.2).
    pub const FX_COOKIE: i32 = 133;
    /// FAST (RFC 6113 §5.4).
    pub const FX_FAST: i32 = 136;
    /// The error within FAST.
    pub const FX_ERROR: i32 = 137;
    /// FAST's encrypted challenge.
    pub const ENCRYPTED_CHALLENGE: i32 = 138;
    /// In a request: asks for the next; in a reply: the checksum over the request (RFC 6806 §11).
    pub const REQ_ENC_PA_REP: i32 = 149;
    /// Freshness token (RFC 8070).
    pub const AS_FRESHNESS: i32 = 150;
    /// SPAKE (RFC 9588).
    pub const SPAKE: i32 = 151;
}

impl fmt::Debug for PaData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaData({}, {} octets)", self.padata_type, self.padata_value.len())
    }
}

impl Codec for PaData {
    const NAME: &'static str = "PA-DATA";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(PaDataView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(1, |w| w.integer(self.padata_type.into()));
            w.field(2, |w| w.octets(&self.padata_value));
        });
    }
}

impl Codec for MethodData {
    const NAME: &'static str = "METHOD-DATA";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.list(PaData::read).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(&self.0, |w, data| data.write(w));
    }
}
