//! What an initiator asks of a context.

/// Context flags, as the authenticator's checksum carries them (RFC 4121 §4.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u32);

impl Flags {
    /// Delegation.
    pub const DELEG: u32 = 1;
    /// Mutual authentication.
    pub const MUTUAL: u32 = 2;
    /// Replay detection.
    pub const REPLAY: u32 = 4;
    /// Sequencing.
    pub const SEQUENCE: u32 = 8;
    /// Confidentiality.
    pub const CONF: u32 = 16;
    /// Integrity.
    pub const INTEG: u32 = 32;
    /// The context can be handed to another process: nothing to the peer, but MIT's initiator always sends it.
    pub const TRANS: u32 = 256;

    /// Whether all of `bits` are set.
    #[must_use]
    pub const fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }
}
