//! MIT's GSS-API in a process of its own (`peer.py`), which ends itself after two minutes.

use shakedown_krb5::ccache::{CredentialCache, Record};
use shakedown_krb5::keytab::{Keyblock, Keytab};
use shakedown_krb5::{Credential, Principal, Timestamp};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub(crate) struct Peer {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    files: u32,
}

/// What MIT says to a token.
#[derive(Debug)]
pub(crate) enum Answer {
    Accepted {
        client: String,
        service: String,
        flags: u32,
        reply: Option<Vec<u8>>,
    },
    Done,
    /// Another token is awaited.
    Continue(Vec<u8>),
    /// None is.
    Last(Vec<u8>),
    /// `major` is the routine error, `code` what is on the wire: 60 for minor codes that have no place there.
    Refused {
        major: u32,
        code: i32,
        reply: Option<Vec<u8>>,
    },
}

const CONFIGURATION: &str = "[libdefaults]
default_realm = CORP.EXAMPLE.COM
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
";

impl Peer {
    /// `None`, with the reason printed, where MIT's library or its Python module is not installed.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(|python| has_gssapi(python)) else {
            let required = std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_some_and(|value| value == "1");
            assert!(!required, "python3 with gssapi is required and not installed");
            eprintln!("skipped: python3 with gssapi is not installed (Debian: python3-gssapi)");
            return None;
        };
        let folder = tempfile::Builder::new().prefix(name).tempdir().unwrap();
        let configuration = folder.path().join("krb5.conf");
        std::fs::write(&configuration, CONFIGURATION).unwrap();
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mit_gss/peer.py"))
            .env("KRB5_CONFIG", configuration)
            .env("KRB5RCACHEDIR", folder.path())
            .env_remove("KRB5RCACHETYPE")
            .env_remove("KRB5RCACHENAME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Some(Self { process, commands, answers, folder, files: 0 })
    }

    /// Writes a keytab and returns its path.
    pub(crate) fn keytab(&mut self, keytab: &Keytab) -> String {
        self.file(&keytab.write().unwrap())
    }

    /// Writes a credential cache with one ticket and returns its path.
    pub(crate) fn cache(&mut self, credential: &Credential) -> String {
        let seconds = |time: Timestamp| time.seconds().try_into().unwrap();
        let mut cache = CredentialCache::new(&credential.client);
        cache.records.push(Record {
            client: credential.client.clone(),
            server: credential.server.clone(),
            key: Keyblock::from(&credential.key),
            auth_time: seconds(credential.auth_time),
            start_time: seconds(credential.start_time),
            end_time: seconds(credential.end_time),
            renew_till: 0,
            is_skey: false,
            flags: credential.flags,
            addresses: Vec::new(),
            authorization_data: Vec::new(),
            ticket: credential.ticket.clone(),
            second_ticket: Vec::new(),
        });
        self.file(&cache.write().unwrap())
    }

    fn file(&mut self, octets: &[u8]) -> String {
        self.files += 1;
        let path = self.folder.path().join(self.files.to_string());
        std::fs::write(&path, octets).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn accept(&mut self, keytab: &str, token: &[u8]) -> Answer {
        self.answer(&format!("accept {keytab} {}", hexadecimal(token)))
    }

    /// The acceptor's next step.
    pub(crate) fn go_on(&mut self, token: &[u8]) -> Answer {
        self.answer(&format!("go_on {}", hexadecimal(token)))
    }

    pub(crate) fn step(&mut self, token: &[u8]) -> Answer {
        self.answer(&format!("step {}", hexadecimal(token)))
    }

    pub(crate) fn init(&mut self, cache: &str, service: &Principal, flags: u32, mechanism: &str) -> Vec<u8> {
        self.octets(&format!("init {cache} {service} {flags} {mechanism}"), "token")
    }

    pub(crate) fn wrap(&mut self, text: &[u8]) -> Vec<u8> {
        self.octets(&format!("wrap {}", hexadecimal(text)), "token")
    }

    pub(crate) fn mic(&mut self, text: &[u8]) -> Vec<u8> {
        self.octets(&format!("mic {}", hexadecimal(text)), "token")
    }

    pub(crate) fn unwrap(&mut self, token: &[u8]) -> Vec<u8> {
        self.octets(&format!("unwrap {}", hexadecimal(token)), "text")
    }

    pub(crate) fn verify(&mut self, text: &[u8], token: &[u8]) {
        assert_eq!(self.line(&format!("verify {} {}", hexadecimal(text), hexadecimal(token))), "good");
    }

    /// gss_wrap_size_limit.
    pub(crate) fn wrap_limit(&mut self, length: usize) -> usize {
        self.line(&format!("limit {length}")).strip_prefix("limit ").unwrap().parse().unwrap()
    }

    fn octets(&mut self, command: &str, kind: &str) -> Vec<u8> {
        let line = self.line(command);
        match line.split_once(' ') {
            Some((found, text)) if found == kind => octets(text).unwrap_or_default(),
            _ => panic!("{line}"),
        }
    }

    fn answer(&mut self, command: &str) -> Answer {
        let line = self.line(command);
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["accepted", client, service, flags, reply] => Answer::Accepted {
                client: client.to_owned(),
                service: service.to_owned(),
                flags: flags.parse().unwrap(),
                reply: octets(reply),
            },
            ["done", _] => Answer::Done,
            ["continue", token] => Answer::Continue(octets(token).unwrap_or_default()),
            ["last", token] => Answer::Last(octets(token).unwrap_or_default()),
            ["refused", major, minor, reply] => Answer::Refused {
                major: major.parse::<u32>().unwrap() >> 16 & 0xff,
                code: wire_code(minor.parse().unwrap()),
                reply: octets(reply),
            },
            _ => panic!("{line}"),
        }
    }

    fn line(&mut self, command: &str) -> String {
        writeln!(self.commands, "{command}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _status = self.process.wait();
    }
}

/// com_err numbers of libkrb5's table begin at -1765328384; the first 128 are those of RFC 4120 §7.5.9.
fn wire_code(minor: i64) -> i32 {
    let minor = i64::from(minor as i32);
    i32::try_from(minor + 1_765_328_384).ok().filter(|code| (0..128).contains(code)).unwrap_or(60)
}

fn has_gssapi(python: &str) -> bool {
    let import = Command::new(python).args(["-c", "import gssapi.raw"]).stderr(Stdio::null()).status();
    import.is_ok_and(|status| status.success())
}

fn hexadecimal(octets: &[u8]) -> String {
    if octets.is_empty() { "-".to_owned() } else { octets.iter().map(|octet| format!("{octet:02x}")).collect() }
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let octet = |index| u8::from_str_radix(&text[index..index + 2], 16).unwrap();
    if text == "-" { None } else { Some((0..text.len()).step_by(2).map(octet).collect()) }
}
