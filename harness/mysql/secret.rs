//! A password or a token, as a client holds it.

use std::fmt;
use zeroize::Zeroizing;

/// Octets that are never printed and are overwritten when dropped. Empty means: no password.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the octets over.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(octets.into()))
    }

    /// The octets, to be hashed or sent.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no password at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("hunter2");
        let text = format!("{secret:?} {secret:#?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(!text.contains("104"), "nor as octets: {text}");
        assert_eq!(secret.expose(), b"hunter2");
    }
}
