//! Containers, one for each plan that cases share.

use crate::error::Error;
use crate::scenario::party::{self, Image};
use crate::scenario::plan::Case;
use crate::scenario::profile::Protocol;
use crate::testbed::container::container::Container;
use crate::testbed::container::daemon::{self, Facts};
use crate::testbed::container::product::Product;
use crate::testbed::materials::Materials;
use crate::testbed::process::pool::Pool;
use crate::testbed::process::product::Order;
use crate::testbed::realm::StandingRealm;
use crate::testbed::server::StandingServer;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many containers are kept alive: cases come in the order of their files, where neighbours share most.
const ALIVE_MAX: usize = 4;

/// How many containers the daemon is asked to make at a time.
const STARTING_MAX: u32 = 8;

/// How long the end waits for containers that the daemon is making.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// Starts servers of one protocol.
#[derive(Debug)]
pub struct Servers {
    protocol: Protocol,
    /// What the command line names.
    image: Option<Image>,
    /// What is known of images that are there, each asked for once.
    known: Mutex<HashMap<Image, Option<Facts>>>,
    /// The same, of those that had to be fetched. A failure is kept too, so that it does not take its time for each case.
    fetched: tokio::sync::Mutex<HashMap<Image, Result<Facts, Error>>>,
    /// Why servers could not be started. The next case that wants the same would wait as long for the same answer.
    failed: Mutex<HashMap<Key, Error>>,
    /// Marks what is ours among the containers of the daemon.
    run: String,
    /// Permits of those that the daemon is making.
    starting: Arc<Semaphore>,
    /// How many no two cases could share.
    unshared: AtomicU64,
    running: Pool<Key, Container>,
}

/// What a container is one of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    image: Image,
    order: Order,
    /// Those that cases share are number 0 of their order.
    number: u64,
}

impl Servers {
    /// With the image that is named, or those that scenarios name, or the default of the protocol.
    ///
    /// # Errors
    /// It is no image with a tag.
    pub fn new(protocol: Protocol, image: Option<&str>) -> Result<Self, Error> {
        let parse = |text: &str| {
            Image::parse(text)
                .map_err(|problem| Error::Usage(format!("{problem} '{text}', allowed: NAME:TAG, as in postgres:17")))
        };
        Ok(Self {
            protocol,
            image: image.map(parse).transpose()?,
            known: Mutex::default(),
            fetched: tokio::sync::Mutex::default(),
            failed: Mutex::default(),
            run: daemon::new_run(),
            starting: Arc::new(Semaphore::new(STARTING_MAX as usize)),
            unshared: AtomicU64::new(0),
            running: Pool::new(ALIVE_MAX),
        })
    }

    /// The product and its version, as files of explained differences are named after: `postgres 15`. `None` where it cannot be told: an
    /// image that scenarios name is not the same for all.
    #[must_use]
    pub fn product(&self) -> Option<String> {
        let image = self.image.as_ref()?;
        daemon::absence()
            .is_none()
            .then(|| self.known(image))
            .flatten()
            .and_then(|facts| Product::of(image, &facts, self.protocol).ok().map(|product| product.name()))
    }

    /// Why a case cannot be played by a container, if so.
    #[must_use]
    pub fn lacks(&self, case: &Case, server: &party::Server) -> Option<String> {
        if let Some(reason) = daemon::absence() {
            return Some(reason.to_owned());
        }
        let image = self.image_of(server);
        // What is not there cannot be asked; whoever wants to start it hears why it cannot be had.
        let facts = self.known(&image)?;
        match Product::of(&image, &facts, self.protocol) {
            Ok(product) => product.lacks(case, server),
            Err(_) => None,
        }
    }

    /// A server that stands as planned: started, or shared with another case.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn server(
        &self,
        planned: &Arc<party::Server>,
        realm: Option<&StandingRealm>,
        materials: &Materials,
    ) -> Result<StandingServer, Error> {
        let image = self.image_of(planned);
        let facts = self.fetched(&image).await?;
        let product = Product::of(&image, &facts, self.protocol)?;
        let number =
            if product.remembers_logins(planned) { self.unshared.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        let key = Key { image, order: Order::new(planned, realm, materials)?, number };
        let start = || async {
            let unnumbered = Key { number: 0, ..key.clone() };
            if let Some(problem) = self.failed().get(&unnumbered) {
                return Err(problem.clone());
            }
            let mut recipe = product.recipe(&key.image, &self.run, &facts, &key.order)?;
            recipe.starting = Arc::clone(&self.starting);
            let started = async {
                let container = Container::start(&recipe).await?;
                product.complete(&key.order, container.address()).await?;
                Ok(container)
            };
            let started = started.await.map_err(|problem| key.order.without_secrets(problem));
            if let Err(problem) = &started {
                self.failed().insert(unnumbered, Error::clone(problem));
            }
            started
        };
        let lease = self.running.lease(&key, start).await?;
        Ok(StandingServer::container(planned, lease))
    }

    /// Ends all of them.
    pub async fn stop(&self) {
        self.running.end_all().await;
        // Those that the daemon was about to make when their cases were given up.
        let _ = tokio::time::timeout(STOP_PATIENCE, self.starting.acquire_many(STARTING_MAX)).await;
        if self.fetched.lock().await.values().any(Result::is_ok)
            && let Ok(docker) = daemon::connect().await
        {
            daemon::sweep(&docker, &self.run).await;
        }
    }

    fn image_of(&self, server: &party::Server) -> Image {
        self.image.clone().or_else(|| server.image.clone()).unwrap_or_else(|| {
            let default = match self.protocol {
                Protocol::Postgres => "postgres:17",
                Protocol::Mysql => "mysql:8.4",
            };
            Image::parse(default).expect("it is one")
        })
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<Key, Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, image: &Image) -> Option<Facts> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(image.clone()).or_insert_with(|| daemon::known(image)).clone()
    }

    async fn fetched(&self, image: &Image) -> Result<Facts, Error> {
        let mut fetched = self.fetched.lock().await;
        if let Some(facts) = fetched.get(image) {
            return facts.clone();
        }
        let facts = daemon::fetch(image).await;
        // From now on cases can be held against it.
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(image.clone(), facts.clone().ok());
        if facts.is_ok()
            && let Ok(docker) = daemon::connect().await
        {
            // What runs before this one have left behind is gone before the first container of ours.
            daemon::sweep(&docker, "").await;
        }
        fetched.entry(image.clone()).or_insert(facts).clone()
    }
}
