//! PAC_CLIENT_INFO (MS-PAC 2.7): whose PAC this is, and of which logon.

use super::{FileTime, PacError};

/// Ties a PAC to a ticket: both have the same client and time of authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInfo {
    /// `authtime` of the ticket-granting ticket.
    pub auth_time: FileTime,
    /// The name without its realm.
    pub name: String,
}

impl ClientInfo {
    /// Appends the buffer; `name` is UTF-16.
    pub(super) fn write(auth_time: FileTime, name: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&auth_time.octets());
        // Names are bounded long before this by what the length of a message allows; a longer one would be cut.
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX - 1);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&name[..length.into()]);
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

const BAD: PacError = PacError::Malformed("client info");
