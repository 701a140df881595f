//! PAC_CLIENT_INFO (MS-PAC 2.7): whose PAC this is, and of which logon.

use super::{FileTime, PacError};
use crate::messages::view::NameView;

/// Ties a PAC to a ticket: both have the same client and time of authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// `authtime` of the ticket-granting ticket.
    pub auth_time: FileTime,
    /// The name without its realm.
    pub name: String,
}

impl ClientInfo {
    /// Appends the buffer.
    pub(super) fn write(auth_time: FileTime, client: NameView<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&auth_time.octets());
        let length_at = out.len();
        out.extend_from_slice(&[0; 2]);
        // A longer name has no place in the length of 16 bits; it would be cut.
        units(client).take(usize::from(u16::MAX / 2)).for_each(|unit| out.extend_from_slice(&unit.to_le_bytes()));
        let length = u16::try_from(out.len() - length_at - 2).expect("taken so that it fits");
        out[length_at..length_at + 2].copy_from_slice(&length.to_le_bytes());
    }

    /// Reads the buffer. Octets after the name are ignored, as MIT does.
    ///
    /// # Errors
    /// [`PacError::Malformed`].
    pub fn decode(octets: &[u8]) -> Result<Self, PacError> {
        let (auth_time, name) = Self::parts(octets)?;
        let units: Vec<u16> = name.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        let name = String::from_utf16(&units).map_err(|_| BAD)?;
        Ok(Self { auth_time, name })
    }

    /// Time and name, in UTF-16 as it lies there.
    pub(super) fn parts(octets: &[u8]) -> Result<(FileTime, &[u8]), PacError> {
        let (time, rest) = octets.split_first_chunk().ok_or(BAD)?;
        let (length, rest) = rest.split_first_chunk().ok_or(BAD)?;
        let name = rest.get(..usize::from(u16::from_le_bytes(*length))).filter(|name| name.len() % 2 == 0);
        Ok((FileTime(u64::from_le_bytes(*time)), name.ok_or(BAD)?))
    }
}

/// A client's name without its realm, in UTF-16: the components with `/` between them. What is no UTF-8 is replaced.
pub(super) fn units(client: NameView<'_>) -> impl Iterator<Item = u16> {
    client.components().enumerate().flat_map(|(index, component)| {
        let chunks = component.utf8_chunks();
        let units = chunks.flat_map(|chunk| {
            let replacement = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
            chunk.valid().chars().chain(replacement).flat_map(|character| {
                let mut units = [0; 2];
                let length = character.encode_utf16(&mut units).len();
                units.into_iter().take(length)
            })
        });
        (index > 0).then_some(u16::from(b'/')).into_iter().chain(units)
    })
}

const BAD: PacError = PacError::Malformed("client info");
