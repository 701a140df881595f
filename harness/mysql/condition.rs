//! What keeps a server from taking in somebody who would get in otherwise.

use crate::mysql::admission::Denial;
use crate::mysql::reply::ErrPacket;

/// A condition of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// `max_connections`, and the one more that is kept for administrators, are there.
    MaxConnectionsReached,
    /// Only the one that is kept for administrators is left. mysqld finds that out once it knows who somebody is.
    LastConnectionForAdministrators,
    /// `max_connect_errors` came from the client's host.
    HostBlocked,
    /// There is no account for the client's host.
    HostNotAllowed,
    /// `max_allowed_packet` is as small as it can be.
    SmallPackets,
}

/// `net_buffer_length` as it is unless somebody sets it: a packet may be as long even where `max_allowed_packet` is less.
const NET_BUFFER_LENGTH: usize = 16 * 1024;

/// `max_allowed_packet` as it is unless somebody sets it.
const MAX_ALLOWED_PACKET: usize = 64 * 1024 * 1024;

impl Condition {
    /// What is said in place of the greeting. Nothing is agreed then, so that there is no SQLSTATE.
    pub(crate) fn before_greeting(self, host: &str) -> Option<Denial> {
        let (code, message) = match self {
            Self::MaxConnectionsReached => (1040, "Too many connections".to_owned()),
            Self::HostBlocked => {
                let text = "is blocked because of many connection errors; unblock with 'mysqladmin flush-hosts'";
                (1129, format!("Host '{host}' {text}"))
            }
            Self::HostNotAllowed => (1130, format!("Host '{host}' is not allowed to connect to this MySQL server")),
            Self::LastConnectionForAdministrators | Self::SmallPackets => return None,
        };
        let error = ErrPacket { code, state: None, message: message.into() };
        Some(Denial { error, cause: "condition of the server".into() })
    }

    /// How long a packet may be in octets.
    pub(crate) const fn max_allowed_packet(condition: Option<Self>) -> usize {
        match condition {
            Some(Self::SmallPackets) => NET_BUFFER_LENGTH,
            _ => MAX_ALLOWED_PACKET,
        }
    }

    /// What is said to an ordinary user who has shown who he is.
    pub(crate) fn behind_authentication(self) -> Option<Denial> {
        let is_last = self == Self::LastConnectionForAdministrators;
        let error = || ErrPacket::new(1040, b"08004", "Too many connections");
        is_last.then(|| Denial { error: error(), cause: "condition of the server".into() })
    }
}
