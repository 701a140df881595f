//! Kerberos over TCP: four octets of length, then the message (RFC 4120 §7.2.2).

use crate::der::MAX_MESSAGE;

/// Appends `message` with its length before it.
///
/// # Panics
/// If the message is larger than [`MAX_MESSAGE`], which no encoder here makes.
pub fn frame(message: &[u8], out: &mut Vec<u8>) {
    assert!(message.len() <= MAX_MESSAGE, "a message of {} octets", message.len());
    let length = u32::try_from(message.len()).expect("at most a mebioctet");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(message);
}

/// Takes a stream apart into messages, however it was split on its way.
#[derive(Debug, Default)]
pub struct TcpFraming {
    unread: Vec<u8>,
}

/// A length that no message has: beyond [`MAX_MESSAGE`], or with the highest bit set, which is the extension of RFC 5021.
/// A KDC answers it with KRB_ERR_FIELD_TOOLONG (61) and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("message of {0} octets, expected at most {MAX_MESSAGE}")]
pub struct TooLong(pub u32);

impl TcpFraming {
    /// For the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets from the stream. [`Self::next_message`] must be asked until it has nothing before more are given.
    pub fn push(&mut self, octets: &[u8]) {
        self.unread.extend_from_slice(octets);
    }

    /// The next message; `None` if it is not complete yet.
    ///
    /// # Errors
    /// The length is not allowed. There is no way to find the next message after that.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let Some((length, rest)) = self.unread.split_first_chunk() else { return Ok(None) };
        let length = u32::from_be_bytes(*length);
        let octets = usize::try_from(length).unwrap_or(usize::MAX);
        if octets > MAX_MESSAGE {
            return Err(TooLong(length));
        }
        let Some(message) = rest.get(..octets) else { return Ok(None) };
        let message = message.to_vec();
        self.unread.drain(..4 + octets);
        Ok(Some(message))
    }

    /// Whether the stream may end here: no message has begun.
    #[must_use]
    pub fn is_between_messages(&self) -> bool {
        self.unread.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_message_passes_and_the_next_longer_is_refused() {
        let mut framing = TcpFraming::new();
        framing.push(&0x0010_0000_u32.to_be_bytes());
        assert_eq!(framing.next_message(), Ok(None));
        let mut framing = TcpFraming::new();
        framing.push(&0x0010_0001_u32.to_be_bytes());
        assert_eq!(framing.next_message(), Err(TooLong(0x0010_0001)));
    }

    #[test]
    fn the_extension_bit_is_refused() {
        let mut framing = TcpFraming::new();
        framing.push(&[0x80, 0, 0, 1, 0]);
        assert_eq!(framing.next_message(), Err(TooLong(0x8000_0001)));
    }

    proptest! {
        #[test]
        fn however_the_stream_is_split_the_messages_are_the_same(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..5),
            cuts in proptest::collection::vec(1usize..20, 1..100),
        ) {
            let mut stream = Vec::new();
            messages.iter().for_each(|message| frame(message, &mut stream));
            let (mut framing, mut found, mut rest) = (TcpFraming::new(), Vec::new(), stream.as_slice());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, later) = rest.split_at((*cut).min(rest.len()));
                framing.push(piece);
                rest = later;
                while let Some(message) = framing.next_message()? {
                    found.push(message);
                }
            }
            prop_assert!(framing.is_between_messages());
            prop_assert_eq!(found, messages);
        }
    }
}
