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
    /// Verifies the peer's MIC and makes our own, as far as they are due, once the context stands. `has_token` is whether
    /// a token of the mechanism goes out together with it: then the peer may still have to see that before it makes its
    /// own.
    ///
    /// # Errors
    /// The peer's does not fit the list, comes twice, or is missing.
    pub(super) fn exchange(
        &mut self,
        context: &mut Context,
        mech_list: &[u8],
        received: Option<&[u8]>,
        has_token: bool,
    ) -> Result<Option<Vec<u8>>, GssError> {
        match received {
            Some(_) if self.received => return Err(GssError::Broken("a second mechListMIC")),
            Some(mic) => {
                let fits = context.verify_mic(mic, mech_list);
                fits.map_err(|_| GssError::Broken("mechListMIC does not fit what was offered"))?;
                // Who gets one owes one.
                (self.required, self.received) = (true, true);
            }
            None if self.required && !has_token => return Err(GssError::Broken("mechListMIC is missing")),
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
