//! EncTicketPart, what a service reads of a ticket (RFC 4120 §5.3).

use super::principal_name::write_name;
use super::view::{EncTicketPartView, TransitedView, View as _};
use super::{AuthorizationElement, EncryptionKey, HostAddress};
use crate::der::{Codec, Error, Reader, Writer};
use crate::{Principal, Timestamp};

/// What the KDC tells a service about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncTicketPart {
    /// TicketFlags, see [`super::flags::ticket`].
    pub flags: u32,
    /// The session key.
    pub key: EncryptionKey,
    /// `crealm` and `cname`.
    pub client: Principal,
    /// Which realms the client came through.
    pub transited: Transited,
    /// Time of the initial authentication.
    pub auth_time: Timestamp,
    /// From when on the ticket is valid; absent: `auth_time`.
    pub start_time: Option<Timestamp>,
    /// Until when.
    pub end_time: Timestamp,
    /// Until when it can be renewed.
    pub renew_till: Option<Timestamp>,
    /// Addresses from which it may be used; `None`: any.
    pub addresses: Option<Vec<HostAddress>>,
    /// Restrictions and, from Active Directory, the PAC.
    pub authorization_data: Option<Vec<AuthorizationElement>>,
}

/// TransitedEncoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transited {
    /// 1 for DOMAIN-X500-COMPRESS, the only one there is.
    pub tr_type: i32,
    /// Realms, comma-separated and compressed (RFC 4120 §3.3.3.2); empty within one realm.
    pub contents: Vec<u8>,
}

impl Default for Transited {
    fn default() -> Self {
        Self { tr_type: 1, contents: Vec::new() }
    }
}

impl Codec for EncTicketPart {
    const NAME: &'static str = "EncTicketPart";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(EncTicketPartView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(3, |w| {
            w.field(0, |w| w.flags(self.flags));
            w.field(1, |w| self.key.write(w));
            w.field(2, |w| w.string(&self.client.realm));
            w.field(3, |w| write_name(w, &self.client));
            w.field(4, |w| self.transited.write(w));
            w.field(5, |w| w.time(self.auth_time));
            w.optional(6, self.start_time, Writer::time);
            w.field(7, |w| w.time(self.end_time));
            w.optional(8, self.renew_till, Writer::time);
            w.optional(9, self.addresses.as_ref(), |w, list| w.list(list, |w, address| address.write(w)));
            w.optional(10, self.authorization_data.as_ref(), |w, list| w.list(list, |w, element| element.write(w)));
        });
    }
}

impl Codec for Transited {
    const NAME: &'static str = "TransitedEncoding";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let TransitedView { tr_type, contents } = TransitedView::read(reader)?;
        Ok(Self { tr_type, contents: contents.to_vec() })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.tr_type.into()));
            w.field(1, |w| w.octets(&self.contents));
        });
    }
}
