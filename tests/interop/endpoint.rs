//! What the `endpoint` backend sends to a machine that is not this one, and tickets that it starts from.
//!
//! That takes an address of this machine that is none of loopback's. Without one the test says so and passes, except where
//! `SHAKEDOWN_REQUIRE_PEERS=1`.

use crate::peer::{Server, skip};
use crate::program::Run;
use shakedown::handshake::EventName;
use shakedown::scenario::{Library, Source, make_plan};
use shakedown::testbed::{Materials, World};
use shakedown_krb5::Keyblock;
use shakedown_krb5::crypto::{Etype, string_to_key};
use shakedown_krb5::keytab::{Entry, Keytab};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use zeroize::Zeroizing;

const RIGHT: &str = "mysql/passwords/native/*/right";
const SECRET: &str = "a-secret-of-this-test";

/// An address by which other machines would reach this one. Nothing is sent to find it out.
fn address_of_this_machine() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.250:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[test]
fn no_secret_goes_in_the_clear_to_another_machine_unless_the_file_allows_it() {
    let Some(address) = address_of_this_machine() else {
        return skip("this machine has no address but loopback's");
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let plan = make_plan(&Source::built_in(), &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    let case = plan.cases.iter().find(|case| case.name == "mysql/passwords/native/tls/right").unwrap();
    let secrets = BTreeMap::from([("alice".to_owned(), Zeroizing::new(SECRET.to_owned()))]);
    let materials = Arc::new(Materials::prepare([case]).unwrap().supplied(secrets, None));
    let listen = BTreeMap::from([("db".to_owned(), SocketAddr::new(address, 0))]);
    let world = runtime.block_on(World::of_mocks(case, &materials, &listen)).unwrap();
    let port = world.address("db").unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("endpoint.toml");
    let play = |more: &str| {
        let head = format!("plays = 'aurora-mysql 3.04.0'\nhost = 'db.test'\naddress = '{address}'\nport = {port}");
        std::fs::write(&file, format!("{head}\n{more}\n[secrets]\nalice = '{SECRET}'\n")).unwrap();
        let arguments = ["--backend", "endpoint", "--endpoint", file.to_str().unwrap(), "--filter", RIGHT];
        let run = Run::play(&arguments, []);
        // What the server saw: a login over TLS begins with a request for it.
        let (_, db) = world.servers().next().unwrap();
        let records = runtime.block_on(db.records());
        let saw = |record: &shakedown::net::Record| {
            let trace = &record.report.as_ref().unwrap().trace;
            trace.events().iter().any(|event| event.name == EventName::TlsRequest)
        };
        (run, records.iter().filter(|record| saw(record)).count(), records.len())
    };
    for more in ["", "cleartext = 'refused'"] {
        let (run, over_tls, logins) = play(more);
        assert_eq!(
            (run.names("pass"), run.code),
            (vec!["mysql/passwords/native/tls/right"], Some(0)),
            "{}",
            run.printed
        );
        let reason = format!(
            "might send a secret in the clear to {address}, and the endpoint file does not say cleartext = \"allowed\""
        );
        assert_eq!(run.reasons(), [reason.as_str()]);
        assert_eq!((over_tls, logins), (1, 1), "the case in the clear has not even connected");
    }
    let (run, over_tls, logins) = play("cleartext = 'allowed'");
    run.all_pass(2);
    assert_eq!((over_tls, logins), (1, 2));
    runtime.block_on(world.stop());
}

#[test]
fn tickets_of_a_cache_and_keys_of_a_keytab_stand_in_place_of_a_password() {
    let Some(kdc) = Server::start("mit-kdc", &[]) else { return };
    let keytab = kdc.value("SHAKEDOWN_KEYTAB_POSTGRES");
    let settings = [("BY", "gss"), ("KEYTAB", keytab), ("KRB5_CONFIG", kdc.value("KRB5_CONFIG"))];
    let Some(server) = Server::start("postgres", &settings) else { return };
    let folder = tempfile::tempdir().unwrap();
    let password = kdc.value("SHAKEDOWN_KERBEROS_SECRET_ALICE");
    let (ccache, own) = (folder.path().join("ccache"), folder.path().join("keytab"));
    kinit(kdc.value("KRB5_CONFIG"), &ccache, password);

    let play = |tickets: String| {
        let file = folder.path().join("endpoint.toml");
        let text = format!(
            "plays = 'aurora-postgresql 15'\nhost = '{}'\naddress = '{}'\nport = {}\nca = '{}'\n{tickets}\n\
             [realms]\n'CORP.EXAMPLE.COM' = '{}'\n[allow]\nfailed-login = 99\naborted-handshake = 99\n",
            server.value("SHAKEDOWN_POSTGRES_HOST"),
            server.value("SHAKEDOWN_POSTGRES_ADDRESS"),
            server.value("SHAKEDOWN_POSTGRES_PORT"),
            server.value("SHAKEDOWN_POSTGRES_CA"),
            kdc.value("SHAKEDOWN_KDC"),
        );
        std::fs::write(&file, text).unwrap();
        let filter = "postgres/kerberos-login/**";
        Run::play(&["--backend", "endpoint", "--endpoint", file.to_str().unwrap(), "--filter", filter, "--trace"], [])
    };
    let run = play(format!("ccache = 'FILE:{}'", ccache.display()));
    run.all_pass(12);
    assert!(!run.printed.contains("as-req"), "nobody asked for a ticket that is there: {}", run.printed);
    write_keytab(&own, password);
    let run = play(format!("keytab = '{}'", own.display()));
    run.all_pass(12);
    assert_eq!(run.printed.matches("kinit: as-req").count(), 6, "{}", run.printed);

    // The counter-checks: keys of another password, and nothing at all.
    write_keytab(&own, "mistyped-by-whoever-set-it-up");
    let run = play(format!("keytab = '{}'", own.display()));
    assert_eq!((run.count("fail"), run.count("pass"), run.code), (6, 6, Some(1)), "{}", run.printed);
    assert!(run.printed.contains("krb 24"), "{}", run.printed);
    let run = play(String::new());
    assert_eq!(run.reasons(), ["the endpoint file has no secret alice-in-the-directory"]);
}

fn kinit(krb5_config: &str, ccache: &Path, password: &str) {
    let mut command = Command::new("kinit");
    command.args(["-c", ccache.to_str().unwrap(), "alice@CORP.EXAMPLE.COM"]).env("KRB5_CONFIG", krb5_config);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    assert!(child.wait().unwrap().success());
}

/// The keys of alice that this password makes, by the salt that MIT's KDC gives her.
fn write_keytab(path: &Path, password: &str) {
    let entry = |etype: Etype| {
        let key = string_to_key(etype, password.as_bytes(), b"CORP.EXAMPLE.COMalice", None).unwrap();
        let principal = "alice@CORP.EXAMPLE.COM".parse().unwrap();
        Entry { principal, timestamp: 0, kvno: 1, key: Keyblock::new(etype.number(), key.bytes()) }
    };
    let keytab = Keytab { entries: Etype::AES.into_iter().map(entry).collect() };
    std::fs::write(path, keytab.write().unwrap()).unwrap();
}
