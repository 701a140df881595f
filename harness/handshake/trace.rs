//! What happened on the wire, in order, in a fixed vocabulary.

use shakedown_krb5::Timestamp;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The events of one attempt. A client machine and the driver write into the same trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    events: Vec<Event>,
}

impl Trace {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { events: Vec::new() }
    }

    /// Adds an event without an argument.
    pub fn push(&mut self, at: Timestamp, direction: Direction, name: EventName) {
        self.events.push(Event { at, direction, name, detail: None });
    }

    /// Adds an event with its argument: a plugin's name, an alert's, an error's code. Never a secret.
    pub fn push_with(
        &mut self,
        at: Timestamp,
        direction: Direction,
        name: EventName,
        detail: impl Into<Cow<'static, str>>,
    ) {
        self.events.push(Event { at, direction, name, detail: Some(detail.into()) });
    }

    /// All events so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether an event of that name has been seen.
    #[must_use]
    pub fn contains(&self, name: EventName) -> bool {
        self.events.iter().any(|event| event.name == name)
    }

    /// Puts all events from the one at `from` on at one time. A machine knows its party's clock only, which a scenario may
    /// have moved; who called it puts what it wrote on the base clock.
    pub fn stamp(&mut self, from: usize, at: Timestamp) {
        for event in self.events.iter_mut().skip(from) {
            event.at = at;
        }
    }

    /// Appends the events of another trace.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Event>) {
        self.events.extend(other);
    }

    /// Forgets all events and keeps the memory, for the next connection of a worker.
    pub fn clear(&mut self) {
        self.events.clear();
    }
}

/// The events, separated by spaces: `connect greeting< login> auth-ok<`.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, event) in self.events.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{event}")?;
        }
        Ok(())
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, on the base clock of the run (not a party's own, which a scenario may move).
    pub at: Timestamp,
    /// Which way it went.
    pub direction: Direction,
    /// What.
    pub name: EventName,
    /// An argument where it matters.
    pub detail: Option<Cow<'static, str>>,
}

/// `alert<(handshake_failure)`.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.direction.mark())?;
        match &self.detail {
            Some(detail) => write!(f, "({detail})"),
            None => Ok(()),
        }
    }
}

/// Which way an event went, as seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Sent by the client: `>`.
    FromClient,
    /// Sent to the client: `<`.
    ToClient,
    /// Neither: `connect`, `tls-ready`.
    Local,
}

impl Direction {
    /// `>`, `<` or nothing.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::FromClient => ">",
            Self::ToClient => "<",
            Self::Local => "",
        }
    }
}

macro_rules! event_names {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)+) => {
        /// The vocabulary of traces.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventName { $($(#[$doc])* $variant,)+ }

        impl EventName {
            /// All events.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in scenarios and reports.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

event_names! {
    /// The stream stands.
    Connect = "connect",
    /// MySQL: HandshakeV10.
    Greeting = "greeting",
    /// PostgreSQL: GSSENCRequest.
    GssencRequest = "gssenc-request",
    /// PostgreSQL: `G`.
    GssencAccept = "gssenc-accept",
    /// PostgreSQL: `N` to a GSSENCRequest.
    GssencRefuse = "gssenc-refuse",
    /// SSLRequest of either protocol.
    TlsRequest = "tls-request",
    /// PostgreSQL: `S`.
    TlsAccept = "tls-accept",
    /// PostgreSQL: `N` to an SSLRequest.
    TlsRefuse = "tls-refuse",
    /// TLS ClientHello.
    ClientHello = "client-hello",
    /// TLS ServerHello; the argument is `TLS1.2 SUITE`.
    ServerHello = "server-hello",
    /// TLS alert; the argument is its RFC name.
    Alert = "alert",
    /// The TLS handshake is complete.
    TlsReady = "tls-ready",
    /// PostgreSQL: StartupMessage.
    Startup = "startup",
    /// MySQL: HandshakeResponse41.
    Login = "login",
    /// MySQL: AuthSwitchRequest; the argument is the plugin.
    AuthSwitch = "auth-switch",
    /// PostgreSQL: an authentication request; the argument is the method (`scram-sha-256`, `gss`, `md5`, `password`).
    AuthRequest = "auth-request",
    /// Authentication data in either direction.
    AuthData = "auth-data",
    /// A Kerberos AP-REQ inside authentication data.
    ApReq = "ap-req",
    /// A Kerberos AP-REP inside authentication data.
    ApRep = "ap-rep",
    /// A KRB-ERROR, from a KDC or inside authentication data; the argument is the code.
    KrbError = "krb-error",
    /// Kerberos AS-REQ.
    AsReq = "as-req",
    /// Kerberos AS-REP.
    AsRep = "as-rep",
    /// Kerberos TGS-REQ.
    TgsReq = "tgs-req",
    /// Kerberos TGS-REP.
    TgsRep = "tgs-rep",
    /// The same request to a KDC once more, there or elsewhere, as nobody had answered within the time that a client waits.
    Again = "again",
    /// PostgreSQL: ParameterStatus (one event for a run of them).
    Parameter = "parameter",
    /// The server has accepted the identity.
    AuthOk = "auth-ok",
    /// The server is ready for a query.
    Ready = "ready",
    /// An error packet; the argument is its code (`1045 28000`, `28P01`).
    Error = "error",
    /// The stream was ended in order.
    Close = "close",
    /// The stream was reset.
    Reset = "reset",
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown event '{0}'")]
pub struct UnknownEvent(pub String);

impl FromStr for EventName {
    type Err = UnknownEvent;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|name| name.word() == word).ok_or_else(|| UnknownEvent(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_reads_as_scenarios_write_it() {
        let mut trace = Trace::new();
        trace.push(Timestamp::EPOCH, Direction::Local, EventName::Connect);
        trace.push(Timestamp::EPOCH, Direction::ToClient, EventName::Greeting);
        trace.push_with(Timestamp::EPOCH, Direction::ToClient, EventName::Alert, "handshake_failure");
        assert_eq!(trace.to_string(), "connect greeting< alert<(handshake_failure)");
    }

    #[test]
    fn every_word_is_read_back() {
        for name in EventName::ALL {
            assert_eq!(name.word().parse(), Ok(*name));
        }
        assert!("conect".parse::<EventName>().is_err());
    }
}
