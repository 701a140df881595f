//! What a network does to a connection: one fault, at one named point of the exchange.
//!
//! ```text
//!   Connection ──octets, events──▶ Line ──Gate: so many octets, not before then, none any more──▶ drive ──▶ stream
//! ```
//!
//! A fault lies on the way of one party: its [`Line`] sees which events its octets belong to and says what may go. It
//! decides only, and does no I/O, so that the same fault is played over a socket and in memory, where time is virtual and
//! a stall costs nothing ([`crate::net::meeting`]).

mod line;
mod point;

pub use line::{Gate, Line};
pub use point::{Place, Point, UnknownPoint};

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// One fault of the network, on the way of one party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NetworkFault {
    /// Where it strikes. Unreachability has no other place than before the connection.
    pub at: Point,
    /// What it does.
    pub kind: FaultKind,
}

/// As a scenario has it: `stall after greeting`.
impl fmt::Display for NetworkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.at)
    }
}

/// What a network can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Everything that this party says from there on comes so much later.
    Delay(Duration),
    /// Everything that this party says from there on comes one octet at a time.
    OneByteWrites,
    /// Nothing gets through any more, in either direction, and nobody is told.
    Stall,
    /// One octet comes as another one, past the checksum of TCP.
    WrongOctet,
    /// The connection is reset (RST), for both sides.
    Reset,
    /// This party's direction ends in order (FIN); the other one goes on.
    HalfClose,
    /// There is no connection: the port is closed.
    Refused,
    /// There is no connection: nobody answers, as behind a firewall or before a full queue.
    Unanswered,
}

impl FaultKind {
    /// How long a [`FaultKind::Delay`] is if nobody says.
    pub const DELAY: Duration = Duration::from_secs(1);

    /// One of each, a delay with its usual length.
    pub const ALL: [Self; 8] = [
        Self::Delay(Self::DELAY),
        Self::OneByteWrites,
        Self::Stall,
        Self::WrongOctet,
        Self::Reset,
        Self::HalfClose,
        Self::Refused,
        Self::Unanswered,
    ];

    /// The word in scenarios.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::OneByteWrites => "one-byte-writes",
            Self::Stall => "stall",
            Self::WrongOctet => "wrong-octet",
            Self::Reset => "reset",
            Self::HalfClose => "half-close",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
        }
    }

    /// Whether it keeps the connection from coming about at all.
    #[must_use]
    pub const fn is_unreachable(self) -> bool {
        matches!(self, Self::Refused | Self::Unanswered)
    }
}

/// A word that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown network fault '{0}', allowed are delay, one-byte-writes, stall, wrong-octet, reset, half-close, refused, unanswered"
)]
pub struct UnknownFault(pub String);

impl FromStr for FaultKind {
    type Err = UnknownFault;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| UnknownFault(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for kind in FaultKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
        }
        let error = "pause".parse::<FaultKind>().unwrap_err().to_string();
        assert!(error.contains("'pause'") && error.contains("one-byte-writes"), "{error}");
    }
}
