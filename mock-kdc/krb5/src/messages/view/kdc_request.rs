//! AS-REQ and TGS-REQ (RFC 4120 §5.4.1).

use super::{EncryptedDataView, HostAddressView, ListView, NameView, PaDataView, PrincipalView, TicketView, View};
use crate::Timestamp;
use crate::der::{Error, Problem, Reader};
use crate::messages::{Exchange, KdcRequestBody};

/// KDC-REQ: an AS-REQ or a TGS-REQ.
#[derive(Debug, Clone, Copy)]
pub struct KdcRequestView<'a> {
    /// Which of the two.
    pub exchange: Exchange,
    /// Pre-authentication data; a TGS-REQ has its AP-REQ here.
    pub padata: ListView<'a, PaDataView<'a>>,
    /// What is asked for.
    pub body: KdcRequestBodyView<'a>,
    body_octets: &'a [u8],
}

/// KDC-REQ-BODY: what is asked for.
#[derive(Debug, Clone, Copy)]
pub struct KdcRequestBodyView<'a> {
    /// KDCOptions, see [`crate::messages::flags::kdc_options`].
    pub kdc_options: u32,
    /// The client; in AS-REQ only.
    pub cname: Option<NameView<'a>>,
    /// The realm of the server; in AS-REQ also of the client.
    pub realm: &'a [u8],
    /// The service; absent only with enc-tkt-in-skey.
    pub sname: Option<NameView<'a>>,
    /// From when on, for postdated tickets.
    pub from: Option<Timestamp>,
    /// Until when; [`Timestamp::EPOCH`] for as long as possible.
    pub till: Timestamp,
    /// Until when renewable.
    pub rtime: Option<Timestamp>,
    /// Returned in the encrypted part of the reply.
    pub nonce: u32,
    /// Encryption types, the client's preference first.
    pub etypes: ListView<'a, i32>,
    /// Addresses for the ticket.
    pub addresses: Option<ListView<'a, HostAddressView<'a>>>,
    /// AuthorizationData under the sub-key (usage 5) or session key (usage 4); in TGS-REQ only.
    pub enc_authorization_data: Option<EncryptedDataView<'a>>,
    /// For user-to-user and constrained delegation.
    pub additional_tickets: ListView<'a, TicketView<'a>>,
}

impl<'a> KdcRequestView<'a> {
    /// The encoding of the body as it was received, SEQUENCE tag and length included. The checksum in a TGS-REQ's
    /// authenticator covers these octets.
    #[must_use]
    pub const fn body_octets(&self) -> &'a [u8] {
        self.body_octets
    }

    /// The value of the first pre-authentication data of this type.
    #[must_use]
    pub fn padata(&self, padata_type: i32) -> Option<&'a [u8]> {
        self.padata.iter().find(|data| data.padata_type == padata_type).map(|data| data.padata_value)
    }
}

impl<'a> KdcRequestBodyView<'a> {
    /// `cname` in `realm`; only in an AS-REQ is `realm` that of the client.
    #[must_use]
    pub fn client(&self) -> Option<PrincipalView<'a>> {
        self.cname.map(|name| name.at(self.realm))
    }

    /// `sname` in `realm`.
    #[must_use]
    pub fn server(&self) -> Option<PrincipalView<'a>> {
        self.sname.map(|name| name.at(self.realm))
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(&self) -> KdcRequestBody {
        KdcRequestBody {
            kdc_options: self.kdc_options,
            cname: self.cname.map(NameView::to_owned),
            realm: self.realm.to_vec(),
            sname: self.sname.map(NameView::to_owned),
            from: self.from,
            till: self.till,
            rtime: self.rtime,
            nonce: self.nonce,
            etypes: self.etypes.iter().collect(),
            addresses: self.addresses.map(|list| list.iter().map(HostAddressView::to_owned).collect()),
            enc_authorization_data: self.enc_authorization_data.map(EncryptedDataView::to_owned),
            additional_tickets: self.additional_tickets.iter().map(Into::into).collect(),
        }
    }
}

impl<'a> View<'a> for KdcRequestView<'a> {
    const NAME: &'static str = "KDC-REQ";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let exchange = match reader.peek() {
            Some(0x6a) => Exchange::As,
            Some(0x6c) => Exchange::Tgs,
            found => return Err(reader.problem(Problem::Tag { expected: 0x6a, found })),
        };
        let mut request = reader.application_sequence(exchange.request_type())?;
        request.field(1, "pvno", Reader::version)?;
        request.field(2, "msg-type", |r| r.message_type(exchange.request_type()))?;
        let padata = request.optional(3, "padata", ListView::read)?.unwrap_or_default();
        let (body, body_octets) = request.field(4, "req-body", |r| r.with_octets(KdcRequestBodyView::read))?;
        Ok(Self { exchange, padata, body, body_octets })
    }
}

impl<'a> View<'a> for KdcRequestBodyView<'a> {
    const NAME: &'static str = "KDC-REQ-BODY";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut body = reader.sequence()?;
        Ok(Self {
            kdc_options: body.field(0, "kdc-options", Reader::flags)?,
            cname: body.optional(1, "cname", NameView::read)?,
            realm: body.field(2, "realm", Reader::string)?,
            sname: body.optional(3, "sname", NameView::read)?,
            from: body.optional(4, "from", Reader::time)?,
            till: body.field(5, "till", Reader::time)?,
            rtime: body.optional(6, "rtime", Reader::time)?,
            nonce: body.field(7, "nonce", Reader::uint32)?,
            etypes: body.field(8, "etype", ListView::read)?,
            addresses: body.optional(9, "addresses", ListView::read)?,
            enc_authorization_data: body.optional(10, "enc-authorization-data", EncryptedDataView::read)?,
            additional_tickets: body.optional(11, "additional-tickets", ListView::read)?.unwrap_or_default(),
        })
    }
}
