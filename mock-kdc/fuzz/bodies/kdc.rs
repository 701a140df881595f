//! The whole KDC: whatever comes, the answer is one message, and not much longer than what was asked.

use super::fixed::{NOW, Seeded};
use mock_kdc::{Kdc, Realm, Service, User};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::messages::MessageKind;
use std::sync::OnceLock;

pub(crate) fn check(octets: &[u8]) {
    let Some(reply) = kdc().answer(octets, NOW, &mut Seeded(1)).octets else { return };
    assert!(MessageKind::of(&reply).is_some(), "an answer that is no message: {reply:02x?}");
    assert!(reply.len() <= 4096 + 4 * octets.len(), "{} octets for {}", reply.len(), octets.len());
}

/// Keys of two etypes that are cheap to make.
fn kdc() -> &'static Kdc {
    static KDC: OnceLock<Kdc> = OnceLock::new();
    KDC.get_or_init(|| {
        let mut realm = Realm::new("SHAKEDOWN.TEST");
        realm.etypes = vec![Etype::Aes256Sha1, Etype::Aes128Sha1];
        realm.users.push(User::new("alice", "correct horse"));
        realm.services.push(Service::new("postgres/db.test"));
        Kdc::new(&realm, &mut Seeded(7)).expect("the realm is a good one")
    })
}
