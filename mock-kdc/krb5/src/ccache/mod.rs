//! Credential caches of type FILE: what `kinit` writes, and what every Kerberos library reads.
//!
//! Octets in, octets out. The caller reads the file and replaces it: write to a new file of mode 0600 beside it, then
//! rename, so that no reader sees half a cache. Version 4 is read and written, version 3 read; see [`file`](mod@file).
//!
//! <https://web.mit.edu/kerberos/krb5-latest/doc/formats/ccache_file_format.html>

mod file;
mod record;

pub use record::{Name, Record, TypedData};

pub use crate::file::{MalformedFile, Unwritable};
pub use crate::keyblock::Keyblock;

use crate::Principal;

/// A credential cache: a default principal and its tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialCache {
    /// The client's principal that tickets are looked up for.
    pub principal: Name,
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
        Self { principal: Name::of(principal), kdc_offset: None, records: Vec::new() }
    }

    /// The tickets: all records but configuration entries and removed ones.
    pub fn tickets(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| !record.is_configuration() && !record.is_removed())
    }

    /// The latest ticket of the cache's principal for `server`.
    #[must_use]
    pub fn find(&self, server: &Principal) -> Option<&Record> {
        self.tickets()
            .filter(|record| record.client.principal == self.principal.principal && record.server.principal == *server)
            .last()
    }
}
