//! Octets with a number that says what they are: PA-DATA, AuthorizationData, HostAddress (RFC 4120 §5.2.5 to §5.2.7).

use super::View;
use crate::der::{Error, Reader, Writer};
use crate::messages::{AuthorizationElement, EtypeInfo2Entry, HostAddress, PaData};
use std::fmt;

/// One element of pre-authentication data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PaDataView<'a> {
    /// One of [`crate::messages::padata_type`], or another.
    pub padata_type: i32,
    /// What the type says, often the encoding of another message; often empty.
    pub padata_value: &'a [u8],
}

/// One element of AuthorizationData.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthorizationElementView<'a> {
    /// One of [`crate::messages::ad_type`], or another.
    pub ad_type: i32,
    /// What the type says.
    pub ad_data: &'a [u8],
}

/// One etype of a client, in ETYPE-INFO2 (RFC 4120 §5.2.7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EtypeInfo2EntryView<'a> {
    /// The encryption type.
    pub etype: i32,
    /// The salt; absent: the default salt of the client's principal.
    pub salt: Option<&'a [u8]>,
    /// For AES: four octets of iteration count; absent: the default of the etype.
    pub s2kparams: Option<&'a [u8]>,
}

/// An address from which a ticket may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostAddressView<'a> {
    /// 2 for IPv4, 24 for IPv6, 20 for NetBIOS (RFC 4120 §7.5.3).
    pub addr_type: i32,
    /// In network order.
    pub address: &'a [u8],
}

impl PaDataView<'_> {
    /// Appends the encoding.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(1, |w| w.integer(self.padata_type.into()));
            w.field(2, |w| w.octets(self.padata_value));
        });
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> PaData {
        PaData { padata_type: self.padata_type, padata_value: self.padata_value.to_vec() }
    }
}

impl<'a> View<'a> for PaDataView<'a> {
    const NAME: &'static str = "PA-DATA";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut data = reader.sequence()?;
        Ok(Self {
            padata_type: data.field(1, "padata-type", Reader::int32)?,
            padata_value: data.field(2, "padata-value", Reader::octets)?,
        })
    }
}

impl fmt::Debug for PaDataView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaDataView({}, {} octets)", self.padata_type, self.padata_value.len())
    }
}

impl AuthorizationElementView<'_> {
    /// Appends the encoding.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.ad_type.into()));
            w.field(1, |w| w.octets(self.ad_data));
        });
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> AuthorizationElement {
        AuthorizationElement { ad_type: self.ad_type, ad_data: self.ad_data.to_vec() }
    }
}

impl<'a> View<'a> for AuthorizationElementView<'a> {
    const NAME: &'static str = "AuthorizationData element";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut element = reader.sequence()?;
        Ok(Self {
            ad_type: element.field(0, "ad-type", Reader::int32)?,
            ad_data: element.field(1, "ad-data", Reader::octets)?,
        })
    }
}

impl fmt::Debug for AuthorizationElementView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationElementView({}, {} octets)", self.ad_type, self.ad_data.len())
    }
}

impl HostAddressView<'_> {
    /// Appends the encoding.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.addr_type.into()));
            w.field(1, |w| w.octets(self.address));
        });
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> HostAddress {
        HostAddress { addr_type: self.addr_type, address: self.address.to_vec() }
    }
}

impl<'a> View<'a> for HostAddressView<'a> {
    const NAME: &'static str = "HostAddress";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut address = reader.sequence()?;
        Ok(Self {
            addr_type: address.field(0, "addr-type", Reader::int32)?,
            address: address.field(1, "address", Reader::octets)?,
        })
    }
}

impl EtypeInfo2EntryView<'_> {
    /// Appends the encoding.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.etype.into()));
            w.optional(1, self.salt, Writer::string);
            w.optional(2, self.s2kparams, Writer::octets);
        });
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(self) -> EtypeInfo2Entry {
        let octets = |octets: Option<&[u8]>| octets.map(<[u8]>::to_vec);
        EtypeInfo2Entry { etype: self.etype, salt: octets(self.salt), s2kparams: octets(self.s2kparams) }
    }
}

impl<'a> View<'a> for EtypeInfo2EntryView<'a> {
    const NAME: &'static str = "ETYPE-INFO2-ENTRY";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut entry = reader.sequence()?;
        Ok(Self {
            etype: entry.field(0, "etype", Reader::int32)?,
            salt: entry.optional(1, "salt", Reader::string)?,
            s2kparams: entry.optional(2, "s2kparams", Reader::octets)?,
        })
    }
}
