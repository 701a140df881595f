//! SPNEGO (RFC 4178), as far as an acceptor needs it whose only mechanism is Kerberos and comes first.
//!
//! ```text
//!   60 … OID A0 NegTokenInit { mechTypes, mechToken: 60 … 01 00 AP-REQ } ──▶
//!                             ◀── A1 NegTokenResp { accept-completed, supportedMech, responseToken: 60 … 02 00 AP-REP }
//! ```
//!
//! Kerberos being the first choice, no mechListMIC is needed (RFC 4178 §5), and one round trip is all.

use super::GssError;
use super::frame::{KRB5_OID, initial_token, malformed, oid};
use crate::der::{Reader, Writer};

/// 1.3.6.1.5.5.2 with tag and length.
const OID: &[u8] = &[0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];

/// 1.2.840.48018.1.2.2, which Windows offers before Kerberos' own OID; the token is the same.
const MICROSOFT_KRB5_OID: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];

/// What an initiator offers.
pub(super) struct NegTokenInit<'a> {
    /// The first of mechTypes, for which the token is.
    first: &'a [u8],
    mech_token: Option<&'a [u8]>,
}

/// NegTokenResp's negState (RFC 4178 §4.2.2).
#[derive(Clone, Copy)]
enum NegState {
    AcceptCompleted = 0,
    Reject = 2,
}

impl<'a> NegTokenInit<'a> {
    /// Reads a first token; `None` if it is not SPNEGO's.
    pub(super) fn recognise(token: &'a [u8]) -> Result<Option<Self>, GssError> {
        let (oid, content) = initial_token(token)?;
        if oid == OID { Self::decode(content).map(Some) } else { Ok(None) }
    }

    fn decode(content: &'a [u8]) -> Result<Self, GssError> {
        // mechTypes[0], reqFlags[1]?, mechToken[2]?, mechListMIC[3]?; the MIC of an only token is optional and Windows'
        // is not checked by MIT either before it has a context.
        let mut reader = Reader::new("NegTokenInit", content)?;
        let (first, mech_token) = reader.field(0, "NegTokenInit", |r| {
            let mut init = r.sequence()?;
            let mech_types = init.field(0, "mechTypes", |r| r.list(oid))?;
            init.optional(1, "reqFlags", Reader::element)?;
            let mech_token = init.optional(2, "mechToken", Reader::octets)?;
            Ok((mech_types.first().copied(), mech_token))
        })?;
        let first = first.ok_or_else(|| malformed("spnego offers no mechanism"))?;
        Ok(Self { first, mech_token })
    }

    /// The framed krb5 token within.
    pub(super) fn krb5_token(&self) -> Result<&'a [u8], GssError> {
        if ![KRB5_OID, MICROSOFT_KRB5_OID].contains(&self.first) {
            return Err(malformed("spnego prefers another mechanism than krb5"));
        }
        self.mech_token.ok_or_else(|| malformed("spnego without a krb5 token"))
    }

    /// The answer to an accepted token. supportedMech repeats the OID that was offered: Windows offers its own of
    /// Kerberos first and expects it back.
    pub(super) fn accept(&self, reply: Option<&[u8]>) -> Vec<u8> {
        answer(NegState::AcceptCompleted, Some(self.first), reply)
    }
}

/// The answer to a refused token; MIT names no mechanism there.
pub(super) fn reject(reply: Option<&[u8]>) -> Vec<u8> {
    answer(NegState::Reject, None, reply)
}

fn answer(state: NegState, supported_mech: Option<&[u8]>, response_token: Option<&[u8]>) -> Vec<u8> {
    const ENUMERATED: u8 = 0x0a;
    let mut token = Vec::with_capacity(256);
    Writer::new(&mut token).field(1, |w| {
        w.sequence(|w| {
            w.field(0, |w| w.raw(&[ENUMERATED, 1, state as u8]));
            w.optional(1, supported_mech, Writer::raw);
            w.optional(2, response_token, Writer::octets);
        });
    });
    token
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::octets::octets;

    /// A NegTokenInit with these mechTypes (each with tag and length) and `mechToken` 60 00.
    fn offer(mech_types: &str) -> Vec<u8> {
        let mut token = Vec::new();
        Writer::new(&mut token).application(0, |w| {
            w.raw(OID);
            w.field(0, |w| {
                w.sequence(|w| {
                    w.field(0, |w| w.sequence(|w| w.raw(&octets(mech_types))));
                    w.field(2, |w| w.octets(&[0x60, 0x00]));
                });
            });
        });
        token
    }

    const KRB5: &str = "06 09 2a 86 48 86 f7 12 01 02 02";
    const MICROSOFT_KRB5: &str = "06 09 2a 86 48 82 f7 12 01 02 02";
    const NTLMSSP: &str = "06 0a 2b 06 01 04 01 82 37 02 02 0a";

    #[test]
    fn kerberos_must_be_the_first_choice() {
        #[track_caller]
        fn check(mech_types: &str, expected: Result<&[u8], &str>) {
            let token = offer(mech_types);
            let found = NegTokenInit::recognise(&token).and_then(|offer| offer.unwrap().krb5_token());
            assert_eq!(found, expected.map_err(malformed));
        }
        check(KRB5, Ok(&[0x60, 0x00]));
        check(&format!("{MICROSOFT_KRB5} {KRB5} {NTLMSSP}"), Ok(&[0x60, 0x00]));
        check(NTLMSSP, Err("spnego prefers another mechanism than krb5"));
        check(&format!("{NTLMSSP} {KRB5}"), Err("spnego prefers another mechanism than krb5"));
        check("", Err("spnego offers no mechanism"));
    }

    #[test]
    fn the_answer_names_the_mechanism_that_was_offered_first() {
        let token = offer(&format!("{MICROSOFT_KRB5} {KRB5}"));
        let offer = NegTokenInit::recognise(&token).unwrap().unwrap();
        let expected = [
            octets("a1 1a 30 18"),    // NegTokenResp
            octets("a0 03 0a 01 00"), // negState: accept-completed
            octets("a1 0b"),          // supportedMech
            octets(MICROSOFT_KRB5),
            octets("a2 04 04 02 aa bb"), // responseToken
        ];
        assert_eq!(offer.accept(Some(&[0xaa, 0xbb])), expected.concat());
        assert_eq!(reject(None), octets("a1 07 30 05 a0 03 0a 01 02"));
    }
}
