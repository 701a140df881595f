//! Where random bytes come from: the caller.

/// A source of random bytes: confounders, keys, nonces, sub-keys.
///
/// One method, so that any generator fits behind it, and so that a test can pass fixed
/// bytes and compare messages octet by octet.
pub trait Random: Send {
    /// Fills all of `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<R: Random + ?Sized> Random for &mut R {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

impl<R: Random + ?Sized> Random for Box<R> {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}
