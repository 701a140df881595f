//! Our Kerberos client beside MIT's: the same krb5.conf, the same credential cache, a KDC of MIT, PostgreSQL.

use crate::peer::{Server, skip};
use shakedown::handshake::{TicketRequest, Trace};
use shakedown::net::kdc::{CacheFile, kinit_outcome};
use shakedown::net::ticket::{Surroundings, TicketSource};
use shakedown::net::{Clock, Deadlines, KdcDirectory, KerberosClient, KerberosSettings};
use shakedown::testbed::random::Generator;
use shakedown_krb5::client::Secret;
use shakedown_krb5::krb5_conf::{ClientConfiguration, Profile};
use shakedown_krb5::{Credential, Principal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const REALM: &str = "CORP.EXAMPLE.COM";

/// A client, and what was said.
struct Player {
    client: KerberosClient,
    said: String,
}

impl Player {
    fn new(settings: KerberosSettings) -> Self {
        Self { client: KerberosClient::new(settings), said: String::new() }
    }

    /// With the settings of a krb5.conf that MIT's programs use too.
    fn of_configuration(path: &str) -> Self {
        let profile = Profile::parse(path, &std::fs::read_to_string(path).unwrap()).unwrap();
        let configuration = ClientConfiguration::new(profile).unwrap();
        assert_eq!(configuration.needs_dns(), []);
        Self::new(KerberosSettings::from_configuration(&configuration).unwrap())
    }

    async fn kinit(&mut self, password: &str) -> String {
        let (mut trace, mut random) = (Trace::new(), Generator::from_system());
        let mut around = surroundings(&mut trace, &mut random);
        let alice = Principal::new(&["alice"], "");
        let result = self.client.kinit(&alice, Secret::password(password), &mut around).await;
        self.said = trace.to_string();
        kinit_outcome(&result).to_string()
    }

    async fn ticket(&mut self, service: &str) -> Credential {
        let (mut trace, mut random) = (Trace::new(), Generator::from_system());
        let mut around = surroundings(&mut trace, &mut random);
        let request = TicketRequest { client: None, service: service.parse().unwrap() };
        let ticket = self.client.ticket(&request, &mut around).await.unwrap();
        self.said = trace.to_string();
        ticket
    }
}

fn surroundings<'a>(trace: &'a mut Trace, random: &'a mut Generator) -> Surroundings<'a> {
    Surroundings { clock: Clock::start(), deadlines: Deadlines::default(), random, trace, recordings: None }
}

/// What a program of MIT says, and whether it was content.
fn mit(program: &str, arguments: &[&str], configuration: &str, cache: &CacheFile) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .env("KRB5_CONFIG", configuration)
        .env("KRB5CCNAME", format!("FILE:{}", cache.path().display()))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn servers(cache: &CacheFile) -> Vec<String> {
    cache.read().unwrap().tickets().map(|record| record.server.to_string()).collect()
}

#[tokio::test]
async fn one_cache_serves_both_clients_and_psql() {
    let Some(kdc) = Server::start("mit-kdc", &[]) else { return };
    let configuration = kdc.value("KRB5_CONFIG");
    let keytab = kdc.value("SHAKEDOWN_KEYTAB_POSTGRES");
    let settings = [("BY", "gss"), ("KEYTAB", keytab), ("KRB5_CONFIG", configuration)];
    let Some(postgres) = Server::start("postgres", &settings) else { return };
    let folder = tempfile::tempdir().unwrap();
    let cache = CacheFile::new(&format!("FILE:{}", folder.path().join("cc").display())).unwrap();

    let mut ours = Player::of_configuration(configuration);
    assert_eq!(ours.kinit("mistyped").await, "refused by kdc: krb 24");
    assert_eq!(ours.kinit(kdc.value("SHAKEDOWN_KERBEROS_SECRET_ALICE")).await, "established by kerberos");
    cache.write(&ours.client.save().unwrap()).unwrap();
    let (_, shown) = mit("klist", &["-e"], configuration, &cache);
    for words in [
        format!("Default principal: alice@{REALM}"),
        format!("krbtgt/{REALM}@{REALM}"),
        "Etype (skey, tkt): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha384-192".to_owned(),
    ] {
        assert!(shown.contains(&words), "{words} is not in\n{shown}");
    }

    // MIT's client uses our ticket-granting ticket and appends what it gets for it; ours uses that.
    let (succeeds, said) = mit("kvno", &[&format!("mysql/db.test@{REALM}")], configuration, &cache);
    assert!(succeeds, "{said}");
    assert_eq!(servers(&cache), [format!("krbtgt/{REALM}@{REALM}"), format!("mysql/db.test@{REALM}")]);
    let mut other = Player::of_configuration(configuration);
    other.client.load(&cache.read().unwrap());
    other.ticket("mysql/db.test").await;
    assert_eq!(other.said, "");

    // And the other way round.
    let host = postgres.value("SHAKEDOWN_POSTGRES_HOST");
    let service = other.ticket(&format!("postgres/{host}")).await;
    assert_eq!(other.said, "tgs-req> tgs-rep<");
    cache.append(&service).unwrap();
    let (_, shown) = mit("klist", &[], configuration, &cache);
    assert!(shown.contains(&format!("postgres/{host}@{REALM}")), "{shown}");
    for encrypted in ["disable", "require"] {
        let psql = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/clients/psql"))
            .env("KRB5_CONFIG", configuration)
            .env("KRB5CCNAME", format!("FILE:{}", cache.path().display()))
            .env("SHAKEDOWN_HOST", host)
            .env("SHAKEDOWN_HOSTADDR", postgres.value("SHAKEDOWN_POSTGRES_ADDRESS"))
            .env("SHAKEDOWN_PORT", postgres.value("SHAKEDOWN_POSTGRES_PORT"))
            .env("SHAKEDOWN_USER", "alice")
            .env("SHAKEDOWN_GSSENCMODE", encrypted)
            .output()
            .unwrap();
        match psql.status.code() {
            Some(0) => {}
            Some(77) => return skip(&String::from_utf8_lossy(&psql.stdout)),
            _ => panic!("{psql:?}"),
        }
    }
    // psql found the ticket and asked for none.
    assert_eq!(servers(&cache).len(), 3);
}

#[tokio::test]
async fn of_two_kdcs_the_one_that_is_there_answers() {
    let Some(gone) = Server::start("mit-kdc", &[]) else { return };
    let Some(kdc) = Server::start("mit-kdc", &[]) else { return };
    let address = |server: &Server| server.value("SHAKEDOWN_KDC").parse().unwrap();
    let kdcs = vec![address(&gone), address(&kdc)];
    drop(gone);
    for limit in [None, Some(0)] {
        let directory =
            KdcDirectory { kdcs: [(REALM.to_owned(), kdcs.clone())].into(), ..KdcDirectory::of(REALM, kdcs[0]) };
        let mut player =
            Player::new(KerberosSettings { udp_preference_limit: limit, ..KerberosSettings::new(Arc::new(directory)) });
        assert_eq!(player.kinit(kdc.value("SHAKEDOWN_KERBEROS_SECRET_ALICE")).await, "established by kerberos");
        assert_eq!(player.said, "as-req> as-req> krb-error<(25) as-req> as-req> as-rep<", "{limit:?}");
    }
}
