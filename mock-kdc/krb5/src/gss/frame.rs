//! The frame of context-setup tokens (RFC 2743 §3.1): `60 length OID TOK_ID message`.

use super::GssError;
use crate::der::{Error, Reader, Writer};

/// 1.2.840.113554.1.2.2 with tag and length (RFC 1964 §1).
pub(super) const KRB5_OID: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];

/// TOK_ID, what a framed token holds (RFC 4121 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenId {
    ApRequest,
    ApReply,
    KrbError,
    Other([u8; 2]),
}

impl TokenId {
    const fn octets(self) -> [u8; 2] {
        match self {
            Self::ApRequest => [1, 0],
            Self::ApReply => [2, 0],
            Self::KrbError => [3, 0],
            Self::Other(octets) => octets,
        }
    }

    fn from_octets(octets: [u8; 2]) -> Self {
        [Self::ApRequest, Self::ApReply, Self::KrbError]
            .into_iter()
            .find(|known| known.octets() == octets)
            .unwrap_or(Self::Other(octets))
    }
}

/// A krb5 token without its frame.
#[derive(Debug)]
pub(super) struct Unframed<'a> {
    pub(super) token_id: TokenId,
    pub(super) message: &'a [u8],
}

/// Puts `message` into a frame.
pub(super) fn frame(token_id: TokenId, message: &[u8]) -> Vec<u8> {
    let mut token = Vec::with_capacity(message.len() + 20);
    Writer::new(&mut token).application(0, |w| {
        w.raw(KRB5_OID);
        w.raw(&token_id.octets());
        w.raw(message);
    });
    token
}

/// Takes the frame of a krb5 token off.
pub(super) fn unframe(token: &[u8]) -> Result<Unframed<'_>, GssError> {
    let (oid, rest) = initial_token(token)?;
    if oid != KRB5_OID {
        return Err(malformed("mechanism is not krb5"));
    }
    let (token_id, message) = rest.split_first_chunk().ok_or_else(|| malformed("ends before the token id"))?;
    Ok(Unframed { token_id: TokenId::from_octets(*token_id), message })
}

/// Splits an initial token of any mechanism into its OID, with tag and length, and what follows. The frame must be
/// exactly as long as the token, as MIT demands.
pub(super) fn initial_token(token: &[u8]) -> Result<(&[u8], &[u8]), GssError> {
    let mut outer = Reader::new("GSS-API token", token)?;
    let mut content = outer.application(0)?;
    if !outer.is_empty() {
        return Err(malformed("octets after the frame"));
    }
    let oid = oid(&mut content)?;
    Ok((oid, content.rest()))
}

/// The next element, which must be an OBJECT IDENTIFIER, with tag and length.
pub(super) fn oid<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    const OBJECT_IDENTIFIER: u8 = 0x06;
    match reader.peek() {
        Some(OBJECT_IDENTIFIER) => reader.element(),
        found => Err(reader.problem(crate::der::Problem::Tag { expected: OBJECT_IDENTIFIER, found })),
    }
}

pub(super) fn malformed(text: &str) -> GssError {
    GssError::Malformed(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::octets::octets;

    #[test]
    fn a_frame_is_that_of_rfc_2743() {
        let token = frame(TokenId::ApRequest, &[0x6e, 0x00]);
        let expected = [
            octets("60 0f"),                            // [APPLICATION 0], 15 octets
            octets("06 09 2a 86 48 86 f7 12 01 02 02"), // 1.2.840.113554.1.2.2
            octets("01 00"),                            // TOK_ID of an AP-REQ
            octets("6e 00"),
        ]
        .concat();
        assert_eq!(token, expected);
        let unframed = unframe(&token).unwrap();
        assert_eq!((unframed.token_id, unframed.message), (TokenId::ApRequest, &[0x6e, 0x00][..]));
    }

    #[test]
    fn a_frame_of_another_length_or_mechanism_is_refused() {
        let token = frame(TokenId::ApReply, &[7; 200]);
        assert!(unframe(&token).is_ok());
        assert!(unframe(&[&token[..], &[0]].concat()).is_err());
        for length in 0..token.len() {
            assert!(unframe(&token[..length]).is_err(), "cut to {length}");
        }
        let mut other = token;
        other[13] ^= 1; // the last arc of the OID
        assert!(unframe(&other).is_err());
    }
}
