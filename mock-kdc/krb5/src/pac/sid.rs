//! Security identifiers (MS-DTYP 2.4.2): `S-1-5-21-1-2-3-1104`.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::PacError;

/// A SID of revision 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sid {
    /// 48 bits.
    authority: u64,
    /// INVARIANT: at most 15.
    sub_authorities: Vec<u32>,
}

const SUB_AUTHORITIES_MAX: usize = 15;
const REVISION: u8 = 1;

impl Sid {
    /// From its numbers; `None` for more than 15 sub-authorities or an authority of more than 48 bits.
    #[must_use]
    pub fn new(authority: u64, sub_authorities: &[u32]) -> Option<Self> {
        let fits = sub_authorities.len() <= SUB_AUTHORITIES_MAX && authority < 1 << 48;
        fits.then(|| Self { authority, sub_authorities: sub_authorities.to_vec() })
    }

    /// A domain's SID that its name alone decides, so that each run of a test has the same.
    #[must_use]
    pub fn of_domain(name: &str) -> Self {
        let digest = Sha256::digest(name.to_ascii_uppercase());
        let number = |index: usize| u32::from_le_bytes([0, 1, 2, 3].map(|octet| digest[4 * index + octet]));
        Self { authority: 5, sub_authorities: vec![21, number(0), number(1), number(2)] }
    }

    /// The SID of a member of this domain.
    #[must_use]
    pub fn with_rid(&self, rid: u32) -> Self {
        let mut sub_authorities = self.sub_authorities.clone();
        sub_authorities.truncate(SUB_AUTHORITIES_MAX - 1);
        sub_authorities.push(rid);
        Self { authority: self.authority, sub_authorities }
    }

    /// Whether this is a domain's own SID, or that of a member.
    #[must_use]
    pub fn is_within(&self, domain: &Self) -> bool {
        self.authority == domain.authority && self.sub_authorities.starts_with(&domain.sub_authorities)
    }

    /// How many numbers there are after the authority.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.sub_authorities.len()).expect("at most 15")
    }

    /// The form in PAC_REQUESTOR and UPN_DNS_INFO.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let mut octets = vec![REVISION, u8::try_from(self.sub_authorities.len()).expect("at most 15")];
        octets.extend_from_slice(&self.authority.to_be_bytes()[2..]);
        for number in &self.sub_authorities {
            octets.extend_from_slice(&number.to_le_bytes());
        }
        octets
    }

    /// Reads [`Self::octets`]; nothing may follow.
    ///
    /// # Errors
    /// [`PacError::Malformed`].
    pub fn from_octets(octets: &[u8]) -> Result<Self, PacError> {
        const BAD: PacError = PacError::Malformed("sid");
        let ([REVISION, count, authority @ ..], rest) = octets.split_first_chunk::<8>().ok_or(BAD)? else {
            return Err(BAD);
        };
        let (numbers, []) = rest.as_chunks::<4>() else { return Err(BAD) };
        if numbers.len() != usize::from(*count) || numbers.len() > SUB_AUTHORITIES_MAX {
            return Err(BAD);
        }
        let authority = authority.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
        Ok(Self { authority, sub_authorities: numbers.iter().map(|octets| u32::from_le_bytes(*octets)).collect() })
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-{REVISION}-{}", self.authority)?;
        self.sub_authorities.iter().try_for_each(|number| write!(f, "-{number}"))
    }
}

impl FromStr for Sid {
    type Err = PacError;

    fn from_str(text: &str) -> Result<Self, PacError> {
        const BAD: PacError = PacError::Malformed("sid");
        let mut numbers = text.strip_prefix("S-1-").ok_or(BAD)?.split('-');
        let authority = numbers.next().and_then(|number| number.parse().ok()).ok_or(BAD)?;
        let numbers: Vec<u32> = numbers.map(str::parse).collect::<Result<_, _>>().map_err(|_| BAD)?;
        Self::new(authority, &numbers).ok_or(BAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::octets::octets;

    #[test]
    fn a_sid_is_read_and_written() {
        let sid: Sid = "S-1-5-21-397955417-626881126-188441444-1104".parse().unwrap();
        // revision, count, authority, 21, three numbers of the domain, RID
        let expected = octets("01 05 000000000005 15000000 5951b817 66725d25 64633b0b 50040000");
        assert_eq!(sid.octets(), expected);
        assert_eq!(Sid::from_octets(&expected), Ok(sid.clone()));
        assert_eq!(sid.to_string(), "S-1-5-21-397955417-626881126-188441444-1104");
        for length in 0..expected.len() {
            assert!(Sid::from_octets(&expected[..length]).is_err(), "{length}");
        }
        assert!(Sid::from_octets(&[&expected[..], &[0]].concat()).is_err());
        for bad in ["", "S-1", "S-2-5-21", "S-1-x", "S-1-281474976710656", "S-1-5-4294967296"] {
            assert!(bad.parse::<Sid>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_member_is_within_its_domain() {
        let (domain, other) = (Sid::of_domain("corp.example.com"), Sid::of_domain("OTHER"));
        assert_eq!(domain, Sid::of_domain("CORP.EXAMPLE.COM"));
        assert!(domain.with_rid(500).is_within(&domain) && !domain.with_rid(500).is_within(&other));
        assert!(domain.to_string().starts_with("S-1-5-21-"), "{domain}");
    }
}
