//! HostAddress (RFC 4120 §5.2.5).

use super::view::{HostAddressView, View as _};
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
        Ok(HostAddressView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.addr_type.into()));
            w.field(1, |w| w.octets(&self.address));
        });
    }
}
