//! One direction of a conversation, for whoever cuts it into messages.

/// Octets that have been heard and not yet read.
#[derive(Default)]
pub(crate) struct Overheard {
    octets: Vec<u8>,
    start: usize,
    deaf: bool,
}

impl Overheard {
    /// The longest message that is read: as much as one recording keeps.
    pub(crate) const LONGEST: usize = 1 << 20;
    /// So many octets may have been read before they are forgotten.
    const READ: usize = 1 << 16;

    /// More octets, in pieces of any size.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        if self.start == self.octets.len() || self.start > Self::READ {
            self.octets.drain(..self.start);
            self.start = 0;
        }
        if !self.deaf {
            self.octets.extend_from_slice(octets);
        }
    }

    /// What has not been read yet.
    pub(crate) fn unread(&self) -> &[u8] {
        if self.deaf { &[] } else { &self.octets[self.start..] }
    }

    /// Reads a header and `length` octets behind it, which are handed back. Both must be there.
    pub(crate) fn take(&mut self, header: usize, length: usize) -> &[u8] {
        let from = self.start + header;
        self.start = from + length;
        &self.octets[from..self.start]
    }

    /// What comes from here on is not read.
    pub(crate) fn stop_listening(&mut self) {
        self.deaf = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_gone_and_what_was_not_stays() {
        let mut overheard = Overheard::default();
        overheard.push(b"\x03abcd");
        assert_eq!(overheard.take(1, 3), b"abc");
        overheard.push(b"e");
        assert_eq!(overheard.unread(), b"de");
        overheard.stop_listening();
        overheard.push(b"f");
        assert_eq!(overheard.unread(), b"");
    }

    #[test]
    fn what_was_read_takes_no_memory() {
        let mut overheard = Overheard::default();
        for _ in 0..100 {
            overheard.push(&[0; 10_000]);
            overheard.take(0, 9_999);
        }
        assert_eq!(overheard.unread().len(), 100);
        assert!(overheard.octets.len() < 2 * Overheard::READ, "{}", overheard.octets.len());
    }
}
