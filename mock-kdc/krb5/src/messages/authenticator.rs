//! Authenticator (RFC 4120 §5.5.1).

use super::principal_name::write_name;
use super::view::{AuthenticatorView, View as _};
use super::{AuthorizationElement, Checksum, EncryptionKey};
use crate::der::{Codec, Error, Reader, Writer};
use crate::{Principal, Timestamp};

/// Proves that the presenter of a ticket knows its session key, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticator {
    /// `crealm` and `cname`.
    pub client: Principal,
    /// Over what belongs to the request; for GSS-API the flags and channel bindings (RFC 4121 §4.1.1).
    pub checksum: Option<Checksum>,
    /// `ctime` and `cusec`.
    pub time: Timestamp,
    /// The client's proposal for a session's own key.
    pub subkey: Option<EncryptionKey>,
    /// First sequence number of the client's messages.
    pub seq_number: Option<u32>,
    /// Restrictions that the client adds.
    pub authorization_data: Option<Vec<AuthorizationElement>>,
}

impl Codec for Authenticator {
    const NAME: &'static str = "Authenticator";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(AuthenticatorView::read(reader)?.to_owned())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(2, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.string(&self.client.realm));
            w.field(2, |w| write_name(w, &self.client));
            w.optional(3, self.checksum.as_ref(), |w, checksum| checksum.write(w));
            w.field(4, |w| w.integer(self.time.subsec_micros().into()));
            w.field(5, |w| w.time(self.time));
            w.optional(6, self.subkey.as_ref(), |w, key| key.write(w));
            w.optional(7, self.seq_number, |w, number| w.integer(number.into()));
            w.optional(8, self.authorization_data.as_ref(), |w, list| w.list(list, |w, element| element.write(w)));
        });
    }
}
