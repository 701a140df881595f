//! Credential caches: what is read can be written, and read again to the same.

use shakedown_krb5::ccache::CredentialCache;

pub(crate) fn check(octets: &[u8]) {
    let Ok(read) = CredentialCache::read(octets) else { return };
    for ticket in read.tickets() {
        let _ = ticket.credential();
    }
    let Ok(written) = read.write() else { return };
    let again = CredentialCache::read(&written).expect("what was written can be read");
    assert_eq!(again, read);
}

/// A cache with two tickets.
pub(crate) fn sown() -> Vec<(&'static str, String, Vec<u8>)> {
    use super::fixed::{alice, credential};
    use shakedown_krb5::crypto::Etype;

    let mut cache = CredentialCache::new(&alice());
    cache.store(&credential(Etype::Aes128Sha1));
    cache.store(&credential(Etype::Aes256Sha384));
    vec![("ccache", "two-tickets".to_owned(), cache.write().expect("names are short"))]
}
