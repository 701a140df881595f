//! Ticket (RFC 4120 §5.3).

use super::EncryptedData;
use super::principal_name::write_name;
use super::view::{TicketView, View as _};
use crate::Principal;
use crate::der::{Codec, Error, Reader, Writer};

/// A ticket: for which service, and what only that service can read.
///
/// INVARIANT: `octets` is an encoding of the other fields. It is kept because a client must present a ticket as it was
/// issued, whichever encoder made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    server: Principal,
    enc_part: EncryptedData,
    octets: Vec<u8>,
}

impl Ticket {
    const APPLICATION: u8 = 1;

    /// A ticket for `server`; `enc_part` is an [`super::EncTicketPart`] under the server's key, usage 2.
    #[must_use]
    pub fn new(server: Principal, enc_part: EncryptedData) -> Self {
        let mut octets = Vec::with_capacity(enc_part.cipher.len() + 128);
        Writer::new(&mut octets).application_sequence(Self::APPLICATION, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.string(&server.realm));
            w.field(2, |w| write_name(w, &server));
            w.field(3, |w| enc_part.write(w));
        });
        Self { server, enc_part, octets }
    }

    /// `realm` and `sname`.
    #[must_use]
    pub const fn server(&self) -> &Principal {
        &self.server
    }

    /// The encrypted part.
    #[must_use]
    pub const fn enc_part(&self) -> &EncryptedData {
        &self.enc_part
    }

    /// The encoding, as it was received.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl From<TicketView<'_>> for Ticket {
    fn from(view: TicketView<'_>) -> Self {
        Self { server: view.server.to_owned(), enc_part: view.enc_part.to_owned(), octets: view.octets().to_vec() }
    }
}

impl Codec for Ticket {
    const NAME: &'static str = "Ticket";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(TicketView::read(reader)?.into())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.raw(&self.octets);
    }
}
