//! Starts MariaDB or MySQL with the settings of a plan.
//!
//! A data directory is made once and copied for each server: making one takes a second and more, a copy none. Accounts are made by the
//! server itself before it lets anybody in, out of a file that is removed once it has.

use crate::error::Error;
use crate::handshake::{Outcome, Secret, Side, TlsVersion};
use crate::mysql::{ClientHandshake, ClientSettings, TlsMode};
use crate::net::{self, Around, Clock, Connection, Deadlines, Security};
use crate::scenario::party::{self, PasswordScheme, Proof};
use crate::scenario::plan::Case;
use crate::testbed::process::mysql::{Brand, Installed, Place, SETUP_ACCOUNT, lacks, option_file, statements};
use crate::testbed::process::ports::{self, Unstarted};
use crate::testbed::process::product::{Order, Product, Running, Starting};
use crate::testbed::process::{Folder, Owner, Signal, Supervised, setup};
use crate::testbed::random::Generator;
use crate::tls;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Mutex;

/// How long a server may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// An installed MariaDB or MySQL.
#[derive(Debug)]
pub(in crate::testbed::process) struct Mysql {
    name: String,
    installed: Installed,
    owner: Option<Owner>,
    /// A data directory that has no accounts of a plan yet, once one was wanted.
    template: Mutex<Option<Folder>>,
}

impl Mysql {
    /// The one that is installed, or the one at `path`.
    ///
    /// # Errors
    /// There is none.
    pub(in crate::testbed::process) fn find(path: Option<PathBuf>) -> Result<Self, Error> {
        let installed = Installed::find(path.as_deref())?;
        Ok(Self {
            name: format!("{} {}", installed.brand.word(), installed.version),
            owner: Owner::of_server("mysql")?,
            installed,
            template: Mutex::new(None),
        })
    }

    async fn start(&self, order: &Order) -> Result<Running, Error> {
        self.make_template().await?;
        let running = ports::on_a_free_one(|port| self.start_on(port, order)).await;
        let running = running.map_err(|problem| order.without_secrets(problem))?;
        fill_caches(order, running.address).await?;
        Ok(running)
    }

    /// Makes the template if there is none. Whoever comes meanwhile waits for it.
    async fn make_template(&self) -> Result<(), Error> {
        let mut template = self.template.lock().await;
        if template.is_none() {
            let folder = Folder::for_server(&format!("{}-template", self.installed.brand.word()), self.owner.as_ref())?;
            setup::run(&self.name, self.initialize(&folder), b"").await?;
            *template = Some(folder);
        }
        Ok(())
    }

    fn initialize(&self, folder: &Folder) -> Command {
        let data = |option: &str| format!("{option}={}", folder.path().join(DATA).display());
        match self.installed.brand {
            Brand::MariaDb => {
                let mut command = self.command(&self.installed.install_db(), folder);
                command.arg("--no-defaults").arg(data("--datadir")).arg("--innodb-log-file-size=8M");
                command.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
                command
            }
            Brand::MySql => {
                let mut command = self.command(&self.installed.server(), folder);
                command.arg("--no-defaults").arg("--initialize-insecure").arg(data("--datadir"));
                command.args(["--auto-generate-certs=OFF", "--secure-file-priv=NULL"]);
                if let Some(usr) = self.installed.base() {
                    command.arg(format!("--basedir={}", usr.display()));
                    command.arg(format!("--lc-messages-dir={}/share/mysql", usr.display()));
                }
                command
            }
        }
    }

    /// A command with nothing of our environment, under the right name.
    fn command(&self, program: &Command, folder: &Folder) -> Command {
        let mut command = setup::command(Path::new(program.get_program()), folder.path(), self.owner.as_ref());
        command.args(program.get_args());
        // What the machine's files say of TLS does not count.
        command.env("OPENSSL_CONF", "/dev/null");
        command
    }

    async fn start_on(&self, port: u16, order: &Order) -> Result<Running, Unstarted> {
        let folder = Folder::for_server(self.installed.brand.word(), self.owner.as_ref())?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        // Root runs nothing under its own name here, so that no server has to be told to give it up.
        let place = Place { folder: folder.path().to_owned(), address, user: None };
        self.copy_template(&folder).await?;
        if let Some(tls) = &order.tls {
            folder.write("ca.pem", tls.authority.as_bytes())?;
            folder.write("server.pem", tls.chain.as_bytes())?;
            folder.write("server.key", tls.key.as_bytes())?;
        }
        let accounts = statements(&self.installed, &order.planned, &|password| order.password(password).cloned())?;
        folder.write("init.sql", accounts.text().as_bytes())?;
        let options = folder.write("my.cnf", option_file(&self.installed, &order.planned, &place).as_bytes())?;

        let mut command = self.command(&self.installed.server(), &folder);
        // It has to be the first.
        command.arg(format!("--defaults-file={}", options.display()));
        let program = Supervised::start(&self.name, command, folder.path(), Signal::Terminate)?;
        let socket = place.socket();
        let answer: Arc<OnceLock<Outcome>> = Arc::default();
        let ready = program.await_ready(READY_WITHIN, || {
            let (socket, answer) = (socket.clone(), Arc::clone(&answer));
            async move {
                // Only the first answer ends the wait, so that there is none yet.
                ask(&socket).await.is_some_and(|said| answer.set(said).is_ok())
            }
        });
        if let Err(problem) = ready.await {
            let taken = program.log().contains("Address already in use");
            return Err(if taken { Unstarted::PortTaken } else { problem.into() });
        }
        if !answer.get().is_some_and(says_that_all_is_set_up) {
            let log: Vec<String> =
                program.log().lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
            let said = answer.get().map(Outcome::to_string).unwrap_or_default();
            let problem = format!("{} did not take its accounts ({said}): {}", self.name, log.join(" | "));
            return Err(Error::Environment(problem).into());
        }
        std::fs::remove_file(place.statements()).map_err(|problem| {
            Error::Environment(format!("cannot remove {}: {problem}", place.statements().display()))
        })?;
        Ok(Running { address, program, folder })
    }

    async fn copy_template(&self, folder: &Folder) -> Result<(), Error> {
        let template = self.template.lock().await;
        let from = template.as_ref().ok_or_else(|| Error::Internal("no template".to_owned()))?.path().join(DATA);
        let (to, owner) = (folder.path().join(DATA), self.owner.clone());
        let copied = tokio::task::spawn_blocking(move || copy(&from, &to, owner.as_ref())).await;
        copied.map_err(|problem| Error::Internal(format!("copying a data directory: {problem}")))?
    }
}

/// The data directory in the folder of a server.
const DATA: &str = "data";

impl Product for Mysql {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        lacks(&self.installed, case, server)
    }

    /// `caching_sha2_password` remembers who has shown a password: the next login is another one.
    fn remembers_logins(&self, server: &party::Server) -> bool {
        remembers_logins(server)
    }

    fn start<'a>(&'a self, order: &'a Order) -> Starting<'a> {
        Box::pin(self.start(order))
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async { drop(self.template.lock().await.take()) })
    }
}

/// Whether a server of this plan behaves otherwise once somebody has logged in.
pub(in crate::testbed) fn remembers_logins(server: &party::Server) -> bool {
    let is_to_be_unknown = |proof: &Proof| {
        matches!(proof, Proof::Password { scheme: PasswordScheme::CachingSha2Password, cached: false, .. })
    };
    server.accounts.values().flat_map(|account| &account.proofs).any(is_to_be_unknown)
}

/// Tries the account that is made last, through the socket file, so that nobody else's server can answer. `None`: nobody does yet.
async fn ask(socket: &Path) -> Option<Outcome> {
    let mut stream = UnixStream::connect(socket).await.ok()?;
    asked(&mut stream, TlsMode::Disabled).await
}

/// Whether a server that is reached by the network has carried out all statements.
///
/// One that lets nobody in without TLS does not say so of an account that is locked, but refuses it: MySQL with a code of its own, MariaDB
/// as somebody whom it does not know. So it is asked over TLS too. Where none comes about with a client that offers everything, nobody
/// can be let in by whatever account.
pub(in crate::testbed) async fn is_set_up(address: SocketAddr) -> bool {
    let Some(answer) = asked_at(address, TlsMode::Disabled).await else { return false };
    if says_that_all_is_set_up(&answer) {
        return true;
    }
    may_want_tls(&answer)
        && asked_at(address, TlsMode::Required)
            .await
            .is_some_and(|answer| says_that_all_is_set_up(&answer) || is_alert(&answer))
}

async fn asked_at(address: SocketAddr, tls: TlsMode) -> Option<Outcome> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    asked(&mut stream, tls).await
}

/// ER_SECURE_TRANSPORT_REQUIRED, by the way that the versions have of it, and ER_ACCESS_DENIED_ERROR.
fn may_want_tls(answer: &Outcome) -> bool {
    matches!(answer.code.as_deref(), Some("3159 HY000" | "3159 08004" | "1045 28000"))
}

fn is_alert(answer: &Outcome) -> bool {
    answer.code.as_deref().is_some_and(|code| code.starts_with("alert "))
}

async fn asked<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, mode: TlsMode) -> Option<Outcome> {
    let settings = ClientSettings { tls: mode, ..ClientSettings::new(SETUP_ACCOUNT, Secret::default()) };
    let security = match mode {
        TlsMode::Disabled => Security::ClearOnly,
        _ => Security::Client { context: anything().ok()?, server_name: None },
    };
    let mut connection = client(settings, security);
    net::drive(stream, &mut connection, &mut around(&mut Generator::from_system())).await.ok()?;
    let outcome = connection.outcome()?.clone();
    (outcome.by == Some(Side::Server) || outcome.is_established()).then_some(outcome)
}

/// TLS with whomever, of any version.
fn anything() -> Result<Arc<tls::ClientContext>, tls::TlsError> {
    let settings = tls::ClientSettings { versions: TlsVersion::ALL.to_vec(), ..tls::ClientSettings::default() };
    tls::ClientContext::new(&settings).map(Arc::new)
}

/// The account is locked, and it is there: that is said to nobody who does not exist.
fn says_that_all_is_set_up(answer: &Outcome) -> bool {
    // MySQL's ER_ACCOUNT_HAS_BEEN_LOCKED, and MariaDB's.
    matches!(answer.code.as_deref(), Some("3118 HY000" | "4151 HY000"))
}

/// Shows the passwords that a server is to have in its cache.
///
/// # Errors
/// It does not keep them.
pub(in crate::testbed) async fn fill_caches(order: &Order, address: SocketAddr) -> Result<(), Error> {
    for (login, account) in &order.planned.accounts {
        if let [Proof::Password { scheme: PasswordScheme::CachingSha2Password, password, cached: true }] =
            account.proofs.as_slice()
        {
            fill_cache(login, order.password(password)?, address).await?;
        }
    }
    Ok(())
}

/// Lets an account show its password, so that the server has its hash in the cache from then on, and asks whether it has. How the
/// logins end does not matter: what an account is refused for behind its password (a transport, a lock) does not empty the cache.
async fn fill_cache(login: &str, password: &str, address: SocketAddr) -> Result<(), Error> {
    let failed = |problem: &dyn std::fmt::Display| {
        Error::Environment(format!("cannot fill the cache of caching_sha2_password for {login}: {problem}"))
    };
    let mut last = None;
    for _ in 0..2 {
        let mut settings = ClientSettings::new(login, Secret::password(password.as_bytes()));
        settings.tls = TlsMode::Disabled;
        // The password goes out encrypted with the server's key.
        settings.request_public_key = true;
        let mut stream = TcpStream::connect(address).await.map_err(|problem| failed(&problem))?;
        let mut connection = client(settings, Security::ClearOnly);
        let mut random = Generator::from_system();
        let driven = net::drive(&mut stream, &mut connection, &mut around(&mut random)).await;
        driven.map_err(|problem| failed(&problem))?;
        let is_known = connection.trace().events().iter().any(|event| event.detail.as_deref() == Some("fast"));
        if is_known || password.is_empty() {
            return Ok(());
        }
        last = connection.outcome().cloned();
    }
    Err(failed(&last.map_or_else(|| "no outcome".to_owned(), |outcome| outcome.to_string())))
}

fn client(settings: ClientSettings, security: Security) -> Connection {
    Connection::new(Side::Client, Box::new(ClientHandshake::new(Arc::new(settings))), security)
}

fn around(random: &mut Generator) -> Around<'_> {
    Around { clock: Clock::start(), random, deadlines: Deadlines::default(), tickets: None }
}

/// Copies a folder with all that is in it, and gives it to its owner.
fn copy(from: &Path, to: &Path, owner: Option<&Owner>) -> Result<(), Error> {
    let cannot = |problem: std::io::Error| Error::Environment(format!("cannot copy {}: {problem}", from.display()));
    std::fs::create_dir(to).map_err(cannot)?;
    for entry in std::fs::read_dir(from).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let (inner, copied) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(cannot)?;
        if kind.is_dir() {
            copy(&inner, &copied, owner)?;
        } else if kind.is_file() {
            std::fs::copy(&inner, &copied).map_err(cannot)?;
            owner.map_or(Ok(()), |owner| owner.give(&copied))?;
        }
    }
    owner.map_or(Ok(()), |owner| owner.give(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::party::Password;
    use crate::testbed::materials::Materials;
    use crate::testbed::process::mysql::plans::{case, mariadb, mysql_9, server};
    use std::ffi::OsStr;

    fn of(installed: Installed) -> Mysql {
        Mysql { name: installed.to_string(), installed, owner: None, template: Mutex::new(None) }
    }

    #[test]
    fn a_server_is_shared_unless_a_login_changes_the_next_one() {
        let remembers = |plugin: &str, cached: &str| {
            let account =
                format!("accounts = {{ alice = {{ plugin = '{plugin}', secret = 'x', cached = '{cached}' }} }}");
            of(mysql_9(None)).remembers_logins(&server("aurora-mysql 3.04.0", &account))
        };
        assert!(remembers("caching_sha2_password", "false"));
        assert!(!remembers("caching_sha2_password", "true"));
        assert!(!remembers("mysql_native_password", "false"));
        assert!(!remembers("sha256_password", "false"));
    }

    #[test]
    fn a_message_does_not_repeat_a_password() {
        let case = case(
            "aurora-mysql 3.04.0",
            "accounts = { alice = { plugin = 'mysql_native_password', secret = 'x' } }",
            "",
        );
        let materials = Materials::prepare([&case]).unwrap();
        let order = Order::new(&case.servers["db"], None, &materials).unwrap();
        let secret = materials.secrets().value(&Password::Named("x".to_owned()));
        let repeated = Error::Environment(format!("[ERROR] syntax error near '{}') REQUIRE'", secret.as_str()));
        let told = order.without_secrets(repeated).to_string();
        assert_eq!(told, "[ERROR] syntax error near '…') REQUIRE'");
    }

    #[test]
    fn a_data_directory_is_made_by_the_products_own_program_and_nothing_of_the_machines_configuration() {
        let folder = Folder::for_files().unwrap();
        let arguments = |mysql: &Mysql| {
            let command = mysql.initialize(&folder);
            let words: Vec<String> = std::iter::once(command.get_program())
                .chain(command.get_args())
                .map(|word| word.to_string_lossy().replace(&*folder.path().to_string_lossy(), "FOLDER"))
                .collect();
            assert!(command.get_envs().any(|set| set == (OsStr::new("OPENSSL_CONF"), Some(OsStr::new("/dev/null")))));
            words.join(" ")
        };
        let of_mariadb = arguments(&of(mariadb()));
        assert!(of_mariadb.contains("mariadb-install-db --no-defaults --datadir=FOLDER/data "), "{of_mariadb}");
        let of_mysql = arguments(&of(mysql_9(None)));
        assert!(of_mysql.contains("mysqld --no-defaults --initialize-insecure --datadir=FOLDER/data"), "{of_mysql}");
    }

    #[test]
    fn a_template_is_copied_with_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir_all(from.join("mysql/inner")).unwrap();
        std::fs::write(from.join("ibdata1"), "one").unwrap();
        std::fs::write(from.join("mysql/inner/table"), "two").unwrap();
        copy(&from, &to, None).unwrap();
        assert_eq!(std::fs::read_to_string(to.join("ibdata1")).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(to.join("mysql/inner/table")).unwrap(), "two");
        assert!(copy(&from, &to, None).is_err(), "never into one that is there");
        assert!(copy(&folder.path().join("nothing"), &folder.path().join("new"), None).is_err());
    }
}
