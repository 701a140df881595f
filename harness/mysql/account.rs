//! Accounts of a server: how somebody proves who they are, and what they may do then.

use crate::handshake::Secret;
use crate::handshake::Timestamp;
use crate::iam::Verifier;
use crate::mysql::auth::{ServerPlugin, native_password, sha2_password};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// One account, `'name'@'%'`.
#[derive(Debug, Clone)]
pub struct Account {
    /// The plugin and what it checks against.
    pub credentials: Credentials,
    /// `REQUIRE SSL`.
    pub require_ssl: bool,
    /// `ACCOUNT LOCK`.
    pub locked: bool,
    /// Which databases it may use.
    pub databases: DatabaseAccess,
}

impl Account {
    /// An account that may use everything.
    #[must_use]
    pub const fn new(credentials: Credentials) -> Self {
        Self { credentials, require_ssl: false, locked: false, databases: DatabaseAccess::All }
    }
}

/// What an account's plugin checks against. Made from a password once, when the account is made.
#[derive(Clone)]
pub enum Credentials {
    /// `mysql_native_password`.
    NativePassword(native_password::Verifier),
    /// `caching_sha2_password`.
    CachingSha2Password(sha2_password::Verifier),
    /// `sha256_password`.
    Sha256Password(sha2_password::Verifier),
    /// `auth_pam`: the password comes by `mysql_clear_password`.
    Pam(sha2_password::Verifier),
    /// `authentication_kerberos … BY 'REALM'`.
    Kerberos {
        /// The realm of the account's principal.
        realm: String,
    },
    /// `AWSAuthenticationPlugin`: a token comes by `mysql_clear_password`, over TLS only.
    Iam(Arc<dyn TokenVerifier>),
}

impl Credentials {
    /// A password for a password plugin; `None` for the plugins that have no password here.
    #[must_use]
    pub fn password(plugin: ServerPlugin, password: &Secret) -> Option<Self> {
        match plugin {
            ServerPlugin::NativePassword => {
                Some(Self::NativePassword(native_password::Verifier::new(password.octets())))
            }
            ServerPlugin::CachingSha2Password => {
                Some(Self::CachingSha2Password(sha2_password::Verifier::new(password.octets())))
            }
            ServerPlugin::Sha256Password => Some(Self::Sha256Password(sha2_password::Verifier::new(password.octets()))),
            ServerPlugin::Pam => Some(Self::Pam(sha2_password::Verifier::new(password.octets()))),
            ServerPlugin::Kerberos | ServerPlugin::Iam => None,
        }
    }

    /// The account's plugin.
    #[must_use]
    pub const fn plugin(&self) -> ServerPlugin {
        match self {
            Self::NativePassword(_) => ServerPlugin::NativePassword,
            Self::CachingSha2Password(_) => ServerPlugin::CachingSha2Password,
            Self::Sha256Password(_) => ServerPlugin::Sha256Password,
            Self::Pam(_) => ServerPlugin::Pam,
            Self::Kerberos { .. } => ServerPlugin::Kerberos,
            Self::Iam(_) => ServerPlugin::Iam,
        }
    }
}

/// Names the plugin; hashes are not printed.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kerberos { realm } => f.debug_struct("Kerberos").field("realm", realm).finish(),
            _ => f.write_str(self.plugin().name()),
        }
    }
}

/// Decides about a token that came as a password in clear text.
pub trait TokenVerifier: Send + Sync {
    /// Checks `token` for `user` at `now`.
    ///
    /// # Errors
    /// The token does not let this user in; the text is the server's cause and holds nothing of the token.
    fn verify(&self, user: &str, token: &[u8], now: Timestamp) -> Result<(), Cow<'static, str>>;

    /// Whether one that comes without TLS is refused unseen.
    fn needs_tls(&self) -> bool {
        true
    }
}

impl TokenVerifier for Verifier {
    fn verify(&self, user: &str, token: &[u8], now: Timestamp) -> Result<(), Cow<'static, str>> {
        Self::verify(self, user, token, now).map_err(|refusal| refusal.cause().into())
    }

    fn needs_tls(&self) -> bool {
        Self::needs_tls(self)
    }
}

/// Which databases an account may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseAccess {
    /// Every one: a name that does not exist gives 1049.
    All,
    /// These: any other name gives 1044, whether it exists or not.
    Only(BTreeSet<String>),
}
