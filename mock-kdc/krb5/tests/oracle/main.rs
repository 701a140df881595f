//! Our messages held against those of `rasn-kerberos`, an implementation by others, field by field and in both
//! directions: what we encode is octet for octet what it encodes, and what it encodes we decode to the same values.
//!
//! Left out because rasn-kerberos refuses what real peers send: strings that are not Latin-1, negative nonces and key
//! versions. Its named flag constructors are wrong on the wire and are not used.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

mod arbitrary;
mod rasn_form;

use proptest::prelude::*;
use rasn_form::RasnForm;

macro_rules! agrees {
    ($($test:ident: $strategy:expr;)*) => { proptest! {
        $(#[test]
        fn $test(ours in $strategy) {
            check(&ours);
        })*
    } };
}

agrees! {
    a_kdc_request_agrees: arbitrary::kdc_request();
    a_kdc_reply_agrees: arbitrary::kdc_reply();
    an_encrypted_kdc_reply_part_agrees: arbitrary::enc_kdc_reply_part();
    a_ticket_agrees: arbitrary::ticket();
    an_encrypted_ticket_part_agrees: arbitrary::enc_ticket_part();
    an_ap_request_agrees: arbitrary::ap_request();
    an_authenticator_agrees: arbitrary::authenticator();
    an_ap_reply_agrees: arbitrary::ap_reply();
    an_encrypted_ap_reply_part_agrees: arbitrary::enc_ap_reply_part();
    a_krb_error_agrees: arbitrary::krb_error();
    method_data_agrees: arbitrary::method_data();
    a_preauthentication_timestamp_agrees: arbitrary::preauth_timestamp();
    etype_info_agrees: arbitrary::etype_info();
    etype_info_2_agrees: arbitrary::etype_info2();
    authorization_data_agrees: arbitrary::authorization_list();
}

fn check<T: RasnForm>(ours: &T) {
    let theirs = ours.rasn_octets();
    assert_eq!(hex(&ours.to_octets()), hex(&theirs));
    // Equality ignores name types, Debug does not.
    let decoded = T::decode(&theirs).unwrap();
    assert_eq!(&decoded, ours);
    assert_eq!(decoded.to_octets(), theirs);
    for length in 0..theirs.len() {
        assert!(T::decode(&theirs[..length]).is_err(), "{length} of {} octets", theirs.len());
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
