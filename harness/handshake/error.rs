//! Errors of protocol machines, by who has to act.

use std::borrow::Cow;

/// Why a machine cannot go on. The text is lower case, without a full stop, and never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Bytes that are no message: a wrong length, a wrong constant, a missing terminator.
    #[error("malformed {message}: {field} at offset {offset}: {problem}")]
    Malformed {
        /// The message being read, as the specification calls it.
        message: &'static str,
        /// The field in it.
        field: &'static str,
        /// Octets from the start of the message.
        offset: usize,
        /// What was expected and what was found.
        problem: Cow<'static, str>,
    },
    /// A well-formed message that has no place here.
    #[error("peer broke the protocol: {0}")]
    PeerMisbehaved(Cow<'static, str>),
    /// Something that the protocol has and we do not.
    #[error("unsupported: {0}")]
    Unsupported(Cow<'static, str>),
    /// Our own fault: a machine was called out of order. Never the peer's doing.
    #[error("misuse: {0}")]
    Misuse(&'static str),
}

impl Error {
    /// A [`Error::PeerMisbehaved`] with its text.
    pub fn peer(text: impl Into<Cow<'static, str>>) -> Self {
        Self::PeerMisbehaved(text.into())
    }
}
