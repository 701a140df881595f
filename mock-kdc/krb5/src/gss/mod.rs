//! GSS-API krb5 mechanism (RFC 1964, RFC 4121), SPNEGO framing recognised by OID.

use crate::{Credential, Principal, Random, Timestamp};
use crate::keytab::Keytab;

/// Context flags (RFC 4121 §4.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u32);
impl Flags {
    /// Delegation.
    pub const DELEG: u32 = 1;
    /// Mutual authentication.
    pub const MUTUAL: u32 = 2;
    /// Replay detection.
    pub const REPLAY: u32 = 4;
    /// Sequencing.
    pub const SEQUENCE: u32 = 8;
    /// Confidentiality.
    pub const CONF: u32 = 16;
    /// Integrity.
    pub const INTEG: u32 = 32;
    /// Whether all of `bits` are set.
    #[must_use]
    pub const fn has(self, bits: u32) -> bool { self.0 & bits == bits }
}

/// What went wrong with a token of the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GssError {
    /// The token cannot be read.
    #[error("malformed token: {0}")]
    Malformed(String),
    /// The peer sent a KRB-ERROR token with this code.
    #[error("krb {0}")]
    Refused(i32),
    /// Integrity, sequence or mutual authentication failed.
    #[error("{0}")]
    Broken(&'static str),
}

/// The initiator of a context that waits for the acceptor's answer (or needs none).
#[derive(Debug)]
pub struct Initiator { _p: () }
impl Initiator {
    /// Makes the framed AP-REQ token for `credential`.
    pub fn start(_credential: &Credential, _flags: Flags, _now: Timestamp, _random: &mut dyn Random) -> (Self, Vec<u8>) { todo!() }
    /// Takes the acceptor's token: AP-REP, or KRB-ERROR (an error here). Only with mutual authentication.
    pub fn reply(&mut self, _token: &[u8]) -> Result<(), GssError> { todo!() }
    /// Whether nothing more is awaited from the acceptor.
    #[must_use]
    pub fn is_complete(&self) -> bool { todo!() }
    /// The finished context.
    pub fn into_context(self) -> Result<Context, GssError> { todo!() }
}

/// What an acceptor has at hand: keys, its principal if pinned, tolerance, replay cache.
#[derive(Debug)]
pub struct Acceptor { _p: () }
impl Acceptor {
    /// Accepts tickets for any principal of `keytab`, as MIT does by default. An empty keytab refuses all with [`Cause::NoKeytab`].
    #[must_use]
    pub fn new(_keytab: Keytab) -> Self { todo!() }
    /// Looks at an initiator's first token.
    ///
    /// # Errors
    /// Refused; the failure holds the code and, where MIT would send one, the KRB-ERROR token.
    pub fn accept(&self, _token: &[u8], _now: Timestamp, _random: &mut dyn Random) -> Result<Accepted, AcceptFailure> { todo!() }
}

/// A context that was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// Who initiated.
    pub client: Principal,
    /// For which service.
    pub service: Principal,
    /// What the initiator asked for.
    pub flags: Flags,
    /// The AP-REP token, if mutual authentication was asked for.
    pub reply: Option<Vec<u8>>,
    /// For wrapped messages.
    pub context: Context,
}

/// A context that was refused.
#[derive(Debug, Clone)]
pub struct AcceptFailure {
    /// Why.
    pub cause: Cause,
    /// The framed KRB-ERROR token to send, if one is due (facts: only if mutual authentication was requested and the AP-REQ decoded).
    pub reply: Option<Vec<u8>>,
}

/// Why a context was refused. Displays as `krb 44`, `no keytab`, `malformed token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// RFC 4120 §7.5.9 error code.
    Krb(i32),
    /// No key at all.
    NoKeytab,
    /// The token cannot be read.
    Malformed(String),
}
impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Krb(code) => write!(f, "krb {code}"),
            Self::NoKeytab => f.write_str("no keytab"),
            Self::Malformed(_) => f.write_str("malformed token"),
        }
    }
}

/// An established context: per-message tokens.
#[derive(Debug)]
pub struct Context { _p: () }
impl Context {
    /// Appends a sealed Wrap token (RFC 4121 §4.2.6.2) of `plain` to `out`.
    pub fn wrap(&mut self, _plain: &[u8], _random: &mut dyn Random, _out: &mut Vec<u8>) { todo!() }
    /// Opens a Wrap token and appends the plaintext to `out`. An unsealed token is an error here.
    pub fn unwrap(&mut self, _token: &[u8], _out: &mut Vec<u8>) -> Result<(), GssError> { todo!() }
    /// The most plaintext that fits a token of `limit` octets (gss_wrap_size_limit).
    #[must_use]
    pub fn wrap_limit(&self, _limit: usize) -> usize { todo!() }
}
