//! MIT's krb5kdc with the same principals, in a folder of its own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::requests::{PASSWORD, REALM, SERVICE, USER};
use crate::servers::{Process, pinned_command};

const PROGRAMS: [&str; 3] = ["krb5kdc", "kdb5_util", "kadmin.local"];

/// As Debian installs it, but for PACs, which are off, or with what is written for each login switched off as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tuning {
    AsInstalled,
    NoRecords,
}

/// Nothing where it is not installed.
pub(crate) fn start(folder: &Path, tuning: Tuning, pinned: bool) -> Option<(Process, u16)> {
    if let Some(missing) = PROGRAMS.into_iter().find(|name| program(name).is_none()) {
        println!("skipped: {missing} is not installed (Debian: krb5-kdc, krb5-admin-server)\n");
        return None;
    }
    let folder = folder.join(format!("{tuning:?}"));
    std::fs::create_dir(&folder).unwrap();
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    configure(&folder, tuning, port);
    run(command(&folder, "kdb5_util", false).args(["create", "-s", "-r", REALM, "-P", "master"]));
    for query in [
        format!("modprinc -maxlife 10h -maxrenewlife 7d krbtgt/{REALM}"),
        format!("addprinc -pw \"{PASSWORD}\" +requires_preauth {USER}"),
        format!("addprinc -randkey {SERVICE}"),
    ] {
        run(command(&folder, "kadmin.local", false).args(["-r", REALM, "-q", &query]));
    }
    let kdc = Process(command(&folder, "krb5kdc", pinned).arg("-n").spawn().unwrap());
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "krb5kdc does not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    Some((kdc, port))
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn command(folder: &Path, name: &str, pinned: bool) -> Command {
    let mut command = pinned_command(&program(name).expect("looked for before"), pinned);
    command.env("KRB5_CONFIG", folder.join("krb5.conf")).env("KRB5_KDC_PROFILE", folder.join("kdc.conf"));
    command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn configure(folder: &Path, tuning: Tuning, port: u16) {
    let place = folder.display();
    let records = match tuning {
        Tuning::AsInstalled => "",
        Tuning::NoRecords => "  disable_last_success = true\n  disable_lockout = true\n",
    };
    let kdc = format!(
        "[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {REALM} = {{
  database_module = local
  key_stash_file = {place}/stash
  supported_enctypes = aes256-cts:normal
  disable_pac = true
  max_life = 10h
  max_renewable_life = 7d
 }}
[dbmodules]
 local = {{
  db_library = db2
  database_name = {place}/principal
{records} }}
"
    );
    let client = format!(
        "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n[logging]\n kdc = FILE:{place}/kdc.log\n"
    );
    std::fs::write(folder.join("kdc.conf"), kdc).unwrap();
    std::fs::write(folder.join("krb5.conf"), client).unwrap();
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
