//! Whether a reply answers its request, check by check as libkrb5's verify_as_reply (get_in_tkt.c),
//! krb5int_fast_verify_nego (fast.c) and krb5int_process_tgs_reply (gc_via_tkt.c).

use super::{KerberosFailure, Lenience, rejected};
use crate::crypto::{Key, usage};
use crate::der::Codec;
use crate::messages::flags::{kdc_options, ticket};
use crate::messages::{Checksum, EncKdcReplyPart, KdcReply, KdcRequestBody, PaData, padata_type};
use crate::principal::name_type;
use crate::{Credential, Principal, Timestamp};
use std::time::Duration;

/// A decrypted reply and what it answers.
pub(super) struct Answer<'a> {
    pub(super) request: &'a KdcRequestBody,
    /// Who was to be the client: of the AS-REQ, or of the TGT.
    pub(super) client: &'a Principal,
    /// Which service was asked for.
    pub(super) server: &'a Principal,
    pub(super) reply: &'a KdcReply,
    pub(super) part: &'a EncKdcReplyPart,
    /// Until when it may be valid, where the request says so.
    pub(super) till: Option<Timestamp>,
    /// Checks that are left out.
    pub(super) lenient: &'a [Lenience],
}

impl Answer<'_> {
    /// For an AS-REP.
    pub(super) fn check_as(&self) -> Result<(), KerberosFailure> {
        let may_rename = self.has(kdc_options::CANONICALIZE | kdc_options::REQUEST_ANONYMOUS)
            || self.client.name_type == name_type::ENTERPRISE;
        let both_krbtgt = self.server.krbtgt_realm().is_some() && self.part.server.krbtgt_realm().is_some();
        self.require(self.part.server == *self.server || (may_rename && both_krbtgt), rejected::SNAME)?;
        self.require(may_rename || self.reply.client == *self.client, rejected::CNAME)?;
        self.require(self.part.server == *self.reply.ticket.server(), rejected::TICKET_SNAME)?;
        self.check_nonce_and_times()
    }

    /// For a TGS-REP, received at `now`.
    pub(super) fn check_tgs(&self, now: Timestamp, clock_skew: Duration) -> Result<(), KerberosFailure> {
        self.require(self.reply.client == *self.client, rejected::CNAME)?;
        let ticket_server = self.reply.ticket.server();
        self.require(*ticket_server == self.part.server, rejected::TICKET_SNAME)?;
        let both_krbtgt = self.server.krbtgt_realm().is_some() && ticket_server.krbtgt_realm().is_some();
        let expected = ticket_server == self.server || self.has(kdc_options::CANONICALIZE) || both_krbtgt;
        self.require(expected, rejected::SNAME)?;
        self.check_nonce_and_times()?;
        self.check_start(now, clock_skew)
    }

    /// Without trust in the KDC's clock: whether the ticket begins now.
    pub(super) fn check_start(&self, now: Timestamp, clock_skew: Duration) -> Result<(), KerberosFailure> {
        let is_now = self.part.starts().distance(now) <= clock_skew;
        self.require(is_now || self.request.from.is_some(), rejected::STARTTIME)
    }

    /// The checksum over the request as it was sent, which a KDC announces by a ticket flag (RFC 6806 §11). It shows
    /// that nobody took pre-authentication methods or etypes out on the way.
    pub(super) fn check_request_checksum(&self, request: &[u8], reply_key: &Key) -> Result<(), KerberosFailure> {
        if self.part.flags & ticket::ENC_PA_REP == 0 {
            return Ok(());
        }
        let padata = self.part.encrypted_padata.as_deref().unwrap_or_default();
        let checksum = PaData::find(padata, padata_type::REQ_ENC_PA_REP).and_then(|value| Checksum::decode(value).ok());
        let matches = checksum.is_some_and(|checksum| {
            checksum.cksumtype == reply_key.etype().checksum_type()
                && reply_key.verify_checksum(usage::AS_REQ_CHECKSUM, request, &checksum.checksum).is_ok()
        });
        self.require(matches, rejected::REQUEST_CHECKSUM)
    }

    /// What the client keeps.
    pub(super) fn credential(&self) -> Result<Credential, KerberosFailure> {
        Ok(Credential {
            client: self.reply.client.clone(),
            server: self.part.server.clone(),
            key: Key::try_from(&self.part.key).map_err(|_| KerberosFailure::Rejected(rejected::SESSION_KEY))?,
            auth_time: self.part.auth_time,
            start_time: self.part.starts(),
            end_time: self.part.end_time,
            renew_till: self.part.renew_till,
            flags: self.part.flags,
            ticket: self.reply.ticket.octets().to_vec(),
        })
    }

    fn check_nonce_and_times(&self) -> Result<(), KerberosFailure> {
        self.require(self.part.nonce == self.request.nonce, rejected::NONCE)?;
        let till = self.till.filter(|till| *till != Timestamp::EPOCH);
        let beyond = |time: Option<Timestamp>, limit: Option<Timestamp>| time.zip(limit).is_some_and(|(t, l)| t > l);
        if self.has(kdc_options::POSTDATED) && self.request.from.is_some() {
            self.require(self.request.from == Some(self.part.starts()), rejected::STARTTIME)?;
        }
        self.require(!beyond(Some(self.part.end_time), till), rejected::ENDTIME)?;
        if self.has(kdc_options::RENEWABLE) {
            self.require(!beyond(self.part.renew_till, self.request.rtime), rejected::RENEW_TILL)?;
        } else if self.has(kdc_options::RENEWABLE_OK) && self.part.flags & ticket::RENEWABLE != 0 {
            self.require(!beyond(self.part.renew_till, till), rejected::RENEW_TILL)?;
        }
        Ok(())
    }

    /// Whether one of these options was set.
    const fn has(&self, options: u32) -> bool {
        self.request.kdc_options & options != 0
    }

    fn require(&self, condition: bool, field: &'static str) -> Result<(), KerberosFailure> {
        if condition || self.lenient.iter().any(|lenient| lenient.leaves_out(field)) {
            return Ok(());
        }
        Err(KerberosFailure::Rejected(field))
    }
}
