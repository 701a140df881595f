//! PAC_ATTRIBUTES_INFO (MS-PAC 2.14): whether the client wanted a PAC.

use super::PacError;

/// Why there is a PAC in a ticket-granting ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attributes {
    /// PA-PAC-REQUEST asked for one.
    Requested,
    /// Nothing was said.
    GivenImplicitly,
}

impl Attributes {
    /// The buffer: how many bits there are, and the bits.
    #[must_use]
    pub const fn octets(self) -> [u8; 8] {
        [2, 0, 0, 0, self.bits(), 0, 0, 0]
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Requested => 1,
            Self::GivenImplicitly => 2,
        }
    }

    /// Reads the buffer.
    ///
    /// # Errors
    /// [`PacError::Malformed`].
    pub fn decode(octets: &[u8]) -> Result<Self, PacError> {
        let all = [Self::Requested, Self::GivenImplicitly];
        let found = octets.first_chunk::<8>().and_then(|found| all.into_iter().find(|one| one.octets() == *found));
        found.ok_or(PacError::Malformed("attributes"))
    }
}
