//! The acceptor's keys, and which of them opens a ticket.

use super::Cause;
use crate::Principal;
use crate::crypto::usage;
use crate::keytab::{Entry, Keytab, NotFound};
use crate::messages::{Codec, EncTicketPart, Ticket, error_code};

/// A keytab, as an acceptor looks at it. Its keys keep their schedules from ticket to ticket.
#[derive(Debug)]
pub(super) struct ServiceKeys {
    keytab: Keytab,
}

impl ServiceKeys {
    pub(super) const fn new(keytab: Keytab) -> Self {
        Self { keytab }
    }

    /// Whether there is any key for an acceptor that is, or is not, pinned to a service. MIT does not even look at a
    /// token without one.
    pub(super) fn any(&self, service: Option<&Principal>) -> bool {
        match service {
            None => !self.keytab.entries.is_empty(),
            Some(service) => self.keytab.entries_of(service).next().is_some(),
        }
    }

    /// Decrypts a ticket; also says whose key did it, which for an alias is another name than the ticket's.
    pub(super) fn open(
        &self,
        ticket: &Ticket,
        service: Option<&Principal>,
    ) -> Result<(EncTicketPart, Principal), Cause> {
        match service {
            None => self.open_with_any(ticket),
            Some(service) => self.open_as(ticket, service),
        }
    }

    /// MIT's way with default credentials: every key of the ticket's etype, whatever its principal or kvno. Only when
    /// none fits, the names decide which error it is.
    fn open_with_any(&self, ticket: &Ticket) -> Result<(EncTicketPart, Principal), Cause> {
        let enc_part = ticket.enc_part();
        for entry in self.keytab.entries_with(enc_part.etype) {
            if let Some(part) = decrypt(entry, &enc_part.cipher) {
                return Ok((part, entry.principal.clone()));
            }
        }
        let mut entries = self.keytab.entries_of(ticket.server()).peekable();
        if entries.peek().is_none() {
            return Err(Cause::Krb(error_code::NOT_US));
        }
        let mut same_kvno = entries.filter(|entry| entry.kvno == enc_part.kvno.unwrap_or(0)).peekable();
        if same_kvno.peek().is_none() {
            return Err(Cause::Krb(error_code::BADKEYVER));
        }
        // There is no code for "this version, but not with this etype"; MIT says the same as for another version.
        let code = if same_kvno.any(|entry| entry.key.etype == enc_part.etype) {
            error_code::BAD_INTEGRITY
        } else {
            error_code::BADKEYVER
        };
        Err(Cause::Krb(code))
    }

    /// MIT's way with an acceptor name: one lookup by principal, kvno and etype.
    fn open_as(&self, ticket: &Ticket, service: &Principal) -> Result<(EncTicketPart, Principal), Cause> {
        let enc_part = ticket.enc_part();
        let is_ours = ticket.server() == service;
        let entry = self.keytab.find(service, enc_part.kvno, enc_part.etype).map_err(|missing| match missing {
            NotFound::Principal | NotFound::Etype => Cause::Krb(error_code::NOKEY),
            NotFound::Kvno if is_ours => Cause::Krb(error_code::BADKEYVER),
            NotFound::Kvno => Cause::Krb(error_code::NOT_US),
        })?;
        match decrypt(entry, &enc_part.cipher) {
            Some(part) => Ok((part, service.clone())),
            None if is_ours => Err(Cause::Krb(error_code::BAD_INTEGRITY)),
            None => Err(Cause::Krb(error_code::NOT_US)),
        }
    }
}

fn decrypt(entry: &Entry, cipher: &[u8]) -> Option<EncTicketPart> {
    EncTicketPart::decode(&entry.key.key()?.decrypt(usage::TICKET, cipher).ok()?).ok()
}
