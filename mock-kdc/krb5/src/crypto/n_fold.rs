//! n-fold (RFC 3961 §5.1): stretches or shrinks a string so that every bit counts about equally.

/// Folds `input` to `length` octets.
///
/// Copies of the input, each rotated by 13 bits more than the one before, fill the least common multiple
/// of both lengths; its pieces of `length` octets are then added in ones' complement.
///
/// INVARIANT: neither `input` nor the result is empty; both are constants or fixed sizes of our own.
pub(super) fn n_fold(input: &[u8], length: usize) -> Vec<u8> {
    assert!(!input.is_empty() && length > 0, "n-fold of nothing or to nothing");
    let total = input.len() / greatest_common_divisor(input.len(), length) * length;
    let mut sums = vec![0u32; length];
    for (position, octet) in (0..total).map(|position| (position, rotated_octet(input, position))) {
        sums[position % length] += u32::from(octet);
    }
    // Carries run from the last octet to the first, and round again until there is none.
    let mut folded = vec![0u8; length];
    while sums.iter().any(|sum| *sum > 0xFF) {
        let mut carry = 0;
        for sum in sums.iter_mut().rev() {
            *sum += carry;
            carry = *sum >> 8;
            *sum &= 0xFF;
        }
        sums[length - 1] += carry;
    }
    for (octet, sum) in folded.iter_mut().zip(sums) {
        *octet = u8::try_from(sum).expect("all carries were propagated");
    }
    folded
}

/// The octet at `position` of the endless string input | input >>> 13 | input >>> 26 | …
fn rotated_octet(input: &[u8], position: usize) -> u8 {
    let bits = input.len() * 8;
    let rotation = position / input.len() * 13 % bits;
    let first_bit = (position % input.len() * 8 + bits - rotation) % bits;
    let (index, shift) = (first_bit / 8, first_bit % 8);
    let pair = u16::from_be_bytes([input[index], input[(index + 1) % input.len()]]);
    pair.rotate_left(u32::try_from(shift).expect("less than 8")).to_be_bytes()[0]
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::super::octets::octets;
    use super::*;

    #[test]
    fn n_fold_gives_the_vectors_of_rfc_3961_a_1() {
        let check = |bits: usize, input: &[u8], expected: &str| assert_eq!(n_fold(input, bits / 8), octets(expected));
        check(64, b"012345", "be072631276b1955");
        check(56, b"password", "78a07b6caf85fa");
        check(64, b"Rough Consensus, and Running Code", "bb6ed30870b7f0e0");
        check(168, b"password", "59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e");
        check(192, b"MASSACHVSETTS INSTITVTE OF TECHNOLOGY", "db3b0d8f0b061e603282b308a50841229ad798fab9540c1b");
        check(168, b"Q", "518a54a2 15a8452a 518a54a2 15a8452a 518a54a2 15");
        check(168, b"ba", "fb25d531 ae897449 9f52fd92 ea9857c4 ba24cf29 7e");
        check(64, b"kerberos", "6b657262 65726f73");
        check(128, b"kerberos", "6b657262 65726f73 7b9b5b2b 93132b93");
        check(168, b"kerberos", "8372c236 344e5f15 50cd0747 e15d62ca 7a5a3bce a4");
        check(256, b"kerberos", "6b657262 65726f73 7b9b5b2b 93132b93 5c9bdcda d95c9899 c4cae4de e6d6cae4");
    }
}
