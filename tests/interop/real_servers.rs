//! Our client before real servers: the scenarios that are built in, with the endpoint files of `endpoints/`.
//!
//! Each test plays what its server answers as Aurora does, all of it, and then something that must fail: a wrong secret, another
//! authority, a key that is not the service's. Without the latter the former would prove little.

use crate::peer::{Server, another_authority, open_folder};
use crate::program::Run;
use mock_kdc::krb5_conf::krb5_conf;
use mock_kdc::{Kdc, Listener, SystemRandom, realm_file};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tokio::runtime::Runtime;

#[test]
fn mariadb_answers_as_aurora_mysql() {
    let Some(server) = Server::start("mariadb", &[]) else { return };
    play("mariadb", &["mysql/cipher-suites/3.04.0/**"], &server.environment).all_pass(36);
    play("mariadb", &["mysql/passwords/native/**"], &server.environment).all_pass(12);
    // The providers of the server are a matter of the mocks: MariaDB has OpenSSL. The client verifies its certificate.
    let providers = "tls/providers/server-openssl/**";
    play("mariadb", &[providers], &server.environment).all_pass(4);

    play(
        "mariadb",
        &["mysql/passwords/native/**"],
        &with(&server, "SHAKEDOWN_SECRET_ALICE", "mistyped-by-whoever-set-it-up"),
    )
    .fail_exactly(&["mysql/passwords/native/clear/right", "mysql/passwords/native/tls/right"]);
    let other = another_authority();
    let run = play(
        "mariadb",
        &[providers],
        &with(&server, "SHAKEDOWN_MARIADB_CA", other.path().join("ca.pem").to_str().unwrap()),
    );
    assert_eq!((run.count("fail"), run.code), (4, Some(1)), "{}", run.printed);
    assert!(run.printed.contains("unknown_ca"), "{}", run.printed);
}

#[test]
fn postgres_with_scram_answers_as_aurora_postgresql() {
    let Some(server) = Server::start("postgres", &[("BY", "scram-sha-256")]) else { return };
    play("postgres", &["postgres/tls/**"], &server.environment).all_pass(36);
    let passwords = ["postgres/passwords/scram/**", "postgres/passwords/scram-plus/**"];
    play("postgres", &passwords, &server.environment).all_pass(9);

    play("postgres", &passwords, &with(&server, "SHAKEDOWN_SECRET_ALICE", "mistyped-by-whoever-set-it-up"))
        .fail_exactly(&[
            "postgres/passwords/scram-plus/tls/right",
            "postgres/passwords/scram/clear/right",
            "postgres/passwords/scram/tls/right",
        ]);
    // It asks for SCRAM, and that is not what these cases expect.
    play("postgres", &["postgres/passwords/md5/*/right"], &server.environment)
        .fail_exactly(&["postgres/passwords/md5/clear/right", "postgres/passwords/md5/tls/right"]);
}

#[test]
fn postgres_with_md5_cleartext_and_trust_answers_as_aurora_postgresql() {
    for (by, pattern) in [
        ("md5", "postgres/passwords/md5/**"),
        ("password", "postgres/passwords/cleartext/**"),
        ("trust", "postgres/passwords/trust/**"),
    ] {
        let Some(server) = Server::start("postgres", &[("BY", by)]) else { return };
        play("postgres", &[pattern], &server.environment).all_pass(6);
    }
}

#[test]
fn postgres_takes_tickets_of_mits_kdc_in_the_clear_over_tls_and_gss_encrypted() {
    let Some(kdc) = Server::start("mit-kdc", &[]) else { return };
    let keytab = kdc.value("SHAKEDOWN_KEYTAB_POSTGRES");
    let settings = [("BY", "gss"), ("KEYTAB", keytab), ("KRB5_CONFIG", kdc.value("KRB5_CONFIG"))];
    let Some(server) = Server::start("postgres", &settings) else { return };
    let mut environment = server.environment.clone();
    environment.extend(kdc.environment.clone());
    kerberos(&environment).all_pass(12);

    // The key of the same service in another realm of the same name.
    let ours = OurKdc::start();
    environment.extend(ours.environment());
    kerberos(&environment).fail_exactly(&BY_KINIT);
}

#[test]
fn postgres_takes_tickets_of_our_kdc_in_the_clear_over_tls_and_gss_encrypted() {
    let kdc = OurKdc::start();
    let (keytab, conf) = (kdc.path("keytab"), kdc.path("krb5.conf"));
    let settings = [("BY", "gss"), ("KEYTAB", keytab.as_str()), ("KRB5_CONFIG", conf.as_str())];
    let Some(server) = Server::start("postgres", &settings) else { return };
    let mut environment = server.environment.clone();
    environment.extend(kdc.environment());
    kerberos(&environment).all_pass(12);

    environment.insert("SHAKEDOWN_KERBEROS_SECRET_ALICE".to_owned(), "mistyped-by-whoever-set-it-up".to_owned());
    let run = kerberos(&environment);
    assert_eq!((run.count("fail"), run.count("pass"), run.code), (6, 6, Some(1)), "{}", run.printed);
    assert!(run.printed.contains("krb 24"), "{}", run.printed);
}

/// The cases that end with a login.
const BY_KINIT: [&str; 3] = [
    "postgres/kerberos-login/clear/by-kinit/own-name",
    "postgres/kerberos-login/gss/by-kinit/own-name",
    "postgres/kerberos-login/tls/by-kinit/own-name",
];

fn kerberos(environment: &BTreeMap<String, String>) -> Run {
    play("postgres-kerberos", &["postgres/kerberos-login/**"], environment)
}

fn play(endpoint: &str, patterns: &[&str], environment: &BTreeMap<String, String>) -> Run {
    let file = format!("tests/interop/endpoints/{endpoint}.toml");
    let mut arguments = vec!["--backend", "endpoint", "--endpoint", &file];
    arguments.extend(patterns.iter().flat_map(|pattern| ["--filter", pattern]));
    Run::play(&arguments, environment)
}

/// What a server printed, but for one value.
fn with(server: &Server, name: &str, value: &str) -> BTreeMap<String, String> {
    let mut environment = server.environment.clone();
    assert!(environment.insert(name.to_owned(), value.to_owned()).is_some(), "{name}");
    environment
}

/// The realm of `realms/corp.toml` on a port of loopback, with the files that a server of it needs.
struct OurKdc {
    handle: mock_kdc::Handle,
    folder: tempfile::TempDir,
    _runtime: Runtime,
}

impl OurKdc {
    fn start() -> Self {
        let realm = realm_file::read(include_str!("realms/corp.toml")).unwrap().realm;
        let kdc = Arc::new(Kdc::new(&realm, &mut SystemRandom).unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.block_on(async { Listener::bind_loopback().await.unwrap().serve(Arc::clone(&kdc)) });
        let folder = open_folder();
        let now = u32::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        let mut keytab = kdc.keytab("postgres/localhost", now).unwrap();
        keytab.entries.extend(kdc.keytab("postgres/db.test", now).unwrap().entries);
        std::fs::write(folder.path().join("keytab"), keytab.write().unwrap()).unwrap();
        let conf = krb5_conf(&realm.name, handle.address(), &realm.domains);
        std::fs::write(folder.path().join("krb5.conf"), conf).unwrap();
        Self { handle, folder, _runtime: runtime }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// What the endpoint file asks for, as MIT's KDC gives it.
    fn environment(&self) -> BTreeMap<String, String> {
        [
            ("SHAKEDOWN_KDC", self.handle.address().to_string()),
            ("SHAKEDOWN_KERBEROS_SECRET_ALICE", "alice-in-the-directory".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
