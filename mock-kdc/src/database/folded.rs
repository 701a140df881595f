//! A name as the key of a map: its parts with their lengths, in one case where case does not matter.

/// Longer names move to the heap.
const ON_THE_STACK: usize = 320;

/// A key that is being built. Names of ordinary length stay on the stack: every request builds two or three of these.
pub(super) struct Folded {
    folds: bool,
    length: usize,
    short: [u8; ON_THE_STACK],
    /// All of the key, once it is longer than `short`.
    long: Vec<u8>,
}

impl Folded {
    pub(super) const fn new(folds: bool) -> Self {
        Self { folds, length: 0, short: [0; ON_THE_STACK], long: Vec::new() }
    }

    /// Adds a component or the realm. The length after it keeps `a` + `bc` apart from `ab` + `c`.
    pub(super) fn push(&mut self, part: &[u8]) {
        let start = self.length;
        if !self.folds {
            self.put(part);
        } else if part.is_ascii() {
            let lower = |key: &mut [u8]| key[start..].make_ascii_lowercase();
            self.put(part);
            if self.long.is_empty() { lower(&mut self.short[..self.length]) } else { lower(&mut self.long) }
        } else if let Ok(text) = std::str::from_utf8(part) {
            text.chars().flat_map(char::to_lowercase).for_each(|c| self.put(c.encode_utf8(&mut [0; 4]).as_bytes()));
        } else {
            // Not a name that anything could have stored, but one that can be asked for.
            self.put(part);
        }
        self.put(&u64::try_from(self.length - start).unwrap_or(u64::MAX).to_be_bytes());
    }

    pub(super) fn octets(&self) -> &[u8] {
        if self.long.is_empty() { &self.short[..self.length] } else { &self.long }
    }

    fn put(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        if end <= ON_THE_STACK {
            self.short[self.length..end].copy_from_slice(octets);
        } else {
            if self.long.is_empty() {
                self.long.extend_from_slice(&self.short[..self.length]);
            }
            self.long.extend_from_slice(octets);
        }
        self.length = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(folds: bool, parts: &[&[u8]]) -> Vec<u8> {
        let mut key = Folded::new(folds);
        parts.iter().for_each(|part| key.push(part));
        key.octets().to_vec()
    }

    #[test]
    fn case_matters_only_where_it_should() {
        assert_eq!(key(true, &[b"Alice", b"R"]), key(true, &[b"aLICE", b"r"]));
        assert_ne!(key(false, &[b"Alice", b"R"]), key(false, &[b"alice", b"R"]));
        assert_eq!(key(true, &["ÄRGER".as_bytes()]), key(true, &["ärger".as_bytes()]));
        assert_ne!(key(true, &[b"\xc4"]), key(true, &[b"\xe4"]));
    }

    proptest! {
        #[test]
        fn two_names_have_one_key_only_if_they_are_the_same(
            one in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let parts: Vec<&[u8]> = one.iter().map(Vec::as_slice).collect();
            let joined: Vec<u8> = one.concat();
            let at = if joined.is_empty() { 0 } else { cut.index(joined.len()) };
            let other = [&joined[..at], &joined[at..]];
            prop_assert_eq!(key(false, &parts) == key(false, &other), parts == other);
            prop_assert_eq!(key(true, &parts), key(true, &parts));
        }
    }
}
