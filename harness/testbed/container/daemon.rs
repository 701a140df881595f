//! The Docker daemon: whether one answers, which images it has, and what a run that was killed has left there.

use crate::error::Error;
use crate::scenario::party::Image;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error as DockerError;
use testcontainers::bollard::models::{ContainerSummary, ContainerSummaryStateEnum as State};
use testcontainers::bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};
use testcontainers::core::client::docker_client_instance;
use testcontainers::runners::AsyncRunner;
use testcontainers::{GenericImage, TestcontainersError};

/// How long the daemon may take for an answer that needs no work.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// How long an image may take that has to be fetched.
const PULL_PATIENCE: Duration = Duration::from_secs(300);

/// The pace of questions whether something has happened.
const PACE: Duration = Duration::from_millis(20);

/// The label of our containers; its value is the run that they belong to.
pub(super) const LABEL: &str = "shakedown.run";

/// How old a container must be that does not run, before another run takes it for left behind: longer than any start.
const LEFT_BEHIND_SECONDS: i64 = 600;

/// Why no container can be started on this machine, if so. The daemon is asked once.
pub(super) fn absence() -> Option<&'static str> {
    static ANSWER: OnceLock<Option<String>> = OnceLock::new();
    ANSWER.get_or_init(|| aside(async { connect().await.err() }).unwrap_or_else(Some)).as_deref()
}

/// What a daemon knows of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// `NAME=value`.
    pub(super) environment: HashMap<String, String>,
    /// The program and the arguments that a container of it runs.
    pub(super) command: Vec<String>,
}

/// What is known of an image, if it is there already. For those who cannot wait for more.
pub(super) fn known(image: &Image) -> Option<Facts> {
    let image = image.to_string();
    aside(async move { facts(&connect().await.ok()?, &image).await.ok() }).ok().flatten()
}

/// What is known of an image, which is fetched if it is not there.
///
/// # Errors
/// It is not there and cannot be had.
pub(super) async fn fetch(image: &Image) -> Result<Facts, Error> {
    let docker = connect().await.map_err(Error::Environment)?;
    let name = image.to_string();
    let cannot = |problem: &str| {
        Error::Environment(format!("the image {name} is not there and cannot be pulled: {}", one_line(problem)))
    };
    match facts(&docker, &name).await {
        Err(DockerError::DockerResponseServerError { status_code: 404, .. }) => {}
        other => return other.map_err(|problem| Error::Environment(format!("image {name}: {problem}"))),
    }
    let pull = GenericImage::new(image.name(), image.tag()).pull_image();
    match tokio::time::timeout(PULL_PATIENCE, pull).await {
        Ok(Ok(_)) => facts(&docker, &name).await.map_err(|problem| cannot(&problem.to_string())),
        Ok(Err(TestcontainersError::Client(problem))) => Err(cannot(&cause(&problem))),
        Ok(Err(problem)) => Err(cannot(&problem.to_string())),
        Err(_) => Err(cannot(&format!("it did not arrive within {} s", PULL_PATIENCE.as_secs()))),
    }
}

/// The client for a daemon that answers, or why there is none.
pub(super) async fn connect() -> Result<Docker, String> {
    let place = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "the usual sockets".to_owned());
    let absent = |problem: &str| format!("no Docker daemon answers at {place}: {}", one_line(problem));
    if let Some(reason) = elsewhere(&place) {
        return Err(reason);
    }
    let docker = docker_client_instance().await.map_err(|problem| absent(&cause(&problem)))?;
    match tokio::time::timeout(ANSWER_PATIENCE, docker.ping()).await {
        Ok(Ok(_)) => Ok(docker),
        Ok(Err(problem)) => Err(absent(&cause(&problem))),
        Err(_) => Err(absent(&format!("no answer within {} s", ANSWER_PATIENCE.as_secs()))),
    }
}

/// Removes the containers of a run, however they stand, and those that no run has any more.
pub(super) async fn sweep(docker: &Docker, run: &str) {
    let labelled = HashMap::from([("label", vec![LABEL])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&labelled).build();
    let Ok(Ok(containers)) = tokio::time::timeout(ANSWER_PATIENCE, docker.list_containers(Some(options))).await else {
        return;
    };
    let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    for container in containers.iter().filter(|container| is_ours(container, run) || is_left_behind(container, now)) {
        if let Some(id) = &container.id {
            remove(docker, id).await;
        }
    }
}

/// Removes a container, whatever it does. One that is gone already is none to complain about.
pub(super) async fn remove(docker: &Docker, id: &str) {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    let removed = tokio::time::timeout(ANSWER_PATIENCE, docker.remove_container(id, Some(options))).await;
    if let Ok(Err(DockerError::DockerResponseServerError { status_code: 409, .. })) = removed {
        // Its removal is under way: it had ended by itself.
        let gone = async {
            while docker.inspect_container(id, None).await.is_ok() {
                tokio::time::sleep(PACE).await;
            }
        };
        let _ = tokio::time::timeout(ANSWER_PATIENCE, gone).await;
    }
}

fn is_ours(container: &ContainerSummary, run: &str) -> bool {
    container.labels.as_ref().and_then(|labels| labels.get(LABEL)).is_some_and(|value| value == run)
}

/// Whether it was made by a run that was killed before it could start it. One that was started ends by itself.
fn is_left_behind(container: &ContainerSummary, now: i64) -> bool {
    let stands_still = matches!(container.state, Some(State::CREATED | State::EXITED | State::DEAD));
    stands_still && container.created.is_some_and(|created| now.saturating_sub(created) > LEFT_BEHIND_SECONDS)
}

async fn facts(docker: &Docker, image: &str) -> Result<Facts, DockerError> {
    let config = docker.inspect_image(image).await?.config.unwrap_or_default();
    let pairs = config.env.unwrap_or_default();
    let pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
    Ok(Facts {
        environment: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        command: config.entrypoint.into_iter().chain(config.cmd).flatten().collect(),
    })
}

/// Why a daemon at this place cannot serve us, if so: ports are published on loopback of its own machine.
fn elsewhere(place: &str) -> Option<String> {
    let (scheme, rest) = place.split_once("://")?;
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host).trim_end_matches('/');
    let is_here = matches!(scheme, "unix" | "npipe") || matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    (!is_here)
        .then(|| format!("the Docker daemon at {place} is not on this machine, whose loopback its ports must be on"))
}

/// Waits for an answer where nothing can be awaited: on a thread of its own, which has its own time.
fn aside<T: Send + 'static>(question: impl Future<Output = T> + Send + 'static) -> Result<T, String> {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|problem| problem.to_string())?;
        let patient = async { tokio::time::timeout(2 * ANSWER_PATIENCE, question).await };
        runtime.block_on(patient).map_err(|_| "the Docker daemon does not answer".to_owned())
    });
    thread.join().unwrap_or_else(|_| Err("the Docker daemon could not be asked".to_owned()))
}

/// The last cause of an error: what is above it says only where it happened.
pub(super) fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value of [`LABEL`] that nobody else has.
pub(super) fn new_run() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    format!("{}-{now}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(run: &str, state: State, created: i64) -> ContainerSummary {
        let labels = HashMap::from([(LABEL.to_owned(), run.to_owned())]);
        ContainerSummary {
            labels: Some(labels),
            state: Some(state),
            created: Some(created),
            ..ContainerSummary::default()
        }
    }

    #[test]
    fn what_another_run_may_still_start_is_not_taken_for_left_behind() {
        let now = 1_000_000;
        let old = now - LEFT_BEHIND_SECONDS - 1;
        assert!(is_left_behind(&container("1-2", State::CREATED, old), now));
        assert!(!is_left_behind(&container("1-2", State::CREATED, old + 1), now));
        assert!(!is_left_behind(&container("1-2", State::RUNNING, old), now));
        assert!(is_ours(&container("1-2", State::RUNNING, now), "1-2"));
        assert!(!is_ours(&container("1-22", State::RUNNING, now), "1-2"));
    }

    #[test]
    fn a_daemon_of_another_machine_is_refused() {
        for place in ["unix:///run/docker.sock", "tcp://127.0.0.1:2375", "http://localhost:2375/", "the usual sockets"]
        {
            assert_eq!(elsewhere(place), None, "{place}");
        }
        for place in ["tcp://docker.test:2375", "ssh://root@10.0.0.1", "tcp://10.0.0.1:2375"] {
            assert!(elsewhere(place).is_some_and(|reason| reason.contains(place)), "{place}");
        }
    }
}
