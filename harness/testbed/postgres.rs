//! From a plan to the PostgreSQL machines: what a mock server and our client are told.

use crate::error::Error;
use crate::handshake::{EventName, Handshake, Kind, Outcome, Secret, Side, Trace, UnknownDeviation};
use crate::iam::Verifier;
use crate::postgres::{
    Account, ChannelBinding, Cleartext, ClientDeviation, ClientHandshake, ClientSettings, Databases, Deviation,
    GssEncMode, GssOptions, KerberosSettings, Method, PasswordEncryption, Rule, ServerHandshake, ServerSettings,
    SessionWanted, SslMode, TokenCheck, Transport, Unavailable, hba,
};
use crate::scenario::party::{self, HbaConnection, HbaLine, HbaMethod, PasswordScheme, Proof};
use crate::testbed::iam::protocol_deviations;
use crate::testbed::materials::Materials;
use crate::testbed::random::Generator;
use crate::tls::Deviation::FallsBackToClear;
use shakedown_krb5::gss::Acceptor;
use std::net::SocketAddr;
use std::sync::Arc;

/// Makes the server's machine for each connection to a mock.
#[derive(Debug)]
pub struct Mock {
    settings: Arc<ServerSettings>,
}

impl Mock {
    /// A mock of `server`. `acceptor` holds its keytab, if it is joined to a realm, and `tokens` judges what comes by IAM.
    ///
    /// # Errors
    /// The plan asks for something that a PostgreSQL server does not have.
    pub fn new(
        server: &party::Server,
        acceptor: Option<Arc<Acceptor>>,
        tokens: Option<Arc<Verifier>>,
        materials: &Materials,
    ) -> Result<Self, Error> {
        let mut random = Generator::from_system();
        let mut settings = ServerSettings::new(&mut random);
        settings.tls = server.tls.is_some();
        // PostgreSQL 17, release notes: TLS without a request before it, which is known by ALPN.
        (settings.alpn, settings.direct_tls) = (server.major() >= 17, server.major() >= 17);
        // A cluster that Kerberos is not switched on for has no key, wherever its principal stands.
        let acceptor = acceptor.filter(|_| server.enabled.kerberos);
        settings.gss_encryption = acceptor.is_some();
        settings.acceptor = acceptor;
        settings.version_text = format!("PostgreSQL {} on x86_64-pc-linux-gnu, 64-bit", server.profile.server_version);
        settings.server_version.clone_from(&server.profile.server_version);
        settings.databases = Databases::These(databases(server));
        settings.rules = server.hba.iter().map(rule).collect();
        if tokens.as_ref().is_some_and(|tokens| !tokens.needs_tls()) {
            let asks_for_token = |rule: &&mut Rule| rule.method == Method::Pam;
            settings.rules.iter_mut().filter(asks_for_token).for_each(|rule| rule.record = hba::Record::Host);
        }
        settings.tokens = tokens.map(|tokens| tokens as Arc<dyn TokenCheck>);
        for (name, planned) in &server.accounts {
            settings.accounts.insert(name.clone(), account(name, planned, materials, &mut random));
        }
        if server.is_reader {
            let on = |name: &str| (name.to_owned(), "on".to_owned());
            settings.parameters.extend(["in_hot_standby", "transaction_read_only"].map(on));
        }
        settings.unavailable = server.condition.and_then(|condition| match condition {
            party::Condition::MaxConnectionsReached => Some(Unavailable::TooManyClients),
            party::Condition::StartingUp => Some(Unavailable::StartingUp),
            party::Condition::ShuttingDown => Some(Unavailable::ShuttingDown),
            party::Condition::Recovering => Some(Unavailable::Recovering),
            party::Condition::LastConnectionForAdministrators
            | party::Condition::HostBlocked
            | party::Condition::HostNotAllowed
            | party::Condition::SmallPackets => None,
        });
        settings.deviation = match protocol_deviations(server).collect::<Vec<_>>().as_slice() {
            [] => None,
            [word] => Some(deviation(word)?),
            _ => return Err(Error::Usage("a PostgreSQL mock makes one deviation at a time".to_owned())),
        };
        Ok(Self { settings: Arc::new(settings) })
    }

    /// The machine for a client that has just come.
    pub fn machine(&self, peer: SocketAddr) -> Box<dyn Handshake> {
        Box::new(ServerHandshake::new(Arc::clone(&self.settings), peer.ip().to_string()))
    }
}

/// Our client's settings for the first connection of an attempt. `host` is the name as it is dialled.
#[must_use]
pub fn client(
    client: &party::Client,
    token: Option<Secret>,
    host: &str,
    has_ticket: bool,
    materials: &Materials,
) -> ClientSettings {
    let mut settings = ClientSettings::new(client.login.as_str());
    // What a fresh cluster has; libpq would take the role's name, which is no database there.
    settings.database = Some(client.database.clone().unwrap_or_else(|| MAINTENANCE_DATABASE.to_owned()));
    settings.secret = match (token, &client.password, client.offer.password) {
        (Some(token), ..) => Some(token),
        (None, Some(password), true) => Some(Secret::password(materials.secrets().value(password).as_bytes())),
        _ => None,
    };
    settings.ssl_mode = match client.tls.mode {
        party::TlsMode::Disabled => SslMode::Disable,
        party::TlsMode::Allowed => SslMode::Allow,
        party::TlsMode::Preferred => SslMode::Prefer,
        party::TlsMode::Required | party::TlsMode::VerifyCa | party::TlsMode::VerifyIdentity
            if client.tls.deviations.contains(&FallsBackToClear) && !client.direct_tls =>
        {
            SslMode::Prefer
        }
        party::TlsMode::Required => SslMode::Require,
        party::TlsMode::VerifyCa => SslMode::VerifyCa,
        party::TlsMode::VerifyIdentity => SslMode::VerifyFull,
    };
    settings.direct_tls = client.direct_tls;
    settings.session = match client.session {
        party::SessionWanted::Any => SessionWanted::Any,
        party::SessionWanted::ReadWrite => SessionWanted::ReadWrite,
        party::SessionWanted::ReadOnly => SessionWanted::ReadOnly,
    };
    settings.gss_enc_mode = match client.gssencmode {
        party::GssMode::Disabled => GssEncMode::Disable,
        party::GssMode::Preferred => GssEncMode::Prefer,
        party::GssMode::Required => GssEncMode::Require,
    };
    settings.channel_binding = match client.channel_binding {
        party::ChannelBinding::Disabled => ChannelBinding::Disable,
        party::ChannelBinding::Preferred => ChannelBinding::Prefer,
        party::ChannelBinding::Required => ChannelBinding::Require,
    };
    settings.protocol = match client.protocol {
        party::PostgresProtocol::V3_0 => ClientSettings::PROTOCOL_3_0,
        party::PostgresProtocol::V3_2 => ClientSettings::PROTOCOL_3_2,
    };
    settings.deviations = client.deviations.iter().filter_map(|word| word.parse().ok()).collect();
    if settings.deviates(ClientDeviation::TakesFewIterations) {
        settings.scram_iterations = 1..=1_000_000;
    }
    settings.cleartext = if client.allow_cleartext { Cleartext::Allow } else { Cleartext::Encrypted };
    // libpq does Kerberos with what is in the cache, whoever that belongs to, and never asks for a password.
    settings.kerberos = has_ticket.then(|| KerberosSettings { mutual: client.mutual, ..KerberosSettings::new(host) });
    settings.parameters = vec![("application_name".to_owned(), "shakedown".to_owned())];
    settings.query = Some("SELECT 1".to_owned());
    settings
}

/// Our client's machine for one connection.
#[must_use]
pub fn machine(settings: ClientSettings) -> Box<dyn Handshake> {
    Box::new(ClientHandshake::new(Arc::new(settings)))
}

/// The settings of the next connection of the same attempt, as libpq would make it, or `None` where it gives up.
///
/// libpq tries again after an ErrorResponse and after a layer that could not be set up; it gives up when the server ends the
/// stream in the middle of the authentication, and when it is itself that refuses.
#[must_use]
pub fn next_connection(settings: &ClientSettings, outcome: &Outcome, trace: &Trace) -> Option<ClientSettings> {
    let over_gss = trace.contains(EventName::GssencAccept);
    let over_tls = trace.contains(EventName::TlsAccept);
    let layer_failed = (over_gss || over_tls) && !trace.contains(EventName::Startup);
    let told = outcome.by == Some(Side::Server) && trace.contains(EventName::Error);
    // Direct TLS begins a connection, so that it needs a new one where GSS encryption was asked for on this.
    let no_gss_before_direct_tls = settings.direct_tls && trace.contains(EventName::GssencRefuse);
    if outcome.kind != Kind::Refused || !(told || layer_failed || no_gss_before_direct_tls) {
        return None;
    }
    // What `allow` tries again is what it was told no to.
    if over_gss && !told && settings.gss_enc_mode == GssEncMode::Require {
        return None;
    }
    settings.after_failure_over(if over_gss || no_gss_before_direct_tls {
        Transport::Gss
    } else if over_tls {
        Transport::Tls
    } else {
        Transport::Clear
    })
}

/// The database that initdb makes for clients to connect to.
const MAINTENANCE_DATABASE: &str = "postgres";

/// Those of a fresh cluster, and those that accounts are said to use.
fn databases(server: &party::Server) -> Vec<String> {
    let named = server.accounts.values().flat_map(|account| &account.databases).cloned();
    [MAINTENANCE_DATABASE, "template1"].map(str::to_owned).into_iter().chain(named).collect()
}

fn account(name: &str, planned: &party::Account, materials: &Materials, random: &mut Generator) -> Account {
    let stored = planned.proofs.iter().find_map(|proof| match proof {
        Proof::Password { scheme, password, .. } => Some((scheme, password)),
        Proof::Trust | Proof::Kerberos { .. } | Proof::Iam => None,
    });
    match stored {
        Some((scheme, password)) => {
            let encryption = match scheme {
                PasswordScheme::Md5 => PasswordEncryption::Md5,
                _ => PasswordEncryption::ScramSha256,
            };
            Account::with_password(name, materials.secrets().value(password).as_bytes(), encryption, random)
        }
        None => Account::without_password(),
    }
}

fn rule(line: &HbaLine) -> Rule {
    let record = match line.connection {
        HbaConnection::Any => hba::Record::Host,
        HbaConnection::Ssl => hba::Record::HostSsl,
        HbaConnection::NoSsl => hba::Record::HostNoSsl,
        HbaConnection::GssEnc => hba::Record::HostGssEnc,
        HbaConnection::NoGssEnc => hba::Record::HostNoGssEnc,
    };
    let method = match line.method {
        HbaMethod::Trust => Method::Trust,
        HbaMethod::Reject => Method::Reject,
        HbaMethod::ScramSha256 => Method::ScramSha256,
        HbaMethod::Md5 => Method::Md5,
        HbaMethod::Password => Method::Password,
        HbaMethod::Gss { include_realm } => Method::Gss(GssOptions { include_realm, ..GssOptions::default() }),
        HbaMethod::Pam => Method::Pam,
    };
    match &line.user {
        Some(user) => Rule::role(record, user, method),
        None => Rule::all(record, method),
    }
}

fn deviation(word: &str) -> Result<Deviation, Error> {
    word.parse().map_err(|problem: UnknownDeviation| Error::Usage(problem.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::{Direction, Timestamp};

    /// Whether a client with libpq's defaults tries again.
    fn tries_again(outcome: &Outcome, events: &[EventName]) -> Option<SslMode> {
        let mut trace = Trace::new();
        for event in events {
            trace.push(Timestamp::EPOCH, Direction::Local, *event);
        }
        let settings = ClientSettings { gss_enc_mode: GssEncMode::Disable, ..ClientSettings::new("alice") };
        next_connection(&settings, outcome, &trace).map(|next| next.ssl_mode)
    }

    #[test]
    fn an_attempt_goes_on_where_libpq_does() {
        use EventName::{Alert, ClientHello, Error, Startup, TlsAccept, TlsReady};
        let refused = |code: &'static str| Outcome::refused(Side::Server, code);
        let told = [TlsAccept, TlsReady, Startup, Error];
        assert_eq!(tries_again(&refused("28P01"), &told), Some(SslMode::Disable));
        assert_eq!(
            tries_again(&refused("alert handshake_failure"), &[TlsAccept, ClientHello, Alert]),
            Some(SslMode::Disable)
        );
        assert_eq!(tries_again(&refused("eof"), &[TlsAccept, TlsReady, Startup]), None);
        assert_eq!(tries_again(&Outcome::refused(Side::Client, "no_password"), &[TlsAccept, TlsReady, Startup]), None);
        assert_eq!(tries_again(&Outcome::established("password"), &told), None);
        assert_eq!(tries_again(&refused("28P01"), &[Startup, Error]), None, "it was in the clear already");
    }
}
