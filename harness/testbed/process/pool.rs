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
    value: tokio::sync::Mutex<Option<Arc<V>>>,
    wanted_at: AtomicU64,
}

impl<K: Eq + Hash + Clone + Send, V: Stands> Pool<K, V> {
    /// An empty pool.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, places: Mutex::default(), clock: AtomicU64::new(0) }
    }

    /// The value of a key: the one that stands, or a new one if there is none or it is dead. Whoever asks meanwhile waits and
    /// gets the same. A failure is told to the one who started; the next in line tries again.
    ///
    /// # Errors
    /// Those of `start`.
    pub async fn lease<F: Future<Output = Result<V, Error>>>(
        &self,
        key: &K,
        start: impl FnOnce() -> F,
    ) -> Result<Arc<V>, Error> {
        let place = self.place(key);
        let mut value = place.value.lock().await;
        if let Some(standing) = value.as_ref().filter(|standing| standing.is_alive()) {
            return Ok(Arc::clone(standing));
        }
        // A dead one may have left something behind.
        if let Some(dead) = value.take() {
            dead.end().await;
        }
        self.make_room().await;
        let started = Arc::new(start().await?);
        *value = Some(Arc::clone(&started));
        Ok(started)
    }

    /// Ends everything, whoever holds it.
    pub async fn end_all(&self) {
        let places: Vec<_> = self.places().drain().map(|(_, place)| place).collect();
        for place in places {
            if let Some(value) = place.value.lock().await.take() {
                value.end().await;
            }
        }
    }

    fn place(&self, key: &K) -> Arc<Place<V>> {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut places = self.places();
        let place = places.entry(key.clone()).or_insert_with(|| {
            Arc::new(Place { value: tokio::sync::Mutex::new(None), wanted_at: AtomicU64::new(now) })
        });
        place.wanted_at.store(now, Ordering::Relaxed);
        Arc::clone(place)
    }

    /// Ends those that nobody holds, the least wanted first, until there is room for one more.
    async fn make_room(&self) {
        for value in self.surplus() {
            value.end().await;
        }
    }

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
            let Ok(mut value) = place.value.try_lock() else { continue };
            if value.as_ref().is_some_and(|value| Arc::strong_count(value) > 1) {
                continue;
            }
            surplus.extend(value.take());
            drop(value);
            places.remove(&key);
            alive -= 1;
        }
        surplus
    }

    fn places(&self) -> std::sync::MutexGuard<'_, HashMap<K, Arc<Place<V>>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
