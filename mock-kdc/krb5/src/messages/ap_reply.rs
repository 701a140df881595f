//! AP-REP and its encrypted part (RFC 4120 §5.5.2).

use super::{EncryptedData, EncryptionKey};
use crate::Timestamp;
use crate::der::{Codec, Error, Reader, Writer};
use std::time::Duration;

/// A service proves that it could read the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApReply {
    /// [`EncApReplyPart`] under the ticket's session key, usage 12.
    pub enc_part: EncryptedData,
}

/// What the service answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncApReplyPart {
    /// `ctime` and `cusec` of the authenticator, exactly.
    pub time: Timestamp,
    /// The acceptor's sub-key.
    pub subkey: Option<EncryptionKey>,
    /// First sequence number of the acceptor's messages.
    pub seq_number: Option<u32>,
}

impl Codec for ApReply {
    const NAME: &'static str = "AP-REP";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut reply = reader.application_sequence(15)?;
        reply.field(0, "pvno", Reader::version)?;
        reply.field(1, "msg-type", |r| r.message_type(15))?;
        Ok(Self { enc_part: reply.field(2, "enc-part", EncryptedData::read)? })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(15, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.integer(15));
            w.field(2, |w| self.enc_part.write(w));
        });
    }
}

impl Codec for EncApReplyPart {
    const NAME: &'static str = "EncAPRepPart";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut part = reader.application_sequence(27)?;
        let time = part.field(0, "ctime", Reader::time)?;
        let micros = part.field(1, "cusec", Reader::microseconds)?;
        Ok(Self {
            time: time + Duration::from_micros(micros.into()),
            subkey: part.optional(2, "subkey", EncryptionKey::read)?,
            seq_number: part.optional(3, "seq-number", Reader::uint32)?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(27, |w| {
            w.field(0, |w| w.time(self.time));
            w.field(1, |w| w.integer(self.time.subsec_micros().into()));
            w.optional(2, self.subkey.as_ref(), |w, key| key.write(w));
            w.optional(3, self.seq_number, |w, number| w.integer(number.into()));
        });
    }
}
