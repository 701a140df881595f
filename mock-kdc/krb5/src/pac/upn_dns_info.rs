//! UPN_DNS_INFO (MS-PAC 2.10): the user principal name and the domain's DNS name; since 2021 also the account's own name
//! and SID.

use super::{PacError, Sid};

/// Other names of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpnDnsInfo {
    /// `alice@corp.example.com`.
    pub upn: String,
    /// Whether the account has no such name of its own, and this one was made of account and domain (flag U).
    pub upn_is_constructed: bool,
    /// The domain's DNS name, in capitals.
    pub dns_domain: String,
    /// The account's name and SID (flag S).
    pub account: Option<(String, Sid)>,
}

const CONSTRUCTED: u32 = 1;
const WITH_ACCOUNT: u32 = 2;

const BAD: PacError = PacError::Malformed("upn and dns info");

impl UpnDnsInfo {
    /// The buffer, each part at a multiple of eight as Windows has it.
    ///
    /// # Errors
    /// [`PacError::Malformed`] if it would have more than 65535 octets.
    pub fn encode(&self) -> Result<Vec<u8>, PacError> {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let mut parts = vec![utf16(&self.upn), utf16(&self.dns_domain)];
        if let Some((name, sid)) = &self.account {
            parts.extend([utf16(name), sid.octets()]);
        }
        let mut places = Vec::new();
        // 12 or 20 octets of places, and what is missing to a multiple of eight.
        let mut end: usize = if self.account.is_some() { 24 } else { 16 };
        let mut data = Vec::new();
        for part in &parts {
            let number = |number: usize| u16::try_from(number).map_err(|_| BAD);
            places.extend([number(part.len())?, number(end)?]);
            data.extend_from_slice(part);
            data.resize(data.len().next_multiple_of(8), 0);
            end += part.len().next_multiple_of(8);
        }
        let flags = if self.upn_is_constructed { CONSTRUCTED } else { 0 }
            | if self.account.is_some() { WITH_ACCOUNT } else { 0 };
        let mut octets: Vec<u8> = places[..4].iter().copied().flat_map(u16::to_le_bytes).collect();
        octets.extend_from_slice(&flags.to_le_bytes());
        octets.extend(places[4..].iter().copied().flat_map(u16::to_le_bytes));
        octets.resize(octets.len().next_multiple_of(8), 0);
        octets.extend_from_slice(&data);
        Ok(octets)
    }

    /// Reads the buffer.
    ///
    /// # Errors
    /// [`PacError::Malformed`].
    pub fn decode(octets: &[u8]) -> Result<Self, PacError> {
        let number = |at: usize| {
            let octets = octets.get(at..at + 2).ok_or(BAD)?;
            Ok::<_, PacError>(usize::from(u16::from_le_bytes(octets.try_into().expect("two octets"))))
        };
        let part = |at: usize| {
            let (length, offset) = (number(at)?, number(at + 2)?);
            octets.get(offset..offset + length).ok_or(BAD)
        };
        let text = |at: usize| {
            let (units, []) = part(at)?.as_chunks::<2>() else { return Err(BAD) };
            let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
            String::from_utf16(&units).map_err(|_| BAD)
        };
        let flags = number(8)? as u32 | (number(10)? as u32) << 16;
        let with_account = flags & WITH_ACCOUNT != 0;
        Ok(Self {
            upn: text(0)?,
            upn_is_constructed: flags & CONSTRUCTED != 0,
            dns_domain: text(4)?,
            account: if with_account { Some((text(12)?, Sid::from_octets(part(16)?)?)) } else { None },
        })
    }
}
