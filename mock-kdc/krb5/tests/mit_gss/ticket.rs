//! Tickets without a KDC, at the time of the system's clock, which MIT reads.

use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::keytab::{Entry, Keyblock, Keytab};
use shakedown_krb5::messages::{Codec, EncTicketPart, EncryptedData, EncryptionKey, Ticket, Transited};
use shakedown_krb5::{Credential, Principal, Random, Timestamp};
use std::time::SystemTime;

/// A generator that repeats itself from the same start (SplitMix64).
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    /// Authenticators must differ from run to run, or MIT's replay cache finds them.
    pub(crate) fn from_clock() -> Self {
        Self(u64::try_from(wall_clock().micros()).unwrap())
    }
}

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *octet = (mixed >> 56) as u8;
        }
    }
}

pub(crate) fn wall_clock() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(elapsed.as_micros().try_into().unwrap())
}

pub(crate) fn client() -> Principal {
    Principal::new(&["alice"], "CORP.EXAMPLE.COM")
}

pub(crate) fn service() -> Principal {
    Principal::new(&["postgres", "db.test"], "CORP.EXAMPLE.COM")
}

pub(crate) fn keytab(entries: &[(Principal, u32, &Key)]) -> Keytab {
    let entry = |(principal, kvno, key): &(Principal, u32, &Key)| Entry {
        principal: principal.clone(),
        timestamp: 0,
        kvno: *kvno,
        key: Keyblock::from(*key),
    };
    Keytab { entries: entries.iter().map(entry).collect() }
}

/// What of a ticket can be otherwise.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) service_key: Key,
    pub(crate) kvno: Option<u32>,
    pub(crate) session_key: Key,
    pub(crate) flags: u32,
    pub(crate) start_time: Timestamp,
    pub(crate) end_time: Timestamp,
}

impl Draft {
    pub(crate) fn new(etype: Etype) -> Self {
        Self {
            service_key: Key::random(etype, &mut Seeded(1)),
            kvno: Some(3),
            session_key: Key::random(etype, &mut Seeded(2)),
            flags: 0,
            start_time: wall_clock().offset_seconds(-600),
            end_time: wall_clock().offset_seconds(3600),
        }
    }

    pub(crate) fn credential(&self) -> Credential {
        let part = EncTicketPart {
            flags: self.flags,
            key: EncryptionKey::new(self.session_key.etype().number(), self.session_key.bytes()),
            client: client(),
            transited: Transited::default(),
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
            client: client(),
            server: service(),
            key: self.session_key.clone(),
            auth_time: self.start_time,
            start_time: self.start_time,
            end_time: self.end_time,
            renew_till: None,
            flags: self.flags,
            ticket: Ticket::new(service(), enc_part).octets().to_vec(),
        }
    }

    pub(crate) fn keytab(&self) -> Keytab {
        keytab(&[(service(), 3, &self.service_key)])
    }
}
