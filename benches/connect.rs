//! The set-ups of `handshake` over sockets of the loopback address, one after the other: client and server in one process on
//! the runtime of the harness. Prints the wall time of a connection, from the first SYN to both reports, and the CPU time of
//! both sides and the kernel's work for them.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]

mod parties;

use parties::{CHANNELS, Certificates, LOGINS, Parties};
use shakedown::net::{Around, Clock, Deadlines, Listening, ServeLimits, dial, listen};
use shakedown::testbed::random::Generator;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections of each kind before any is counted.
const WARM_UP: usize = 20;

/// Connections of each kind. The kernel counts CPU time in ticks of 10 ms: with 200 connections, to 50 µs each.
const COUNTED: usize = 200;

const PATIENCE: Duration = Duration::from_secs(5);

fn main() {
    // `cargo bench NAME` gives a filter, and `--bench`; `cargo test --benches` gives neither a filter nor `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let counted = if arguments.iter().any(|argument| argument == "--bench") { COUNTED } else { 1 };
    let certificates = Certificates::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("{counted} connections each, one at a time; µs");
    println!("{:<36} {:>8} {:>8} {:>8} {:>8}", "", "median", "p90", "max", "cpu");
    for (channel, tls) in CHANNELS {
        for (login, method) in LOGINS {
            let name = format!("{channel}/{login}");
            if filter.is_some_and(|filter| !name.contains(filter.as_str())) {
                continue;
            }
            let parties = Arc::new(Parties::new(&certificates, method, tls));
            let mut measured = runtime.block_on(measure(&parties, counted));
            measured.wall.sort_unstable();
            let at = |part: usize| measured.wall[(measured.wall.len() - 1) * part / 10].as_micros();
            let cpu =
                measured.cpu.map_or_else(|| "-".to_owned(), |cpu| (cpu.as_micros() / counted as u128).to_string());
            println!("{name:<36} {:>8} {:>8} {:>8} {cpu:>8}", at(5), at(9), at(10));
        }
    }
}

struct Measured {
    wall: Vec<Duration>,
    /// Of all connections together; `None` where the system does not tell.
    cpu: Option<Duration>,
}

async fn measure(parties: &Arc<Parties>, counted: usize) -> Measured {
    let clock = Clock::start();
    let factory = {
        let parties = Arc::clone(parties);
        Arc::new(move |_| (parties.server(), Box::new(Generator::from_system()) as _))
    };
    let mock = listen("127.0.0.1:0".parse().unwrap(), clock, ServeLimits::default(), factory).await.unwrap();
    let mut random = Generator::from_system();
    for _ in 0..WARM_UP {
        connect(&mock, parties, clock, &mut random).await;
    }
    let cpu_before = cpu_time();
    let mut wall = Vec::with_capacity(counted);
    for _ in 0..counted {
        let began = Instant::now();
        connect(&mock, parties, clock, &mut random).await;
        wall.push(began.elapsed());
    }
    let cpu = cpu_time().zip(cpu_before).map(|(after, before)| after - before);
    mock.stop().await;
    Measured { wall, cpu }
}

async fn connect(mock: &Listening, parties: &Parties, clock: Clock, random: &mut Generator) {
    let mut around = Around { clock, random, deadlines: Deadlines::all(PATIENCE), tickets: None };
    let (report, own) = dial(mock.address(), parties.client(), &mut around).await.unwrap();
    let served = mock.record(own.unwrap(), PATIENCE).await.unwrap().report.unwrap();
    parties.check(&report);
    parties.check(&served);
}

/// What this process has used so far, in user and kernel mode: fields 14 and 15 of `/proc/self/stat` (proc(5)), in ticks
/// that are 10 ms on every Linux that we know.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, field 2, is in parentheses and may hold spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(14)? + ticks(15)?)))
}
