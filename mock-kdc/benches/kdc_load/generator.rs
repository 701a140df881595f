//! Sends requests, a constant number in flight, and takes the time of each answer.

use std::collections::VecDeque;
use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use shakedown_krb5::messages::{Codec as _, KrbError};

use crate::cpu;
use crate::requests::{Exchange, Party};
use crate::servers::Server;

const IN_FLIGHT: usize = 16;

/// When a drive ends.
pub(crate) struct Limits {
    pub(crate) requests: usize,
    pub(crate) duration: Duration,
}

/// What one drive has shown.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) requests: usize,
    pub(crate) per_second: f64,
    /// Of the server, for each request.
    pub(crate) cpu: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// For how long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks again and again, without sleeping: otherwise each answer would cost the server the work of waking us up, and a
/// fast server, whose answers are there before we sleep, would be spared it.
fn receive(socket: &UdpSocket, buffer: &mut [u8], sent: Instant) -> io::Result<usize> {
    loop {
        match socket.recv(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && sent.elapsed() < PATIENCE => {
                std::hint::spin_loop();
            }
            received => return received,
        }
    }
}

/// All requests are made first. Servers answer in the order in which they are asked, as each has one thread for one
/// socket.
pub(crate) fn drive(server: &Server, exchange: Exchange, party: &mut Party, limits: Limits) -> Sample {
    let requests: Vec<Vec<u8>> = (0..limits.requests).map(|_| party.request(exchange)).collect();
    let expected = server.reply_tag(exchange);
    let socket = server.connect();
    socket.set_nonblocking(true).unwrap();
    let mut buffer = vec![0; 65_535];
    let mut latencies = Vec::with_capacity(requests.len());
    let mut sent = VecDeque::with_capacity(IN_FLIGHT);
    let mut left = requests.iter();
    let cpu_before = cpu::time_of(server.process());
    let began = Instant::now();
    let deadline = began + limits.duration;
    loop {
        while sent.len() < IN_FLIGHT
            && Instant::now() < deadline
            && let Some(request) = left.next()
        {
            sent.push_back(Instant::now());
            socket.send(request).unwrap();
        }
        let Some(at) = sent.pop_front() else { break };
        let length = receive(&socket, &mut buffer, at)
            .unwrap_or_else(|error| panic!("{} does not answer: {error}", server.name));
        latencies.push(at.elapsed());
        if buffer[0] != expected {
            panic!("{}: {:?}", server.name, KrbError::decode(&buffer[..length]).map(|error| error.text()));
        }
    }
    let elapsed = began.elapsed();
    let cpu = cpu::time_of(server.process()) - cpu_before;
    latencies.sort_unstable();
    let answered = latencies.len();
    let count = u32::try_from(answered).unwrap();
    Sample {
        requests: answered,
        per_second: f64::from(count) / elapsed.as_secs_f64(),
        cpu: cpu / count,
        p50: latencies[answered / 2],
        p99: latencies[answered * 99 / 100],
    }
}
