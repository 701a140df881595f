//! Which message it is, for traces and dispatch.

use super::{Codec, KrbError};
use std::fmt;

/// A message as a trace names it: `as-req`, `krb-error 25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// AS-REQ.
    AsRequest,
    /// AS-REP.
    AsReply,
    /// TGS-REQ.
    TgsRequest,
    /// TGS-REP.
    TgsReply,
    /// AP-REQ.
    ApRequest,
    /// AP-REP.
    ApReply,
    /// KRB-ERROR with its error code.
    Error(i32),
}

impl MessageKind {
    /// Of a bare message, by its application tag. `None` if it is none of these, and for an error that does not decode.
    #[must_use]
    pub fn of(message: &[u8]) -> Option<Self> {
        Some(match message.first()? {
            0x6a => Self::AsRequest,
            0x6b => Self::AsReply,
            0x6c => Self::TgsRequest,
            0x6d => Self::TgsReply,
            0x6e => Self::ApRequest,
            0x6f => Self::ApReply,
            0x7e => Self::Error(KrbError::decode(message).ok()?.error_code),
            _ => return None,
        })
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsRequest => f.write_str("as-req"),
            Self::AsReply => f.write_str("as-rep"),
            Self::TgsRequest => f.write_str("tgs-req"),
            Self::TgsReply => f.write_str("tgs-rep"),
            Self::ApRequest => f.write_str("ap-req"),
            Self::ApReply => f.write_str("ap-rep"),
            Self::Error(code) => write!(f, "krb-error {code}"),
        }
    }
}
