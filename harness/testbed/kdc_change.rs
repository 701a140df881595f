//! What steps change about a KDC that stands, whoever plays it.

use crate::scenario::plan::{AccountState, Keys};
use zeroize::Zeroizing;

/// A change of a realm. `Debug` shows no password.
pub enum KdcChange<'a> {
    /// A service gets random keys, under the next number or, where the principal is made anew, under the same one.
    Service {
        /// The service without the realm.
        spn: &'a str,
        /// Whether the number stays.
        same_kvno: bool,
    },
    /// A user gets the keys of another password, under the next number.
    Password {
        /// The user without the realm.
        user: &'a str,
        /// The password.
        password: Zeroizing<String>,
        /// What becomes of the old keys.
        old_keys: Keys,
    },
    /// The ticket-granting service gets random keys, under the next number.
    Krbtgt(Keys),
    /// What the realm shares with another gets the keys of another password, under the next number.
    Trust {
        /// The principals that both have, in full.
        principals: Vec<String>,
        /// What is typed.
        password: Zeroizing<String>,
        /// What becomes of the old keys.
        old_keys: Keys,
    },
    /// An account is otherwise.
    Account {
        /// The user without the realm.
        user: &'a str,
        /// What it is like from then on.
        state: AccountState,
    },
    /// The clock, as seconds to the base.
    Clock(i64),
}

impl std::fmt::Debug for KdcChange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service { spn, same_kvno } => {
                f.debug_struct("Service").field("spn", spn).field("same_kvno", same_kvno).finish()
            }
            Self::Password { user, password: _, old_keys } => {
                f.debug_struct("Password").field("user", user).field("old_keys", old_keys).finish_non_exhaustive()
            }
            Self::Trust { principals, password: _, old_keys } => f
                .debug_struct("Trust")
                .field("principals", principals)
                .field("old_keys", old_keys)
                .finish_non_exhaustive(),
            Self::Krbtgt(old_keys) => f.debug_tuple("Krbtgt").field(old_keys).finish(),
            Self::Account { user, state } => {
                f.debug_struct("Account").field("user", user).field("state", state).finish()
            }
            Self::Clock(seconds) => f.debug_tuple("Clock").field(seconds).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_password() {
        let password = Zeroizing::new("hunter2".to_owned());
        let change = KdcChange::Password { user: "alice", password, old_keys: Keys::Kept };
        assert_eq!(format!("{change:?}"), r#"Password { user: "alice", old_keys: Kept, .. }"#);
        let password = Zeroizing::new("hunter2".to_owned());
        let change = KdcChange::Trust { principals: vec!["krbtgt/A@B".to_owned()], password, old_keys: Keys::Dropped };
        assert_eq!(format!("{change:?}"), r#"Trust { principals: ["krbtgt/A@B"], old_keys: Dropped, .. }"#);
    }
}
