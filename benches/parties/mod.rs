//! Both sides of a connection, to be made again and again. What a server makes once (keys, certificates, verifiers, TLS
//! contexts) is made here and is no part of what is measured.

use shakedown::handshake::{Handshake, Side, TlsVersion};
use shakedown::mysql::{self, AfterLogin, Credentials, ServerPlugin};
use shakedown::net::{Clock, Connection, Report, Security};
use shakedown::postgres::{self, PasswordEncryption};
use shakedown::testbed::random::Generator;
use shakedown::tls::{
    Authority, Certified, ClientContext, ClientSettings, Key, KeyKind, Leaf, Provider, ServerContext, ServerSettings,
    Suite, Trust, Validity,
};
use std::sync::Arc;

/// The name in the server's certificate, which each client checks.
pub(crate) const HOST: &str = "db.test";

const USER: &str = "alice";
const PASSWORD: &str = "correct horse battery staple";

/// What a set-up runs over. `None` is the clear.
pub(crate) const CHANNELS: [(&str, Option<Tls>); 4] = [
    ("clear", None),
    ("tls1.2-openssl", Some(Tls { provider: Provider::OpenSsl, ..ECDHE_GCM })),
    ("tls1.2-rustls", Some(Tls { provider: Provider::Rustls, ..ECDHE_GCM })),
    ("tls1.0-dhe", Some(DHE)),
];

/// What all providers have.
pub(crate) const ECDHE_GCM: Tls =
    Tls { provider: Provider::OpenSsl, version: TlsVersion::Tls1_2, suite: "ECDHE-RSA-AES128-GCM-SHA256" };

/// What the oldest servers have.
pub(crate) const DHE: Tls =
    Tls { provider: Provider::OpenSsl, version: TlsVersion::Tls1_0, suite: "DHE-RSA-AES128-SHA" };

/// One version and one suite, the same library on both sides.
#[derive(Clone, Copy)]
pub(crate) struct Tls {
    pub(crate) provider: Provider,
    pub(crate) version: TlsVersion,
    pub(crate) suite: &'static str,
}

/// How the client proves who it is.
#[derive(Clone, Copy)]
pub(crate) enum Login {
    /// MySQL, `mysql_native_password`.
    Native,
    /// MySQL, `caching_sha2_password` for an account that the server has in its cache: the fast way.
    CachingSha2,
    /// PostgreSQL, SCRAM-SHA-256 with 4096 iterations; bound to the channel under TLS, as libpq does.
    Scram,
}

/// All logins, by the name that they have in the results.
pub(crate) const LOGINS: [(&str, Login); 3] =
    [("mysql-native", Login::Native), ("mysql-caching-sha2", Login::CachingSha2), ("postgres-scram", Login::Scram)];

/// An authority and a server's certificate of 2048 bits, issued by it.
pub(crate) struct Certificates {
    pub(crate) authority: Authority,
    pub(crate) server: Certified,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let [one, two] = Key::generate_all(&[KeyKind::Rsa2048; 2]).unwrap().try_into().unwrap();
        let validity = Validity::around(Clock::start().base());
        let authority = Authority::new("Bench CA", one, validity).unwrap();
        let server = authority.issue(&Leaf::for_name(HOST, validity), two).unwrap();
        Self { authority, server }
    }
}

/// Makes the connections of one set-up, each of which is used once.
pub(crate) struct Parties {
    client_machine: Machine,
    client_security: Security,
    server_machine: Machine,
    server_security: Security,
    /// How a connection of these two is reported by both.
    expected: String,
    /// What its trace ends in.
    expected_end: &'static str,
}

type Machine = Box<dyn Fn() -> Box<dyn Handshake> + Send + Sync>;

impl Parties {
    pub(crate) fn new(certificates: &Certificates, login: Login, tls: Option<Tls>) -> Self {
        let (client_machine, server_machine) = match login {
            Login::Native => mysql_machines(ServerPlugin::NativePassword, tls.is_some()),
            Login::CachingSha2 => mysql_machines(ServerPlugin::CachingSha2Password, tls.is_some()),
            Login::Scram => postgres_machines(tls.is_some()),
        };
        let (client_security, server_security) = match tls {
            None => (Security::ClearOnly, Security::ClearOnly),
            Some(tls) => securities(certificates, tls),
        };
        let over = tls.map(|tls| format!("TLS{} {} ", tls.version.number(), tls.suite)).unwrap_or_default();
        let expected = format!("established {over}by password");
        let expected_end = match login {
            Login::Native => " login> auth-ok< ready<",
            Login::CachingSha2 => " login> auth-data<(fast) auth-ok< ready<",
            Login::Scram => " auth-data> auth-data< auth-data> auth-data< auth-ok< parameter< ready<",
        };
        Self { client_machine, client_security, server_machine, server_security, expected, expected_end }
    }

    /// That it is this set-up which is measured, and not a shorter or longer one.
    pub(crate) fn check(&self, report: &Report) {
        assert_eq!(report.outcome.to_string(), self.expected);
        let trace = report.trace.to_string();
        assert!(trace.ends_with(self.expected_end), "{trace}");
    }

    pub(crate) fn client(&self) -> Connection {
        Connection::new(Side::Client, (self.client_machine)(), self.client_security.clone())
    }

    pub(crate) fn server(&self) -> Connection {
        Connection::new(Side::Server, (self.server_machine)(), self.server_security.clone())
    }
}

fn mysql_machines(plugin: ServerPlugin, tls: bool) -> (Machine, Machine) {
    let secret = mysql::Secret::password(PASSWORD);
    let credentials = Credentials::password(plugin, &secret).unwrap();
    let mut server = mysql::ServerSettings::new("8.0.28");
    server.default_plugin = plugin;
    server.tls = tls;
    if let Credentials::CachingSha2Password(verifier) = &credentials {
        server.proven.insert(USER, verifier.clone());
    }
    server.accounts.insert(USER.to_owned(), mysql::Account::new(credentials));
    let server = Arc::new(server);
    let mut client = mysql::ClientSettings::new(USER, secret);
    client.tls = if tls { mysql::TlsMode::VerifyIdentity } else { mysql::TlsMode::Disabled };
    client.after_login = AfterLogin::Quit;
    let client = Arc::new(client);
    (
        Box::new(move || Box::new(mysql::ClientHandshake::new(Arc::clone(&client)))),
        Box::new(move || Box::new(mysql::ServerHandshake::new(Arc::clone(&server), 8))),
    )
}

fn postgres_machines(tls: bool) -> (Machine, Machine) {
    let mut random = Generator::from_system();
    let mut server = postgres::ServerSettings::new(&mut random);
    server.tls = tls;
    server.rules = vec!["host all all scram-sha-256".parse().unwrap()];
    let account =
        postgres::Account::with_password(USER, PASSWORD.as_bytes(), PasswordEncryption::ScramSha256, &mut random);
    server.accounts.insert(USER.to_owned(), account);
    let server = Arc::new(server);
    let mut client = postgres::ClientSettings::new(USER);
    client.secret = Some(postgres::Secret::password(PASSWORD));
    client.ssl_mode = if tls { postgres::SslMode::VerifyFull } else { postgres::SslMode::Disable };
    client.gss_enc_mode = postgres::GssEncMode::Disable;
    let client = Arc::new(client);
    (
        Box::new(move || Box::new(postgres::ClientHandshake::new(Arc::clone(&client)))),
        Box::new(move || Box::new(postgres::ServerHandshake::new(Arc::clone(&server), "127.0.0.1"))),
    )
}

fn securities(certificates: &Certificates, tls: Tls) -> (Security, Security) {
    let suites = vec![Suite::by_name(tls.suite).unwrap()];
    let client = ClientSettings {
        provider: tls.provider,
        versions: vec![tls.version],
        suites: suites.clone(),
        trust: Trust::Identity(certificates.authority.pem()),
        server_name_indication: true,
        key_log: None,
        deviations: Vec::new(),
    };
    let server = ServerSettings {
        provider: tls.provider,
        versions: vec![tls.version],
        suites,
        certificate: certificates.server.clone(),
        key_log: None,
    };
    (
        Security::Client {
            context: Arc::new(ClientContext::new(&client).unwrap()),
            server_name: Some(HOST.to_owned()),
        },
        Security::Server(Arc::new(ServerContext::new(&server).unwrap())),
    )
}
