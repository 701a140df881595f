//! Credential caches of type FILE: what `kinit` writes, and what every Kerberos library reads.
//!
//! Octets in, octets out. The caller reads the file and replaces it: write to a new file of mode 0600 beside it, then
//! rename, so that no reader sees half a cache. A ticket more is appended, as libkrb5 does. Version 4 is read and written,
//! 1 to 3 are read; see `ccache/file.rs`.
//!
//! <https://web.mit.edu/kerberos/krb5-latest/doc/formats/ccache_file_format.html>

mod configuration;
mod file;
#[cfg(test)]
mod golden;
mod record;

pub use record::{Record, TypedData};

pub use crate::file::{MalformedFile, Unwritable};
pub use crate::keyblock::Keyblock;

use crate::crypto::Etype;
use crate::{Credential, Principal, Timestamp};
use std::cmp::Reverse;

/// A credential cache: a default principal and its tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialCache {
    /// The client's principal that tickets are looked up for.
    pub principal: Principal,
    /// What to add to the own clock to have the KDC's (header field DeltaTime).
    pub kdc_offset: Option<KdcOffset>,
    /// Everything that the file holds, in its order: tickets, and also configuration entries and removed ones.
    pub records: Vec<Record>,
}

/// How far the KDC's clock is ahead, as `kinit` found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KdcOffset {
    /// Whole seconds.
    pub seconds: i32,
    /// Microseconds on top.
    pub micros: i32,
}

impl KdcOffset {
    /// Of a clock that is so many microseconds ahead. Beyond 68 years, which the file cannot hold, it is the nearest that it can.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        let seconds = micros.div_euclid(1_000_000).clamp(i32::MIN.into(), i32::MAX.into());
        let rest = micros.rem_euclid(1_000_000);
        Self {
            seconds: i32::try_from(seconds).expect("it is clamped"),
            micros: i32::try_from(rest).expect("it is less than a million"),
        }
    }

    /// In microseconds.
    #[must_use]
    pub fn in_micros(self) -> i64 {
        i64::from(self.seconds) * 1_000_000 + i64::from(self.micros)
    }
}

impl CredentialCache {
    /// An empty cache of `principal`.
    #[must_use]
    pub fn new(principal: &Principal) -> Self {
        Self { principal: principal.clone(), kdc_offset: None, records: Vec::new() }
    }

    /// The tickets: all records but configuration entries and removed ones.
    pub fn tickets(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| !record.is_configuration() && !record.is_removed())
    }

    /// The latest ticket of the cache's principal for `server`.
    #[must_use]
    pub fn find(&self, server: &Principal) -> Option<&Record> {
        self.tickets().filter(|record| record.client == self.principal && record.server == *server).last()
    }

    /// The ticket of the cache's principal for `server` that libkrb5 would use at `now` (by the KDC's clock): not past its end,
    /// not one of user to user, with a session key of one of `etypes`, the preferred first. Of several such the one that is
    /// good for longest, and of those the last that was stored; libkrb5 takes the first that was stored.
    #[must_use]
    pub fn find_valid(&self, server: &Principal, etypes: &[Etype], now: Timestamp) -> Option<&Record> {
        let rank = |record: &Record| etypes.iter().position(|etype| etype.number() == record.key.etype);
        let fits = |record: &&Record| {
            let valid = i64::from(record.end_time) >= now.seconds() && !record.is_skey;
            valid && record.client == self.principal && record.server == *server
        };
        let ranked = self.tickets().filter(fits).filter_map(|record| Some((rank(record)?, record)));
        ranked.max_by_key(|(rank, record)| (Reverse(*rank), record.end_time)).map(|(_, record)| record)
    }

    /// Marks all tickets for `server` as removed and says how many there were. They stay in the file, as libkrb5 leaves them
    /// (krb5_cc_remove_cred), so that readers of the file are not disturbed.
    pub fn remove(&mut self, server: &Principal) -> usize {
        let is_removed =
            |record: &&mut Record| record.server == *server && !record.is_configuration() && !record.is_removed();
        self.records.iter_mut().filter(is_removed).map(Record::mark_removed).count()
    }

    /// Adds a ticket in place of any that the cache has for the same service.
    pub fn store(&mut self, credential: &Credential) {
        let is_replaced = |record: &Record| {
            !record.is_configuration() && record.client == credential.client && record.server == credential.server
        };
        self.records.retain(|record| !is_replaced(record));
        self.records.push(Record::from(credential));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_of_kinit_is_read_and_written_octet_for_octet() {
        let cache = CredentialCache::read(&golden::KINIT.concat()).unwrap();
        assert_eq!(cache.principal.to_string(), "alice@CORP.EXAMPLE.COM");
        assert_eq!(cache.kdc_offset, Some(KdcOffset::default()));
        assert_eq!(cache.records.len(), 2);
        assert_eq!(cache.write().unwrap(), golden::KINIT.concat());
    }

    #[test]
    fn configuration_entries_and_removed_tickets_are_no_tickets() {
        let mut cache = CredentialCache::read(&golden::KINIT.concat()).unwrap();
        let ticket_granting = "krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM".parse().unwrap();
        let ticket = cache.find(&ticket_granting).unwrap();
        assert_eq!((ticket.flags, ticket.end_time - ticket.start_time), (0x40e1_0000, 86_400));
        assert_eq!(cache.tickets().count(), 1);
        for record in &mut cache.records {
            // What MIT's krb5_cc_remove_cred leaves.
            (record.auth_time, record.end_time) = (u32::MAX, 0);
        }
        assert_eq!(cache.find(&ticket_granting), None);
    }

    #[test]
    fn a_ticket_of_another_client_is_not_found() {
        let mut cache = CredentialCache::read(&golden::KINIT.concat()).unwrap();
        cache.principal = "bob@CORP.EXAMPLE.COM".parse().unwrap();
        assert_eq!(cache.find(&"krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM".parse().unwrap()), None);
    }

    #[test]
    fn a_ticket_taken_out_and_stored_again_is_the_same() {
        let mut cache = CredentialCache::read(&golden::KINIT.concat()).unwrap();
        let credential = cache.find(&Principal::krbtgt(b"CORP.EXAMPLE.COM")).unwrap().credential().unwrap();
        assert_eq!(credential.start_time.seconds(), 0x6b01_8f9a);
        assert_eq!(credential.renew_till.unwrap().seconds(), 0x6b04_329a);
        cache.store(&credential);
        assert_eq!(cache.write().unwrap(), golden::KINIT.concat());
        assert!(cache.records[0].credential().is_none(), "a configuration entry is no ticket");
    }

    fn record(etype: i32, end_time: u32, auth_time: u32) -> Record {
        let mut record = CredentialCache::read(&golden::KINIT.concat()).unwrap().records.remove(1);
        (record.key, record.end_time, record.auth_time) = (Keyblock::new(etype, &[7; 16]), end_time, auth_time);
        record
    }

    #[test]
    fn the_preferred_etype_decides_and_then_the_newest_that_is_valid() {
        let cache = |records: &[(i32, u32, u32)]| CredentialCache {
            records: records.iter().map(|&(etype, end, auth)| record(etype, end, auth)).collect(),
            ..CredentialCache::new(&"alice@CORP.EXAMPLE.COM".parse().unwrap())
        };
        let server = Principal::krbtgt(b"CORP.EXAMPLE.COM");
        let find = |cache: &CredentialCache, etypes: &[Etype]| {
            let found = cache.find_valid(&server, etypes, Timestamp::from_seconds(100));
            found.map(|record| record.auth_time)
        };
        let (aes128, sha2) = (Etype::Aes128Sha1, Etype::Aes128Sha256);
        assert_eq!(find(&cache(&[(17, 99, 1), (17, 100, 2)]), &[aes128]), Some(2), "to its last second");
        assert_eq!(find(&cache(&[(17, 99, 1)]), &[aes128]), None);
        assert_eq!(find(&cache(&[(17, 200, 1), (17, 300, 2), (17, 250, 3)]), &[aes128]), Some(2));
        assert_eq!(find(&cache(&[(17, 200, 1), (17, 200, 2)]), &[aes128]), Some(2));
        assert_eq!(find(&cache(&[(17, 900, 1), (19, 200, 2)]), &[sha2, aes128]), Some(2));
        assert_eq!(find(&cache(&[(23, 900, 1)]), &[sha2, aes128]), None);
        let mut user_to_user = cache(&[(17, 900, 1)]);
        user_to_user.records[0].is_skey = true;
        assert_eq!(find(&user_to_user, &[aes128]), None);
        let mut another = cache(&[(17, 900, 1)]);
        another.principal = "bob@CORP.EXAMPLE.COM".parse().unwrap();
        assert_eq!(find(&another, &[aes128]), None);
    }

    #[test]
    fn a_removed_ticket_stays_in_the_file_and_is_no_ticket() {
        let mut cache = CredentialCache::read(&golden::KINIT.concat()).unwrap();
        let length = cache.write().unwrap().len();
        let server = Principal::krbtgt(b"CORP.EXAMPLE.COM");
        assert_eq!((cache.remove(&server), cache.remove(&server)), (1, 0));
        let removed = &cache.records[1];
        assert_eq!((removed.auth_time, removed.end_time), (u32::MAX, 0), "as MIT marks it");
        assert_eq!((cache.tickets().count(), cache.write().unwrap().len()), (0, length));
    }

    #[test]
    fn an_offset_is_seconds_and_microseconds_on_top() {
        for (micros, seconds, rest) in [(0, 0, 0), (1_500_000, 1, 500_000), (-1, -1, 999_999), (-2_000_000, -2, 0)] {
            let offset = KdcOffset::from_micros(micros);
            assert_eq!((offset.seconds, offset.micros, offset.in_micros()), (seconds, rest, micros));
        }
        assert_eq!(KdcOffset::from_micros(i64::MAX).seconds, i32::MAX);
    }

    #[test]
    fn debug_shows_neither_key_nor_ticket() {
        let mut cache = CredentialCache::read(&golden::KINIT.concat()).unwrap();
        cache.records[1].key = Keyblock::new(18, b"SECRETSECRET");
        cache.records[1].ticket = b"SECRETSECRET".to_vec();
        let shown = format!("{cache:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("83, 69"), "{shown}");
    }
}
