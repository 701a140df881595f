//! A realm of MIT Kerberos in a temporary directory, on loopback, gone when dropped.

use shakedown_krb5::Principal;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const REALM: &str = "SHAKEDOWN.TEST";
/// Requires pre-authentication.
pub(crate) const ALICE_PASSWORD: &str = "alice's passwörd";
/// Does not.
pub(crate) const BOB_PASSWORD: &str = "bob";
pub(crate) const SERVICE_PASSWORD: &str = "service";
pub(crate) const KRBTGT_PASSWORD: &str = "krbtgt";

pub(crate) struct Realm {
    directory: tempfile::TempDir,
    kdc: Child,
    pub(crate) port: u16,
}

/// `None`, with the reason printed, where MIT's KDC is not installed; a failure if SHAKEDOWN_REQUIRE_PEERS=1 says that
/// it has to be.
pub(crate) fn start(krb5kdc_arguments: &[&str]) -> Option<Realm> {
    let missing: Vec<_> =
        ["krb5kdc", "kdb5_util", "kadmin.local"].into_iter().filter(|p| program(p).is_none()).collect();
    if missing.is_empty() {
        return Some(Realm::start(krb5kdc_arguments));
    }
    let required = std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_some_and(|value| value == "1");
    assert!(!required, "{missing:?} not found, but SHAKEDOWN_REQUIRE_PEERS=1");
    eprintln!("SKIPPED: {missing:?} not found (Debian: krb5-kdc krb5-admin-server)");
    None
}

/// Where a program is. Debian has daemons in /usr/sbin, which is not in everybody's PATH.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into(), "/usr/lib/mit/sbin".into()])
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

impl Realm {
    fn start(krb5kdc_arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Somebody else may take a port between our looking and the KDC's binding: then another is tried.
        for _ in 0..5 {
            let port = free_port();
            write_configuration(directory.path(), port);
            if !directory.path().join("principal").exists() {
                create_database(directory.path());
            }
            let log = fs::File::create(directory.path().join("kdc.out")).unwrap();
            let mut kdc = command(directory.path(), "krb5kdc")
                .arg("-n")
                .args(krb5kdc_arguments)
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap();
            if is_ready(&mut kdc, port) {
                return Self { directory, kdc, port };
            }
        }
        let read = |name| fs::read_to_string(directory.path().join(name)).unwrap_or_default();
        panic!("krb5kdc does not start: {}{}", read("kdc.out"), read("kdc.log"));
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A program with the environment of this realm.
    pub(crate) fn command(&self, name: &str) -> Command {
        command(self.path(), name)
    }

    /// Makes clients of this realm ask at another port.
    pub(crate) fn point_clients_at(&self, port: u16, extra: &str) {
        write_client_configuration(self.path(), port, extra);
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        let _ = self.kdc.kill();
        let _ = self.kdc.wait();
    }
}

pub(crate) fn principal(text: &str) -> Principal {
    format!("{text}@{REALM}").parse().unwrap()
}

fn command(directory: &Path, name: &str) -> Command {
    let mut command = Command::new(program(name).unwrap_or_else(|| panic!("{name} is installed")));
    command
        .env("KRB5_CONFIG", directory.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", directory.join("kdc.conf"))
        .env("KRB5CCNAME", directory.join("ccache"))
        .env_remove("KRB5_KTNAME")
        .stdin(Stdio::null());
    command
}

fn create_database(directory: &Path) {
    run(command(directory, "kdb5_util").args(["create", "-s", "-r", REALM, "-P", "master"]));
    for query in [
        format!("addprinc -pw \"{ALICE_PASSWORD}\" +requires_preauth alice"),
        format!("addprinc -pw {BOB_PASSWORD} bob"),
        format!("addprinc -pw {SERVICE_PASSWORD} postgres/db.test"),
        // So that tickets for the ticket-granting service can be read in tests.
        format!("cpw -pw {KRBTGT_PASSWORD} krbtgt/{REALM}"),
    ] {
        run(command(directory, "kadmin.local").args(["-r", REALM, "-q", &query]));
    }
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn write_configuration(directory: &Path, port: u16) {
    write_client_configuration(directory, port, "");
    let at = directory.display();
    let configuration = format!(
        "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n\
         [realms]\n {REALM} = {{\n  database_name = {at}/principal\n  key_stash_file = {at}/stash\n\
         supported_enctypes = aes256-cts:normal aes128-cts:normal aes256-sha2:normal aes128-sha2:normal\n\
         max_life = 24h\n max_renewable_life = 7d\n }}\n\
         [logging]\n kdc = FILE:{at}/kdc.log\n"
    );
    fs::write(directory.join("kdc.conf"), configuration).unwrap();
}

fn write_client_configuration(directory: &Path, port: u16, extra: &str) {
    let configuration = format!(
        "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n\
         dns_canonicalize_hostname = false\n rdns = false\n qualify_shortname = \"\"\n{extra}\n\
         [realms]\n {REALM} = {{\n kdc = 127.0.0.1:{port}\n }}\n"
    );
    fs::write(directory.join("krb5.conf"), configuration).unwrap();
}

/// A port that is free for both transports.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Asks until the KDC answers on both transports; `false` if it ends, or says nothing for 20 seconds.
fn is_ready(kdc: &mut Child, port: u16) -> bool {
    let give_up = Instant::now() + Duration::from_secs(20);
    while Instant::now() < give_up && kdc.try_wait().unwrap().is_none() {
        let answered = crate::wire::probe(port, Duration::from_millis(100));
        if answered {
            return true;
        }
    }
    let _ = kdc.kill();
    let _ = kdc.wait();
    false
}
