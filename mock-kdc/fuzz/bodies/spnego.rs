//! SPNEGO: an acceptor is given any token in that frame.

use super::fixed::{NOW, Seeded, keytab};
use shakedown_krb5::gss::Acceptor;

/// `60 length 06 06 1.3.6.1.5.5.2`, for whatever follows.
const OID: [u8; 8] = [0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];

pub(crate) fn check(octets: &[u8]) {
    let acceptor = Acceptor::new(keytab());
    let _ = acceptor.accept(octets, NOW, &mut Seeded(4));
    let Ok(length) = u16::try_from(OID.len() + octets.len()) else { return };
    let token = [&[0x60, 0x82][..], &length.to_be_bytes(), &OID, octets].concat();
    let _ = acceptor.accept(&token, NOW, &mut Seeded(4));
}

/// NegTokenInit with a good token for Kerberos, under its own OID and under Microsoft's.
pub(crate) fn sown() -> Vec<(&'static str, String, Vec<u8>)> {
    use super::fixed::credential;
    use shakedown_krb5::crypto::Etype;
    use shakedown_krb5::gss::{Flags, Initiator};

    let (_, token) = Initiator::start(&credential(Etype::Aes128Sha1), Flags(Flags::MUTUAL), NOW, &mut Seeded(5));
    let krb5 = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
    let microsoft = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];
    let seed = |oids: &[&[u8]]| {
        let mech_types = element(0xa0, &element(0x30, &oids.concat()));
        let mech_token = element(0xa2, &element(0x04, &token));
        element(0xa0, &element(0x30, &[mech_types, mech_token].concat()))
    };
    vec![
        ("spnego", "krb5".to_owned(), seed(&[&krb5])),
        ("spnego", "microsoft-krb5".to_owned(), seed(&[&microsoft, &krb5])),
    ]
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a seed is short").to_be_bytes();
    [&[tag, 0x82][..], &length, content].concat()
}
