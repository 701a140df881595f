//! What it takes to read recorded TLS: the secrets of each session, in the format of NSS that Wireshark reads
//! (<https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-05.html>).
//!
//! Kept for recorded runs only, in memory, until somebody asks for those of a session.

use std::collections::{HashMap, VecDeque};
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The secrets of sessions by the random number of their ClientHello. Clones are the same log; `Debug` prints no secret.
#[derive(Clone, Default)]
pub struct KeyLog(Arc<Mutex<Lines>>);

/// The random number in a ClientHello.
pub type ClientRandom = [u8; 32];

#[derive(Default)]
struct Lines {
    of: HashMap<ClientRandom, Vec<String>>,
    /// The oldest first.
    order: VecDeque<ClientRandom>,
}

impl KeyLog {
    /// Sessions whose secrets are kept. The oldest go first.
    pub const MOST: usize = 1 << 14;

    /// Takes a line, without its end. What is no line of a key log is left out.
    pub fn add(&self, line: &str) {
        let mut words = line.split(' ');
        if let (Some(_label), Some(random), Some(_secret), None) =
            (words.next(), words.next(), words.next(), words.next())
            && let Some(random) = client_random(random)
        {
            self.lines().add(random, line);
        }
    }

    /// The lines of a session, each with its end, which are forgotten by it; empty where nothing is known of it.
    #[must_use]
    pub fn take(&self, random: &ClientRandom) -> String {
        let mut lines = self.lines();
        lines.order.retain(|kept| kept != random);
        lines.of.remove(random).unwrap_or_default().into_iter().map(|line| line + "\n").collect()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn add(&mut self, random: ClientRandom, line: &str) {
        if !self.of.contains_key(&random) {
            self.order.push_back(random);
            if self.order.len() > KeyLog::MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.of.remove(&oldest);
            }
        }
        let known = self.of.entry(random).or_default();
        // Client and server of one session write the same.
        if !known.iter().any(|known| known == line) {
            known.push(line.to_owned());
        }
    }
}

fn client_random(hex: &str) -> Option<ClientRandom> {
    let mut random = ClientRandom::default();
    if hex.len() != 2 * random.len() || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, octet) in random.iter_mut().enumerate() {
        *octet = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(random)
}

impl ::rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        for (octets, end) in [(client_random, " "), (secret, "")] {
            octets.iter().for_each(|octet| _ = write!(line, "{octet:02x}"));
            line.push_str(end);
        }
        self.add(&line);
    }
}

impl PartialEq for KeyLog {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for KeyLog {}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLog({} sessions)", self.lines().of.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_s_lines_are_found_by_its_random_number_and_given_out_once() {
        let log = KeyLog::default();
        let line = |random: u8| format!("CLIENT_RANDOM {} {}", format!("{random:02x}").repeat(32), "ab".repeat(48));
        for random in [1, 2, 1] {
            log.add(&line(random));
        }
        log.add("CLIENT_RANDOM 0102 03");
        log.add("no line of a key log");
        assert_eq!(format!("{log:?}"), "KeyLog(2 sessions)");
        assert_eq!(log.take(&[1; 32]), line(1) + "\n");
        assert_eq!(log.take(&[1; 32]), "");
        assert_eq!(log.take(&[2; 32]), line(2) + "\n");
    }

    #[test]
    fn the_oldest_sessions_go_first() {
        let log = KeyLog::default();
        let random = |number: usize| {
            let mut random = ClientRandom::default();
            random[..8].copy_from_slice(&number.to_be_bytes());
            random
        };
        for number in 0..=KeyLog::MOST {
            ::rustls::KeyLog::log(&log, "CLIENT_RANDOM", &random(number), &[7; 48]);
        }
        assert_eq!(log.take(&random(0)), "");
        assert!(log.take(&random(1)).starts_with("CLIENT_RANDOM 0000000000000001"));
    }
}
