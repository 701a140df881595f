//! Why an acceptor refuses.

use super::GssError;

/// A context that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptFailure {
    /// Why.
    pub cause: Cause,
    /// The framed KRB-ERROR token to send, if one is due: only if mutual authentication was requested and the AP-REQ
    /// could be decoded.
    pub reply: Option<Vec<u8>>,
}

/// Why a context was refused. Displays as `krb 44`, `no keytab`, `malformed token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// RFC 4120 §7.5.9 error code.
    Krb(i32),
    /// No key at all, or none of the service that the acceptor is pinned to.
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

impl AcceptFailure {
    /// Refuses without a word to the initiator.
    pub(super) const fn silent(cause: Cause) -> Self {
        Self { cause, reply: None }
    }
}

impl From<GssError> for AcceptFailure {
    fn from(error: GssError) -> Self {
        Self::silent(match error {
            GssError::Malformed(text) => Cause::Malformed(text),
            GssError::Refused(code) => Cause::Krb(code),
            GssError::Broken(text) => Cause::Malformed(text.to_owned()),
        })
    }
}

impl From<crate::der::Error> for AcceptFailure {
    fn from(error: crate::der::Error) -> Self {
        GssError::from(error).into()
    }
}
