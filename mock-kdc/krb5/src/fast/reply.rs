//! PA-FX-FAST-REPLY and what is within (RFC 6113 §5.4.3, §5.4.4).

use std::time::Duration;

use crate::crypto::{CryptoError, Key, usage};
use crate::der::{Codec, Error, Reader, Writer};
use crate::messages::{Checksum, EncryptedData, EncryptionKey, PaData, PrincipalName};
use crate::{Principal, Random, Timestamp};

/// PA-FX-FAST-REPLY with KrbFastArmoredRep, its only form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FastReply {
    /// A [`FastResponse`] under the armor key, usage 52.
    pub enc_fast_rep: EncryptedData,
}

/// KrbFastResponse: what belongs to a reply or an error and nobody else is to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FastResponse {
    /// Pre-authentication data of the reply, or of the error and with it.
    pub padata: Vec<PaData>,
    /// Changes the key that the encrypted part of the reply is under.
    pub strengthen_key: Option<EncryptionKey>,
    /// In a reply that holds a ticket.
    pub finished: Option<FastFinished>,
    /// That of the request within the tunnel.
    pub nonce: u32,
}

/// KrbFastFinished: ends the exchange, and ties the ticket to the tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FastFinished {
    /// `timestamp` and `usec`: the KDC's time.
    pub time: Timestamp,
    /// `crealm` and `cname`, also where the names outside are hidden.
    pub client: Principal,
    /// Over the ticket of the reply as it is sent, under the armor key, usage 53.
    pub ticket_checksum: Checksum,
}

impl FastReply {
    /// Puts `response` under the armor key.
    pub fn seal(armor_key: &Key, response: &FastResponse, random: &mut dyn Random) -> Self {
        Self { enc_fast_rep: EncryptedData::seal(armor_key, usage::FAST_REPLY, response, random) }
    }

    /// What is within.
    ///
    /// # Errors
    /// It is not under the armor key; the inner error: it is, and cannot be read.
    pub fn open(&self, armor_key: &Key) -> Result<Result<FastResponse, Error>, CryptoError> {
        let plain = self.enc_fast_rep.open(armor_key, usage::FAST_REPLY)?;
        Ok(FastResponse::decode(&plain))
    }
}

impl FastFinished {
    /// For a ticket in its encoding.
    #[must_use]
    pub fn new(armor_key: &Key, client: Principal, ticket: &[u8], time: Timestamp) -> Self {
        let ticket_checksum = Checksum {
            cksumtype: armor_key.etype().checksum_type(),
            checksum: armor_key.checksum(usage::FAST_FINISHED, ticket),
        };
        Self { time, client, ticket_checksum }
    }

    /// Whether `ticket` is the one that was meant.
    ///
    /// # Errors
    /// [`CryptoError::Integrity`] if it is another.
    pub fn verify(&self, armor_key: &Key, ticket: &[u8]) -> Result<(), CryptoError> {
        if self.ticket_checksum.cksumtype != armor_key.etype().checksum_type() {
            return Err(CryptoError::Integrity);
        }
        armor_key.verify_checksum(usage::FAST_FINISHED, ticket, &self.ticket_checksum.checksum)
    }
}

impl Codec for FastReply {
    const NAME: &'static str = "PA-FX-FAST-REPLY";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.field(0, "armored-data", |r| {
            Ok(Self { enc_fast_rep: r.sequence()?.field(0, "enc-fast-rep", EncryptedData::read)? })
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.field(0, |w| w.sequence(|w| w.field(0, |w| self.enc_fast_rep.write(w))));
    }
}

impl Codec for FastResponse {
    const NAME: &'static str = "KrbFastResponse";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut response = reader.sequence()?;
        Ok(Self {
            padata: response.field(0, "padata", |r| r.list(PaData::read))?,
            strengthen_key: response.optional(1, "strengthen-key", EncryptionKey::read)?,
            finished: response.optional(2, "finished", FastFinished::read)?,
            nonce: response.field(3, "nonce", Reader::uint32)?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.list(&self.padata, |w, data| data.write(w)));
            w.optional(1, self.strengthen_key.as_ref(), |w, key| key.write(w));
            w.optional(2, self.finished.as_ref(), |w, finished| finished.write(w));
            w.field(3, |w| w.integer(self.nonce.into()));
        });
    }
}

impl Codec for FastFinished {
    const NAME: &'static str = "KrbFastFinished";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut finished = reader.sequence()?;
        let time = finished.field(0, "timestamp", Reader::time)?;
        let micros = finished.field(1, "usec", Reader::microseconds)?;
        let crealm = finished.field(2, "crealm", Reader::string)?.to_vec();
        Ok(Self {
            time: time + Duration::from_micros(micros.into()),
            client: finished.field(3, "cname", PrincipalName::read)?.at(crealm),
            ticket_checksum: finished.field(4, "ticket-checksum", Checksum::read)?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.time(self.time));
            w.field(1, |w| w.integer(self.time.subsec_micros().into()));
            w.field(2, |w| w.string(&self.client.realm));
            w.field(3, |w| PrincipalName::from(&self.client).write(w));
            w.field(4, |w| self.ticket_checksum.write(w));
        });
    }
}
