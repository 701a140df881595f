//! Keytabs: what is read can be written, and read again to the same.

use shakedown_krb5::keytab::Keytab;

pub(crate) fn check(octets: &[u8]) {
    let Ok(read) = Keytab::read(octets) else { return };
    for entry in &read.entries {
        let _ = read.newest_kvno(&entry.principal);
        let _ = read.find(&entry.principal, Some(entry.kvno), entry.key.etype);
    }
    let Ok(written) = read.write() else { return };
    let again = Keytab::read(&written).expect("what was written can be read");
    assert_eq!(again, read);
}
