//! Database servers.

use crate::net::NetworkFault;
use crate::scenario::party::{Account, HbaLine, HostAccount, Image, Realm, ServerIam, ServerTls};
use crate::scenario::profile::{Profile, Protocol};
use shakedown_krb5::gss::Lenience;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A database server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// What it imitates.
    pub profile: Arc<Profile>,
    /// The name that clients dial unless a step says otherwise: `db.test`.
    pub host: String,
    /// TLS as the parameters leave it; `None` if the server does not offer it.
    pub tls: Option<ServerTls>,
    /// Whether a login in the clear is refused whatever its secret (`require_secure_transport`, `rds.force_ssl`).
    pub secure_transport_required: bool,
    /// Accounts by login name.
    pub accounts: BTreeMap<String, Account>,
    /// Accounts of clients that come from somewhere, which come before those (MySQL).
    pub host_accounts: Vec<HostAccount>,
    /// The plugin that the greeting names (MySQL).
    pub default_plugin: Option<String>,
    /// PostgreSQL: the lines of pg_hba.conf, the first that matches decides. Empty for MySQL.
    pub hba: Vec<HbaLine>,
    /// All parameters under the product's own names, the defaults included.
    pub parameters: BTreeMap<String, String>,
    /// The service's identity, if it is joined to a realm.
    pub kerberos: Option<ServerKerberos>,
    /// IAM database authentication, if configured.
    pub iam: Option<ServerIam>,
    /// Methods beside passwords that are switched on.
    pub enabled: Enabled,
    /// What plays it in a container, if the scenario says so.
    pub image: Option<Image>,
    /// What keeps it from taking anybody in.
    pub condition: Option<Condition>,
    /// What the network does to its connections.
    pub network: Option<NetworkFault>,
    /// How long it gives each phase of a connection, if not as long as usual.
    pub deadline: Option<Duration>,
    /// Offset to the base clock in seconds.
    pub clock_seconds: i64,
    /// Whether it is a reader of a cluster, and says so.
    pub is_reader: bool,
    /// Whether it is an instance of a cluster, and has an address of its own.
    pub is_instance: bool,
    /// Departures from the protocol that the server is asked to make.
    pub deviations: Vec<String>,
}

impl Server {
    /// Which protocol it speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.profile.protocol
    }

    /// The first number of the version on the wire: 15 for `15.2`.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.profile.server_version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default()
    }
}

/// What a server is in that keeps it from taking somebody in who would get in otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Condition {
    /// `max_connections` are there.
    MaxConnectionsReached,
    /// MySQL: one connection is left, which is kept for administrators.
    LastConnectionForAdministrators,
    /// MySQL: `max_connect_errors` came from the client's host.
    HostBlocked,
    /// MySQL: no account is of the client's host.
    HostNotAllowed,
    /// MySQL: `max_allowed_packet` is as small as it can be.
    SmallPackets,
    /// PostgreSQL: it starts.
    StartingUp,
    /// PostgreSQL: it ends.
    ShuttingDown,
    /// PostgreSQL: it recovers from a crash.
    Recovering,
}

impl Condition {
    /// Those that a server of a protocol can be in, with their words.
    #[must_use]
    pub const fn all(protocol: Protocol) -> &'static [(&'static str, Self)] {
        match protocol {
            Protocol::Mysql => &[
                ("max-connections-reached", Self::MaxConnectionsReached),
                ("last-connection-for-administrators", Self::LastConnectionForAdministrators),
                ("host-blocked", Self::HostBlocked),
                ("host-not-allowed", Self::HostNotAllowed),
                ("small-packets", Self::SmallPackets),
            ],
            Protocol::Postgres => &[
                ("max-connections-reached", Self::MaxConnectionsReached),
                ("starting-up", Self::StartingUp),
                ("shutting-down", Self::ShuttingDown),
                ("recovering", Self::Recovering),
            ],
        }
    }
}

/// Methods beside passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Enabled {
    /// Kerberos logins.
    pub kerberos: bool,
    /// IAM tokens.
    pub iam: bool,
}

/// A service's Kerberos identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerKerberos {
    /// Its realm.
    pub realm: Arc<Realm>,
    /// The service principal without the realm: `mysql/db.test`.
    pub spn: String,
    /// What its keytab holds.
    pub keytab: Keytab,
    /// Whether it takes no authenticator twice.
    pub replay_cache: bool,
    /// A check of tickets that it leaves out.
    pub lenient: Option<Lenience>,
}

/// What the keytab of a server holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keytab {
    /// The keys that the realm has for the service.
    Current,
    /// There is none.
    Absent,
    /// Keys of another service of the realm.
    OtherService,
    /// The right principal and key version number with other keys.
    WrongKey,
}
