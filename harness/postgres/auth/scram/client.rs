//! The client side of SCRAM.

use super::verifier::{client_key, mac, salted_password, server_key, xor};
use super::{NONCE_OCTETS, SCRAM_SHA_256, SCRAM_SHA_256_PLUS};
use crate::handshake::Error;
use crate::handshake::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::RangeInclusive;
use subtle::ConstantTimeEq;

/// Server-first messages beyond this are refused. PostgreSQL's have about 90 octets.
const MESSAGE_LIMIT: usize = 4096;

/// What the client says about channel binding (RFC 5802 §6, the gs2-cbind-flag).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// `n`: the client cannot, or there is no channel.
    Unsupported,
    /// `y`: the client could, but the server did not offer it.
    NotOffered,
    /// `p=tls-server-end-point`, with the hash of the server's certificate (RFC 5929 §4).
    ServerEndPoint(Vec<u8>),
}

impl Binding {
    /// The mechanism that goes with it.
    #[must_use]
    pub const fn mechanism(&self) -> &'static str {
        match self {
            Self::Unsupported | Self::NotOffered => SCRAM_SHA_256,
            Self::ServerEndPoint(_) => SCRAM_SHA_256_PLUS,
        }
    }

    const fn header(&self) -> &'static str {
        match self {
            Self::Unsupported => "n,,",
            Self::NotOffered => "y,,",
            Self::ServerEndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    fn encoded(&self) -> String {
        let mut input = self.header().as_bytes().to_vec();
        if let Self::ServerEndPoint(hash) = self {
            input.extend_from_slice(hash);
        }
        STANDARD.encode(input)
    }
}

/// A client in the middle of the exchange. `Debug` shows no key.
pub struct ScramClient {
    binding: Binding,
    first_bare: String,
    nonce: String,
    /// ServerSignature as it has to come, once the proof was made.
    expected: Option<[u8; 32]>,
}

impl ScramClient {
    /// Draws up client-first from random octets, with an empty user name as libpq has it.
    #[must_use]
    pub fn start(binding: Binding, nonce: [u8; NONCE_OCTETS]) -> Self {
        Self::with_nonce(binding, "", STANDARD.encode(nonce))
    }

    /// … from a nonce in text and a user name.
    #[must_use]
    pub fn with_nonce(binding: Binding, user: &str, nonce: String) -> Self {
        Self { binding, first_bare: format!("n={user},r={nonce}"), nonce, expected: None }
    }

    /// Takes whatever nonce the server names for an extension of its own.
    pub(crate) fn take_any_nonce(&mut self) {
        self.nonce.clear();
    }

    /// The mechanism that was chosen.
    #[must_use]
    pub const fn mechanism(&self) -> &'static str {
        self.binding.mechanism()
    }

    /// client-first.
    #[must_use]
    pub fn first(&self) -> String {
        format!("{}{}", self.binding.header(), self.first_bare)
    }

    /// Answers server-first with client-final. Costs PBKDF2 over the server's iteration count, if that is in `iterations`.
    ///
    /// # Errors
    /// The message cannot be read, its nonce is not an extension of ours, or the count is out of bounds.
    pub fn prove(
        &mut self,
        server_first: &[u8],
        secret: &Secret,
        iterations: &RangeInclusive<u32>,
    ) -> Result<String, Error> {
        let text = std::str::from_utf8(server_first).ok().filter(|text| text.len() <= MESSAGE_LIMIT);
        let text = text.ok_or_else(|| Error::peer("scram: server-first-message is no text of at most 4096 octets"))?;
        let mut attributes = text.split(',');
        let nonce = attribute(attributes.next(), "r=")?;
        let salt = attribute(attributes.next(), "s=")?;
        let count = attribute(attributes.next(), "i=")?;
        if !nonce.strip_prefix(self.nonce.as_str()).is_some_and(|own| !own.is_empty() && own.bytes().all(printable)) {
            return Err(Error::peer("scram: the server's nonce does not extend the client's (RFC 5802 §5.1)"));
        }
        let salt = STANDARD
            .decode(salt)
            .ok()
            .filter(|salt| !salt.is_empty())
            .ok_or_else(|| Error::peer("scram: the salt is no base64"))?;
        let digits = !count.is_empty() && count.bytes().all(|octet| octet.is_ascii_digit());
        let count: u32 = Some(count)
            .filter(|_| digits)
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| Error::peer("scram: the iteration count is no number"))?;
        if !iterations.contains(&count) {
            return Err(Error::peer(format!(
                "scram: iteration count {count} is outside {} to {}",
                iterations.start(),
                iterations.end()
            )));
        }
        let salted = salted_password(secret.octets(), &salt, count);
        let client_key = client_key(&salted);
        let without_proof = format!("c={},r={nonce}", self.binding.encoded());
        let auth_message = format!("{},{text},{without_proof}", self.first_bare);
        let mut proof = mac(&Sha256::digest(*client_key), &[auth_message.as_bytes()]);
        xor(&mut proof, &client_key);
        self.expected = Some(mac(&*server_key(&salted), &[auth_message.as_bytes()]));
        Ok(format!("{without_proof},p={}", STANDARD.encode(proof)))
    }

    /// Judges server-final. Only after this has the server shown that it knows the password.
    ///
    /// # Errors
    /// It reports an error, or its signature is not the one of the password.
    pub fn verify(&mut self, server_final: &[u8]) -> Result<(), Error> {
        let expected = self
            .expected
            .take()
            .ok_or_else(|| Error::peer("scram: server-final-message before server-first-message"))?;
        let text =
            std::str::from_utf8(server_final).map_err(|_| Error::peer("scram: server-final-message is no text"))?;
        if text.starts_with("e=") {
            return Err(Error::peer("scram: the server reports an error in its final message"));
        }
        let signature = STANDARD.decode(attribute(text.split(',').next(), "v=")?);
        match signature {
            Ok(signature) if bool::from(signature.as_slice().ct_eq(&expected)) => Ok(()),
            _ => Err(Error::peer("scram: the server's signature does not match (RFC 5802 §3)")),
        }
    }
}

impl fmt::Debug for ScramClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramClient").field("mechanism", &self.mechanism()).finish_non_exhaustive()
    }
}

fn attribute<'a>(field: Option<&'a str>, name: &'static str) -> Result<&'a str, Error> {
    field.and_then(|field| field.strip_prefix(name)).ok_or_else(|| Error::peer(format!("scram: '{name}' expected")))
}

/// `printable` of RFC 5802 §7: no comma, no space, no control character.
fn printable(octet: u8) -> bool {
    matches!(octet, 0x21..=0x2b | 0x2d..=0x7e)
}
