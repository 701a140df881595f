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
