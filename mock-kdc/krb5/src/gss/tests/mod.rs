//! The two sides against each other, and against what other implementations send.

mod accept;
mod changed_tokens;
mod peer;
mod per_message;
mod recorded;
mod spnego;

use super::*;
use crate::crypto::octets::Seeded;
use crate::crypto::{Etype, Key, usage};
use crate::keytab::{Entry, Keyblock, Keytab};
use crate::messages::{Codec, EncTicketPart, EncryptedData, EncryptionKey, Ticket, Transited};
use crate::{Credential, Principal, Timestamp};

const MUTUAL_FLAGS: Flags = Flags(Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG);
const ONE_WAY_FLAGS: Flags = Flags(Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG);

/// 2024-01-01 00:00:00 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_704_067_200);

fn client() -> Principal {
    Principal::new(&["alice"], "CORP.EXAMPLE.COM")
}

fn service() -> Principal {
    Principal::new(&["postgres", "db.test"], "CORP.EXAMPLE.COM")
}

fn key(etype: Etype, seed: u64) -> Key {
    Key::random(etype, &mut Seeded(seed))
}

/// A ticket as a KDC would issue it, and what of it can be otherwise.
#[derive(Clone)]
struct Draft {
    client: Principal,
    /// Through which realms the client came.
    transited: &'static str,
    service: Principal,
    service_key: Key,
    kvno: Option<u32>,
    session_key: Key,
    flags: u32,
    start_time: Timestamp,
    end_time: Timestamp,
}

impl Draft {
    fn new(etype: Etype) -> Self {
        Self {
            client: client(),
            transited: "",
            service: service(),
            service_key: key(etype, 1),
            kvno: Some(3),
            session_key: key(etype, 2),
            flags: 0,
            start_time: NOW.offset_seconds(-60),
            end_time: NOW.offset_seconds(3600),
        }
    }

    fn credential(&self) -> Credential {
        let part = EncTicketPart {
            flags: self.flags,
            key: EncryptionKey::new(self.session_key.etype().number(), self.session_key.bytes()),
            client: self.client.clone(),
            transited: Transited { contents: self.transited.as_bytes().to_vec(), ..Transited::default() },
            auth_time: self.start_time,
            start_time: Some(self.start_time),
            end_time: self.end_time,
            renew_till: None,
            addresses: None,
            authorization_data: None,
        };
        let enc_part = EncryptedData {
            etype: self.service_key.etype().number(),
            kvno: self.kvno,
            cipher: self.service_key.encrypt(usage::TICKET, &part.to_octets(), &mut Seeded(3)),
        };
        Credential {
            client: self.client.clone(),
            server: self.service.clone(),
            key: self.session_key.clone(),
            auth_time: self.start_time,
            start_time: self.start_time,
            end_time: self.end_time,
            renew_till: None,
            flags: self.flags,
            ticket: Ticket::new(self.service.clone(), enc_part).octets().to_vec(),
        }
    }

    fn keytab(&self) -> Keytab {
        keytab(&[(service(), 3, &self.service_key)])
    }
}

fn keytab(entries: &[(Principal, u32, &Key)]) -> Keytab {
    let entry = |(principal, kvno, key): &(Principal, u32, &Key)| Entry {
        principal: principal.clone(),
        timestamp: 0,
        kvno: *kvno,
        key: Keyblock::new(key.etype().number(), key.bytes()),
    };
    Keytab { entries: entries.iter().map(entry).collect() }
}

fn start(draft: &Draft, flags: Flags) -> (Initiator, Vec<u8>) {
    Initiator::start(&draft.credential(), flags, NOW, &mut Seeded(4))
}

/// Both sides of an established context.
fn establish(draft: &Draft, flags: Flags) -> (Context, Context) {
    let (mut initiator, token) = start(draft, flags);
    let accepted = Acceptor::new(draft.keytab()).accept(&token, NOW, &mut Seeded(5)).unwrap();
    if let Some(reply) = &accepted.reply {
        initiator.reply(reply).unwrap();
    }
    (initiator.into_context().unwrap(), accepted.context)
}
