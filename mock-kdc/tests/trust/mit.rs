//! A realm of MIT's krb5kdc on loopback, in a folder of its own, gone when dropped.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::realms::{PASSWORD, SERVICE, SHARED, service};

pub(crate) struct MitRealm {
    _folder: tempfile::TempDir,
    kdc: Child,
    pub(crate) address: SocketAddr,
}

const PROGRAMS: [&str; 3] = ["krb5kdc", "kdb5_util", "kadmin.local"];

/// Nothing, with the reason printed, where MIT's programs are not installed; with SHAKEDOWN_REQUIRE_PEERS=1 that is a
/// failure.
pub(crate) fn have(programs: &[&str]) -> bool {
    match programs.iter().find(|name| program(name).is_none()) {
        None => true,
        Some(missing) => {
            assert!(std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{missing} is required");
            eprintln!("skipped: {missing} is not installed (Debian: krb5-kdc, krb5-admin-server, krb5-user)");
            false
        }
    }
}

/// The same as [`crate::realms::realm`] makes. `more` goes into the KDC's krb5.conf.
pub(crate) fn start(realm: &str, trusts: &[&str], trusted_by: &[&str], more: &str) -> Option<MitRealm> {
    if !have(&PROGRAMS) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    create_database(folder.path(), realm, trusts, trusted_by, more);
    // Between our looking for a port and the KDC's binding it, somebody else may take it.
    for _ in 0..5 {
        let port = free_port();
        configure(folder.path(), realm, port, more);
        let mut kdc = command(folder.path(), "krb5kdc").arg("-n").spawn().unwrap();
        if is_ready(&mut kdc, port) {
            return Some(MitRealm { _folder: folder, kdc, address: ([127, 0, 0, 1], port).into() });
        }
    }
    panic!("krb5kdc does not start");
}

impl MitRealm {
    /// Sends a datagram and returns the answer; nothing where the KDC stays silent.
    pub(crate) fn answer(&self, request: &[u8]) -> Option<Vec<u8>> {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket.connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket.send(request).unwrap();
        let mut buffer = [0; 65_535];
        let length = socket.recv(&mut buffer).ok()?;
        Some(buffer[..length].to_vec())
    }

    /// Lets kadmin.local change something.
    pub(crate) fn administer(&self, realm: &str, query: &str) {
        run(command(self._folder.path(), "kadmin.local").args(["-r", realm, "-q", query]));
    }
}

impl Drop for MitRealm {
    fn drop(&mut self) {
        let _ = self.kdc.kill();
        let _ = self.kdc.wait();
    }
}

/// Where a program is. Debian has daemons in /usr/sbin, which is not in everybody's PATH.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn command(folder: &Path, name: &str) -> Command {
    let mut command = Command::new(program(name).expect("looked for before"));
    command.env("KRB5_CONFIG", folder.join("krb5.conf")).env("KRB5_KDC_PROFILE", folder.join("kdc.conf"));
    command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn configure(folder: &Path, realm: &str, port: u16, more: &str) {
    let place = folder.display();
    let kdc = format!(
        "[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {place}/principal
  key_stash_file = {place}/stash
  supported_enctypes = aes256-cts:normal
  disable_pac = true
  max_life = 10h
  max_renewable_life = 7d
 }}
"
    );
    let client = format!(
        "[libdefaults]\n default_realm = {realm}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n\
         [logging]\n kdc = FILE:{place}/kdc.log\n{more}"
    );
    std::fs::write(folder.join("kdc.conf"), kdc).unwrap();
    std::fs::write(folder.join("krb5.conf"), client).unwrap();
}

fn create_database(folder: &Path, realm: &str, trusts: &[&str], trusted_by: &[&str], more: &str) {
    configure(folder, realm, 1, more);
    run(command(folder, "kdb5_util").args(["create", "-s", "-r", realm, "-P", "master"]));
    let add = |password: &str, name: &str| format!("addprinc -pw \"{password}\" {name}");
    let mut queries = vec![
        format!("modprinc -maxlife 10h -maxrenewlife 7d krbtgt/{realm}"),
        add(PASSWORD, "+requires_preauth alice"),
        add(SERVICE, &service(realm)),
    ];
    // A slash in the name of a realm needs a backslash.
    let plain = |name: &str| name.replace('/', "\\/");
    queries.extend(trusts.iter().map(|there| add(SHARED, &format!("krbtgt/{realm}@{}", plain(there)))));
    queries.extend(trusted_by.iter().map(|there| add(SHARED, &format!("krbtgt/{}@{realm}", plain(there)))));
    for query in queries {
        run(command(folder, "kadmin.local").args(["-r", realm, "-q", &query]));
    }
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks until the KDC accepts connections, which it does after it can take datagrams.
fn is_ready(kdc: &mut Child, port: u16) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline && matches!(kdc.try_wait(), Ok(None)) {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = kdc.kill();
    let _ = kdc.wait();
    false
}
