//! Complete set-ups in memory, both sides on one thread and without sockets, beside the bare TLS handshake of the same suite
//! by the same library: what lies between the two is the machines, the tap, the trace, the login and the goodbye.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]

#[path = "handshake/bare_tls.rs"]
mod bare_tls;
mod parties;

use bare_tls::{BareOpenSsl, BareRustls};
use criterion::Criterion;
use parties::{CHANNELS, Certificates, DHE, ECDHE_GCM, LOGINS, Parties};
use shakedown::net::{Clock, Ending, Progress, Report};
use shakedown::testbed::random::Generator;
use std::hint::black_box;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let certificates = Certificates::new();
    floors(&mut criterion, &certificates);
    set_ups(&mut criterion, &certificates);
    criterion.final_summary();
}

/// What nobody can do without.
fn floors(criterion: &mut Criterion, certificates: &Certificates) {
    let mut group = criterion.benchmark_group("floor");
    let openssl = BareOpenSsl::new(certificates, ECDHE_GCM);
    group.bench_function("tls1.2-openssl", |bencher| bencher.iter(|| black_box(openssl.handshake())));
    let rustls = BareRustls::new(certificates);
    group.bench_function("tls1.2-rustls", |bencher| bencher.iter(|| black_box(rustls.handshake())));
    let openssl = BareOpenSsl::new(certificates, DHE);
    group.bench_function("tls1.0-dhe", |bencher| bencher.iter(|| black_box(openssl.handshake())));
    // What SCRAM costs a client that keeps nothing from one login to the next.
    group.bench_function("pbkdf2-sha256-4096", |bencher| {
        bencher.iter(|| {
            let mut salted = [0; 32];
            pbkdf2::pbkdf2::<hmac::Hmac<sha2::Sha256>>(b"correct horse", &[7; 16], 4096, &mut salted).unwrap();
            black_box(salted)
        });
    });
    group.finish();
}

fn set_ups(criterion: &mut Criterion, certificates: &Certificates) {
    for (channel, tls) in CHANNELS {
        let mut group = criterion.benchmark_group(channel);
        for (login, method) in LOGINS {
            let parties = Parties::new(certificates, method, tls);
            let (clock, mut random) = (Clock::start(), Generator::from_system());
            for report in converse(&parties, clock, &mut random) {
                parties.check(&report);
            }
            group.bench_function(login, |bencher| {
                bencher.iter(|| {
                    let [client, server] = converse(&parties, clock, &mut random);
                    assert!(client.outcome.is_established() && server.outcome.is_established());
                });
            });
        }
        group.finish();
    }
}

/// Carries bytes between the two until both have finished.
fn converse(parties: &Parties, clock: Clock, random: &mut Generator) -> [Report; 2] {
    let began = clock.base();
    let mut ends = [parties.client(), parties.server()];
    let mut done = [false; 2];
    for (end, done) in ends.iter_mut().zip(&mut done) {
        *done = end.start(clock.moment(), random).unwrap() == Progress::Finished;
    }
    let mut wire = Vec::new();
    while done != [true; 2] {
        let mut moved = false;
        for from in 0..2 {
            let to = 1 - from;
            std::mem::swap(ends[from].wire(), &mut wire);
            if !wire.is_empty() {
                moved = true;
                done[to] |= ends[to].receive(&wire, clock.moment(), random).unwrap() == Progress::Finished;
                wire.clear();
            }
            if done[from] && ends[from].wire().is_empty() && !done[to] {
                moved = true;
                done[to] = ends[to].end(Ending::Closed, clock.moment(), random).unwrap() == Progress::Finished;
            }
        }
        assert!(moved, "both wait: {ends:?}");
    }
    ends.map(|end| end.into_report(began).unwrap())
}
