//! The KDC with all that a server keeps beside it: the look-aside, the log, the counters. Octets in, octets out; the
//! sockets are in [`crate::listen`].
//!
//! How an answer is to be sent (late, twice, not at all) stands beside it on the worker's desk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shakedown_krb5::messages::error_code;

use crate::arrival::Arrival;
use crate::event::{Entry, Event, Transport};
use crate::fault::Delivery;
use crate::kdc::Kdc;
use crate::log::Log;
use crate::look_aside::{Known, LookAside};
use crate::metrics::Metrics;
use crate::worker::{Desk, Worker};

/// How many events the log keeps.
const LOG_CAPACITY: usize = 16_384;

/// A KDC that remembers what it answered. It is shared between tasks, each of which has a [`Worker`] of its own.
#[derive(Debug)]
pub struct Responder {
    kdc: Arc<Kdc>,
    log: Log,
    metrics: Metrics,
    look_aside: Mutex<LookAside>,
}

impl Responder {
    /// One that has answered nothing yet.
    #[must_use]
    pub fn new(kdc: Arc<Kdc>) -> Self {
        Self { kdc, log: Log::new(LOG_CAPACITY), metrics: Metrics::new(), look_aside: Mutex::default() }
    }

    /// The KDC, to move its clock or rotate its keys.
    #[must_use]
    pub const fn kdc(&self) -> &Arc<Kdc> {
        &self.kdc
    }

    /// What was asked and answered.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Counters of the same.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Answers a datagram. One that came before gets the answer that it had then.
    pub fn datagram<'w>(&self, request: &[u8], arrival: &Arrival, worker: &'w mut Worker) -> Option<&'w [u8]> {
        let began = Instant::now();
        let desk = &mut worker.desk;
        // The lock ends with this statement; a match on it would hold it while the request is answered.
        let known = self.look_aside().look_up(request, arrival.now, &mut desk.out.reply, &mut desk.entry);
        match known {
            Known::InProgress => return None,
            Known::Answered(repeat) => {
                desk.entry.repeated = true;
                desk.clear_sending();
                if self.kdc.is_faulty() {
                    self.kdc.fail(request, repeat, desk, &mut worker.random);
                }
            }
            Known::New(number) => {
                self.kdc.respond(request, arrival, worker);
                if worker.desk.out.reply.len() > self.kdc.realm().max_datagram_reply_octets {
                    self.kdc.refuse_transport(error_code::RESPONSE_TOO_BIG, arrival, &mut worker.desk);
                }
                let Desk { out, entry, sending, waiting, .. } = &mut worker.desk;
                // What is lost on the way was answered all the same.
                let waits = !sending.delay.is_zero() && sending.delivery != Delivery::Drop;
                *waiting = waits.then_some(number);
                self.look_aside().answered(number, &out.reply, entry, waits);
            }
        }
        self.note(request, worker, began);
        worker.reply()
    }

    /// Answers a message that came on a connection, where nothing is lost, and so nothing is repeated.
    pub fn message<'w>(&self, request: &[u8], arrival: &Arrival, worker: &'w mut Worker) -> Option<&'w [u8]> {
        let began = Instant::now();
        self.kdc.respond(request, arrival, worker);
        self.note(request, worker, began);
        worker.reply()
    }

    /// Answers a message on a connection that is longer than what is read.
    pub fn too_long<'w>(&self, arrival: &Arrival, worker: &'w mut Worker) -> Option<&'w [u8]> {
        let began = Instant::now();
        worker.desk.entry.clear();
        worker.desk.clear_sending();
        self.kdc.refuse_transport(error_code::FIELD_TOOLONG, arrival, &mut worker.desk);
        self.note(&[], worker, began);
        worker.reply()
    }

    /// From now on, who asks again is answered: the answer that waited is sent.
    pub(crate) fn release(&self, waiting: u64) {
        self.look_aside().release(waiting);
    }

    /// Tells, counts and logs what the worker has answered.
    fn note(&self, request: &[u8], worker: &Worker, began: Instant) {
        let (entry, duration) = (&worker.desk.entry, began.elapsed());
        self.metrics.count(entry, request.len(), worker.desk.out.reply.len(), duration);
        tell(entry, duration);
        self.log.note(entry);
    }

    fn look_aside(&self) -> MutexGuard<'_, LookAside> {
        self.look_aside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line for each exchange: who, what for, etypes, answer, microseconds. Costs nothing while nobody listens.
fn tell(entry: &Entry, duration: Duration) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let event = entry.to_event();
    let transport = if event.transport == Some(Transport::Tcp) { "tcp" } else { "udp" };
    let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let trace = event.trace().join(" ");
    let Event { client, service, etypes, outcome, repeated, rule, .. } = event;
    tracing::info!(transport, trace, client, service, ?etypes, %outcome, repeated, rule, us);
}
