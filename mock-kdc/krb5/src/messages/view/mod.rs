//! Messages read where they lie: what a KDC reads of a request, without a copy and without an allocation.
//!
//! A view borrows the received octets. Everything is validated when it is decoded, lists included, so that nothing can
//! fail later; lists are then iterated in place ([`ListView`]). What others have signed or encrypted is kept as it was
//! received: [`KdcRequestView::body_octets`], [`TicketView::octets`].
//!
//! This is the only decoder of these messages: the owned types of [`super`] are made of views.

mod ap_request;
mod kdc_request;
mod krb_error;
mod list;
mod name;
mod sealed;
mod ticket;
mod typed;

pub use ap_request::{ApRequestView, AuthenticatorView};
pub use kdc_request::{KdcRequestBodyView, KdcRequestView};
pub use krb_error::KrbErrorView;
pub use list::{Elements, ListView};
pub use name::{NameView, Named, PrincipalView};
pub use sealed::{ChecksumView, EncryptedDataView, EncryptionKeyView};
pub use ticket::{EncTicketPartView, TicketView, TransitedView};
pub use typed::{AuthorizationElementView, EtypeInfo2EntryView, HostAddressView, PaDataView};

use crate::der::{Error, Reader};

/// A type that is read from the octets which it keeps borrowing.
pub trait View<'a>: Sized {
    /// What the specification calls it; begins the text of every decoding error.
    const NAME: &'static str;

    /// Reads one from the front of `reader`.
    ///
    /// # Errors
    /// The octets are not an encoding of it; the error names message, field and offset.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error>;

    /// Decodes a whole message. Octets after it are ignored, as [`super::Codec::decode`] does.
    ///
    /// # Errors
    /// As [`View::read`], and messages beyond [`crate::der::MAX_MESSAGE`].
    fn decode(octets: &'a [u8]) -> Result<Self, Error> {
        Self::read(&mut Reader::new(Self::NAME, octets)?)
    }
}

impl<'a> View<'a> for i32 {
    const NAME: &'static str = "Int32";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.int32()
    }
}

/// A KerberosString.
impl<'a> View<'a> for &'a [u8] {
    const NAME: &'static str = "KerberosString";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.string()
    }
}

#[cfg(test)]
mod tests;
