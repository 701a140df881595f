//! PA-FX-FAST-REQUEST and the request within (RFC 6113 §5.4.1, §5.4.2).

use crate::Random;
use crate::crypto::{Etype, Key, usage};
use crate::der::{Codec, Error, Reader, Writer};
use crate::messages::{Checksum, EncryptedData, Exchange, KdcRequest, KdcRequestBody, PaData};

/// The armor type of an AP-REQ, the only one that is assigned (RFC 6113 §5.4.1.1, §7.2).
pub const ARMOR_AP_REQUEST: i32 = 1;

/// Bits of FastOptions (RFC 6113 §5.4.2), of which bit 0 of the specification is the most significant here.
pub mod options {
    /// Bit 1: the names of the client are to be within the tunnel only.
    pub const HIDE_CLIENT_NAMES: u32 = 1 << 30;
    /// Bit 16: the KDC is to follow referrals itself. Not critical.
    pub const KDC_FOLLOW_REFERRALS: u32 = 1 << 15;
    /// Bits 0 to 15: who does not know one that is set must refuse the request (93).
    pub const CRITICAL: u32 = 0xffff_0000;
}

/// KrbFastArmor: what the tunnel's key is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armor {
    /// [`ARMOR_AP_REQUEST`], or something else that nobody knows.
    pub armor_type: i32,
    /// An AP-REQ whose authenticator has a sub-key.
    pub armor_value: Vec<u8>,
}

/// PA-FX-FAST-REQUEST with KrbFastArmoredReq, its only form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FastRequest {
    /// In an AS-REQ; a TGS-REQ has its armor in PA-TGS-REQ.
    pub armor: Option<Armor>,
    /// Over the outer body of an AS-REQ, or over the AP-REQ in a TGS-REQ's PA-TGS-REQ; usage 50.
    pub checksum: Checksum,
    /// A [`FastBody`] under the armor key, usage 51.
    pub enc_fast_req: EncryptedData,
}

/// KrbFastReq: the request that counts; the one outside it is for show.
///
/// INVARIANT: `body_octets` is an encoding of `body`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FastBody {
    /// See [`options`].
    pub options: u32,
    /// Pre-authentication data of the request.
    pub padata: Vec<PaData>,
    body: KdcRequestBody,
    body_octets: Vec<u8>,
}

/// Why what is within a FAST request cannot be had, in the order in which it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenFailure {
    /// It is not under the armor key.
    #[error("the request within is not under the armor key")]
    Integrity,
    /// It is under the armor key and cannot be read.
    #[error("the request within cannot be read: {0}")]
    Malformed(#[from] Error),
    /// The checksum is of a type that is not known.
    #[error("the checksum has type {0}, expected that of the armor key")]
    UnknownChecksum(i32),
    /// The checksum is of a type that is known, but not of that of the armor key's etype.
    #[error("the checksum has type {0}, expected that of the armor key")]
    UnfitChecksum(i32),
    /// The checksum is not that of what is outside.
    #[error("the checksum does not match what is outside")]
    Modified,
}

impl FastBody {
    /// A request for what `body` says.
    #[must_use]
    pub fn new(options: u32, padata: Vec<PaData>, body: KdcRequestBody) -> Self {
        let body_octets = body.to_octets();
        Self { options, padata, body, body_octets }
    }

    /// What is asked for.
    #[must_use]
    pub const fn body(&self) -> &KdcRequestBody {
        &self.body
    }

    /// As a request like one without FAST. Its pre-authentication data is that within the tunnel alone, so that a
    /// TGS-REQ has no PA-TGS-REQ.
    #[must_use]
    pub fn into_request(self, exchange: Exchange) -> KdcRequest {
        KdcRequest::received(exchange, self.padata, self.body, self.body_octets)
    }
}

impl FastRequest {
    /// Puts `body` under the armor key. `outside` is what the checksum is over.
    pub fn seal(
        armor: Option<Armor>,
        armor_key: &Key,
        outside: &[u8],
        body: &FastBody,
        random: &mut dyn Random,
    ) -> Self {
        let checksum = Checksum {
            cksumtype: armor_key.etype().checksum_type(),
            checksum: armor_key.checksum(usage::FAST_REQUEST_CHECKSUM, outside),
        };
        let enc_fast_req = EncryptedData::seal(armor_key, usage::FAST_REQUEST, body, random);
        Self { armor, checksum, enc_fast_req }
    }

    /// The request within, if all is in order with it. `outside` is what the checksum must be over.
    ///
    /// # Errors
    /// [`OpenFailure`] says what is not in order.
    pub fn open(&self, armor_key: &Key, outside: &[u8]) -> Result<FastBody, OpenFailure> {
        let plain = self.enc_fast_req.open(armor_key, usage::FAST_REQUEST).map_err(|_| OpenFailure::Integrity)?;
        let body = FastBody::decode(&plain)?;
        let Checksum { cksumtype, checksum } = &self.checksum;
        if *cksumtype != armor_key.etype().checksum_type() {
            let known = Etype::ALL.iter().any(|etype| etype.checksum_type() == *cksumtype);
            let failure = if known { OpenFailure::UnfitChecksum } else { OpenFailure::UnknownChecksum };
            return Err(failure(*cksumtype));
        }
        let intact = armor_key.verify_checksum(usage::FAST_REQUEST_CHECKSUM, outside, checksum);
        intact.map_err(|_| OpenFailure::Modified)?;
        Ok(body)
    }
}

impl Codec for Armor {
    const NAME: &'static str = "KrbFastArmor";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut armor = reader.sequence()?;
        Ok(Self {
            armor_type: armor.field(0, "armor-type", Reader::int32)?,
            armor_value: armor.field(1, "armor-value", Reader::octets)?.to_vec(),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.integer(self.armor_type.into()));
            w.field(1, |w| w.octets(&self.armor_value));
        });
    }
}

impl Codec for FastRequest {
    const NAME: &'static str = "PA-FX-FAST-REQUEST";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.field(0, "armored-data", |r| {
            let mut armored = r.sequence()?;
            Ok(Self {
                armor: armored.optional(0, "armor", Armor::read)?,
                checksum: armored.field(1, "req-checksum", Checksum::read)?,
                enc_fast_req: armored.field(2, "enc-fast-req", EncryptedData::read)?,
            })
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.field(0, |w| {
            w.sequence(|w| {
                w.optional(0, self.armor.as_ref(), |w, armor| armor.write(w));
                w.field(1, |w| self.checksum.write(w));
                w.field(2, |w| self.enc_fast_req.write(w));
            });
        });
    }
}

impl Codec for FastBody {
    const NAME: &'static str = "KrbFastReq";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut request = reader.sequence()?;
        let options = request.field(0, "fast-options", Reader::flags)?;
        let padata = request.field(1, "padata", |r| r.list(PaData::read))?;
        let (body, octets) = request.field(2, "req-body", |r| r.with_octets(KdcRequestBody::read))?;
        Ok(Self { options, padata, body, body_octets: octets.to_vec() })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| {
            w.field(0, |w| w.flags(self.options));
            w.field(1, |w| w.list(&self.padata, |w, data| data.write(w)));
            w.field(2, |w| w.raw(&self.body_octets));
        });
    }
}
