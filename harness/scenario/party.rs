//! The parties of a case with nothing left to decide: realms, servers, clients, proxies.
//!
//! All of them compare and hash by everything that matters for running them, so that a test-bed can let cases with equal
//! parties share one listener, one certificate, one set of derived keys. Where one party refers to another, it holds it.
//! A secret is only ever a name here; the test-bed makes the value up.

use crate::handshake::TlsVersion;
use crate::scenario::profile::{Profile, Protocol};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A Kerberos realm and its KDC.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Realm {
    /// The name of the realm: `CORP.EXAMPLE.COM`.
    pub realm: String,
    /// User principals without the realm.
    pub users: BTreeMap<String, RealmUser>,
    /// Service principals without the realm (`postgres/db.test`): those of the case's servers and those written out.
    pub services: BTreeSet<String>,
    /// Encryption types that the KDC has, best first, by RFC number. Empty: all that are implemented.
    pub etypes: Vec<i32>,
    /// How long a ticket lives, in seconds.
    pub ticket_lifetime_seconds: u32,
    /// Offset to the base clock in seconds.
    pub clock_seconds: i64,
    /// Departures from the protocol that the KDC is asked to make.
    pub deviations: Vec<String>,
}

/// A user principal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RealmUser {
    /// The name of the password.
    pub password: Password,
}

/// A password that a party has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Password {
    /// Nothing between the quotes.
    Empty,
    /// The name of a secret. Two names are two different values.
    Named(String),
}

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
    /// Offset to the base clock in seconds.
    pub clock_seconds: i64,
    /// Departures from the protocol that the server is asked to make.
    pub deviations: Vec<String>,
}

impl Server {
    /// Which protocol it speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.profile.protocol
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

/// TLS of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerTls {
    /// Versions that it accepts.
    pub versions: TlsRange,
    /// Suites that it accepts, best first, under OpenSSL's names.
    pub suites: Vec<String>,
    /// What carries it out.
    pub provider: TlsProvider,
    /// What it shows.
    pub certificate: Certificate,
}

/// The oldest and the newest version, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TlsRange {
    /// The oldest.
    pub min: TlsVersion,
    /// The newest. INVARIANT: not older than `min`.
    pub max: TlsVersion,
}

impl TlsRange {
    /// Whether `version` lies in it.
    #[must_use]
    pub fn contains(self, version: TlsVersion) -> bool {
        (self.min..=self.max).contains(&version)
    }
}

/// A TLS implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsProvider {
    /// TLS 1.0 to 1.3, all suites.
    OpenSsl,
    /// TLS 1.2 and 1.3, ECDHE with AES-GCM only.
    Rustls,
}

/// A server certificate, made for the run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Subject alternative names; the first is the common name too.
    pub names: Vec<String>,
    /// Who signs it.
    pub ca: Ca,
}

/// A certificate authority of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ca {
    /// The one that clients trust.
    Own,
    /// One of another name and key.
    Other,
    /// Nobody: the certificate signs itself.
    SelfSigned,
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

/// IAM database authentication.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerIam {
    /// The cluster's region.
    pub region: String,
}

/// A database account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// What proves the identity. More than one only where a role can be granted more than one (PostgreSQL).
    pub proofs: Vec<Proof>,
    /// `REQUIRE SSL` (MySQL).
    pub require_ssl: bool,
    /// Databases that it may use; empty: all.
    pub databases: Vec<String>,
}

/// What proves an identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Nothing needs to be proved.
    Trust,
    /// A password.
    Password {
        /// How it is stored and asked for.
        scheme: PasswordScheme,
        /// The password.
        password: Password,
        /// caching_sha2_password: whether the server has the hash in its cache, so that the fast path is taken.
        cached: bool,
    },
    /// A service ticket of a realm.
    Kerberos {
        /// The realm of the users.
        realm: Arc<Realm>,
        /// PostgreSQL `include_realm`: whether the login is `user@REALM`.
        include_realm: bool,
    },
    /// An IAM token.
    Iam,
}

/// How a password is stored and asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordScheme {
    /// MySQL `mysql_native_password`.
    MysqlNativePassword,
    /// MySQL `caching_sha2_password`.
    CachingSha2Password,
    /// MySQL `sha256_password`.
    Sha256Password,
    /// PostgreSQL `scram-sha-256`.
    ScramSha256,
    /// PostgreSQL `md5`.
    Md5,
    /// PostgreSQL `password`.
    Cleartext,
}

impl PasswordScheme {
    /// The plugin (MySQL) or method of pg_hba.conf (PostgreSQL).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::MysqlNativePassword => "mysql_native_password",
            Self::CachingSha2Password => "caching_sha2_password",
            Self::Sha256Password => "sha256_password",
            Self::ScramSha256 => "scram-sha-256",
            Self::Md5 => "md5",
            Self::Cleartext => "password",
        }
    }
}

/// A line of pg_hba.conf.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HbaLine {
    /// Its first column.
    pub connection: HbaConnection,
    /// The role; `None` for `all`.
    pub user: Option<String>,
    /// What is asked for.
    pub method: HbaMethod,
}

/// The first column of a line of pg_hba.conf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HbaConnection {
    /// `host`: any.
    Any,
    /// `hostssl`.
    Ssl,
    /// `hostnossl`.
    NoSsl,
    /// `hostgssenc`.
    GssEnc,
    /// `hostnogssenc`.
    NoGssEnc,
}

/// The last column of a line of pg_hba.conf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HbaMethod {
    /// `trust`
    Trust,
    /// `reject`
    Reject,
    /// `scram-sha-256`
    ScramSha256,
    /// `md5`
    Md5,
    /// `password`
    Password,
    /// `gss`, with `include_realm`.
    Gss {
        /// Whether the login is `user@REALM`.
        include_realm: bool,
    },
    /// `pam`, which is how IAM tokens are asked for.
    Pam,
}

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
    /// What it is ready to prove its identity with.
    pub offer: Offer,
    /// Whether it sends a secret in the clear over a clear connection when it is asked to.
    pub allow_cleartext: bool,
    /// Whether it asks for mutual authentication (MySQL: some clients do, some do not; PostgreSQL: always).
    pub mutual: bool,
    /// SCRAM channel binding (PostgreSQL `channel_binding`).
    pub channel_binding: ChannelBinding,
    /// Offset to the base clock in seconds.
    pub clock_seconds: i64,
    /// Departures from the protocol that it is asked to make.
    pub deviations: Vec<String>,
}

/// What plays a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// Our own machine.
    BuiltIn,
    /// Our own machine, behaving as this one: `libmysqlclient 8.0.25 unix`.
    Profile(String),
    /// A program.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
    },
}

/// TLS of a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientTls {
    /// Whether it is wanted and what is verified.
    pub mode: TlsMode,
    /// Versions that it offers.
    pub versions: TlsRange,
    /// Suites that it offers, in order, under OpenSSL's names. Empty: all that the provider has.
    pub suites: Vec<String>,
    /// What carries it out.
    pub provider: TlsProvider,
    /// Which authority it trusts; `None`: no CA file is given.
    pub trust: Option<Ca>,
}

/// `--ssl-mode` of MySQL and `sslmode` of libpq, which mean the same where both have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// `DISABLED`, `disable`
    Disabled,
    /// `allow`: in the clear first (PostgreSQL).
    Allowed,
    /// `PREFERRED`, `prefer`
    Preferred,
    /// `REQUIRED`, `require`
    Required,
    /// `VERIFY_CA`, `verify-ca`
    VerifyCa,
    /// `VERIFY_IDENTITY`, `verify-full`
    VerifyIdentity,
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

/// Something that stands between clients and servers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// The name of the party behind it.
    pub to: String,
    /// The name that clients dial.
    pub host: String,
    /// Offset to the base clock in seconds.
    pub clock_seconds: i64,
    /// Departures from the protocol that it is asked to make.
    pub deviations: Vec<String>,
}
