//! What proves an identity and must never be printed.

use std::fmt;
use zeroize::Zeroizing;

/// A password or a token. Neither `Debug` nor an error text shows it, and its memory is overwritten when it is dropped. An empty
/// one is no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    octets: Zeroizing<Vec<u8>>,
    method: &'static str,
}

impl Secret {
    /// A password. A login by it is called `password`.
    pub fn password(octets: impl Into<Vec<u8>>) -> Self {
        Self { octets: Zeroizing::new(octets.into()), method: "password" }
    }

    /// An IAM token, which travels as a cleartext password. A login by it is called `iam`.
    pub fn token(octets: impl Into<Vec<u8>>) -> Self {
        Self { octets: Zeroizing::new(octets.into()), method: "iam" }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The octets themselves, to be hashed or sent.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// What an outcome calls a login by this secret.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }
}

/// The empty password.
impl Default for Secret {
    fn default() -> Self {
        Self::password([])
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("method", &self.method).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let shown = format!("{:?} {:?}", Secret::password("open sesame"), Secret::token("open sesame"));
        assert!(!shown.contains("sesame") && !shown.contains("111, 112"), "{shown}");
        assert!(shown.contains("iam"), "{shown}");
    }
}
