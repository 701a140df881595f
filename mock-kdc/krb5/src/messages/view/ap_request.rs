//! AP-REQ and Authenticator (RFC 4120 §5.5.1).

use super::{
    AuthorizationElementView, ChecksumView, EncryptedDataView, EncryptionKeyView, ListView, NameView, PrincipalView,
    TicketView, View,
};
use crate::Timestamp;
use crate::der::{Error, Reader};
use crate::messages::Authenticator;
use std::time::Duration;

/// A client shows its ticket, to a service or within a TGS-REQ.
#[derive(Debug, Clone, Copy)]
pub struct ApRequestView<'a> {
    /// APOptions, see [`crate::messages::flags::ap_options`].
    pub ap_options: u32,
    /// The ticket.
    pub ticket: TicketView<'a>,
    /// [`AuthenticatorView`] under the session key, usage 11, or 7 within a TGS-REQ.
    pub authenticator: EncryptedDataView<'a>,
}

/// Proves that the presenter of a ticket knows its session key, now.
#[derive(Debug, Clone, Copy)]
pub struct AuthenticatorView<'a> {
    /// `crealm` and `cname`.
    pub client: PrincipalView<'a>,
    /// Over what belongs to the request; for GSS-API the flags and channel bindings (RFC 4121 §4.1.1).
    pub checksum: Option<ChecksumView<'a>>,
    /// `ctime` and `cusec`.
    pub time: Timestamp,
    /// The client's proposal for a session's own key.
    pub subkey: Option<EncryptionKeyView<'a>>,
    /// First sequence number of the client's messages.
    pub seq_number: Option<u32>,
    /// Restrictions that the client adds.
    pub authorization_data: Option<ListView<'a, AuthorizationElementView<'a>>>,
}

impl<'a> View<'a> for ApRequestView<'a> {
    const NAME: &'static str = "AP-REQ";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut request = reader.application_sequence(14)?;
        request.field(0, "pvno", Reader::version)?;
        request.field(1, "msg-type", |r| r.message_type(14))?;
        Ok(Self {
            ap_options: request.field(2, "ap-options", Reader::flags)?,
            ticket: request.field(3, "ticket", TicketView::read)?,
            authenticator: request.field(4, "authenticator", EncryptedDataView::read)?,
        })
    }
}

impl AuthenticatorView<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(&self) -> Authenticator {
        Authenticator {
            client: self.client.to_owned(),
            checksum: self.checksum.map(ChecksumView::to_owned),
            time: self.time,
            subkey: self.subkey.map(EncryptionKeyView::to_owned),
            seq_number: self.seq_number,
            authorization_data: self
                .authorization_data
                .map(|list| list.iter().map(AuthorizationElementView::to_owned).collect()),
        }
    }
}

impl<'a> View<'a> for AuthenticatorView<'a> {
    const NAME: &'static str = "Authenticator";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut authenticator = reader.application_sequence(2)?;
        authenticator.field(0, "authenticator-vno", Reader::version)?;
        let crealm = authenticator.field(1, "crealm", Reader::string)?;
        let client = authenticator.field(2, "cname", NameView::read)?.at(crealm);
        let checksum = authenticator.optional(3, "cksum", ChecksumView::read)?;
        let micros = authenticator.field(4, "cusec", Reader::microseconds)?;
        let time = authenticator.field(5, "ctime", Reader::time)? + Duration::from_micros(micros.into());
        Ok(Self {
            client,
            checksum,
            time,
            subkey: authenticator.optional(6, "subkey", EncryptionKeyView::read)?,
            seq_number: authenticator.optional(7, "seq-number", Reader::uint32)?,
            authorization_data: authenticator.optional(8, "authorization-data", ListView::read)?,
        })
    }
}
