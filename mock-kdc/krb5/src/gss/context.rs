//! An established context: Wrap and MIC tokens (RFC 4121 §4.2), which with a key of RC4 are those of [`rfc1964`].

use super::frame::malformed;
use super::rfc1964::{self, Sender};
use super::sequence::SequenceWindow;
use super::{Flags, GssError};
use crate::Random;
use crate::crypto::{Etype, Key, KeyUsage, usage};

/// An established context: per-message tokens.
#[derive(Debug)]
pub struct Context {
    role: Role,
    keys: Keys,
    flags: Flags,
    send_sequence: u64,
    received: SequenceWindow,
}

/// Which side of the context this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Initiator,
    Acceptor,
}

/// What protects tokens: the acceptor's sub-key if it made one, else the initiator's, else the session key
/// (RFC 4121 §2). A token says in its flags whether it is the acceptor's.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) base: Key,
    pub(super) acceptor_subkey: Option<Key>,
}

const HEADER_LENGTH: usize = 16;
type Header = [u8; HEADER_LENGTH];

const WRAP: [u8; 2] = [5, 4];
const MIC: [u8; 2] = [4, 4];

/// Flags of per-message tokens (RFC 4121 §4.2.2).
const SENT_BY_ACCEPTOR: u8 = 1;
const SEALED: u8 = 2;
const ACCEPTOR_SUBKEY: u8 = 4;

impl Context {
    pub(super) const fn new(role: Role, keys: Keys, flags: Flags, send_sequence: u64, receive_sequence: u64) -> Self {
        Self { role, keys, flags, send_sequence, received: SequenceWindow::new(flags, receive_sequence) }
    }

    /// What the initiator asked for.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// Appends a sealed Wrap token (RFC 4121 §4.2.6.2) of `plain` to `out`.
    pub fn wrap(&mut self, plain: &[u8], random: &mut dyn Random, out: &mut Vec<u8>) {
        if self.is_rc4() {
            let number = self.next_short_number();
            return rfc1964::wrap(self.sending_key(), self.role.sender(), number, plain, random, out);
        }
        // EC and RRC are 0, as MIT, Heimdal and Java send them: AES needs no filler and nobody here seals in place.
        let header = self.next_header(WRAP, SEALED, [0; 4]);
        out.extend_from_slice(&header);
        self.sending_key().encrypt_parts_into(self.role.seal(), &[plain, &header], random, out);
    }

    /// Opens a Wrap token and appends the plaintext to `out`. An unsealed token is an error here.
    ///
    /// # Errors
    /// [`GssError::Malformed`] if it is no Wrap token; [`GssError::Broken`] if it is not sealed, not the peer's, was
    /// changed, or is not the next one where the initiator asked for replay detection or sequencing.
    pub fn unwrap(&mut self, token: &[u8], out: &mut Vec<u8>) -> Result<(), GssError> {
        if self.is_rc4() {
            let start = out.len();
            let number = rfc1964::unwrap(self.sending_key(), self.role.peer().sender(), token, out)?;
            return self.received.receive_short(number).inspect_err(|_| out.truncate(start));
        }
        let (header, sealed) = self.peer_header(token, WRAP)?;
        let [_, _, flags, _, ec @ .., _, _, _, _, _, _, _, _, _, _] = *header;
        let rrc = u16::from_be_bytes([header[6], header[7]]);
        if flags & SEALED == 0 {
            return Err(GssError::Broken("token is not sealed"));
        }
        let mut buffer = sealed.to_vec();
        if !buffer.is_empty() {
            let rotation = usize::from(rrc) % buffer.len();
            buffer.rotate_left(rotation);
        }
        let plain = self
            .receiving_key(flags)?
            .decrypt_in_place(self.role.peer().seal(), &mut buffer)
            .map_err(|_| GssError::Broken("token is not intact"))?;
        let plain = &buffer[plain];
        // The header within the ciphertext is what protects the one outside; only RRC may differ.
        let (rest, copy) = plain.split_last_chunk::<HEADER_LENGTH>().ok_or(GssError::Broken("token is not intact"))?;
        let mut expected = *header;
        expected[6..8].fill(0);
        let length = rest.len().checked_sub(u16::from_be_bytes(ec).into());
        let (true, Some(length)) = (*copy == expected, length) else {
            return Err(GssError::Broken("token's header was changed"));
        };
        self.received.receive(sequence_number(header))?;
        out.extend_from_slice(&rest[..length]);
        Ok(())
    }

    /// The most plaintext that fits a token of `limit` octets (gss_wrap_size_limit).
    #[must_use]
    pub fn wrap_limit(&self, limit: usize) -> usize {
        if self.is_rc4() {
            return rfc1964::wrap_limit(limit);
        }
        limit.saturating_sub(2 * HEADER_LENGTH + self.sending_key().etype().overhead())
    }

    /// Appends a MIC token (RFC 4121 §4.2.6.1) over `message` to `out`.
    pub fn mic(&mut self, message: &[u8], out: &mut Vec<u8>) {
        if self.is_rc4() {
            let number = self.next_short_number();
            return rfc1964::mic(self.sending_key(), self.role.sender(), number, message, out);
        }
        let header = self.next_header(MIC, 0, [0xff; 4]);
        out.extend_from_slice(&header);
        out.extend_from_slice(&self.sending_key().checksum_parts(self.role.sign(), &[message, &header]));
    }

    /// Checks the peer's MIC token over `message`.
    ///
    /// # Errors
    /// As [`Self::unwrap`].
    pub fn verify_mic(&mut self, token: &[u8], message: &[u8]) -> Result<(), GssError> {
        if self.is_rc4() {
            let number = rfc1964::verify_mic(self.sending_key(), self.role.peer().sender(), token, message)?;
            return self.received.receive_short(number);
        }
        let (header, checksum) = self.peer_header(token, MIC)?;
        if header[4..8] != [0xff; 4] || header[2] & SEALED != 0 {
            return Err(malformed("filler of a mic token"));
        }
        self.receiving_key(header[2])?
            .verify_checksum_parts(self.role.peer().sign(), &[message, header], checksum)
            .map_err(|_| GssError::Broken("token is not intact"))?;
        self.received.receive(sequence_number(header))
    }

    /// Whether tokens are those of [`rfc1964`]: by the key that protects them (MIT).
    fn is_rc4(&self) -> bool {
        self.sending_key().etype() == Etype::Rc4Hmac
    }

    /// The number of the next token as [`rfc1964`] has it, in 32 bits.
    fn next_short_number(&mut self) -> u32 {
        let [_, _, _, _, low @ ..] = self.send_sequence.to_be_bytes();
        self.send_sequence = self.send_sequence.wrapping_add(1);
        u32::from_be_bytes(low)
    }

    fn next_header(&mut self, token_id: [u8; 2], flags: u8, middle: [u8; 4]) -> Header {
        let mut header = [0xff; HEADER_LENGTH];
        header[..2].copy_from_slice(&token_id);
        header[2] = flags
            | if self.role == Role::Acceptor { SENT_BY_ACCEPTOR } else { 0 }
            | if self.keys.acceptor_subkey.is_some() { ACCEPTOR_SUBKEY } else { 0 };
        header[4..8].copy_from_slice(&middle);
        header[8..].copy_from_slice(&self.send_sequence.to_be_bytes());
        self.send_sequence = self.send_sequence.wrapping_add(1);
        header
    }

    /// The header of a token of `token_id` which the peer sent, and what follows it.
    fn peer_header<'a>(&self, token: &'a [u8], token_id: [u8; 2]) -> Result<(&'a Header, &'a [u8]), GssError> {
        let (header, rest) =
            token.split_first_chunk().ok_or_else(|| malformed("per-message token of less than 16 octets"))?;
        if header[..2] != token_id || header[3] != 0xff {
            return Err(malformed("another token id than expected"));
        }
        if (header[2] & SENT_BY_ACCEPTOR != 0) != (self.role == Role::Initiator) {
            return Err(GssError::Broken("token in the wrong direction"));
        }
        Ok((header, rest))
    }

    fn sending_key(&self) -> &Key {
        self.keys.acceptor_subkey.as_ref().unwrap_or(&self.keys.base)
    }

    fn receiving_key(&self, flags: u8) -> Result<&Key, GssError> {
        match (&self.keys.acceptor_subkey, flags & ACCEPTOR_SUBKEY != 0) {
            (_, false) => Ok(&self.keys.base),
            (Some(subkey), true) => Ok(subkey),
            (None, true) => Err(GssError::Broken("token under an acceptor sub-key that there is not")),
        }
    }
}

fn sequence_number(header: &Header) -> u64 {
    u64::from_be_bytes(*header.last_chunk().expect("a header has sixteen octets"))
}

impl Role {
    const fn peer(self) -> Self {
        match self {
            Self::Initiator => Self::Acceptor,
            Self::Acceptor => Self::Initiator,
        }
    }

    const fn sender(self) -> Sender {
        match self {
            Self::Initiator => Sender::Initiator,
            Self::Acceptor => Sender::Acceptor,
        }
    }

    const fn seal(self) -> KeyUsage {
        match self {
            Self::Initiator => usage::INITIATOR_SEAL,
            Self::Acceptor => usage::ACCEPTOR_SEAL,
        }
    }

    const fn sign(self) -> KeyUsage {
        match self {
            Self::Initiator => usage::INITIATOR_SIGN,
            Self::Acceptor => usage::ACCEPTOR_SIGN,
        }
    }
}
