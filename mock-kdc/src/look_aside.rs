//! Remembers answers to datagrams: a client that heard nothing sends the same octets again, and gets the same octets
//! again. Without this, a retransmission would look like a second request in the log, and get a second session key.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

use shakedown_krb5::Timestamp;

use crate::event::Entry;
use crate::hash::Folding;

/// For how long an answer is remembered; MIT's KDC has the same two minutes.
const LIFE: Duration = Duration::from_secs(120);
/// How much memory requests and answers may take.
const CAPACITY_OCTETS: usize = 8 << 20;
/// What each buffer has from its start, so that it need not grow when it is used again for an ordinary message.
const USUAL_OCTETS: usize = 1 << 10;
/// A place whose buffers are larger than this is not kept for the next request.
const REUSED_OCTETS_MAX: usize = 8 << 10;

/// Answers by request, bounded in time and size.
#[derive(Debug)]
pub(crate) struct LookAside {
    /// The number of the place at the front of `places`.
    first: u64,
    /// The oldest first.
    places: VecDeque<Place>,
    /// The number of the place of a request, by the hash of its octets. Should two requests have one hash, the later
    /// takes over, and the earlier is answered anew if it comes again.
    numbers: HashMap<u64, u64, BuildHasherDefault<Unchanged>>,
    /// Places that were forgotten, for their memory.
    spare: Vec<Place>,
    /// The memory of the buffers of `places`.
    octets: usize,
    folding: Folding,
}

#[derive(Debug, Default)]
struct Place {
    at: Timestamp,
    hash: u64,
    request: Vec<u8>,
    state: State,
    /// How often it came again.
    repeats: u32,
    /// Empty: the KDC stayed silent.
    reply: Vec<u8>,
    entry: Entry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    InProgress,
    Answered,
}

/// What is known of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing; it is noted as in progress now, in the place of this number.
    New(u64),
    /// It is being answered; the client need not get two answers.
    InProgress,
    /// It was answered with what is in the buffers now, and has come so often again, this time included.
    Answered(u32),
}

impl Default for LookAside {
    fn default() -> Self {
        Self {
            first: 0,
            places: VecDeque::new(),
            numbers: HashMap::default(),
            spare: Vec::new(),
            octets: 0,
            folding: Folding::from_system(),
        }
    }
}

impl LookAside {
    /// Looks a request up, and notes it if it is new. `reply` and `entry` become those of the answer where it has one.
    pub(crate) fn look_up(&mut self, request: &[u8], now: Timestamp, reply: &mut Vec<u8>, entry: &mut Entry) -> Known {
        while let Some(oldest) = self.places.front()
            && (now.distance(oldest.at) > LIFE || self.octets > CAPACITY_OCTETS)
        {
            self.forget_oldest();
        }
        let hash = self.folding.hash(request);
        let index = self.numbers.get(&hash).and_then(|number| self.index(*number));
        if let Some(known) = index.map(|index| &mut self.places[index])
            && known.request == request
        {
            if known.state == State::InProgress {
                return Known::InProgress;
            }
            known.repeats = known.repeats.saturating_add(1);
            reply.clone_from(&known.reply);
            entry.copy(&known.entry);
            return Known::Answered(known.repeats);
        }
        let number = self.first + self.places.len() as u64;
        let mut place = self.spare.pop().unwrap_or_default();
        (place.at, place.hash, place.state, place.repeats) = (now, hash, State::InProgress, 0);
        fill(&mut place.request, request);
        fill(&mut place.reply, &[]);
        self.octets += place.octets();
        self.places.push_back(place);
        self.numbers.insert(hash, number);
        Known::New(number)
    }

    /// Notes the answer to what was [`Known::New`]; empty where the KDC stays silent. While it waits to be sent, the request
    /// is in progress.
    pub(crate) fn answered(&mut self, number: u64, reply: &[u8], entry: &Entry, waits: bool) {
        let Some(index) = self.index(number) else { return };
        let place = &mut self.places[index];
        self.octets -= place.octets();
        fill(&mut place.reply, reply);
        self.octets += place.octets();
        place.entry.copy(entry);
        place.state = if waits { State::InProgress } else { State::Answered };
    }

    /// Notes that an answer that has waited is sent now.
    pub(crate) fn release(&mut self, number: u64) {
        if let Some(index) = self.index(number) {
            self.places[index].state = State::Answered;
        }
    }

    fn forget_oldest(&mut self) {
        let Some(place) = self.places.pop_front() else { return };
        if self.numbers.get(&place.hash) == Some(&self.first) {
            self.numbers.remove(&place.hash);
        }
        self.first += 1;
        self.octets -= place.octets();
        if place.octets() <= REUSED_OCTETS_MAX {
            self.spare.push(place);
        }
    }

    fn index(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok().filter(|index| *index < self.places.len())
    }
}

impl Place {
    fn octets(&self) -> usize {
        self.request.capacity() + self.reply.capacity()
    }
}

fn fill(buffer: &mut Vec<u8>, octets: &[u8]) {
    buffer.clear();
    buffer.reserve_exact(octets.len().next_power_of_two().max(USUAL_OCTETS));
    buffer.extend_from_slice(octets);
}

/// The keys of the map are hashes already.
#[derive(Debug, Default)]
struct Unchanged(u64);

impl Hasher for Unchanged {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 is hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    fn entry() -> Entry {
        let mut entry = Entry::default();
        entry.refuse(25, "NEEDED_PREAUTH");
        entry
    }

    /// What is known of `request`, and what the buffers hold then.
    fn look_up(known: &mut LookAside, request: &[u8], seconds: i64) -> (Known, Vec<u8>, Kind) {
        let (mut reply, mut entry) = (Vec::new(), Entry::default());
        let found = known.look_up(request, Timestamp::from_seconds(seconds), &mut reply, &mut entry);
        (found, reply, entry.kind)
    }

    #[test]
    fn a_repeated_request_gets_the_same_octets_for_two_minutes() {
        let mut known = LookAside::default();
        let nothing = |found| (found, Vec::new(), Kind::Dropped);
        assert_eq!(look_up(&mut known, b"request", 0), nothing(Known::New(0)));
        assert_eq!(look_up(&mut known, b"request", 1), nothing(Known::InProgress));
        known.answered(0, b"reply", &entry(), true);
        assert_eq!(look_up(&mut known, b"request", 1), nothing(Known::InProgress), "the answer is not sent yet");
        known.release(0);
        let answered = (Known::Answered(1), b"reply".to_vec(), Kind::Refused { code: 25 });
        assert_eq!(look_up(&mut known, b"request", 120), answered);
        assert_eq!(look_up(&mut known, b"other", 120), nothing(Known::New(1)));
        assert_eq!(look_up(&mut known, b"request", 121), nothing(Known::New(2)));
        assert_eq!(look_up(&mut known, b"request", 122), nothing(Known::InProgress), "the place is used again");
    }

    #[test]
    fn an_answer_to_what_is_forgotten_goes_nowhere() {
        let mut known = LookAside::default();
        look_up(&mut known, b"request", 0);
        look_up(&mut known, b"other", 500);
        known.answered(0, b"reply", &entry(), false);
        assert_eq!(look_up(&mut known, b"other", 500).0, Known::InProgress);
    }

    #[test]
    fn two_requests_of_one_hash_are_two_requests() {
        let mut known = LookAside { folding: Folding::of([0, 0]), ..LookAside::default() };
        // With these secrets a half of zeros hides the other half.
        let (one, other) = ([[1; 8], [0; 8]].concat(), [[2; 8], [0; 8]].concat());
        assert_eq!(known.folding.hash(&one), known.folding.hash(&other));
        assert_eq!(look_up(&mut known, &one, 0).0, Known::New(0));
        assert_eq!(look_up(&mut known, &other, 0).0, Known::New(1));
        assert_eq!(look_up(&mut known, &one, 0).0, Known::New(2), "answered anew");
        while !known.places.is_empty() {
            known.forget_oldest();
        }
        assert_eq!((known.octets, known.numbers.len()), (0, 0));
    }

    #[test]
    fn the_memory_is_bounded_whatever_comes() {
        let mut known = LookAside::default();
        for number in 0..1000_u32 {
            let request = [&number.to_be_bytes()[..], &[0; 30_000]].concat();
            let (Known::New(number), ..) = look_up(&mut known, &request, 0) else { panic!() };
            known.answered(number, &[0; 30_000], &entry(), false);
        }
        let held: usize = known.places.iter().map(Place::octets).sum();
        assert!(held <= CAPACITY_OCTETS + (64 << 10) && known.numbers.len() == known.places.len(), "{held} octets");
        assert_eq!(known.spare.len(), 0, "large buffers are given back");
        while !known.places.is_empty() {
            known.forget_oldest();
        }
        assert_eq!((known.octets, known.numbers.len()), (0, 0));
    }
}
