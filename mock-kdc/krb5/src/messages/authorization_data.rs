//! AuthorizationData (RFC 4120 §5.2.6).

use super::view::{AuthorizationElementView, View as _};
use crate::der::{Codec, Error, Reader, Writer};
use std::fmt;

/// One element of AuthorizationData.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationElement {
    /// One of [`ad_type`], or another.
    pub ad_type: i32,
    /// What the type says; for [`ad_type::IF_RELEVANT`] the encoding of an [`AuthorizationList`].
    pub ad_data: Vec<u8>,
}

/// AuthorizationData by itself, as the content of an AD-IF-RELEVANT or of an enc-authorization-data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorizationList(pub Vec<AuthorizationElement>);

/// Types of authorization data (RFC 4120 §7.5.4, RFC 4537, MS-KILE).
pub mod ad_type {
    /// Elements that a server which does not know them may ignore.
    pub const IF_RELEVANT: i32 = 1;
    /// Elements that the KDC vouches for.
    pub const KDC_ISSUED: i32 = 4;
    /// A number of elements of which some must be satisfied.
    pub const AND_OR: i32 = 5;
    /// Elements that the KDC must understand.
    pub const MANDATORY_FOR_KDC: i32 = 8;
    /// The ticket, or the AP-REQ, is good for nothing but FAST armor (RFC 6113 §5.4.1.1).
    pub const FX_ARMOR: i32 = 71;
    /// The privilege attribute certificate of Active Directory.
    pub const WIN2K_PAC: i32 = 128;
    /// The etypes that an initiator offers for the acceptor's sub-key (RFC 4537).
    pub const ETYPE_NEGOTIATION: i32 = 129;
    /// Flags of the initiator: 0x4000 for channel bindings.
    pub const AP_OPTIONS: i32 = 143;
    /// The service that the initiator aims at.
    pub const TARGET_PRINCIPAL: i32 = 144;
}

impl fmt::Debug for AuthorizationElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationElement({}, {} octets)", self.ad_type, self.ad_data.len())
    }
}

impl Codec for AuthorizationElement {
    const NAME: &'static str = "AuthorizationData element";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(AuthorizationElementView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.ad_type.into()));
            w.field(1, |w| w.octets(&self.ad_data));
        });
    }
}

impl Codec for AuthorizationList {
    const NAME: &'static str = "AuthorizationData";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.list(AuthorizationElement::read).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(&self.0, |w, element| element.write(w));
    }
}
