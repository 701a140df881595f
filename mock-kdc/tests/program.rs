//! The program as its users start it: its files, its words and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use shakedown_krb5::keytab::Keytab;

const REALM: &str = "realm = 'CORP.EXAMPLE.COM'
etypes = ['aes256-cts-hmac-sha1-96']
domains = ['db.test']
[[users]]
name = 'alice'
password = 'correct horse'
[[services]]
name = 'postgres/db.test'
[[services]]
name = 'mysql/db.test'
";

fn program(folder: &Path, realm: &str) -> Command {
    let file = folder.join("realm.toml");
    std::fs::write(&file, realm).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-kdc"));
    command.arg("--realm-file").arg(file).stdin(Stdio::null());
    command
}

/// A program that is ended with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it and returns the address of its readiness line.
fn start(command: &mut Command) -> (Running, SocketAddr) {
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("ready ").expect(&line).parse().unwrap();
    (running, address)
}

#[test]
fn it_is_ready_once_its_files_are_written_and_its_port_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut command = program(folder.path(), REALM);
    command.arg("--write-krb5-conf").arg(path("krb5.conf"));
    command.arg("--write-keytab").arg(path("keytab"));
    command.arg("--ready-file").arg(path("ready"));
    let (_running, address) = start(&mut command);
    assert!(address.ip().is_loopback());
    assert_eq!(std::fs::read_to_string(path("ready")).unwrap(), format!("{address}\n"));
    let conf = std::fs::read_to_string(path("krb5.conf")).unwrap();
    assert!(conf.contains(&format!("kdc = {address}\n")) && conf.contains("db.test = CORP.EXAMPLE.COM\n"), "{conf}");
    let keytab = Keytab::read(&std::fs::read(path("keytab")).unwrap()).unwrap();
    let names: Vec<_> = keytab.entries.iter().map(|entry| entry.principal.to_string()).collect();
    assert_eq!(names, ["postgres/db.test@CORP.EXAMPLE.COM", "mysql/db.test@CORP.EXAMPLE.COM"]);
    std::net::TcpStream::connect(address).unwrap();
    // Nothing is left beside the files.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[cfg(unix)]
#[test]
fn its_keytab_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let keytab = folder.path().join("keytab");
    let (_running, _) = start(program(folder.path(), REALM).arg("--write-keytab").arg(&keytab));
    assert_eq!(std::fs::metadata(&keytab).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn it_ends_in_good_order_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let (mut running, _) = start(&mut program(folder.path(), REALM));
    let id = running.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

/// The exit code, and what it says on standard error.
#[test]
fn it_prints_the_schema_of_its_files_and_ends() {
    let output = Command::new(env!("CARGO_BIN_EXE_mock-kdc")).arg("--schema").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["title"], "A realm of mock-kdc");
}

#[test]
fn a_realm_file_finds_its_keytab_beside_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, _) = start(program(folder.path(), REALM).arg("--write-keytab").arg(folder.path().join("k")));
    let realm = "realm = 'CORP.EXAMPLE.COM'\n[[services]]\nname = 'postgres/db.test'\nkeytab = 'k'\n";
    let (_other, _) = start(program(folder.path(), realm).arg("--write-keytab").arg(folder.path().join("again")));
    let read = |name| Keytab::read(&std::fs::read(folder.path().join(name)).unwrap()).unwrap();
    assert_eq!(read("again").entries[0].key, read("k").entries[0].key);
}

fn fails(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty());
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_realm_file_that_cannot_be_used_ends_it_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for (realm, expected) in [
        ("realm = 'R'\nusers = 1\n", "realm.toml: line 2: invalid type: integer `1`, expected a sequence"),
        ("realm = 'R'\n[[services]]\nname = 'a'\nkvno = 0\n", "realm.toml: principal a has kvno 0, expected 1 or more"),
        (
            "realm = 'R'\n[[services]]\nname = 'a'\n[[services]]\nname = 'a'\n",
            "realm.toml: principal a@R is there twice",
        ),
        ("realm = \"A\\n[libdefaults]\"\n", "realm.toml: the name of the realm has a blank or a control character"),
    ] {
        let (code, said) = fails(&mut program(folder.path(), realm));
        assert!(code == 2 && said.contains(expected), "{code}: {said}");
    }
    let missing = folder.path().join("missing.toml");
    let (code, said) = fails(Command::new(env!("CARGO_BIN_EXE_mock-kdc")).arg("--realm-file").arg(&missing));
    assert!(code == 2 && said.contains("missing.toml: No such file"), "{code}: {said}");
}

#[cfg(unix)]
#[test]
fn a_realm_file_without_an_end_is_not_read_to_it() {
    let (code, said) = fails(Command::new(env!("CARGO_BIN_EXE_mock-kdc")).args(["--realm-file", "/dev/zero"]));
    assert!(code == 2 && said.contains("/dev/zero: more than 1048576 octets"), "{code}: {said}");
}

#[test]
fn wrong_usage_ends_it_with_2() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(fails(&mut Command::new(env!("CARGO_BIN_EXE_mock-kdc"))).0, 2);
    assert_eq!(fails(program(folder.path(), REALM).args(["--listen", "nowhere"])).0, 2);
}

#[test]
fn a_machine_that_does_not_do_what_is_needed_ends_it_with_3() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = fails(program(folder.path(), REALM).args(["--listen", &address]));
    assert!(code == 3 && said.contains(&format!("cannot listen on {address}: ")), "{code}: {said}");
    let nowhere = folder.path().join("no/such/folder/keytab");
    let (code, said) = fails(program(folder.path(), REALM).arg("--write-keytab").arg(&nowhere));
    assert!(code == 3 && said.contains("cannot write "), "{code}: {said}");
}

#[cfg(unix)]
#[test]
fn it_is_controlled_by_who_has_its_token() {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let mut command = program(folder.path(), REALM);
    command.args(["--control", "127.0.0.1:0", "--control-token-file"]).arg(&token);
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let control = lines.next().unwrap().unwrap();
    assert!(lines.next().unwrap().unwrap().starts_with("ready 127.0.0.1:"));
    let address: SocketAddr = control.strip_prefix("control http://").expect(&control).parse().unwrap();
    assert!(address.ip().is_loopback());
    assert_eq!(std::fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(&token).unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /clock HTTP/1.1\r\nHost: kdc\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        token.trim_end()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"offset_seconds\": 0"), "{answer}");
    // One without the other is of no use.
    assert_eq!(fails(program(folder.path(), REALM).args(["--control", "127.0.0.1:0"])).0, 2);
}
