//! The keys of FAST, each made of two others by KRB-FX-CF2.

use crate::crypto::{Key, cf2};

/// The key of the tunnel, of the sub-key in the authenticator that shows a ticket, and of the ticket's session key
/// (RFC 6113 §5.4.1.1, §5.4.2).
#[must_use]
pub fn armor_key(subkey: &Key, ticket_session_key: &Key) -> Key {
    cf2(subkey, "subkeyarmor", ticket_session_key, "ticketarmor")
}

/// What the encrypted part of a reply is under where there is a strengthen-key (RFC 6113 §5.4.3).
#[must_use]
pub fn strengthened(strengthen_key: &Key, reply_key: &Key) -> Key {
    cf2(strengthen_key, "strengthenkey", reply_key, "replykey")
}

/// The two keys of an encrypted challenge (RFC 6113 §5.4.6), one for each direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeKeys {
    /// What the client sends is under this, usage 54.
    pub client: Key,
    /// What the KDC sends is under this, usage 55.
    pub kdc: Key,
}

impl ChallengeKeys {
    /// Of the tunnel's key and a long-term key of the client.
    #[must_use]
    pub fn new(armor_key: &Key, long_term_key: &Key) -> Self {
        let of = |pepper| cf2(armor_key, pepper, long_term_key, "challengelongterm");
        Self { client: of("clientchallengearmor"), kdc: of("kdcchallengearmor") }
    }
}
