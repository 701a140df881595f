//! mechListMIC: both sides saw the same offer (RFC 4178 §5).

use crate::gss::{Context, GssError};

/// What became of the MICs so far. One side's rules are the other's.
#[derive(Debug, Default)]
pub(super) struct MicExchange {
    /// Whether both are to send one.
    pub(super) required: bool,
    sent: bool,
    received: bool,
}

impl MicExchange {
    /// Verifies the peer's MIC and makes our own, as far as they are due, once the context stands. `peer_was_last` is
    /// whether the mechanism's last token just came from the peer: it has the context as well then, and owes a MIC together
    /// with it.
    ///
    /// # Errors
    /// The peer's does not fit the list, comes twice, or is missing.
    pub(super) fn exchange(
        &mut self,
        context: &mut Context,
        mech_list: &[u8],
        received: Option<&[u8]>,
        peer_was_last: bool,
    ) -> Result<Option<Vec<u8>>, GssError> {
        match received {
            Some(_) if self.received => return Err(GssError::Broken("a second mechListMIC")),
            Some(mic) => {
                let fits = context.verify_mic(mic, mech_list);
                fits.map_err(|_| GssError::Broken("mechListMIC does not fit what was offered"))?;
                // Who gets one owes one.
                (self.required, self.received) = (true, true);
            }
            None if self.required && (peer_was_last || self.sent) => {
                return Err(GssError::Broken("mechListMIC is missing"));
            }
            None => {}
        }
        if !self.required || self.sent {
            return Ok(None);
        }
        self.sent = true;
        let mut mic = Vec::new();
        context.mic(mech_list, &mut mic);
        Ok(Some(mic))
    }

    /// Whether no MIC is to come or to go any more.
    pub(super) const fn is_complete(&self) -> bool {
        !self.required || (self.sent && self.received)
    }
}
