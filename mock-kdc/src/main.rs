//! The program `mock-kdc`: reads a realm file, listens, and stays until it is told to end.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use mock_kdc::control::{self, ControlHandle, Controlled, Token};
use mock_kdc::krb5_conf::krb5_conf;
use mock_kdc::realm_file::Surroundings;
use mock_kdc::{Handle, Kdc, Listener, SystemRandom, realm_file};
use shakedown_krb5::Timestamp;
use shakedown_krb5::keytab::Keytab;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The longest realm file that is read, in octets.
const FILE_LIMIT: u64 = 1 << 20;

fn main() -> ExitCode {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(filter).init();
    // clap ends with 2 for a usage error by itself.
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("mock-kdc: {}", failure.text());
            failure.exit_code()
        }
    }
}

/// A Kerberos KDC for tests: a realm in memory, UDP and TCP on one port.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The realm: a TOML file.
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    realm_file: Option<PathBuf>,
    /// Print a JSON Schema of realm files, and end.
    #[arg(long)]
    schema: bool,
    /// Where to listen; without this, an unused port of the loopback interface.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Write a krb5.conf for clients.
    #[arg(long, value_name = "FILE")]
    write_krb5_conf: Option<PathBuf>,
    /// Write a keytab with the keys of all services.
    #[arg(long, value_name = "FILE")]
    write_keytab: Option<PathBuf>,
    /// Serve the control API at this address; needs a file for its token.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "control_token_file")]
    control: Option<SocketAddr>,
    /// Write the token of the control API to this file, which only its owner can read.
    #[arg(long, value_name = "FILE", requires = "control")]
    control_token_file: Option<PathBuf>,
    /// Write the address once everything is ready.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// Why the program ends early. Exit codes as those of `shakedown`.
enum Failure {
    /// The realm file cannot be used.
    File(String),
    /// The machine does not do what is needed.
    Environment(String),
}

impl Failure {
    /// Usage or realm file.
    const USAGE: u8 = 2;
    /// Environment.
    const ENVIRONMENT: u8 = 3;

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::File(_) => Self::USAGE,
            Self::Environment(_) => Self::ENVIRONMENT,
        })
    }

    fn text(&self) -> &str {
        let (Self::File(text) | Self::Environment(text)) = self;
        text
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(path) = arguments.realm_file.as_deref().filter(|_| !arguments.schema) else {
        let printed = std::io::stdout().write_all(realm_file::SCHEMA.as_bytes());
        return printed.map_err(|error| Failure::Environment(error.to_string()));
    };
    let in_file = |problem: String| Failure::File(format!("{}: {problem}", path.display()));
    let text = text_of(path).map_err(|error| in_file(error.to_string()))?;
    let surroundings = Surroundings { folder: path.parent().unwrap_or(Path::new("")), now: now() };
    let file = realm_file::read_in(surroundings, &text).map_err(|invalid| in_file(invalid.to_string()))?;
    let kdc = Kdc::new(&file.realm, &mut SystemRandom).map_err(|invalid| in_file(invalid.to_string()))?;
    kdc.set_deviations(&file.deviations);
    kdc.set_rules(file.rules);
    let services: Vec<_> = file.realm.services.iter().map(|service| service.name.as_str()).collect();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::Environment(error.to_string()))?;
    runtime.block_on(serve(arguments, Arc::new(kdc), &services))
}

/// The text of a file that a hand has written; one without an end, such as a device, is not read to it.
fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(path)?.take(FILE_LIMIT + 1).read_to_string(&mut text);
    if text.len() as u64 > FILE_LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {FILE_LIMIT} octets")));
    }
    read.map(|_| text)
}

async fn serve(arguments: &Arguments, kdc: Arc<Kdc>, services: &[&str]) -> Result<(), Failure> {
    // Only an address that somebody wrote out may be reachable from elsewhere.
    let address = arguments.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
    let listener = Listener::bind(address)
        .await
        .map_err(|error| Failure::Environment(format!("cannot listen on {address}: {error}")))?;
    let address = listener.address();
    if let Some(path) = &arguments.write_krb5_conf {
        write(path, krb5_conf(&kdc.realm().name, address, &kdc.realm().domains).as_bytes())?;
    }
    if let Some(path) = &arguments.write_keytab {
        write(path, &keytab(&kdc, services)?)?;
    }
    let handle = listener.serve(kdc);
    let control = control(arguments, &handle).await?;
    let told = told_to_end().map_err(|error| Failure::Environment(error.to_string()))?;
    if let Some(path) = &arguments.ready_file {
        write(path, format!("{address}\n").as_bytes())?;
    }
    if let Some(control) = &control {
        let _ = writeln!(std::io::stdout(), "control http://{}", control.address());
    }
    // Whoever started us may wait for this line; that nobody reads it is no failure.
    let _ = writeln!(std::io::stdout(), "ready {address}");
    told.await;
    if let Some(control) = control {
        control.stop().await;
    }
    handle.stop().await;
    Ok(())
}

/// The control API, if it is asked for. Its token is written before anybody can need it.
async fn control(arguments: &Arguments, handle: &Handle) -> Result<Option<ControlHandle>, Failure> {
    let (Some(address), Some(path)) = (arguments.control, &arguments.control_token_file) else { return Ok(None) };
    let cannot = |error: io::Error| Failure::Environment(format!("cannot listen on {address} for control: {error}"));
    let listener = tokio::net::TcpListener::bind(address).await.map_err(cannot)?;
    let token = Token::random(&mut SystemRandom);
    token.write_to(path).map_err(|error| Failure::Environment(format!("cannot write {}: {error}", path.display())))?;
    let controlled = Controlled::from(handle);
    control::serve(listener, controlled, token).map(Some).map_err(cannot)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn keytab(kdc: &Kdc, services: &[&str]) -> Result<Vec<u8>, Failure> {
    let timestamp = u32::try_from(now().seconds()).unwrap_or(u32::MAX);
    let mut all = Keytab::default();
    for service in services {
        let keytab = kdc.keytab(service, timestamp).expect("the realm was made with its services");
        all.entries.extend(keytab.entries);
    }
    all.write().map_err(|unwritable| Failure::File(unwritable.to_string()))
}

/// Writes to a new file of mode 0600 beside it and renames, so that no reader sees half a file, and no other user a
/// key.
fn write(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    let refuse = |error: std::io::Error| Failure::Environment(format!("cannot write {}: {error}", path.display()));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written =
        options.open(&beside).and_then(|mut file| file.write_all(octets)).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        refuse(error)
    })
}

/// Listens for the wish to end from here on, not only once it is awaited: it may come right after the readiness line.
#[cfg(unix)]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// As above, for the one signal that there is.
#[cfg(not(unix))]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Where the signal cannot be had, the program stays until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
