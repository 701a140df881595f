//! Things that take long to start, shared by all who want them equal.

use crate::error::Error;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a pool holds.
pub trait Stands: Send + Sync {
    /// Whether it can still be used.
    fn is_alive(&self) -> bool;

    /// Ends it and returns when nothing is left.
    fn end(&self) -> impl Future<Output = ()> + Send;
}

/// Values by key, started when they are wanted first. A lease is an [`Arc`]: what somebody holds is never ended by the pool.
///
/// Of those that nobody holds only so many are kept that `limit` are alive; the one that was wanted longest ago goes first. Only when
/// more are held at a time are more alive.
#[derive(Debug)]
pub struct Pool<K, V> {
    limit: usize,
    places: Mutex<HashMap<K, Arc<Place<V>>>>,
    clock: AtomicU64,
}

/// Where the value of a key is or will be. Who starts it holds the lock; the others wait for that.
#[derive(Debug)]
struct Place<V> {
    held: tokio::sync::Mutex<Held<V>>,
    wanted_at: AtomicU64,
    /// How often a start has failed.
    failures: AtomicU64,
}

#[derive(Debug)]
struct Held<V> {
    value: Option<Arc<V>>,
    failure: Option<Error>,
}

impl<K: Eq + Hash + Clone + Send, V: Stands> Pool<K, V> {
    /// An empty pool.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, places: Mutex::default(), clock: AtomicU64::new(0) }
    }

    /// The value of a key: the one that stands, or a new one if there is none or it is dead. Whoever asks meanwhile waits and
    /// gets the same, a failure too; who comes after a failure tries again.
    ///
    /// # Errors
    /// Those of `start`.
    pub async fn lease<F: Future<Output = Result<V, Error>>>(
        &self,
        key: &K,
        start: impl FnOnce() -> F,
    ) -> Result<Arc<V>, Error> {
        let place = self.place(key);
        let failures_before = place.failures.load(Ordering::Acquire);
        let mut held = place.held.lock().await;
        if let Some(standing) = held.value.as_ref().filter(|standing| standing.is_alive()) {
            return Ok(Arc::clone(standing));
        }
        if place.failures.load(Ordering::Acquire) > failures_before
            && let Some(failure) = &held.failure
        {
            return Err(failure.clone());
        }
        // A dead one may have left something behind.
        if let Some(dead) = held.value.take() {
            dead.end().await;
        }
        for surplus in self.surplus() {
            surplus.end().await;
        }
        match start().await {
            Ok(started) => {
                held.failure = None;
                Ok(Arc::clone(held.value.insert(Arc::new(started))))
            }
            Err(failure) => {
                held.failure = Some(failure.clone());
                place.failures.fetch_add(1, Ordering::Release);
                Err(failure)
            }
        }
    }

    /// Ends everything, whoever holds it.
    pub async fn end_all(&self) {
        let places: Vec<_> = self.places().drain().map(|(_, place)| place).collect();
        for place in places {
            let value = place.held.lock().await.value.take();
            if let Some(value) = value {
                value.end().await;
            }
        }
    }

    fn place(&self, key: &K) -> Arc<Place<V>> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut places = self.places();
        let place = places.entry(key.clone()).or_insert_with(|| {
            Arc::new(Place {
                held: tokio::sync::Mutex::new(Held { value: None, failure: None }),
                wanted_at: AtomicU64::new(now),
                failures: AtomicU64::new(0),
            })
        });
        place.wanted_at.store(now, Ordering::Relaxed);
        Arc::clone(place)
    }

    /// Takes out those that nobody holds, the least wanted first, until there is room for one more.
    fn surplus(&self) -> Vec<Arc<V>> {
        let mut places = self.places();
        let mut by_age: Vec<_> =
            places.iter().map(|(key, place)| (place.wanted_at.load(Ordering::Relaxed), key.clone())).collect();
        by_age.sort_unstable_by_key(|(wanted_at, _)| *wanted_at);
        let mut alive = by_age.len();
        let mut surplus = Vec::new();
        for (_, key) in by_age {
            if alive <= self.limit {
                break;
            }
            // Nobody waits at a place that only the map holds, and nobody can come while the map is locked.
            let Some(place) = places.get(&key).filter(|place| Arc::strong_count(place) == 1) else { continue };
            let Ok(mut held) = place.held.try_lock() else { continue };
            if held.value.as_ref().is_some_and(|value| Arc::strong_count(value) > 1) {
                continue;
            }
            surplus.extend(held.value.take());
            drop(held);
            places.remove(&key);
            alive -= 1;
        }
        surplus
    }

    fn places(&self) -> std::sync::MutexGuard<'_, HashMap<K, Arc<Place<V>>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    /// Counts how many of its kind are alive.
    #[derive(Debug)]
    struct Counted {
        number: usize,
        ended: AtomicBool,
        alive: Arc<AtomicUsize>,
    }

    impl Stands for Counted {
        fn is_alive(&self) -> bool {
            !self.ended.load(Ordering::SeqCst)
        }

        async fn end(&self) {
            if !self.ended.swap(true, Ordering::SeqCst) {
                self.alive.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    /// A pool of two, and how many were started and are alive.
    struct Tested {
        pool: Pool<&'static str, Counted>,
        started: AtomicUsize,
        alive: Arc<AtomicUsize>,
    }

    impl Tested {
        fn new() -> Self {
            Self { pool: Pool::new(2), started: AtomicUsize::new(0), alive: Arc::default() }
        }

        async fn lease(&self, key: &'static str) -> Result<Arc<Counted>, Error> {
            let start = || async {
                tokio::task::yield_now().await;
                let number = self.started.fetch_add(1, Ordering::SeqCst);
                if key == "broken" {
                    return Err(Error::Environment(format!("failure {number}")));
                }
                self.alive.fetch_add(1, Ordering::SeqCst);
                Ok(Counted { number, ended: AtomicBool::new(false), alive: Arc::clone(&self.alive) })
            };
            self.pool.lease(&key, start).await
        }

        fn counts(&self) -> (usize, usize) {
            (self.started.load(Ordering::SeqCst), self.alive.load(Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn eight_who_ask_at_once_share_one() {
        let tested = Tested::new();
        let asked = std::array::from_fn::<_, 8, _>(|_| tested.lease("a"));
        let [a, b, c, d, e, f, g, h] = asked;
        let leases = tokio::join!(a, b, c, d, e, f, g, h);
        assert!(Arc::ptr_eq(&leases.0.unwrap(), &leases.7.unwrap()));
        assert_eq!(tested.counts(), (1, 1));
    }

    #[tokio::test]
    async fn the_one_wanted_longest_ago_makes_room() {
        let tested = Tested::new();
        for key in ["a", "b", "a", "c"] {
            tested.lease(key).await.unwrap();
            assert!(tested.counts().1 <= 2);
        }
        tested.lease("a").await.unwrap();
        assert_eq!(tested.counts(), (3, 2), "a was there still, b was not kept");
        tested.lease("b").await.unwrap();
        assert_eq!(tested.counts(), (4, 2));
    }

    #[tokio::test]
    async fn one_that_is_held_is_never_ended() {
        let tested = Tested::new();
        let held =
            [tested.lease("a").await.unwrap(), tested.lease("b").await.unwrap(), tested.lease("c").await.unwrap()];
        assert_eq!(tested.counts(), (3, 3), "more than the limit, as all are held");
        assert!(held.iter().all(|lease| lease.is_alive()));
        drop(held);
        tested.lease("d").await.unwrap();
        assert_eq!(tested.counts(), (4, 2));
        tested.pool.end_all().await;
        assert_eq!(tested.counts(), (4, 0));
    }

    #[tokio::test]
    async fn a_dead_one_is_replaced() {
        let tested = Tested::new();
        let first = tested.lease("a").await.unwrap();
        first.end().await;
        assert_ne!(tested.lease("a").await.unwrap().number, first.number);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_wait_and_then_forgotten() {
        let tested = Tested::new();
        let (one, other) = tokio::join!(tested.lease("broken"), tested.lease("broken"));
        assert_eq!(one.unwrap_err().to_string(), "failure 0");
        assert_eq!(other.unwrap_err().to_string(), "failure 0");
        assert_eq!(tested.lease("broken").await.unwrap_err().to_string(), "failure 1");
    }
}
