//! MIT's libkrb5 in a process of its own (`peer.py`), which ends itself after two minutes.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use shakedown_krb5::crypto::{Etype, Key, KeyUsage};

pub(crate) struct Peer {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What the library gave, or its error code as RFC 4120 §7.5.9 counts.
pub(crate) type Answer = Result<Vec<u8>, i64>;

impl Peer {
    /// `None`, with the reason printed, where there is no Python or no libkrb5.
    pub(crate) fn start() -> Option<Self> {
        let load = ["-c", "import ctypes; ctypes.CDLL('libkrb5.so.3'); ctypes.CDLL('libk5crypto.so.3')"];
        let loads = Command::new("python3").args(load).stderr(Stdio::null()).status();
        if !loads.is_ok_and(|status| status.success()) {
            let required = std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_some_and(|value| value == "1");
            assert!(!required, "python3 and libkrb5 are required and not installed");
            eprintln!("skipped: python3 or libkrb5.so.3 is not installed (Debian: python3, libkrb5-3)");
            return None;
        }
        let mut process = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mit_crypto/peer.py"))
            .env("KRB5_CONFIG", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Some(Self { process, commands, answers })
    }

    pub(crate) fn encrypt(&mut self, key: &Key, usage: KeyUsage, plain: &[u8]) -> Answer {
        self.ask(&format!("encrypt {} {} {}", shown(key), usage.0, hexadecimal(plain)))
    }

    pub(crate) fn decrypt(&mut self, key: &Key, usage: KeyUsage, cipher: &[u8]) -> Answer {
        self.ask(&format!("decrypt {} {} {}", shown(key), usage.0, hexadecimal(cipher)))
    }

    pub(crate) fn checksum(&mut self, key: &Key, usage: KeyUsage, text: &[u8]) -> Answer {
        let kind = key.etype().checksum_type();
        self.ask(&format!("checksum {kind} {} {} {}", shown(key), usage.0, hexadecimal(text)))
    }

    pub(crate) fn prf(&mut self, key: &Key, text: &[u8]) -> Answer {
        self.ask(&format!("prf {} {}", shown(key), hexadecimal(text)))
    }

    pub(crate) fn string_to_key(&mut self, etype: Etype, password: &[u8], salt: &[u8], count: Option<u32>) -> Answer {
        let parameters = count.map_or("none".to_owned(), |count| hexadecimal(&count.to_be_bytes()));
        let (password, salt) = (hexadecimal(password), hexadecimal(salt));
        self.ask(&format!("string_to_key {} {password} {salt} {parameters}", etype.number()))
    }

    pub(crate) fn ask(&mut self, command: &str) -> Answer {
        writeln!(self.commands, "{command}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        match line.trim_end().split_once(' ') {
            Some(("done", octets)) => Ok(octets_of(octets)),
            Some(("refused", code)) => Err(code.parse().unwrap()),
            _ => panic!("{command}: {line}"),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Etype and key, as the commands have them.
pub(crate) fn shown(key: &Key) -> String {
    format!("{} {}", key.etype().number(), hexadecimal(key.bytes()))
}

pub(crate) fn hexadecimal(octets: &[u8]) -> String {
    let mut text = String::new();
    for octet in octets {
        write!(text, "{octet:02x}").unwrap();
    }
    if text.is_empty() { "-".to_owned() } else { text }
}

fn octets_of(text: &str) -> Vec<u8> {
    let octet = |index| u8::from_str_radix(&text[index..index + 2], 16).unwrap();
    if text == "-" { Vec::new() } else { (0..text.len()).step_by(2).map(octet).collect() }
}
