//! One proxy: its program, its port, its folder.

use crate::error::Error;
use crate::scenario::party::{Proxy, ProxyKind};
use crate::testbed::materials::Materials;
use crate::testbed::process::ports::{self, Unstarted};
use crate::testbed::process::{Folder, Owner, Signal, Supervised, setup};
use crate::testbed::proxy::{haproxy, installed, pgbouncer};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a proxy may take until it answers.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// How long a program may be seen to run after its connections broke because it ends.
const DEATH_PATIENCE: Duration = Duration::from_millis(500);

/// The name that proxies run under where we are root: PgBouncer refuses root, and neither needs any right.
const OWNER: &str = "nobody";

/// A proxy that can be dialled.
#[derive(Debug)]
pub struct StandingProxy {
    /// What was planned.
    pub planned: Arc<Proxy>,
    /// Where it is. It stays there when it ends and stands again.
    pub address: SocketAddr,
    /// `None`: it has ended in order.
    program: Option<Supervised>,
    owner: Option<Owner>,
    folder: Folder,
}

impl StandingProxy {
    /// Starts a proxy in front of `behind`, on a free port of loopback.
    ///
    /// # Errors
    /// The program is not there, or does not start.
    pub(super) async fn start(
        planned: &Arc<Proxy>,
        behind: SocketAddr,
        materials: &Arc<Materials>,
    ) -> Result<Self, Error> {
        let (planned, materials) = (Arc::clone(planned), Arc::clone(materials));
        ports::on_a_free_one(move |port| -> Starting<Result<Self, Unstarted>> {
            let (planned, materials) = (Arc::clone(&planned), Arc::clone(&materials));
            Box::pin(async move { Self::start_on(port, planned, behind, &materials).await })
        })
        .await
    }

    async fn start_on(
        port: u16,
        planned: Arc<Proxy>,
        behind: SocketAddr,
        materials: &Materials,
    ) -> Result<Self, Unstarted> {
        let owner = Owner::of_server(OWNER)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let folder = Folder::for_server(planned.kind.word(), owner.as_ref())?;
        match &planned.kind {
            ProxyKind::HaProxy => haproxy::configure(&folder, address, behind)?,
            ProxyKind::PgBouncer(settings) => pgbouncer::configure(settings, &folder, address, behind, materials)?,
        }
        let mut proxy = Self { planned, address, program: None, owner, folder };
        proxy.launch().await?;
        Ok(proxy)
    }

    /// Lets it stand again if it has ended in order.
    pub(super) async fn stand(&mut self) -> Result<(), Error> {
        if self.program.is_some() {
            return Ok(());
        }
        self.launch().await.map_err(|problem| match problem {
            Unstarted::Failed(problem) => problem,
            Unstarted::PortTaken => Error::Environment(format!("somebody has taken {} meanwhile", self.address)),
        })
    }

    /// By what it has ended without having been told to, with the last lines of its log. After a connection that broke, it may be
    /// about to end.
    pub(super) async fn cause_of_death(&self, broken: bool) -> Option<String> {
        let program = self.program.as_ref()?;
        program.cause_of_death_within(if broken { DEATH_PATIENCE } else { Duration::ZERO }).await
    }

    /// Lets it finish what it has and end.
    pub(super) async fn end(&mut self) {
        if let Some(program) = self.program.take() {
            program.end().await;
        }
    }

    /// The program's process id, while it stands.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.program.as_ref().map(Supervised::id)
    }

    async fn launch(&mut self) -> Result<(), Unstarted> {
        let word = self.planned.kind.word();
        let path = installed(word).ok_or_else(|| Error::Environment(format!("{word} is not installed")))?;
        let mut command = setup::command(&path, self.folder.path(), self.owner.as_ref());
        let end_by = match self.planned.kind {
            ProxyKind::HaProxy => {
                command.args(haproxy::arguments(&self.folder));
                Signal::User1
            }
            ProxyKind::PgBouncer(_) => {
                command.args(pgbouncer::arguments(&self.folder));
                // It would take a third of a second to end any slower. All that the server is to know of a login it knows when the
                // client has its answer.
                Signal::Terminate
            }
        };
        let program = Supervised::start(word, command, self.folder.path(), end_by)?;
        let (is_haproxy, address) = (matches!(self.planned.kind, ProxyKind::HaProxy), self.address);
        let control = haproxy::control(&self.folder);
        let answers = move || -> Starting<bool> {
            let control = control.clone();
            Box::pin(async move {
                if is_haproxy { haproxy::answers(&control).await } else { pgbouncer::answers(address).await }
            })
        };
        if let Err(problem) = program.await_ready(START_PATIENCE, answers).await {
            return Err(unstarted(&program, problem).await);
        }
        // Somebody else could have had the port, and answered: that it is ours the program says itself.
        if !is_haproxy && !has_said(&program, pgbouncer::LISTENS).await {
            let problem = program.cause_of_death().unwrap_or_else(|| format!("{word} does not say that it listens"));
            return Err(unstarted(&program, Error::Environment(problem)).await);
        }
        self.program = Some(program);
        Ok(())
    }
}

/// Something that is being started. Boxed, as the futures of asynchronous closures are not seen to be `Send`.
type Starting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Why a program did not start, by its last words.
async fn unstarted(program: &Supervised, problem: Error) -> Unstarted {
    if has_said(program, PORT_TAKEN).await {
        return Unstarted::PortTaken;
    }
    // The words that have come meanwhile belong into the message.
    Unstarted::Failed(program.cause_of_death().map_or(problem, Error::Environment))
}

/// Whether a program has said something, which may be read a moment after it has.
async fn has_said(program: &Supervised, words: &str) -> bool {
    let deadline = Instant::now() + DEATH_PATIENCE;
    while !program.log().contains(words) {
        if Instant::now() >= deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    true
}

/// What both programs say of a port that somebody else has: the system's words.
const PORT_TAKEN: &str = "Address already in use";
