//! HostAddress (RFC 4120 §5.2.5).

use crate::der::{Codec, Error, Reader, Writer};

/// An address from which a ticket may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAddress {
    /// 2 for IPv4, 24 for IPv6, 20 for NetBIOS (RFC 4120 §7.5.3).
    pub addr_type: i32,
    /// In network order.
    pub address: Vec<u8>,
}

impl Codec for HostAddress {
    const NAME: &'static str = "HostAddress";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut address = reader.sequence()?;
        Ok(Self {
            addr_type: address.field(0, "addr-type", Reader::int32)?,
            address: address.field(1, "address", Reader::octets)?.to_vec(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.addr_type.into()));
            w.field(1, |w| w.octets(&self.address));
        });
    }
}
