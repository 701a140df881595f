//! The realms between two, compressed as RFC 4120 has it.

use shakedown_krb5::transited::{Capaths, add, check as check_path, expand, hierarchical_path};

pub(crate) fn check(octets: &[u8]) {
    let mut parts = octets.splitn(4, |octet| *octet == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (client, service, realm, contents) = (next(), next(), next(), next());
    let _ = check_path(contents, client, service, &Capaths::default());
    let _ = hierarchical_path(client, service);
    // The ticket is one of `realm`: that is where what an empty element at the end leaves out leads to.
    let Ok(realms) = expand(contents, client, realm) else { return };
    assert!(realms.len() <= 2 + octets.len(), "{} realms out of {} octets", realms.len(), octets.len());
    let Ok(longer) = add(contents, realm, client, service) else { return };
    let found = expand(&longer, client, service).expect("what was written can be read");
    for known in realms {
        assert!(found.contains(&known), "{} is lost", String::from_utf8_lossy(&known));
    }
}
