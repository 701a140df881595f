//! The encryption types, by number, name and sizes, and those that are refused by name.

use std::str::FromStr;

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
    /// 23, rc4-hmac (RFC 4757). Deprecated (RFC 8429), and still what Active Directory issues for many a service.
    Rc4Hmac,
}

impl Etype {
    /// All of them, by number.
    pub const ALL: [Self; 5] =
        [Self::Aes128Sha1, Self::Aes256Sha1, Self::Aes128Sha256, Self::Aes256Sha384, Self::Rc4Hmac];

    /// Those with AES, by number: what is not deprecated, and has the tokens of RFC 4121 in GSS-API.
    pub const AES: [Self; 4] = [Self::Aes128Sha1, Self::Aes256Sha1, Self::Aes128Sha256, Self::Aes256Sha384];

    /// The etype of an assigned number, if it is one of [`Self::ALL`].
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            17 => Some(Self::Aes128Sha1),
            18 => Some(Self::Aes256Sha1),
            19 => Some(Self::Aes128Sha256),
            20 => Some(Self::Aes256Sha384),
            23 => Some(Self::Rc4Hmac),
            _ => None,
        }
    }

    /// The assigned number: 17 to 20, or 23.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Aes128Sha1 => 17,
            Self::Aes256Sha1 => 18,
            Self::Aes128Sha256 => 19,
            Self::Aes256Sha384 => 20,
            Self::Rc4Hmac => 23,
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
            Self::Rc4Hmac => "rc4-hmac",
        }
    }

    /// Octets of a protocol key.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes128Sha256 | Self::Rc4Hmac => 16,
            Self::Aes256Sha1 | Self::Aes256Sha384 => 32,
        }
    }

    /// Octets of a checksum, and of the tag that ends a ciphertext (with RC4: begins it).
    #[must_use]
    pub const fn tag_length(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 => 12,
            Self::Aes128Sha256 | Self::Rc4Hmac => 16,
            Self::Aes256Sha384 => 24,
        }
    }

    /// The number of the etype's mandatory checksum type: 15, 16, 19, 20 or -138.
    #[must_use]
    pub const fn checksum_type(self) -> i32 {
        match self {
            Self::Aes128Sha1 => 15,
            Self::Aes256Sha1 => 16,
            Self::Aes128Sha256 => 19,
            Self::Aes256Sha384 => 20,
            Self::Rc4Hmac => -138,
        }
    }

    /// Octets of randomness before the plaintext: one block of AES, 8 octets with RC4.
    #[must_use]
    pub const fn confounder_length(self) -> usize {
        match self {
            Self::Rc4Hmac => 8,
            _ => 16,
        }
    }

    /// By how many octets a ciphertext is longer than its plaintext: confounder and tag.
    #[must_use]
    pub const fn overhead(self) -> usize {
        self.confounder_length() + self.tag_length()
    }

    /// PBKDF2 iterations when string-to-key has no parameters (RFC 3962 §4: 4096; RFC 8009 §4: 32768). RC4 does not iterate: 0.
    #[must_use]
    pub const fn default_iterations(self) -> u32 {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 => 4096,
            Self::Aes128Sha256 | Self::Aes256Sha384 => 32768,
            Self::Rc4Hmac => 0,
        }
    }
}

/// Names as MIT's krb5.conf takes them, and numbers, of what is not served. The numbers are those of RFC 3961 §8.
const REFUSED: [(i32, &[&str], &str); 8] = [
    (1, &["des-cbc-crc"], "weak (RFC 6649)"),
    (2, &["des-cbc-md4"], "weak (RFC 6649)"),
    (3, &["des-cbc-md5", "des"], "weak (RFC 6649)"),
    (8, &["des-hmac-sha1"], "weak (RFC 6649)"),
    (16, &["des3-cbc-sha1", "des3-cbc-sha1-kd", "des3-hmac-sha1", "des3"], "weak (RFC 8429)"),
    (24, &["rc4-hmac-exp", "arcfour-hmac-exp", "arcfour-hmac-md5-exp"], "weak (RFC 6649)"),
    (25, &["camellia128-cts-cmac", "camellia128-cts"], "known to MIT krb5 alone"),
    (26, &["camellia256-cts-cmac", "camellia256-cts"], "known to MIT krb5 alone"),
];

/// Other names of MIT's for what is served.
const ALIASES: [(&str, Etype); 7] = [
    ("aes128-cts", Etype::Aes128Sha1),
    ("aes256-cts", Etype::Aes256Sha1),
    ("aes128-sha2", Etype::Aes128Sha256),
    ("aes256-sha2", Etype::Aes256Sha384),
    ("arcfour-hmac", Etype::Rc4Hmac),
    ("arcfour-hmac-md5", Etype::Rc4Hmac),
    ("rc4", Etype::Rc4Hmac),
];

const ALLOWED: &str = "expected one of aes128-cts-hmac-sha1-96 (17), aes256-cts-hmac-sha1-96 (18), aes128-cts-hmac-sha256-128 (19), aes256-cts-hmac-sha384-192 (20), rc4-hmac (23)";

/// Why what somebody wrote in a file is no [`Etype`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EtypeRefused {
    /// An encryption type that there is, and that we do not serve.
    #[error("{name} is {reason} and not served, {ALLOWED}")]
    NotServed {
        /// Its first name.
        name: &'static str,
        /// What speaks against it.
        reason: &'static str,
    },
    /// No encryption type at all.
    #[error("unknown encryption type '{0}', {ALLOWED}")]
    Unknown(String),
}

impl Etype {
    /// The etype of a number that somebody wrote in a file.
    ///
    /// # Errors
    /// [`EtypeRefused`], which names a weak one.
    pub fn from_written_number(number: i32) -> Result<Self, EtypeRefused> {
        Self::from_number(number).ok_or_else(|| match REFUSED.iter().find(|(refused, ..)| *refused == number) {
            Some((_, names, reason)) => EtypeRefused::NotServed { name: names[0], reason },
            None => EtypeRefused::Unknown(number.to_string()),
        })
    }
}

/// The names that krb5.conf has, in any case.
impl FromStr for Etype {
    type Err = EtypeRefused;

    fn from_str(written: &str) -> Result<Self, EtypeRefused> {
        let is = |name: &str| name.eq_ignore_ascii_case(written);
        let alias = || ALIASES.into_iter().find(|(name, _)| is(name)).map(|(_, etype)| etype);
        if let Some(etype) = Self::ALL.into_iter().find(|etype| is(etype.name())).or_else(alias) {
            return Ok(etype);
        }
        match REFUSED.iter().find(|(_, names, _)| names.iter().any(|name| is(name))) {
            Some((_, names, reason)) => Err(EtypeRefused::NotServed { name: names[0], reason }),
            None => Err(EtypeRefused::Unknown(written.to_owned())),
        }
    }
}

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
        for unknown in [i32::MIN, -133, 0, 1, 16, 21, 24, i32::MAX] {
            assert_eq!(Etype::try_from(unknown), Err(CryptoError::UnsupportedEtype(unknown)));
        }
    }

    #[test]
    fn a_name_of_mits_names_its_etype() {
        for etype in Etype::ALL {
            assert_eq!(etype.name().parse(), Ok(etype));
        }
        assert_eq!("AES256-CTS".parse(), Ok(Etype::Aes256Sha1));
        assert_eq!("arcfour-hmac".parse(), Ok(Etype::Rc4Hmac));
    }

    #[test]
    fn what_is_weak_is_refused_by_its_name() {
        #[track_caller]
        fn check(found: Result<Etype, EtypeRefused>, expected: &str) {
            let found = found.unwrap_err().to_string();
            assert_eq!(found, format!("{expected}, {ALLOWED}"));
        }
        check("des-cbc-md5".parse(), "des-cbc-md5 is weak (RFC 6649) and not served");
        check(Etype::from_written_number(3), "des-cbc-md5 is weak (RFC 6649) and not served");
        check(Etype::from_written_number(1), "des-cbc-crc is weak (RFC 6649) and not served");
        check(Etype::from_written_number(2), "des-cbc-md4 is weak (RFC 6649) and not served");
        check("des3-hmac-sha1".parse(), "des3-cbc-sha1 is weak (RFC 8429) and not served");
        check(Etype::from_written_number(16), "des3-cbc-sha1 is weak (RFC 8429) and not served");
        check(Etype::from_written_number(24), "rc4-hmac-exp is weak (RFC 6649) and not served");
        check("camellia256-cts".parse(), "camellia256-cts-cmac is known to MIT krb5 alone and not served");
        check("aes512".parse(), "unknown encryption type 'aes512'");
        check(Etype::from_written_number(-133), "unknown encryption type '-133'");
        for etype in Etype::ALL {
            assert!(ALLOWED.contains(&format!("{etype} ({})", etype.number())), "{etype}");
            assert_eq!(Etype::from_written_number(etype.number()), Ok(etype));
        }
    }
}
