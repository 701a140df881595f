//! A realm of MIT's krb5kdc on loopback, in a folder of its own, with the same principals as ours; gone when dropped.

use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::request::{PASSWORD, REALM};

pub(crate) struct MitKdc {
    _folder: tempfile::TempDir,
    kdc: Child,
    port: u16,
}

const PROGRAMS: [&str; 3] = ["krb5kdc", "kdb5_util", "kadmin.local"];

/// Nothing, with the reason printed, where MIT's KDC is not installed; with SHAKEDOWN_REQUIRE_PEERS=1 that is a
/// failure.
pub(crate) fn start() -> Option<MitKdc> {
    start_with("")
}

/// The same with more principals: lines for kadmin.local.
pub(crate) fn start_with(queries: &str) -> Option<MitKdc> {
    if let Some(missing) = PROGRAMS.into_iter().find(|name| program(name).is_none()) {
        assert!(std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{missing} is required");
        eprintln!("skipped: {missing} is not installed (Debian: krb5-kdc, krb5-admin-server)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    create_database(folder.path());
    administrate(folder.path(), queries);
    // Between our looking for a port and the KDC's binding it, somebody else may take it.
    for _ in 0..5 {
        let port = free_port();
        configure(folder.path(), port);
        let mut kdc = command(folder.path(), "krb5kdc").arg("-n").spawn().unwrap();
        if is_ready(&mut kdc, port) {
            return Some(MitKdc { _folder: folder, kdc, port });
        }
    }
    panic!("krb5kdc does not start");
}

impl MitKdc {
    /// Sends a datagram and returns the answer; nothing where the KDC stays silent.
    pub(crate) fn answer(&self, request: &[u8]) -> Option<Vec<u8>> {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket.connect(("127.0.0.1", self.port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        socket.send(request).unwrap();
        let mut buffer = [0; 65_535];
        let length = socket.recv(&mut buffer).ok()?;
        Some(buffer[..length].to_vec())
    }
}

impl Drop for MitKdc {
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

fn configure(folder: &Path, port: u16) {
    let place = folder.display();
    let kdc = format!(
        "[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {REALM} = {{
  database_name = {place}/principal
  key_stash_file = {place}/stash
  supported_enctypes = aes256-cts:normal aes128-cts:normal aes256-sha2:normal aes128-sha2:normal
  disable_pac = true
  max_life = 10h
  max_renewable_life = 7d
 }}
"
    );
    let client = format!(
        "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n[logging]\n kdc = FILE:{place}/kdc.log\n"
    );
    std::fs::write(folder.join("kdc.conf"), kdc).unwrap();
    std::fs::write(folder.join("krb5.conf"), client).unwrap();
}

fn create_database(folder: &Path) {
    configure(folder, 1);
    run(command(folder, "kdb5_util").args(["create", "-s", "-r", REALM, "-P", "master"]));
    let user = |rest: &str| format!("addprinc -pw \"{PASSWORD}\" {rest}");
    let service = |rest: &str| format!("addprinc -randkey {rest}");
    let small = "-e aes256-cts:normal";
    for query in [
        format!("modprinc -maxlife 10h -maxrenewlife 7d krbtgt/{REALM}"),
        user("+requires_preauth alice"),
        user(&format!("{small} bob")),
        user(&format!("{small} +requires_preauth -allow_tix locked")),
        user(&format!("{small} +requires_preauth -expire 2020-01-01 ended")),
        user(&format!("{small} +requires_preauth -pwexpire 2020-01-01 stale")),
        user("-e aes128-cts:normal +requires_preauth small"),
        user("-e aes128-cts:normal small-trusted"),
        service("postgres/db.test"),
        service("-e aes128-sha2:normal mysql/db.test"),
        service("-allow_tix locked/db.test"),
        service("-expire 2020-01-01 ended/db.test"),
        "modprinc +password_changing_service kadmin/changepw".to_owned(),
    ] {
        run(command(folder, "kadmin.local").args(["-r", REALM, "-q", &query]));
    }
    // Up to key version number 7, which ours begins with.
    for _ in 1..7 {
        let query = "cpw -randkey -e aes128-sha2:normal mysql/db.test";
        run(command(folder, "kadmin.local").args(["-r", REALM, "-q", query]));
    }
}

/// What kadmin.local refuses it says and goes on; then a principal is missing, and the test that needs it fails.
fn administrate(folder: &Path, queries: &str) {
    let mut program = command(folder, "kadmin.local").args(["-r", REALM]).stdin(Stdio::piped()).spawn().unwrap();
    program.stdin.take().unwrap().write_all(queries.as_bytes()).unwrap();
    assert!(program.wait().unwrap().success(), "kadmin.local");
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
    let deadline = Instant::now() + Duration::from_secs(10);
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
