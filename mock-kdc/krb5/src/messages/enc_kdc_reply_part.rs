//! EncASRepPart and EncTGSRepPart, what a client reads of a reply (RFC 4120 §5.4.2, RFC 6806 §11).

use super::principal_name::write_name;
use super::{EncryptionKey, HostAddress, PaData, PrincipalName};
use crate::der::{Codec, Error, Reader, Writer, tag};
use crate::{Principal, Timestamp};

/// EncKDCRepPart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncKdcReplyPart {
    /// Under which application tag. MIT's KDC writes [`EncPartTag::Tgs`] also in an AS-REP, and everybody accepts both.
    pub tag: EncPartTag,
    /// The session key.
    pub key: EncryptionKey,
    /// Times of earlier requests; old clients expect at least one element.
    pub last_request: Vec<LastRequest>,
    /// The nonce of the request.
    pub nonce: u32,
    /// When the client's key expires.
    pub key_expiration: Option<Timestamp>,
    /// TicketFlags, see [`super::flags::ticket`].
    pub flags: u32,
    /// Time of the initial authentication.
    pub auth_time: Timestamp,
    /// From when on the ticket is valid; absent: `auth_time`.
    pub start_time: Option<Timestamp>,
    /// Until when.
    pub end_time: Timestamp,
    /// Until when it can be renewed.
    pub renew_till: Option<Timestamp>,
    /// `srealm` and `sname`.
    pub server: Principal,
    /// Addresses from which it may be used; `None`: any.
    pub addresses: Option<Vec<HostAddress>>,
    /// Pre-authentication data that is protected by the reply key.
    pub encrypted_padata: Option<Vec<PaData>>,
}

/// The application tag of an [`EncKdcReplyPart`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncPartTag {
    /// EncASRepPart, 25.
    As,
    /// EncTGSRepPart, 26.
    Tgs,
}

/// One element of LastReq (RFC 4120 §5.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRequest {
    /// Of what `time` is the time; 0: of nothing.
    pub lr_type: i32,
    /// The time.
    pub time: Timestamp,
}

impl EncPartTag {
    const fn number(self) -> u8 {
        match self {
            Self::As => 25,
            Self::Tgs => 26,
        }
    }
}

impl EncKdcReplyPart {
    /// `start_time`, or `auth_time` where it is absent.
    #[must_use]
    pub fn starts(&self) -> Timestamp {
        self.start_time.unwrap_or(self.auth_time)
    }
}

impl Codec for EncKdcReplyPart {
    const NAME: &'static str = "EncKDCRepPart";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let is_as = reader.peek() == Some(tag::application(EncPartTag::As.number()));
        let tag = if is_as { EncPartTag::As } else { EncPartTag::Tgs };
        let mut part = reader.application_sequence(tag.number())?;
        let key = part.field(0, "key", EncryptionKey::read)?;
        let last_request = part.field(1, "last-req", |r| r.list(LastRequest::read))?;
        let nonce = part.field(2, "nonce", Reader::uint32)?;
        let key_expiration = part.optional(3, "key-expiration", Reader::time)?;
        let flags = part.field(4, "flags", Reader::flags)?;
        let auth_time = part.field(5, "authtime", Reader::time)?;
        let start_time = part.optional(6, "starttime", Reader::time)?;
        let end_time = part.field(7, "endtime", Reader::time)?;
        let renew_till = part.optional(8, "renew-till", Reader::time)?;
        let srealm = part.field(9, "srealm", Reader::string)?.to_vec();
        let server = part.field(10, "sname", PrincipalName::read)?.at(srealm);
        let addresses = part.optional(11, "caddr", |r| r.list(HostAddress::read))?;
        let encrypted_padata = part.optional(12, "encrypted-pa-data", |r| r.list(PaData::read))?;
        Ok(Self {
            tag,
            key,
            last_request,
            nonce,
            key_expiration,
            flags,
            auth_time,
            start_time,
            end_time,
            renew_till,
            server,
            addresses,
            encrypted_padata,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(self.tag.number(), |w| {
            w.field(0, |w| self.key.write(w));
            w.field(1, |w| w.list(&self.last_request, |w, last| last.write(w)));
            w.field(2, |w| w.integer(self.nonce.into()));
            w.optional(3, self.key_expiration, Writer::time);
            w.field(4, |w| w.flags(self.flags));
            w.field(5, |w| w.time(self.auth_time));
            w.optional(6, self.start_time, Writer::time);
            w.field(7, |w| w.time(self.end_time));
            w.optional(8, self.renew_till, Writer::time);
            w.field(9, |w| w.string(&self.server.realm));
            w.field(10, |w| write_name(w, &self.server));
            w.optional(11, self.addresses.as_ref(), |w, list| w.list(list, |w, address| address.write(w)));
            w.optional(12, self.encrypted_padata.as_ref(), |w, list| w.list(list, |w, data| data.write(w)));
        });
    }
}

impl Codec for LastRequest {
    const NAME: &'static str = "LastReq element";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut last = reader.sequence()?;
        Ok(Self { lr_type: last.field(0, "lr-type", Reader::int32)?, time: last.field(1, "lr-value", Reader::time)? })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.lr_type.into()));
            w.field(1, |w| w.time(self.time));
        });
    }
}
