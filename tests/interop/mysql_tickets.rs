//! What MySQL's own Kerberos plugin does with tickets and passwords (libmysqlclient in Connector/Python), against our KDC and server:
//! when it asks for a ticket, what it leaves in the cache, and whose tickets it uses (S0-17, S0-18, S0-23 to S0-26).

use crate::peer::skip;
use shakedown::handshake::Trace;
use shakedown::net::kdc::CacheFile;
use shakedown::net::ticket::Surroundings;
use shakedown::net::{Deadlines, KdcDirectory, KerberosClient, KerberosSettings};
use shakedown::scenario::party::Password;
use shakedown::scenario::{Library, Source, make_plan};
use shakedown::testbed::random::Generator;
use shakedown::testbed::{Backend, Materials, World};
use shakedown_krb5::client::Secret;
use shakedown_krb5::{Principal, ccache::CredentialCache};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const REALM: &str = "CORP.EXAMPLE.COM";

const SCENARIO: &str = r#"
title  = "A server that knows alice by Kerberos"
source = "Aurora MySQL, Connecting with Kerberos"
shows  = []

[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "alice" }, bob = { secret = "bob" } }

[server.db]
engine   = "aurora-mysql 3.04.0"
kerberos = { realm = "corp" }
accounts = { alice = { by = "kerberos", realm = "corp" } }

[client.app]
login = "alice"
offer = "ticket"

[[step]]
kinit = { by = "app", user = "alice", realm = "corp" }
then  = "established"

[[step]]
connect = { from = "app", to = "db" }
then    = "established by kerberos"
"#;

/// The mocks, and a folder with what the plugin reads.
struct Stage {
    world: World,
    materials: Arc<Materials>,
    folder: tempfile::TempDir,
}

/// How a login came out, how often a KDC was asked for a first ticket, and the cache after it.
#[derive(Debug)]
struct Played {
    code: Option<i32>,
    said: String,
    logins: usize,
    cache: Option<CredentialCache>,
}

impl Stage {
    async fn new(destroy_tickets: bool) -> Self {
        let source = Source::new("tickets", SCENARIO);
        let cases = make_plan(&[source], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap().cases;
        let backend = Backend::mock();
        let materials = Arc::new(backend.materials(&cases).unwrap());
        let world = backend.world(&cases[0], &materials).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (_, kdc) = world.realms().next().unwrap();
        let configuration = format!(
            "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n\
             dns_canonicalize_hostname = false\n rdns = false\n qualify_shortname = \"\"\n\
             [realms]\n {REALM} = {{\n kdc = {kdc}\n }}\n\
             [appdefaults]\n mysql = {{\n destroy_tickets = {destroy_tickets}\n }}\n"
        );
        std::fs::write(folder.path().join("krb5.conf"), configuration).unwrap();
        Self { world, materials, folder }
    }

    fn secret(&self, name: &str) -> String {
        self.materials.secrets().value(&Password::Named(name.to_owned())).to_string()
    }

    fn cache(&self) -> CacheFile {
        CacheFile::new(self.folder.path().join("cc").to_str().unwrap()).unwrap()
    }

    /// Puts a ticket-granting ticket of somebody into the plugin's cache, by our own client.
    async fn kinit(&self, name: &str) -> CredentialCache {
        let (_, kdc): (_, SocketAddr) = self.world.realms().next().unwrap();
        let mut client = KerberosClient::new(KerberosSettings::new(Arc::new(KdcDirectory::of(REALM, kdc))));
        let (mut trace, mut random) = (Trace::new(), Generator::from_system());
        let mut around = Surroundings {
            clock: self.materials.clock(),
            deadlines: Deadlines::default(),
            random: &mut random,
            trace: &mut trace,
            recordings: None,
        };
        let secret = Secret::password(&self.secret(name));
        client.kinit(&Principal::new(&[name], ""), secret, &mut around).await.unwrap();
        let cache = client.save().unwrap();
        self.cache().write(&cache).unwrap();
        cache
    }

    /// alice logs in by libmysqlclient. `None`, with the reason printed, where it is not installed.
    async fn login(&self, password: Option<&str>) -> Option<Played> {
        let address = self.world.address("db").unwrap();
        let trace = self.folder.path().join("trace");
        let _ = std::fs::remove_file(&trace);
        let mut command =
            Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/clients/connector-python"));
        command
            .arg("c")
            .env("KRB5_CONFIG", self.folder.path().join("krb5.conf"))
            .env("KRB5CCNAME", format!("FILE:{}", self.cache().path().display()))
            // It looks for a keytab to verify its ticket with, and is to find none of this machine's.
            .env("KRB5_KTNAME", self.folder.path().join("no-keytab"))
            .env("KRB5_TRACE", &trace)
            .env("SHAKEDOWN_HOST", "db.test")
            .env("SHAKEDOWN_HOSTADDR", address.ip().to_string())
            .env("SHAKEDOWN_PORT", address.port().to_string())
            .env("SHAKEDOWN_USER", "alice")
            .env_remove("SHAKEDOWN_PASSWORD");
        if let Some(password) = password {
            command.env("SHAKEDOWN_PASSWORD", password);
        }
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.code() == Some(77) {
            skip(&said);
            return None;
        }
        let trace = std::fs::read_to_string(&trace).unwrap_or_default();
        let logins = trace.matches("Getting initial credentials for alice@").count();
        Some(Played { code: output.status.code(), said, logins, cache: self.cache().read().ok() })
    }

    async fn end(self) {
        self.world.stop().await;
    }
}

impl Played {
    /// The plugin gives up and the connection ends; the client has no better word for it than error 2000.
    fn is_refused_by_the_plugin(&self) -> bool {
        self.code == Some(1) && self.said.contains("2000 (HY000)")
    }

    /// Whose cache it is and which services it has tickets for.
    fn holds(&self) -> (String, Vec<String>) {
        let cache = self.cache.as_ref().unwrap();
        let mut servers: Vec<_> = cache.tickets().map(|record| record.server.components[0].clone()).collect();
        servers.sort();
        servers.dedup();
        let names = servers.into_iter().map(|name| String::from_utf8(name).unwrap()).collect();
        (cache.principal.to_string(), names)
    }
}

fn alices(servers: &[&str]) -> (String, Vec<String>) {
    (format!("alice@{REALM}"), servers.iter().map(|server| (*server).to_owned()).collect())
}

const LOGGED_IN: Option<i32> = Some(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_password_becomes_a_ticket_that_stays() {
    let stage = Stage::new(false).await;
    let Some(played) = stage.login(Some(&stage.secret("alice"))).await else { return };
    assert_eq!((played.code, played.logins), (LOGGED_IN, 1), "{played:?}");
    assert_eq!(played.holds(), alices(&["krbtgt", "mysql"]));
    // The next login takes it from there.
    let again = stage.login(None).await.unwrap();
    assert_eq!((again.code, again.logins), (LOGGED_IN, 0), "{again:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn destroy_tickets_takes_away_what_the_login_fetched_and_nothing_else() {
    let stage = Stage::new(true).await;
    let Some(played) = stage.login(Some(&stage.secret("alice"))).await else { return };
    assert_eq!((played.code, played.logins), (LOGGED_IN, 1), "{played:?}");
    assert_eq!(played.holds(), alices(&["mysql"]), "the service's ticket stays");
    let removed = played.cache.unwrap().records.into_iter().filter(|record| record.is_removed()).count();
    assert_eq!(removed, 1, "marked in the file as removed");

    let before = stage.kinit("alice").await;
    let played = stage.login(Some(&stage.secret("alice"))).await.unwrap();
    assert_eq!((played.code, played.logins), (LOGGED_IN, 0), "{played:?}");
    assert_eq!(played.holds(), alices(&["krbtgt", "mysql"]));
    assert_eq!(played.cache.unwrap().records[0], before.records[0], "untouched");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_ticket_wins_over_a_password_and_an_expired_one_does_not() {
    let stage = Stage::new(false).await;
    let mut cache = stage.kinit("alice").await;
    let Some(played) = stage.login(Some("mistyped")).await else { return };
    assert_eq!((played.code, played.logins), (LOGGED_IN, 0), "{played:?}");

    // It expired long ago, as far as the client can see.
    let ticket = &mut cache.records[0];
    (ticket.auth_time, ticket.start_time, ticket.end_time) = (1_000_000_000, 1_000_000_000, 1_000_036_000);
    stage.cache().write(&cache).unwrap();
    let played = stage.login(None).await.unwrap();
    assert!(played.is_refused_by_the_plugin(), "{played:?}");
    stage.cache().write(&cache).unwrap();
    let played = stage.login(Some(&stage.secret("alice"))).await.unwrap();
    assert_eq!((played.code, played.logins), (LOGGED_IN, 1), "{played:?}");
    assert_eq!(played.holds(), alices(&["krbtgt", "mysql"]));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_without_a_ticket_is_refused_by_the_kdc() {
    let stage = Stage::new(false).await;
    let Some(played) = stage.login(Some("mistyped")).await else { return };
    assert!(played.is_refused_by_the_plugin(), "{played:?}");
    let trace = std::fs::read_to_string(stage.folder.path().join("trace")).unwrap();
    assert!(trace.contains("Received error from KDC: -1765328360"), "krb 24 is not in\n{trace}");
    assert!(played.cache.is_none_or(|cache| cache.tickets().count() == 0));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_somebody_else_is_not_used_and_makes_room() {
    let stage = Stage::new(false).await;
    stage.kinit("bob").await;
    let Some(played) = stage.login(Some(&stage.secret("alice"))).await else { return };
    assert_eq!((played.code, played.logins), (LOGGED_IN, 1), "{played:?}");
    assert_eq!(played.holds(), alices(&["krbtgt", "mysql"]));
    assert!(played.cache.unwrap().tickets().all(|record| record.client == Principal::new(&["alice"], REALM)));
    stage.end().await;
}
