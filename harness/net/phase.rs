//! The phases of a connection attempt: how long each may take, how long each took.

use crate::handshake::{EventName, Outcome, Timestamp, Trace};
use crate::net::{NetworkFault, Recording};
use std::time::Duration;

/// A phase of a connection attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Until the stream stands.
    Tcp,
    /// From the request for TLS (or the first ClientHello) until TLS is up.
    Tls,
    /// AS exchanges.
    KdcAs,
    /// TGS exchanges.
    KdcTgs,
    /// Everything else up to the server's acceptance of the identity.
    Auth,
    /// From there until the server is ready for a query.
    Ready,
}

impl Phase {
    /// All phases, in the order in which they usually come.
    pub const ALL: [Self; 6] = [Self::Tcp, Self::Tls, Self::KdcAs, Self::KdcTgs, Self::Auth, Self::Ready];

    /// The word in scenarios and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::KdcAs => "kdc_as",
            Self::KdcTgs => "kdc_tgs",
            Self::Auth => "auth",
            Self::Ready => "ready",
        }
    }
}

/// How long each phase may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For [`Phase::Tcp`].
    pub tcp: Duration,
    /// For [`Phase::Tls`].
    pub tls: Duration,
    /// For each exchange of [`Phase::KdcAs`], retries included.
    pub kdc_as: Duration,
    /// For each exchange of [`Phase::KdcTgs`], retries included.
    pub kdc_tgs: Duration,
    /// For [`Phase::Auth`].
    pub auth: Duration,
    /// For [`Phase::Ready`].
    pub ready: Duration,
    /// How long a connection may say nothing after its outcome is decided: a server's client that is logged in.
    pub idle: Duration,
}

impl Deadlines {
    /// The same for each phase.
    #[must_use]
    pub const fn all(each: Duration) -> Self {
        Self { tcp: each, tls: each, kdc_as: each, kdc_tgs: each, auth: each, ready: each, idle: each }
    }

    /// For one phase.
    #[must_use]
    pub const fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Tcp => self.tcp,
            Phase::Tls => self.tls,
            Phase::KdcAs => self.kdc_as,
            Phase::KdcTgs => self.kdc_tgs,
            Phase::Auth => self.auth,
            Phase::Ready => self.ready,
        }
    }
}

impl Default for Deadlines {
    /// Five seconds each.
    fn default() -> Self {
        Self::all(Duration::from_secs(5))
    }
}

/// How long each phase took; `None` where there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phases {
    /// [`Phase::Tcp`].
    pub tcp: Option<Duration>,
    /// [`Phase::Tls`].
    pub tls: Option<Duration>,
    /// [`Phase::KdcAs`], all exchanges together.
    pub kdc_as: Option<Duration>,
    /// [`Phase::KdcTgs`], all exchanges together.
    pub kdc_tgs: Option<Duration>,
    /// [`Phase::Auth`], without the time at a KDC.
    pub auth: Option<Duration>,
    /// [`Phase::Ready`].
    pub ready: Option<Duration>,
}

impl Phases {
    /// From the events of one connection that began at `began`.
    #[must_use]
    pub fn measure(trace: &Trace, began: Timestamp) -> Self {
        let mut phases = Self::default();
        let (mut connected, mut tls_began, mut asked, mut accepted) = (None, None, None, None);
        for event in trace.events() {
            let at = event.at;
            match event.name {
                EventName::Connect => {
                    connected = Some(at);
                    phases.tcp = Some(at.since(began));
                }
                EventName::TlsRequest | EventName::ClientHello => tls_began = tls_began.or(Some(at)),
                EventName::TlsReady => phases.tls = tls_began.map(|since| at.since(since)),
                // A repeated request (after a loss, or over TCP) belongs to the exchange that it repeats.
                EventName::AsReq | EventName::TgsReq => asked = asked.or(Some((event.name, at))),
                EventName::AsRep | EventName::TgsRep | EventName::KrbError => {
                    if let Some((request, since)) = asked.take() {
                        let initial = request == EventName::AsReq;
                        let phase = if initial { &mut phases.kdc_as } else { &mut phases.kdc_tgs };
                        *phase = Some(phase.unwrap_or_default() + at.since(since));
                    }
                }
                EventName::AuthOk if accepted.is_none() => {
                    accepted = Some(at);
                    let elsewhere = [phases.tls, phases.kdc_as, phases.kdc_tgs].into_iter().flatten().sum();
                    phases.auth = connected.map(|since| at.since(since).saturating_sub(elsewhere));
                }
                EventName::Ready if phases.ready.is_none() => phases.ready = accepted.map(|since| at.since(since)),
                _ => {}
            }
        }
        phases
    }
}

/// What became of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How it ended, in the eyes of this party.
    pub outcome: Outcome,
    /// What happened on the wire.
    pub trace: Trace,
    /// How long it took.
    pub phases: Phases,
    /// When it began: before the TCP connect, or with the accept.
    pub began: Timestamp,
    /// When its outcome was decided.
    pub ended: Timestamp,
    /// What went over it, if that was asked for.
    pub recording: Option<Box<Recording>>,
    /// The network fault that was to strike it and has not: its point was never reached.
    pub spared: Option<NetworkFault>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Direction::Local;

    /// Events at microseconds, measured from a beginning at 100.
    fn check(events: &[(i64, EventName)], expected: &[(Phase, u64)]) {
        let mut trace = Trace::new();
        for &(at, name) in events {
            trace.push(Timestamp::from_micros(at), Local, name);
        }
        let phases = Phases::measure(&trace, Timestamp::from_micros(100));
        let Phases { tcp, tls, kdc_as, kdc_tgs, auth, ready } = phases;
        let measured = [tcp, tls, kdc_as, kdc_tgs, auth, ready];
        for (phase, took) in Phase::ALL.into_iter().zip(measured) {
            let expected = expected.iter().find(|(name, _)| *name == phase).map(|(_, us)| Duration::from_micros(*us));
            assert_eq!(took, expected, "{}", phase.word());
        }
    }

    #[test]
    fn a_login_over_tls_with_a_ticket_is_taken_apart() {
        use EventName::*;
        check(
            &[
                (110, Connect),
                (112, TlsRequest),
                (120, TlsAccept),
                (121, ClientHello),
                (152, TlsReady),
                (160, Startup),
                (170, AuthRequest),
                (200, AsReq),
                (203, KrbError),
                (210, AsReq),
                (214, AsRep),
                (300, TgsReq),
                (308, TgsRep),
                (320, AuthData),
                (400, AuthOk),
                (450, Ready),
            ],
            &[
                (Phase::Tcp, 10),
                (Phase::Tls, 40),
                (Phase::KdcAs, 7),
                (Phase::KdcTgs, 8),
                (Phase::Auth, 290 - 40 - 7 - 8),
                (Phase::Ready, 50),
            ],
        );
    }

    #[test]
    fn a_phase_that_did_not_end_has_no_length() {
        use EventName::*;
        check(&[(110, Connect), (120, TlsRequest), (121, ClientHello), (122, Alert)], &[(Phase::Tcp, 10)]);
        check(&[(110, Connect), (120, AsReq), (220, AsReq)], &[(Phase::Tcp, 10)]);
    }

    #[test]
    fn a_repeated_request_counts_from_the_first() {
        use EventName::*;
        check(&[(110, Connect), (120, AsReq), (220, AsReq), (230, AsRep)], &[(Phase::Tcp, 10), (Phase::KdcAs, 110)]);
    }
}
