//! The side that begins: makes the AP-REQ token, takes the AP-REP token.

use super::checksum::{self, BindingsHash};
use super::context::{Context, Keys, Role};
use super::frame::{TokenId, frame, malformed, unframe};
use super::{Flags, GssError};
use crate::crypto::{Etype, Key, usage};
use crate::der::Writer;
use crate::messages::flags::ap_options;
use crate::messages::{ApReply, Authenticator, Codec, EncApReplyPart, EncryptedData, EncryptionKey, KrbError};
use crate::{Credential, Random, Timestamp};

/// What an initiator puts into its token beyond the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitiatorSettings {
    /// As sent, bit by bit. MIT's gss_init_sec_context adds CONF, INTEG and TRANS to what its caller asks for.
    pub flags: Flags,
    /// Whether a sub-key of the session key's etype is proposed. MIT always does.
    pub subkey: bool,
    /// Whether there is an initial sequence number; without one tokens are counted from 0. MIT always sends one.
    pub sequence_number: bool,
    /// MD5 over the channel bindings (RFC 4121 §4.1.1.2); zeros for none.
    pub channel_bindings: [u8; 16],
}

impl InitiatorSettings {
    /// As MIT's initiator without channel bindings.
    #[must_use]
    pub const fn new(flags: Flags) -> Self {
        const NO_BINDINGS: BindingsHash = [0; 16];
        Self { flags, subkey: true, sequence_number: true, channel_bindings: NO_BINDINGS }
    }
}

/// The initiator of a context that waits for the acceptor's answer (or needs none).
#[derive(Debug)]
pub struct Initiator {
    flags: Flags,
    session_key: Key,
    subkey: Option<Key>,
    time: Timestamp,
    sequence_number: u32,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// Without mutual authentication.
    NotExpected,
    Expected,
    Received {
        subkey: Option<Key>,
        sequence_number: u32,
    },
}

impl Initiator {
    /// Makes the framed AP-REQ token for `credential`, as MIT's initiator would.
    pub fn start(credential: &Credential, flags: Flags, now: Timestamp, random: &mut dyn Random) -> (Self, Vec<u8>) {
        Self::start_with(credential, &InitiatorSettings::new(flags), now, random)
    }

    /// Makes the framed AP-REQ token for `credential`.
    pub fn start_with(
        credential: &Credential,
        settings: &InitiatorSettings,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> (Self, Vec<u8>) {
        let session_key = credential.key.clone();
        let subkey = settings.subkey.then(|| Key::random(session_key.etype(), random));
        let sequence_number = settings.sequence_number.then(|| initial_sequence_number(random));
        let authenticator = Authenticator {
            client: credential.client.clone(),
            checksum: Some(checksum::encode(settings.channel_bindings, settings.flags)),
            time: now,
            subkey: subkey.as_ref().map(to_message),
            seq_number: sequence_number,
            authorization_data: None,
        };
        let authenticator = EncryptedData {
            etype: session_key.etype().number(),
            kvno: None,
            cipher: session_key.encrypt(usage::AP_REQ_AUTHENTICATOR, &authenticator.to_octets(), random),
        };
        let mutual = settings.flags.has(Flags::MUTUAL);
        let token = frame(
            TokenId::ApRequest,
            &ap_request(if mutual { ap_options::MUTUAL_REQUIRED } else { 0 }, &credential.ticket, &authenticator),
        );
        let initiator = Self {
            flags: settings.flags,
            session_key,
            subkey,
            time: now,
            sequence_number: sequence_number.unwrap_or(0),
            answer: if mutual { Answer::Expected } else { Answer::NotExpected },
        };
        (initiator, token)
    }

    /// Takes the acceptor's token: AP-REP, or KRB-ERROR (an error here). Only with mutual authentication.
    ///
    /// # Errors
    /// [`GssError::Refused`] for a KRB-ERROR, [`GssError::Broken`] if the acceptor did not prove that it could read the
    /// ticket, [`GssError::Malformed`] for anything else than an AP-REP.
    pub fn reply(&mut self, token: &[u8]) -> Result<(), GssError> {
        if !matches!(self.answer, Answer::Expected) {
            return Err(GssError::Broken("no answer is awaited"));
        }
        let token = unframe(token)?;
        match token.token_id {
            TokenId::ApReply => {}
            TokenId::KrbError => return Err(GssError::Refused(KrbError::decode(token.message)?.error_code)),
            TokenId::ApRequest | TokenId::Other(_) => return Err(malformed("neither ap-rep nor krb-error")),
        }
        let enc_part = ApReply::decode(token.message)?.enc_part;
        if enc_part.etype != self.session_key.etype().number() {
            return Err(GssError::Broken("ap-rep of another etype than the session key"));
        }
        let part = self
            .session_key
            .decrypt(usage::AP_REP, &enc_part.cipher)
            .map_err(|_| GssError::Broken("ap-rep is not intact"))?;
        let part = EncApReplyPart::decode(&part)?;
        if part.time != self.time {
            return Err(GssError::Broken("ap-rep is for another authenticator"));
        }
        let subkey = part.subkey.as_ref().map(from_message).transpose()?;
        self.answer = Answer::Received { subkey, sequence_number: part.seq_number.unwrap_or(0) };
        Ok(())
    }

    /// Whether nothing more is awaited from the acceptor.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        !matches!(self.answer, Answer::Expected)
    }

    /// The finished context.
    ///
    /// # Errors
    /// [`GssError::Broken`] while the acceptor's answer is awaited.
    pub fn into_context(self) -> Result<Context, GssError> {
        let (acceptor_subkey, receive_sequence) = match self.answer {
            Answer::Expected => return Err(GssError::Broken("the acceptor's answer is awaited")),
            // MIT's: without an AP-REP both sides count from the initiator's number.
            Answer::NotExpected => (None, self.sequence_number),
            Answer::Received { subkey, sequence_number } => (subkey, sequence_number),
        };
        let base = self.subkey.unwrap_or(self.session_key);
        // As MIT: with RC4 the acceptor's is mostly the initiator's own sent back, and no token says whose it is under.
        let acceptor_subkey = acceptor_subkey.filter(|key| [base.etype(), key.etype()] != [Etype::Rc4Hmac; 2]);
        let keys = Keys { base, acceptor_subkey };
        Ok(Context::new(Role::Initiator, keys, self.flags, self.sequence_number.into(), receive_sequence.into()))
    }
}

/// An AP-REQ with the ticket as it was received: it is opaque to a client, which sends even one that does not decode.
fn ap_request(options: u32, ticket: &[u8], authenticator: &EncryptedData) -> Vec<u8> {
    let mut request = Vec::with_capacity(ticket.len() + authenticator.cipher.len() + 64);
    Writer::new(&mut request).application_sequence(14, |w| {
        w.field(0, |w| w.integer(5));
        w.field(1, |w| w.integer(14));
        w.field(2, |w| w.flags(options));
        w.field(3, |w| w.raw(ticket));
        w.field(4, |w| authenticator.write(w));
    });
    request
}

/// 30 bits, as MIT: old peers take the number for a signed one, and it must not overflow soon.
pub(super) fn initial_sequence_number(random: &mut dyn Random) -> u32 {
    let mut octets = [0; 4];
    random.fill(&mut octets);
    u32::from_be_bytes(octets) & 0x3fff_ffff
}

pub(super) fn to_message(key: &Key) -> EncryptionKey {
    EncryptionKey::new(key.etype().number(), key.bytes())
}

pub(super) fn from_message(key: &EncryptionKey) -> Result<Key, GssError> {
    let key = key.etype.try_into().and_then(|etype| Key::new(etype, &key.value));
    key.map_err(|error| GssError::Malformed(format!("sub-key: {error}")))
}
