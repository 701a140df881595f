//! Configuration entries: what a library keeps in a cache beside tickets (`fast_avail`, `pa_type`, `refresh_time`, …).
//!
//! They look like tickets for `krb5_ccache_conf_data/KEY[/PRINCIPAL]@X-CACHECONF:` whose ticket is the value. All are kept when a
//! cache is read and written.

use super::record::CONFIGURATION_REALM;
use super::{CredentialCache, Keyblock, Record};
use crate::Principal;

impl CredentialCache {
    /// The value of a configuration entry; `about` is the service that it concerns, where it concerns one.
    #[must_use]
    pub fn configuration(&self, key: &str, about: Option<&Principal>) -> Option<&[u8]> {
        let name = name(key, about);
        self.records.iter().find(|record| record.server == name).map(|record| &*record.ticket)
    }

    /// Sets a configuration entry, in place of one that is there (`krb5_cc_set_config`).
    pub fn configure(&mut self, key: &str, about: Option<&Principal>, value: &[u8]) {
        let name = name(key, about);
        self.records.retain(|record| record.server != name);
        self.records.push(Record {
            client: self.principal.clone(),
            server: name,
            key: Keyblock::new(0, &[]),
            auth_time: 0,
            start_time: 0,
            end_time: 0,
            renew_till: 0,
            is_skey: false,
            flags: 0,
            addresses: Vec::new(),
            authorization_data: Vec::new(),
            ticket: value.to_vec(),
            second_ticket: Vec::new(),
        });
    }
}

fn name(key: &str, about: Option<&Principal>) -> Principal {
    let mut components = vec![b"krb5_ccache_conf_data".to_vec(), key.as_bytes().to_vec()];
    components.extend(about.map(|principal| principal.to_string().into_bytes()));
    Principal { components, realm: CONFIGURATION_REALM.to_vec(), name_type: crate::principal::name_type::PRINCIPAL }
}

#[cfg(test)]
mod tests {
    use super::super::golden::KINIT;
    use super::*;

    #[test]
    fn what_kinit_wrote_is_read_and_written_the_same_way() {
        let mut cache = CredentialCache::read(&KINIT.concat()).unwrap();
        let realm = Principal::krbtgt(b"CORP.EXAMPLE.COM");
        assert_eq!(cache.configuration("fast_avail", Some(&realm)), Some(&b"yes"[..]));
        assert_eq!(
            (cache.configuration("fast_avail", None), cache.configuration("pa_type", Some(&realm))),
            (None, None)
        );
        let written = cache.records.remove(0);
        cache.configure("fast_avail", Some(&realm), b"yes");
        assert_eq!(cache.records[1], written);
        cache.configure("fast_avail", Some(&realm), b"no");
        assert_eq!((cache.configuration("fast_avail", Some(&realm)), cache.records.len()), (Some(&b"no"[..]), 2));
        assert_eq!(cache.tickets().count(), 1);
    }
}
