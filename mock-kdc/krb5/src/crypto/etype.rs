//! The four encryption types, by number, name and sizes.

use super::CryptoError;

/// An encryption type (RFC 3961 §6 and its registry). Others than these are plain `i32` in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Etype {
    /// 17, aes128-cts-hmac-sha1-96 (RFC 3962).
    Aes128Sha1,
    /// 18, aes256-cts-hmac-sha1-96 (RFC 3962).
    Aes256Sha1,
    /// 19, aes128-cts-hmac-sha256-128 (RFC 8009).
    Aes128Sha256,
    /// 20, aes256-cts-hmac-sha384-192 (RFC 8009).
    Aes256Sha384,
}

impl Etype {
    /// All four, by number.
    pub const ALL: [Self; 4] = [Self::Aes128Sha1, Self::Aes256Sha1, Self::Aes128Sha256, Self::Aes256Sha384];

    /// The etype of an assigned number, if it is one of the four.
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            17 => Some(Self::Aes128Sha1),
            18 => Some(Self::Aes256Sha1),
            19 => Some(Self::Aes128Sha256),
            20 => Some(Self::Aes256Sha384),
            _ => None,
        }
    }

    /// The assigned number, 17 to 20.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Aes128Sha1 => 17,
            Self::Aes256Sha1 => 18,
            Self::Aes128Sha256 => 19,
            Self::Aes256Sha384 => 20,
        }
    }

    /// The registered name, which krb5.conf uses too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha1 => "aes128-cts-hmac-sha1-96",
            Self::Aes256Sha1 => "aes256-cts-hmac-sha1-96",
            Self::Aes128Sha256 => "aes128-cts-hmac-sha256-128",
            Self::Aes256Sha384 => "aes256-cts-hmac-sha384-192",
        }
    }

    /// Octets of a protocol key.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes128Sha256 => 16,
            Self::Aes256Sha1 | Self::Aes256Sha384 => 32,
        }
    }

    /// Octets of a checksum, and of the tag that ends a ciphertext.
    #[must_use]
    pub const fn tag_length(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 => 12,
            Self::Aes128Sha256 => 16,
            Self::Aes256Sha384 => 24,
        }
    }

    /// The number of the etype's mandatory checksum type: 15, 16, 19 or 20.
    #[must_use]
    pub const fn checksum_type(self) -> i32 {
        match self {
            Self::Aes128Sha1 => 15,
            Self::Aes256Sha1 => 16,
            Self::Aes128Sha256 => 19,
            Self::Aes256Sha384 => 20,
        }
    }

    /// By how many octets a ciphertext is longer than its plaintext: confounder and tag.
    #[must_use]
    pub const fn overhead(self) -> usize {
        CONFOUNDER_LENGTH + self.tag_length()
    }

    /// PBKDF2 iterations when string-to-key has no parameters (RFC 3962 §4: 4096; RFC 8009 §4: 32768).
    #[must_use]
    pub const fn default_iterations(self) -> u32 {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 => 4096,
            Self::Aes128Sha256 | Self::Aes256Sha384 => 32768,
        }
    }
}

/// One AES block of random octets before the plaintext, for all four etypes.
pub(super) const CONFOUNDER_LENGTH: usize = 16;

impl TryFrom<i32> for Etype {
    type Error = CryptoError;

    fn try_from(number: i32) -> Result<Self, CryptoError> {
        Self::from_number(number).ok_or(CryptoError::UnsupportedEtype(number))
    }
}

impl std::fmt::Display for Etype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_its_etype_and_back() {
        for etype in Etype::ALL {
            assert_eq!(Etype::from_number(etype.number()), Some(etype));
        }
        for unknown in [i32::MIN, -133, 0, 1, 16, 21, 23, i32::MAX] {
            assert_eq!(Etype::try_from(unknown), Err(CryptoError::UnsupportedEtype(unknown)));
        }
    }
}
