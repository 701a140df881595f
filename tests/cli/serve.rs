//! `shakedown serve`: mocks that stay up until the program is told to end.

use crate::arguments;
use crate::program::{Files, free_port, loopback, names, program, shakedown, to_its_end};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// A program that serves; ended when this is dropped, whatever becomes of the test.
struct Serving {
    child: Child,
    /// What it printed up to `ready`.
    lines: Vec<String>,
}

impl Serving {
    #[track_caller]
    fn start(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut child = program().arg("serve").args(arguments).spawn().unwrap();
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().unwrap() == "ready" {
                return Self { child, lines };
            }
        }
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        panic!("{:?} before it was ready: {lines:?}, {err}", child.wait());
    }

    /// What stands behind the beginning of a line.
    #[track_caller]
    fn told(&self, start: &str) -> &str {
        let found = self.lines.iter().find_map(|line| line.strip_prefix(start));
        found.unwrap_or_else(|| panic!("no line '{start}…' in {:?}", self.lines))
    }

    fn address(&self) -> SocketAddr {
        self.told("server db: ").rsplit(' ').next().unwrap().parse().unwrap()
    }

    fn folder(&self) -> PathBuf {
        self.told("files in ").into()
    }

    /// Sends a signal and gives the exit code.
    fn end(&mut self, signal: &str) -> Option<i32> {
        let mut kill = Command::new("kill");
        kill.args([signal, &self.child.id().to_string()]);
        to_its_end(kill).exits_with(0);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_everything_is_serves_and_ends_without_a_trace() {
    let mut serving = Serving::start(arguments!["mysql/kerberos-login", "--listen", format!("db={}:0", loopback(3))]);
    assert!(serving.told("case ").starts_with("mysql/kerberos-login/"));
    assert!(serving.told("server db: ").starts_with("aurora-mysql 3.02.2 as db.test on 127."));
    let kdc: SocketAddr = serving.told("realm corp: KDC on ").split(',').next().unwrap().parse().unwrap();
    let (address, folder) = (serving.address(), serving.folder());
    let mut greeting = [0; 5];
    TcpStream::connect(address).unwrap().read_exact(&mut greeting).unwrap();
    assert_eq!((greeting[3], greeting[4]), (0, 10), "a packet with sequence id 0, protocol version 10");
    TcpStream::connect(kdc).unwrap();
    assert!(folder.is_dir());
    let (control, token) = serving.told("realm corp: control http://").split_once(", token in ").unwrap();
    assert_eq!(PathBuf::from(token).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut stream = TcpStream::connect(control).unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: kdc\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    assert_eq!(serving.end("-TERM"), Some(0));
    assert!(!folder.exists(), "{} is left", folder.display());
    TcpListener::bind(address).unwrap();
}

#[test]
fn an_interrupt_ends_it_as_well() {
    let mut serving = Serving::start(arguments!["postgres/passwords"]);
    let folder = serving.folder();
    assert_eq!(serving.end("-INT"), Some(0));
    assert!(!folder.exists());
}

#[test]
fn the_environment_is_a_file_that_a_shell_reads_and_only_its_owner() {
    let serving = Serving::start(arguments!["mysql/passwords", "--case", "mysql/passwords/native/tls/right"]);
    let file = PathBuf::from(serving.told("environment of client app in "));
    assert_eq!(file, serving.folder().join("environment.sh"));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        serving.folder().metadata().unwrap().permissions().mode() & 0o077,
        0,
        "nobody else looks into the folder"
    );

    let script = ". \"$1\"; echo $SHAKEDOWN_HOSTADDR:$SHAKEDOWN_PORT; echo $SHAKEDOWN_PASSWORD; sh -c 'test -r \"$SHAKEDOWN_CA\"'";
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script, "sh"])
        .arg(&file)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let ran = to_its_end(shell).exits_with(0);
    let [address, secret] = ran.out.lines().collect::<Vec<_>>()[..] else { panic!("{ran:?}") };
    assert_eq!(address, serving.address().to_string());
    assert_eq!(secret.len(), 24);
    assert!(serving.lines.iter().all(|line| !line.contains(secret)), "the password is printed");
}

#[test]
fn a_folder_that_is_given_stays_and_a_port_that_is_given_is_taken() {
    let files = Files::new();
    let folder = files.path().join("world");
    let free = free_port(4);
    let arguments = arguments!["mysql/passwords", "--dir", &folder, "--listen", format!("db={free}")];
    let mut serving = Serving::start(arguments);
    assert_eq!(serving.address().to_string(), free);
    assert_eq!(serving.end("-TERM"), Some(0));
    assert!(names(&folder).contains(&"environment.sh".to_owned()));
}

#[test]
fn a_folder_that_cannot_be_made_is_the_environments_fault() {
    let files = Files::new();
    let occupied = files.write("occupied", "");
    let ran = shakedown(arguments!["serve", "mysql/passwords", "--dir", &occupied]).exits_with(3);
    assert!(ran.err.contains("cannot use the folder"), "{}", ran.err);
    assert!(Path::new(&occupied).is_file());
}
