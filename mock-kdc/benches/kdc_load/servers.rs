//! The servers, each a process of its own that ends with its [`Server`].

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mock_kdc::{Generator, Kdc, Realm, Service, User};
use shakedown_krb5::Credential;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret};
use shakedown_krb5::crypto::{default_salt, string_to_key};

use crate::cpu::{self, SERVER_CORE};
use crate::floor::Answering;
use crate::mit::{self, Tuning};
use crate::requests::{ETYPE, Exchange, PASSWORD, Party, REALM, SERVICE, USER, ask, now, principal};

/// For how long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    address: SocketAddr,
    process: Process,
    /// For what is no KDC and gives no tickets.
    answering: Option<Answering>,
}

/// Is ended when dropped.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    pub(crate) fn connect(&self) -> UdpSocket {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.0.id()
    }

    /// The first octet of a good answer.
    pub(crate) fn reply_tag(&self, exchange: Exchange) -> u8 {
        if self.answering == Some(Answering::Echo) { exchange.request_tag() } else { exchange.reply_tag() }
    }

    /// For what is no KDC, a ticket of some KDC.
    pub(crate) fn ticket(&self) -> Option<Credential> {
        self.answering.map(|_| any_ticket())
    }
}

/// All that are there: ours without and with PACs first, the echo and the floor last.
pub(crate) fn all(folder: &Path, pinned: bool) -> Vec<Server> {
    let mit = |name, tuning| {
        let (process, port) = mit::start(folder, tuning, pinned)?;
        Some(Server { name, address: (Ipv4Addr::LOCALHOST, port).into(), process, answering: None })
    };
    let mut servers = vec![ours(folder, false, pinned), ours(folder, true, pinned)];
    servers.extend(mit("krb5kdc, no records", Tuning::NoRecords));
    servers.extend(mit("krb5kdc as installed", Tuning::AsInstalled));
    servers.extend([Answering::Echo, Answering::Cryptography].map(|answering| no_kdc(answering, pinned)));
    servers
}

/// Our KDC with the log and the counters on.
pub(crate) fn ours(folder: &Path, pac: bool, pinned: bool) -> Server {
    let file = realm_file(folder, pac);
    let mut command = pinned_command(Path::new(env!("CARGO_BIN_EXE_mock-kdc")), pinned);
    command.arg("--realm-file").arg(file);
    let (process, address) = start(command);
    Server { name: if pac { "mock-kdc, with PACs" } else { "mock-kdc" }, address, process, answering: None }
}

pub(crate) fn no_kdc(answering: Answering, pinned: bool) -> Server {
    let (name, argument) = match answering {
        Answering::Echo => ("UDP echo", "echo"),
        Answering::Cryptography => ("floor: UDP and cryptography", "cryptography"),
    };
    let mut command = pinned_command(&std::env::current_exe().unwrap(), pinned);
    command.arg(argument);
    let (process, address) = start(command);
    Server { name, address, process, answering: Some(answering) }
}

/// From the start of the program to its first answer, some times: the time, and the program's CPU time in it.
pub(crate) fn first_answers(folder: &Path, pinned: bool) -> Vec<(Duration, Duration)> {
    (0..20).map(|_| first_answer(folder, pinned)).collect()
}

/// From the start of the program to its first answer.
pub(crate) fn first_answer(folder: &Path, pinned: bool) -> (Duration, Duration) {
    let key = string_to_key(ETYPE, PASSWORD.as_bytes(), &default_salt(&principal(USER)), None).unwrap();
    let request = Party { key, tgt: any_ticket(), random: Generator::from_system() }.request(Exchange::As);
    let began = Instant::now();
    let server = ours(folder, false, pinned);
    let reply = ask(&server.connect(), &request);
    let elapsed = began.elapsed();
    assert_eq!(reply[0], Exchange::As.reply_tag());
    (elapsed, cpu::time_of(server.process()))
}

fn any_ticket() -> Credential {
    party_in_memory(&kdc_in_memory(false, &mut Generator::from_system())).tgt
}

/// A program, on the servers' core where that is possible.
pub(crate) fn pinned_command(program: &Path, pinned: bool) -> Command {
    if !pinned {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE]).arg(program);
    command
}

/// Starts what prints `ready ADDRESS` when it is.
fn start(mut command: Command) -> (Process, SocketAddr) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("ready ").and_then(|address| address.parse().ok());
    let process = Process(child);
    (process, address.unwrap_or_else(|| panic!("{command:?} is not ready but says: {line}")))
}

/// With all keys given, so that the start derives none.
fn realm_file(folder: &Path, pac: bool) -> std::path::PathBuf {
    let key = string_to_key(ETYPE, PASSWORD.as_bytes(), &default_salt(&principal(USER)), None).unwrap();
    let key: String = key.bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    let etype = ETYPE.name();
    let text = format!(
        "realm = \"{REALM}\"
etypes = [\"{etype}\"]
pac = {pac}

[[users]]
name = \"{USER}\"
keys = [{{ etype = \"{etype}\", kvno = 1, key = \"{key}\" }}]

[[services]]
name = \"{SERVICE}\"
"
    );
    let file = folder.join("realm.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// The same realm without a process.
pub(crate) fn kdc_in_memory(pac: bool, random: &mut Generator) -> Kdc {
    let mut realm = Realm::new(REALM);
    realm.pac = pac;
    realm.etypes = vec![ETYPE];
    realm.users.push(User::new(USER, PASSWORD));
    realm.services.push(Service::new(SERVICE));
    Kdc::new(&realm, random).unwrap()
}

/// A client that is logged in there.
pub(crate) fn party_in_memory(kdc: &Kdc) -> Party {
    let mut random = Generator::from_system();
    let key = string_to_key(ETYPE, PASSWORD.as_bytes(), &default_salt(&principal(USER)), None).unwrap();
    let mut exchange = AsExchange::new(AsSettings::new(principal(USER), Secret::from(key.clone())));
    let mut reply: Option<Vec<u8>> = None;
    loop {
        match exchange.next(reply.as_deref(), now(), &mut random).unwrap() {
            Action::Done(tgt) => return Party { key, tgt, random },
            Action::Send(request) => reply = kdc.answer(&request.message, now(), &mut random).octets,
        }
    }
}
