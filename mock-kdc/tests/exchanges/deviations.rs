//! Each deviation is caught by a client that follows the specification, and by nothing else is it told apart from a
//! good KDC.

use mock_kdc::Deviation;
use shakedown_krb5::client::{AsSettings, TgsSettings};

use crate::request::principal;
use crate::world::{NOW, alice_tgt, login, new_kdc, settings, ticket};

/// What the client says of each, in both exchanges.
const CAUGHT: [(Deviation, &str); 9] = [
    (Deviation::WrongNonce, "reply rejected: nonce"),
    (Deviation::WrongClient, "reply rejected: cname"),
    (Deviation::WrongService, "sname"),
    (Deviation::EndTimeInThePast, "ended"),
    (Deviation::EndTimeBeyondTill, "reply rejected: endtime"),
    (Deviation::WrongEtype, "reply rejected: integrity"),
    (Deviation::BrokenCiphertext, "reply rejected: integrity"),
    (Deviation::Truncated, "malformed reply"),
    (Deviation::Silent, "kdc timed out"),
];

fn says<E: std::fmt::Display>(result: Result<shakedown_krb5::Credential, E>) -> String {
    match result {
        Ok(ticket) if ticket.end_time <= NOW => "ended".to_owned(),
        Ok(_) => "a ticket".to_owned(),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn each_deviation_is_caught() {
    let kdc = new_kdc();
    let tgt = alice_tgt(&kdc, NOW);
    let service = || TgsSettings::new(tgt.clone(), principal("postgres/db.test"));
    for (deviation, expected) in CAUGHT {
        kdc.set_deviations(&[deviation]);
        let (first, second) = (says(login(&kdc, client(), NOW)), says(ticket(&kdc, service(), NOW)));
        assert!(first.contains(expected), "{deviation}: AS says {first}");
        assert!(second.contains(expected), "{deviation}: TGS says {second}");
    }
    kdc.set_deviations(&[]);
    assert_eq!(says(login(&kdc, client(), NOW)), "a ticket");
    assert_eq!(says(ticket(&kdc, service(), NOW)), "a ticket");
    assert_eq!(CAUGHT.map(|(deviation, _)| deviation), Deviation::ALL);
}

fn client() -> AsSettings {
    settings("alice")
}
