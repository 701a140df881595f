//! Framing over TCP: however a stream is split, the same messages come out of it.
//!
//! The first octet is the size of the pieces.

use shakedown_krb5::framing::TcpFraming;

pub(crate) fn check(octets: &[u8]) {
    let Some((size, stream)) = octets.split_first() else { return };
    let whole = messages([stream].into_iter());
    let split = messages(stream.chunks(usize::from(*size).max(1)));
    assert_eq!(whole, split);
}

/// All messages up to the first length that is not allowed, and whether there was one.
fn messages<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
    let (mut framing, mut found) = (TcpFraming::new(), Vec::new());
    for piece in pieces {
        framing.push(piece);
        loop {
            match framing.next_message() {
                Ok(Some(message)) => found.push(message),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}
