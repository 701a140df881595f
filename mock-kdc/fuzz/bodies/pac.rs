//! The certificate of Active Directory: whatever stands in a ticket is read within its bounds, and what is written reads the same.

use super::fixed::{NOW, key};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::messages::view::NameView;
use shakedown_krb5::pac::{Attributes, ClientInfo, LogonInfo, Pac, Sid, UpnDnsInfo, kind};

pub(crate) fn check(octets: &[u8]) {
    // What is in the buffers, also where there is no table before it.
    logon_info(octets);
    let _ =
        (ClientInfo::decode(octets), UpnDnsInfo::decode(octets), Attributes::decode(octets), Sid::from_octets(octets));
    let Ok(pac) = Pac::parse(octets) else { return };
    for buffer in pac.buffers() {
        assert!(buffer.octets.len() <= octets.len());
        match buffer.kind {
            kind::LOGON_INFO => logon_info(buffer.octets),
            kind::UPN_DNS_INFO => {
                if let Ok(read) = UpnDnsInfo::decode(buffer.octets) {
                    let _ = read.encode();
                }
            }
            _ => {}
        }
    }
    let _ = pac.is_of(NameView::new(1, &[b"alice"]), NOW);
    for etype in Etype::ALL {
        let key = key(etype, 1);
        assert!(pac.verify_server(&key).is_err(), "a signature without its key");
        let _ = (pac.verify_kdc(&key), pac.verify_full(&key), pac.verify_ticket(&key, octets));
    }
}

fn logon_info(octets: &[u8]) {
    let Ok(read) = LogonInfo::decode(octets) else { return };
    let again = LogonInfo::decode(&read.encode()).expect("what was written can be read");
    assert_eq!(again, read);
}
