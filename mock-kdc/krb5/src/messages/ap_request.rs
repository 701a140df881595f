//! AP-REQ (RFC 4120 §5.5.1).

use super::view::{ApRequestView, View as _};
use super::{EncryptedData, Ticket};
use crate::der::{Codec, Error, Reader, Writer};

/// A client shows its ticket, to a service or within a TGS-REQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApRequest {
    /// APOptions, see [`super::flags::ap_options`].
    pub ap_options: u32,
    /// The ticket.
    pub ticket: Ticket,
    /// [`super::Authenticator`] under the session key, usage 11, or 7 within a TGS-REQ.
    pub authenticator: EncryptedData,
}

impl Codec for ApRequest {
    const NAME: &'static str = "AP-REQ";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let ApRequestView { ap_options, ticket, authenticator } = ApRequestView::read(reader)?;
        Ok(Self { ap_options, ticket: ticket.into(), authenticator: authenticator.to_owned() })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(14, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.integer(14));
            w.field(2, |w| w.flags(self.ap_options));
            w.field(3, |w| self.ticket.write(w));
            w.field(4, |w| self.authenticator.write(w));
        });
    }
}
