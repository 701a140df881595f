//! AS-REP and TGS-REP (RFC 4120 §5.4.2).

use super::principal_name::write_name;
use super::{EncryptedData, Exchange, PaData, PrincipalName, Ticket};
use crate::Principal;
use crate::der::{Codec, Error, Problem, Reader, Writer};

/// KDC-REP: an AS-REP or a TGS-REP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KdcReply {
    /// Which of the two.
    pub exchange: Exchange,
    /// Pre-authentication data, as the salt of the reply key.
    pub padata: Vec<PaData>,
    /// `crealm` and `cname`.
    pub client: Principal,
    /// The ticket.
    pub ticket: Ticket,
    /// [`super::EncKdcReplyPart`] under the reply key (usage 3), or the sub-key (9) or session key (8) of a TGS-REQ.
    pub enc_part: EncryptedData,
}

impl Codec for KdcReply {
    const NAME: &'static str = "KDC-REP";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let exchange = match reader.peek() {
            Some(0x6b) => Exchange::As,
            Some(0x6d) => Exchange::Tgs,
            found => return Err(reader.problem(Problem::Tag { expected: 0x6b, found })),
        };
        let mut reply = reader.application_sequence(exchange.reply_type())?;
        reply.field(0, "pvno", Reader::version)?;
        reply.field(1, "msg-type", |r| r.message_type(exchange.reply_type()))?;
        let padata = reply.optional(2, "padata", |r| r.list(PaData::read))?.unwrap_or_default();
        let crealm = reply.field(3, "crealm", Reader::string)?.to_vec();
        Ok(Self {
            exchange,
            padata,
            client: reply.field(4, "cname", PrincipalName::read)?.at(crealm),
            ticket: reply.field(5, "ticket", Ticket::read)?,
            enc_part: reply.field(6, "enc-part", EncryptedData::read)?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(self.exchange.reply_type(), |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.integer(self.exchange.reply_type().into()));
            let padata = (!self.padata.is_empty()).then_some(&self.padata);
            w.optional(2, padata, |w, list| w.list(list, |w, data| data.write(w)));
            w.field(3, |w| w.string(&self.client.realm));
            w.field(4, |w| write_name(w, &self.client));
            w.field(5, |w| self.ticket.write(w));
            w.field(6, |w| self.enc_part.write(w));
        });
    }
}
