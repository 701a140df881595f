//! What the two sides are told before a connection begins.

use crate::handshake::Secret;
use crate::mysql::account::Account;
use crate::mysql::auth::{ClientPlugin, ProvenAccounts, RsaKey, ServerPlugin};
use crate::mysql::capability::Capabilities;
use crate::mysql::client_deviation::Deviation as ClientDeviation;
use crate::mysql::condition::Condition;
use crate::mysql::deviation::Deviation;
use crate::mysql::host::{self, HostAccount};
use shakedown_krb5::gss::Acceptor;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a client is told.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The login name.
    pub user: String,
    /// The password or token; an empty one is no password. Which of the two it is changes nothing on the wire.
    pub secret: Secret,
    /// The database to start in.
    pub database: Option<String>,
    /// Whether TLS is asked for.
    pub tls: TlsMode,
    /// The plugin to begin with (`--default-auth`); `None` for the one that the greeting names.
    pub default_plugin: Option<ClientPlugin>,
    /// The plugins that this client has.
    pub plugins: Vec<ClientPlugin>,
    /// What it does when it is asked for another one.
    pub without_plugin: WithoutPlugin,
    /// When `mysql_clear_password` may send the secret.
    pub cleartext: Cleartext,
    /// Whether the server may be asked for its RSA key (`--get-server-public-key`) where there is no TLS.
    pub request_public_key: bool,
    /// Connect attributes, in the order in which they are sent.
    pub attributes: Vec<(String, String)>,
    /// The character set number of the login.
    pub charset: u8,
    /// How `authentication_kerberos_client` works.
    pub kerberos: KerberosClient,
    /// What is done once logged in.
    pub after_login: AfterLogin,
    /// How the protocol is to be broken, or may be by the server.
    pub deviations: Vec<ClientDeviation>,
}

impl ClientSettings {
    /// A client like libmysqlclient 8.0 with all plugins and no option set, but with the cleartext plugin kept back until
    /// there is TLS.
    pub fn new(user: impl Into<String>, secret: Secret) -> Self {
        Self {
            user: user.into(),
            secret,
            database: None,
            tls: TlsMode::Preferred,
            default_plugin: None,
            plugins: ClientPlugin::ALL.to_vec(),
            without_plugin: WithoutPlugin::Close,
            cleartext: Cleartext::OverTls,
            request_public_key: false,
            attributes: Vec::new(),
            charset: 0xFF,
            kerberos: KerberosClient::default(),
            after_login: AfterLogin::Quit,
            deviations: Vec::new(),
        }
    }

    /// Whether the client is asked to do this wrong.
    #[must_use]
    pub fn deviates(&self, deviation: ClientDeviation) -> bool {
        self.deviations.contains(&deviation)
    }
}

/// `--ssl-mode`. Whom to trust and which name to expect is the TLS layer's business; here is decided whether TLS is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// Never.
    Disabled,
    /// If the server can.
    Preferred,
    /// Or not at all: `tls_refused` if the server cannot.
    Required,
    /// As required; the certificate is checked.
    VerifyCa,
    /// As required; the certificate and its name are checked.
    VerifyIdentity,
}

impl TlsMode {
    /// Whether a connection in clear is out of the question.
    #[must_use]
    pub const fn is_mandatory(self) -> bool {
        matches!(self, Self::Required | Self::VerifyCa | Self::VerifyIdentity)
    }
}

/// When a client sends its secret as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cleartext {
    /// Never, not even over TLS (libmysqlclient without `--enable-cleartext-plugin`).
    Never,
    /// Over TLS only (Connector/Python).
    OverTls,
    /// Whenever the server asks (the mariadb client, PyMySQL).
    Always,
}

/// What a client does that is asked for a plugin which it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WithoutPlugin {
    /// It ends the connection (libmysqlclient).
    Close,
    /// It answers with an empty packet and waits (libmariadb).
    EmptyPacket,
}

/// How a client does Kerberos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KerberosClient {
    /// For whom a ticket is asked.
    pub principal: PrincipalRule,
    /// Whether the server must prove itself. libmysqlclient and Connector/J do not ask, Connector/Python does.
    pub mutual: bool,
    /// How the token is wrapped.
    pub token: TokenForm,
}

impl Default for KerberosClient {
    fn default() -> Self {
        Self { principal: PrincipalRule::UserAtRealm, mutual: false, token: TokenForm::Krb5 }
    }
}

/// How a client wraps its AP-REQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenForm {
    /// As RFC 1964 has it (all but the next).
    Krb5,
    /// In a negotiation, with the mechanisms that Windows offers (Connector/Python on Windows).
    Spnego,
}

/// For which principal a client wants a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalRule {
    /// Login name, `@`, and the realm that the server names (libmysqlclient, Connector/J).
    UserAtRealm,
    /// Whoever the credential cache belongs to.
    CacheDefault,
}

/// What a client does between OK and the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AfterLogin {
    /// COM_QUIT.
    Quit,
    /// `SELECT 1`, its answer read and checked, then COM_QUIT.
    SelectOne,
}

/// What a server is told. One for all connections: hashes in it are made once.
#[derive(Debug)]
pub struct ServerSettings {
    /// The version text of the greeting: `8.0.28`.
    pub version: String,
    /// What is offered. The SSL bits are set or cleared by `tls`.
    pub capabilities: Capabilities,
    /// The character set number of the greeting.
    pub charset: u8,
    /// The plugin of the greeting.
    pub default_plugin: ServerPlugin,
    /// The plugins that are loaded. An account of another plugin is refused with 1524.
    pub plugins: Vec<ServerPlugin>,
    /// Whether there is a usable TLS context.
    pub tls: bool,
    /// `require_secure_transport`.
    pub require_secure_transport: bool,
    /// Accounts of clients from anywhere, by name.
    pub accounts: HashMap<String, Account>,
    /// Accounts of clients from somewhere, which come before those.
    pub host_accounts: Vec<HostAccount>,
    /// Databases that exist.
    pub databases: BTreeSet<String>,
    /// The key of `caching_sha2_password` and `sha256_password` for connections without TLS.
    pub rsa: Option<RsaKey>,
    /// What `authentication_kerberos` needs.
    pub kerberos: Option<KerberosService>,
    /// Accounts whose full exchange of `caching_sha2_password` succeeded before.
    pub proven: ProvenAccounts,
    /// Decides which plugin an unknown user is asked for: the same user always gets the same one.
    pub decoy_seed: u64,
    /// System variables beyond the built-in ones, or with other values. Names in lower case.
    pub variables: BTreeMap<String, String>,
    /// What keeps it from taking anybody in.
    pub condition: Option<Condition>,
    /// How the protocol is to be broken.
    pub deviations: Vec<Deviation>,
}

impl ServerSettings {
    /// A server of that version with the password plugins, without TLS, accounts or databases of its own. The default plugin
    /// is `caching_sha2_password` from 8.0.4 on, except where a profile says otherwise (Aurora keeps the native one).
    pub fn new(version: impl Into<String>) -> Self {
        let version = version.into();
        let capabilities = Capabilities::of_server_version(&version);
        let is_eight = !version.starts_with("5.");
        Self {
            capabilities,
            charset: if is_eight { 0xFF } else { 0x08 },
            default_plugin: if is_eight { ServerPlugin::CachingSha2Password } else { ServerPlugin::NativePassword },
            plugins: vec![
                ServerPlugin::NativePassword,
                ServerPlugin::CachingSha2Password,
                ServerPlugin::Sha256Password,
            ],
            version,
            tls: false,
            require_secure_transport: false,
            accounts: HashMap::new(),
            host_accounts: Vec::new(),
            databases: ["information_schema", "mysql", "performance_schema", "sys"].map(String::from).into(),
            rsa: None,
            kerberos: None,
            proven: ProvenAccounts::default(),
            decoy_seed: 0,
            variables: BTreeMap::new(),
            condition: None,
            deviations: Vec::new(),
        }
    }

    /// The account that a user from that host comes to.
    #[must_use]
    pub fn account(&self, user: &str, host: &str) -> Option<&Account> {
        host::most_specific(&self.host_accounts, user, host).or_else(|| self.accounts.get(user))
    }

    /// Whether it is a server of before 8.0.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.version.starts_with("5.")
    }

    /// Whether the server is asked to break the protocol in this way.
    #[must_use]
    pub fn deviates(&self, deviation: Deviation) -> bool {
        self.deviations.contains(&deviation)
    }
}

/// The server's side of Kerberos.
#[derive(Debug, Clone)]
pub struct KerberosService {
    /// Keys and replay cache.
    pub acceptor: Arc<Acceptor>,
    /// `authentication_kerberos_service_principal`: `mysql/db.test@CORP.EXAMPLE.COM`. At most 256 octets.
    pub service_principal: String,
}
