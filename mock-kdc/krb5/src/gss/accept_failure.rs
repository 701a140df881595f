//! Why an acceptor refuses.

use super::GssError;

/// A context that was refused. `Debug` shows of the token only how long it is.
#[derive(Clone, PartialEq, Eq)]
pub struct AcceptFailure {
    /// Why.
    pub cause: Cause,
    /// The token to send, if one is due: a framed KRB-ERROR only if mutual authentication was requested and the AP-REQ
    /// could be decoded; within SPNEGO a rejection, unless there is no keytab or the token is not SPNEGO's after all.
    pub reply: Option<Vec<u8>>,
}

impl std::fmt::Debug for AcceptFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reply = self.reply.as_ref().map(|token| format!("{} octets", token.len()));
        f.debug_struct("AcceptFailure").field("cause", &self.cause).field("reply", &reply).finish()
    }
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
