//! Credential caches of type FILE: what `kinit` writes, and what every Kerberos library reads.
//!
//! Octets in, octets out. The caller reads the file and replaces it: write to a new file of mode 0600 beside it, then
//! rename, so that no reader sees half a cache. Version 4 is read and written, version 3 read; see `ccache/file.rs`.
//!
//! <https://web.mit.edu/kerberos/krb5-latest/doc/formats/ccache_file_format.html>

mod file;
#[cfg(test)]
mod golden;
mod record;

pub use record::{Record, TypedData};

pub use crate::file::{MalformedFile, Unwritable};
pub use crate::keyblock::Keyblock;

use crate::{Credential, Principal};

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

    #[test]
    fn debug_shows_neither_key_nor_ticket() {
        let mut cache = CredentialCache::read(&golden::KINIT.concat()).unwrap();
        cache.records[1].key = Keyblock::new(18, b"SECRETSECRET");
        cache.records[1].ticket = b"SECRETSECRET".to_vec();
        let shown = format!("{cache:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("83, 69"), "{shown}");
    }
}
