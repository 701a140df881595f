//! The servers, each a process of its own that ends with its [`Server`].

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mock_kdc::{Generator, Kdc, Realm, Service, User};
use shakedown_krb5::Credential;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret};
use shakedown_krb5::crypto::{default_salt, string_to_key};

use crate::cpu::SERVER_CORE;
use crate::mit::{self, Tuning};
use crate::requests::{ETYPE, Exchange, PASSWORD, Party, REALM, SERVICE, USER, ask, now, principal};

/// For how long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    address: SocketAddr,
    process: Process,
    /// The echo gives no tickets.
    is_echo: bool,
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
        let reply = exchange.reply_tag();
        if self.is_echo { reply - 1 } else { reply }
    }

    /// For the echo, a ticket of some KDC.
    pub(crate) fn ticket(&self) -> Option<Credential> {
        self.is_echo.then(|| party_in_memory(&kdc_in_memory(&mut Generator::from_system())).tgt)
    }
}

/// All that are there, ours first and the echo last.
pub(crate) fn all(folder: &Path, pinned: bool) -> Vec<Server> {
    let mit = |name, tuning| {
        let (process, port) = mit::start(folder, tuning, pinned)?;
        Some(Server { name, address: (Ipv4Addr::LOCALHOST, port).into(), process, is_echo: false })
    };
    let mut servers = vec![ours(folder, pinned)];
    servers.extend(mit("krb5kdc, no records", Tuning::NoRecords));
    servers.extend(mit("krb5kdc as installed", Tuning::AsInstalled));
    servers.push(echo_process(pinned));
    servers
}

/// Our KDC with the log and the counters on.
pub(crate) fn ours(folder: &Path, pinned: bool) -> Server {
    let file = realm_file(folder);
    let mut command = pinned_command(Path::new(env!("CARGO_BIN_EXE_mock-kdc")), pinned);
    command.arg("--realm-file").arg(file);
    let (process, address) = start(command);
    Server { name: "mock-kdc", address, process, is_echo: false }
}

pub(crate) fn echo_process(pinned: bool) -> Server {
    let mut command = pinned_command(&std::env::current_exe().unwrap(), pinned);
    command.arg("echo");
    let (process, address) = start(command);
    Server { name: "UDP echo", address, process, is_echo: true }
}

/// From the start of the program to its first answer, some times.
pub(crate) fn first_answers(folder: &Path, pinned: bool) -> Vec<Duration> {
    (0..20).map(|_| first_answer(folder, pinned)).collect()
}

/// From the start of the program to its first answer.
pub(crate) fn first_answer(folder: &Path, pinned: bool) -> Duration {
    realm_file(folder);
    let key = string_to_key(ETYPE, PASSWORD.as_bytes(), &default_salt(&principal(USER)), None).unwrap();
    let request = Party { key, tgt: echo_ticket(), random: Generator::from_system() }.request(Exchange::As);
    let began = Instant::now();
    let server = ours(folder, pinned);
    let reply = ask(&server.connect(), &request);
    let elapsed = began.elapsed();
    assert_eq!(reply[0], Exchange::As.reply_tag());
    elapsed
}

fn echo_ticket() -> Credential {
    party_in_memory(&kdc_in_memory(&mut Generator::from_system())).tgt
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
fn realm_file(folder: &Path) -> std::path::PathBuf {
    let key = string_to_key(ETYPE, PASSWORD.as_bytes(), &default_salt(&principal(USER)), None).unwrap();
    let key: String = key.bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    let etype = ETYPE.name();
    let text = format!(
        "realm = \"{REALM}\"
etypes = [\"{etype}\"]

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
pub(crate) fn kdc_in_memory(random: &mut Generator) -> Kdc {
    let mut realm = Realm::new(REALM);
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

/// Sends back what comes, in the same runtime and with the same loop as our KDC's.
pub(crate) fn echo() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let task = tokio::spawn(async {
            let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            println!("ready {}", socket.local_addr().unwrap());
            io::stdout().flush().unwrap();
            let mut buffer = vec![0; 65_535];
            loop {
                socket.readable().await.unwrap();
                for _ in 0..64 {
                    match socket.try_recv_from(&mut buffer) {
                        Ok((length, peer)) => drop(socket.try_send_to(&buffer[..length], peer)),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                        Err(_) => {}
                    }
                }
            }
        });
        task.await.unwrap();
    });
}
