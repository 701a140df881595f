//! One container: started, held on to, and gone when nobody holds on to it any more.
//!
//! ```text
//! create, copy files in, start          begin.sh says that it stands by, and waits
//! follow the log until then
//! run hold.sh in it, its input held     begin.sh becomes the image's own program
//! ask the server until it answers
//! … or: this program ends, anyhow       hold.sh sees the end of its input and ends the server; Docker removes the container
//! ```
//!
//! The log is followed before the image's program runs, as Docker keeps none of a container that has ended.

use crate::error::Error;
use crate::scenario::party::Image;
use crate::testbed::container::daemon;
use crate::testbed::process::log::Log;
use crate::testbed::process::pool::Stands;
use std::collections::HashMap;
use std::fmt;
use std::mem::ManuallyDrop;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use testcontainers::bollard::Docker;
use testcontainers::bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use testcontainers::bollard::models::PortBinding;
use testcontainers::core::ContainerPort;
use testcontainers::core::logs::LogFrame;
use testcontainers::runners::AsyncRunner;
use testcontainers::{CopyTargetOptions, GenericImage, ImageExt, TestcontainersError};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

/// How long a container may take from its creation until its server answers. The first start of MySQL is the slowest.
const START_PATIENCE: Duration = Duration::from_secs(90);

/// The pace of questions whether the server answers.
const PACE: Duration = Duration::from_millis(20);

/// Where the files of a server are; they belong to it.
pub(super) const SERVER_FOLDER: &str = "/shakedown/server";

/// What the first program of a container says when it waits to be held.
const STANDS_BY: &str = "shakedown: stands by";

/// What a container is made of.
pub(super) struct Recipe {
    /// What it is made from.
    pub(super) image: Image,
    /// Whose it is: the value of its label.
    pub(super) run: String,
    /// For messages: `postgres 15 in a container of shakedown-postgres:15`.
    pub(super) name: String,
    /// The user of the image that the server runs as.
    pub(super) owner: &'static str,
    /// Where the server listens.
    pub(super) port: u16,
    /// The image's own program with the server's arguments.
    pub(super) command: Vec<String>,
    /// What the image's conventions want to know.
    pub(super) environment: Vec<(String, Zeroizing<String>)>,
    /// Files by their paths.
    pub(super) files: Vec<File>,
    /// Whether its server answers at the address that it is told.
    pub(super) probe: Probe,
    /// A permit of it is held while the daemon makes the container.
    pub(super) starting: Arc<Semaphore>,
}

/// A question in the server's own protocol.
pub(super) type Probe = fn(SocketAddr) -> Pin<Box<dyn Future<Output = bool> + Send>>;

/// A file that is copied in.
pub(super) struct File {
    /// Where it goes.
    pub(super) path: String,
    /// Who may do what with it.
    pub(super) mode: u32,
    /// What it holds.
    pub(super) content: Zeroizing<Vec<u8>>,
}

impl File {
    /// One of the server's own, which nobody else reads.
    pub(super) fn of_server(name: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { path: format!("{SERVER_FOLDER}/{name}"), mode: 0o600, content: Zeroizing::new(content.into()) }
    }

    /// One that a script of the image reads at its first start.
    pub(super) fn of_first_start(name: &str, content: impl Into<Vec<u8>>) -> Self {
        let path = format!("/docker-entrypoint-initdb.d/{name}");
        Self { path, mode: 0o644, content: Zeroizing::new(content.into()) }
    }
}

/// A container whose server answers. Dropping it lets go of it: it ends and is removed a moment later.
pub struct Container {
    address: SocketAddr,
    name: String,
    id: String,
    docker: Docker,
    log: Log,
    /// Closed when the container has ended and all that it said is in the log.
    heard: watch::Receiver<bool>,
    hold: Mutex<Option<StartExecResults>>,
}

impl Container {
    /// Starts one, and returns when its server answers.
    ///
    /// # Errors
    /// It cannot be started, ends, or does not answer in time; with the last lines of its log.
    pub(super) async fn start(recipe: &Recipe) -> Result<Self, Error> {
        let deadline = Instant::now() + START_PATIENCE;
        let broken =
            |problem: &str, log: &Log| Error::Environment(format!("{} {problem}{}", recipe.name, log.last_lines()));
        let docker = daemon::connect().await.map_err(Error::Environment)?;
        let log = Log::default();
        let (said, mut heard) = watch::channel(false);
        let kept = log.clone();
        let request = recipe.request().with_log_consumer(move |frame: &LogFrame| {
            if frame.bytes().starts_with(STANDS_BY.as_bytes()) {
                said.send_replace(true);
            } else {
                kept.keep(frame.bytes());
            }
        });
        let late = |log: &Log| broken(&format!("does not answer within {} s", START_PATIENCE.as_secs()), log);
        // Whoever gives the case up in between would not know of a container that the daemon is about to make.
        let permit = Arc::clone(&recipe.starting).acquire_owned().await;
        let starting = tokio::spawn(async move {
            let started = request.start().await;
            drop(permit);
            started
        });
        let started = timeout_at(deadline, starting).await.map_err(|_| late(&log))?;
        let started = started.map_err(|problem| Error::Internal(format!("starting a container: {problem}")))?;
        let started = started.map_err(|problem| broken(&cannot_start(&problem), &log))?;
        // Its own end would block whoever drops it. This one's end is that nobody holds on to it.
        let started = ManuallyDrop::new(started);
        let id = started.id().to_owned();
        let ends = |heard: watch::Receiver<bool>, log: &Log| {
            let problem = if heard.has_changed().is_err() { "has ended" } else { "does not begin" };
            broken(problem, log)
        };
        let stands_by =
            timeout_at(deadline, heard.wait_for(|stands_by| *stands_by)).await.is_ok_and(|heard| heard.is_ok());
        if !stands_by {
            daemon::remove(&docker, &id).await;
            return Err(ends(heard, &log));
        }
        let port = started.get_host_port_ipv4(ContainerPort::Tcp(recipe.port)).await;
        let hold = hold(&docker, &id).await;
        let (port, hold) = match (port, hold) {
            (Ok(port), Ok(hold)) => (port, hold),
            (port, hold) => {
                daemon::remove(&docker, &id).await;
                let problem = port.err().map(|problem| problem.to_string()).or(hold.err()).unwrap_or_default();
                return Err(broken(&format!("cannot be held on to: {problem}"), &log));
            }
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let container =
            Self { address, name: recipe.name.clone(), id, docker, log, heard, hold: Mutex::new(Some(hold)) };
        match container.await_ready(deadline, recipe.probe).await {
            Ok(()) => Ok(container),
            Err(problem) => {
                container.end().await;
                Err(problem)
            }
        }
    }

    /// Where its server is dialled.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// By what it has ended, with the last lines of its log; `None` while it runs.
    #[must_use]
    pub fn cause_of_death(&self) -> Option<String> {
        (!self.is_alive()).then(|| format!("{} has ended{}", self.name, self.log.last_lines()))
    }

    /// The same, of one that may be about to end: a broken connection is seen before the end of who held it.
    pub async fn cause_of_death_within(&self, patience: Duration) -> Option<String> {
        let mut heard = self.heard.clone();
        let ended = async { while heard.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(patience, ended).await;
        self.cause_of_death()
    }

    async fn await_ready(&self, deadline: Instant, probe: Probe) -> Result<(), Error> {
        loop {
            if let Some(cause) = self.cause_of_death() {
                return Err(Error::Environment(cause));
            }
            if matches!(timeout_at(deadline, probe(self.address)).await, Ok(true)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let (name, log) = (&self.name, self.log.last_lines());
                let problem = format!("{name} does not answer within {} s{log}", START_PATIENCE.as_secs());
                return Err(Error::Environment(problem));
            }
            tokio::time::sleep(PACE).await;
        }
    }
}

impl Stands for Container {
    fn is_alive(&self) -> bool {
        // The one who writes is gone when the log is at its end.
        self.heard.has_changed().is_ok()
    }

    async fn end(&self) {
        daemon::remove(&self.docker, &self.id).await;
        self.hold.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Container").field("name", &self.name).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Recipe {
    fn request(&self) -> testcontainers::ContainerRequest<GenericImage> {
        let image = GenericImage::new(self.image.name(), self.image.tag())
            .with_entrypoint("/bin/sh")
            .with_exposed_port(ContainerPort::Tcp(self.port));
        let port = format!("{}/tcp", self.port);
        let first = ["/shakedown/begin.sh".to_owned(), self.owner.to_owned()];
        let mut request = image
            .with_cmd(first.into_iter().chain(self.command.iter().cloned()))
            .with_label(daemon::LABEL, self.run.as_str())
            .with_copy_to(executable("/shakedown/begin.sh"), include_bytes!("begin.sh").to_vec())
            .with_copy_to(executable("/shakedown/hold.sh"), include_bytes!("hold.sh").to_vec())
            .with_host_config_modifier(move |host| {
                // Without an address Docker would publish the port on every interface of the machine.
                let loopback =
                    PortBinding { host_ip: Some(Ipv4Addr::LOCALHOST.to_string()), host_port: Some(String::new()) };
                host.publish_all_ports = Some(false);
                host.port_bindings = Some(HashMap::from([(port.clone(), Some(vec![loopback]))]));
                host.auto_remove = Some(true);
            });
        for (name, value) in &self.environment {
            request = request.with_env_var(name, value.as_str());
        }
        for file in &self.files {
            let target = CopyTargetOptions::new(file.path.as_str()).with_mode(file.mode);
            request = request.with_copy_to(target, file.content.to_vec());
        }
        request
    }
}

fn executable(path: &str) -> CopyTargetOptions {
    CopyTargetOptions::new(path).with_mode(0o755)
}

/// Runs hold.sh in a container. What comes back is the other end of its input.
async fn hold(docker: &Docker, id: &str) -> Result<StartExecResults, String> {
    let command = CreateExecOptions {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        cmd: Some(vec!["/bin/sh", "/shakedown/hold.sh"]),
        ..CreateExecOptions::default()
    };
    let said = |problem| daemon::cause(&problem);
    let created = docker.create_exec(id, command).await.map_err(said)?;
    docker.start_exec(&created.id, Some(StartExecOptions::default())).await.map_err(said)
}

fn cannot_start(problem: &TestcontainersError) -> String {
    format!("cannot be started: {}", daemon::cause(problem))
}
