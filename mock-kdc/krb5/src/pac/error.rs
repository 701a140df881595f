//! What is wrong with a PAC.

/// Why a PAC was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacError {
    /// The octets are no PAC, or a buffer is not what its type says.
    #[error("malformed pac: {0}")]
    Malformed(&'static str),
    /// There is no buffer of a type that has to be there.
    #[error("pac without a buffer of type {0}")]
    Missing(u32),
    /// There are two buffers of a type.
    #[error("pac with two buffers of type {0}")]
    Twice(u32),
    /// A signature of another kind than the key makes.
    #[error("signature {kind} of the pac has checksum type {found}, expected {expected}")]
    ChecksumType {
        /// The buffer's type.
        kind: u32,
        /// As it is written.
        found: i32,
        /// The key's.
        expected: i32,
    },
    /// A signature that does not fit.
    #[error("signature {0} of the pac does not match")]
    Signature(u32),
}
