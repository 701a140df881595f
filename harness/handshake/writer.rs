//! The other half of [`Reader`](crate::handshake::Reader): fields into a buffer, lengths filled in afterwards.

/// Appends fields to a buffer that the caller owns and re-uses.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`.
    pub const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Octets in the buffer, those from before included: a place to come back to with [`Writer::patch`].
    #[must_use]
    pub fn position(&self) -> usize {
        self.out.len()
    }

    /// Octets as they are.
    pub fn bytes(&mut self, octets: &[u8]) -> &mut Self {
        self.out.extend_from_slice(octets);
        self
    }

    /// Octets and a NUL behind them.
    pub fn nul_terminated(&mut self, octets: &[u8]) -> &mut Self {
        self.out.extend_from_slice(octets);
        self.out.push(0);
        self
    }

    /// `count` zeros.
    pub fn zeros(&mut self, count: usize) -> &mut Self {
        self.out.resize(self.out.len() + count, 0);
        self
    }

    /// One octet.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.out.push(value);
        self
    }

    /// Two octets, least significant first (MySQL).
    pub fn u16_le(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Four octets, least significant first (MySQL).
    pub fn u32_le(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Two octets, most significant first (PostgreSQL, TLS).
    pub fn u16_be(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Four octets, most significant first (PostgreSQL).
    pub fn u32_be(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Overwrites octets written before, from `position` on: a length that is known now.
    ///
    /// # Panics
    /// The octets have not been written yet.
    pub fn patch(&mut self, position: usize, octets: &[u8]) -> &mut Self {
        self.out[position..position + octets.len()].copy_from_slice(octets);
        self
    }
}
