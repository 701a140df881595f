//! `authentication_kerberos`: the plugin data in which the server names its service principal and realm, and the tokens.
//!
//! The server's plugin is not published; this is what libmysqlclient 8.0 and 9, Connector/J and Connector/Python read.

use crate::handshake::{Context, Error, Reader, Writer};
use crate::mysql::settings::{KerberosClient, TokenForm};
use shakedown_krb5::gss::{Flags, GssError, Initiator, InitiatorSettings, Mechanism, SpnegoInitiator};
use shakedown_krb5::{Credential, Principal};

/// What the server sends in its AuthSwitchRequest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceName {
    /// `mysql/db.test@CORP.EXAMPLE.COM`; the realm may be missing.
    pub service_principal: String,
    /// The realm of the account.
    pub realm: String,
}

/// The longest block that libmysqlclient takes.
const MAX_BLOCK: usize = 519;

impl ServiceName {
    /// Reads the block as libmysqlclient does: at most 519 octets, neither name empty, anything behind it ignored.
    ///
    /// # Errors
    /// It is longer, shorter than its lengths say, or a name is empty or no UTF-8.
    pub fn decode(data: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("kerberos plugin data", data);
        if data.len() > MAX_BLOCK {
            return Err(reader.malformed("block", format!("{} octets, at most {MAX_BLOCK} are taken", data.len())));
        }
        let service_principal = name(&mut reader, "service principal")?;
        let realm = name(&mut reader, "realm")?;
        Ok(Self { service_principal, realm })
    }

    /// Writes the block.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        for name in [&self.service_principal, &self.realm] {
            writer.u16_le(u16::try_from(name.len()).unwrap_or(u16::MAX)).bytes(name.as_bytes());
        }
    }

    /// The service as a principal. Without a realm in it, the client's configuration decides.
    ///
    /// # Errors
    /// The text is no principal.
    pub fn service(&self) -> Result<Principal, Error> {
        self.service_principal.parse().map_err(|error| Error::peer(format!("service principal: {error}")))
    }

    /// The user's principal: login name, `@`, realm.
    #[must_use]
    pub fn user(&self, login: &str) -> Principal {
        Principal::new(&[login], &self.realm)
    }
}

fn name(reader: &mut Reader<'_>, field: &'static str) -> Result<String, Error> {
    let length = reader.u16_le(field)?;
    if length == 0 {
        return Err(reader.malformed(field, "empty"));
    }
    let octets = reader.take(field, usize::from(length))?;
    match std::str::from_utf8(octets) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(reader.malformed(field, "no UTF-8")),
    }
}

/// A context that a client has begun.
#[derive(Debug)]
pub enum Negotiation {
    /// By Kerberos alone.
    Krb5(Initiator),
    /// By Kerberos inside SPNEGO.
    Spnego {
        /// Who offers.
        initiator: Box<SpnegoInitiator>,
        /// Whether the acceptor has said its last word.
        is_complete: bool,
    },
}

impl Negotiation {
    /// Whether nothing of the acceptor is awaited.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        match self {
            Self::Krb5(initiator) => initiator.is_complete(),
            Self::Spnego { is_complete, .. } => *is_complete,
        }
    }

    /// Takes the acceptor's token.
    ///
    /// # Errors
    /// It refuses, is none, or wants another one, which no server's plugin waits for.
    pub fn reply(&mut self, token: &[u8], cx: &mut Context<'_>) -> Result<(), GssError> {
        match self {
            Self::Krb5(initiator) => initiator.reply(token),
            Self::Spnego { initiator, is_complete } => {
                let step = initiator.step(token, cx.now, cx.random)?;
                *is_complete = step.done && step.token.is_none();
                Ok(())
            }
        }
    }
}

/// Makes the initiator's token. Without mutual authentication no flag is asked for at all, as libmysqlclient does it.
pub fn initiate(credential: &Credential, client: KerberosClient, cx: &mut Context<'_>) -> (Negotiation, Vec<u8>) {
    let flags = if client.mutual { Flags(Flags::MUTUAL) } else { Flags(0) };
    match client.token {
        TokenForm::Krb5 => {
            let (initiator, token) = Initiator::start(credential, flags, cx.now, cx.random);
            (Negotiation::Krb5(initiator), token)
        }
        TokenForm::Spnego => {
            let settings = InitiatorSettings::new(flags);
            let offered = &Mechanism::WINDOWS;
            let (initiator, token) = SpnegoInitiator::start(credential, &settings, offered, cx.now, cx.random);
            (Negotiation::Spnego { initiator: Box::new(initiator), is_complete: false }, token)
        }
    }
}

/// What is inside a GSS-API token, for the trace: an AP-REQ, AP-REP or KRB-ERROR in the krb5 framing (RFC 1964 §1.1), which
/// SPNEGO wraps once more, or something else. Looks at the head of the token only; whether it is good, gss decides.
#[must_use]
pub fn token_kind(token: &[u8]) -> TokenKind {
    /// The krb5 mechanism, 1.2.840.113554.1.2.2, as DER has it.
    const KRB5_OID: [u8; 11] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02];
    /// Behind the mechanisms that SPNEGO lists, the inner token begins well before this.
    const HEAD: usize = 256;
    let Some([0x60 | 0xA1, ..]) = token.get(..1) else { return TokenKind::Other };
    let head = &token[..token.len().min(HEAD)];
    head.windows(KRB5_OID.len() + 2)
        .filter_map(|window| window.strip_prefix(&KRB5_OID))
        .find_map(|id| match id {
            [0x01, 0x00] => Some(TokenKind::ApReq),
            [0x02, 0x00] => Some(TokenKind::ApRep),
            [0x03, 0x00] => Some(TokenKind::KrbError),
            _ => None,
        })
        .unwrap_or(TokenKind::Other)
}

/// The kinds of token that a trace tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `01 00`.
    ApReq,
    /// `02 00`.
    ApRep,
    /// `03 00`.
    KrbError,
    /// Anything else.
    Other,
}
