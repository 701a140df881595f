//! Per-message tokens of a key of RC4 (RFC 1964 §1.2, as RFC 4757 §7 changes them), which is older than RFC 4121.
//!
//! ```text
//!   MIC    60 length OID | 01 01 | 11 00 | FF FF FF FF | sequence | checksum
//!   Wrap   60 length OID | 02 01 | 11 00 | 10 00 FF FF | sequence | checksum | confounder | text | 01
//!                                                                            └──────── RC4 ────────┘
//! ```
//!
//! The sequence number (big-endian, then four octets of direction) is encrypted under a key that the checksum is part
//! of, the text under one that the number is part of. The checksum has eight octets, and is over what begins the token
//! (without frame) and the plain text, with confounder and padding.

use subtle::ConstantTimeEq;

use super::GssError;
use super::frame::{KRB5_OID, initial_token, malformed};
use crate::Random;
use crate::crypto::{Key, KeyUsage};
use crate::der::Writer;

/// Who sent a token, as the octets after the sequence number say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Initiator = 0,
    Acceptor = 0xff,
}

/// What begins a token: TOK_ID, SGN_ALG, SEAL_ALG, filler.
type Beginning = [u8; 8];

const MIC: Beginning = [1, 1, 0x11, 0, 0xff, 0xff, 0xff, 0xff];
const WRAP: Beginning = [2, 1, 0x11, 0, 0x10, 0, 0xff, 0xff];
const WRAP_UNSEALED: Beginning = [2, 1, 0x11, 0, 0xff, 0xff, 0xff, 0xff];

/// The usages of the checksums (RFC 4757 §7.2 and §7.3).
const MIC_CHECKSUM: KeyUsage = KeyUsage(15);
const WRAP_CHECKSUM: KeyUsage = KeyUsage(13);

const CONFOUNDER_LENGTH: usize = 8;
type Checksum = [u8; 8];

/// Octets of a Wrap token around its text, but for the outermost tag and length.
const WRAP_OVERHEAD: usize = KRB5_OID.len() + 8 + 8 + 8 + CONFOUNDER_LENGTH + 1;

/// Appends a sealed Wrap token.
pub(super) fn wrap(key: &Key, sender: Sender, number: u32, plain: &[u8], random: &mut dyn Random, out: &mut Vec<u8>) {
    let mut text = vec![0; CONFOUNDER_LENGTH];
    random.fill(&mut text);
    text.extend_from_slice(plain);
    // RC4 needs no padding; the one octet says so.
    text.push(1);
    let checksum = checksum(key, WRAP_CHECKSUM, &[&WRAP, &text]);
    crypt_text(key, number, &mut text);
    token(key, &WRAP, sender, number, checksum, &text, out);
}

/// Appends a MIC token over `message`.
pub(super) fn mic(key: &Key, sender: Sender, number: u32, message: &[u8], out: &mut Vec<u8>) {
    let checksum = checksum(key, MIC_CHECKSUM, &[&MIC, message]);
    token(key, &MIC, sender, number, checksum, &[], out);
}

/// Appends the plaintext of a sealed Wrap token to `out` and says the token's number.
pub(super) fn unwrap(key: &Key, sender: Sender, token: &[u8], out: &mut Vec<u8>) -> Result<u32, GssError> {
    let Parts { beginning, number, found_sender, checksum: found, rest } = parts(key, token)?;
    match *beginning {
        WRAP => {}
        WRAP_UNSEALED => return Err(GssError::Broken("token is not sealed")),
        _ => return Err(malformed("another token id or algorithm than expected")),
    }
    let mut text = rest.to_vec();
    crypt_text(key, number, &mut text);
    verify(checksum(key, WRAP_CHECKSUM, &[beginning, &text]), found)?;
    check_sender(found_sender, sender)?;
    let plain = text.get(CONFOUNDER_LENGTH..).unwrap_or_default();
    let padding = plain.last().map_or(0, |octet| usize::from(*octet));
    match plain.len().checked_sub(padding) {
        Some(length) if padding > 0 => out.extend_from_slice(&plain[..length]),
        _ => return Err(malformed("padding of a wrap token")),
    }
    Ok(number)
}

/// Checks a MIC token over `message` and says its number.
pub(super) fn verify_mic(key: &Key, sender: Sender, token: &[u8], message: &[u8]) -> Result<u32, GssError> {
    let Parts { beginning, number, found_sender, checksum: found, rest } = parts(key, token)?;
    if *beginning != MIC || !rest.is_empty() {
        return Err(malformed("another token id or algorithm than expected"));
    }
    verify(checksum(key, MIC_CHECKSUM, &[beginning, message]), found)?;
    check_sender(found_sender, sender)?;
    Ok(number)
}

/// The most plaintext that fits a Wrap token of `limit` octets.
pub(super) fn wrap_limit(limit: usize) -> usize {
    // The outermost length takes one octet up to 127, and one more for each octet of itself beyond.
    let fits = |text: &usize| {
        let content = text + WRAP_OVERHEAD;
        let octets_of_length = (usize::BITS - content.leading_zeros()).div_ceil(8) as usize;
        1 + if content < 0x80 { 1 } else { 1 + octets_of_length } + content <= limit
    };
    let most = limit.saturating_sub(WRAP_OVERHEAD);
    (most.saturating_sub(2 + size_of::<usize>())..=most).rev().find(fits).unwrap_or(0)
}

/// A token without its frame, the sequence number decrypted.
struct Parts<'a> {
    beginning: &'a Beginning,
    number: u32,
    found_sender: Sender,
    checksum: &'a Checksum,
    rest: &'a [u8],
}

fn parts<'a>(key: &Key, token: &'a [u8]) -> Result<Parts<'a>, GssError> {
    let (oid, body) = initial_token(token)?;
    if oid != KRB5_OID {
        return Err(malformed("mechanism is not krb5"));
    }
    let short = || malformed("per-message token of less than 24 octets");
    let (beginning, rest) = body.split_first_chunk().ok_or_else(short)?;
    let (sequence, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    let (checksum, rest) = rest.split_first_chunk().ok_or_else(short)?;
    let mut sequence = *sequence;
    key.crypt_rc4_token(0, checksum, &mut sequence);
    let [n0, n1, n2, n3, direction @ ..] = sequence;
    let sender = [Sender::Initiator, Sender::Acceptor].into_iter().find(|sender| direction == [*sender as u8; 4]);
    let found_sender = sender.ok_or(GssError::Broken("token is not intact"))?;
    Ok(Parts { beginning, number: u32::from_be_bytes([n0, n1, n2, n3]), found_sender, checksum, rest })
}

fn token(
    key: &Key,
    beginning: &Beginning,
    sender: Sender,
    number: u32,
    checksum: Checksum,
    rest: &[u8],
    out: &mut Vec<u8>,
) {
    let mut sequence = [sender as u8; 8];
    sequence[..4].copy_from_slice(&number.to_be_bytes());
    key.crypt_rc4_token(0, &checksum, &mut sequence);
    Writer::new(out).application(0, |w| {
        for part in [KRB5_OID, beginning, &sequence, &checksum, rest] {
            w.raw(part);
        }
    });
}

fn checksum(key: &Key, usage: KeyUsage, parts: &[&[u8]]) -> Checksum {
    *key.checksum_parts(usage, parts).first_chunk().expect("a checksum of RC4 has sixteen octets")
}

/// Every octet of the key is changed before it encrypts text, so that text and sequence number have different ones.
fn crypt_text(key: &Key, number: u32, text: &mut [u8]) {
    const MASK: u8 = 0xf0;
    key.crypt_rc4_token(MASK, &number.to_be_bytes(), text);
}

fn verify(expected: Checksum, found: &Checksum) -> Result<(), GssError> {
    if expected.ct_eq(found).into() { Ok(()) } else { Err(GssError::Broken("token is not intact")) }
}

fn check_sender(found: Sender, expected: Sender) -> Result<(), GssError> {
    if found == expected { Ok(()) } else { Err(GssError::Broken("token in the wrong direction")) }
}
