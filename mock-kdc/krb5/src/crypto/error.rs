//! What can go wrong, without a word about keys or plaintext.

use super::Etype;

/// Why an operation of [`super::Key`] or [`super::string_to_key`] was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The authentication tag or checksum does not match: wrong key, wrong usage, or changed octets
    /// (KRB_AP_ERR_BAD_INTEGRITY where a peer has to be told).
    #[error("integrity check failed")]
    Integrity,
    /// Shorter than confounder and tag together.
    #[error("ciphertext of {found} octets, expected at least {least}")]
    CiphertextTooShort {
        /// Octets given.
        found: usize,
        /// Octets of an empty plaintext's ciphertext.
        least: usize,
    },
    /// A key of another length than the etype has.
    #[error("key of {found} octets for {etype}, expected {expected}")]
    KeyLength {
        /// The etype.
        etype: Etype,
        /// Octets given.
        found: usize,
        /// [`Etype::key_length`].
        expected: usize,
    },
    /// An etype that is not 17, 18, 19, 20 or 23.
    #[error("etype {0} is not supported, expected 17, 18, 19, 20 or 23")]
    UnsupportedEtype(i32),
    /// String-to-key parameters that are not four octets.
    #[error("string-to-key parameters of {found} octets, expected 4")]
    Parameters {
        /// Octets given.
        found: usize,
    },
    /// String-to-key parameters for RC4, which has none.
    #[error("string-to-key parameters for rc4-hmac, expected none")]
    NoParameters,
    /// A password that is not UTF-8, for RC4, which takes it as UTF-16.
    #[error("a password that is not utf-8, which rc4-hmac needs")]
    NotUtf8,
    /// More iterations of PBKDF2 than we are ready to compute for a peer.
    #[error("string-to-key with {found} iterations, expected 1 to {most}")]
    Iterations {
        /// What the parameters ask for (0 on the wire means 2^32).
        found: u64,
        /// [`super::MAX_ITERATIONS`].
        most: u32,
    },
    /// More octets than PRF+ has.
    #[error("{asked} octets of prf+, expected at most 255 outputs of the prf")]
    PrfLength {
        /// Octets asked for.
        asked: usize,
    },
}
