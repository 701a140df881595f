//! Ticket and EncTicketPart (RFC 4120 §5.3).

use super::{
    AuthorizationElementView, EncryptedDataView, EncryptionKeyView, HostAddressView, ListView, NameView, PrincipalView,
    View,
};
use crate::Timestamp;
use crate::der::{Error, Reader, Writer};
use crate::messages::{EncTicketPart, Transited};

/// A ticket: for which service, and what only that service can read.
#[derive(Debug, Clone, Copy)]
pub struct TicketView<'a> {
    /// `realm` and `sname`.
    pub server: PrincipalView<'a>,
    /// An [`EncTicketPartView`] under the server's key, usage 2.
    pub enc_part: EncryptedDataView<'a>,
    octets: &'a [u8],
}

/// EncTicketPart: what the KDC tells a service about a client.
#[derive(Debug, Clone, Copy)]
pub struct EncTicketPartView<'a> {
    /// TicketFlags, see [`crate::messages::flags::ticket`].
    pub flags: u32,
    /// The session key.
    pub key: EncryptionKeyView<'a>,
    /// `crealm` and `cname`.
    pub client: PrincipalView<'a>,
    /// Which realms the client came through.
    pub transited: TransitedView<'a>,
    /// Time of the initial authentication.
    pub auth_time: Timestamp,
    /// From when on the ticket is valid; absent: `auth_time`.
    pub start_time: Option<Timestamp>,
    /// Until when.
    pub end_time: Timestamp,
    /// Until when it can be renewed.
    pub renew_till: Option<Timestamp>,
    /// Addresses from which it may be used; `None`: any.
    pub addresses: Option<ListView<'a, HostAddressView<'a>>>,
    /// Restrictions and, from Active Directory, the PAC.
    pub authorization_data: Option<ListView<'a, AuthorizationElementView<'a>>>,
}

/// TransitedEncoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitedView<'a> {
    /// 1 for DOMAIN-X500-COMPRESS, the only one there is.
    pub tr_type: i32,
    /// Realms, comma-separated and compressed (RFC 4120 §3.3.3.2); empty within one realm.
    pub contents: &'a [u8],
}

impl<'a> TicketView<'a> {
    /// The encoding, as it was received.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }
}

impl<'a> View<'a> for TicketView<'a> {
    const NAME: &'static str = "Ticket";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let ((server, enc_part), octets) = reader.with_octets(|r| {
            let mut ticket = r.application_sequence(1)?;
            ticket.field(0, "tkt-vno", Reader::version)?;
            let realm = ticket.field(1, "realm", Reader::string)?;
            let server = ticket.field(2, "sname", NameView::read)?.at(realm);
            Ok((server, ticket.field(3, "enc-part", EncryptedDataView::read)?))
        })?;
        Ok(Self { server, enc_part, octets })
    }
}

impl EncTicketPartView<'_> {
    /// Appends the encoding. `authorization_data` may be added to by whoever has the closure's writer: it is called for
    /// the content of the SEQUENCE if `has_authorization_data`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        self.write_with(
            writer,
            self.authorization_data
                .as_ref()
                .map(|list| move |w: &mut Writer<'_>| list.iter().for_each(|element| element.write(w))),
        );
    }

    /// Appends the encoding with other authorization data than its own: `authorization` writes the elements, one after
    /// the other, within the SEQUENCE that is there already; `None` leaves the field out.
    pub fn write_with(&self, writer: &mut Writer<'_>, authorization: Option<impl FnOnce(&mut Writer<'_>)>) {
        // As long as real ones are; with authorization data they are longer.
        let about = if authorization.is_some() { 0x100 } else { 0x80 };
        writer.application_sequence_about(3, about, |w| {
            w.field(0, |w| w.flags(self.flags));
            w.field(1, |w| self.key.write(w));
            w.field(2, |w| w.string(self.client.realm));
            w.field(3, |w| self.client.name.write(w));
            w.field(4, |w| self.transited.write(w));
            w.field(5, |w| w.time(self.auth_time));
            w.optional(6, self.start_time, Writer::time);
            w.field(7, |w| w.time(self.end_time));
            w.optional(8, self.renew_till, Writer::time);
            w.optional(9, self.addresses, |w, list| w.list(list, |w, address| address.write(w)));
            w.optional(10, authorization, |w, elements| w.sequence(elements));
        });
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn to_owned(&self) -> EncTicketPart {
        EncTicketPart {
            flags: self.flags,
            key: self.key.to_owned(),
            client: self.client.to_owned(),
            transited: Transited { tr_type: self.transited.tr_type, contents: self.transited.contents.to_vec() },
            auth_time: self.auth_time,
            start_time: self.start_time,
            end_time: self.end_time,
            renew_till: self.renew_till,
            addresses: self.addresses.map(|list| list.iter().map(HostAddressView::to_owned).collect()),
            authorization_data: self
                .authorization_data
                .map(|list| list.iter().map(AuthorizationElementView::to_owned).collect()),
        }
    }
}

impl<'a> View<'a> for EncTicketPartView<'a> {
    const NAME: &'static str = "EncTicketPart";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut part = reader.application_sequence(3)?;
        let flags = part.field(0, "flags", Reader::flags)?;
        let key = part.field(1, "key", EncryptionKeyView::read)?;
        let crealm = part.field(2, "crealm", Reader::string)?;
        Ok(Self {
            flags,
            key,
            client: part.field(3, "cname", NameView::read)?.at(crealm),
            transited: part.field(4, "transited", TransitedView::read)?,
            auth_time: part.field(5, "authtime", Reader::time)?,
            start_time: part.optional(6, "starttime", Reader::time)?,
            end_time: part.field(7, "endtime", Reader::time)?,
            renew_till: part.optional(8, "renew-till", Reader::time)?,
            addresses: part.optional(9, "caddr", ListView::read)?,
            authorization_data: part.optional(10, "authorization-data", ListView::read)?,
        })
    }
}

impl TransitedView<'_> {
    /// Within one realm.
    pub const NONE: TransitedView<'static> = TransitedView { tr_type: 1, contents: &[] };

    fn write(self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.tr_type.into()));
            w.field(1, |w| w.octets(self.contents));
        });
    }
}

impl<'a> View<'a> for TransitedView<'a> {
    const NAME: &'static str = "TransitedEncoding";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut transited = reader.sequence()?;
        Ok(Self {
            tr_type: transited.field(0, "tr-type", Reader::int32)?,
            contents: transited.field(1, "contents", Reader::octets)?,
        })
    }
}
