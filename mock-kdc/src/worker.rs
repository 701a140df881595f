//! What a task that answers requests has at hand: memory that is used again for each request, and randomness.
//!
//! Nothing is allocated for a request once a worker has seen one of each kind: what is decrypted, what is written and
//! what is noted goes into buffers that are emptied, not freed.

use shakedown_krb5::Random;
use zeroize::Zeroize as _;

use crate::deviation::Seals;
use crate::event::{Entry, Event};
use crate::fast::Tunnel;
use crate::fault::Sending;
use crate::random::Generator;

/// Memory and randomness of one task. Not shared: each task has its own.
#[derive(Debug)]
pub struct Worker {
    pub(crate) random: Generator,
    pub(crate) desk: Desk,
}

/// A worker's memory. Its parts are borrowed one by one: what was opened is read while the reply is written.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) opened: Opened,
    pub(crate) out: Out,
    /// What to note about the request.
    pub(crate) entry: Entry,
    /// How and when the answer is sent.
    pub(crate) sending: Sending,
    /// The place of the request in the look-aside, if its answer waits to be sent.
    pub(crate) waiting: Option<u64>,
}

/// What was decrypted of the request, one buffer each, because messages borrow from several at a time.
#[derive(Default)]
pub(crate) struct Opened {
    /// The pre-authentication data that proves who asks.
    pub(crate) proof: Vec<u8>,
    /// The ticket that is presented.
    pub(crate) ticket: Vec<u8>,
    /// Its authenticator.
    pub(crate) authenticator: Vec<u8>,
    /// enc-authorization-data.
    pub(crate) authorization_data: Vec<u8>,
    /// The request that came within another, by FAST.
    pub(crate) within: Vec<u8>,
    /// A new ticket as the signature in its PAC sees it.
    pub(crate) signed: Vec<u8>,
}

/// What is written.
#[derive(Default)]
pub(crate) struct Out {
    /// A plaintext before it is encrypted.
    pub(crate) plain: Vec<u8>,
    /// The ticket, before the reply is written around it.
    pub(crate) ticket: Vec<u8>,
    /// The elements of the reply's padata, one after the other.
    pub(crate) padata: Vec<u8>,
    /// The elements of encrypted-pa-data, one after the other.
    pub(crate) encrypted_padata: Vec<u8>,
    /// How the client may authenticate, for errors 24 and 25: the elements of METHOD-DATA, one after the other.
    pub(crate) hints: Vec<u8>,
    /// The answer; empty: there is none.
    pub(crate) reply: Vec<u8>,
    /// What the answer was made with, where somebody may bend it.
    pub(crate) seals: Option<Seals>,
    /// By which reply and error go back, where the request came by FAST.
    pub(crate) tunnel: Option<Box<Tunnel>>,
}

impl Worker {
    /// With randomness that the operating system seeds.
    #[must_use]
    pub fn from_system() -> Self {
        Self::with(Generator::from_system())
    }

    /// With randomness of a given seed: the same requests get the same octets.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self::with(Generator::from_seed(seed))
    }

    fn with(random: Generator) -> Self {
        Self { random, desk: Desk::default() }
    }

    /// The answer to the latest request; none where the KDC stays silent.
    #[must_use]
    pub fn reply(&self) -> Option<&[u8]> {
        self.desk.reply()
    }

    /// What to note about the latest request.
    #[must_use]
    pub fn event(&self) -> Event {
        self.desk.entry.to_event()
    }
}

impl Desk {
    pub(crate) fn reply(&self) -> Option<&[u8]> {
        Some(self.out.reply.as_slice()).filter(|reply| !reply.is_empty())
    }

    /// The answer is sent at once and as usual, and cannot be bent.
    pub(crate) fn clear_sending(&mut self) {
        (self.sending, self.waiting, self.out.seals) = (Sending::default(), None, None);
    }

    /// Empties what the next request writes into. What was opened is emptied where it is filled again.
    pub(crate) fn clear(&mut self) {
        self.clear_sending();
        let Out { plain, ticket, padata, encrypted_padata, hints, reply, seals: _, tunnel } = &mut self.out;
        *tunnel = None;
        for buffer in [plain, ticket, padata, encrypted_padata, hints, reply] {
            buffer.clear();
        }
    }
}

/// Session keys were in there.
impl Drop for Desk {
    fn drop(&mut self) {
        let Opened { proof, ticket, authenticator, authorization_data, within, signed } = &mut self.opened;
        for buffer in [proof, ticket, authenticator, authorization_data, within, signed, &mut self.out.plain] {
            buffer.zeroize();
        }
    }
}

/// Sizes only: the buffers hold keys.
impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desk({} octets of reply)", self.out.reply.len())
    }
}

impl Random for Worker {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let mut worker = Worker::from_seed([0x5a; 32]);
        worker.desk.opened.ticket.extend_from_slice(b"SECRET");
        worker.desk.out.plain.extend_from_slice(b"SECRET");
        let shown = format!("{worker:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("83, 69") && !shown.contains("90, 90"), "{shown}");
    }
}
