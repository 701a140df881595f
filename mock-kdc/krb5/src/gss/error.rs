//! What is wrong with a token of the peer.

use crate::der;

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

impl From<der::Error> for GssError {
    fn from(error: der::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}
