//! What a token is signed with.

use std::fmt;
use zeroize::Zeroizing;

/// An access key of an IAM user, or the temporary one of a role, which has a session token too. `Debug` shows the identifier only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key's identifier, which is no secret: `AKIA…` of a user, `ASIA…` of a role.
    pub access_key_id: String,
    /// What signatures are made with.
    pub secret_access_key: Zeroizing<String>,
    /// What goes with a temporary key.
    pub session_token: Option<Zeroizing<String>>,
}

impl Credentials {
    /// The key of a user.
    pub fn of_user(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: Zeroizing::new(secret_access_key.into()),
            session_token: None,
        }
    }

    /// With the session token of a role.
    #[must_use]
    pub fn with_session(self, token: impl Into<String>) -> Self {
        Self { session_token: Some(Zeroizing::new(token.into())), ..self }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_printed_without_their_secrets() {
        let credentials = Credentials::of_user("AKIDEXAMPLE", "open-sesame").with_session("hunter2");
        let shown = format!("{credentials:?}");
        assert!(shown.contains("AKIDEXAMPLE") && !shown.contains("sesame") && !shown.contains("hunter2"), "{shown}");
    }
}
