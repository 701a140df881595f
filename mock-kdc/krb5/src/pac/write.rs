//! Writing a PAC, with its signatures.

use std::ops::Range;

use super::container::{ALIGNMENT, ENTRY_LENGTH, HEADER_LENGTH};
use super::verify::TYPE_LENGTH;
use super::{ClientInfo, FileTime, LogonInfo, kind};
use crate::crypto::{CHECKSUM_LENGTH_MAX, Key, usage};
use crate::messages::view::NameView;

/// A buffer to be written.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// Octets as they are.
    Octets(u32, &'a [u8]),
    /// PAC_CLIENT_INFO.
    ClientInfo {
        /// `authtime` of the ticket.
        auth_time: FileTime,
        /// As the ticket has it.
        client: NameView<'a>,
    },
    /// KERB_VALIDATION_INFO with another time of logon.
    LogonInfo {
        /// What [`LogonInfo::encode`] has made.
        octets: &'a [u8],
        /// When the client logged on.
        logon_time: FileTime,
    },
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The key of the ticket.
    pub server: &'a Key,
    /// The key of the ticket-granting service.
    pub kdc: &'a Key,
    /// For all services but krbtgt and kadmin/changepw: the encoding of EncTicketPart with [`super::PLACEHOLDER`] in the
    /// PAC's place. There are then signatures 16 and 19.
    pub ticket: Option<&'a [u8]>,
}

impl Signed<'_> {
    /// Appends a PAC of these buffers, in this order, the signatures last. None of `pieces` is a signature.
    pub fn write<'p, I>(&self, pieces: I, out: &mut Vec<u8>)
    where
        I: Iterator<Item = Piece<'p>> + Clone,
    {
        let start = out.len();
        let signatures: &[(u32, &Key)] = &[
            (kind::SERVER_CHECKSUM, self.server),
            (kind::KDC_CHECKSUM, self.kdc),
            (kind::TICKET_CHECKSUM, self.kdc),
            (kind::FULL_CHECKSUM, self.kdc),
        ];
        let signatures = &signatures[..if self.ticket.is_some() { 4 } else { 2 }];
        let count = pieces.clone().count() + signatures.len();
        out.extend_from_slice(&u32::try_from(count).expect("a few buffers").to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.resize(start + HEADER_LENGTH + count * ENTRY_LENGTH, 0);
        let mut entry = start + HEADER_LENGTH;
        let mut places = [0..0, 0..0, 0..0, 0..0];
        for piece in pieces {
            let from = out.len();
            let kind = piece.write(out);
            enter(out, &mut entry, start, kind, from);
        }
        for ((kind, key), place) in signatures.iter().zip(&mut places) {
            let from = out.len();
            out.extend_from_slice(&key.etype().checksum_type().to_le_bytes());
            *place = from + TYPE_LENGTH..from + TYPE_LENGTH + key.etype().tag_length();
            out.resize(place.end, 0);
            enter(out, &mut entry, start, *kind, from);
        }
        let [server, kdc, ticket, full] = places;
        // Each is over what was filled in before: first what is over the ticket, then what is over all, then the
        // two that there have always been.
        let sign = |key: &Key, signed: &[u8]| key.checksum_array(usage::PAC_CHECKSUM, signed);
        let fill = |out: &mut Vec<u8>, place: Range<usize>, signature: [u8; CHECKSUM_LENGTH_MAX]| {
            let length = place.len();
            out[place].copy_from_slice(&signature[..length]);
        };
        if let Some(octets) = self.ticket {
            fill(out, ticket, sign(self.kdc, octets));
            let signature = sign(self.kdc, &out[start..]);
            fill(out, full, signature);
        }
        let signature = sign(self.server, &out[start..]);
        fill(out, server.clone(), signature);
        let signature = sign(self.kdc, &out[server]);
        fill(out, kdc, signature);
    }
}

/// Fills in the table's next entry for a buffer that ends where `out` does, and pads it.
fn enter(out: &mut Vec<u8>, entry: &mut usize, start: usize, kind: u32, from: usize) {
    let size = u32::try_from(out.len() - from).expect("buffers are shorter than messages");
    let offset = u64::try_from(from - start).expect("an offset within a message");
    out[*entry..*entry + 4].copy_from_slice(&kind.to_le_bytes());
    out[*entry + 4..*entry + 8].copy_from_slice(&size.to_le_bytes());
    out[*entry + 8..*entry + 16].copy_from_slice(&offset.to_le_bytes());
    *entry += ENTRY_LENGTH;
    out.resize(start + (out.len() - start).next_multiple_of(ALIGNMENT), 0);
}

impl Piece<'_> {
    fn write(self, out: &mut Vec<u8>) -> u32 {
        match self {
            Self::Octets(kind, octets) => {
                out.extend_from_slice(octets);
                kind
            }
            Self::ClientInfo { auth_time, client } => {
                ClientInfo::write(auth_time, client, out);
                kind::CLIENT_INFO
            }
            Self::LogonInfo { octets, logon_time } => {
                let start = out.len();
                out.extend_from_slice(octets);
                LogonInfo::set_logon_time(&mut out[start..], logon_time);
                kind::LOGON_INFO
            }
        }
    }
}
