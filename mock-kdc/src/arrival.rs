//! When and how a request came.

use std::net::SocketAddr;

use shakedown_krb5::Timestamp;

use crate::event::Transport;

/// What is known of a request besides its octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The caller's time, to which the KDC's own offset is added.
    pub now: Timestamp,
    /// How it came; none where the KDC is called directly.
    pub transport: Option<Transport>,
    /// Who sent it.
    pub peer: Option<SocketAddr>,
    /// Where it was received, and where the answer comes from.
    pub local: Option<SocketAddr>,
}

impl Arrival {
    /// A request that came over no network.
    #[must_use]
    pub const fn direct(now: Timestamp) -> Self {
        Self { now, transport: None, peer: None, local: None }
    }
}
