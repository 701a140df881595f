//! Database clients.

use crate::net::NetworkFault;
use crate::scenario::party::{ClientDeviation, ClientProfile, ClientTls, Password, TicketOrigin, Token};
use std::sync::Arc;
use std::time::Duration;

/// A database client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Client {
    /// What plays it.
    pub kind: ClientKind,
    /// The user name that it logs in with.
    pub login: String,
    /// The password that it has; `None`: none was given.
    pub password: Option<Password>,
    /// The database that it asks for.
    pub database: Option<String>,
    /// TLS.
    pub tls: ClientTls,
    /// PostgreSQL's GSS-API encryption.
    pub gssencmode: GssMode,
    /// Whether the session may be, must be or must not be one that can be written to (`target_session_attrs`, PostgreSQL).
    pub session: SessionWanted,
    /// Whether TLS begins with the first octet and is not asked for (`sslnegotiation=direct`, PostgreSQL 17).
    pub direct_tls: bool,
    /// What it is ready to prove its identity with.
    pub offer: Offer,
    /// What its token says, if it offers one.
    pub token: Token,
    /// Whether it sends a secret in the clear over a clear connection when it is asked to.
    pub allow_cleartext: bool,
    /// Whether it asks for mutual authentication (MySQL: some clients do, some do not; PostgreSQL: always).
    pub mutual: bool,
    /// SCRAM channel binding (PostgreSQL `channel_binding`).
    pub channel_binding: ChannelBinding,
    /// The newest version of PostgreSQL's protocol that it asks for.
    pub protocol: PostgresProtocol,
    /// Whether it believes the time of KDCs, as libkrb5 does (`kdc_timesync`).
    pub kdc_timesync: bool,
    /// Whether a ticket-granting ticket that it got for a login goes with it (`destroy_tickets` of MySQL's plugin on Unix).
    pub destroy_tickets: bool,
    /// What the network does to its connections.
    pub network: Option<NetworkFault>,
    /// How long it gives each phase of a connection, if not as long as usual.
    pub deadline: Option<Duration>,
    /// What else its krb5.conf says.
    pub krb5: ClientKrb5,
    /// Offset to the base clock in seconds.
    pub clock_seconds: i64,
    /// Departures from the protocol that it is asked to make: in what it asks KDCs, and in its token.
    pub deviations: Vec<String>,
}

/// Settings of `[libdefaults]`, each libkrb5's own unless it is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ClientKrb5 {
    /// `default_tkt_enctypes` and `default_tgs_enctypes`, preferred first, by RFC number; empty: libkrb5's.
    pub etypes: Vec<i32>,
    /// `clockskew`.
    pub clock_skew_seconds: Option<u32>,
    /// `udp_preference_limit`, in octets: longer requests go over TCP first.
    pub udp_preference_limit: Option<u32>,
}

impl Client {
    /// The plan with what it is asked to do wrong before it speaks any protocol.
    #[must_use]
    pub fn departing(planned: &Arc<Self>) -> Arc<Self> {
        let mut departing = Arc::clone(planned);
        for word in &planned.deviations {
            if let Ok(deviation) = word.parse::<ClientDeviation>() {
                deviation.apply(Arc::make_mut(&mut departing));
            }
        }
        departing
    }
}

/// What plays a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// Our own machine.
    BuiltIn,
    /// Our own machine, behaving as this library.
    Profile(Arc<ClientProfile>),
    /// A program.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
    },
}

impl ClientKind {
    /// Whether our own machine plays it.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::BuiltIn | Self::Profile(_))
    }

    /// The library that our machine plays, if it plays one.
    #[must_use]
    pub fn profile(&self) -> Option<&ClientProfile> {
        match self {
            Self::Profile(profile) => Some(profile),
            Self::BuiltIn | Self::Command { .. } => None,
        }
    }

    /// Whether its tickets are those of whoever is logged in to the operating system.
    #[must_use]
    pub fn has_session_tickets(&self) -> bool {
        self.profile().is_some_and(|profile| profile.tickets == TicketOrigin::Session)
    }
}

/// `target_session_attrs` of libpq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionWanted {
    /// `any`
    Any,
    /// `read-write`
    ReadWrite,
    /// `read-only`
    ReadOnly,
}

/// `gssencmode` of libpq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GssMode {
    /// `disable`
    Disabled,
    /// `prefer`
    Preferred,
    /// `require`
    Required,
}

/// `channel_binding` of libpq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelBinding {
    /// `disable`
    Disabled,
    /// `prefer`
    Preferred,
    /// `require`
    Required,
}

/// A version of PostgreSQL's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostgresProtocol {
    /// 3.0, which all have
    V3_0,
    /// 3.2, of PostgreSQL 18
    V3_2,
}

/// What a client is ready to prove its identity with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Offer {
    /// Its password.
    pub password: bool,
    /// An IAM token.
    pub token: bool,
    /// A service ticket from its credential cache, or one that it gets with its password.
    pub ticket: bool,
}
