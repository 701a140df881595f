//! NegTokenInit and NegTokenResp (RFC 4178 §4.2), read in place.

use crate::der::{Reader, Writer};
use crate::gss::GssError;
use crate::gss::frame::{KRB5_OID, initial_token, malformed, oid};

/// 1.3.6.1.5.5.2 with tag and length.
const OID: &[u8] = &[0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];

const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;

/// What an initiator offers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NegTokenInit<'a> {
    /// Object identifiers with tag and length, the most preferred first.
    pub(super) mech_types: Vec<&'a [u8]>,
    /// The encoding of the list as it was received, which a MIC is over.
    pub(super) mech_list: &'a [u8],
    /// A token of the first mechanism.
    pub(super) mech_token: Option<&'a [u8]>,
    pub(super) mic: Option<&'a [u8]>,
}

/// All tokens after the first.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct NegTokenResp<'a> {
    pub(super) state: Option<NegState>,
    /// With tag and length; only in the acceptor's first.
    pub(super) supported_mech: Option<&'a [u8]>,
    pub(super) response_token: Option<&'a [u8]>,
    pub(super) mic: Option<&'a [u8]>,
}

/// negState (RFC 4178 §4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NegState {
    AcceptCompleted = 0,
    AcceptIncomplete = 1,
    Reject = 2,
    RequestMic = 3,
}

impl<'a> NegTokenInit<'a> {
    /// Reads a first token; `None` if it is not SPNEGO's.
    pub(super) fn recognise(token: &'a [u8]) -> Result<Option<Self>, GssError> {
        let (oid, content) = initial_token(token)?;
        if oid == OID { Self::decode(content).map(Some) } else { Ok(None) }
    }

    fn decode(content: &'a [u8]) -> Result<Self, GssError> {
        let mut reader = Reader::new("NegTokenInit", content)?;
        let init = reader.field(0, "NegTokenInit", |r| {
            let mut init = r.sequence()?;
            let (mech_types, mech_list) = init.field(0, "mechTypes", |r| r.with_octets(|r| r.list(oid)))?;
            init.optional(1, "reqFlags", Reader::element)?;
            let mech_token = init.optional(2, "mechToken", Reader::octets)?;
            // Microsoft's NegTokenInit2 has hints for who begins here, and the MIC behind them (MS-SPNG 2.2.1).
            let mic = init.optional(3, "mechListMIC", |r| match r.peek() {
                Some(SEQUENCE) => r.element().map(|_hints| None),
                _ => r.octets().map(Some),
            })?;
            let mic = mic.flatten().or(init.optional(4, "mechListMIC", Reader::octets)?);
            Ok(Self { mech_types, mech_list, mech_token, mic })
        })?;
        if init.mech_types.is_empty() {
            return Err(malformed("spnego offers no mechanism"));
        }
        Ok(init)
    }
}

/// A first token. `mech_list` is the encoding of mechTypes.
pub(super) fn neg_token_init(mech_list: &[u8], mech_token: Option<&[u8]>) -> Vec<u8> {
    let mut token = Vec::with_capacity(256);
    Writer::new(&mut token).application(0, |w| {
        w.raw(OID);
        w.field(0, |w| {
            w.sequence(|w| {
                w.field(0, |w| w.raw(mech_list));
                w.optional(2, mech_token, Writer::octets);
            });
        });
    });
    token
}

/// NegTokenInit2 of an acceptor that is asked what there is (MS-SPNG 2.2.1): Kerberos, and the hint that everybody sends.
pub(super) fn hints() -> Vec<u8> {
    const HINT: &[u8] = b"not_defined_in_RFC4178@please_ignore";
    let mut token = Vec::with_capacity(128);
    Writer::new(&mut token).application(0, |w| {
        w.raw(OID);
        w.field(0, |w| {
            w.sequence(|w| {
                w.field(0, |w| w.sequence(|w| w.raw(KRB5_OID)));
                w.field(3, |w| w.sequence(|w| w.field(0, |w| w.string(HINT))));
            });
        });
    });
    token
}

impl<'a> NegTokenResp<'a> {
    pub(super) fn decode(token: &'a [u8]) -> Result<Self, GssError> {
        let mut reader = Reader::new("NegTokenResp", token)?;
        let response = reader.field(1, "NegTokenResp", |r| {
            let mut response = r.sequence()?;
            let state = response.optional(0, "negState", |r| r.element().map(NegState::read))?;
            Ok((
                state,
                Self {
                    state: state.flatten(),
                    supported_mech: response.optional(1, "supportedMech", oid)?,
                    response_token: response.optional(2, "responseToken", Reader::octets)?,
                    mic: response.optional(3, "mechListMIC", Reader::octets)?,
                },
            ))
        })?;
        match response {
            (Some(None), _) => Err(malformed("negState is none of 0 to 3")),
            _ if !reader.is_empty() => Err(malformed("octets after the NegTokenResp")),
            (_, response) => Ok(response),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut token = Vec::with_capacity(256);
        Writer::new(&mut token).field(1, |w| {
            w.sequence(|w| {
                w.optional(0, self.state, |w, state| w.raw(&[ENUMERATED, 1, state as u8]));
                w.optional(1, self.supported_mech, Writer::raw);
                w.optional(2, self.response_token, Writer::octets);
                w.optional(3, self.mic, Writer::octets);
            });
        });
        token
    }
}

impl NegState {
    fn read(element: &[u8]) -> Option<Self> {
        match element {
            [ENUMERATED, 1, 0] => Some(Self::AcceptCompleted),
            [ENUMERATED, 1, 1] => Some(Self::AcceptIncomplete),
            [ENUMERATED, 1, 2] => Some(Self::Reject),
            [ENUMERATED, 1, 3] => Some(Self::RequestMic),
            _ => None,
        }
    }
}

/// The answer to a refused token; MIT names no mechanism there.
pub(super) fn reject(reply: Option<&[u8]>) -> Vec<u8> {
    NegTokenResp { state: Some(NegState::Reject), response_token: reply, ..NegTokenResp::default() }.encode()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Mechanism;
    use super::*;
    use crate::crypto::octets::octets;

    #[test]
    fn a_first_token_is_that_of_rfc_4178() {
        let mech_list = octets("30 17 06 09 2a 86 48 82 f7 12 01 02 02 06 0a 2b 06 01 04 01 82 37 02 02 0a");
        let expected = [
            octets("60 2d"),                   // [APPLICATION 0]
            octets("06 06 2b 06 01 05 05 02"), // 1.3.6.1.5.5.2
            octets("a0 23 30 21"),             // NegTokenInit
            octets("a0 19"),                   // mechTypes
            mech_list.clone(),
            octets("a2 04 04 02 60 00"), // mechToken
        ]
        .concat();
        assert_eq!(neg_token_init(&mech_list, Some(&[0x60, 0x00])), expected);
        let read = NegTokenInit::recognise(&expected).unwrap().unwrap();
        assert_eq!(read.mech_types, [Mechanism::MicrosoftKrb5.oid(), Mechanism::Ntlmssp.oid()]);
        assert_eq!((read.mech_list, read.mech_token, read.mic), (&mech_list[..], Some(&[0x60, 0x00][..]), None));
    }

    #[test]
    fn hints_of_microsoft_s_form_are_read_over_and_the_mic_behind_them_is_found() {
        // As Windows sends it first over SMB: mechTypes, negHints { hintName }, mechListMIC.
        let list = octets("a0 0d 30 0b 06 09 2a 86 48 86 f7 12 01 02 02");
        let hints = octets("a3 0a 30 08 a0 06 1b 04 6e 6f 74 5f");
        let mic = |tag: &str| octets(&format!("{tag} 04 04 02 aa bb"));
        #[track_caller]
        fn check(fields: &[Vec<u8>], expected: Option<&[u8]>) {
            let mut token = Vec::new();
            Writer::new(&mut token).application(0, |w| {
                w.raw(OID);
                w.field(0, |w| w.sequence(|w| w.raw(&fields.concat())));
            });
            assert_eq!(NegTokenInit::recognise(&token).unwrap().unwrap().mic, expected);
        }
        let found = Some(&[0xaa, 0xbb][..]);
        check(&[list.clone(), hints.clone(), mic("a4")], found);
        check(&[list.clone(), hints], None);
        check(&[list.clone(), mic("a3")], found);
        check(&[list], None);
    }

    #[test]
    fn a_later_token_is_that_of_rfc_4178() {
        let expected = [
            octets("a1 20 30 1e"),                            // NegTokenResp
            octets("a0 03 0a 01 03"),                         // negState: request-mic
            octets("a1 0b 06 09 2a 86 48 86 f7 12 01 02 02"), // supportedMech
            octets("a2 04 04 02 aa bb"),                      // responseToken
            octets("a3 04 04 02 cc dd"),                      // mechListMIC
        ]
        .concat();
        let read = NegTokenResp {
            state: Some(NegState::RequestMic),
            supported_mech: Some(Mechanism::Krb5.oid()),
            response_token: Some(&[0xaa, 0xbb]),
            mic: Some(&[0xcc, 0xdd]),
        };
        assert_eq!(read.encode(), expected);
        assert_eq!(NegTokenResp::decode(&expected).unwrap(), read);
        assert_eq!(NegTokenResp::decode(&octets("a1 02 30 00")).unwrap(), NegTokenResp::default());
        assert_eq!(reject(None), octets("a1 07 30 05 a0 03 0a 01 02"));
        assert!(NegTokenResp::decode(&octets("a1 07 30 05 a0 03 0a 01 04")).is_err());
        assert!(NegTokenResp::decode(&octets("a1 02 30 00 00")).is_err());
    }

    #[test]
    fn each_truncation_is_refused() {
        let response = NegTokenResp {
            state: Some(NegState::AcceptIncomplete),
            supported_mech: Some(Mechanism::Krb5.oid()),
            response_token: Some(&[7; 200]),
            mic: Some(&[8; 28]),
        };
        let response = response.encode();
        for length in 0..response.len() {
            assert!(NegTokenResp::decode(&response[..length]).is_err(), "{length}");
        }
        let init = neg_token_init(&octets("30 0b 06 09 2a 86 48 86 f7 12 01 02 02"), Some(&[7; 200]));
        for length in 0..init.len() {
            assert!(NegTokenInit::recognise(&init[..length]).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn octets_of_any_kind_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = NegTokenResp::decode(&octets);
            let _ = NegTokenInit::recognise(&octets);
            let mut framed = Vec::new();
            Writer::new(&mut framed).application(0, |w| { w.raw(OID); w.raw(&octets) });
            let _ = NegTokenInit::recognise(&framed);
        }
    }
}
