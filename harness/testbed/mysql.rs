//! From a plan to the MySQL machines: what a mock server and our client are told.

use crate::error::Error;
use crate::handshake::{Handshake, Secret, UnknownDeviation};
use crate::iam::Verifier;
use crate::mysql::{
    Account, AfterLogin, Cleartext, ClientHandshake, ClientPlugin, ClientSettings, Condition, Credentials,
    DatabaseAccess, Deviation, HostAccount, HostPattern, KerberosClient, KerberosService, PrincipalRule,
    ProvenAccounts, ServerHandshake, ServerPlugin, ServerSettings, TlsMode, TokenForm, TokenVerifier, WithoutPlugin,
};
use crate::scenario::party::{self, ClientProfile, PasswordScheme, Proof};
use crate::testbed::iam::protocol_deviations;
use crate::testbed::materials::Materials;
use crate::tls::Deviation::FallsBackToClear;
use shakedown_krb5::gss::Acceptor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes the server's machine for each connection to a mock.
#[derive(Debug)]
pub struct Mock {
    settings: Arc<ServerSettings>,
    connections: AtomicU32,
}

impl Mock {
    /// A mock of `server`. `acceptor` holds its keytab, if it is joined to a realm, and `tokens` judges what comes by IAM.
    ///
    /// # Errors
    /// The plan asks for something that a MySQL server does not have.
    pub fn new(
        server: &party::Server,
        acceptor: Option<Arc<Acceptor>>,
        tokens: Option<Arc<Verifier>>,
        materials: &Materials,
    ) -> Result<Self, Error> {
        let mut settings = ServerSettings::new(server.profile.server_version.as_str());
        settings.tls = server.tls.is_some();
        settings.require_secure_transport = server.secure_transport_required;
        if let Some(name) = &server.default_plugin {
            settings.default_plugin = plugin(name)?;
        }
        settings.plugins = loaded(server)?;
        settings.rsa = needs_rsa(server).then(|| materials.password_key()).transpose()?;
        settings.kerberos = acceptor.zip(server.kerberos.as_ref()).map(|(acceptor, kerberos)| KerberosService {
            acceptor,
            service_principal: format!("{}@{}", kerberos.spn, kerberos.realm.realm),
        });
        settings.proven = ProvenAccounts::default();
        for (name, account) in &server.accounts {
            let (account, cached) = self::account(account, tokens.as_ref(), materials)?;
            if let (Credentials::CachingSha2Password(verifier), true) = (&account.credentials, cached) {
                settings.proven.insert(name, verifier.clone());
            }
            settings.databases.extend(match &account.databases {
                DatabaseAccess::Only(names) => names.clone(),
                DatabaseAccess::All => Default::default(),
            });
            settings.accounts.insert(name.clone(), account);
        }
        if server.is_reader {
            let on = |name: &str| (name.to_owned(), "ON".to_owned());
            settings.variables.extend(["innodb_read_only", "read_only"].map(on));
        }
        for party::HostAccount { login, host, account } in &server.host_accounts {
            let (account, _) = self::account(account, tokens.as_ref(), materials)?;
            settings.host_accounts.push(HostAccount { user: login.clone(), host: HostPattern::new(host), account });
        }
        settings.variables.extend(server.parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
        settings.condition = server.condition.and_then(|condition| match condition {
            party::Condition::MaxConnectionsReached => Some(Condition::MaxConnectionsReached),
            party::Condition::LastConnectionForAdministrators => Some(Condition::LastConnectionForAdministrators),
            party::Condition::HostBlocked => Some(Condition::HostBlocked),
            party::Condition::HostNotAllowed => Some(Condition::HostNotAllowed),
            party::Condition::SmallPackets => Some(Condition::SmallPackets),
            party::Condition::StartingUp | party::Condition::ShuttingDown | party::Condition::Recovering => None,
        });
        settings.deviations = protocol_deviations(server).map(deviation).collect::<Result<_, _>>()?;
        Ok(Self { settings: Arc::new(settings), connections: AtomicU32::new(8) })
    }

    /// The machine for a client that has just come.
    pub fn machine(&self, peer: SocketAddr) -> Box<dyn Handshake> {
        let id = self.connections.fetch_add(1, Ordering::Relaxed);
        let host = if peer.ip().is_loopback() { "localhost".to_owned() } else { peer.ip().to_string() };
        Box::new(ServerHandshake::new(Arc::clone(&self.settings), id).from_host(host))
    }
}

/// Our client's settings for one connection. A token, if it offers one, stands in place of its password.
///
/// # Errors
/// The plan asks for something that a MySQL client does not have.
pub fn client(client: &party::Client, token: Option<Secret>, materials: &Materials) -> Result<ClientSettings, Error> {
    let secret = match (token, &client.password, client.offer.password) {
        (Some(token), ..) => token,
        (None, Some(password), true) => Secret::password(materials.secrets().value(password).as_bytes()),
        _ => Secret::default(),
    };
    let mut settings = ClientSettings::new(client.login.as_str(), secret);
    settings.database.clone_from(&client.database);
    settings.tls = match client.tls.mode {
        party::TlsMode::Disabled => TlsMode::Disabled,
        party::TlsMode::Preferred => TlsMode::Preferred,
        mode if mode != party::TlsMode::Preferred && client.tls.deviations.contains(&FallsBackToClear) => {
            TlsMode::Preferred
        }
        party::TlsMode::Required => TlsMode::Required,
        party::TlsMode::VerifyCa => TlsMode::VerifyCa,
        party::TlsMode::VerifyIdentity => TlsMode::VerifyIdentity,
        party::TlsMode::Allowed => return Err(Error::Usage("'allow' is a mode of PostgreSQL clients only".to_owned())),
    };
    settings.cleartext = if client.allow_cleartext { Cleartext::Always } else { Cleartext::OverTls };
    settings.request_public_key = true;
    settings.deviations = client.deviations.iter().filter_map(|word| word.parse().ok()).collect();
    settings.kerberos = KerberosClient { mutual: client.mutual, ..KerberosClient::default() };
    settings.attributes = [("_client_name", "shakedown"), ("_client_version", env!("CARGO_PKG_VERSION"))]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    settings.after_login = AfterLogin::SelectOne;
    if let Some(profile) = client.kind.profile() {
        behave_as(profile, &mut settings);
    }
    Ok(settings)
}

/// Makes our client one like a library.
fn behave_as(profile: &ClientProfile, settings: &mut ClientSettings) {
    let known = profile.plugins.iter().filter_map(|name| ClientPlugin::by_name(name.as_bytes()));
    settings.plugins = known.collect();
    settings.without_plugin = match profile.without_plugin {
        party::WithoutPlugin::Close => WithoutPlugin::Close,
        party::WithoutPlugin::EmptyPacket => WithoutPlugin::EmptyPacket,
    };
    // A session has one user, whatever name is given to the server.
    settings.kerberos.principal = match profile.tickets {
        party::TicketOrigin::Gssapi => PrincipalRule::UserAtRealm,
        party::TicketOrigin::Session => PrincipalRule::CacheDefault,
    };
    settings.kerberos.token = match profile.token {
        party::TokenForm::Krb5 => TokenForm::Krb5,
        party::TokenForm::Spnego => TokenForm::Spnego,
    };
    settings.attributes.clone_from(&profile.attributes);
}

/// Our client's machine for one connection.
#[must_use]
pub fn machine(settings: ClientSettings) -> Box<dyn Handshake> {
    Box::new(ClientHandshake::new(Arc::new(settings)))
}

fn account(
    planned: &party::Account,
    tokens: Option<&Arc<Verifier>>,
    materials: &Materials,
) -> Result<(Account, bool), Error> {
    let [proof] = planned.proofs.as_slice() else {
        return Err(Error::Usage("a MySQL account has exactly one plugin".to_owned()));
    };
    let (credentials, cached) = match proof {
        Proof::Password { scheme, password, cached } => {
            let secret = Secret::password(materials.secrets().value(password).as_bytes());
            let plugin = plugin(scheme.word())?;
            let credentials = Credentials::password(plugin, &secret)
                .ok_or_else(|| Error::Usage(format!("'{plugin}' is no password plugin")))?;
            (credentials, *cached)
        }
        Proof::Kerberos { realm, .. } => (Credentials::Kerberos { realm: realm.realm.clone() }, false),
        Proof::Trust => return Err(Error::Usage("a MySQL account has a plugin".to_owned())),
        Proof::Iam => match tokens {
            Some(tokens) => (Credentials::Iam(Arc::clone(tokens) as Arc<dyn TokenVerifier>), false),
            None => return Err(Error::Usage("an account of IAM on a server without it".to_owned())),
        },
    };
    let databases = if planned.databases.is_empty() {
        DatabaseAccess::All
    } else {
        DatabaseAccess::Only(planned.databases.iter().cloned().collect())
    };
    Ok((Account { require_ssl: planned.require_ssl, databases, ..Account::new(credentials) }, cached))
}

/// The plugins of the profile, without those that the cluster has not enabled.
fn loaded(server: &party::Server) -> Result<Vec<ServerPlugin>, Error> {
    let mut plugins = Vec::new();
    for name in &server.profile.plugins {
        let plugin = plugin(name)?;
        let enabled = match plugin {
            ServerPlugin::Kerberos => server.enabled.kerberos,
            ServerPlugin::Iam => server.enabled.iam,
            _ => true,
        };
        if enabled {
            plugins.push(plugin);
        }
    }
    Ok(plugins)
}

/// Whether an account's password may come encrypted by RSA.
fn needs_rsa(server: &party::Server) -> bool {
    let by_rsa = |proof: &Proof| {
        matches!(
            proof,
            Proof::Password { scheme: PasswordScheme::CachingSha2Password | PasswordScheme::Sha256Password, .. }
        )
    };
    server.accounts.values().flat_map(|account| &account.proofs).any(by_rsa)
}

fn plugin(name: &str) -> Result<ServerPlugin, Error> {
    ServerPlugin::by_name(name.as_bytes()).ok_or_else(|| {
        let allowed: Vec<_> = ServerPlugin::ALL.iter().map(|plugin| plugin.name()).collect();
        Error::Usage(format!("unknown plugin '{name}', allowed are {}", allowed.join(", ")))
    })
}

fn deviation(word: &str) -> Result<Deviation, Error> {
    word.parse().map_err(|problem: UnknownDeviation| Error::Usage(problem.to_string()))
}
