//! AS-REQ and TGS-REQ (RFC 4120 §5.4.1).

use super::view::{KdcRequestBodyView, KdcRequestView, PaDataView, View as _};
use super::{EncryptedData, HostAddress, PaData, PrincipalName, Ticket};
use crate::der::{Codec, Error, Reader, Writer};
use crate::{Principal, Timestamp};

/// Which of the two exchanges with the KDC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exchange {
    /// With the authentication service: AS-REQ (10), AS-REP (11).
    As,
    /// With the ticket-granting service: TGS-REQ (12), TGS-REP (13).
    Tgs,
}

impl Exchange {
    /// msg-type and application tag of the request.
    #[must_use]
    pub const fn request_type(self) -> u8 {
        match self {
            Self::As => 10,
            Self::Tgs => 12,
        }
    }

    /// msg-type and application tag of the reply.
    #[must_use]
    pub const fn reply_type(self) -> u8 {
        match self {
            Self::As => 11,
            Self::Tgs => 13,
        }
    }
}

/// KDC-REQ: an AS-REQ or a TGS-REQ.
///
/// INVARIANT: `body_octets` is an encoding of `body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KdcRequest {
    /// Which of the two.
    pub exchange: Exchange,
    /// Pre-authentication data; a TGS-REQ has its AP-REQ here.
    pub padata: Vec<PaData>,
    body: KdcRequestBody,
    body_octets: Vec<u8>,
}

/// KDC-REQ-BODY: what is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KdcRequestBody {
    /// KDCOptions, see [`super::flags::kdc_options`].
    pub kdc_options: u32,
    /// The client; in AS-REQ only.
    pub cname: Option<PrincipalName>,
    /// The realm of the server; in AS-REQ also of the client.
    pub realm: Vec<u8>,
    /// The service; absent only with enc-tkt-in-skey.
    pub sname: Option<PrincipalName>,
    /// From when on, for postdated tickets.
    pub from: Option<Timestamp>,
    /// Until when; [`Timestamp::EPOCH`] for as long as possible.
    pub till: Timestamp,
    /// Until when renewable.
    pub rtime: Option<Timestamp>,
    /// Returned in the encrypted part of the reply.
    pub nonce: u32,
    /// Encryption types, the client's preference first.
    pub etypes: Vec<i32>,
    /// Addresses for the ticket.
    pub addresses: Option<Vec<HostAddress>>,
    /// [`super::AuthorizationList`] under the sub-key (usage 5) or session key (usage 4); in TGS-REQ only.
    pub enc_authorization_data: Option<EncryptedData>,
    /// For user-to-user and constrained delegation.
    pub additional_tickets: Vec<Ticket>,
}

impl KdcRequest {
    /// A request for what `body` says.
    #[must_use]
    pub fn new(exchange: Exchange, padata: Vec<PaData>, body: KdcRequestBody) -> Self {
        let body_octets = body.to_octets();
        Self { exchange, padata, body, body_octets }
    }

    /// A request of which the body was received on its own, with its octets.
    pub(crate) const fn received(
        exchange: Exchange,
        padata: Vec<PaData>,
        body: KdcRequestBody,
        body_octets: Vec<u8>,
    ) -> Self {
        Self { exchange, padata, body, body_octets }
    }

    /// What is asked for.
    #[must_use]
    pub const fn body(&self) -> &KdcRequestBody {
        &self.body
    }

    /// The encoding of the body as it was received, SEQUENCE tag and length included. The checksum in a TGS-REQ's
    /// authenticator covers these octets; to encode the body once more would verify one's own encoder.
    #[must_use]
    pub fn body_octets(&self) -> &[u8] {
        &self.body_octets
    }

    /// The value of the first pre-authentication data of this type.
    #[must_use]
    pub fn padata(&self, padata_type: i32) -> Option<&[u8]> {
        PaData::find(&self.padata, padata_type)
    }
}

impl KdcRequestBody {
    /// `cname` in `realm`; only in an AS-REQ is `realm` that of the client.
    #[must_use]
    pub fn client(&self) -> Option<Principal> {
        self.cname.clone().map(|name| name.at(self.realm.clone()))
    }

    /// `sname` in `realm`.
    #[must_use]
    pub fn server(&self) -> Option<Principal> {
        self.sname.clone().map(|name| name.at(self.realm.clone()))
    }
}

impl From<KdcRequestView<'_>> for KdcRequest {
    fn from(view: KdcRequestView<'_>) -> Self {
        Self {
            exchange: view.exchange,
            padata: view.padata.iter().map(PaDataView::to_owned).collect(),
            body: view.body.to_owned(),
            body_octets: view.body_octets().to_vec(),
        }
    }
}

impl Codec for KdcRequest {
    const NAME: &'static str = "KDC-REQ";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(KdcRequestView::read(reader)?.into())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(self.exchange.request_type(), |w| {
            w.field(1, |w| w.integer(5));
            w.field(2, |w| w.integer(self.exchange.request_type().into()));
            let padata = (!self.padata.is_empty()).then_some(&self.padata);
            w.optional(3, padata, |w, list| w.list(list, |w, data| data.write(w)));
            w.field(4, |w| w.raw(&self.body_octets));
        });
    }
}

impl Codec for KdcRequestBody {
    const NAME: &'static str = "KDC-REQ-BODY";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(KdcRequestBodyView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.flags(self.kdc_options));
            w.optional(1, self.cname.as_ref(), |w, name| name.write(w));
            w.field(2, |w| w.string(&self.realm));
            w.optional(3, self.sname.as_ref(), |w, name| name.write(w));
            w.optional(4, self.from, Writer::time);
            w.field(5, |w| w.time(self.till));
            w.optional(6, self.rtime, Writer::time);
            w.field(7, |w| w.integer(self.nonce.into()));
            w.field(8, |w| w.list(&self.etypes, |w, etype| w.integer((*etype).into())));
            w.optional(9, self.addresses.as_ref(), |w, list| w.list(list, |w, address| address.write(w)));
            w.optional(10, self.enc_authorization_data.as_ref(), |w, data| data.write(w));
            let tickets = (!self.additional_tickets.is_empty()).then_some(&self.additional_tickets);
            w.optional(11, tickets, |w, list| w.list(list, |w, ticket| ticket.write(w)));
        });
    }
}
