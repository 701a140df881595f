//! PA-ENC-TS-ENC, the plaintext of PA-ENC-TIMESTAMP (RFC 4120 §5.2.7.2).

use crate::Timestamp;
use crate::der::{Codec, Error, Reader, Writer};
use std::time::Duration;

/// The client's time, which proves with its key that the request is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreauthEncTimestamp {
    /// `patimestamp` and `pausec`.
    pub time: Timestamp,
}

impl Codec for PreauthEncTimestamp {
    const NAME: &'static str = "PA-ENC-TS-ENC";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut timestamp = reader.sequence()?;
        let time = timestamp.field(0, "patimestamp", Reader::time)?;
        let micros = timestamp.optional(1, "pausec", Reader::microseconds)?;
        Ok(Self { time: time + Duration::from_micros(micros.unwrap_or(0).into()) })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.time(self.time));
            w.field(1, |w| w.integer(self.time.subsec_micros().into()));
        });
    }
}
