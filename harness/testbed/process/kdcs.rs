//! MIT's KDC, one for each realm that cases share.

use crate::error::Error;
use crate::net::Clock;
use crate::scenario::party::{self, Password};
use crate::scenario::plan::{Case, Clocked, Step, Verb};
use crate::testbed::kdc_change::KdcChange;
use crate::testbed::materials::Materials;
use crate::testbed::process::folder::Folder;
use crate::testbed::process::pool::{Pool, Stands};
use crate::testbed::process::ports::{self, Unstarted};
use crate::testbed::process::signal::Signal;
use crate::testbed::process::supervised::Supervised;
use crate::testbed::process::{mit_kdc, setup};
use crate::testbed::random::Generator;
use crate::testbed::realm::{Changing, Lease, OTHER_SERVICE, Ports, StandingRealm};
use crate::testbed::relay::Relay;
use crate::testbed::secrets;
use shakedown_krb5::Principal;
use shakedown_krb5::client::{Action, AsExchange, AsSettings, Secret};
use shakedown_krb5::framing::{TcpFraming, frame};
use shakedown_krb5::keytab::Keytab;
use shakedown_krb5::messages::MessageKind;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

/// How many KDCs are kept alive. One takes 5 MB.
const ALIVE_MAX: usize = 16;

/// How long a KDC may take to answer first; it takes some hundredths of a second.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// How often it may find its port taken.
const START_TRIES: usize = 8;

/// What it is called.
const NAME: &str = "MIT's KDC";

/// Starts KDCs.
#[derive(Debug)]
pub struct Kdcs {
    programs: Arc<Programs>,
    /// Those that cases share are number 0 of their order.
    running: Pool<(Order, u64), Running>,
    unshared: AtomicU64,
}

impl Kdcs {
    /// The one that is installed.
    ///
    /// # Errors
    /// There is none.
    pub fn find() -> Result<Self, Error> {
        Ok(Self { programs: Arc::new(Programs::find()?), running: Pool::new(ALIVE_MAX), unshared: AtomicU64::new(0) })
    }

    /// The product and its version, as files of explained differences are named after: `mit-krb5 1.20.1`. `None` where it cannot be told.
    #[must_use]
    pub fn product(&self) -> Option<String> {
        self.programs.version.as_ref().map(|version| format!("mit-krb5 {version}"))
    }

    /// Why a case cannot be played by this KDC, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case, realm: &party::Realm) -> Option<String> {
        let of_realm =
            |step: &&Step| case.realms.iter().any(|(name, known)| **known == *realm && changes(case, &step.verb, name));
        case.steps
            .iter()
            .filter(of_realm)
            .find_map(|step| mit_kdc::lacks_verb(&step.verb))
            .or_else(|| mit_kdc::lacks(realm))
    }

    /// A realm that stands as planned: started, or shared with another case. The clock is part of the plan: `krb5kdc` can be
    /// told another time than the machine's.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn realm(
        &self,
        planned: &Arc<party::Realm>,
        name: &str,
        case: &Case,
        materials: &Materials,
    ) -> Result<StandingRealm, Error> {
        let order = Order::new(planned, materials);
        // A lock is a change as well, that wrong passwords make.
        let is_changed =
            planned.settings.lockout.is_some() || case.steps.iter().any(|step| changes(case, &step.verb, name));
        let number = if is_changed { self.unshared.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        let kdc = self.running.lease(&(order.clone(), number), || start(&self.programs, &order)).await?;
        let lead = || async {
            let relay = Relay::to(kdc.address, materials.clock()).await;
            relay.map_err(|problem| Error::Environment(format!("cannot listen for a KDC: {problem}")))
        };
        let relay = lead().await?;
        let spare = if Ports::of(case, name) == Ports::Two { Some(lead().await?) } else { None };
        let keys = Arc::clone(&kdc.keys);
        Ok(StandingRealm::real(planned, relay, spare, keys, kdc))
    }

    /// Ends all of them.
    pub async fn stop(&self) {
        self.running.end_all().await;
    }
}

/// Whether a step changes the realm of that name: what it has, or what time it is there.
fn changes(case: &Case, verb: &Verb, name: &str) -> bool {
    match verb {
        Verb::Clock { of, .. } => of.iter().any(|party| matches!(party, Clocked::Realm(realm) if realm == name)),
        Verb::RotateService { server, kdc_stays_behind: false, .. } => {
            let joined = case.servers.get(server).and_then(|server| server.kerberos.as_ref());
            joined.zip(case.realms.get(name)).is_some_and(|(joined, realm)| joined.realm == *realm)
        }
        // What clients see of it is in front of the KDC.
        Verb::Failover { .. } => false,
        verb => verb.changed_realm() == Some(name),
    }
}

/// Where its programs are.
#[derive(Debug)]
struct Programs {
    krb5kdc: PathBuf,
    kdb5_util: PathBuf,
    kadmin_local: PathBuf,
    /// `1.20.1`; `None` where no program of the same source says it.
    version: Option<String>,
}

impl Programs {
    fn find() -> Result<Self, Error> {
        let (krb5kdc, kdb5_util) = (program("krb5kdc")?, program("kdb5_util")?);
        Ok(Self { krb5kdc, kdb5_util, kadmin_local: program("kadmin.local")?, version: version() })
    }
}

/// The KDC does not say which it is; klist of the same source does.
fn version() -> Option<String> {
    let said = Command::new(program("klist").ok()?).arg("-V").stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    said.trim().strip_prefix("Kerberos 5 version ").map(str::to_owned)
}

/// Daemons are in folders that are not in everybody's PATH.
fn program(name: &str) -> Result<PathBuf, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into(), "/sbin".into()]);
    let mut files = folders.map(|folder| folder.join(name));
    let missing = || Error::Environment(format!("{name} is not installed (Debian: krb5-kdc, krb5-admin-server)"));
    files.find(|file| file.is_file()).ok_or_else(missing)
}

/// Everything that a KDC is made of. `Debug` prints no secret.
#[derive(Clone, PartialEq, Eq)]
struct Order {
    planned: Arc<party::Realm>,
    passwords: BTreeMap<Password, Zeroizing<String>>,
}

impl Order {
    fn new(planned: &Arc<party::Realm>, materials: &Materials) -> Self {
        let passwords = planned.users.values().map(|user| &user.password).chain([&planned.trust_password]);
        let passwords = passwords.map(|password| (password.clone(), materials.secrets().value(password))).collect();
        Self { planned: Arc::clone(planned), passwords }
    }
}

/// By the plan alone: secrets are compared, never hashed.
impl Hash for Order {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.planned.hash(state);
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("planned", &self.planned).finish_non_exhaustive()
    }
}

/// A KDC that answers. It ends when it is dropped, its folder after it.
#[derive(Debug)]
struct Running {
    address: SocketAddr,
    planned: Arc<party::Realm>,
    keys: Arc<Keytab>,
    /// The one that runs; none between two, as when it is told another time. What is dropped late would take the next one with it:
    /// both work in one folder.
    program: Mutex<Option<Arc<Supervised>>>,
    programs: Arc<Programs>,
    folder: Folder,
}

impl Running {
    fn program(&self) -> Option<Arc<Supervised>> {
        self.place().clone()
    }

    fn place(&self) -> MutexGuard<'_, Option<Arc<Supervised>>> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn set_clock(&self, seconds: i64) -> Result<(), Error> {
        let old = self.place().take();
        if let Some(old) = old {
            old.end().await;
        }
        let realm = party::Realm { clock_seconds: seconds, ..(*self.planned).clone() };
        let started = start_on(self.address.port(), &self.programs, &realm, &self.folder).await;
        let again = started.map_err(|problem| match problem {
            Unstarted::PortTaken => Error::Environment(format!("{NAME} found its own port taken")),
            Unstarted::Failed(problem) => problem,
        })?;
        *self.place() = Some(Arc::new(again));
        Ok(())
    }

    async fn administer(&self, change: &KdcChange<'_>) -> Result<Keytab, Error> {
        // What an earlier change has exported is not wanted any more.
        self.folder.remove(mit_kdc::KEYTAB)?;
        let commands = mit_kdc::change(&self.planned.realm, change);
        let commands = commands.ok_or_else(|| {
            Error::Environment(format!(
                "{NAME}: a password with control characters, for a user of {}",
                self.planned.realm
            ))
        })?;
        let mut kadmin = command(&self.programs.kadmin_local, &self.folder);
        kadmin.args(["-r", &self.planned.realm]);
        // It repeats the commands on its standard output, which goes no further.
        let printed = Zeroizing::new(setup::run("kadmin.local", kadmin, commands.as_bytes()).await?);
        if !mit_kdc::is_done(change, &printed) {
            return Err(Error::Environment(format!("kadmin.local has not done {change:?}")));
        }
        match std::fs::read(self.folder.path().join(mit_kdc::KEYTAB)) {
            Ok(keytab) => Keytab::read(&Zeroizing::new(keytab))
                .map_err(|problem| Error::Environment(format!("{NAME}: {problem}"))),
            // Nobody's keys that are needed outside have changed.
            Err(_) => Ok(Keytab::default()),
        }
    }
}

impl Stands for Running {
    fn is_alive(&self) -> bool {
        self.program().is_some_and(|program| program.is_alive())
    }

    async fn end(&self) {
        if let Some(program) = self.program() {
            program.end().await;
        }
    }
}

impl Lease for Arc<Running> {
    fn cause_of_death(&self) -> Option<String> {
        self.program().and_then(|program| program.cause_of_death())
    }

    fn change<'a>(&'a self, change: &'a KdcChange<'a>) -> Changing<'a> {
        Box::pin(async move {
            match change {
                KdcChange::Clock(seconds) => self.set_clock(*seconds).await.map(|()| Keytab::default()),
                _ => self.administer(change).await,
            }
        })
    }
}

async fn start(programs: &Arc<Programs>, order: &Order) -> Result<Running, Error> {
    let folder = Folder::for_server("kdc", None)?;
    let keys = Arc::new(create(programs, order, &folder).await?);
    // Somebody may take the port between our look and the KDC's.
    for _ in 0..START_TRIES {
        let port = ports::free()?;
        match start_on(port, programs, &order.planned, &folder).await {
            Ok(program) => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                return Ok(Running {
                    address,
                    planned: Arc::clone(&order.planned),
                    keys,
                    program: Mutex::new(Some(Arc::new(program))),
                    programs: Arc::clone(programs),
                    folder,
                });
            }
            Err(Unstarted::PortTaken) => {}
            Err(Unstarted::Failed(problem)) => return Err(problem),
        }
    }
    Err(Error::Environment(format!("{NAME} found {START_TRIES} ports taken that were free a moment before")))
}

async fn start_on(
    port: u16,
    programs: &Programs,
    realm: &party::Realm,
    folder: &Folder,
) -> Result<Supervised, Unstarted> {
    folder.write("kdc.conf", mit_kdc::kdc_conf(realm, folder.path(), port).as_bytes())?;
    let mut command = command(&programs.krb5kdc, folder);
    command.args(["-n", "-T", &realm.clock_seconds.to_string()]);
    let program = Supervised::start(NAME, command, folder.path(), Signal::Terminate)?;
    let question = question(&realm.realm);
    match program.await_ready(START_PATIENCE, || answers(port, &question)).await {
        Ok(()) => Ok(program),
        Err(_) if program.log().contains("Address already in use") => Err(Unstarted::PortTaken),
        Err(problem) => Err(Unstarted::Failed(problem)),
    }
}

/// Makes the database with all principals, and returns the services' keys.
async fn create(programs: &Programs, order: &Order, folder: &Folder) -> Result<Keytab, Error> {
    let realm = &order.planned;
    let broken = |problem: &dyn fmt::Display| Error::Environment(format!("{NAME}: {problem}"));
    folder.write("krb5.conf", mit_kdc::krb5_conf(realm).as_bytes())?;
    // The port is not needed yet, but the file must be whole.
    folder.write("kdc.conf", mit_kdc::kdc_conf(realm, folder.path(), 88).as_bytes())?;

    let master = secrets::made_up();
    let mut make = command(&programs.kdb5_util, folder);
    make.args(["create", "-s", "-r", &realm.realm]);
    setup::run("kdb5_util", make, format!("{0}\n{0}\n", *master).as_bytes()).await?;

    let password = |password: &Password| order.passwords.get(password).cloned().unwrap_or_default();
    let commands = mit_kdc::commands(realm, OTHER_SERVICE, password);
    let commands =
        commands.map_err(|user| broken(&format!("a password with control characters, as {user} would have")))?;
    let mut fill = command(&programs.kadmin_local, folder);
    fill.args(["-r", &realm.realm]);
    // It repeats the commands on its standard output, which goes no further.
    let printed = Zeroizing::new(setup::run("kadmin.local", fill, commands.as_bytes()).await?);
    if let Some(principal) = mit_kdc::missing(realm, OTHER_SERVICE, &printed) {
        return Err(broken(&format!("kadmin.local has not made {principal}")));
    }
    let keytab = std::fs::read(folder.path().join(mit_kdc::KEYTAB)).map_err(|problem| broken(&problem))?;
    Keytab::read(&Zeroizing::new(keytab)).map_err(|problem| broken(&problem))
}

fn command(program: &std::path::Path, folder: &Folder) -> Command {
    let mut command = setup::command(program, folder.path(), None);
    command.env("KRB5_CONFIG", folder.path().join("krb5.conf"));
    command.env("KRB5_KDC_PROFILE", folder.path().join("kdc.conf"));
    command
}

/// An AS-REQ in the name of nobody: an answer to it comes out of the database.
fn question(realm: &str) -> Vec<u8> {
    let nobody = Principal::new(&["shakedown-probe"], realm);
    let mut exchange = AsExchange::new(AsSettings::new(nobody, Secret::password("")));
    match exchange.next(None, Clock::start().base(), &mut Generator::from_system()) {
        Ok(Action::Send(request)) => request.message,
        Ok(Action::Done(_)) | Err(_) => Vec::new(),
    }
}

/// Whether a KDC answers a request, with a ticket or an error.
async fn answers(port: u16, request: &[u8]) -> bool {
    let reply = ask(port, request).await;
    matches!(reply.as_deref().and_then(MessageKind::of), Some(MessageKind::AsReply | MessageKind::Error(_)))
}

/// Over TCP, as the KDC takes datagrams before it takes connections.
async fn ask(port: u16, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    let mut framed = Vec::new();
    frame(request, &mut framed);
    stream.write_all(&framed).await.ok()?;
    let mut framing = TcpFraming::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk).await.ok()? {
            0 => return None,
            length => framing.push(&chunk[..length]),
        }
        if let Some(reply) = framing.next_message().ok()? {
            return Some(reply);
        }
    }
}
