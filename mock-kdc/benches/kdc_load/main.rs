//! Our KDC, MIT's krb5kdc and a floor side by side: requests per second, CPU time of the server for each, latency.
//!
//! ```sh
//! cargo bench -p mock-kdc --bench kdc_load
//! ```
//! Each server has core 0, the generator core 1. All get the same kinds of requests from the same generator, 16 of them in
//! flight; each request is a new one, made before it is measured. Servers take turns, and the median of the rounds
//! counts. CPU time is what the scheduler says the server's threads were running; it does not grow when other programs
//! want the core as well, while requests per second and latencies do.
//!
//! There are two floors. One is a server with our KDC's loop that does the cryptography which the answer cannot do without,
//! reads nothing, and sends as many octets as the answer has. The other is the sum of a plain UDP echo, one datagram after
//! the other, and of the same cryptography in a loop of its own, which finds all it needs in the nearest cache. Without MIT's KDC (Debian: krb5-kdc, krb5-admin-server) its rows are missing.
//! Under `cargo test` our KDC and the floor answer a few requests each, and nothing is printed.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]

mod cpu;
mod floor;
mod generator;
mod memory;
mod mit;
mod requests;
mod servers;
mod table;

use std::time::Duration;

use floor::Answering;
use generator::Sample;
use requests::{Exchange, Party};
use servers::Server;

/// How often each server gets its turn.
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("echo") => floor::serve(Answering::Echo),
        Some("cryptography") => floor::serve(Answering::Cryptography),
        _ if arguments.iter().any(|argument| argument == "--bench") => compare(),
        _ => try_out(),
    }
}

/// What is measured of one server.
struct Measured {
    server: Server,
    party: Party,
    /// By exchange, one for each round.
    samples: [Vec<Sample>; 2],
}

fn compare() {
    let pinned = cpu::pin_generator();
    let folder = tempfile::tempdir().unwrap();
    let mut measured: Vec<Measured> = servers::all(folder.path(), pinned).into_iter().map(Measured::new).collect();
    for round in 0..=ROUNDS {
        for one in &mut measured {
            for (exchange, samples) in Exchange::BOTH.into_iter().zip(&mut one.samples) {
                let limits = generator::Limits { requests: 20_000, duration: Duration::from_secs(1) };
                let sample = generator::drive(&one.server, exchange, &mut one.party, limits);
                // The first round warms up.
                if round > 0 {
                    samples.push(sample);
                }
            }
        }
    }
    let floors = Exchange::BOTH.map(floor::cryptography);
    table::print(&measured, floors, pinned);
    table::print_start(&servers::first_answers(folder.path(), pinned));
    table::print_memory(floors);
}

/// That all of it works, in a moment.
fn try_out() {
    let folder = tempfile::tempdir().unwrap();
    let none = [Answering::Echo, Answering::Cryptography].map(|answering| servers::no_kdc(answering, false));
    let ours = [false, true].map(|pac| servers::ours(folder.path(), pac, false));
    for server in ours.into_iter().chain(none) {
        let mut party = Party::new(&server);
        for exchange in Exchange::BOTH {
            let limits = generator::Limits { requests: 40, duration: Duration::from_secs(10) };
            assert_eq!(generator::drive(&server, exchange, &mut party, limits).requests, 40);
        }
    }
    assert!(memory::answer(Exchange::As, true) > Duration::ZERO);
    assert!(servers::first_answer(folder.path(), false).0 < Duration::from_secs(5));
}

impl Measured {
    fn new(server: Server) -> Self {
        Self { party: Party::new(&server), server, samples: [Vec::new(), Vec::new()] }
    }
}
