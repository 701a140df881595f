//! A point of the exchange, in the words of traces: `after greeting`, `during tls`, `before auth-ok`.

use crate::handshake::{Direction, Event, EventName};
use std::fmt;
use std::str::FromStr;

/// A point of the exchange, as one party sees it.
///
/// What a party says in one go (PostgreSQL's AuthenticationOk, ParameterStatus and ReadyForQuery) is one flight: `before`
/// any event in it is before the flight, `during` is in its middle, `after` is behind it. The first event of that name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Point {
    /// On which side of the event.
    pub place: Place,
    /// The event; `None` for the TLS handshake as a whole.
    pub event: Option<EventName>,
}

/// On which side of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Nothing of the flight goes.
    Before,
    /// Half of the flight goes.
    During,
    /// The whole flight goes; or, of an event that this party hears, nothing of its answer.
    After,
}

impl Place {
    const ALL: [Self; 3] = [Self::Before, Self::During, Self::After];

    const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::During => "during",
            Self::After => "after",
        }
    }
}

/// The TLS handshake as a whole: from this party's hello until it is complete.
const TLS: &str = "tls";

impl Point {
    /// Before there is a connection.
    pub const BEFORE_CONNECT: Self = Self { place: Place::Before, event: Some(EventName::Connect) };

    /// Whether an event is the one that this point lies at, for the party that speaks in the direction `own`.
    #[must_use]
    pub fn is_at(self, event: &Event, own: Direction) -> bool {
        let name = match (self.event, self.place, own) {
            (Some(name), ..) => name,
            (None, Place::After, _) => EventName::TlsReady,
            (None, _, Direction::ToClient) => EventName::ServerHello,
            (None, ..) => EventName::ClientHello,
        };
        event.name == name && (self.place == Place::After || event.direction == own)
    }

    /// Whether a party that speaks in the direction `own` can come to this point: it says itself what it is to be stopped
    /// before or in.
    #[must_use]
    pub fn is_open_to(self, own: Direction) -> bool {
        let Some(event) = self.event else { return true };
        if self.place == Place::After {
            // What is behind the last event of a connection is behind the connection.
            return !matches!(event, EventName::Close | EventName::Reset);
        }
        match speaker(event) {
            Speaker::Client => own == Direction::FromClient,
            Speaker::Server => own == Direction::ToClient,
            Speaker::Either => true,
            Speaker::Nobody => false,
        }
    }
}

enum Speaker {
    Client,
    Server,
    Either,
    Nobody,
}

const fn speaker(event: EventName) -> Speaker {
    use EventName as E;
    match event {
        E::GssencRequest | E::TlsRequest | E::ClientHello | E::Startup | E::Login | E::ApReq => Speaker::Client,
        E::Greeting
        | E::GssencAccept
        | E::GssencRefuse
        | E::TlsAccept
        | E::TlsRefuse
        | E::ServerHello
        | E::AuthSwitch
        | E::AuthRequest
        | E::ApRep
        | E::KrbError
        | E::Parameter
        | E::AuthOk
        | E::Ready
        | E::Error => Speaker::Server,
        E::Alert | E::AuthData => Speaker::Either,
        // The exchanges with a KDC go over lines of their own.
        E::AsReq | E::AsRep | E::TgsReq | E::TgsRep | E::Connect | E::TlsReady | E::Close | E::Reset | E::Again => {
            Speaker::Nobody
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place.word(), self.event.map_or(TLS, EventName::word))
    }
}

/// A text that is no point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown point '{0}', allowed are before, during or after, and tls or an event of traces, as in 'after greeting'"
)]
pub struct UnknownPoint(pub String);

impl FromStr for Point {
    type Err = UnknownPoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownPoint(text.to_owned());
        let (place, event) = text.split_once(' ').ok_or_else(unknown)?;
        let place = Place::ALL.into_iter().find(|known| known.word() == place).ok_or_else(unknown)?;
        let event = match event {
            TLS => None,
            event => Some(event.parse().map_err(|_| unknown())?),
        };
        Ok(Self { place, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_reads_as_it_is_written() {
        for text in ["after greeting", "during tls", "before auth-ok", "before connect"] {
            assert_eq!(text.parse::<Point>().unwrap().to_string(), text);
        }
        for text in ["greeting", "behind greeting", "after", "after  greeting", "after hello", ""] {
            assert!(text.parse::<Point>().unwrap_err().to_string().contains("as in 'after greeting'"), "{text}");
        }
    }

    #[test]
    fn nobody_is_stopped_before_what_somebody_else_says() {
        let open = |text: &str, own| text.parse::<Point>().unwrap().is_open_to(own);
        assert!(open("before greeting", Direction::ToClient) && !open("before greeting", Direction::FromClient));
        assert!(open("during login", Direction::FromClient) && !open("during login", Direction::ToClient));
        assert!(open("after login", Direction::ToClient) && open("after greeting", Direction::FromClient));
        assert!(open("during tls", Direction::ToClient) && open("during auth-data", Direction::FromClient));
        assert!(!open("during connect", Direction::ToClient) && !open("after close", Direction::ToClient));
    }
}
