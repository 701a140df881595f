//! The host of an account: `'alice'@'10.%'`, and which account a client comes to that several could be.
//!
//! Source: MySQL, Access Control, Stage 1: Connection Verification. The account is chosen by host before anything is asked for, the
//! most specific host first; one that does not let in is not made up for by another.

use crate::mysql::account::Account;

/// An account for clients of some hosts.
#[derive(Debug, Clone)]
pub struct HostAccount {
    /// The user.
    pub user: String,
    /// Where from.
    pub host: HostPattern,
    /// What it is proved by, and what it may.
    pub account: Account,
}

/// Hosts: names or addresses, with `%` for any run of characters and `_` for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern(String);

impl HostPattern {
    /// As SQL has it between the quotes behind the `@`.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether a client that is called `host` is meant. `localhost` and 127.0.0.1 are one client that is called either.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        let is_meant = |host: &str| like(self.0.to_ascii_lowercase().as_bytes(), host.to_ascii_lowercase().as_bytes());
        is_meant(host) || (host == "localhost" && is_meant("127.0.0.1"))
    }

    /// How much it leaves open: a host without wildcards nothing, one with a wildcard the more the earlier it stands.
    fn openness(&self) -> usize {
        usize::MAX - self.0.find(['%', '_']).unwrap_or(usize::MAX)
    }
}

/// The account of a user for a client of that host, of those that are for some hosts only.
#[must_use]
pub fn most_specific<'a>(accounts: &'a [HostAccount], user: &str, host: &str) -> Option<&'a Account> {
    let matching = accounts.iter().filter(|known| known.user == user && known.host.matches(host));
    matching.min_by_key(|known| known.host.openness()).map(|known| &known.account)
}

/// SQL's LIKE without escapes, in time proportional to the product of the lengths.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for &octet in pattern {
        if octet == b'%' {
            for at in 1..reached.len() {
                reached[at] |= reached[at - 1];
            }
        } else {
            for at in (1..reached.len()).rev() {
                reached[at] = reached[at - 1] && (octet == b'_' || octet == text[at - 1]);
            }
            reached[0] = false;
        }
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::account::Credentials;

    #[test]
    fn a_pattern_means_its_hosts() {
        let check = |pattern: &str, host: &str, expected| {
            assert_eq!(HostPattern::new(pattern).matches(host), expected, "{pattern} {host}");
        };
        check("%", "10.0.0.1", true);
        check("10.%", "10.0.0.1", true);
        check("10.%", "110.0.0.1", false);
        check("10.0.0._", "10.0.0.1", true);
        check("10.0.0._", "10.0.0.11", false);
        check("%.Example.com", "db.example.COM", true);
        check("localhost", "localhost", true);
        check("127.%", "localhost", true);
        check("127.%", "10.0.0.1", false);
        check("", "localhost", false);
    }

    #[test]
    fn the_host_that_leaves_the_least_open_decides() {
        let realm_of = |hosts: &[&str], host: &str| {
            let account = |realm: &str| Account::new(Credentials::Kerberos { realm: realm.to_owned() });
            let of = |pattern: &&str| HostAccount {
                user: "alice".to_owned(),
                host: HostPattern::new(*pattern),
                account: account(pattern),
            };
            let accounts: Vec<_> = hosts.iter().map(of).collect();
            match &most_specific(&accounts, "alice", host)?.credentials {
                Credentials::Kerberos { realm } => Some(realm.clone()),
                _ => None,
            }
        };
        assert_eq!(realm_of(&["%", "127.%", "127.0.%"], "localhost").as_deref(), Some("127.0.%"));
        assert_eq!(realm_of(&["127.0.%", "localhost", "%"], "localhost").as_deref(), Some("localhost"));
        assert_eq!(realm_of(&["127.0.%", "10.%"], "10.0.0.1").as_deref(), Some("10.%"));
        assert_eq!(realm_of(&["127.0.%"], "10.0.0.1"), None);
    }
}
