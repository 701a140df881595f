//! Signatures (MS-PAC 2.8): of whom, over what.

use super::container::Buffer;
use super::{Pac, PacError, kind};
use crate::crypto::{Key, usage};

/// Octets before the signature: its type.
pub(super) const TYPE_LENGTH: usize = 4;

/// The longest signature is 24 octets, and an identifier of two may follow.
const SIGNATURE_LENGTH_MAX: usize = 64;
const ZEROS: [u8; SIGNATURE_LENGTH_MAX] = [0; SIGNATURE_LENGTH_MAX];

impl Pac<'_> {
    /// The signature of the service's key, over the PAC with both signatures zeroed.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify_server(&self, key: &Key) -> Result<(), PacError> {
        self.verify_over_all(kind::SERVER_CHECKSUM, &[kind::SERVER_CHECKSUM, kind::KDC_CHECKSUM], key)
    }

    /// The signature of the KDC's key, over the service's signature.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify_kdc(&self, key: &Key) -> Result<(), PacError> {
        let server = self.find(kind::SERVER_CHECKSUM)?;
        let signed = server.octets.get(TYPE_LENGTH..).ok_or(SHORT)?;
        verify(self.find(kind::KDC_CHECKSUM)?, key, &[signed])
    }

    /// The signature of the KDC's key over the whole PAC with all three signatures zeroed. In tickets for services only.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify_full(&self, key: &Key) -> Result<(), PacError> {
        let zeroed = [kind::SERVER_CHECKSUM, kind::KDC_CHECKSUM, kind::FULL_CHECKSUM];
        self.verify_over_all(kind::FULL_CHECKSUM, &zeroed, key)
    }

    /// The signature of the KDC's key over the ticket: the encoding of EncTicketPart with [`super::PLACEHOLDER`] in the
    /// PAC's place. In tickets for services only.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify_ticket(&self, key: &Key, ticket: &[u8]) -> Result<(), PacError> {
        verify(self.find(kind::TICKET_CHECKSUM)?, key, &[ticket])
    }

    fn verify_over_all(&self, signature: u32, zeroed: &[u32], key: &Key) -> Result<(), PacError> {
        const PARTS_MAX: usize = 7;
        // Where zeros stand for signatures, in the order of the octets.
        let mut holes = [(usize::MAX, 0); 3];
        for (hole, kind) in holes.iter_mut().zip(zeroed) {
            let buffer = self.find(*kind)?;
            let length = buffer.octets.len().checked_sub(TYPE_LENGTH).ok_or(SHORT)?;
            if length > SIGNATURE_LENGTH_MAX {
                return Err(PacError::Malformed("signature of more than 64 octets"));
            }
            *hole = (buffer.offset + TYPE_LENGTH, length);
        }
        holes.sort_unstable();
        let mut parts = [&[][..]; PARTS_MAX];
        let mut done = 0;
        let mut used = 0;
        for (start, length) in holes.into_iter().take(zeroed.len()) {
            parts[used] = self.octets().get(done..start).ok_or(PacError::Malformed("signatures overlap"))?;
            parts[used + 1] = &ZEROS[..length];
            done = start + length;
            used += 2;
        }
        parts[used] = self.octets().get(done..).unwrap_or_default();
        verify(self.find(signature)?, key, &parts)
    }
}

const SHORT: PacError = PacError::Malformed("signature without a type");

fn verify(buffer: Buffer<'_>, key: &Key, signed: &[&[u8]]) -> Result<(), PacError> {
    let (found, rest) = buffer.octets.split_first_chunk().ok_or(SHORT)?;
    let (found, expected) = (i32::from_le_bytes(*found), key.etype().checksum_type());
    let kind = buffer.kind;
    if found != expected {
        return Err(PacError::ChecksumType { kind, found, expected });
    }
    // The identifier of a read-only domain controller may follow.
    let signature = rest.get(..key.etype().tag_length()).ok_or(PacError::Signature(kind))?;
    key.verify_checksum_parts(usage::PAC_CHECKSUM, signed, signature).map_err(|_| PacError::Signature(kind))
}
