//! The order of the peer's per-message tokens (RFC 2743 §1.2.3, RFC 4121 §4.2.2).

use super::{Flags, GssError};

/// Which sequence numbers came in. What GSS-API calls supplementary states are errors here, as PostgreSQL treats them;
/// they arise only if the initiator asked for replay detection or sequencing.
#[derive(Debug)]
pub(super) struct SequenceWindow {
    flags: Flags,
    next: u64,
    /// Bit n is set if `next - 1 - n` came in.
    received: u64,
}

impl SequenceWindow {
    /// Expects `first` as the first number.
    pub(super) const fn new(flags: Flags, first: u64) -> Self {
        Self { flags, next: first, received: 0 }
    }

    /// Takes the number of a token that was intact and has only its low half: the one that is nearest to the next.
    pub(super) fn receive_short(&mut self, number: u32) -> Result<(), GssError> {
        let [_, _, _, _, low @ ..] = self.next.to_be_bytes();
        let ahead = number.wrapping_sub(u32::from_be_bytes(low)).cast_signed();
        self.receive(self.next.wrapping_add_signed(ahead.into()))
    }

    /// Takes the number of a token that was intact.
    pub(super) fn receive(&mut self, number: u64) -> Result<(), GssError> {
        let in_order = self.flags.has(Flags::SEQUENCE);
        if !in_order && !self.flags.has(Flags::REPLAY) {
            return Ok(());
        }
        // Numbers are compared modulo 2^64: less than half of it ahead is a number to come.
        let ahead = number.wrapping_sub(self.next);
        if ahead < 1 << 63 {
            self.received =
                u32::try_from(ahead + 1).ok().and_then(|moved| self.received.checked_shl(moved)).unwrap_or(0) | 1;
            self.next = number.wrapping_add(1);
            return if in_order && ahead > 0 { Err(GssError::Broken("a token is missing")) } else { Ok(()) };
        }
        let behind = self.next.wrapping_sub(number);
        if behind > 64 {
            return Err(GssError::Broken(if in_order { "token out of sequence" } else { "token too old" }));
        }
        let bit = 1 << (behind - 1);
        if self.flags.has(Flags::REPLAY) && self.received & bit != 0 {
            return Err(GssError::Broken("token was received before"));
        }
        self.received |= bit;
        if in_order { Err(GssError::Broken("token out of sequence")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flags: u32, first: u64, numbers: &[u64], expected: &[bool]) {
        let mut window = SequenceWindow::new(Flags(flags), first);
        let found: Vec<_> = numbers.iter().map(|number| window.receive(*number).is_ok()).collect();
        assert_eq!(found, expected, "{flags} {numbers:?}");
    }

    #[test]
    fn with_sequencing_only_the_next_number_is_in_order() {
        check(Flags::SEQUENCE, 7, &[7, 8, 8, 9, 11, 12, 10], &[true, true, false, true, false, true, false]);
        check(Flags::SEQUENCE, 7, &[6, 7], &[false, true]);
    }

    #[test]
    fn with_replay_detection_alone_each_number_is_good_once() {
        check(Flags::REPLAY, 7, &[7, 9, 8, 8, 9, 7], &[true, true, true, false, false, false]);
        check(Flags::REPLAY, 0, &[100, 37, 36, 37], &[true, true, false, false]);
        check(Flags::REPLAY, 0, &[1 << 40, 0, 1 << 40], &[true, false, false]);
    }

    #[test]
    fn numbers_of_32_bits_go_on_after_the_last() {
        let mut window = SequenceWindow::new(Flags(Flags::SEQUENCE | Flags::REPLAY), u32::MAX.into());
        let found: Vec<_> = [u32::MAX, 0, u32::MAX, 1].map(|number| window.receive_short(number).is_ok()).into();
        assert_eq!(found, [true, true, false, true]);
    }

    #[test]
    fn without_either_everything_is_taken() {
        check(0, 7, &[7, 7, 100, 0, u64::MAX], &[true; 5]);
    }

    #[test]
    fn numbers_go_on_after_the_last() {
        check(Flags::SEQUENCE | Flags::REPLAY, u64::MAX, &[u64::MAX, 0, u64::MAX, 1], &[true, true, false, true]);
    }
}
