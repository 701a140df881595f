//! What the targets share: a time, a generator and keys that are the same in every run.

use shakedown_krb5::crypto::{Etype, Key};
use shakedown_krb5::keytab::{Entry, Keytab};
use shakedown_krb5::{Credential, Keyblock, Principal, Random, Timestamp};

/// When it is always.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Random octets that are not: SplitMix64 from the same start.
pub(crate) struct Seeded(pub(crate) u64);

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for octet in bytes {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *octet = (mixed >> 56) as u8;
        }
    }
}

pub(crate) fn alice() -> Principal {
    Principal::new(&["alice"], "R")
}

pub(crate) fn service() -> Principal {
    Principal::new(&["postgres", "db.test"], "R")
}

pub(crate) fn key(etype: Etype, seed: u64) -> Key {
    Key::random(etype, &mut Seeded(seed))
}

/// The service's keys, one of each encryption type.
pub(crate) fn keytab() -> Keytab {
    let entry =
        |etype: &Etype| Entry { principal: service(), timestamp: 0, kvno: 1, key: Keyblock::from(&key(*etype, 1)) };
    Keytab { entries: Etype::ALL.iter().map(entry).collect() }
}

/// Alice's ticket for the service.
pub(crate) fn credential(etype: Etype) -> Credential {
    use shakedown_krb5::crypto::usage;
    use shakedown_krb5::messages::{Codec, EncTicketPart, EncryptedData, EncryptionKey, Ticket, Transited};

    let session_key = key(etype, 2);
    let part = EncTicketPart {
        flags: 0,
        key: EncryptionKey::from(&session_key),
        client: alice(),
        transited: Transited::default(),
        auth_time: NOW,
        start_time: None,
        end_time: NOW.offset_seconds(3600),
        renew_till: None,
        addresses: None,
        authorization_data: None,
    };
    let sealed = EncryptedData {
        etype: etype.number(),
        kvno: Some(1),
        cipher: key(etype, 1).encrypt(usage::TICKET, &part.to_octets(), &mut Seeded(3)),
    };
    Credential {
        client: alice(),
        server: service(),
        key: session_key,
        auth_time: NOW,
        start_time: NOW,
        end_time: NOW.offset_seconds(3600),
        renew_till: None,
        flags: 0,
        ticket: Ticket::new(service(), sealed).to_octets(),
    }
}
