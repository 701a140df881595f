//! Deliberate departures from the protocol in requests: each bends one named thing, for KDCs that must refuse it.
//!
//! What the rest of a request is made of, as the checksum over its body, is made of what was bent, so that a KDC finds
//! that one thing wrong and nothing else.

use super::Request;
use crate::crypto::{Key, usage};
use crate::der::{Codec as _, Element};
use crate::fast::{FastBody, FastRequest, armor_key, options};
use crate::messages::flags::{ap_options, kdc_options};
use crate::messages::{Authenticator, Checksum, Exchange, KdcRequestBody, PaData, padata_type};
use crate::{Random, Timestamp};

/// One departure from the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deviation {
    /// Only DES is offered, which RFC 6649 forbids and KDCs do not have any more (they answer 14).
    OnlyWeakEtypes,
    /// The ticket is to have ended an hour ago (11).
    TillInThePast,
    /// A TGS-REQ for another service than that of the ticket which it shows is to renew that one (26; 13 if it cannot be
    /// renewed).
    RenewsForAnotherService,
    /// A TGS-REQ shows no ticket (16).
    WithoutApRequest,
    /// The AP-REQ in a TGS-REQ has version 4 (39; MIT's KDC says 3).
    ApRequestVersion4,
    /// The AP-REQ in a TGS-REQ says that it is an AP-REP (40; MIT's KDC says 60).
    ApRequestTypeWrong,
    /// The AP-REQ in a TGS-REQ asks the KDC to prove itself (12).
    MutualRequiredOfKdc,
    /// The authenticator in a TGS-REQ is somebody else's (36).
    AuthenticatorOfAnotherClient,
    /// It is one hour old (37).
    AuthenticatorOfAnHourAgo,
    /// It is under another key than the ticket's (31).
    AuthenticatorUnderAnotherKey,
    /// It has no checksum over the request (50).
    AuthenticatorWithoutChecksum,
    /// Its checksum is one that anybody can make (50).
    AuthenticatorChecksumUnkeyed,
    /// Its checksum has a type that nobody knows (15).
    AuthenticatorChecksumUnknown,
    /// Its checksum is not that of the request (41; MIT's KDC says 31).
    AuthenticatorChecksumWrong,
    /// A TGS-REQ within FAST has a critical option that nobody knows (93).
    UnknownCriticalFastOption,
    /// The length before a request over TCP has the bit that is reserved (61). Everything goes over TCP.
    TcpLengthWithReservedBit,
    /// The length before a request over TCP is the greatest there is, 2 GiB, and not that of the request (61). Likewise.
    TcpLengthBeyondLimit,
}

/// A type of checksum that is not assigned.
const UNKNOWN_CHECKSUM: i32 = 4711;
/// RSA-MD5 (RFC 3961 §6.1), which has no key.
const UNKEYED_CHECKSUM: i32 = 7;
/// DES-CBC-CRC, DES-CBC-MD4 and DES-CBC-MD5.
const WEAK_ETYPES: [i32; 3] = [1, 2, 3];
/// An hour.
const HOUR: i64 = 3600;

impl Deviation {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::OnlyWeakEtypes,
        Self::TillInThePast,
        Self::RenewsForAnotherService,
        Self::WithoutApRequest,
        Self::ApRequestVersion4,
        Self::ApRequestTypeWrong,
        Self::MutualRequiredOfKdc,
        Self::AuthenticatorOfAnotherClient,
        Self::AuthenticatorOfAnHourAgo,
        Self::AuthenticatorUnderAnotherKey,
        Self::AuthenticatorWithoutChecksum,
        Self::AuthenticatorChecksumUnkeyed,
        Self::AuthenticatorChecksumUnknown,
        Self::AuthenticatorChecksumWrong,
        Self::UnknownCriticalFastOption,
        Self::TcpLengthWithReservedBit,
        Self::TcpLengthBeyondLimit,
    ];

    /// As scenario files write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.line().0
    }

    /// The clause that it departs from.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        self.line().1
    }

    const fn line(self) -> (&'static str, &'static str) {
        match self {
            Self::OnlyWeakEtypes => ("only-weak-etypes", "RFC 6649 §2"),
            Self::TillInThePast => ("till-in-the-past", "RFC 4120 §3.1.3"),
            Self::RenewsForAnotherService => ("renews-for-another-service", "RFC 4120 §3.3.3"),
            Self::WithoutApRequest => ("without-ap-request", "RFC 4120 §5.2.7.1"),
            Self::ApRequestVersion4 => ("ap-request-version-4", "RFC 4120 §5.5.1"),
            Self::ApRequestTypeWrong => ("ap-request-type-wrong", "RFC 4120 §5.5.1"),
            Self::MutualRequiredOfKdc => ("mutual-required-of-kdc", "RFC 4120 §3.3.1"),
            Self::AuthenticatorOfAnotherClient => ("authenticator-of-another-client", "RFC 4120 §3.2.3"),
            Self::AuthenticatorOfAnHourAgo => ("authenticator-of-an-hour-ago", "RFC 4120 §3.2.3"),
            Self::AuthenticatorUnderAnotherKey => ("authenticator-under-another-key", "RFC 4120 §3.2.2"),
            Self::AuthenticatorWithoutChecksum => ("authenticator-without-checksum", "RFC 4120 §3.3.2"),
            Self::AuthenticatorChecksumUnkeyed => ("authenticator-checksum-unkeyed", "RFC 4120 §3.3.3"),
            Self::AuthenticatorChecksumUnknown => ("authenticator-checksum-unknown", "RFC 4120 §3.3.3"),
            Self::AuthenticatorChecksumWrong => ("authenticator-checksum-wrong", "RFC 4120 §3.3.2"),
            Self::UnknownCriticalFastOption => ("unknown-critical-fast-option", "RFC 6113 §5.4.2"),
            Self::TcpLengthWithReservedBit => ("tcp-length-with-reserved-bit", "RFC 4120 §7.2.2"),
            Self::TcpLengthBeyondLimit => ("tcp-length-beyond-limit", "RFC 4120 §7.2.2"),
        }
    }

    /// Bends what is asked for, before anything is made of it.
    pub(super) fn bend_body(self, exchange: Exchange, body: &mut KdcRequestBody, now: Timestamp) {
        match self {
            Self::OnlyWeakEtypes => body.etypes = WEAK_ETYPES.to_vec(),
            Self::TillInThePast => body.till = Timestamp::from_seconds(now.seconds() - HOUR),
            Self::RenewsForAnotherService if exchange == Exchange::Tgs => body.kdc_options |= kdc_options::RENEW,
            _ => {}
        }
    }

    /// Bends how a request travels.
    pub(super) fn bend_sending(self, request: Request) -> Request {
        /// RFC 5021 would have extensions in it.
        const RESERVED_BIT: u32 = 1 << 31;
        let announced = match self {
            Self::TcpLengthWithReservedBit => u32::try_from(request.message.len()).unwrap_or(u32::MAX) | RESERVED_BIT,
            Self::TcpLengthBeyondLimit => !RESERVED_BIT,
            _ => return request,
        };
        Request { announced: Some(announced), ..request.over_tcp() }
    }

    /// Bends the authenticator of a TGS-REQ; `session_key` is the ticket's.
    pub(super) fn bend_authenticator(self, authenticator: &mut Authenticator, session_key: &Key) {
        match self {
            Self::AuthenticatorOfAnotherClient => authenticator.client.components = vec![b"mallory".to_vec()],
            Self::AuthenticatorOfAnHourAgo => authenticator.time = authenticator.time.offset_seconds(-HOUR),
            Self::AuthenticatorWithoutChecksum => authenticator.checksum = None,
            Self::AuthenticatorChecksumUnkeyed => {
                authenticator.checksum = Some(Checksum { cksumtype: UNKEYED_CHECKSUM, checksum: vec![0; 16] });
            }
            Self::AuthenticatorChecksumUnknown => {
                if let Some(checksum) = &mut authenticator.checksum {
                    checksum.cksumtype = UNKNOWN_CHECKSUM;
                }
            }
            Self::AuthenticatorChecksumWrong => {
                if let Some(checksum) = &mut authenticator.checksum {
                    checksum.checksum = session_key.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, b"another body");
                }
            }
            _ => {}
        }
    }

    /// The key that the authenticator is encrypted with, if not the ticket's.
    pub(super) fn authenticator_key(self, subkey: &Key) -> Option<Key> {
        (self == Self::AuthenticatorUnderAnotherKey).then(|| subkey.clone())
    }

    /// Bends an AP-REQ in a TGS-REQ; nothing is left of some.
    pub(super) fn bend_ap_request(self, octets: Vec<u8>) -> Option<Vec<u8>> {
        const PVNO: u8 = 0;
        const MSG_TYPE: u8 = 1;
        const AP_OPTIONS: u8 = 2;
        const AP_REP: i64 = 15;
        let (field, value) = match self {
            Self::WithoutApRequest => return None,
            Self::ApRequestVersion4 => (PVNO, Element::integer(4)),
            Self::ApRequestTypeWrong => (MSG_TYPE, Element::integer(AP_REP)),
            Self::MutualRequiredOfKdc => (AP_OPTIONS, Element::flags(ap_options::MUTUAL_REQUIRED)),
            _ => return Some(octets),
        };
        let mut request = Element::decode(&octets).expect("an ap-req of our own");
        request.set_field(field, value);
        Some(request.to_octets())
    }

    /// What a TGS-REQ has beside its AP-REQ.
    pub(super) fn more_padata(
        self,
        ap_request: &[u8],
        body: &KdcRequestBody,
        keys: (&Key, &Key),
        random: &mut dyn Random,
    ) -> Option<PaData> {
        /// Bit 0 is reserved; the others up to 15 are critical, and only 1 is assigned.
        const UNASSIGNED: u32 = 1 << 29;
        if self != Self::UnknownCriticalFastOption {
            return None;
        }
        let (subkey, session_key) = keys;
        let within = FastBody::new(UNASSIGNED & options::CRITICAL, Vec::new(), body.clone());
        let sealed = FastRequest::seal(None, &armor_key(subkey, session_key), ap_request, &within, random);
        Some(PaData::new(padata_type::FX_FAST, &sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_has_a_word_of_its_own_and_a_clause() {
        let words: HashSet<_> = Deviation::ALL.iter().map(|deviation| deviation.word()).collect();
        assert_eq!(words.len(), Deviation::ALL.len());
        assert!(Deviation::ALL.iter().all(|deviation| deviation.clause().contains('§')));
    }
}
