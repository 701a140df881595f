//! Deliberate departures from the protocol, one variant each, named after what is wrong in the reply.

use std::fmt;
use std::str::FromStr;

use shakedown_krb5::Timestamp;
use shakedown_krb5::messages::view::NameView;

use crate::reply::Draft;

/// One departure, made in every reply while it is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deviation {
    /// The nonce is not the request's (RFC 4120 §3.1.5: "the nonce in the reply must match").
    WrongNonce,
    /// The reply is for another client (RFC 4120 §3.1.5: cname and crealm match those requested).
    WrongClient,
    /// The encrypted part names another service than the one asked for (RFC 4120 §3.1.5).
    WrongService,
    /// The ticket ended before it was issued (RFC 4120 §3.1.3, §3.2.3).
    EndTimeInThePast,
    /// The ticket lives longer than asked for (RFC 4120 §3.1.3: the minimum of the requested time and …).
    EndTimeBeyondTill,
    /// The encrypted part says another encryption type than it has (RFC 4120 §5.2.9).
    WrongEtype,
    /// The encrypted part has an octet changed (RFC 3961 §5.3: decryption checks integrity).
    BrokenCiphertext,
    /// The last octet of the message is missing (X.690 §8.1.3).
    Truncated,
    /// There is no answer (RFC 4120 §7.2.1: the client tries again, then gives up).
    Silent,
}

/// A name that no deviation has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown deviation '{0}', expected one of {list}", list = Deviation::ALL.map(Deviation::name).join(", "))]
pub struct UnknownDeviation(pub String);

impl Deviation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::WrongNonce,
        Self::WrongClient,
        Self::WrongService,
        Self::EndTimeInThePast,
        Self::EndTimeBeyondTill,
        Self::WrongEtype,
        Self::BrokenCiphertext,
        Self::Truncated,
        Self::Silent,
    ];

    /// As scenario and realm files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongNonce => "wrong-nonce",
            Self::WrongClient => "wrong-client",
            Self::WrongService => "wrong-service",
            Self::EndTimeInThePast => "end-time-in-the-past",
            Self::EndTimeBeyondTill => "end-time-beyond-till",
            Self::WrongEtype => "wrong-etype",
            Self::BrokenCiphertext => "broken-ciphertext",
            Self::Truncated => "truncated",
            Self::Silent => "silent",
        }
    }

    /// The clause that it breaks.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::WrongNonce | Self::WrongClient | Self::WrongService => "RFC 4120 §3.1.5",
            Self::EndTimeInThePast | Self::EndTimeBeyondTill => "RFC 4120 §3.1.3",
            Self::WrongEtype => "RFC 4120 §5.2.9",
            Self::BrokenCiphertext => "RFC 3961 §5.3",
            Self::Truncated => "X.690 §8.1.3",
            Self::Silent => "RFC 4120 §7.2.1",
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Deviation {
    type Err = UnknownDeviation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|deviation| deviation.name() == name)
            .ok_or_else(|| UnknownDeviation(name.to_owned()))
    }
}

/// Bends the fields of a reply before they are written.
pub(crate) fn bend_draft(deviations: &[Deviation], draft: &mut Draft<'_>, now: Timestamp) {
    let part = &mut draft.part;
    for deviation in deviations {
        match deviation {
            Deviation::WrongNonce => part.nonce ^= 1,
            Deviation::WrongService => part.server.name = NameView::new(1, &[b"another", b"service"]),
            Deviation::EndTimeInThePast => part.end_time = now.offset_seconds(-3600),
            Deviation::EndTimeBeyondTill => part.end_time = part.end_time.offset_seconds(30 * 86_400),
            Deviation::WrongClient => draft.client.name = NameView::new(1, &[b"mallory"]),
            Deviation::WrongEtype => draft.etype = if draft.etype == 17 { 18 } else { 17 },
            Deviation::BrokenCiphertext | Deviation::Truncated | Deviation::Silent => {}
        }
    }
}

/// Bends the octets of a reply or error; none are left where nothing is to be sent.
pub(crate) fn bend_octets(deviations: &[Deviation], octets: &mut Vec<u8>) {
    for deviation in deviations {
        match deviation {
            // The ciphertext is the last of a reply (and an error has none).
            Deviation::BrokenCiphertext if octets.first() != Some(&KRB_ERROR) => {
                if let Some(octet) = octets.last_mut() {
                    *octet ^= 1;
                }
            }
            Deviation::Truncated => drop(octets.pop()),
            Deviation::Silent => octets.clear(),
            _ => {}
        }
    }
}

/// The first octet of a KRB-ERROR (RFC 4120 §5.10).
const KRB_ERROR: u8 = 0x7e;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deviation_has_a_name_of_its_own() {
        for deviation in Deviation::ALL {
            assert_eq!(deviation.name().parse(), Ok(deviation));
        }
        let refused = "wrong".parse::<Deviation>().unwrap_err().to_string();
        assert!(
            refused.starts_with("unknown deviation 'wrong', expected one of wrong-nonce, wrong-client, "),
            "{refused}"
        );
    }
}
