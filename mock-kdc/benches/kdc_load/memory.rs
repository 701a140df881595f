//! Our KDC without sockets: what a datagram costs between being received and being sent.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mock_kdc::{Arrival, Generator, Responder, Transport, Worker};

use crate::requests::{Exchange, now};

/// Short enough that some batches are not interrupted, even on a busy machine.
const BATCH: usize = 50;
const BATCHES: usize = 400;

/// For each answer, the fastest of many batches of new requests.
pub(crate) fn answer(exchange: Exchange, pac: bool) -> Duration {
    let kdc = Arc::new(crate::servers::kdc_in_memory(pac, &mut Generator::from_system()));
    let mut party = crate::servers::party_in_memory(&kdc);
    let responder = Responder::new(kdc);
    let mut worker = Worker::from_system();
    let peer = "127.0.0.1:4711".parse().ok();
    let arrival = Arrival { transport: Some(Transport::Udp), peer, ..Arrival::direct(now()) };
    let mut best = Duration::MAX;
    for _ in 0..BATCHES {
        let requests: Vec<_> = (0..BATCH).map(|_| party.request(exchange)).collect();
        let began = Instant::now();
        for request in &requests {
            let reply = responder.datagram(black_box(request), &arrival, &mut worker).unwrap();
            assert_eq!(reply[0], exchange.reply_tag());
        }
        best = best.min(began.elapsed() / u32::try_from(BATCH).unwrap());
    }
    best
}
